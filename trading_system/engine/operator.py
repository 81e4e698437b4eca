"""What people may want of a house, checked against its books: the same beside one that runs and on the journal of one that is over."""

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Literal

import msgspec

from trading_system.core.events import CommandEvent
from trading_system.core.order import NEXT, Order, OrderState, state_answer
from trading_system.core.order_update import ZERO, Answer, Evidence, OrderUpdate, Totals
from trading_system.core.order_words import plain
from trading_system.core.ports import Runtime
from trading_system.engine.books import Books
from trading_system.strategy_host.desk import Desk

Outcome = Literal["filled", "canceled", "not-placed"]
_ANSWERS: dict[str, Answer] = {"filled": Answer.FILLED, "canceled": Answer.CANCELED, "not-placed": Answer.NOT_PLACED}
_PATIENCE_NS = 5_000_000_000
_LOOK_NS = 20_000_000
_UNSURE = (OrderState.UNKNOWN, OrderState.LOST)


class Wish(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A wish as it is written on the command line. `strategy` empty means all; the rest is what became of an order that is settled:
    `filled` in base units and `value` in counter currency as text, `fees` as "AMOUNT CURRENCY", all of them totals of the order."""

    what: Literal["pause", "resume", "settle"]
    by: str
    reason: str = ""
    strategy: str = ""
    order: str = ""
    outcome: Outcome = "canceled"
    filled: str = ""
    value: str = ""
    fees: Sequence[str] = ()


class Operator:
    """Carries wishes into a house that runs, from any thread. `is_gone` tells of an order that stands in the books whether its venue
    has forgotten it."""

    def __init__(self, runtime: Runtime, books: Books, lay_command: Callable[[CommandEvent], None],
                 is_gone: Callable[[Order], bool] = lambda order: False) -> None:
        self._runtime = runtime
        self._is_gone = is_gone
        self._books = books
        self._lay_command = lay_command

    def obey(self, wish: Wish) -> str:
        """Lay the command and return, in words, what came of it. Raises ValueError where it cannot be done."""
        command = command_of(wish, self._books, self._runtime.now_ns(), self._is_gone)
        self._lay_command(command)
        until_ns = self._runtime.monotonic_ns() + _PATIENCE_NS
        while not self._is_done(wish):
            if self._runtime.monotonic_ns() >= until_ns:
                return "the house has taken the command and has not answered yet: look at 'status'"
            self._runtime.sleep_until(self._runtime.monotonic_ns() + _LOOK_NS)
        return self._said(wish)

    def _is_done(self, wish: Wish) -> bool:
        if wish.what == "settle":
            found = self._books.find(wish.order)
            return found is None or not can_be_settled(found[1], self._is_gone)
        return all(desk.is_paused is (wish.what == "pause") for desk in self._desks(wish))

    def _said(self, wish: Wish) -> str:
        if wish.what == "settle":
            found = self._books.find(wish.order)
            return f"order {wish.order} is {found[1].state.name} now" if found is not None else f"order {wish.order} is settled"
        names = ", ".join(desk.name for desk in self._desks(wish)) or "no strategy"
        return f"{names}: {'paused' if wish.what == 'pause' else 'running'}"

    def _desks(self, wish: Wish) -> list[Desk]:
        return [desk for desk in self._books.desks.values() if wish.strategy in ("", desk.name) and desk.strategy is not None]


def command_of(wish: Wish, books: Books, now_ns: int, is_gone: Callable[[Order], bool] = lambda order: False) -> CommandEvent:
    """Return the command a wish comes to. Raises ValueError, with a sentence for people, where it cannot be done."""
    if not wish.by.strip() or not wish.by.isprintable():
        raise ValueError("say who wants it: --by NAME")
    if wish.what == "settle":
        if not wish.reason.strip():
            raise ValueError("say how you know: --reason TEXT; it is kept in the journal for ever")
        return _settlement(wish, books, now_ns, is_gone)
    if wish.strategy and wish.strategy not in books.desks:
        raise ValueError(f"there is no strategy {wish.strategy!r}; there are {', '.join(books.desks)}")
    return CommandEvent(wish.what, wish.by, wish.reason, wish.strategy)


def can_be_settled(order: Order, is_gone: Callable[[Order], bool]) -> bool:
    """Tell whether people may say what became of an order: only while nobody can know it without them."""
    return order.state in _UNSURE or order.is_quarantined or (order.is_open and is_gone(order))


def _settlement(wish: Wish, books: Books, now_ns: int, is_gone: Callable[[Order], bool]) -> CommandEvent:
    found = books.find(wish.order)
    if found is None:
        raise ValueError(f"there is no order {wish.order!r} here: write its whole name, as 'ledger orders' shows it")
    desk, order = found
    if order.state < OrderState.UNKNOWN:
        raise ValueError(f"order {wish.order} is {order.state.name}: a house that runs, or starts, asks the venue about it; settle it only "
                         "when that has not helped")
    if not can_be_settled(order, is_gone):
        raise ValueError(f"order {wish.order} is {order.state.name}: nothing about it is in doubt, so there is nothing to settle")
    totals = _totals(wish, order)
    # What people know of one order says nothing of all others until now: it is no answer to a question asked now.
    stamp = Evidence("operator", max(order.heard_ns, order.request.created_ns), now_ns)
    said = f"settled by {wish.by}: {wish.reason}"
    answer = _ANSWERS[wish.outcome]
    if answer not in NEXT[order.state]:
        if not order.is_done:
            raise ValueError(f"order {wish.order} is {order.state.name}: it was placed; its outcome is 'canceled' or 'filled'")
        answer = state_answer(order.state)          # how it ended is known; what was filled of it is what people say
    update = OrderUpdate(wish.order, answer, stamp, totals=totals, reason=said, code="settled")
    return CommandEvent("settle", wish.by, wish.reason, desk.name, update)


def _totals(wish: Wish, order: Order) -> Totals | None:
    known, asked = order.exact, order.request.quantity
    if wish.outcome == "not-placed":
        if wish.filled or wish.value or wish.fees or known.filled_quantity:
            raise ValueError("an order that was not placed has no fills; if some of it was filled, its outcome is 'canceled' or 'filled'")
        return None
    if not wish.filled and not wish.value:
        if wish.outcome == "filled":
            raise ValueError("say what was filled, as the venue's page shows it: --filled QUANTITY --value AMOUNT [--fee AMOUNT CURRENCY]")
        if wish.fees:
            raise ValueError("a fee goes with --filled and --value")
        return None
    filled, value = _amount(wish.filled, "--filled"), _amount(wish.value, "--value")
    if filled < known.filled_quantity:
        raise ValueError(f"{plain(known.filled_quantity)} of it are booked already: --filled is the total, it cannot be less")
    if not filled or not value:
        raise ValueError("--filled and --value go together, both above zero")
    if value < known.filled_value or (filled == known.filled_quantity and value != known.filled_value):
        raise ValueError(f"{plain(known.filled_quantity)} of it for {plain(known.filled_value)} is booked already: --value is the total, "
                         "it cannot be less, nor more for the same quantity")
    if asked is not None and filled > asked:
        raise ValueError(f"{plain(asked)} were asked for: --filled {plain(filled)} is more than that")
    if wish.outcome == "filled" and asked is not None and filled != asked:
        raise ValueError(f"{plain(asked)} were asked for: with {plain(filled)} filled its outcome is 'canceled'")
    fees = dict(known.fees)
    for fee in wish.fees:
        amount, _, currency = fee.strip().partition(" ")
        if not currency.strip():
            raise ValueError(f"--fee {fee!r}: write an amount and a currency, such as --fee 0.00001 XBT")
        fees[currency.strip()] = _amount(amount, "--fee")
    return Totals(filled, value, fees)


def _amount(text: str, option: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{option} {text!r} is not a number") from None
    if not amount.is_finite() or amount < ZERO:
        raise ValueError(f"{option} {text!r} is not an amount")
    return amount
