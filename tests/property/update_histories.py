"""What a venue may truthfully tell of one order, and every order in which it may be heard: for the tests that it always ends the same.

A history is told in any order, and some of it again. All ways that have brought the same answers to the same state go on together, so that
millions of them are walked in a moment and none is left out.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from random import Random
from typing import NamedTuple

from tests.unit.oms.order_stories import ID, NAME, request, said
from trading_system.core.order import CancelState, FillAmounts, Order, OrderState
from trading_system.core.order_update import Answer, OrderUpdate, Totals
from trading_system.oms.order_manager import OrderManager

#: How often each answer of a history was told.
Told = tuple[int, ...]
Fees = tuple[tuple[str, Decimal], ...]
Amounts = tuple[Decimal, Decimal, Fees]

D = Decimal
_NOW_NS = 1


class Known(NamedTuple):
    """One order as it is known after some answers, and the fills that were booked on the way there."""

    state: OrderState
    cancel: CancelState
    exact: Amounts
    venue_order_id: str
    is_quarantined: bool
    heard_ns: int
    counts: tuple[tuple[str, int], ...]
    is_open: bool
    fills: tuple[Amounts, ...]


class Ways:
    """All ways to tell `history`: each answer once, and at most `repeats` of them again. `ways` is how many there are."""

    def __init__(self, history: Sequence[OrderUpdate], repeats: int = 2) -> None:
        self._history = tuple(history)
        self._repeats = repeats
        self.ways = 0

    def ends(self) -> set[Known]:
        """Return the states in which they end."""
        is_wanted = any(update.answer is Answer.CANCEL_ACCEPTED for update in self._history)
        fresh = Known(OrderState.PENDING_NEW, CancelState.WANTED if is_wanted else CancelState.NONE, (D(0), D(0), ()), "", False, 0, (), True, ())
        ends: set[Known] = set()
        layer: dict[Told, dict[Known, int]] = {(0,) * len(self._history): {fresh: 1}}
        while layer:
            following: dict[Told, dict[Known, int]] = {}
            for told, states in layer.items():
                if all(told):
                    ends.update(states)
                    self.ways += sum(states.values())
                for place, update in enumerate(self._history):
                    more = (*told[:place], told[place] + 1, *told[place + 1:])
                    if sum(max(times - 1, 0) for times in more) > self._repeats:
                        continue
                    after = following.setdefault(more, {})
                    for known, ways in states.items():
                        heard = hear(known, update)
                        after[heard] = after.get(heard, 0) + ways
            layer = following
        return ends


def hear(known: Known, update: OrderUpdate) -> Known:
    """Return what is known when the real order manager has applied one more answer."""
    manager = OrderManager("naive")
    quantity, value, fees = known.exact
    order = Order(request(), known.state, known.cancel, Totals(quantity, value, dict(fees)), known.venue_order_id,
                  is_quarantined=known.is_quarantined, heard_ns=known.heard_ns)
    manager.take_back([order] if known.is_open else [], [] if known.is_open else [order], dict(known.counts))
    change = manager.apply(order, update, _NOW_NS)
    assert order.exact.filled_quantity >= quantity, "filled totals never go back"
    fills = known.fills if change.fill is None else (*known.fills, _amounts(change.fill.exact))
    counts = tuple(sorted((state, count) for state, count in manager.counts.items() if count))
    assert (NAME in manager.open) is not (NAME in manager.done)
    return Known(order.state, order.cancel, _amounts(order.exact), order.venue_order_id, order.is_quarantined, order.heard_ns, counts,
                 NAME in manager.open, fills)


def _amounts(amounts: Totals | FillAmounts) -> Amounts:
    quantity = amounts.filled_quantity if isinstance(amounts, Totals) else amounts.quantity
    value = amounts.filled_value if isinstance(amounts, Totals) else amounts.value
    return quantity, value, tuple(sorted(amounts.fees.items()))


def random_history(random: Random, length: int) -> list[OrderUpdate]:
    """Return `length` answers about one order as a venue lived it: what was true when each was asked, or what a row showed that lagged.

    One price and one rate of fees, so that the ledger too comes to the same digits whichever fills were booked together.
    """
    currency = random.choice(("XBT", "ZAR"))
    quantity = D(0)
    history: list[OrderUpdate] = []
    if random.random() < 0.3:
        history.append(said(random.choice((Answer.OUTCOME_UNKNOWN, Answer.NOT_FOUND)), None, 5))
    if random.random() < 0.7 and len(history) < length:
        history.append(said(Answer.ACCEPTED, None, 10, ID))
    fees_lag = random.random() < 0.3
    over = random.choice((Answer.CANCELED, Answer.EXPIRED, Answer.FILLED, None))
    while len(history) < length:
        asked_ns = 20 + 10 * len(history)
        left = length - len(history)
        if over is not None and left <= random.choice((1, 2)):
            if over is Answer.FILLED and left == 1:
                quantity = D(1)
            shown = over if over is not Answer.FILLED or quantity == 1 else Answer.CANCELED        # complete, and its totals lag
            history.append(said(shown, _totals(quantity, currency), asked_ns, ID))
            continue
        kind = random.random()
        if kind < 0.15 and over is Answer.CANCELED:
            history.append(said(Answer.CANCEL_ACCEPTED, None, asked_ns))
        elif kind < 0.25:
            history.append(said(Answer.NOT_FOUND, None, asked_ns))
        else:
            before = quantity
            if kind < 0.8 and quantity < D("0.9"):
                quantity += D(random.choice((1, 2))) / 10
            fee_of = before if fees_lag and left > 1 else quantity
            history.append(said(Answer.OPEN, _totals(min(quantity, D("0.9")), currency, min(fee_of, D("0.9"))), asked_ns, ID))
            quantity = min(quantity, D("0.9"))
    return history


def _totals(quantity: Decimal, currency: str, fee_of: Decimal | None = None) -> Totals:
    paid = quantity if fee_of is None else fee_of
    fee = paid * (D("0.001") if currency == "XBT" else D("0.1"))
    return Totals(quantity, quantity * 100, {currency: fee} if fee else {})


def every_length(random: Random, count: int) -> Iterator[list[OrderUpdate]]:
    """Yield histories of all lengths from 2 to 7, `count` of each."""
    for length in range(2, 8):
        for _ in range(count):
            yield random_history(random, length)
