"""The table on the terminal: aligned, complete at any width, and honest where there is nothing to tell."""

import re
from typing import Any

import pytest

from trading_system.reports.result_table import NOTHING, table_lines
from trading_system.reports.results import CurrencyResult, DataNote, Results, Series, StrategyResult

NANOSECONDS_OF_A_DAY = 86_400 * 10**9
START = 1_704_067_200 * 10**9           # 2024-01-01
FIGURES: dict[str, float | None] = {
    "total_return": 0.01234, "annual_return": 0.15, "max_drawdown": 0.05, "sharpe": 1.234, "trades": 1_200.0, "win_rate": 0.512,
    "profit_factor": 1.3, "fees": 123.4, "worst": -3.0,
}
IDLE: dict[str, float | None] = dict.fromkeys(FIGURES) | {"total_return": 0.0, "max_drawdown": 0.0, "trades": 0.0, "fees": 0.0}


def strategy(name: str = "naive_test", **more: Any) -> StrategyResult:
    given: dict[str, Any] = {
        "currency": "ZAR", "capital": 20_000.0, "equity": 20_246.8, "figures": FIGURES, "curve": Series(), "drawdown": Series(), "monthly": {},
        "orders": {"filled": 1_200, "canceled": 3, "denied": 0}, "fills": 1_200, "ledger": {},
    }
    return StrategyResult(name, **(given | more))


def together(currency: str = "ZAR", **more: Any) -> CurrencyResult:
    given: dict[str, Any] = {"capital": 40_000.0, "equity": 40_246.8, "figures": FIGURES, "curve": Series(), "drawdown": Series(), "monthly": {}}
    return CurrencyResult(currency, **(given | more))


def results(*strategies: StrategyResult, days: int = 60, **more: Any) -> Results:
    given: dict[str, Any] = {
        "kind": "backtest", "from_ns": START, "to_ns": START + days * NANOSECONDS_OF_A_DAY, "events": 1_000_000, "run_seconds": 0.5,
        "together": [together()], "instruments": [], "trades": [], "fills": [], "assumptions": [], "data": [],
    }
    return Results(strategies=list(strategies), **(given | more))


def cells(lines: list[str]) -> dict[str, dict[str, str]]:
    """Read the blocks back: strategy -> column -> cell, by the places of the headings."""
    table: dict[str, dict[str, str]] = {}
    headings: list[str] = []
    for line in lines:
        parts = re.split(r" {2,}", line.strip())
        if parts[0] == "strategy":
            headings = parts
        elif not line.strip():
            headings = []
        elif headings and not line.startswith(" "):
            assert len(parts) == len(headings), line
            table.setdefault(parts[0], {}).update(zip(headings[1:], parts[1:], strict=True))
    return table


ROW = {
    "currency": "ZAR", "capital": "20,000.00", "equity": "20,246.80", "return %": "+1.23", "annual %": "+15.00", "max drawdown %": "5.00",
    "Sharpe": "1.23", "trades": "1,200", "win rate %": "51.2", "profit factor": "1.30", "fees": "123.40", "orders": "1,200 filled, 3 canceled",
}


@pytest.mark.parametrize("width", [60, 80, 100, 140, 250])
def test_every_column_is_shown_at_every_width_and_no_line_is_too_long(width: int) -> None:
    lines = table_lines(results(strategy(), strategy("moving_average_cross")), width)
    assert max(map(len, lines)) <= width
    table = cells(lines)
    assert list(table) == ["naive_test", "moving_average_cross", "together ZAR"]
    assert table["naive_test"] == ROW
    assert table["together ZAR"] == ROW | {"capital": "40,000.00", "equity": "40,246.80", "orders": "2,400 filled, 6 canceled"}
    assert lines == [line.rstrip() for line in lines]


