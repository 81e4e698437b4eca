"""Nothing that a backtest does up to a moment depends on what comes after it: the data after it is cut off, or replaced by nonsense."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from brokerage.paper.fill_model import NAMED, FillModel, fill_model
from brokerage.paper.venue import FillVenue
from tests.backtest_house import PLAIN, SECOND, START_NS, SYMBOL
from tests.property.cut_histories import END_SECONDS, SOURCES, Story, cut, moments, rows, spoiled, told, write
from trading_system import Bar, Fill, StrategyBase, Tick
from trading_system.core.errors import ConfigError
from trading_system.core.events import CancelEvent, FillEvent, NoteEvent, OrderEvent, OrderUpdateEvent
from trading_system.core.instrument import Instrument
from trading_system.core.market_data import MarketData
from trading_system.strategy_host.discovery import load_strategy

FILES = sorted((Path(__file__).resolve().parents[2] / "strategies").glob("*_strategy.py"))
MODELS: dict[str, FillModel] = {**NAMED, "this_close": fill_model("pessimistic", {**PLAIN, "execution": "this_close"})}
QUOTES = ((SYMBOL, "quotes"),)


def whole(symbol: str, kind: str, rows: Sequence[Any]) -> Sequence[Any]:
    """Change nothing."""
    return rows


class Busy(StrategyBase):
    """Uses every kind of order, cancels, replaces, follow-ups and timers, on bars: for what the shipped ones leave out."""

    def on_start(self) -> None:
        self.count = 0
        self.every(7, self.cancel_oldest)
        self.every(31, self.flatten)

    def on_bar(self, bar: Bar) -> None:
        self.count += 1
        symbol, close = bar.symbol, bar.close
        if len(self.orders) < 8:
            (lambda: self.buy(symbol, 0.5, limit=close - 5), lambda: self.sell(symbol, 0.5, limit=close + 5, tag="out"),
             lambda: self.buy(symbol, 0.4, stop=close + 6), lambda: self.sell(symbol, 0.4, stop=close - 6, limit=close - 9, tag="out"),
             lambda: self.buy(symbol, value=700), lambda: self.sell(symbol, 3, limit=close - 3, time_in_force="IOC", tag="out"),
             lambda: self.buy(symbol, 2, limit=close + 1, time_in_force="FOK"),
             lambda: self.sell(symbol, 1, limit=close + 1, post_only=True, tag="out"))[self.count % 8]()

    def on_fill(self, fill: Fill) -> None:
        self.notify(f"{fill.quantity:g} at {fill.price:g}, {self.equity:g}")
        if fill.tag != "out":
            self.sell(fill.symbol, fill.quantity, limit=fill.price + 4, tag="out")

    def cancel_oldest(self) -> None:
        """Cancel the oldest order, or move it."""
        for order in list(self.orders)[:1]:
            if order.limit == order.limit and self.count % 2:
                self.replace(order, limit=order.limit + 1)
            else:
                self.cancel(order)


def shipped(path: Path) -> type[StrategyBase]:
    """Return the strategy in a file of ours."""
    problems: list[str] = []
    kind = load_strategy(path, problems)
    assert kind is not None, problems
    return kind


@pytest.mark.parametrize("path", [*FILES, None], ids=[*(path.stem for path in FILES), "busy"])
def test_what_a_strategy_did_stays_when_the_data_after_it_is_cut_off_or_replaced(path: Path | None, tmp_path: Path) -> None:
    kind, seen, accepted = Busy if path is None else shipped(path), dict[type, int](), 0
    for name, sources in SOURCES.items():
        folder = tmp_path / name
        full = write(folder / "full", sources, whole)
        try:
            told(folder, kind, full, MODELS["base"], 1)
        except ConfigError:
            continue                # it works on ticks, and there are none
        accepted += 1
        for second in moments(sources):
            others = {
                "cut off": write(folder / f"cut {second}", sources, lambda symbol, kind, rows, second=second: cut(kind, rows, second)),
                "replaced": write(folder / f"spoiled {second}", sources,
                                  lambda symbol, kind, rows, second=second: spoiled(symbol, kind, rows, second)),
            }
            for assumptions, model in MODELS.items():
                story = told(folder, kind, full, model, second)
                for _, event in story.handled:
                    seen[type(event)] = seen.get(type(event), 0) + 1
                for what, histories in others.items():
                    difference = story.difference(told(folder, kind, histories, model, second))
                    assert not difference, f"{name}, {assumptions}, {what} after second {second}: {difference}"
    assert accepted >= 3, "it trades on too little of what there is"
    for event in (OrderEvent, OrderUpdateEvent, FillEvent):
        assert seen.get(event), f"there was no {event.__name__} in all of this: the test shows nothing about this strategy"


@pytest.mark.parametrize("name", ["quotes of two markets", "bars of two markets", "trades"])
def test_what_is_history_at_the_start_ends_at_the_start(name: str, tmp_path: Path) -> None:
    sources, model = SOURCES[name], MODELS["base"]
    start = moments(sources)[2]

    class Remembering(Busy):
        warm_up = 12

        def on_start(self) -> None:
            super().on_start()
            self.notify(" ".join(f"{bar}" for symbol in self.symbols for bar in self.history(symbol)))

    stories = []
    for number, change in enumerate((whole, lambda symbol, kind, rows: cut(kind, rows, start), lambda *file: spoiled(*file, start))):
        stories.append(told(tmp_path, Remembering, write(tmp_path / str(number), sources, change), model, start, from_second=start))
    first = stories[0].handled[0][1]
    assert isinstance(first, NoteEvent)
    assert first.text.count("Bar(") >= 8, "it was given no history"
    assert not any(stories[0].difference(other) for other in stories[1:])


def test_the_histories_let_shipped_strategies_order_fill_cancel_and_speak(tmp_path: Path) -> None:
    seen = set[type]()
    full = write(tmp_path / "full", QUOTES, whole)
    for path in FILES:
        seen |= {type(event) for _, event in told(tmp_path, shipped(path), full, MODELS["base"], END_SECONDS).handled}
    assert seen >= {OrderEvent, CancelEvent, OrderUpdateEvent, FillEvent, NoteEvent}


# Who looks ahead is caught.


class Foreseeing(StrategyBase):
    """Buys the more the higher the file ends: it has read it."""

    last_bid = 0.0

    def on_tick(self, tick: Tick) -> None:
        if not len(self.orders):
            self.buy(SYMBOL, self.last_bid / 10_000)


class Trading(StrategyBase):
    """Buys and sells by turns."""

    def on_tick(self, tick: Tick) -> None:
        if not len(self.orders):
            (self.buy if self.positions[SYMBOL].quantity < 101 else self.sell)(SYMBOL, 1)


class ForeseeingVenue(FillVenue):
    """Answers each tick with the prices of the one after it."""

    def __init__(self, instruments: Sequence[Instrument], model: FillModel, quotes: Sequence[Any]) -> None:
        super().__init__(instruments, model)
        self._later = {START_NS + int(now[0] * SECOND): then for now, then in pairwise(quotes)}

    def hear(self, event: MarketData) -> Sequence[Any]:
        _, bid, ask = self._later.get(event.time_ns, (0, 1, 2))
        return super().hear(msgspec.structs.replace(event, bid=bid, ask=ask))


def compared(tmp_path: Path, second: float, changed: Sequence[Any], kinds: Sequence[type[StrategyBase]] = (Trading, Trading),
             venues: Sequence[Any] = (FillVenue, FillVenue)) -> str:
    stories: list[Story] = []
    for number, one in enumerate((rows(*QUOTES[0]), changed)):
        histories = write(tmp_path / str(number), QUOTES, lambda symbol, kind, rows, one=one: one)
        stories.append(told(tmp_path, kinds[number], histories, fill_model("pessimistic", PLAIN), second, venues[number]))
    assert stories[0].handled
    return stories[0].difference(stories[1])


@pytest.mark.parametrize("second", moments(QUOTES))
def test_a_strategy_that_knows_how_the_file_ends_is_caught(tmp_path: Path, second: float) -> None:
    changed = spoiled(*QUOTES[0], rows(*QUOTES[0]), second)
    kinds = [type("Foreseeing", (Foreseeing,), {"last_bid": one[-1][1]}) for one in (rows(*QUOTES[0]), changed)]
    assert compared(tmp_path, second, changed, kinds)


@pytest.mark.parametrize("second", moments(QUOTES))
def test_a_venue_that_fills_at_the_next_price_is_caught(tmp_path: Path, second: float) -> None:
    for number, changed in enumerate((cut("quotes", rows(*QUOTES[0]), second), spoiled(*QUOTES[0], rows(*QUOTES[0]), second))):
        venues = [partial(ForeseeingVenue, quotes=one) for one in (rows(*QUOTES[0]), changed)]
        assert compared(tmp_path / str(number), second, changed, venues=venues)


@pytest.mark.parametrize("second", moments(QUOTES))
def test_who_does_not_look_ahead_is_not_caught(tmp_path: Path, second: float) -> None:
    assert not compared(tmp_path, second, spoiled(*QUOTES[0], rows(*QUOTES[0]), second))
