"""The two houses that play a scenario: the live one, cranked by hand, with the paper broker; and the backtest of the same strategies.

The live house hears of its orders by asking, beat by beat, where a backtest is told at once. That is arranged here for all scenarios: the
beat is short against the market, the paper venue meets each event a beat after it happened, and the strategies see it three beats later,
when the house has long heard what the event did to its orders.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import yaml

from brokerage.paper.broker import PaperBroker, PaperFeed
from brokerage.paper.venue import FillVenue
from tests.backtest_house import SECOND, START_NS, history
from tests.hand_cranked_runtime import HandCrankedRuntime
from tests.scenarios.facts import Facts, facts_of
from tests.scenarios.scenario import BROKER, Scenario, full
from tests.scenarios.scripted_strategy import scripted
from trading_system.assembly import Plan, build_house
from trading_system.backtest_assembly import BacktestPlan, build_backtest
from trading_system.core.events import FillEvent, NoteEvent, WarningEvent
from trading_system.core.instrument import MarketStatus
from trading_system.core.market_data import Bar, Book, Tick, Trade
from trading_system.core.venues import Venue
from trading_system.engine.engine import Engine
from trading_system.engine.trading_system import TradingSystem
from trading_system.enrollment import Enrolled
from trading_system.risk.guarded_broker import no_wait
from trading_system.risk.limits import RiskLimits
from trading_system.settings.convert import convert
from trading_system.settings.load import Settings, load_settings
from trading_system.settings.problems import Problems
from trading_system.strategy_host.discovery import load_strategy

STRATEGIES = Path(__file__).resolve().parents[2] / "strategies"
BEAT_NS = SECOND // 20
_MET_NS, _SHOWN_NS = BEAT_NS, 4 * BEAT_NS
#: The account holds more than the strategies were given: what a backtest's venue does not know must not decide.
_CUSHION = 10


class Listener:
    """Writes down what strategies filled and said; whatever else people are warned of is a defect here."""

    kinds: tuple[type, ...] = (FillEvent, NoteEvent, WarningEvent)

    def __init__(self) -> None:
        self.fills: list[Any] = []
        self.notes: list[NoteEvent] = []
        self.alarms: list[str] = []

    def notice(self, event: Any, actions: Sequence[Any]) -> None:
        if isinstance(event, FillEvent):
            self.fills.append(event.fill)
        elif isinstance(event, NoteEvent):
            self.notes.append(event)
        elif isinstance(event, WarningEvent) and not event.text.startswith(f"{event.strategy} is paused"):
            self.alarms.append(event.text)

    def facts(self, engine: Engine) -> dict[str, Facts]:
        """Return what each strategy of an engine came to until now."""
        assert not self.alarms
        return {name: facts_of(desk, [fill for fill in self.fills if fill.strategy == name],
                               [note.text for note in self.notes if note.strategy == name]) for name, desk in engine.books.desks.items()}


class Market:
    """The feed of the real venue: what the scenario says, each event once it is `_MET_NS` old."""

    name = BROKER

    def __init__(self, scenario: Scenario, runtime: HandCrankedRuntime) -> None:
        self._ticks = [event for event in scenario.market if isinstance(event, Tick)]
        self._trades = [event for event in scenario.market if isinstance(event, Trade)]
        self._runtime = runtime
        self._newest: dict[str, Tick] = {}
        self._over_ns = START_NS + int(scenario.end_seconds * SECOND)

    def poll(self, symbols: Sequence[str]) -> list[Tick]:
        now_ns = self._runtime.now_ns()
        came = [tick for tick in self._ticks if tick.time_ns <= now_ns - _MET_NS]
        del self._ticks[:len(came)]
        self._newest.update((tick.symbol, tick) for tick in came)
        if now_ns > self._over_ns:
            # When the scenario is over its market stands still, so that what is canceled at the end meets something.
            return [msgspec.structs.replace(tick, time_ns=now_ns) for tick in self._newest.values()]
        return came

    def trades(self, symbol: str, since_ns: int) -> list[Trade]:
        before_ns = self._runtime.now_ns() - _MET_NS
        return [trade for trade in self._trades if trade.symbol == symbol and since_ns <= trade.time_ns <= before_ns]

    def statuses(self) -> Mapping[str, MarketStatus]:
        return {}

    def book(self, symbol: str) -> Book:
        raise AssertionError("no scenario has a book")

    def history(self, symbol: str, bar_ns: int, count: int) -> list[Bar]:
        return []


class LateFeed:
    """Shows what the paper feed brings when it is `_SHOWN_NS` old."""

    name = BROKER

    def __init__(self, feed: PaperFeed, runtime: HandCrankedRuntime) -> None:
        self._feed = feed
        self._runtime = runtime
        self._kept: list[Tick] = []
        self.statuses, self.book, self.history = feed.statuses, feed.book, feed.history

    def poll(self, symbols: Sequence[str]) -> list[Tick]:
        self._kept += self._feed.poll(symbols)
        before_ns = self._runtime.now_ns() - _SHOWN_NS
        shown = [tick for tick in self._kept if tick.time_ns <= before_ns]
        del self._kept[:len(shown)]
        return shown

    def trades(self, symbol: str, since_ns: int) -> list[Trade]:
        before_ns = self._runtime.now_ns() - _SHOWN_NS
        return [trade for trade in self._feed.trades(symbol, since_ns) if trade.time_ns <= before_ns]


def play_live(scenario: Scenario, folder: Path) -> dict[str, Facts]:
    """Play it through the live house, until its end; what the venue holds must then be what the ledgers say."""
    runtime = HandCrankedRuntime(start_ns=START_NS)
    settings, enrolled = _enrolled(scenario, folder)
    held: dict[str, Decimal] = {}
    for one in enrolled:
        for currency, amount in one.settings.capital.items():
            held[currency] = held.get(currency, Decimal(0)) + amount * _CUSHION
    market = Market(scenario, runtime)
    broker = PaperBroker(BROKER, market, lambda: list(scenario.instruments.values()), held, scenario.model, runtime)
    feed = LateFeed(PaperFeed(market, broker), runtime)
    venue = Venue(broker, feed, no_wait, no_wait, dict, dict, lambda name: 0, 6.0, lambda: None)
    listener = Listener()

    def give_up(reason: str) -> None:
        raise AssertionError(reason)
    system = build_house(Plan(settings, enrolled, {BROKER: venue}, runtime, folder / "state", lambda who, text: None, give_up, (listener,)))
    try:
        system.start()
        system.recover()
        system.start_strategies()
        system.trade(scenario.end_seconds)
        facts = listener.facts(system.engine)
        _check_account(system, broker, held)
        system.stop()
    finally:
        runtime.close()
    assert system.unconfirmed == [], "an order was not known to be over when the house stopped"
    assert not runtime.failures
    return facts


def play_history(scenario: Scenario, folder: Path) -> dict[str, Facts]:
    """Play it through the backtester."""
    settings, enrolled = _enrolled(scenario, folder)
    histories = []
    for symbol in scenario.instruments:
        own = [event for event in scenario.market if event.symbol == symbol]
        ticks = [(_second(event), event.bid, event.ask) for event in own if isinstance(event, Tick)]
        trades = [(_second(event), event.price, event.quantity, "buy" if event.is_buy else "sell") for event in own if isinstance(event, Trade)]
        histories += [history(folder, rows, kind, symbol) for kind, rows in (("quotes", ticks), ("trades", trades)) if rows]
    listener = Listener()
    house = build_backtest(BacktestPlan(
        settings, enrolled, scenario.instruments, FillVenue(scenario.instruments.values(), scenario.model), histories,
        START_NS, START_NS + int(scenario.end_seconds * SECOND)))
    _listen(house.engine, listener)
    house.run(lambda batch: None)
    return listener.facts(house.engine)


def _listen(engine: Engine, listener: Listener) -> None:
    handle = engine.handle

    def handle_and_tell(event: Any) -> None:
        handle(event)
        listener.notice(event, ())
    engine.handle = handle_and_tell  # type: ignore[method-assign]


def _enrolled(scenario: Scenario, folder: Path) -> tuple[Settings, list[Enrolled]]:
    configs = folder / "configs"
    configs.mkdir(parents=True)
    written = {}
    for name, words in scenario.strategies.items():
        symbols = words.get("instruments") or [symbol.partition(".")[0] for symbol in scenario.instruments]
        written[name] = {key: value for key, value in words.items() if key != "does"} | {"instruments": [full(symbol) for symbol in symbols]}
    (configs / "global_strategy_config.yaml").write_text(yaml.safe_dump({"strategies": written}, sort_keys=False))
    settings = load_settings(configs, [f"system.heartbeat_seconds={BEAT_NS / SECOND}", "system.orders_per_second=1000"], {})
    has_trades = any(isinstance(event, Trade) for event in scenario.market)
    enrolled, problems = [], Problems()
    for name, own in settings.global_settings.strategies.items():
        lines: Any = scenario.strategies[name].get("does")
        kind = scripted(name, lines, has_trades) if lines is not None else load_strategy(STRATEGIES / own.file, [])
        assert kind is not None, f"{own.file} cannot be used"
        params = convert(own.params, kind.Params, problems, settings.sources)
        problems.raise_if_any()
        assert params is not None
        enrolled.append(Enrolled(name, own, kind, params, RiskLimits(stale_price_seconds=3600), int((own.bars or 0) * SECOND)))
    return settings, enrolled


def _check_account(system: TradingSystem, broker: PaperBroker, opening: Mapping[str, Decimal]) -> None:
    desks = list(system.engine.books.desks.values())
    for currency, balance in broker.balances().items():
        gained = sum((desk.positions.holdings(currency) for desk in desks), Decimal(0))
        given = opening.get(currency, Decimal(0)) / _CUSHION
        assert balance.total == opening.get(currency, Decimal(0)) + gained - given, f"the venue and the ledgers differ in {currency}"


def _second(event: Tick | Trade) -> float:
    return (event.time_ns - START_NS) / SECOND
