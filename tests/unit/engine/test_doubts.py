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
    assert [doubts.not_found("order", asked(second), True) for second in (106, 107, 108)] == [False, False, True]


def test_questions_asked_while_the_order_could_still_arrive_prove_nothing(doubts: Doubts) -> None:
    assert not any(doubts.not_found("order", asked(second), True) for second in (100, 101, 102, 103, 104, 105, 105.9))
    assert [doubts.not_found("order", asked(second), True) for second in (106, 107, 108)] == [False, False, True]


def test_it_counts_when_a_question_was_asked_and_not_when_it_was_answered(doubts: Doubts) -> None:
    late = Evidence("look_up", 105 * SECOND, 500 * SECOND)
    assert not any(doubts.not_found("order", late, True) for _ in range(10))


def test_two_not_founds_are_never_enough(doubts: Doubts) -> None:
    assert not any(doubts.not_found("order", asked(second), True) for second in (1000, 2000))


def test_an_order_that_nobody_doubts_is_not_proved_absent() -> None:
    assert not any(Doubts().not_found("order", asked(second), True) for second in (1000, 2000, 3000, 4000))


def test_a_doubt_that_stands_keeps_its_beginning_and_its_evidence(doubts: Doubts) -> None:
    doubts.not_found("order", asked(106))
    doubts.begin("order", 500 * SECOND)
    assert [doubts.not_found("order", asked(second), True) for second in (107, 108)] == [False, True]


def test_a_doubt_that_ended_and_begins_anew_needs_its_proof_anew(doubts: Doubts) -> None:
    doubts.not_found("order", asked(106))
    doubts.not_found("order", asked(107))
    doubts.end("order")
    assert len(doubts) == 0
    doubts.begin("order", 200 * SECOND)
    assert [doubts.not_found("order", asked(second), True) for second in (206, 207, 208)] == [False, False, True]


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
    assert [doubts.not_found("order", asked(second), True) for second in (222, 232, 242)] == [False, False, True]


def test_without_a_search_of_our_own_trades_no_number_of_questions_proves_absence(doubts: Doubts) -> None:
    assert not any(doubts.not_found("order", asked(second)) for second in range(106, 200))
    assert doubts.not_found("order", asked(200), True)


def test_a_search_made_while_the_order_could_still_arrive_proves_nothing(doubts: Doubts) -> None:
    assert not doubts.not_found("order", asked(105.9), True)
    assert not any(doubts.not_found("order", asked(second)) for second in (106, 107, 108))


def test_the_trades_are_searched_once_with_the_question_that_would_be_the_proof(doubts: Doubts) -> None:
    wanted = []
    for second in (105, 106, 107, 108):
        wanted.append(doubts.wants_search("order", second * SECOND))
        doubts.not_found("order", asked(second), wanted[-1])
    assert wanted == [False, False, False, True]
    assert not doubts.wants_search("order", 109 * SECOND)
    assert not Doubts().wants_search("order", 109 * SECOND)


def test_one_question_counts_once_however_often_its_answer_comes(doubts: Doubts) -> None:
    assert not any(doubts.not_found("order", asked(106), True) for _ in range(5))
    assert [doubts.not_found("order", asked(second), True) for second in (107, 108)] == [False, True]


@pytest.mark.parametrize("offset", [4.0, -4.0])
def test_absence_counts_later_by_as_much_as_the_clocks_are_apart_in_either_direction(offset: float) -> None:
    doubts = Doubts(clock_offset_seconds=lambda: offset)
    doubts.begin("order", 100 * SECOND)
    assert not any(doubts.not_found("order", asked(second), True) for second in (106, 107, 108, 109, 109.9))
    assert not doubts.wants_search("order", 109 * SECOND)
    assert [doubts.not_found("order", asked(second), True) for second in (110, 111, 112)] == [False, False, True]
