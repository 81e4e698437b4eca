"""Five recorded runs of the package backtesting.py and the one its authors published: our functions on its curves and trades."""

import math
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from tests.unit.reports.known_answers import NEEDS_FOLDER, read_columns, read_json
from trading_system.reports import benchmark_measures, drawdowns, performance, trade_statistics
from trading_system.reports.curve_statistics import CurveStatistics
from trading_system.reports.daily_closes import DailyCloses
from trading_system.reports.figures import days_per_year

pytestmark = NEEDS_FOLDER

RUNS = ("btcperp_a_breakout", "btcusdt_1h_limitdip", "es_201310_breakout", "eurusd_bracket", "goog_smacross")

#: Definitions that are theirs, reached by a parameter or by the arrays handed over, never by a function of their own.
EXPLAINED = {
    "Return (Ann.) [%]": "From daily closes, the first of which is not compared with the capital.",
    "Volatility (Ann.) [%]": "Compounded (geometric=True).",
    "Sharpe Ratio": "Compounded return over compounded volatility (geometric=True).",
    "Sortino Ratio": "Compounded return over the downside risk (geometric=True).",
    "Alpha [%]": "Jensen's alpha of the whole run, not per year, with the beta of logarithmic returns per bar.",
    "Exposure Time [%]": "Counted in bars, entry and exit bar included (step=1); ours is in time.",
    "Profit Factor": "Of the trades' returns, not of their profits.",
    "Expectancy [%]": "Of the trades' returns, not of their profits.",
    "Avg. Trade [%]": "The geometric mean of the trades' returns.",
    "Buy & Hold Return [%]": "From the first bar on which the strategy's indicators were all there.",
    "Max. Drawdown Duration": "Rounded up to the whole bar unit.",
    "Avg. Drawdown Duration": "Rounded up to the whole bar unit.",
    "Max. Trade Duration": "Rounded up to the whole bar unit.",
    "Avg. Trade Duration": "Rounded up to the whole bar unit.",
}
#: What names the run rather than measures it.
NOT_MEASURED = {"Start": "a time", "End": "a time", "Duration": "a time"}


