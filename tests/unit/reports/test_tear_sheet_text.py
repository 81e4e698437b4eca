"""Numbers, times and foreign text as the tear sheet writes them."""

import math

import pytest

from trading_system.reports.tear_sheet_text import (
    NOTHING,
    duration,
    escaped,
    exact,
    figure,
    iso,
    money,
    money_digits,
    percent,
    plain_number,
    unit_of,
)


@pytest.mark.parametrize(("value", "words"), [
    (1_234_567.891, "1,234,567.89"), (-0.001, "0.00"), (-12.5, "-12.50"), (math.nan, NOTHING), (None, NOTHING),
])
def test_money_has_thousands_separators_and_two_decimals(value: float | None, words: str):
    assert money(value) == words


def test_small_coins_keep_the_decimals_that_matter():
    assert money_digits([0.5, 0.52]) == 8
    assert money_digits([1_000.0, 0.1]) == 2
    assert money_digits([math.nan]) == 8
    assert money(0.50012, 8) == "0.50012"
    assert money(0.5, 8) == "0.50"
    assert money(2.0, 8, True) == "+2.00"


@pytest.mark.parametrize(("value", "words"), [(0.12345, "+12.35%"), (-0.5, "-50.00%"), (0.00001, "0.00%"), (-0.00001, "0.00%"), (math.inf, NOTHING), (12.0, "+1,200.00%")])
def test_a_share_is_a_percentage_with_two_decimals_and_no_sign_at_nothing(value: float, words: str):
    assert percent(value, True) == words


@pytest.mark.parametrize(("value", "words"), [
    (0.00001, "0.00001"), (1_200_000.5, "1,200,000.5"), (0.1 + 0.2, "0.3"), (100.0, "100"), (123_456_789_012.0, "123,456,789,012"), (math.nan, NOTHING),
])
def test_prices_and_quantities_have_no_exponent_and_no_rounding_dust(value: float, words: str):
    assert plain_number(value) == words


def test_exact_amounts_keep_every_digit():
    assert exact("1234567.123456789012345678901234567890") == "1,234,567.12345678901234567890123456789"
    assert exact("100.00") == "100"


def test_times_are_iso_8601_in_utc_to_the_digit_asked_for():
    assert iso(1_704_067_200_123_456_789) == "2024-01-01T00:00:00Z"
    assert iso(1_704_067_200_123_456_789, True) == "2024-01-01T00:00:00.123Z"
    assert iso(10**30) == NOTHING


@pytest.mark.parametrize(("seconds", "words"), [(0.42, "0.42 s"), (312, "5 min 12 s"), (3_600, "1 h"), (273_600, "3 d 4 h"), (86_400.0 * 4_000, "4,000 d"), (math.nan, NOTHING)])
def test_durations_show_their_two_largest_units(seconds: float, words: str):
    assert duration(seconds) == words


@pytest.mark.parametrize(("name", "value", "words"), [
    ("sharpe", 1.234, "1.23"), ("total_return", 0.1, "+10.00%"), ("max_drawdown", 0.1, "10.00%"), ("expectancy", -3.0, "-3.00 ZAR"),
    ("longest_losing_run", 4.0, "4"), ("mean_holding_seconds", 90.0, "1 min 30 s"), ("win_rate", 0.5, "50.00%"), ("some_new_figure", 0.25, "0.25"),
    ("average_drawdown", 0.02, "2.00%"), ("average_drawdown_seconds", 7_200.0, "2 h"), ("best_day", 0.03, "3.00%"), ("average_loss", 9.0, "9.00 ZAR"),
    ("average_trade_return", 0.01, "+1.00%"), ("longest_spell_days", 2.5, "2 d 12 h"), ("calmar", None, NOTHING), ("calmar", math.nan, NOTHING),
])
def test_a_figure_is_shown_in_its_unit(name: str, value: float | None, words: str):
    assert figure(name, value, "ZAR", 2) == words


def test_a_figure_that_is_not_known_is_named_by_its_words():
    assert unit_of("longest_losing_run").label == "Longest losing run"


def test_no_two_figures_of_a_run_have_the_same_label():
    names = [
        "total_return", "annual_return", "cagr", "annual_volatility", "downside_risk", "sharpe", "sortino", "calmar", "omega",
        "max_drawdown", "average_drawdown", "longest_drawdown_seconds", "average_drawdown_seconds", "best_day", "worst_day",
        "value_at_risk", "expected_shortfall", "exposure", "turnover", "fees", "trades", "win_rate", "profit_factor", "expectancy",
        "average_trade_return", "best", "worst", "average_win", "average_loss", "average_holding_seconds", "longest_holding_seconds",
        "longest_winning_run", "longest_losing_run", "system_quality_number", "kelly", "buy_and_hold_return", "alpha", "beta",
    ]
    labels = [unit_of(name).label for name in names]
    assert len(set(labels)) == len(labels)


def test_text_from_outside_is_escaped_and_invisible_characters_are_spelled_out():
    assert escaped("<b a='1'>&\n") == "&lt;b a=&#x27;1&#x27;&gt;&amp;\\n"
