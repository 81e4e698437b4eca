"""A live house for the benchmarks, laid by the project's own assembly: real queues, engine, outbox, journal, lanes and last door.

Only what is outside differs: the broker does nothing, the feed says nothing, and where asked the journal's file forgets.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from benchmarks.live.idle_broker import BROKER, IdleBroker, idle_venue, symbols
from trading_system.assembly import Plan, build_house
from trading_system.core.actions import Action
from trading_system.core.disk_files import DiskFiles
from trading_system.core.files import AppendFile
from trading_system.core.market_data import Tick, Trade
from trading_system.core.ports import Watcher
from trading_system.core.runtime import ThreadRuntime
from trading_system.engine.trading_system import TradingSystem
from trading_system.enrollment import Enrolled
from trading_system.risk.limits import RiskLimits
from trading_system.settings.load import GLOBAL_FILE, SYSTEM_FILE, Settings, load_settings
from trading_system.strategy_host.strategy_base import StrategyBase

_MOST_ORDERS = 10_000
_CAPITAL = 10**12


class OrderEveryTick(StrategyBase):
    """Buys one unit at every tick. A tick's `time_ns` is when it was laid."""

    broker: IdleBroker

    def on_tick(self, tick: Tick) -> None:
        order = self.buy(tick.symbol, 1.0)
        self.broker.laid_ns[order.client_order_id] = tick.time_ns


class CountTrades(StrategyBase):
    """Counts public trades."""

    seen = 0

    def on_trade(self, trade: Trade) -> None:
        self.seen += 1


class ForgettingRuntime(ThreadRuntime):
    """The real runtime, but that nothing appended reaches a disk."""

    def __init__(self) -> None:
        super().__init__()
        self.files = _ForgettingFiles()


class _ForgettingFiles(DiskFiles):
    def open_append(self, path: Path) -> AppendFile:
        return _Nowhere()


class _Nowhere:
    def append(self, data: bytes) -> None:
        pass

    def sync(self) -> None:
        pass

    def close(self) -> None:
        pass


class BenchHouse:
    """One house on one strategy. It must be made and run on the main thread, as the real one."""

    def __init__(self, state: Path, kind: type[StrategyBase] = OrderEveryTick, markets: int = 1, has_journal: bool = True,
                 heartbeat_seconds: float = 1.0, watchers: Sequence[Callable[["BenchHouse"], Watcher]] = ()) -> None:
        self.runtime = ThreadRuntime() if has_journal else ForgettingRuntime()
        self.symbols = symbols(markets)
        self.broker = IdleBroker(self.symbols)
        settings = _settings(state, self.symbols, heartbeat_seconds)
        enrolled = Enrolled("bench", settings.global_settings.strategies["bench"], kind, kind.Params(),
                            RiskLimits(_MOST_ORDERS, _MOST_ORDERS), 0)
        self.system: TradingSystem = build_house(Plan(
            settings, [enrolled], {BROKER: idle_venue(self.broker)}, self.runtime, state, self._say, self._give_up,
            [make(self) for make in watchers]))
        self.queues = self.system.parts.queues
        strategy = self.system.engine.books.desks["bench"].strategy
        assert strategy is not None
        self.strategy = strategy
        if isinstance(strategy, OrderEveryTick):
            strategy.broker = self.broker
        lanes = self.system.parts.lanes[0]
        execute, released = lanes.execute, self.broker.released

        def stamped(action: Action) -> None:
            released(action)
            execute(action)
        setattr(lanes, "execute", stamped)      # noqa: B010  the outbox looks it up at each call

    def lay_tick(self, symbol: str) -> None:
        """Lay a tick that says when it was laid."""
        self.queues.lay_market(Tick(symbol, self.runtime.monotonic_ns(), 99.99, 100.01, 100.0))

    def check(self) -> None:
        """Raise RuntimeError when the house is not what was meant to be measured: an order denied, a strategy paused."""
        desk = self.system.engine.books.desks["bench"]
        errors = self.system.parts.sources.errors
        if desk.is_paused or errors or any(broker.held_back for broker in self.system.parts.sources.brokers):
            raise RuntimeError(f"the house did not trade as it should: {desk.pause_reason or errors or 'orders were held back'}")

    def _say(self, who: str, text: str) -> None:
        pass

    def _give_up(self, reason: str) -> None:
        raise RuntimeError(reason)


def _settings(state: Path, markets: Sequence[str], heartbeat_seconds: float) -> Settings:
    # Read as a user's would be, so that whatever is not written has its default.
    folder = state.with_name("configs")
    folder.mkdir()
    (folder / GLOBAL_FILE).write_text(
        f"strategies:\n  bench: {{instruments: [{', '.join(markets)}], capital: {{USD: {_CAPITAL}}}}}\n")
    (folder / SYSTEM_FILE).write_text(f"heartbeat_seconds: {heartbeat_seconds}\nmarket_data_bound: 10000000\n")
    settings = load_settings(folder, environment={})
    # More orders a second than any configuration may allow: the pace of the last door is not what is measured.
    return msgspec.structs.replace(settings, system=msgspec.structs.replace(settings.system, orders_per_second=1e6))
