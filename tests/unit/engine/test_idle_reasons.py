"""Why a strategy has not traded lately: the weightiest reason first, from the records and from the picture of a house that runs."""

from typing import Any

import pytest

from tests.unit.engine.order_lives import denied, heard, ordered, records, request, sent
from trading_system.core.events import CommandEvent
from trading_system.core.order_update import Answer
from trading_system.core.records import Record, RunEnded, RunStarted, StrategyStarted
from trading_system.engine.idle_reasons import Quiet, idle_reasons

STARTED = RunStarted(1, 1, "abcdef", "simulate", "0", "hash", {"naive": StrategyStarted(("XBTZAR.luno",), {}, "ZAR")})


def picture(market: dict[str, Any] | None = None, **row: Any) -> dict[str, Any]:
    return {"strategies": {"naive": {"state": "running", "symbols": ["XBTZAR.luno"], **row}},
            "market": {"XBTZAR.luno": {"age_seconds": 0.2, "status": "active", **(market or {})}}}


def quiet(past: list[Record], seen: dict[str, Any] | None = None) -> Quiet:
    (only,) = idle_reasons(past, seen)
    return only


@pytest.mark.parametrize(("bodies", "seen", "reason"), [
    ([], None, "nothing holds it up: it has seen no reason to trade"),
    ([], picture(last_decision="the spread is too small"), "nothing holds it up: its last word was 'the spread is too small'"),
    ([], picture(waits_for="20 bars, 3 so far"), "it waits for 20 bars, 3 so far"),
    ([], picture(state="paused: on_bar raised ValueError: no"), "paused: on_bar raised ValueError: no"),
    ([], picture({"age_seconds": 31.0}), "the last price of XBTZAR.luno is 31 s old"),
    ([], picture({"status": "halted"}), "XBTZAR.luno is halted at the venue"),
    ([RunEnded("stopped")], None, "the house is not running: start it with python main.py"),
    ([CommandEvent("pause", "operator", "lunch")], None, "paused: lunch (by operator)"),
    ([CommandEvent("pause", "operator", "lunch"), CommandEvent("resume", "operator")], None,
     "nothing holds it up: it has seen no reason to trade"),
    ([CommandEvent("pause", "operator", "lunch"), CommandEvent("rearm", "journal")], None, "paused: lunch (by operator)"),
    ([CommandEvent("pause", "operator", "lunch", "other")], None, "nothing holds it up: it has seen no reason to trade"),
    ([denied("funds", "it needs 10010 ZAR, 50.5 are free")], None,
     "its last order was denied (funds): it needs 10010 ZAR, 50.5 are free"),
    ([denied("too_small", "0.0001 XBT is less than the smallest order, 0.0005", request(name=f"abcdef-naive-t3k2p1-{n}"))
      for n in range(3)], None,
     "its last 3 orders were denied (too_small): 0.0001 XBT is less than the smallest order, 0.0005"),
    ([ordered(), sent(), heard(Answer.REJECTED, reason="not enough ZAR")], None,
     "its last order did not get through (REJECTED): not enough ZAR"),
    ([ordered(), sent(), heard(Answer.OUTCOME_UNKNOWN)], None,
     "its order abcdef-naive-t3k2p1-7 is UNKNOWN: the venue is asked until it is certain"),
    ([ordered(), sent()], None, "1 of its orders is on the way to the venue"),
    ([ordered(), sent(), heard(Answer.OPEN, venue="BXM1")], None, "1 of its orders stands and waits to fill"),
])
def test_the_weightiest_reason_comes_first(bodies: list[Any], seen: dict[str, Any] | None, reason: str) -> None:
    assert quiet(records(STARTED, *bodies), seen).reasons[0] == reason


def test_a_strategy_that_traded_says_when_it_ordered_and_filled_last() -> None:
    past = records(STARTED, ordered(), sent(), heard(Answer.FILLED, "0.01", "10000", venue="BXM1"))
    found = quiet(past)
    assert (found.last_order, found.last_order_ns, found.last_fill_ns) == ("buy 0.01 XBTZAR.luno at 1000000", past[1].taken_ns, past[3].taken_ns)


def test_a_new_run_forgets_the_pause_and_the_denials_of_the_run_before_and_keeps_the_orders() -> None:
    again = RunStarted(2, 2, "abcdef", "simulate", "0", "hash", STARTED.strategies)
    found = quiet(records(STARTED, ordered(), sent(), heard(Answer.OPEN, venue="BXM1"), CommandEvent("pause", "operator"),
                          RunEnded("stopped"), again))
    assert found.reasons == ["1 of its orders stands and waits to fill"]


def test_a_strategy_that_is_no_longer_configured_is_left_out() -> None:
    other = RunStarted(2, 2, "abcdef", "simulate", "0", "hash", {"other": StrategyStarted(("XBTZAR.luno",), {}, "ZAR")})
    assert [one.strategy for one in idle_reasons(records(STARTED, other))] == ["other"]


def test_a_house_that_was_broken_off_is_not_said_to_be_fine() -> None:
    past = records(STARTED, ordered(), sent())
    (only,) = idle_reasons(past, picture(last_decision="buy", waits_for="a price"), is_running=False)
    assert only.reasons == ["the house was broken off and is not running: start it with python main.py",
                            "1 of its orders was not over: the next start asks the venue for it"]
