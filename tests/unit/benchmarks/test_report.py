"""The page shows what was measured and nothing better: failures by name, noise by a mark, what is missing with its reason."""

import pytest

from benchmarks.figure import Figure, not_measured, percentile
from benchmarks.goals import GOALS
from benchmarks.measures.growth import Cell
from benchmarks.report import BEGIN, END, Conditions, page, put_between_markers, summary, table

CONDITIONS = Conditions("python -m benchmarks", "2 cores, a processor", "2024-06-07", 3, False, 1.1, 0.2, {"vnpy": "4.5.0"})
FIGURES = [
    Figure("G1 vnpy", 2.361, "400 ns a bar against 944; 1000 bars; orders 14 against 14", rounds=3),
    Figure("G4 peak memory", 250.0, "1000 bars", rounds=3),
    Figure("G11 import", 150.0, "15 fresh processes", rounds=3, noisy=2),
    not_measured("G3 whole process", "no such command yet"),
]


def row(text: str, what: str) -> str:
    return next(line for line in text.splitlines() if line.startswith("|") and what in line)


def test_every_goal_has_its_row_with_its_bounds() -> None:
    rows = [line for line in page(FIGURES, [], CONDITIONS).splitlines() if line.startswith("| G")]
    assert len(rows) == len(GOALS)
    assert rows[0] == "| G1 | backtest loop, times as fast as vnpy | ≥ 1.5x | ≥ 2.5x | 2.36x | must met |"


def test_a_failed_goal_is_shown_as_failed_and_named() -> None:
    text = page(FIGURES, [], CONDITIONS)
    assert "| 250 MB | **failed** |" in row(text, "peak memory of a backtest")
    assert "Failed: G4 peak memory." in text


def test_a_noisy_figure_is_marked_and_says_how_many_rounds() -> None:
    text = page(FIGURES, [], CONDITIONS)
    assert "| 150 ms ~ | must met |" in row(text, "import of the live core")
    assert "2 of 3 rounds noisy" in text
    assert "2.36x ~" not in text


def test_what_was_not_measured_says_why() -> None:
    text = page(FIGURES, [], CONDITIONS)
    assert "| - | not measured |" in row(text, "start, load, run, report")
    assert "not measured: no such command yet" in text
    assert "not asked for in this run" in text


def test_the_page_says_what_it_was_made_with() -> None:
    text = page(FIGURES, [], CONDITIONS)
    for part in ("python -m benchmarks\n", "2 cores, a processor", "2024-06-07", "vnpy 4.5.0", "3 interleaved rounds", "orders 14 against 14"):
        assert part in text


def test_only_a_quick_run_is_called_provisional() -> None:
    quick = Conditions("python -m benchmarks --quick", "2 cores", "2024-06-07", 1, True, 1.1, 0.2)
    assert "Provisional" in page(FIGURES, [], quick)
    assert "Provisional" in summary(FIGURES, quick)
    assert "Provisional" not in page(FIGURES, [], CONDITIONS)
    assert "Provisional" not in summary(FIGURES, CONDITIONS)


def test_the_growth_table_divides_by_the_strategies() -> None:
    text = page([], [Cell(100_000, 10, 20, 8000.0, 44.2, 1180, True)], CONDITIONS)
    assert "| 100,000 | 10 | 20 | 8,000 ~ | 800 | 44 MB | 1,180 |" in text


def test_the_summary_keeps_silent_about_no_failure() -> None:
    figures = [*FIGURES, Figure("G13 busy neighbor", 9.0), Figure("G12 lateness", 1.0)]
    text = summary(figures, CONDITIONS)
    assert "**failed**" in row(text, GOALS["G13 busy neighbor"].what)
    assert GOALS["G12 lateness"].what not in text


def test_the_summary_replaces_what_stands_between_its_markers_and_nothing_else() -> None:
    text = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    block = summary(FIGURES, CONDITIONS)
    renewed = put_between_markers(text, block)
    assert renewed == f"before\n{block}\nafter\n"
    assert put_between_markers(renewed, block) == renewed


@pytest.mark.parametrize("text", ["nothing here", f"only {BEGIN}", f"{END} before {BEGIN}"])
def test_without_both_markers_nothing_is_replaced(text: str) -> None:
    with pytest.raises(ValueError, match="benchmarks summary"):
        put_between_markers(text, "block")


def test_the_terminal_says_the_same() -> None:
    lines = table(FIGURES)
    assert "must ≤ 200 MB, aim ≤ 110 MB: failed" in lines
    assert "not measured: no such command yet" in lines


def test_a_percentile_is_one_of_the_values() -> None:
    assert [percentile([3, 1, 2], share) for share in (0.0, 0.5, 1.0)] == [1, 2, 3]
    assert percentile(list(range(100)), 0.99) == 99
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)
