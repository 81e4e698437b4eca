"""What a house came to, in the same words whichever house it was: orders, fills, positions and money of each strategy, exactly."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from tests.scenarios.scenario import same, table
from trading_system.core.order import Fill, Order
from trading_system.strategy_host.desk import Desk


class Facts(NamedTuple):
    """One strategy at the end: `orders` in the order in which they were laid, `fills` in the order in which they were booked, `money` per
    currency, `paused` the reason or nothing, `said` its notes."""

    orders: Sequence[Mapping[str, Any]]
    fills: Sequence[Mapping[str, Any]]
    position: Mapping[str, Decimal]
    cost: Mapping[str, Decimal]
    money: Mapping[str, Mapping[str, Decimal]]
    paused: str
    said: Sequence[str]


def facts_of(desk: Desk, fills: Iterable[Fill], notes: Sequence[str]) -> Facts:
    """Return what one desk came to."""
    ledger = desk.positions
    orders = sorted((*desk.orders.done.values(), *desk.orders.open.values()), key=lambda one: int(one.client_order_id.rpartition("-")[2]))
    amounts = {symbol: position.exact for symbol, position in ledger.positions.items()}
    return Facts(
        [_order(order) for order in orders], [_fill(fill) for fill in fills],
        {symbol: amount.quantity for symbol, amount in amounts.items()}, {symbol: amount.cost for symbol, amount in amounts.items()},
        {currency: {"cash": ledger.cash[currency], "realized": ledger.realized.get(currency, Decimal(0)),
                    "fees": ledger.fees.get(currency, Decimal(0))} for currency in ledger.cash},
        desk.pause_reason if desk.is_paused else "", notes)


def differences(expected: Mapping[str, Any], facts: Facts) -> list[str]:
    """Return where what a file expects of a strategy is not what came out, a line each; columns that were left out are not compared."""
    found = _rows("order", table(expected["orders"]), facts.orders)
    found += _rows("fill", table(expected["fills"]), facts.fills)
    held = {symbol.partition(".")[0]: quantity for symbol, quantity in facts.position.items() if quantity}
    wanted = {symbol: Decimal(quantity) for symbol, quantity in expected["position"].items() if Decimal(quantity)}
    if held != wanted:
        found.append(f"position: {_plain(wanted)} expected, {_plain(held)} found")
    money = [{"currency": currency, **facts.money[currency]} for currency in sorted(facts.money)]
    found += _rows("money", table(expected["money"]), money)
    if bool(expected.get("paused")) != bool(facts.paused) or expected.get("paused", "") not in facts.paused:
        found.append(f"paused: {expected.get('paused', 'no')!r} expected, {facts.paused!r} found")
    return found + [f"it never said {words!r}, only {list(facts.said)}" for words in expected.get("said", ())
                    if not any(words in note for note in facts.said)]


def _rows(what: str, expected: Sequence[Mapping[str, str]], found: Sequence[Mapping[str, Any]]) -> list[str]:
    if len(expected) != len(found):
        return [f"{what}s: {len(expected)} expected, {len(found)} found: {[_plain(row) for row in found]}"]
    return [f"{what} {number}: {column} {cell or '-'} expected, {row.get(column, 'no such column')} found"
            for number, (wanted, row) in enumerate(zip(expected, found, strict=True), 1)
            for column, cell in wanted.items() if not same(cell, row.get(column, "no such column"))]


def _order(order: Order) -> dict[str, Any]:
    request = order.request
    return {"order": request.tag, "symbol": request.symbol.partition(".")[0], "side": request.side.name.lower(), "kind": request.kind.value,
            "quantity": _or_nothing(request.quantity), "value": _or_nothing(request.value), "limit": _or_nothing(request.limit),
            "stop": _or_nothing(request.stop), "lasting": request.time_in_force.value, "final": order.state.name.lower(),
            "code": order.code, "filled": order.exact.filled_quantity}


def _fill(fill: Fill) -> dict[str, Any]:
    quantity, value, fees = fill.exact.quantity, fill.exact.value, {name: fee for name, fee in fill.exact.fees.items() if fee}
    (currency, fee), = fees.items() if fees else (("", Decimal(0)),)
    return {"order": fill.tag, "symbol": fill.symbol.partition(".")[0], "side": fill.side.name.lower(), "quantity": quantity,
            "price": value / quantity if quantity else "", "value": value, "fee": fee, "paid_in": currency}


def _or_nothing(number: Decimal | None) -> Decimal | str:
    return "" if number is None else number


def _plain(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items()) or "nothing"
