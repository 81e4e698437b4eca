"""One simulated world: an exchange, a disk, and one life of the bot after the other, each the whole production house on a runtime that can die.

Faults rage first; then they stop, the market stands still, and the house must come to rest and stop in order.
"""

import hashlib
import os
import shutil
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from brokerage import registry
from brokerage.luno_simulator.api import LunoApi
from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.market_status import MarketStatus
from brokerage.luno_simulator.quirks import Quirks
from brokerage.luno_simulator.route import Permission
from tests.hand_cranked_disk import PowerCut
from tests.hand_cranked_runtime import SECOND, START_NS
from tests.simulation.draw import Drawn
from tests.simulation.invariants import Checks
from tests.simulation.life import Life
from tests.simulation.mortal_runtime import MortalDisk
from tests.simulation.quiescence import after_the_stop, at_rest
from tests.simulation.races import RACES, Races
from tests.simulation.wire import WatchedFaults
from tests.system.lying_transport import LaggingRows
from trading_system.core.errors import BrokerError, ConfigError
from trading_system.settings.load import load_settings
from trading_system.storage.journal_reader import JournalReader

ROOT = Path(__file__).resolve().parents[2]
_MOST_LIVES = 12


class Outcome(msgspec.Struct):
    """What became of a world: `violation` is "" where all held."""

    seed: int
    violation: str = ""
    virtual_seconds: float = 0.0
    steps: int = 0
    orders: int = 0
    fills: int = 0
    unknowns: int = 0
    crashes: int = 0
    sends: int = 0
    overtaken: int = 0
    kinds: dict[str, int] = {}
    invariants: dict[str, int] = {}
    races: dict[str, int] = {}
    trace_hash: str = ""


