"""The named figures: what a short, an idle and a losing run may say of themselves, and returns by month."""

import math
from datetime import UTC, datetime

import numpy as np
import pytest

from tests.unit.reports.fills import DAY, INSTRUMENTS, buy, sell
from trading_system.reports.curve_statistics import CurveStatistics
from trading_system.reports.daily_closes import DailyCloses
from trading_system.reports.figures import ANNUAL, buy_and_hold, days_per_year, figures_of, monthly
from trading_system.reports.round_trips import RoundTrips

NO_TRADES = RoundTrips(INSTRUMENTS).columns([])


def day_of(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) // 86_400


def closes(*values: float, first: int = 0, every: int = 1) -> DailyCloses:
    daily = DailyCloses()
    daily.add((first + np.arange(len(values), dtype=np.int64) * every) * DAY + 5, np.array(values))
    return daily


def statistics(*values: float, first: int = 0) -> CurveStatistics:
    kept = CurveStatistics()
    kept.add((first + np.arange(len(values), dtype=np.int64)) * DAY + 5, np.array(values))
    return kept


def test_a_run_without_a_single_event_knows_nothing() -> None:
    figures = figures_of(CurveStatistics(), NO_TRADES, 1_000.0)
    assert {name for name, value in figures.items() if value is not None} == {"trades"}
    assert figures["trades"] == 0.0


def test_annual_figures_need_thirty_days() -> None:
    rising = [1_000.0 * 1.001**day * (1.0 + 0.01 * (day % 2)) for day in range(31)]
    market = [closes(*(100.0 + day % 3 for day in range(31)))]
    short = figures_of(statistics(*rising[:30]), NO_TRADES, 1_000.0, traded_value=50.0, markets=market)
    whole = figures_of(statistics(*rising), NO_TRADES, 1_000.0, traded_value=50.0, markets=market)
    assert [name for name in ANNUAL if short[name] is not None] == []
    assert [name for name in ANNUAL if whole[name] is None] == []
    assert short["total_return"] == pytest.approx(rising[29] / 1_000.0 - 1.0)


def test_figures_are_finite_or_none_and_all_have_their_names_in_every_run() -> None:
    runs = [figures_of(statistics(*values), NO_TRADES, 1_000.0) for values in ([1_000.0] * 40, [1_000.0, 0.0, 0.0], [1_000.0, -50.0], [1_000.0])]
    for figures in runs:
        assert list(figures) == list(runs[0])
        assert all(value is None or math.isfinite(value) for value in figures.values())
    assert (runs[0]["max_drawdown"], runs[0]["sharpe"], runs[0]["win_rate"], runs[0]["profit_factor"]) == (0.0, None, None, None)


def test_the_first_day_is_compared_with_the_capital() -> None:
    figures = figures_of(statistics(990.0, 1_089.0), NO_TRADES, 1_000.0)
    assert (figures["worst_day"], figures["best_day"]) == (pytest.approx(-0.01), pytest.approx(0.1))


