"""The views of `python main.py ledger`: what the books of a journal say as rows of exact values, one function per view.

The keys of the rows are those of `--json` and `--csv`, described in `commands/ledger.py`.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Context, Decimal, localcontext
from typing import Any

from trading_system.console.exact_table import Column, ExactTable, Kind
from trading_system.core.order import Order, OrderRequest, OrderState, TimeInForce
from trading_system.core.order_update import ZERO
from trading_system.engine.past_books import PastBooks, PastOrder
from trading_system.oms.conservation import both_sides, costs
from trading_system.oms.position import COST_STEP
from trading_system.strategy_host.desk import Desk

_WIDE = Context(prec=60)
#: A price is a quotient and so it is rounded; so is what it values, to the step of a cost.
_PRICE = Context(prec=12)
TOGETHER = "together"

_BASE, _COUNTER = Column("base", "base", is_shown=False), Column("counter", "counter", is_shown=False)


def _amounts(unit: str, **headings: str) -> list[Column]:
    return [Column(key, heading, Kind.AMOUNT, unit) for key, heading in headings.items()]


def _told(*keys: str) -> list[Column]:
    return [Column(key, key) for key in keys]


def _for_programs(*keys: str) -> list[Column]:
    return [Column(key, key, is_shown=False) for key in keys]


_ORDERS = (
    Column("time", "time", Kind.TIME), *_told("order", "side"), *_amounts("base", quantity="quantity"), *_told("symbol", "state"),
    *_amounts("base", filled="filled"), Column("how", "kind"), *_amounts("counter", limit="limit", average_price="average price"),
    Column("fees", "fees", Kind.AMOUNTS), *_amounts("counter", value="value", stop="stop"), *_told("tag", "cancel"),
    Column("reason", "because"), Column("is_quarantined", "set apart", Kind.FLAG),
    Column("is_adopted", "found at the venue", Kind.FLAG), *_for_programs("strategy", "venue_order_id"),
    Column("filled_value", "filled value", Kind.AMOUNT, "counter", is_shown=False),
    Column("decided_at_price", "decided at", Kind.AMOUNT, "counter", is_shown=False),
    Column("done", "done", Kind.TIME, is_shown=False), _BASE, _COUNTER,
)
_FILLS = (
    Column("time", "time", Kind.TIME), *_told("order", "side"), *_amounts("base", quantity="quantity"), *_told("symbol"),
    *_amounts("counter", price="price", value="value"), Column("fees", "fees", Kind.AMOUNTS), *_told("tag"), *_for_programs("strategy"),
    _BASE, _COUNTER,
)
_POSITIONS = (
    *_told("strategy", "symbol"), *_amounts("base", quantity="quantity"),
    *_amounts("counter", average_price="opened at", last_price="now at", open_profit="profit"),
    Column("cost", "cost", Kind.AMOUNT, "counter", is_shown=False), Column("last_price_time", "price of", Kind.TIME, is_shown=False),
    _BASE, _COUNTER,
)
_PROFIT = (
    *_told("strategy"), *_amounts("currency", realized="realized", fees="fees", profit="profit", open_profit="open profit"),
    *(Column(key, key, Kind.AMOUNT, "currency", is_shown=False) for key in ("capital", "cash", "cost")),
    Column("pending_capital", "not yet valued", Kind.AMOUNTS), Column("adds_up", "adds up", Kind.FLAG, is_shown=False),
    *_for_programs("currency"),
)
_BOOKS = (*_told("strategy"), *_amounts("currency", capital="capital", realized="+ realized", fees="- fees", cash="= cash", cost="+ cost"))
_SINCE = tuple(column for column in _PROFIT if column.key not in ("capital", "cash", "cost", "open_profit", "pending_capital"))
_BALANCES = (
    *_told("broker", "currency"), *_amounts("", total="account", reserved="of it reserved", owned="of strategies", external="of nobody"),
    Column("asked", "asked at", Kind.TIME), *_amounts("", owned_now="of strategies now"),
)


def counts(books: PastBooks, strategy: str | None, since_ns: int) -> tuple[dict[str, int], int]:
    """Return how many orders came to which state, and how many fills there were, of what `orders_table` and `fills_table` tell."""
    states = Counter(one.order.state.name for one in books.orders
                     if strategy in (None, one.strategy) and one.decided.request.created_ns >= since_ns)
    fills = sum(1 for one in books.fills
                if strategy in (None, one.fill.strategy) and one.fill.time_ns >= since_ns and one.fill.exact.quantity)
    return dict(sorted(states.items())), fills


def orders_table(books: PastBooks, strategy: str | None, since_ns: int) -> ExactTable:
    """Return every order of a strategy, or of all, that was laid at or after `since_ns`, oldest first."""
    found = [one for one in books.orders if strategy in (None, one.strategy) and one.decided.request.created_ns >= since_ns]
    return ExactTable(_counted("Orders", len(found)), _ORDERS, [_order_row(books, one) for one in found], "none")


def fills_table(books: PastBooks, strategy: str | None, since_ns: int) -> ExactTable:
    """Return every fill of a strategy, or of all, that was heard of at or after `since_ns`, oldest first; one of quantity 0 corrects
    fees."""
    rows = []
    for one in books.fills:
        fill, amounts = one.fill, one.fill.exact
        if strategy in (None, fill.strategy) and fill.time_ns >= since_ns:
            price = _quotient(amounts.value, amounts.quantity)
            rows.append({"time": fill.time_ns, "order": fill.client_order_id, "strategy": fill.strategy, "symbol": fill.symbol,
                         "side": fill.side.name.lower(), "quantity": amounts.quantity, "price": price, "value": amounts.value,
                         "fees": dict(amounts.fees), "tag": fill.tag, **_units(books, fill.symbol)})
    return ExactTable(_counted("Fills", len(rows)), _FILLS, rows, "none")


def positions_table(books: PastBooks, strategy: str | None) -> ExactTable:
    """Return what each strategy holds, and its profit if it were closed at the last price that an order or a fill saw, before fees."""
    rows = [_position_row(books, desk, symbol) for desk in _desks(books, strategy) for symbol, position in desk.positions.positions.items()
            if position.exact.quantity]
    return ExactTable(_counted("Positions", len(rows)), _POSITIONS, rows, "nothing is held")


def profit_table(books: PastBooks, strategy: str | None, since: str = "") -> ExactTable:
    """Return realized profit and fees per strategy and currency: all of it, or what came after the moment that `books.earlier` is of.

    `since` is that moment in words, empty where there is none.
    """
    rows = [row for desk in _desks(books, strategy) for row in _profit_rows(books, desk, bool(since))]
    columns = _SINCE if since else _PROFIT
    title = f"Profit since {since}" if since else "Profit"
    return ExactTable(title, columns, rows, "no strategy ever ran", _together(columns, rows))


def books_table(profit: ExactTable) -> ExactTable:
    """Return the rows of a table of profit as what each ledger is held to: capital + realized - fees = cash + cost."""
    return ExactTable("Books", _BOOKS, profit.rows, profit.empty, profit.totals)


def balances_table(books: PastBooks) -> ExactTable:
    """Return what each account held when it was last asked, beside what the strategies owned then and own now."""
    now = books.owned()
    rows = []
    for seen in books.balances.values():
        for currency in sorted(seen.balances.keys() | {name for name, amount in (*seen.owned.items(), *now.items()) if amount}):
            balance, owned = seen.balances.get(currency), seen.owned.get(currency, ZERO)
            total = balance.total if balance is not None else ZERO
            rows.append({"broker": seen.broker, "currency": currency, "total": total, "owned": owned,
                         "external": _WIDE.subtract(total, owned), "reserved": balance.reserved if balance is not None else ZERO,
                         "asked": seen.asked_ns, "owned_now": now.get(currency, ZERO)})
    return ExactTable("Balances", _BALANCES, rows, "no account was asked yet")


def does_not_add_up(books: PastBooks) -> list[str]:
    """Return a sentence for every ledger in which capital + realized - fees is not cash + cost."""
    return [f"{desk.name}: {currency} does not add up: capital + realized - fees is {left:f}, cash + cost is {right:f}"
            for desk in books.books.desks.values() for currency, (left, right) in both_sides(desk.positions).items() if left != right]


def _order_row(books: PastBooks, one: PastOrder) -> dict[str, Any]:
    order, request, filled = one.order, one.order.request, one.order.exact
    return {
        "time": request.created_ns, "order": request.client_order_id, "strategy": one.strategy, "symbol": request.symbol,
        "side": request.side.name.lower(), "quantity": request.quantity, "value": request.value, "limit": request.limit,
        "stop": request.stop, "how": _how(request), "tag": request.tag,
        "state": order.state.name, "cancel": "" if order.is_done or not order.is_canceling else order.cancel.name,
        "filled": filled.filled_quantity, "filled_value": filled.filled_value, "fees": dict(filled.fees),
        "average_price": _quotient(filled.filled_value, filled.filled_quantity), "reason": _why(order),
        "is_quarantined": order.is_quarantined, "is_adopted": one.is_adopted, "venue_order_id": order.venue_order_id,
        "decided_at_price": order.reference or None, "done": order.done_ns or None, **_units(books, request.symbol),
    }


def _why(order: Order) -> str:
    # An order that was in doubt keeps the trouble it had; where it stands or is filled after all, that is no reason for anything.
    is_well = order.state in (OrderState.WAITING, OrderState.OPEN, OrderState.FILLED) and not order.is_quarantined
    return "" if is_well and order.code != "settled" else order.reason


def _how(request: OrderRequest) -> str:
    words = [request.kind.value.replace("_", "-")]
    words += [request.time_in_force.value] if request.time_in_force is not TimeInForce.GTC else []
    return " ".join([*words, *(["post-only"] if request.post_only else [])])


def _position_row(books: PastBooks, desk: Desk, symbol: str) -> dict[str, Any]:
    amounts, seen, multiplier = desk.positions.positions[symbol].exact, books.prices.get(symbol), books.instruments[symbol].multiplier
    return {
        "strategy": desk.name, "symbol": symbol, "quantity": amounts.quantity, "cost": amounts.cost,
        "average_price": _quotient(amounts.cost, amounts.quantity * multiplier),
        "last_price": _PRICE.plus(seen.last) if seen else None, "last_price_time": seen.last_ns if seen else None,
        "open_profit": _open_profit(books, desk, symbol), **_units(books, symbol),
    }


def _profit_rows(books: PastBooks, desk: Desk, is_since: bool) -> Iterable[dict[str, Any]]:
    ledger, cost = desk.positions, costs(desk.positions)
    earlier = books.earlier.get(desk.name) if is_since else None
    for currency, (left, right) in sorted(both_sides(ledger).items()):
        with localcontext(_WIDE):
            realized = ledger.realized.get(currency, ZERO) - (earlier.realized.get(currency, ZERO) if earlier else ZERO)
            fees = ledger.fees.get(currency, ZERO) - (earlier.fees.get(currency, ZERO) if earlier else ZERO)
            opened = sum((_open_profit(books, desk, symbol) for symbol in ledger.positions
                          if ledger.instruments[symbol].counter == currency), ZERO)
            yield {"strategy": desk.name, "currency": currency, "realized": realized, "fees": fees, "profit": realized - fees,
                   "open_profit": opened, "capital": ledger.capital.get(currency, ZERO), "cash": ledger.cash[currency],
                   "cost": cost.get(currency, ZERO), "adds_up": left == right,
                   "pending_capital": dict(ledger.pending_capital) if currency == ledger.currency else {}}


def _open_profit(books: PastBooks, desk: Desk, symbol: str) -> Decimal:
    amounts, seen = desk.positions.positions[symbol].exact, books.prices.get(symbol)
    if not amounts.quantity or seen is None:
        return ZERO
    with localcontext(_WIDE):
        return (amounts.quantity * seen.last * books.instruments[symbol].multiplier - amounts.cost).quantize(COST_STEP)


def _together(columns: Sequence[Column], rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    # One row per currency that several strategies share; currencies are never added up.
    totals = []
    for currency in dict.fromkeys(row["currency"] for row in rows):
        ours = [row for row in rows if row["currency"] == currency]
        if len(ours) > 1:
            with localcontext(_WIDE):
                sums = {column.key: sum((row[column.key] for row in ours), ZERO) for column in columns if column.kind is Kind.AMOUNT}
            totals.append({"strategy": TOGETHER, "currency": currency, **sums, "adds_up": all(row["adds_up"] for row in ours)})
    return totals


def _desks(books: PastBooks, strategy: str | None) -> Iterable[Desk]:
    return [desk for desk in books.books.desks.values() if strategy in (None, desk.name)]


def _units(books: PastBooks, symbol: str) -> dict[str, str]:
    instrument = books.instruments[symbol]
    return {"base": instrument.base, "counter": instrument.counter}


def _quotient(dividend: Decimal, divisor: Decimal) -> Decimal | None:
    return _PRICE.divide(dividend, divisor) if divisor else None


def _counted(title: str, count: int) -> str:
    return f"{title} ({count})" if count else title
