"""Lays the house of a backtest together: settings, strategies, histories and a paper venue in, a driver of history out.

The same desks, managers, risk and engine as live; history's clock, no threads, no journal.
"""

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, cast

import msgspec

from trading_system.collectors.history import History
from trading_system.collectors.history_chunk import EVENTS
from trading_system.collectors.merged_history import Batch, merged
from trading_system.core.clock import Clock
from trading_system.core.errors import ConfigError
from trading_system.core.events import ActionEvent
from trading_system.core.instrument import Instrument
from trading_system.core.market_data import Bar, Trade
from trading_system.core.ports import PaperVenue, Runtime
from trading_system.engine.backtester import Backtester
from trading_system.engine.bar_builder import BarBuilder
from trading_system.engine.books import Books
from trading_system.engine.desk_service import DeskService
from trading_system.engine.doubts import Doubts
from trading_system.engine.engine import Engine
from trading_system.engine.route import Route
from trading_system.enrollment import Enrolled
from trading_system.inventory import check_ledgers
from trading_system.risk.limits import RiskLimits
from trading_system.risk.risk_manager import RiskManager
from trading_system.seating import join, seat
from trading_system.settings.load import Settings
from trading_system.strategy_host.desk import Desk
from trading_system.strategy_host.hook_guard import HookGuard
from trading_system.strategy_host.market_view import MarketView
from trading_system.strategy_host.strategy_base import StrategyBase, writes
from trading_system.watchers.run_recorder import RunRecorder

_HOUSE = "backte"
_HISTORY_BARS = 200


class BacktestPlan(msgspec.Struct):
    """What a backtest is built from. Events from `from_ns` on and before `to_ns` are traded on; None is no bound."""

    settings: Settings
    enrolled: Sequence[Enrolled]
    instruments: Mapping[str, Instrument]
    venue: PaperVenue
    histories: Sequence[History]
    from_ns: int | None = None
    to_ns: int | None = None


class Backtest(msgspec.Struct):
    """A house of history, ready to run."""

    plan: BacktestPlan
    engine: Engine
    recorder: RunRecorder
    consequences: deque[ActionEvent]

    def run(self, after_batch: Callable[[Batch], None]) -> int:
        """Trade through all histories and call `after_batch` with each batch that was traded on; return how many events there were."""
        plan = self.plan
        driver = Backtester(self.engine, plan.venue, self.consequences, after_batch, plan.settings.system.heartbeat_seconds)
        driver.run(merged(plan.histories, plan.from_ns, plan.to_ns), plan.to_ns)
        return driver.events

    def assumptions(self) -> list[str]:
        """Return what is assumed of fills and prices, a sentence each."""
        ageless = [one.name for one in self.plan.enrolled if _has_bars(self.plan, one)]
        return [*self.plan.venue.assumptions(), *([
            f"No price is too old for {', '.join(ageless)}, because between two bars there is none: live, an order on a price older than "
            "stale_price_seconds is denied."] if ageless else [])]


def build_backtest(plan: BacktestPlan) -> Backtest:
    """Lay the house together. Raises ConfigError where strategies and data do not go together."""
    settings = plan.settings
    # Without any data there is no first moment; _check_data says what is missing.
    began_ns = plan.from_ns or min((history.report.first_ns for history in plan.histories), default=0)
    clock, consequences = Clock(began_ns), deque[ActionEvent]()
    limits = {enrolled.name: _limits(plan, enrolled) for enrolled in plan.enrolled}
    service = DeskService(clock, _HOUSE, began_ns, RiskManager(), limits, consequences.append, _no_log)
    symbols = sorted({symbol for enrolled in plan.enrolled for symbol in enrolled.settings.instruments})
    views = {symbol: MarketView(plan.instruments[symbol], clock) for symbol in symbols}
    desks = {enrolled.name: seat(enrolled, settings, plan.instruments, views, service) for enrolled in plan.enrolled}
    routes = {symbol: Route(view, clock, lambda bar, bar_ns: engine.built_bar(bar, bar_ns)) for symbol, view in views.items()}
    recorder = RunRecorder()
    engine = Engine(clock, Books(_HOUSE, desks), routes, service, Doubts(), plan.venue, (recorder,), consequences.append)
    engine.forget_records()
    plan.venue.clock = clock
    engine.on_capital_booked = recorder.see_capital
    for symbol in symbols:
        _lay_source(routes[symbol], [history for history in plan.histories if history.symbol == symbol])
    guard = HookGuard(cast(Runtime, _NoRuntime()), engine.fail)
    service.stand_behind(guard, guard.contain)
    for enrolled in plan.enrolled:
        desk = desks[enrolled.name]
        for currency, amount in enrolled.settings.capital.items():
            desk.positions.deposit(currency, amount)
        _check_data(plan, desk, routes)
        if plan.from_ns is not None:
            for symbol in desk.symbols:
                desk.past[symbol] = _past(plan, routes[symbol], symbol, desk)
        join(engine, desk, guard.contain)
        if enrolled.kind.State is not StrategyBase.State and desk.strategy is not None:
            desk.strategy.state = enrolled.kind.State()
    check_ledgers(settings, desks.values())
    return Backtest(plan, engine, recorder, consequences)


