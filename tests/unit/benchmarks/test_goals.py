"""A verdict tells the truth: a figure on the wrong side of what must be reached is a failure, whichever side that is."""

import math

import pytest

from benchmarks.figure import Figure, not_measured
from benchmarks.goals import AIM, FAILED, GOALS, MUST, NOT_MEASURED, Goal, shown

FASTER = Goal("G1 peer", "times as fast", 1.5, 2.5, "a race")
LIGHTER = Goal("G4 memory", "memory", 200, 110, "the kernel", "MB", is_less_better=True)


@pytest.mark.parametrize(("value", "verdict"), [(1.49, FAILED), (1.5, MUST), (2.49, MUST), (2.5, AIM), (9.0, AIM), (0.0, FAILED)])
def test_where_more_is_better_a_figure_must_not_fall_below_the_bound(value: float, verdict: str) -> None:
    assert FASTER.verdict(Figure("G1 peer", value)) == verdict


@pytest.mark.parametrize(("value", "verdict"), [(201.0, FAILED), (200.0, MUST), (111.0, MUST), (110.0, AIM), (1.0, AIM)])
def test_where_less_is_better_a_figure_must_not_exceed_the_bound(value: float, verdict: str) -> None:
    assert LIGHTER.verdict(Figure("G4 memory", value)) == verdict


@pytest.mark.parametrize("goal", [FASTER, LIGHTER])
def test_a_figure_that_is_no_number_has_failed(goal: Goal) -> None:
    assert goal.verdict(Figure(goal.name, math.nan)) == FAILED


def test_what_was_not_measured_is_neither_reached_nor_failed() -> None:
    assert FASTER.verdict(None) == NOT_MEASURED
    assert FASTER.verdict(not_measured("G1 peer", "no such program here")) == NOT_MEASURED


@pytest.mark.parametrize("goal", GOALS.values(), ids=lambda goal: goal.name)
def test_an_aim_is_never_easier_than_the_must(goal: Goal) -> None:
    assert goal.aim <= goal.must if goal.is_less_better else goal.aim >= goal.must


@pytest.mark.parametrize(("value", "unit", "text"), [(2.361, "x", "2.36x"), (0.1667, "x", "0.167x"), (43.21, "ms", "43.2 ms"),
                                                     (123.4, "MB", "123 MB"), (-0.01, "ms", "-0.010 ms")])
def test_a_figure_is_shown_with_the_digits_that_count(value: float, unit: str, text: str) -> None:
    assert shown(value, unit) == text
