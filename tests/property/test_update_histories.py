"""In whatever order, and however often, a true history is told: the order, its totals and the ledger end the same."""

from decimal import Decimal
from random import Random

import pytest

from tests.property.update_histories import Amounts, Known, Ways, every_length, hear
from tests.unit.oms.order_stories import ID, NAME, said, totals
from trading_system.core.instrument import FeeCurrency, Instrument
from trading_system.core.order import CancelState, Fill, FillAmounts, OrderState
from trading_system.core.order_update import Answer, OrderUpdate
from trading_system.core.side import Side
from trading_system.oms.position_manager import PositionManager

D = Decimal
SYMBOL = "XBTZAR.luno"
XBTZAR = Instrument(SYMBOL, "XBT", "ZAR", D(1), D("0.0001"), D("0.0005"), D(100), D(10), D(10**7), fee_currency=FeeCurrency.BASE)

#: Seven answers each, the races of a venue that lags among them.
LONGEST: dict[str, list[OrderUpdate]] = {
    "fills in parts, fees one answer behind": [
        said(Answer.ACCEPTED, None, 10, ID), said(Answer.OPEN, "0", 20, ID), said(Answer.OPEN, totals("0.4"), 30, ID),
        said(Answer.OPEN, totals("0.4", XBT="0.0004"), 40, ID), said(Answer.OPEN, totals("0.7", XBT="0.0004"), 50, ID),
        said(Answer.OPEN, totals("0.7", XBT="0.0007"), 60, ID), said(Answer.FILLED, totals("1", XBT="0.001"), 70, ID)],
    "a lost reply, a cancel before the name is known, and a fill that won the race": [
        said(Answer.OUTCOME_UNKNOWN, None, 10), said(Answer.NOT_FOUND, None, 20), said(Answer.OPEN, totals("0.2", ZAR="2"), 30, ID),
        said(Answer.CANCEL_ACCEPTED, None, 40), said(Answer.OPEN, totals("0.5", ZAR="5"), 50, ID),
        said(Answer.CANCELED, totals("0.8", ZAR="8"), 60, ID), said(Answer.FILLED, totals("1", ZAR="10"), 70, ID)],
    "complete with totals that lag": [
        said(Answer.ACCEPTED, None, 10, ID), said(Answer.OPEN, "0", 20, ID), said(Answer.CANCELED, "0", 30, ID),
        said(Answer.CANCELED, totals("0.3", XBT="0.0003"), 40, ID), said(Answer.CANCELED, totals("0.6", XBT="0.0006"), 50, ID),
        said(Answer.NOT_FOUND, None, 60), said(Answer.CANCELED, totals("0.9", XBT="0.0009"), 70, ID)],
    "a stop order that is touched and expires with a rebate": [
        said(Answer.WAITING, "0", 10, ID), said(Answer.WAITING, "0", 20, ID), said(Answer.OPEN, "0", 30, ID),
        said(Answer.OPEN, totals("0.1", ZAR="-1"), 40, ID), said(Answer.OPEN, totals("0.4", ZAR="-4"), 50, ID),
        said(Answer.NOT_FOUND, None, 60), said(Answer.EXPIRED, totals("0.4", ZAR="-4"), 70, ID)],
}


def ledger(fills: tuple[Amounts, ...]) -> tuple[object, ...]:
    """Return every figure of the real ledger after these fills; a fee by itself is valued at the average price, as the books do."""
    book = PositionManager("naive", {SYMBOL: XBTZAR}, {"ZAR": D(1000)}, "ZAR")
    quantity = value = D(0)
    for filled, paid, fees in fills:
        quantity, value = quantity + filled, value + paid
        book.apply(Fill(NAME, "naive", SYMBOL, Side.BUY, 1, FillAmounts(filled, paid, dict(fees))), value / quantity if quantity else D(100))
    position = book.positions[SYMBOL].exact
    return (position.quantity, position.cost, tuple(sorted(book.cash.items())), tuple(sorted(book.realized.items())),
            tuple(sorted(book.fees.items())))


def ends(history: list[OrderUpdate]) -> tuple[set[tuple[object, ...]], int]:
    """Return what all ways to tell a history come to, and how many ways there are."""
    ways = Ways(history)
    return {(*known[:-1], ledger(known.fills)) for known in ways.ends()}, ways.ways


def in_order(history: list[OrderUpdate]) -> Known:
    is_wanted = any(update.answer is Answer.CANCEL_ACCEPTED for update in history)
    known = Known(OrderState.PENDING_NEW, CancelState.WANTED if is_wanted else CancelState.NONE, (D(0), D(0), ()), "", False, 0, (), True, ())
    for update in history:
        known = hear(known, update)
    return known


def test_the_number_of_ways_is_what_combinatorics_says() -> None:
    # n answers and two more: n!; n kinds of one repeated, (n + 1)! / 2; one told three times, (n + 2)! / 6; two told twice, (n + 2)! / 4.
    history = LONGEST["complete with totals that lag"][:3]
    assert ends(history)[1] == 6 + 3 * 12 + 3 * 20 + 3 * 30


@pytest.mark.parametrize("title", list(LONGEST))
def test_a_true_history_of_seven_answers_told_in_any_order_with_two_of_them_again_ends_the_same(title: str) -> None:
    history = LONGEST[title]
    reached, ways = ends(history)
    expected = in_order(history)
    assert reached == {(*expected[:-1], ledger(expected.fills))}
    assert not expected.is_quarantined
    assert ways == 5040 + 7 * 20_160 + 7 * 60_480 + 21 * 90_720


def test_random_true_histories_of_every_length_end_the_same_however_they_are_told() -> None:
    total = 0
    for history in every_length(Random("true histories"), 10):
        reached, ways = ends(history)
        expected = in_order(history)
        total += ways
        told = [(update.answer.name, update.evidence.asked_ns, update.totals) for update in history]
        assert reached == {(*expected[:-1], ledger(expected.fills))}, told
        assert not expected.is_quarantined, told
    assert total > 10_000_000, f"only {total:,} ways were walked"
