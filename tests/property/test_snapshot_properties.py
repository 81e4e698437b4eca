"""A snapshot and the records behind it come to what all records come to, whatever happened and wherever it was taken."""

from collections import Counter
from random import Random
from typing import Any

from hypothesis import given, settings

from tests.property.house_lives import STEPS, Life, everything, replayed
from trading_system.core.order_update import Answer
from trading_system.engine.recovery import Past
from trading_system.engine.snapshot import HouseSnapshot, Snapshots, unpack
from trading_system.executors.outbox import Outbox

_OUTBOX: Outbox = None  # type: ignore[assignment]

def snapshot_of(life: Life) -> HouseSnapshot:
    """Return the snapshot a house would write now."""
    snapshot = unpack(Snapshots(_OUTBOX, life.house.books, life.past, life.replay.capital, life.house.engine.states, life.house.service.numbers).take()())
    assert snapshot is not None
    return snapshot


def without_hearing(picture: dict[str, Any]) -> dict[str, Any]:
    """Take out when each order was last heard of, and whether a second look settled it. A house that lives hears answers that say nothing
    new and does not write them down, so its snapshot knows these two better than any record; no amount depends on them."""
    for desk in picture["desks"].values():
        for order in (*desk["open"], *desk["done"]):
            del order["heard_ns"], order["is_settled"]
    return picture


@settings(max_examples=300, deadline=None)
@given(STEPS, STEPS)
def test_a_snapshot_of_the_living_house_and_what_follows_are_the_whole_journal(before: Any, after: Any) -> None:
    life = Life()
    life.live(before)
    snapshot, count = snapshot_of(life), len(life.records)
    life.live(after)
    records = life.records
    whole, from_snapshot = replayed(records), replayed(records[count:], snapshot)
    assert without_hearing(everything(*from_snapshot)) == without_hearing(everything(*whole))
    assert snapshot.past.and_of(records[count:]) == Past.of(records)


@settings(max_examples=200, deadline=None)
@given(STEPS, STEPS)
def test_a_snapshot_of_replayed_books_and_what_follows_are_the_whole_journal_in_every_field(before: Any, after: Any) -> None:
    life = Life()
    life.live(before)
    count = len(life.records)
    life.live(after)
    records = life.records
    house, replay = replayed(records[:count], is_finished=False)
    snapshot = unpack(Snapshots(_OUTBOX, house.books, Past.of(records[:count]), replay.capital, replay.states, dict).take()())
    assert everything(*replayed(records[count:], snapshot)) == everything(*replayed(records))


@settings(max_examples=100, deadline=None)
@given(STEPS, STEPS)
def test_what_the_house_lives_through_later_changes_no_snapshot_taken_before(before: Any, after: Any) -> None:
    life = Life()
    life.live(before)
    snapshots = Snapshots(_OUTBOX, life.house.books, life.past, life.replay.capital, life.house.engine.states, life.house.service.numbers)
    at_once, later = snapshots.take()(), snapshots.take()
    life.live(after)
    assert later() == at_once


def test_long_lives_too_with_late_fills_of_orders_that_a_snapshot_kept_as_over() -> None:
    chance, reached = Random(5), Counter[str]()
    for _ in range(60):
        steps = [(chance.choice(("buy", "hear", "hear", "hear", "hear", "cancel", "save", "deposit", "balance", "adopt")), chance.randrange(8),
                  chance.choice(tuple(Answer)), chance.randrange(12), chance.choice(("ZAR", "XBT", "BNB")), chance.randrange(20))
                 for _ in range(150)]
        cut = chance.randrange(150)
        life = Life()
        life.live(steps[:cut])
        snapshot, count, over = snapshot_of(life), len(life.records), [order for order in life.orders if order.is_done]
        filled = [order.exact.filled_quantity for order in over]
        life.live(steps[cut:])
        records = life.records
        whole, from_snapshot = replayed(records), replayed(records[count:], snapshot)
        assert without_hearing(everything(*from_snapshot)) == without_hearing(everything(*whole))
        reached["late fills"] += sum(order.exact.filled_quantity != before for order, before in zip(over, filled, strict=True))
        for desk in whole[0].desks.values():
            reached["open"] += len(desk.orders)
            reached["fills"] += desk.fills
            reached["forgotten"] += sum(desk.orders.counts.values()) - len(desk.orders.done)
    assert reached["late fills"] >= 20, reached
    assert min(reached.values()) >= 20, reached