def test_columns_stand_under_their_headings() -> None:
    lines = table_lines(results(strategy(), strategy("b", equity=1_234_567.0)), 140)
    heading = next(line for line in lines if line.startswith("strategy"))
    end = heading.index("equity") + len("equity")
    for line in lines[lines.index(heading) + 1:lines.index(heading) + 4]:
        assert line[end - 1].isdigit()
        assert line[end:end + 2] == "  "


def test_a_single_strategy_needs_no_line_of_the_sum_and_currencies_are_not_mixed() -> None:
    lines = table_lines(results(strategy(), strategy("coins", currency="XBT", capital=0.5, equity=0.51), together=[together(), together("XBT")]), 140)
    table = cells(lines)
    assert list(table) == ["naive_test", "coins"]
    assert table["coins"]["capital"] == "0.50000"


def test_a_strategy_without_trades_has_no_win_rate_of_nothing() -> None:
    row = cells(table_lines(results(strategy(figures=IDLE, equity=20_000.0, orders={})), 200))["naive_test"]
    assert (row["trades"], row["win rate %"], row["profit factor"], row["return %"], row["orders"]) == ("0", "no trades", NOTHING, "0.00", "none")


def test_a_strategy_that_never_lost_has_no_profit_factor_but_says_why() -> None:
    row = cells(table_lines(results(strategy(figures=FIGURES | {"profit_factor": None, "worst": 2.0})), 200))["naive_test"]
    assert row["profit factor"] == "no losses"


def test_a_short_run_says_why_it_has_no_annual_figures() -> None:
    sentence = "Annual figures and ratios need at least 30 days; this run was shorter."
    short = strategy(figures=FIGURES | {"annual_return": None, "sharpe": None})
    assert sentence in table_lines(results(short, days=29), 140)
    assert sentence not in table_lines(results(strategy(), days=60), 140)
    assert cells(table_lines(results(short, days=29), 140))["naive_test"]["annual %"] == NOTHING


def test_trouble_other_fees_and_what_is_left_out_are_told_below() -> None:
    troubled = strategy(trouble="on_tick raised \x1b[2JValueError", ledger={"fees": {"ZAR": "1", "BNB": "0.01", "ETH": "0"}})
    text = "\n".join(table_lines(results(troubled, trades_left_out=5), 140))
    assert "naive_test: on_tick raised \\x1b[2JValueError" in text
    assert "naive_test also paid fees of 0.01 BNB." in text
    assert "0 trades are listed; 5 older ones are in the figures only." in text


def test_assumptions_data_and_notes_stand_under_the_table() -> None:
    note = DataNote("XBTZAR.exchange", "a.csv", "bars", 1_000, START, START + NANOSECONDS_OF_A_DAY, ["3 gaps, the longest 2 hours."])
    lines = table_lines(results(strategy(), assumptions=["Fees as the venue lists them " * 4], data=[note], notes=["Stopped early."]), 80)
    assert lines[lines.index("Assumptions") + 1].startswith("- Fees as")
    assert lines[lines.index("Assumptions") + 2].startswith("  ")
    data = " ".join(line.strip() for line in lines[lines.index("Data") + 1:lines.index("Notes")])
    assert data.strip() == "- XBTZAR.exchange: a.csv, 1,000 bars, 2024-01-01 00:00 to 2024-01-02 00:00 UTC. 3 gaps, the longest 2 hours."
    assert lines[-1] == "- Stopped early."


def test_a_run_of_nothing_says_so() -> None:
    assert table_lines(results(together=[], events=0), 80) == ["Backtest: no events.", "", "No strategy ran."]


def test_many_outcomes_fold_instead_of_being_cut() -> None:
    orders = dict.fromkeys(("filled", "canceled", "expired", "rejected", "denied", "not_placed"), 1_000)
    lines = table_lines(results(strategy(orders=orders)), 60)
    assert max(map(len, lines)) <= 60
    assert all(f"1,000 {name}" in " ".join(" ".join(lines).split()) for name in orders)
