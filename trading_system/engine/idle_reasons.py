"""Why each strategy has not traded lately, in a trader's words: from the newest picture of the house and the journal's records.

Pure: records and a picture in, text out.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from trading_system.core.events import CommandEvent, OrderEvent, OrderUpdateEvent
from trading_system.core.order import OrderState
from trading_system.core.order_update import ZERO
from trading_system.core.order_words import order_words
from trading_system.core.records import OrderAdopted, Record, RunEnded, RunStarted
from trading_system.oms.order_manager import OrderManager

_STALE_SECONDS = 10.0
_REFUSALS = (OrderState.DENIED, OrderState.REJECTED, OrderState.NOT_PLACED)


class Quiet(msgspec.Struct):
    """What keeps one strategy from trading: `reasons`, the weightiest first; `last_order` and `last_fill` with their times (UTC
    nanoseconds, 0 where there was none)."""

    strategy: str
    reasons: list[str] = []
    last_order: str = ""
    last_order_ns: int = 0
    last_fill_ns: int = 0


class _Life(msgspec.Struct):
    orders: OrderManager
    last: OrderEvent | None = None
    last_ns: int = 0
    fill_ns: int = 0
    denied_in_a_row: int = 0
    paused: str = ""


def idle_reasons(records: Iterable[Record], picture: Mapping[str, Any] | None = None, is_running: bool = True) -> list[Quiet]:
    """Return the reasons of each strategy of the newest run; `picture` is the last status that a house left, `is_running` whether one
    runs."""
    lives: dict[str, _Life] = {}
    names: dict[str, str] = {}
    is_over = False
    for record in records:
        body = record.body
        if isinstance(body, RunStarted):
            lives = {name: lives.get(name) or _Life(OrderManager(name)) for name in body.strategies}
            is_over = False
            for life in lives.values():
                life.paused, life.denied_in_a_row = "", 0
        elif isinstance(body, RunEnded):
            is_over = True
        elif isinstance(body, OrderEvent):
            _ordered(lives, names, body, record.taken_ns)
        elif isinstance(body, OrderAdopted) and body.request.strategy in lives:
            lives[body.request.strategy].orders.add(body.request, body.request.limit or ZERO)
            names[body.request.client_order_id] = body.request.strategy
        elif isinstance(body, OrderUpdateEvent):
            _heard(lives, names, body, record.taken_ns)
        elif isinstance(body, CommandEvent):
            for name, life in lives.items():
                if body.strategy in ("", name) and body.what in ("pause", "resume"):
                    life.paused = f"{body.reason or 'no reason given'} (by {body.by})" if body.what == "pause" else ""
    gone = ""
    if is_over or not is_running:
        gone = "the house is not running" if is_over else "the house was broken off and is not running"
        gone += ": start it with python main.py"
    return [_quiet(name, life, gone, picture) for name, life in lives.items()]


def _ordered(lives: Mapping[str, _Life], names: dict[str, str], event: OrderEvent, taken_ns: int) -> None:
    life = lives.get(event.request.strategy)
    if life is None:
        return
    life.orders.add(event.request, event.reference_price, event.verdict)
    names[event.request.client_order_id] = event.request.strategy
    life.last, life.last_ns = event, taken_ns
    life.denied_in_a_row = 0 if event.verdict.is_accepted else life.denied_in_a_row + 1


def _heard(lives: Mapping[str, _Life], names: Mapping[str, str], event: OrderUpdateEvent, taken_ns: int) -> None:
    life = lives.get(names.get(event.update.client_order_id, ""))
    order = life.orders.get(event.update.client_order_id) if life is not None else None
    if life is not None and order is not None and life.orders.apply(order, event.update, taken_ns).fill is not None:
        life.fill_ns = taken_ns


def _quiet(name: str, life: _Life, gone: str, picture: Mapping[str, Any] | None) -> Quiet:
    quiet = Quiet(name, [], "", life.last_ns, life.fill_ns)
    if life.last is not None:
        quiet.last_order = order_words(life.last.request)
    row = ((picture or {}).get("strategies") or {}).get(name) or {}
    state = str(row.get("state") or "")
    if gone:
        quiet.reasons.append(gone)
    if state.startswith(("paused", "retired")):
        quiet.reasons.append(state)
    elif life.paused and not gone and not row:
        quiet.reasons.append(f"paused: {life.paused}")
    if not gone:
        if row.get("waits_for"):
            quiet.reasons.append(f"it waits for {row['waits_for']}")
        quiet.reasons += _old_prices(row, (picture or {}).get("market") or {})
    quiet.reasons += _doubts(life.orders)
    if life.last is not None and not life.last.verdict.is_accepted:
        verdict, count = life.last.verdict, life.denied_in_a_row
        times = f"its last {count} orders were" if count > 1 else "its last order was"
        quiet.reasons.append(f"{times} denied ({verdict.code}): {verdict.sentence}")
    elif life.last is not None:
        order = life.orders.get(life.last.request.client_order_id)
        if order is not None and order.state in _REFUSALS:
            quiet.reasons.append(f"its last order did not get through ({order.state.name}): {order.reason or 'no reason was given'}")
    quiet.reasons += _under_way(life.orders, bool(gone))
    if not quiet.reasons:
        said = row.get("last_decision")
        quiet.reasons.append(f"nothing holds it up: its last word was {said!r}" if said else
                             "nothing holds it up: it has seen no reason to trade")
    return quiet


def _old_prices(row: Mapping[str, Any], market: Mapping[str, Any]) -> list[str]:
    reasons = []
    for symbol in row.get("symbols") or ():
        seen = market.get(symbol) or {}
        age, status = seen.get("age_seconds"), seen.get("status", "active")
        if status not in ("active", "unknown"):
            reasons.append(f"{symbol} is {status} at the venue")
        if age is not None and age > _STALE_SECONDS:
            reasons.append(f"the last price of {symbol} is {age:.0f} s old")
    return reasons


def _doubts(orders: OrderManager) -> list[str]:
    return [f"its order {order.client_order_id} is {order.state.name}: the venue is asked until it is certain"
            for order in orders if order.state in (OrderState.UNKNOWN, OrderState.LOST)]


def _under_way(orders: OrderManager, is_gone: bool) -> list[str]:
    if is_gone:
        left = sum(order.state not in (OrderState.UNKNOWN, OrderState.LOST) for order in orders)    # those are told apart
        return [f"{left} of its orders {'was' if left == 1 else 'were'} not over: the next start asks the venue for "
                f"{'it' if left == 1 else 'them'}"] if left else []
    going = sum(order.state <= OrderState.SENT for order in orders)
    standing = sum(order.state in (OrderState.WAITING, OrderState.OPEN) for order in orders)
    reasons = []
    if going:
        reasons.append(f"{going} of its orders {'is' if going == 1 else 'are'} on the way to the venue")
    if standing:
        reasons.append(f"{standing} of its orders stand{'s' if standing == 1 else ''} and wait{'s' if standing == 1 else ''} to fill")
    return reasons