def test_trades_exposure_and_fees_are_told() -> None:
    trips = RoundTrips(INSTRUMENTS)
    for one in (buy("1", "100", 0), sell("1", "110", DAY // 2), buy("1", "100", DAY), sell("1", "95", 2 * DAY)):
        trips.add_fill(one)
    curve = statistics(1_000.0, 1_010.0, 1_005.0, 1_005.0)
    figures = figures_of(curve, trips.columns(["naive"]), 1_000.0, fees=1.5, traded_value=trips.traded_value("naive", "ZAR"),
                         held_seconds=trips.held_seconds("naive", curve.last_ns))
    assert (figures["trades"], figures["win_rate"], figures["profit_factor"], figures["fees"]) == (2.0, 0.5, 2.0, 1.5)
    assert figures["average_trade_return"] == pytest.approx(0.025)
    assert (figures["longest_holding_seconds"], figures["average_holding_seconds"]) == (86_400.0, 64_800.0)
    assert figures["exposure"] == 0.5


def test_months_are_those_of_utc_and_the_first_begins_with_the_capital() -> None:
    daily = closes(110.0, 121.0, 60.5, 66.0, first=day_of("2024-01-30"))
    assert monthly(daily, 100.0) == {"2024-01": pytest.approx(0.21), "2024-02": pytest.approx(66 / 121 - 1)}
    assert monthly(DailyCloses(), 100.0) == {}
    assert monthly(closes(0.0, 5.0, first=day_of("2024-01-31")), 100.0) == {"2024-01": -1.0}


def test_a_market_that_rests_at_weekends_has_252_days() -> None:
    monday = day_of("2024-01-01")
    week_days = np.array([monday + week * 7 + day for week in range(4) for day in range(5)])
    assert days_per_year(week_days) == 252.0
    # Futures also trade on Sunday evenings: one of six days is still not the weekend's share.
    assert days_per_year(np.sort(np.append(week_days, week_days[::5] + 6))) == 252.0
    assert days_per_year(np.arange(monday, monday + 28)) == 365.0
    assert days_per_year(np.arange(monday, monday + 3)) == 365.0


def test_buying_and_holding_shares_the_capital_equally_from_the_day_all_are_known() -> None:
    days, values = buy_and_hold([closes(10.0, 20.0, 30.0, 10.0), closes(100.0, 50.0, first=1, every=2)])
    assert days.tolist() == [1, 2, 3]
    assert values.tolist() == pytest.approx([1.0, (30 / 20 + 1) / 2, (10 / 20 + 0.5) / 2])
    assert buy_and_hold([DailyCloses()])[1].tolist() == []


def test_a_strategy_that_holds_the_market_has_beta_one_and_no_alpha() -> None:
    prices = [100.0 + 5.0 * math.sin(day) for day in range(40)]
    figures = figures_of(statistics(*(10.0 * price for price in prices)), NO_TRADES, 1_000.0, markets=[closes(*prices)])
    assert figures["beta"] == pytest.approx(1.0)
    assert figures["alpha"] == pytest.approx(0.0, abs=1e-12)
    assert figures["buy_and_hold_return"] == pytest.approx(prices[-1] / prices[0] - 1)


def test_closes_of_far_apart_and_of_crowded_days_are_found() -> None:
    daily = DailyCloses()
    daily.add(np.array([1, 5_000 * DAY + 1, 5_000 * DAY + 2]), np.array([1.0, 2.0, 3.0]))
    daily.add(np.array([5_000 * DAY + 3]), np.array([4.0]))
    assert (daily.days.tolist(), daily.closes.tolist()) == ([0, 5_000], [1.0, 4.0])


def test_a_bar_that_ends_at_midnight_closes_the_day_that_ends() -> None:
    monday = day_of("2024-01-01")
    # Daily bars of a stock: each is stamped at its end, which is the next day's midnight; Friday's is Saturday's.
    ends = np.array([monday + week * 7 + day + 1 for week in range(4) for day in range(5)], dtype=np.int64) * DAY
    daily = DailyCloses()
    daily.add(ends[:7], np.arange(7.0))
    daily.add(ends[7:], np.arange(7.0, 20.0))
    assert daily.days[:6].tolist() == [monday, monday + 1, monday + 2, monday + 3, monday + 4, monday + 7]
    assert daily.closes.tolist() == list(range(20))
    assert days_per_year(daily.days) == 252.0


def test_the_last_bar_of_a_month_counts_in_that_month() -> None:
    daily = DailyCloses()
    daily.add(np.array([day_of("2024-01-31"), day_of("2024-02-01"), day_of("2024-02-02")]) * DAY, np.array([100.0, 110.0, 121.0]))
    assert monthly(daily, 100.0) == {"2024-01": pytest.approx(0.1), "2024-02": pytest.approx(0.1)}


def test_a_series_that_begins_at_midnight_closes_nothing_with_its_first_value() -> None:
    daily = DailyCloses()
    daily.add(np.array([7 * DAY]), np.array([1.0]))
    assert daily.days.tolist() == [6]
    daily.add(np.array([7 * DAY, 7 * DAY + 60, 8 * DAY, 8 * DAY + 1]), np.array([2.0, 3.0, 4.0, 5.0]))
    assert (daily.days.tolist(), daily.closes.tolist()) == ([7, 8], [4.0, 5.0])


def test_minute_bars_of_a_day_are_one_day_to_their_last() -> None:
    ends = 10 * DAY + np.arange(1, 1441, dtype=np.int64) * 60 * 10**9
    for size in (1, 7, 1440):
        daily = DailyCloses()
        for begin in range(0, 1440, size):
            daily.add(ends[begin:begin + size], np.arange(begin, min(begin + size, 1440), dtype=np.float64))
        assert (daily.days.tolist(), daily.closes.tolist()) == ([10], [1439.0])
