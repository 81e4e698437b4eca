"""Doubts: when to ask again, and what counts as proof that an order never arrived."""

import pytest

from trading_system.core.order_update import Evidence
from trading_system.engine.doubts import Doubts

SECOND = 1_000_000_000


def asked(second: float) -> Evidence:
    return Evidence("look_up", int(second * SECOND), int(second * SECOND) + 1)


@pytest.fixture
def doubts() -> Doubts:
    doubts = Doubts()
    doubts.begin("order", 100 * SECOND)
    return doubts


def test_absence_is_proved_by_three_questions_asked_after_the_order_could_still_arrive(doubts: Doubts) -> None:
    assert [doubts.not_found("order", asked(second)) for second in (106, 107, 108)] == [False, False, True]


def test_questions_asked_while_the_order_could_still_arrive_prove_nothing(doubts: Doubts) -> None:
    assert not any(doubts.not_found("order", asked(second)) for second in (100, 101, 102, 103, 104, 105, 105.9))
    assert [doubts.not_found("order", asked(second)) for second in (106, 107, 108)] == [False, False, True]


def test_it_counts_when_a_question_was_asked_and_not_when_it_was_answered(doubts: Doubts) -> None:
    late = Evidence("look_up", 105 * SECOND, 500 * SECOND)
    assert not any(doubts.not_found("order", late) for _ in range(10))


def test_two_not_founds_are_never_enough(doubts: Doubts) -> None:
    assert not any(doubts.not_found("order", asked(second)) for second in (1000, 2000))


def test_an_order_that_nobody_doubts_is_not_proved_absent() -> None:
    assert not any(Doubts().not_found("order", asked(second)) for second in (1000, 2000, 3000, 4000))


def test_a_doubt_that_stands_keeps_its_beginning_and_its_evidence(doubts: Doubts) -> None:
    doubts.not_found("order", asked(106))
    doubts.begin("order", 500 * SECOND)
    assert [doubts.not_found("order", asked(second)) for second in (107, 108)] == [False, True]


def test_a_doubt_that_ended_and_begins_anew_needs_its_proof_anew(doubts: Doubts) -> None:
    doubts.not_found("order", asked(106))
    doubts.not_found("order", asked(107))
    doubts.end("order")
    assert len(doubts) == 0
    doubts.begin("order", 200 * SECOND)
    assert [doubts.not_found("order", asked(second)) for second in (206, 207, 208)] == [False, False, True]


def test_an_order_in_doubt_is_asked_for_at_once_and_then_every_second(doubts: Doubts) -> None:
    assert doubts.due(100 * SECOND) == ["order"]
    assert doubts.due(100 * SECOND + SECOND // 2) == []
    assert doubts.due(101 * SECOND) == ["order"]


def test_an_order_without_proof_is_lost_after_two_minutes_and_said_to_be_once(doubts: Doubts) -> None:
    assert doubts.lost(220 * SECOND) == []
    assert doubts.lost(220 * SECOND + 1) == ["order"]
    assert doubts.lost(500 * SECOND) == []


def test_a_lost_order_is_asked_for_ten_times_more_rarely_but_for_ever(doubts: Doubts) -> None:
    doubts.lost(221 * SECOND)
    due = [second for second in range(300, 400) if doubts.due(second * SECOND)]
    assert due == list(range(300, 400, 10))
    assert doubts.due(10**6 * SECOND) == ["order"]


def test_a_lost_order_may_still_be_proved_absent(doubts: Doubts) -> None:
    doubts.lost(221 * SECOND)
    assert [doubts.not_found("order", asked(second)) for second in (222, 232, 242)] == [False, False, True]
