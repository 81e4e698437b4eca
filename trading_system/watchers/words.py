"""Events in a trader's words, one line each; for the screen and the log. Pure functions."""

from collections.abc import Callable
from typing import Any

from trading_system.core.events import (
    CancelEvent,
    CommandEvent,
    ConnectionEvent,
    FillEvent,
    NoteEvent,
    OrderEvent,
    OrderUpdateEvent,
    WarningEvent,
)
from trading_system.core.order_update import Answer
from trading_system.core.order_words import order_words, plain, short

_SAID = {
    Answer.DENIED: "was not sent", Answer.CANCELED: "is canceled", Answer.EXPIRED: "has expired", Answer.REJECTED: "was refused",
    Answer.OUTCOME_UNKNOWN: "may or may not have arrived; the venue is being asked", Answer.NOT_PLACED: "never arrived",
    Answer.LOST: "could not be resolved", Answer.CANCEL_UNKNOWN: "may or may not be canceled; the venue is being asked",
}


_OF_THE_JOURNAL = {
    "halt": "HALTED: {}: no strategy is called, only cancels and questions leave; make room on the disk, it goes on by itself",
    "rearm": "goes on: {}",
}


def _order(event: OrderEvent) -> tuple[str, str]:
    text = order_words(event.request)
    return event.request.strategy, text if event.verdict.is_accepted else f"DENIED {text}: {event.verdict.sentence}"


def _update(event: OrderUpdateEvent) -> tuple[str, str] | None:
    update = event.update
    said = _SAID.get(update.answer)
    if said is None:
        return None
    return _owner(update.client_order_id), f"order {short(update.client_order_id)} {said}" + (f": {update.reason}" if update.reason else "")


def _fill(event: FillEvent) -> tuple[str, str] | None:
    fill = event.fill
    if not fill.exact.quantity:
        return None
    verb = "bought" if fill.side > 0 else "sold"
    fees = ", ".join(f"{plain(amount)} {currency}" for currency, amount in fill.exact.fees.items())
    return fill.strategy, f"{verb} {plain(fill.exact.quantity)} {fill.symbol} at {fill.price:.10g}" + (f", fee {fees}" if fees else "")


def _command(event: CommandEvent) -> tuple[str, str]:
    if event.what in _OF_THE_JOURNAL:
        return "house", _OF_THE_JOURNAL[event.what].format(event.reason)
    return event.strategy or "house", f"{event.what} by {event.by}" + (f": {event.reason}" if event.reason else "")


def _connection(event: ConnectionEvent) -> tuple[str, str]:
    state = "is back" if event.is_up else f"is down: {event.reason}"
    return "house", f"{event.broker} {event.channel.replace('_', ' ')} {state}"


_WORDS: dict[type, Callable[[Any], tuple[str, str] | None]] = {
    OrderEvent: _order, OrderUpdateEvent: _update, FillEvent: _fill, CommandEvent: _command, ConnectionEvent: _connection,
    CancelEvent: lambda event: (event.strategy, f"cancel order {short(event.client_order_id)}"),
    NoteEvent: lambda event: (event.strategy, event.text),
    WarningEvent: lambda event: (event.strategy or "house", f"WARNING {event.text}"),
}
NOTEWORTHY = tuple(_WORDS)


def in_words(event: Any) -> tuple[str, str] | None:
    """Return who an event is about and what happened; None when it is not worth a line."""
    words = _WORDS.get(type(event))
    return words(event) if words is not None else None


def _owner(client_order_id: str) -> str:
    parts = client_order_id.split("-")
    return parts[1] if len(parts) == 4 else "house"
