"""The last things that happened: orders with the state they are in now, fills, and what else people should hear. Used by the screen's
thread only.

Words are made for the lines that are shown, not for every event.
"""

from collections import deque
from decimal import Decimal
from typing import Any

import msgspec

from trading_system.console.scene import Line
from trading_system.core.events import (
    CancelEvent,
    CommandEvent,
    ConnectionEvent,
    FillEvent,
    OrderEvent,
    OrderUpdateEvent,
    WarningEvent,
)
from trading_system.core.order import NEXT, OrderState
from trading_system.core.order_update import ZERO, Answer
from trading_system.core.order_words import order_words, short
from trading_system.watchers.words import in_words

KINDS = (OrderEvent, OrderUpdateEvent, CancelEvent, FillEvent, CommandEvent, ConnectionEvent, WarningEvent)

_STATES = {
    OrderState.PENDING_NEW: ("to be sent", ""), OrderState.SENT: ("sent", ""), OrderState.UNKNOWN: ("asking venue", "warn"),
    OrderState.LOST: ("lost", "bad"), OrderState.WAITING: ("waiting", ""), OrderState.OPEN: ("open", ""),
    OrderState.FILLED: ("filled", "fill"), OrderState.CANCELED: ("canceled", "quiet"), OrderState.EXPIRED: ("expired", "quiet"),
    OrderState.REJECTED: ("refused", "bad"), OrderState.DENIED: ("denied", "warn"), OrderState.NOT_PLACED: ("never arrived", "warn"),
}
# What has a reason that people should read; every other answer only changes the state at the order's own line.
_TOLD = (Answer.REJECTED, Answer.OUTCOME_UNKNOWN, Answer.NOT_PLACED, Answer.LOST, Answer.CANCEL_UNKNOWN)


class _Entry(msgspec.Struct, eq=False):
    time_ns: int
    event: Any
    state: OrderState | None = None
    filled: Decimal = ZERO
    is_canceling: bool = False


class EventLines:
    """Keeps the newest `keep` entries."""

    def __init__(self, keep: int = 500) -> None:
        self._keep = keep
        self._entries: deque[_Entry] = deque()
        self._orders: dict[str, _Entry] = {}

    def add(self, now_ns: int, event: Any) -> None:
        """Take in an event, or a (who, text) of our own."""
        kind = type(event)
        if kind is OrderEvent:
            entry = _Entry(now_ns, event, OrderState.PENDING_NEW if event.verdict.is_accepted else OrderState.DENIED)
            self._orders[event.request.client_order_id] = entry
            self._append(entry)
        elif kind is OrderUpdateEvent:
            self._update(now_ns, event)
        elif kind is CancelEvent:
            order = self._orders.get(event.client_order_id)
            if order is not None:
                order.is_canceling = True
            else:
                self._append(_Entry(now_ns, event))
        else:
            if kind is FillEvent:
                order = self._orders.get(event.fill.client_order_id)
                if order is not None:
                    order.filled += event.fill.exact.quantity
            self._append(_Entry(now_ns, event))

    def newest(self, count: int) -> list[Line]:
        """Return the last `count` lines, the newest last."""
        found: list[Line] = []
        for entry in reversed(self._entries):
            if len(found) >= count:
                break
            line = _line(entry)
            if line is not None:
                found.append(line)
        return found[::-1]

    def _update(self, now_ns: int, event: OrderUpdateEvent) -> None:
        update = event.update
        order = self._orders.get(update.client_order_id)
        if order is not None and order.state is not None:
            order.state = NEXT[order.state].get(update.answer, order.state)
        if order is None or update.answer in _TOLD or (update.answer is Answer.DENIED and update.reason):
            self._append(_Entry(now_ns, event))

    def _append(self, entry: _Entry) -> None:
        self._entries.append(entry)
        if len(self._entries) > self._keep:
            gone = self._entries.popleft().event
            if type(gone) is OrderEvent:
                self._orders.pop(gone.request.client_order_id, None)


def _line(entry: _Entry) -> Line | None:
    event = entry.event
    if entry.state is not None:
        state, tone = _state(entry)
        reason = "" if event.verdict.is_accepted else f": {event.verdict.sentence}"
        text = f"{short(event.request.client_order_id)} {order_words(event.request)}{reason}"
        return Line(entry.time_ns, event.request.strategy, text, state, tone)
    words = event if type(event) is tuple else in_words(event)
    if words is None:
        return None
    who, text = words
    return Line(entry.time_ns, who, text, *_mark(event))


def _state(entry: _Entry) -> tuple[str, str]:
    state, tone = _STATES[entry.state or OrderState.PENDING_NEW]
    if entry.filled and entry.state is not OrderState.FILLED:
        return "partly filled", tone
    return ("canceling", "quiet") if entry.is_canceling and entry.state is OrderState.OPEN else (state, tone)


def _mark(event: Any) -> tuple[str, str]:
    kind = type(event)
    if kind is FillEvent:
        return "", "fill"
    if kind is WarningEvent:
        return "", "warn"
    if kind is OrderUpdateEvent:
        return "", "bad" if event.update.answer is Answer.LOST else "warn"
    if kind is ConnectionEvent:
        return "", "good" if event.is_up else "warn"
    return "", "quiet"