def _limits(plan: BacktestPlan, enrolled: Enrolled) -> RiskLimits:
    # Fills are heard before the bar that brought them is: the last close is the newest price there is, however long ago it was.
    return msgspec.structs.replace(enrolled.limits, stale_price_seconds=math.inf) if _has_bars(plan, enrolled) else enrolled.limits


def _has_bars(plan: BacktestPlan, enrolled: Enrolled) -> bool:
    return any(history.kind == "bars" and history.symbol in enrolled.settings.instruments for history in plan.histories)


def _lay_source(route: Route, histories: Sequence[History]) -> None:
    # Bars are built from the best there is: the file's own bars, else its trades, else its quotes.
    kinds = {history.kind: history for history in histories}
    if "bars" in kinds:
        route.bars_from, route.source_bar_ns = Bar, kinds["bars"].bar_ns
    elif "trades" in kinds:
        route.bars_from = Trade


def _check_data(plan: BacktestPlan, desk: Desk, routes: Mapping[str, Route]) -> None:
    settings, path = plan.settings, f"strategies.{desk.name}.instruments"
    problems = []
    strategy = desk.strategy
    assert strategy is not None
    wants_bars = writes(strategy, "on_bar")
    for symbol in desk.symbols:
        there = {history.kind for history in plan.histories if history.symbol == symbol}
        route = routes[symbol]
        place = f"{settings.place(path)}: {path}"
        if not there:
            problems.append(f"{place}: there is no data for {symbol}: name a file with --data {symbol}=FILE or in backtest_config.yaml; "
                            "python main.py sample-data writes a day of it to try with")
        elif writes(strategy, "on_tick") and "quotes" not in there and not wants_bars:
            problems.append(f"{place}: {desk.name} works on ticks, and the data of {symbol} has only {' and '.join(sorted(there))}: "
                            "give it quotes, or leave it out with --strategy")
        elif wants_bars and route.bars_from is Bar and desk.bar_ns % route.source_bar_ns:
            source = f"{route.source_bar_ns / 1e9:g}"
            problems.append(f"{place}: bars of {desk.bar_ns / 1e9:g} s cannot be made of the file's bars of {source} s: "
                            f"ask for a multiple, such as --set strategies.{desk.name}.bars={source}s")
    if problems:
        raise ConfigError(*problems)


def _past(plan: BacktestPlan, route: Route, symbol: str, desk: Desk) -> list[Bar]:
    # What a live start would fetch from the venue: the bars before the first moment of trading.
    assert desk.strategy is not None
    bar_ns, most = desk.bar_ns or 60_000_000_000, max(_HISTORY_BARS, desk.strategy.warm_up)
    bars, builder = deque[Bar](maxlen=most), BarBuilder(symbol, bar_ns)
    source = next(history for history in plan.histories if history.symbol == symbol and EVENTS[history.kind] is route.bars_from)
    for chunk in source.chunks(None, plan.from_ns):
        for event in chunk.events():
            if isinstance(event, Bar):
                bars.extend((event,) if route.source_bar_ns == bar_ns else builder.add_bar(event))
                continue
            price, volume = (event.price, event.quantity) if isinstance(event, Trade) else (event.mark, float("nan"))
            ended = builder.add(event.time_ns, price, volume)
            if ended is not None:
                bars.append(ended)
    ended = builder.close_due(plan.from_ns or 0)
    return [*bars, *([ended] if ended is not None else [])]


def _no_log(strategy: str, level: str, text: str, fields: Mapping[str, Any]) -> None:
    # A strategy's own log is for the live house: a line per event of history would be millions.
    return None


class _NoRuntime:
    # The guard of history asks for nothing but this: nobody breaks a hook off where nobody waits for it.
    def on_interrupt(self, handler: Callable[[], None]) -> None:
        return None

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a backtest has no {name}")
