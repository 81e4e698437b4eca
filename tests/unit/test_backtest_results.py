"""What a backtest reckons of itself, from data to figures."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.backtest_house import backtest, history
from trading_system import Bar, StrategyBase
from trading_system.backtest_results import Reckoning

DAY = 86_400


class BuyAndHold(StrategyBase):
    """Buys once and keeps it."""

    def on_bar(self, bar: Bar) -> None:
        if not self.positions[bar.symbol].quantity and not len(self.orders):
            self.buy(bar.symbol, 100)


def figures_of_daily_bars(folder: Path, days: list[int]) -> tuple[Any, Any]:
    """Return the result of holding through daily bars that begin at these days, the first of which is a Monday."""
    rows = [(day * DAY, *[1_000 + 20 * math.sin(day)] * 4, 100_000) for day in days]
    house = backtest(folder, {"holder": BuyAndHold}, [history(folder, rows, "bars", bar_seconds=DAY)], bar_seconds=DAY)
    reckoning = Reckoning(house)
    house.run(reckoning.add)
    return reckoning.results(1.0).strategies[0], rows


@pytest.mark.parametrize(("days", "per_year"), [([day for day in range(70) if day % 7 < 5], 252), (list(range(70)), 365)])
def test_daily_bars_of_a_market_that_rests_at_weekends_have_252_days_a_year(days: list[int], per_year: int, tmp_path: Path) -> None:
    one, _ = figures_of_daily_bars(tmp_path, days)
    # The picture keeps every point of so short a run: one a bar, at its end.
    values = np.array([one.capital, *one.curve.values])
    returns = values[1:] / values[:-1] - 1.0
    assert (one.fills, len(one.curve.values)) == (1, len(days))
    assert one.figures["annual_volatility"] == pytest.approx(returns.std(ddof=1) * math.sqrt(per_year), rel=1e-9)
    assert list(one.monthly) == ["2024-01", "2024-02", "2024-03"]


class AllIn(StrategyBase):
    """Spends nearly all it has at the first price it sees."""

    def on_bar(self, bar: Bar) -> None:
        if not self.positions[bar.symbol].quantity and not len(self.orders):
            self.buy(bar.symbol, 9)


@pytest.mark.parametrize(("opened", "said"), [(100, ""), (120, "holder paid with money it did not have, down to -80 ZAR")])
def test_money_that_was_not_there_is_told(opened: float, said: str, tmp_path: Path) -> None:
    rows = [(0, 100, 100, 100, 100, 100_000), (60, opened, opened, opened, opened, 100_000), (120, opened, opened, opened, opened, 100_000)]
    house = backtest(tmp_path, {"holder": AllIn}, [history(tmp_path, rows, "bars", bar_seconds=60)], bar_seconds=60, capital={"ZAR": 1000})
    reckoning = Reckoning(house)
    house.run(reckoning.add)
    results = reckoning.results(1.0)
    assert results.strategies[0].fills == 1
    assert " ".join(results.notes).startswith(said)
    assert bool(results.notes) is bool(said)
