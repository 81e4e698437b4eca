"""A restart of the exchange without a disk: what a ledger would have kept is taken out of one exchange and given to the next;
used by `faults.py` where no ledger is. Nothing that a real restart forgets may get through it."""

from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.fact_rows import order_from_row, order_to_row
from brokerage.luno_simulator.saved_state import SavedState


def reopened(exchange: Exchange, now_ns: int) -> Exchange:
    """Return the exchange as a restart at `now_ns` finds it: accounts, orders and trades as they were, all else new.

    The rate limits' memory, the market statuses and the crowd's quotes are gone. The old exchange must not be used again.
    """
    markets = {floor.market.pair: floor.market for floor in exchange.floors.values()}
    statement = exchange.accounts.statement
    saved = SavedState(
        genesis_ns=exchange.genesis_ns,
        id_seed=exchange.id_seed,
        runs=exchange.runs + 1,
        now_ns=max(exchange.now_ns, now_ns),
        next_number=exchange.next_number,
        # Through the form of the ledger, so that nothing is remembered that it would forget.
        orders=[order_from_row(order_to_row(order), markets) for order in reversed([*exchange.register.newest_first(None)])],
        trades=[trade for pair in markets for trade in exchange.register.trades(pair, 0)],
        totals=exchange.accounts.totals(),
        fees_collected=dict(exchange.accounts.fees_collected),
        marks=exchange.marks(),
        movements=[entry.movement for currency in exchange.currencies for entry in statement.entries(currency)],
        extra_accounts=[one for one in exchange.account_list.all() if not exchange.account_list.is_default(one)],
    )
    return Exchange(exchange.seed, markets=tuple(markets.values()), saved=saved, quirks=exchange.quirks, has_crowd=exchange.has_crowd)
