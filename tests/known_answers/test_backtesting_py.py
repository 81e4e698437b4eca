"""Our backtest gives the trades, the equity and the statistics that backtesting.py 0.6.6 published: six sets of numbers over five markets."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest

from brokerage.paper.fill_model import NAMED
from tests.known_answers import backtesting_py_strategies
from tests.known_answers.house_of_history import ANSWERS, DATA, Run, instrument, needs_shared_data, read_columns, read_json, trade_through
from tests.known_answers.published_figures import Bars, published_figures

pytestmark = [pytest.mark.shared_data, needs_shared_data]

RUNS = ("goog_smacross", "es_201310_breakout", "eurusd_bracket", "btcperp_a_breakout", "btcusdt_1h_limitdip")
TRADES = {"goog_smacross": 66, "es_201310_breakout": 53, "eurusd_bracket": 82, "btcperp_a_breakout": 47, "btcusdt_1h_limitdip": 131}
WITHIN = 1e-9
WITHIN_FIGURES = 1e-8
CENT = 0.005


class Both(NamedTuple):
    """A published run, and ours."""

    published: dict[str, Any]
    bars: Bars
    ours: Run


def check(published: dict[str, Any], bars: Bars, ours: Run) -> None:
    """Compare all figures that are published, numbers and durations, and say how many agree."""
    found = published_figures(bars, np.array(ours.strategy.curve), ours.results.trades)
    missing = [name for name in published if name not in found]
    assert not missing
    different = {name: (number(value), found[name]) for name, value in published.items()
                 if found[name] != pytest.approx(number(value), rel=WITHIN_FIGURES, abs=0)}
    print(f"{len(published) - len(different)} of {len(published)} figures agree")
    assert not different


def number(value: float | str) -> float:
    """Return a published value as a number: durations such as "8 days 19:23:00" in seconds, days as seconds since 1970."""
    if not isinstance(value, str):
        return float(value)
    if "days" in value:
        days, _, time = value.partition(" days")
        hours, minutes, seconds = map(int, time.strip().split(":")) if time else (0, 0, 0)
        return timedelta(days=int(days), hours=hours, minutes=minutes, seconds=seconds).total_seconds()
    return datetime.fromisoformat(value).replace(tzinfo=UTC).timestamp()


@cache
def both(name: str) -> Both:
    published = read_json(f"backtesting_py/{name}.json")
    file = DATA / f"{published['bars']}.csv.gz"
    columns = read_columns(file)
    fee = published["backtest_args"]["commission"]
    params = {**published["params"], "opens": [float(text) for text in columns["open"]], "fee": fee}
    kind = getattr(backtesting_py_strategies, published["strategy"])
    run = trade_through(kind, params, file, NAMED["backtesting_py"], instrument(str(fee)), str(published["backtest_args"]["cash"]))
    starts_ns = np.array(columns["timestamp_ms"], dtype=np.int64) * 1_000_000
    closes = np.array(columns["close"], dtype=np.float64)
    # An average is known with its last bar, a range of earlier bars one bar later.
    longest = published["params"].get("slow") or published["params"]["n"]
    warm_up = longest if published["strategy"] == "Breakout" else longest - 1
    return Both(published, Bars(starts_ns, int(np.median(np.diff(starts_ns))), closes, warm_up), run)


@pytest.mark.parametrize("name", RUNS)
def test_every_trade_is_the_published_one(name: str) -> None:
    _, bars, ours = both(name)
    table = read_columns(ANSWERS / f"backtesting_py/{name}_trades.csv.gz")
    theirs = sorted(zip(*(map(float, table[word]) for word in ("EntryBar", "ExitBar", "Size", "EntryPrice", "ExitPrice", "PnL", "Commission")),
                        strict=True))
    found = sorted((np.searchsorted(bars.starts_ns, trade.entry_ns - bars.bar_ns), np.searchsorted(bars.starts_ns, trade.exit_ns - bars.bar_ns),
                    trade.quantity if trade.is_long else -trade.quantity, trade.entry_price, trade.exit_price, trade.profit, trade.fees)
                   for trade in ours.results.trades)
    assert len(found) == len(theirs) == TRADES[name]
    for our, their in zip(found, theirs, strict=True):
        assert our[:3] == their[:3]
        assert our[3:5] == pytest.approx(their[3:5], rel=WITHIN, abs=0)
        assert our[5:] == pytest.approx(their[5:], rel=0, abs=CENT)


@pytest.mark.parametrize("name", RUNS)
def test_the_equity_is_the_published_one_at_every_bar(name: str) -> None:
    theirs = np.array(read_columns(ANSWERS / f"backtesting_py/{name}_equity.csv.gz")["Equity"], dtype=np.float64)
    ours = np.array(both(name).ours.strategy.curve)
    assert len(ours) == len(theirs) > 2_000
    assert ours == pytest.approx(theirs, rel=WITHIN, abs=0)
    assert both(name).ours.results.strategies[0].equity == pytest.approx(theirs[-1], rel=WITHIN)


@pytest.mark.parametrize("name", RUNS)
def test_every_statistic_is_the_published_one(name: str) -> None:
    published, bars, ours = both(name)
    check(published["stats"], bars, ours)


def test_what_the_authors_of_backtesting_py_wrote_in_their_own_tests_comes_out() -> None:
    _, bars, ours = both("goog_smacross")
    expected = read_json("backtesting_py/goog_smacross_published.json")["expected"]
    assert len(expected) == 31
    check(expected, bars, ours)