class World:
    """The world that `drawn` describes, its configuration in real files below `folder`. `life` is the one that is lived now."""

    def __init__(self, drawn: Drawn, folder: Path) -> None:
        self.drawn = drawn
        self.folder = folder
        self.state = Path("/simulated/state")
        configs = folder / "configs"
        configs.mkdir(parents=True)
        lines = "\n".join("  " + line for line in drawn.strategies.splitlines())
        (configs / "global_strategy_config.yaml").write_text(f"mode: simulate\nstrategies:\n{lines}\n")
        (configs / "system_config.yaml").write_text(drawn.system)
        self.settings = load_settings(configs, (), {})
        self.capital: dict[str, dict[str, Decimal]] = {
            name: dict(one.capital) for name, one in self.settings.global_settings.strategies.items()}
        system = self.settings.system
        luno = system.brokers["luno"]
        self.calls_per_second, self.burst = (float(luno.text(key) or 0) for key in ("calls_per_second", "burst"))
        self.heartbeat_seconds, self.max_open_orders = float(system.heartbeat_seconds), system.max_open_orders
        limit = system.simulator.rate_limit
        self.api = LunoApi(
            Exchange(drawn.seed, genesis_ns=START_NS - 5 * SECOND, quirks=Quirks.parse(drawn.quirks)),
            keys={registry.SIMULATOR_KEY[0]: (registry.SIMULATOR_KEY[1], int(Permission.trading()))},
            rate_limit=None if limit == "off" else limit)
        self.faults = WatchedFaults(drawn.rules, drawn.seed)
        self.rows = LaggingRows(2.0, START_NS + int(drawn.chaos_seconds) * SECOND) if drawn.has_lagging_rows else None
        self.disk = MortalDisk()
        self.dice = Random(f"world {drawn.seed}")
        self.races = Races()
        self.checks = Checks(self)
        self.life: Life
        self.is_killed = False
        self.killed_at = 0.0
        self.happened = 0
        self.log: list[str] = []
        self._watch_the_exchange()

    def seconds(self) -> float:
        """Return how long the world exists, in virtual seconds."""
        return self.life.seconds()

    def run(self) -> Outcome:
        """Live until the end, or until an invariant is broken."""
        outcome, start_ns = Outcome(self.drawn.seed), START_NS
        crashes = list(self.drawn.crashes)
        for number in range(1, _MOST_LIVES + 1):
            crash = crashes.pop(0) if crashes and (start_ns - START_NS) / 1e9 < self.drawn.chaos_seconds else None
            life = self.life = Life(self, number, start_ns, crash)
            is_over = False
            try:
                life.live()
                is_over = True
                if not self.checks.violation:
                    self._judge(after_the_stop(self, life))
            except PowerCut:
                pass
            except (ConfigError, BrokerError, OSError) as error:
                # The house says why it does not go on; whoever runs it tries again.
                life.told(f"ended: {type(error).__name__}: {error}")
            except Exception as error:
                self.checks.violation = self.checks.violation or f"I24: life {number} broke: {type(error).__name__}: {error}"
            if life.runtime.unexpected and not self.checks.violation:
                self.checks.violation = f"I24: {life.runtime.unexpected[0]}"
            self._take(outcome, life)
            life.bury()
            if is_over or self.checks.violation:
                break
            start_ns = self._pass_away(life, outcome)
            if self.checks.violation:
                break
        else:
            self.checks.violation = f"I24: {_MOST_LIVES} lives were not enough to come to an end: {self.log[-1]}"
        outcome.violation = self.checks.violation
        outcome.orders = len(self.checks.placed)
        outcome.kinds, outcome.invariants = dict(self.faults.kinds), dict(self.checks.counts)
        outcome.races = {race: self.races.counts[race] for race in RACES}
        outcome.virtual_seconds = (self.api.exchange.now_ns - START_NS) / 1e9
        digest = hashlib.blake2b("\n".join(self.log).encode(), digest_size=12)
        digest.update(repr(sorted(outcome.invariants.items())).encode())
        outcome.trace_hash = digest.hexdigest()
        return outcome

    def stop_faults(self) -> None:
        """Let all be well from now on, and the market stand still."""
        self.faults.clear(self.api, max(self.life.runtime.now_ns(), self.api.exchange.now_ns))
        self.disk.error = self.disk.room = None
        self.disk.failing_syncs = 0
        self.api.exchange.set_status(MarketStatus.HALTED)

    def is_at_rest(self) -> str:
        """Return what is not at rest; "" when all is."""
        return next((f"{name}: {sentence}" for name, holds, sentence in at_rest(self, self.life) if not holds), "")

    def judge_rest(self) -> None:
        """Count every invariant that speaks of rest, and end the world where one is broken."""
        self._judge(at_rest(self, self.life))

    def _judge(self, findings: Any) -> None:
        for name, holds, sentence in findings:
            self.checks.that(name, holds, sentence)

    def _pass_away(self, life: Life, outcome: Outcome) -> int:
        # The machine has stopped: unsynced bytes are lost or torn, requests on their way may still arrive, and the exchange goes on.
        end_ns = life.end_ns
        if life.runtime.is_dead:
            outcome.crashes += 1
            self.disk.cut_power(chance=self.dice)
            self.races.counts["a crash while it started"] += not life.is_trading
            self.races.counts["a crash with a request on its way"] += bool(life.on_the_way)
            for sent in life.on_the_way:
                if self.dice.random() < 0.5:
                    self.faults.deliver(self.api, *sent, end_ns + 1_000_000)
                    self.races.counts["a request that arrived after its sender had died"] += 1
        self.disk.error = self.disk.room = None
        self.disk.failing_syncs = 0
        before = sum(order.base for order in self.api.exchange.register.newest_first(None))
        start_ns = max(end_ns, self.api.exchange.now_ns) + int(self.drawn.away_seconds * SECOND)
        self.faults.advance(self.api, start_ns)
        self.races.counts["an order that filled while nobody was there"] += before != sum(
            order.base for order in self.api.exchange.register.newest_first(None))
        if self.disk.exists(self.state / "journal"):
            try:
                self.checks.remembers(list(JournalReader(self.state / "journal", self.disk).read()))
            except PowerCut:
                pass
            except Exception as error:
                self.checks.violation = self.checks.violation or f"I13: the journal cannot be read after life {life.number}: {error}"
        return start_ns

    def _take(self, outcome: Outcome, life: Life) -> None:
        outcome.steps += len(life.runtime.trace)
        outcome.sends += life.sends
        outcome.overtaken += life.overtaken
        if life.maybe_system is not None:
            outcome.fills += life.fills
            outcome.unknowns += life.unknowns
        names = ",".join(name for _, name in life.runtime.trace)
        self.log.append(f"life {life.number} {len(life.runtime.trace)} {hashlib.blake2b(names.encode()).hexdigest()} {life.runtime.died_at}")

    def _watch_the_exchange(self) -> None:
        handle = self.api.handle

        def watched(method: str, path: str, query: Any, form: Any, *rest: Any, **more: Any) -> Any:
            answer = handle(method, path, query, form, *rest, **more)
            if method == "POST":
                self.log.append(f"{self.api.exchange.now_ns} {path} {form} {answer.status}")
                self.checks.carried_out(path, dict(form))
            return answer
        setattr(self.api, "handle", watched)  # noqa: B010


def run_world(drawn: Drawn, folder: Path) -> tuple[Outcome, World]:
    """Run a world in a folder of its own below `folder`; return its outcome and what is left of it."""
    own = folder / f"seed{drawn.seed}.{os.getpid()}"
    shutil.rmtree(own, ignore_errors=True)
    try:
        world = World(drawn, own)
        return world.run(), world
    finally:
        shutil.rmtree(own, ignore_errors=True)
