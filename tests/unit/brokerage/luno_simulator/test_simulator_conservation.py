"""No sequence of calls creates or loses a coin, overdraws the customer, or leaves a reservation behind."""

from contextlib import suppress
from decimal import Decimal

import hypothesis.strategies as st
from hypothesis import given, settings

from brokerage.luno_simulator.admission import Stop
from brokerage.luno_simulator.exchange import GENESIS_NS, Exchange
from brokerage.luno_simulator.order import CUSTOMER, Order, Side, Status, TimeInForce
from brokerage.luno_simulator.quirks import Quirks
from brokerage.luno_simulator.rejection import Rejection

PAIRS = ("ETHZAR", "XRPZAR", "ETHXBT", "XBTMYR")

quirks = st.builds(
    Quirks,
    fee_currency=st.sampled_from(["base", "counter", "received"]),
    fee_without_cover=st.sampled_from(["other", "refuse"]),
    fee_rounding=st.sampled_from(["half_up", "up", "down"]),
    reserves_fees=st.booleans(),
    market_beyond_book=st.sampled_from(["refuse", "fill_part"]),
    market_buy_fee=st.sampled_from(["on_top", "inside"]),
    market_reach_percent=st.sampled_from([0, 1]),
    post_only_cross=st.sampled_from(["error", "complete"]),
    self_trade=st.sampled_from(["allow", "cancel_taker", "cancel_maker"]),
    stop_reserves=st.booleans(),
    stop_triggers_at_equality=st.booleans(),
)
limits = st.tuples(
    st.just("limit"),
    st.sampled_from(PAIRS),
    st.sampled_from(Side),
    st.integers(-30, 30),
    st.integers(1, 400),
    st.sampled_from(TimeInForce),
    st.booleans(),
    st.one_of(st.none(), st.integers(-10, 10)),
)
markets = st.tuples(st.just("market"), st.sampled_from(PAIRS), st.sampled_from(Side), st.integers(1, 400))
cancels = st.tuples(st.just("cancel"), st.integers(0, 50))
waits = st.tuples(st.just("wait"), st.integers(1, 3_000))


def carry_out(exchange: Exchange, placed: list[Order], call: tuple) -> None:  # type: ignore[type-arg]
    if call[0] == "wait":
        exchange.advance(exchange.now_ns + call[1] * 1_000_000)
    elif call[0] == "cancel" and placed:
        exchange.cancel(placed[call[1] % len(placed)].order_id)
    elif call[0] == "limit":
        _, pair, side, steps, size, time_in_force, is_post_only, stop_steps = call
        market = exchange.floor(pair).market
        step = max(market.tick, market.start_price / 2000).quantize(market.tick)
        price = market.start_price + steps * step
        stop = None if stop_steps is None else Stop(market.start_price + stop_steps * step, None)
        volume = market.min_volume * size
        placed.append(
            exchange.place_limit(
                pair,
                side,
                price,
                volume,
                time_in_force=time_in_force,
                is_post_only=is_post_only and steps > 0,
                stop=stop,
            )
        )
    elif call[0] == "market":
        _, pair, side, size = call
        market = exchange.floor(pair).market
        amount = market.min_volume * size
        if side is Side.BID:
            amount = (amount * market.start_price).quantize(Decimal("0.01"))
        placed.append(exchange.place_market(pair, side, amount))


@settings(max_examples=60, deadline=None)
@given(
    calls=st.lists(st.one_of(limits, markets, cancels, waits), min_size=5, max_size=60),
    seed=st.integers(0, 5),
    has_crowd=st.booleans(),
    poor=st.booleans(),
    quirks=quirks,
)
def test_money_is_conserved_and_reservations_are_those_of_the_open_orders(
    calls: list[tuple],
    seed: int,
    has_crowd: bool,
    poor: bool,  # type: ignore[type-arg]
    quirks: Quirks,
) -> None:
    purse = Decimal("0.5") if poor else Decimal(30)
    balances = {"ZAR": 20_000 * purse, "MYR": 5_000 * purse, "XBT": purse / 10, "ETH": purse, "XRP": 500 * purse}
    exchange = Exchange(seed, has_crowd=has_crowd, balances=balances, quirks=quirks)
    assert exchange.now_ns == GENESIS_NS
    opening = {currency: exchange.accounts.sum_of(currency) for currency in exchange.currencies}
    placed: list[Order] = []
    for call in calls:
        with suppress(Rejection):
            carry_out(exchange, placed, call)
        for currency in exchange.currencies:
            assert exchange.accounts.sum_of(currency) == opening[currency]
            held = sum(
                order.reserve
                for order in exchange.register.open_orders()
                if order.market.currency_reserved_by(order.side.is_buy) == currency
            )
            assert exchange.accounts.reserved(CUSTOMER, currency) == held
            assert exchange.accounts.available(CUSTOMER, currency) >= 0
            told = exchange.accounts.statement.balances(currency)
            assert told == (exchange.accounts.total(CUSTOMER, currency), exchange.accounts.available(CUSTOMER, currency))
    resting = {order.order_id for floor in exchange.floors.values() for side in Side for order in floor.book.orders(side)}
    for order in placed:
        assert (order.order_id in resting) is (order.status is Status.PENDING)
        assert order.reserve == 0 or order.status is not Status.COMPLETE
        fills = [t for t in exchange.register.trades(order.market.pair, 0) if t.order_id == order.order_id]
        assert sum(fill.base for fill in fills) == order.base
        assert sum(fill.counter for fill in fills) == order.counter
        assert sum(fill.fee_base for fill in fills) == order.fee_base
        assert sum(fill.fee_counter for fill in fills) == order.fee_counter
        assert order.base <= order.limit_volume or order.is_market_buy
        assert order.counter <= order.counter_budget or not order.is_market_buy