@pytest.mark.parametrize("run", RUNS)
def test_the_statistics_of_a_run_are_met_to_nine_digits(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    given = read_json(f"backtesting_py/{run}.json")
    expected = {name: value for name, value in given["stats"].items() if name not in NOT_MEASURED}
    ours = statistics_of(run, given)
    unexplained = [(name, ours.get(name), value) for name, value in expected.items() if not is_met(ours.get(name, math.nan), value, unit_of(run))]
    explained = sorted(set(expected) & set(EXPLAINED))
    with capsys.disabled():
        print(f"\n  {run}: {len(expected)} statistics, {len(expected) - len(unexplained)} met "
              f"({len(explained)} of them by their variant), {len(unexplained)} unexplained")
    assert unexplained == []
    assert len(expected) >= 28


def test_what_the_authors_published_is_met_too() -> None:
    published = read_json("backtesting_py/goog_smacross_published.json")["expected"]
    ours = statistics_of("goog_smacross", read_json("backtesting_py/goog_smacross.json"))
    measured = {name: value for name, value in published.items() if name in ours}
    assert len(measured) >= 24
    for name, value in measured.items():
        # Their own test compares to 1e-8.
        assert is_met(ours[name], value, 86_400.0, 1e-8), name


@pytest.mark.parametrize("run", RUNS)
def test_statistics_carried_along_in_chunks_are_those_of_the_recorded_curve(run: str) -> None:
    equity, times = read_columns(f"known_answers/backtesting_py/{run}_equity.csv.gz"), times_of(read_json(f"backtesting_py/{run}.json"))
    kept = CurveStatistics()
    for start in range(0, len(times), 1_000):
        kept.add(times[start:start + 1_000], equity["Equity"][start:start + 1_000])
    below = drawdowns.drawdown(equity["Equity"])
    # Recorded with ten decimals.
    np.testing.assert_allclose(below, np.abs(equity["DrawdownPct"]), rtol=0.0, atol=0.51e-10)
    found = drawdowns.spells(times, equity["Equity"])
    assert kept.max_drawdown == below.max()
    assert kept.average_drawdown == pytest.approx(found.depths.mean(), rel=1e-12)
    assert kept.average_drawdown_seconds == pytest.approx(found.seconds.mean(), rel=1e-12)
    assert kept.longest_drawdown_seconds == found.seconds.max()


def times_of(given: dict[str, Any]) -> np.ndarray:
    return read_columns(f"{given['bars']}.csv.gz")["timestamp_ms"].astype(np.int64) * 10**6


def statistics_of(run: str, given: dict[str, Any]) -> dict[str, float]:
    equity = read_columns(f"known_answers/backtesting_py/{run}_equity.csv.gz")["Equity"]
    trades = read_columns(f"known_answers/backtesting_py/{run}_trades.csv.gz")
    times, closes = times_of(given), read_columns(f"{given['bars']}.csv.gz")["close"]
    kept = CurveStatistics()
    kept.add(times, equity)
    # Its times are the bars' beginnings; a close is known at the end.
    daily = DailyCloses()
    daily.add(times + int(unit_of(run) * 1e9), equity)
    returns, year = performance.simple_returns(daily.closes), days_per_year(daily.days)
    annual = performance.annual_return(returns, year)
    spells = drawdowns.spells(times, equity)
    entries, exits = trades["EntryBar"].astype(np.int64), trades["ExitBar"].astype(np.int64)
    profits, shares = trades["PnL"], trades["ReturnPct"]
    held = trade_statistics.holding_seconds(times[entries], times[exits])
    total = equity[-1] / equity[0] - 1.0
    beta = benchmark_measures.beta(performance.log_returns(equity), performance.log_returns(closes))
    held_from = first_bar(given)
    market = closes[-1] / closes[held_from] - 1.0
    return {
        "Exposure Time [%]": 100.0 * trade_statistics.exposure(entries, exits, 0, len(times) - 1, step=1),
        "Equity Final [$]": kept.last, "Equity Peak [$]": kept.highest, "Commissions [$]": float(trades["Commission"].sum()),
        "Return [%]": 100.0 * total, "Buy & Hold Return [%]": 100.0 * market, "Return (Ann.) [%]": 100.0 * annual,
        "Volatility (Ann.) [%]": 100.0 * performance.annual_volatility(returns, year, geometric=True),
        "CAGR [%]": 100.0 * performance.cagr(equity[0], equity[-1], kept.seconds),
        "Sharpe Ratio": performance.sharpe(returns, year, geometric=True), "Sortino Ratio": performance.sortino(returns, year, geometric=True),
        "Calmar Ratio": drawdowns.calmar(annual, kept.max_drawdown),
        "Alpha [%]": 100.0 * benchmark_measures.jensen_alpha(total, market, beta), "Beta": beta,
        "Max. Drawdown [%]": -100.0 * drawdowns.max_drawdown(equity), "Avg. Drawdown [%]": -100.0 * float(spells.depths.mean()),
        "Max. Drawdown Duration": float(spells.seconds.max()), "Avg. Drawdown Duration": float(spells.seconds.mean()),
        "# Trades": float(len(profits)), "Win Rate [%]": 100.0 * trade_statistics.win_rate(profits),
        "Best Trade [%]": 100.0 * trade_statistics.best(shares), "Worst Trade [%]": 100.0 * trade_statistics.worst(shares),
        "Avg. Trade [%]": 100.0 * performance.geometric_mean(shares),
        "Max. Trade Duration": float(held.max()), "Avg. Trade Duration": float(held.mean()),
        "Profit Factor": trade_statistics.profit_factor(shares), "Expectancy [%]": 100.0 * trade_statistics.expectancy(shares),
        "SQN": trade_statistics.system_quality_number(profits), "Kelly Criterion": trade_statistics.kelly(profits),
    }


def first_bar(given: dict[str, Any]) -> int:
    # The longest indicator is known from its own length on; a breakout looks at the bars before, one later.
    params = given["params"]
    return max(params.get("slow", 0), params.get("n", 0)) - (1 if given["strategy"] != "Breakout" else 0)


def unit_of(run: str) -> float:
    return {"goog_smacross": 86_400.0, "btcusdt_1h_limitdip": 3_600.0, "eurusd_bracket": 3_600.0}.get(run, 60.0)


def is_met(ours: float, expected: float | str, unit: float, allowed: float = 1e-9) -> bool:
    if isinstance(expected, str):
        days, _, clock = expected.partition(" days")
        hours, minutes, seconds = (int(part) for part in (clock.strip() or "0:0:0").split(":"))
        return math.ceil(ours / unit) * unit == timedelta(days=int(days), hours=hours, minutes=minutes, seconds=seconds).total_seconds()
    return ours == pytest.approx(expected, rel=allowed, abs=1e-12)
