"""Numbers and foreign text as people read them."""

import pytest

from trading_system.console import figures

NOTHING = "\u2013"


@pytest.mark.parametrize(("value", "shown"), [
    (0.1 + 0.2, "0.30"), (-2.738e-05, "0.00"), ("-0.00000001", "0.00"), (-0.005001, "-0.01"), ("49954.87968700", "49,954.88"),
    (1e7, "10,000,000"), (1e15, "1.00e+15"), (None, NOTHING), (float("nan"), NOTHING), ("inf", NOTHING), ("no number", NOTHING), (True, NOTHING), ([], NOTHING),
])
def test_money_has_no_float_noise_and_what_is_no_number_is_a_dash(value, shown) -> None:
    assert figures.money(value) == shown


@pytest.mark.parametrize(("value", "shown"), [(12.5, "+12.50"), (-3, "-3.00"), (0.001, "0.00"), (-0.001, "0.00"), (None, NOTHING)])
def test_a_profit_has_a_sign_unless_it_rounds_to_nothing(value, shown) -> None:
    assert figures.money(value, is_signed=True) == shown


@pytest.mark.parametrize(("value", "step", "shown"), [
    ("0.00199695", "0.000001", "0.001996"), ("500", "0.000001", "500"), ("1200", "1", "1,200"), ("-0.25", "0.01", "-0.25"),
    ("0.00000004", "0.000001", "dust"), ("0", "0.000001", "0"), ("0.123456789", None, "0.12345678"), (None, "1", NOTHING), ("1", "0", "1"),
])
def test_a_quantity_has_the_digits_of_its_instrument_and_is_never_rounded_up(value, step, shown) -> None:
    assert figures.quantity(value, step) == shown


def test_a_price_keeps_the_digits_of_its_grid() -> None:
    assert figures.price(1800004.0, "1") == "1,800,004"
    assert figures.price(40, "0.01") == "40.00"
    assert figures.price(None, "0.01") == NOTHING


@pytest.mark.parametrize("text", ["\x1b[31mred", "a\nb", "\x07", "\r", "e\u0301\u0302\u0303", "\u202egnp", "\u200b", "\ud800", "\x9b2J", "a\tb"])
def test_text_from_outside_cannot_move_the_cursor_or_hide(text) -> None:
    shown = figures.clean(text)
    assert shown.isprintable()
    assert "\\" in shown


def test_text_in_other_scripts_stays_as_it_is() -> None:
    assert figures.clean("日本 naïve €") == "日本 naïve €"


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00:00"), (83.9, "0:01:23"), (3_600, "1:00:00"), (90_000, "1 d 1:00:00"), (-5, "0:00:00")])
def test_uptime_reads_like_a_clock(seconds, shown) -> None:
    assert figures.uptime(seconds) == shown


@pytest.mark.parametrize(("seconds", "shown"), [(None, "no price yet"), (0.44, "0.4 s"), (12.2, "12 s"), (300, "5 min"), (9_000, "2 h"), (-1, "0.0 s")])
def test_an_age_is_short(seconds, shown) -> None:
    assert figures.age(seconds) == shown


def test_a_curve_shows_highs_and_lows_and_leaves_gaps_where_nothing_is_known() -> None:
    assert figures.sparkline([0.0, 3.0, None, 7.0], 10) == "▁▄ █"
    assert figures.sparkline([None, None], 10) == "  "
    assert figures.sparkline([], 10) == ""


def test_a_curve_of_one_value_is_flat_even_with_float_noise() -> None:
    assert figures.sparkline([50000.0, 50000.0000001, 50000.0], 10) == "▁▁▁"


def test_a_finished_part_of_a_curve_does_not_move_when_a_point_is_added() -> None:
    points = [0.0] * 8 + [9.0] * 8 + [float(number % 7) for number in range(100)]
    for count in range(72, 96):
        before, after = figures.sparkline(points[:count], 14), figures.sparkline(points[:count + 1], 14)
        assert len(after) <= 14
        assert after[:len(before) - 1] == before[:-1]
