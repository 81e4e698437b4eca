"""The small house of the hand-cranked runtime, started again and again over one exchange and one state folder; killed, not only stopped."""

import shutil
from collections.abc import Callable
from pathlib import Path

from brokerage import registry
from brokerage.luno_simulator.api import LunoApi
from brokerage.luno_simulator.exchange import OPENING_BALANCES, Exchange
from brokerage.luno_simulator.route import Permission
from tests.hand_cranked_runtime import START_NS, HandCrankedRuntime
from tests.system.test_hand_cranked_house import SECOND, Trace, open_in_process
from trading_system.assembly import Plan, build_house
from trading_system.core.disk_files import DISK
from trading_system.core.events import WarningEvent
from trading_system.core.records import RecordBody
from trading_system.engine.books import Books
from trading_system.engine.trading_system import TradingSystem
from trading_system.enrollment import enroll
from trading_system.settings.load import load_settings
from trading_system.storage.journal_reader import JournalReader

ROOT = Path(__file__).resolve().parents[2]
STRATEGIES = Path(__file__).parent / "strategies"
_SYSTEM = "brokers: {luno: {adapter: luno, calls_per_second: 100, burst: 100}}\n"


class World:
    """One exchange, one state folder, and one run after the other. `run` is the latest one."""

    def __init__(self, folder: Path, seed: int = 1) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.seed = seed
        self.exchange = Exchange(seed, genesis_ns=START_NS)
        self.api = LunoApi(self.exchange, keys={registry.SIMULATOR_KEY[0]: (registry.SIMULATOR_KEY[1], int(Permission.trading()))})
        (folder / "configs").mkdir(parents=True)
        (folder / "strategies").mkdir()
        for file in (*STRATEGIES.glob("*_strategy.py"), *(ROOT / "strategies").glob("*_strategy.py")):
            shutil.copy(file, folder / "strategies")

    def build(self, strategies: str, start_ns: int = 0) -> "Run":
        """Lay a house whose configuration has these lines below `strategies:`; its clock begins at `start_ns`, else behind the exchange's."""
        return Run(self, strategies, start_ns or self.exchange.now_ns + SECOND)

    def idle_run(self, strategies: str) -> "Run":
        """Start, do not trade, stop in order."""
        run = self.build(strategies)
        run.start()
        run.stop()
        return run

    def records(self) -> list[RecordBody]:
        """Return what the journal holds."""
        return [record.body for record in JournalReader(self.state / "journal").read()]

    def keep(self) -> Callable[[], None]:
        """Copy the state folder; calling what is returned puts the copy in its place again."""
        copy = self.folder / "copy"
        shutil.copytree(self.state, copy)

        def restore() -> None:
            shutil.rmtree(self.state)
            copy.rename(self.state)
        return restore

    def open_names(self) -> set[str]:
        """Return our names of the orders that stand at the exchange."""
        return {order.client_order_id for order in self.exchange.register.open_orders()}

    def differences(self, books: Books, given: dict[str, int]) -> dict[str, object]:
        """Return per currency what the account holds more than the books of all strategies explain; `given` is their capital."""
        found = {}
        for currency, opening in OPENING_BALANCES.items():
            owned = sum(desk.positions.holdings(currency) for desk in books.desks.values())
            difference = self.exchange.accounts.total("customer", currency) - opening - owned + given.get(currency, 0)
            if difference:
                found[currency] = difference
        return found


class Run:
    """One run: start it, let it trade, then stop it in order or kill it."""

    def __init__(self, world: World, strategies: str, start_ns: int) -> None:
        self.world = world
        lines = "\n".join(f"  {line}" for line in strategies.strip().splitlines())
        (world.folder / "configs" / "global_strategy_config.yaml").write_text(f"mode: simulate\nstrategies:\n{lines}\n")
        (world.folder / "configs" / "system_config.yaml").write_text(_SYSTEM)
        self.runtime = HandCrankedRuntime(world.seed, start_ns=start_ns)
        self.runtime.files = DISK
        self.said: list[str] = []
        settings = load_settings(world.folder / "configs", (), {})
        enrolled = enroll(settings, world.folder / "strategies")
        symbols = [symbol for one in enrolled for symbol in one.settings.instruments]
        self.trace = Trace(self.runtime)
        self.venue = open_in_process(world.api, self.runtime, symbols, world.seed, settings.system.brokers["luno"])
        self.system: TradingSystem = build_house(Plan(
            settings, enrolled, {"luno": self.venue}, self.runtime, world.state,
            lambda who, text: self.said.append(f"{who}: {text}"), self.said.append, (self.trace,)))

    @property
    def books(self) -> Books:
        """Return the books of the run."""
        return self.system.engine.books

    @property
    def warnings(self) -> list[str]:
        """Return what people were warned of."""
        return [event.text for _, event in self.trace.events if isinstance(event, WarningEvent)]

    def recover(self) -> dict[str, int]:
        """Start the threads and reconcile; return how often each endpoint was called for that."""
        before = dict(self.venue.calls())
        self.system.start()
        self.system.recover()
        return {endpoint: count - before.get(endpoint, 0) for endpoint, count in self.venue.calls().items() if count > before.get(endpoint, 0)}

    def start(self) -> dict[str, int]:
        """Start up to and with the strategies; return what `recover` returns."""
        calls = self.recover()
        self.system.parts.check_account()
        self.system.start_strategies()
        return calls

    def recover_for(self, seconds: float) -> None:
        """Begin to reconcile and let only so many seconds pass."""
        self.system.start()
        self.system.engine.act(self.system.engine.flow.after_replay())
        self.trade(seconds)

    def trade(self, seconds: float) -> None:
        """Let so many seconds of the virtual clock pass."""
        parts = self.system.parts
        until_ns = self.runtime.monotonic_ns() + int(seconds * SECOND)
        while self.runtime.monotonic_ns() < until_ns:
            parts.queues.wait(until_ns)
            parts.queues.drain(self.system.take, lambda: False, self.system.engine.handle)

    def stop(self) -> None:
        """Stop in order."""
        self.system.request_stop("test", "over")
        self.system.trade()
        self.system.stop()
        self.runtime.close()

    def kill(self) -> None:
        """Let every thread end where it stands."""
        self.runtime.close()
