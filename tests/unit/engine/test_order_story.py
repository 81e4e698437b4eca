"""`why ORDER` in words: every kind of life a journal can hold, told as it stands in order_stories.txt beside this file."""

from pathlib import Path

import pytest

from tests.unit.engine.order_lives import LIVES, NAME, SECOND, heard, ordered, records, request, sent
from trading_system.core.order_update import Answer
from trading_system.engine.order_story import OrderStory, find_orders, tell

_GOLDEN = Path(__file__).with_name("order_stories.txt")


def shown(name: str) -> str:
    """Return a story as the golden file holds it."""
    life = LIVES[name]()
    story = tell(life, NAME)
    assert story is not None
    lines = [f"  +{(line.time_ns - life[0].taken_ns) // SECOND} s  {line.text}" for line in story.lines]
    return "\n".join([f"## {name}", story.heading, *lines, f"  = {story.outcome}"])


def golden() -> dict[str, str]:
    """Return the stories of the file by their names."""
    parts = _GOLDEN.read_text().strip().split("\n\n")
    return {part.partition("\n")[0].removeprefix("## "): part for part in parts}


@pytest.mark.parametrize("name", LIVES)
def test_a_life_is_told_as_a_trader_would_tell_it(name: str) -> None:
    assert shown(name) == golden()[name]


def test_there_is_a_golden_text_for_every_life_and_for_nothing_else() -> None:
    assert list(golden()) == list(LIVES)
    assert len(LIVES) >= 30


def test_the_fills_of_a_story_are_the_differences_of_its_totals() -> None:
    story = tell(LIVES["filled in two parts"](), NAME)
    assert story is not None
    assert [str(fill.exact.quantity) for fill in story.fills] == ["0.004", "0.006"]


def test_what_was_heard_of_other_orders_is_not_told() -> None:
    other = ordered(request(name="abcdef-naive-t3k2p1-8"))
    story = tell(records(other, ordered(), other, sent()), NAME)
    assert isinstance(story, OrderStory)
    assert len(story.lines) == 3
    assert tell(records(other), NAME) is None


@pytest.mark.parametrize(("word", "found"), [
    (NAME, [NAME]), ("BXM1", [NAME]), ("#7", ["abcdef-other-t3k2p2-7"]), ("7", ["abcdef-other-t3k2p2-7"]),
    ("#8", ["abcdef-naive-t3k2p1-8", "abcdef-other-t3k2p1-8"]), ("#9", []), ("BXM2", []), ("naive", []),
])
def test_an_order_is_found_by_our_name_the_venues_or_its_number(word: str, found: list[str]) -> None:
    names = ["abcdef-naive-t3k2p1-8", "abcdef-other-t3k2p1-8", NAME, "abcdef-other-t3k2p2-7"]
    past = records(*(ordered(request(name=name)) for name in names), heard(Answer.ACCEPTED, venue="BXM1"))
    assert find_orders(past, word) == found
