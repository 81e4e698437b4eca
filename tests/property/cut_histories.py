"""Synthetic histories that can be cut at a moment, or spoiled after it, and runs over them that tell all they did up to that moment."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from brokerage.paper.fill_model import FillModel
from brokerage.paper.venue import FillVenue
from tests.backtest_house import SECOND, START_NS, SYMBOL, enrolled_strategies, history, instrument
from trading_system.backtest_assembly import BacktestPlan, build_backtest
from trading_system.collectors.history import History
from trading_system.collectors.merged_history import Batch, merged
from trading_system.core.instrument import Instrument
from trading_system.core.market_data import MarketData
from trading_system.engine.backtester import Backtester
from trading_system.strategy_host.strategy_base import StrategyBase

OTHER = "ETHZAR.luno"
BAR_SECONDS = 5
END_SECONDS = 150
CAPITAL = {"ZAR": 1_000_000, "XBT": 100, "ETH": 100}
FEES = {"maker_fee": Decimal("0.001"), "taker_fee": Decimal("0.002")}
INSTRUMENTS = {symbol: instrument(symbol, **FEES) for symbol in (SYMBOL, OTHER)}
#: Which files a run reads, as pairs of a symbol and a kind.
SOURCES: dict[str, tuple[tuple[str, str], ...]] = {
    "quotes of two markets": ((SYMBOL, "quotes"), (OTHER, "quotes")),
    "quotes and trades": ((SYMBOL, "quotes"), (SYMBOL, "trades")),
    "trades": ((SYMBOL, "trades"),),
    "bars of two markets": ((SYMBOL, "bars"), (OTHER, "bars")),
    "bars and quotes": ((SYMBOL, "bars"), (SYMBOL, "quotes")),
}
Row = tuple[Any, ...]
MakeVenue = Callable[[Sequence[Instrument], FillModel], FillVenue]


class Story(NamedTuple):
    """What was handled until the moment, each with its stamp, and how the strategy stood then."""

    handled: Sequence[tuple[int, Any]]
    picture: dict[str, Any]

    def difference(self, other: "Story") -> str:
        """Return the first thing that is not the same in another story; nothing when they are the same."""
        for number, (one, two) in enumerate(zip(self.handled, other.handled, strict=False)):
            if one != two:
                return f"number {number}: {one}\nis not\n{two}"
        if len(self.handled) != len(other.handled):
            longer = max(self.handled, other.handled, key=len)
            return f"only one of them goes on: {longer[min(len(self.handled), len(other.handled))]}"
        changed = [name for name in self.picture if self.picture[name] != other.picture[name]]
        return "\n".join(f"{name}: {self.picture[name]} is not {other.picture[name]}" for name in changed)


@cache
def rows(symbol: str, kind: str, seed: int = 1) -> tuple[Row, ...]:
    """Return a file's rows: a price that wanders in steps and jumps now and then."""
    chance = Random(f"{symbol} {kind} {seed}")
    price, second, found = 1000, 0.0, list[Row]()
    while (second := second + chance.choice((0.5, 1, 1.5))) < END_SECONDS:
        price = max(200, price + chance.randrange(-4, 5) + (chance.randrange(-40, 41) if chance.random() < 0.03 else 0))
        if kind == "quotes":
            found.append((second, price - 1, price + 1))
        elif kind == "trades":
            # Beside the quotes, never with them.
            found.append((second + 0.25, price, chance.randrange(1, 400) / 10, chance.choice(("buy", "sell"))))
    for start in range(0, END_SECONDS, BAR_SECONDS) if kind == "bars" else ():
        opened, closed = price, max(200, price + chance.randrange(-9, 10))
        found.append((start, opened, max(opened, closed) + chance.randrange(5), min(opened, closed) - chance.randrange(5), closed,
                      chance.randrange(1, 400) / 10))
        price = closed
    return tuple(found)


def moment(kind: str, row: Row) -> float:
    """Return the second at which a row became known: a bar is known at its end."""
    return float(row[0]) + (BAR_SECONDS if kind == "bars" else 0)


