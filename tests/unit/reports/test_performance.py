"""Measures by hand: what they are worth on small series, and that what is not defined is nan."""

import math

import numpy as np
import pytest

from trading_system.reports import benchmark_measures, drawdowns, performance, trade_statistics

NONE = np.empty(0)
ONE = np.array([0.01])
FLAT = np.full(5, 0.01)
UPS_AND_DOWNS = np.array([0.1, -0.05, 0.02, 0.0, -0.01])


def numbers(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


@pytest.mark.parametrize("value", [
    performance.total_return(NONE), performance.annual_return(NONE, 252), performance.annual_volatility(ONE, 252),
    performance.annual_volatility(ONE, 252, geometric=True), performance.sharpe(ONE, 252), performance.sharpe(FLAT, 252),
    performance.sharpe(FLAT, 252, geometric=True), performance.sortino(FLAT, 252), performance.sortino(ONE, 252), performance.omega(FLAT),
    performance.omega(NONE), performance.downside_risk(NONE, 252), performance.volatility_skewness(FLAT), performance.adjusted_sharpe(FLAT, 252),
    performance.skewness(FLAT), performance.kurtosis(FLAT), performance.kurtosis(numbers(0.1, 0.2, 0.3), sample=True),
    performance.value_at_risk(NONE), performance.expected_shortfall(NONE), performance.tail_ratio(NONE), performance.stability(ONE),
    performance.stability(numbers(-1.0, 0.1)), performance.frequency_above(NONE), performance.geometric_mean(numbers(0.1, -1.0)),
    performance.geometric_mean(NONE), performance.cagr(100, 110, 0), performance.cagr(0, 110, 10), performance.cagr(100, -1, 1e7),
    performance.cagr(1, 1e9, 1e-3), performance.annual_return(numbers(-1.5), 12), performance.ratio(1.0, 0.0), performance.spread(ONE),
    drawdowns.max_drawdown(NONE), drawdowns.calmar(0.1, 0.0), drawdowns.pain_index(NONE), drawdowns.ulcer_index(NONE),
    drawdowns.burke_ratio(0.1, NONE), drawdowns.max_drawdown(numbers(-1, -2)),
    benchmark_measures.beta(UPS_AND_DOWNS, FLAT), benchmark_measures.alpha(ONE, ONE, 252), benchmark_measures.information_ratio(FLAT, FLAT),
    benchmark_measures.capture(FLAT, np.zeros(5), 252), benchmark_measures.specific_risk(ONE, ONE, 12), benchmark_measures.systematic_risk(ONE, ONE, 12),
    trade_statistics.win_rate(NONE), trade_statistics.profit_factor(numbers(1, 2)), trade_statistics.profit_factor(NONE),
    trade_statistics.expectancy(NONE), trade_statistics.best(NONE), trade_statistics.worst(NONE), trade_statistics.average_loss(numbers(1)),
    trade_statistics.kelly(numbers(1, 2)), trade_statistics.kelly(numbers(-1)), trade_statistics.kelly(NONE),
    trade_statistics.system_quality_number(numbers(1)), trade_statistics.system_quality_number(numbers(1, 1)),
    trade_statistics.turnover(10, 0, 10, 100), trade_statistics.turnover(10, 5, 0, 100),
    trade_statistics.exposure(np.array([1]), np.array([2]), 5, 5),
])
def test_what_is_not_defined_is_nan(value: float) -> None:
    assert math.isnan(value)


def test_growth_compounds_and_a_missing_return_changes_nothing() -> None:
    assert performance.growth(numbers(0.1, math.nan, 0.1), 100.0).tolist() == pytest.approx([110.0, 110.0, 121.0])
    assert performance.total_return(numbers(0.1, math.nan, 0.1)) == pytest.approx(0.21)


def test_a_missing_return_counts_as_time_but_not_as_an_observation() -> None:
    assert performance.annual_return(numbers(math.nan, 0.1), 4) == pytest.approx(1.1**2 - 1)
    assert performance.frequency_above(numbers(math.nan, 0.1)) == 1.0


def test_losing_everything_is_minus_one_a_year() -> None:
    assert performance.annual_return(numbers(-1.0), 252) == -1.0
    assert performance.cagr(100.0, 0.0, 86_400.0) == -1.0


def test_growth_per_year_is_by_the_calendar() -> None:
    assert performance.cagr(100.0, 121.0, 2 * 365.25 * 86_400) == pytest.approx(0.1)
    assert performance.cagr(100.0, 121.0, 2 * 365 * 86_400, 365 * 86_400) == pytest.approx(0.1)


def test_returns_after_nothing_was_left_are_not_defined() -> None:
    assert performance.simple_returns(numbers(100, 50, 0, 10))[:2].tolist() == [-0.5, -1.0]
    assert math.isnan(performance.simple_returns(numbers(100, 50, 0, 10))[2])
    assert np.isnan(performance.log_returns(numbers(1, -1, 1))).all()


def test_equal_returns_have_no_risk_at_all() -> None:
    # Their mean is rounded, so a plain standard deviation would be a trace above 0 and the ratio a huge number.
    thirds = np.full(3, 0.1)
    assert np.std(thirds, ddof=1) > 0.0
    assert performance.annual_volatility(thirds, 252) == 0.0
    assert math.isnan(performance.sharpe(thirds, 252))


def test_risk_and_ratios_of_a_small_series() -> None:
    returns = numbers(0.02, -0.01)
    assert performance.annual_volatility(returns, 4) == pytest.approx(2 * math.sqrt(2 * 0.015**2))
    assert performance.sharpe(returns, 4) == pytest.approx(0.005 / math.sqrt(2 * 0.015**2) * 2)
    assert performance.sharpe(returns, 4, 0.005) == pytest.approx(0.0)
    assert performance.downside_risk(returns, 4) == pytest.approx(math.sqrt(0.0001 / 2 * 4))
    assert performance.sortino(returns, 4) == pytest.approx(0.005 * 4 / math.sqrt(0.0002))
    assert performance.omega(returns) == pytest.approx(2.0)
    assert performance.omega(returns, 0.005) == pytest.approx(1.0)
    assert performance.value_at_risk(returns, 0.0) == pytest.approx(0.01)
    assert performance.expected_shortfall(returns) == pytest.approx(0.01)


def test_drawdowns_and_their_spells() -> None:
    values, at = numbers(100, 80, 100, 90, 95), np.array([0, 1, 3, 4, 9], dtype=np.int64) * 10**9
    assert drawdowns.drawdown(values).tolist() == pytest.approx([0.0, 0.2, 0.0, 0.1, 0.05])
    found = drawdowns.spells(at, values)
    assert found.depths.tolist() == pytest.approx([0.2, 0.1])
    assert found.seconds.tolist() == [3.0, 6.0]
    assert drawdowns.pain_index(values) == pytest.approx(0.07)
    assert drawdowns.calmar(0.1, 0.2) == 0.5


def test_beta_and_alpha_of_twice_the_market_and_a_little_more() -> None:
    market = UPS_AND_DOWNS
    assert benchmark_measures.beta(2 * market + 0.001, market) == pytest.approx(2.0)
    assert benchmark_measures.alpha(2 * market + 0.001, market, 10) == pytest.approx(1.001**10 - 1)
    assert benchmark_measures.jensen_alpha(0.3, 0.1, 2.0, 0.02) == pytest.approx(0.3 - 0.02 - 2 * 0.08)
    assert benchmark_measures.beta(numbers(math.nan, 0.2, 0.4), numbers(5.0, 0.1, 0.2)) == pytest.approx(2.0)


def test_measures_of_four_trades() -> None:
    profits = numbers(10, -5, 20, -5)
    assert trade_statistics.win_rate(profits) == 0.5
    assert trade_statistics.profit_factor(profits) == 3.0
    assert trade_statistics.expectancy(profits) == 5.0
    assert (trade_statistics.best(profits), trade_statistics.worst(profits)) == (20.0, -5.0)
    assert (trade_statistics.average_win(profits), trade_statistics.average_loss(profits)) == (15.0, 5.0)
    assert trade_statistics.kelly(profits) == pytest.approx(0.5 - 0.5 / 3)
    assert trade_statistics.system_quality_number(profits) == pytest.approx(2 * 5 / np.std(profits, ddof=1))


def test_a_trade_without_profit_is_not_won_and_ends_a_run() -> None:
    profits = numbers(1, 1, 0, 1, -1, -1, -1)
    assert trade_statistics.win_rate(profits) == pytest.approx(3 / 7)
    assert (trade_statistics.longest_winning_run(profits), trade_statistics.longest_losing_run(profits)) == (2, 3)
    assert trade_statistics.longest_losing_run(NONE) == 0


def test_exposure_counts_overlapping_trades_once_and_only_within_the_run() -> None:
    entries, exits = np.array([-5, 10, 15, 90]), np.array([5, 30, 20, 200])
    assert trade_statistics.exposure(entries, exits, 0, 100) == pytest.approx((5 + 20 + 10) / 100)
    assert trade_statistics.exposure(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), 0, 100) == 0.0


def test_turnover_is_per_year() -> None:
    assert trade_statistics.turnover(200.0, 100.0, 50.0, 100.0) == 4.0
