"""A short slice of `python -m tests.lost_replies`: replies and requests that are lost, late, doubled or lied about, and every intent comes
about exactly once."""

from pathlib import Path

import pytest

from tests.lost_replies import SHOWS, run_show


@pytest.mark.parametrize("show", SHOWS)
def test_every_intent_has_exactly_one_order_at_the_exchange(tmp_path: Path, show: str) -> None:
    figures = run_show(show, 30, 1, tmp_path)
    assert figures.wrong == []
    assert figures.orders >= figures.intents
    assert figures.in_doubt >= 5, "nothing went wrong, so nothing was shown"
    assert (figures.proved_absent >= figures.intents) is (show == "every request lost")


def test_the_show_tells_when_the_world_lies_beyond_what_can_be_proved(tmp_path: Path) -> None:
    # Reads that are ten times older than the time in which a request can still arrive: absence is believed too early.
    figures = run_show("half of all replies lost", 30, 1, tmp_path, ("place:reply_lost=reset:p=0.5", "order:lag=15s"))
    assert any("orders at the exchange" in sentence for sentence in figures.wrong), figures
