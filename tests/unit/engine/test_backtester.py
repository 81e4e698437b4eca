"""The driver of history: what comes before what, what a strategy knows from before the first moment, and that one's fault is not another's."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.backtest_house import SECOND, START_NS, SYMBOL, backtest, history, run
from trading_system import Bar, Fill, Order, StrategyBase, Tick
from trading_system.core.market_data import Trade

OTHER = "ETHZAR.luno"


class Diary(StrategyBase):
    """Writes down what it is called with, at which second; `script` does something at a tick."""

    heard: list[tuple[float, str, Any]]
    script: Callable[["Diary", Tick], Any] = lambda self, tick: None

    def note(self, what: str, detail: Any = None) -> None:
        self.heard.append(((self.now_ns - START_NS) / SECOND, what, detail))

    def on_start(self) -> None:
        self.heard = []

    def on_tick(self, tick: Tick) -> None:
        self.note("tick", tick.bid)
        type(self).script(self, tick)

    def on_fill(self, fill: Fill) -> None:
        self.note("fill", fill.price)

    def on_order(self, order: Order) -> None:
        self.note("order", order.state.name)


def diary(house: Any, name: str = "diary") -> list[tuple[float, str, Any]]:
    """Return what one strategy wrote down."""
    heard: list[tuple[float, str, Any]] = house.engine.books.desks[name].strategy.heard
    return heard


def test_answers_come_before_the_event_that_brought_them_and_never_at_the_event_that_ordered(tmp_path: Path) -> None:
    class Buyer(Diary):
        def script(self, tick: Tick) -> None:  # type: ignore[override]
            if tick.bid == 100:
                self.buy(SYMBOL, 1)

    house = run(backtest(tmp_path, {"diary": Buyer}, [history(tmp_path, [(1, 100, 101), (2, 200, 201), (3, 300, 301)])]))
    assert diary(house) == [(1, "tick", 100), (2, "fill", 201), (2, "order", "FILLED"), (2, "tick", 200), (3, "tick", 300)]


def test_timers_and_ended_bars_come_at_their_very_moment_before_the_event(tmp_path: Path) -> None:
    class Timed(Diary):
        def on_start(self) -> None:
            self.heard = []
            self.every(5, self.ring)

        def ring(self) -> None:
            self.note("timer")

        def on_bar(self, bar: Bar) -> None:
            self.note("bar", (bar.start_ns - START_NS) // SECOND)

    rows = [(0, 100, 101), (3, 100, 101), (7, 100, 101), (10, 100, 101), (23, 100, 101)]
    house = run(backtest(tmp_path, {"diary": Timed}, [history(tmp_path, rows)], bar_seconds=5))
    assert [(second, what) for second, what, _ in diary(house)] == [
        (0, "tick"), (3, "tick"), (5, "bar"), (5, "timer"), (7, "tick"), (10, "bar"), (10, "timer"), (10, "tick"),
        (15, "bar"), (15, "timer"), (20, "timer"), (23, "tick")]
    assert [detail for _, what, detail in diary(house) if what == "bar"] == [0, 5, 10]


def test_what_is_due_before_the_end_runs_although_no_event_comes(tmp_path: Path) -> None:
    class Timed(Diary):
        def on_start(self) -> None:
            self.heard = []
            self.every(5, lambda: self.note("timer"))

    house = run(backtest(tmp_path, {"diary": Timed}, [history(tmp_path, [(0, 1, 2), (1, 1, 2)])], to_seconds=11))
    assert [second for second, what, _ in diary(house) if what == "timer"] == [5, 10]


def test_an_order_of_a_timer_meets_the_event_that_follows_it(tmp_path: Path) -> None:
    class Timed(Diary):
        def on_start(self) -> None:
            self.heard = []
            self.every(5, lambda: self.note("ordered", self.buy(SYMBOL, 1).is_open))

    house = run(backtest(tmp_path, {"diary": Timed}, [history(tmp_path, [(1, 100, 101), (6, 200, 201)])]))
    assert [entry for entry in diary(house) if entry[1] == "fill"] == [(6, "fill", 201)]


def test_a_beat_comes_after_its_event_at_most_once_a_second_and_only_for_who_asks(tmp_path: Path) -> None:
    class Beating(Diary):
        def on_heartbeat(self) -> None:
            self.note("beat")

    rows = [(1, 100, 101), (1.2, 100, 101), (1.9, 100, 101), (2.1, 100, 101), (5, 100, 101), (5, 101, 102)]
    house = run(backtest(tmp_path, {"diary": Beating, "quiet": Diary}, [history(tmp_path, rows)]))
    assert [(second, what) for second, what, _ in diary(house)] == [
        (1, "tick"), (1, "beat"), (1.2, "tick"), (1.9, "tick"), (2.1, "tick"), (2.1, "beat"), (5, "tick"), (5, "beat"), (5, "tick")]
    assert {what for _, what, _ in diary(house, "quiet")} == {"tick"}
    assert run(backtest(tmp_path, {"quiet": Diary}, [history(tmp_path, rows)])).engine.beats == 0


def test_symbols_of_equal_times_come_in_the_order_of_the_histories_and_are_all_met(tmp_path: Path) -> None:
    class Two(Diary):
        def on_tick(self, tick: Tick) -> None:
            self.note(tick.symbol, tick.bid)
            if tick.bid == 100:
                self.buy(OTHER, 1)

    first = history(tmp_path, [(1, 100, 101), (2, 102, 103)])
    second = history(tmp_path, [(1, 500, 501), (1, 510, 511), (2, 520, 521)], symbol=OTHER)
    house = run(backtest(tmp_path, {"diary": Two}, [first, second], instruments=[]))
    assert [(second, what, detail) for second, what, detail in diary(house) if what.endswith(".luno")] == [
        (1, SYMBOL, 100), (1, OTHER, 500), (1, OTHER, 510), (2, SYMBOL, 102), (2, OTHER, 520)]
    # No price of the other market was known when it was ordered: denied. Nothing is filled out of thin air.
    assert not [entry for entry in diary(house) if entry[1] == "fill"]


def test_a_strategy_that_raises_is_paused_its_order_canceled_and_the_others_go_on(tmp_path: Path) -> None:
    class Raising(Diary):
        def script(self, tick: Tick) -> None:  # type: ignore[override]
            if tick.bid == 100:
                self.buy(SYMBOL, 1, limit=50)
            if tick.bid == 102:
                raise KeyError("by design")

    rows = [(second, 100 + second, 101 + second) for second in range(6)]
    house = run(backtest(tmp_path, {"raising": Raising, "diary": Diary}, [history(tmp_path, rows)]))
    raising = house.engine.books.desks["raising"]
    assert "on_tick raised KeyError: 'by design'" in raising.pause_reason
    assert [second for second, what, _ in diary(house, "raising") if what == "tick"] == [0, 1, 2]
    assert not list(raising.orders)
    assert raising.orders.counts == {"CANCELED": 1}
    assert [second for second, what, _ in diary(house) if what == "tick"] == [0, 1, 2, 3, 4, 5]


class Barring(StrategyBase):
    """Notes the starts of the bars of history, and of those it gets."""

    def on_start(self) -> None:
        self.past = [(bar.start_ns - START_NS) // SECOND for bar in self.history(SYMBOL)]
        self.bars: list[Bar] = []

    def on_bar(self, bar: Bar) -> None:
        self.bars.append(bar)

    @property
    def starts(self) -> list[int]:
        return [(bar.start_ns - START_NS) // SECOND for bar in self.bars]


def bars_of(*starts: int, length: int = 10) -> list[tuple[float, ...]]:
    """Return rows of bars that begin at these seconds."""
    return [(start, 100 + start, 105 + start, 95 + start, 101 + start, 2) for start in starts if start % length == 0]


def test_what_is_before_the_first_moment_is_history_and_nothing_is_told_twice_or_left_out(tmp_path: Path) -> None:
    house = run(backtest(tmp_path, {"barring": Barring}, [history(tmp_path, bars_of(*range(0, 100, 10)), "bars")], bar_seconds=10,
                         from_seconds=45))
    strategy: Any = house.engine.books.desks["barring"].strategy
    assert strategy.past == [0, 10, 20, 30]
    assert strategy.starts == [40, 50, 60, 70, 80, 90]


def test_history_of_longer_bars_is_built_from_the_files_bars(tmp_path: Path) -> None:
    house = run(backtest(tmp_path, {"barring": Barring}, [history(tmp_path, bars_of(*range(0, 120, 10)), "bars")], bar_seconds=20,
                         from_seconds=61))
    strategy: Any = house.engine.books.desks["barring"].strategy
    assert strategy.past == [0, 20, 40]
    assert strategy.starts[-1] == 100
    bar = strategy.bars[-1]
    assert (bar.open, bar.high, bar.low, bar.close, bar.volume) == (200, 215, 195, 211, 4)


def test_history_of_quotes_is_built_and_goes_up_to_the_first_moment(tmp_path: Path) -> None:
    rows = [(second, 100 + second, 102 + second) for second in range(0, 60, 2)]
    house = run(backtest(tmp_path, {"barring": Barring}, [history(tmp_path, rows)], bar_seconds=10, from_seconds=30))
    strategy: Any = house.engine.books.desks["barring"].strategy
    assert strategy.past == [0, 10, 20]
    assert strategy.starts == [30, 40]


@pytest.mark.parametrize("from_seconds", [None, 30])
def test_no_bar_is_decided_on_before_the_warm_up_is_over_and_history_counts(tmp_path: Path, from_seconds: float | None) -> None:
    class Warming(Barring):
        warm_up = 4

    house = run(backtest(tmp_path, {"barring": Warming}, [history(tmp_path, bars_of(*range(0, 100, 10)), "bars")], bar_seconds=10,
                         from_seconds=from_seconds))
    strategy: Any = house.engine.books.desks["barring"].strategy
    # Four bars warm it up, wherever they come from. The bar that ends at the first moment is traded on.
    assert strategy.starts == [40, 50, 60, 70, 80, 90]


def test_trades_come_before_quotes_as_a_source_of_bars(tmp_path: Path) -> None:
    class Both(Barring):
        def on_trade(self, trade: Trade) -> None:
            return None

    quotes = history(tmp_path, [(second, 10, 12) for second in range(0, 30)])
    trades = history(tmp_path, [(second, 500 + second, 1, "buy") for second in range(0, 30)], "trades")
    house = run(backtest(tmp_path, {"barring": Both}, [quotes, trades], bar_seconds=10))
    strategy: Any = house.engine.books.desks["barring"].strategy
    assert [(bar.open, bar.close, bar.volume) for bar in strategy.bars] == [(500, 509, 10), (510, 519, 10)]