def cut(kind: str, whole: Sequence[Row], second: float) -> tuple[Row, ...]:
    """Return what was known by then."""
    return tuple(row for row in whole if moment(kind, row) <= second)


def spoiled(symbol: str, kind: str, whole: Sequence[Row], second: float) -> tuple[Row, ...]:
    """Return the same rows until then, and others after: another wandering, at about twice or half the price."""
    factor = Random(second).choice((0.5, 2))
    places = {"quotes": (1, 2), "trades": (1,), "bars": (1, 2, 3, 4)}[kind]
    later = [tuple(max(1, int(cell * factor)) + (place == 2 and kind == "quotes") if place in places else cell for place, cell in enumerate(row))
             for row in rows(symbol, kind, seed=2) if moment(kind, row) > second]
    return (*cut(kind, whole, second), *later)


def moments(sources: Sequence[tuple[str, str]]) -> list[float]:
    """Return moments to cut at, each the moment of an event; two of them are early, for who is soon done."""
    known = sorted(moment(kind, row) for symbol, kind in sources for row in rows(symbol, kind))
    return [known[int(len(known) * share)] for share in (0.03, 0.06, 0.4, 0.8)]


def write(folder: Path, sources: Sequence[tuple[str, str]], change: Callable[[str, str, Sequence[Row]], Sequence[Row]]) -> list[History]:
    """Write the files of a run, each changed as `change(symbol, kind, rows)` says, and open them."""
    folder.mkdir(parents=True)
    return [history(folder, change(symbol, kind, rows(symbol, kind)), kind, symbol, BAR_SECONDS) for symbol, kind in sources]


def told(folder: Path, kind: type[StrategyBase], histories: Sequence[History], model: FillModel, second: float,
         make_venue: MakeVenue = FillVenue, from_second: float | None = None) -> Story:
    """Run one strategy over all of it, or from a second on, and return its story up to `second`. Raises ConfigError where it cannot trade
    on such data."""
    settings, enrolled = enrolled_strategies(folder, {"tested": kind}, list(dict.fromkeys(one.symbol for one in histories)), {
        currency: amount for currency, amount in CAPITAL.items() if any(currency in one.symbol for one in histories)}, BAR_SECONDS)
    venue = make_venue(list(INSTRUMENTS.values()), model)
    from_ns = None if from_second is None else START_NS + int(from_second * SECOND)
    house = build_backtest(BacktestPlan(settings, enrolled, INSTRUMENTS, venue, histories, from_ns))
    engine, desk, until_ns = house.engine, house.engine.books.desks["tested"], START_NS + int(second * SECOND)
    handled, stories = list[tuple[int, Any]](), list[Story]()
    handle = engine.handle

    def note_and_handle(event: Any) -> None:
        handled.append((engine.clock.now_ns, event))
        handle(event)
    engine.handle = note_and_handle  # type: ignore[method-assign]

    def take_picture() -> None:
        if not stories:
            orders = [(order.request, order.state, order.cancel, order.exact) for order in (*desk.orders.open.values(), *desk.orders.done.values())]
            stories.append(Story(tuple(handled), {
                "ledger": desk.positions.snapshot(), "orders": orders, "equity": desk.equity, "marks": desk.marks,
                "reserved": {currency: desk.reservations.reserved(currency) for currency in CAPITAL}, "paused": desk.pause_reason}))

    def watched() -> Iterator[_Watched]:
        for batch in merged(histories, from_ns):
            yield _Watched(batch, until_ns, take_picture)
        take_picture()
    Backtester(engine, venue, house.consequences, lambda batch: None).run(watched())
    return stories[0]


class _Watched:
    # A batch that takes the picture between the last event until the moment and the first one after it.
    def __init__(self, batch: Batch, until_ns: int, take_picture: Callable[[], None]) -> None:
        self.kinds = batch.kinds
        self._batch, self._until_ns, self._take_picture = batch, until_ns, take_picture

    def __len__(self) -> int:
        return len(self._batch)

    def events(self) -> Iterator[MarketData]:
        for event in self._batch.events():
            if event.time_ns > self._until_ns:
                self._take_picture()
            yield event
