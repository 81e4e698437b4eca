"""An order that answers a fill, in the driver of history: it meets the rest of the bar that filled, and its price is not called stale."""

from pathlib import Path

import pytest

from brokerage.paper.fill_model import NAMED
from tests.known_answers.house_of_history import Run, instrument, trade_through
from trading_system.core.market_data import Bar
from trading_system.core.order import Fill
from trading_system.strategy_host.strategy_base import StrategyBase

BARS = "timestamp_ms,open,high,low,close,volume\n" + "".join(
    f"{(470_000 + number) * 3_600_000},{prices},100\n" for number, prices in ((1, "100,101,99,100"), (2, "100,110,90,105"), (3, "105,106,104,105")))


class Bracketed(StrategyBase):
    """Buys once, and answers the fill with a stop and a target that end each other."""

    def on_start(self) -> None:
        self.told: list[tuple[str, float]] = []

    def on_bar(self, bar: Bar) -> None:
        if not self.told and not len(self.orders):
            self.buy(bar.symbol, 1, tag="entry")

    def on_fill(self, fill: Fill) -> None:
        self.told.append((fill.tag, fill.price))
        if fill.tag == "entry":
            self.sell(fill.symbol, 1, stop=95, tag="stop")
            self.sell(fill.symbol, 1, limit=108, tag="target")
        else:
            self.cancel_all()


def run(tmp_path: Path, model: str) -> Run:
    file = tmp_path / "bars.csv"
    file.write_text(BARS)
    return trade_through(Bracketed, {}, file, NAMED[model], instrument(), "1000")


@pytest.mark.parametrize("model", ["backtesting_py", "freqtrade"])
def test_an_answer_to_a_fill_meets_the_rest_of_the_bar_and_what_fills_first_ends_the_other(tmp_path: Path, model: str) -> None:
    ours = run(tmp_path, model)
    assert ours.strategy.told == [("entry", 100.0), ("stop", 95.0)]
    trade = ours.results.trades[0]
    assert trade.entry_ns == trade.exit_ns == 470_003 * 3_600 * 10**9
    assert ours.results.strategies[0].orders == {"FILLED": 2, "CANCELED": 1}


def test_without_follow_ups_the_answer_waits_for_the_next_bar_and_is_not_denied_for_the_age_of_the_last_close(tmp_path: Path) -> None:
    ours = run(tmp_path, "optimistic")
    assert ours.strategy.told == [("entry", 100.0)]
    assert len(ours.strategy.orders) == 2


class LaidAnew(Bracketed):
    """Lays the stop and the target anew for every bar, so that one may fill before the venue has named the other."""

    def on_bar(self, bar: Bar) -> None:
        super().on_bar(bar)
        self.cancel_all()
        if self.positions[bar.symbol].quantity:
            self.sell(bar.symbol, 1, stop=107, tag="stop")
            self.sell(bar.symbol, 1, limit=109, tag="target")
        elif not self.told:
            self.buy(bar.symbol, 1, tag="entry")

    def on_fill(self, fill: Fill) -> None:
        self.told.append((fill.tag, fill.price))
        if fill.tag != "entry":
            self.cancel_all()


def test_a_stop_that_fills_at_an_open_ends_the_target_that_was_laid_with_it(tmp_path: Path) -> None:
    file = tmp_path / "bars.csv"
    file.write_text(BARS.replace("105,106,104,105", "105,112,104,105"))
    ours = trade_through(LaidAnew, {}, file, NAMED["backtesting_py"], instrument(), "1000")
    assert ours.strategy.told == [("entry", 100.0), ("stop", 105.0)]
    assert ours.results.strategies[0].orders["FILLED"] == 2
    assert not ours.results.trades[1:]
