"""One life of the bot in a simulated world: built, recovered, traded and stopped as the command `run` does it, or cut off anywhere between."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.hand_cranked_runtime import SECOND, START_NS
from tests.simulation.mortal_runtime import Crash, MortalRuntime
from tests.simulation.wire import Sent, Wire
from tests.system.test_hand_cranked_house import open_in_process
from trading_system.assembly import Plan, build_house
from trading_system.core.errors import ConfigError, TryAgain
from trading_system.core.events import CommandEvent, FillEvent, OrderUpdateEvent
from trading_system.core.order_update import Answer
from trading_system.engine.trading_system import TradingSystem
from trading_system.enrollment import enroll
from trading_system.risk.kill_latch import KillLatch
from trading_system.storage.run_lock import RunLock

if TYPE_CHECKING:
    from tests.simulation.world import World

STRATEGIES = Path(__file__).parent / "strategies"
_REST_SECONDS = 150.0


class Life:
    """The `number`-th life, from wall-clock `start_ns` on. `maybe_system` is None until the house is built."""

    kinds: tuple[type, ...] = (FillEvent, OrderUpdateEvent)

    def __init__(self, world: "World", number: int, start_ns: int, crash: Crash | None) -> None:
        self.world = world
        self.number = number
        self.runtime = MortalRuntime(world.drawn.seed * 100 + number, world.drawn.policy, world.disk, start_ns, crash)
        self.maybe_system: TradingSystem | None = None
        self.has_past = bool(world.checks.acknowledged)
        self.is_trading = self.is_listed = self.was_halted = False
        self.traded: set[str] = set()
        self.paused: set[str] = set()
        self.fills = self.unknowns = 0
        self.recovered_seconds = 0.0
        self.rest = ""
        self._wire: Wire | None = None
        world.checks.begin()
        self._start_ns = start_ns

    @property
    def system(self) -> TradingSystem:
        """Return the house. Raises AssertionError before it is built."""
        assert self.maybe_system is not None
        return self.maybe_system

    def seconds(self) -> float:
        """Return how long the world exists, in seconds; also when the life is over."""
        return (self.end_ns - START_NS) / 1e9

    @property
    def end_ns(self) -> int:
        """Return the wall clock as it is, or was when the life ended."""
        return self._start_ns + self.runtime._time_ns

    @property
    def on_the_way(self) -> list[Sent]:
        """Return the requests that had left and not arrived."""
        return list(self._wire.on_the_way.values()) if self._wire is not None else []

    @property
    def sends(self) -> int:
        """Return how many requests were sent."""
        return self._wire.sends if self._wire is not None else 0

    @property
    def overtaken(self) -> int:
        """Return during how many of them another task acted."""
        return self._wire.overtaken if self._wire is not None else 0

    def told(self, text: str) -> None:
        """Write a line of the trace."""
        self.world.log.append(f"{self.end_ns} life {self.number}: {text.replace(str(self.world.folder), '')}")

    def live(self) -> None:
        """Start, trade and stop in order. Raises PowerCut where the life is cut off, and what the house raises."""
        folder = self.world.folder / "lock"
        lock = RunLock(folder, self.runtime.now_ns())
        lock.acquire()
        try:
            self._build()
            self.world.checks.attend(self)
            self.world.races.stand_before(self.system.engine.books)
            self.runtime.spawn("director", self._direct)
            self.system.run()
        finally:
            # A process that is killed gives its lock back without a word.
            if self.runtime.is_dead:
                os.close(lock._handle)
            else:
                lock.release()

    def bury(self) -> None:
        """End every task; what they touch raises."""
        self.runtime.is_dead = True
        self.runtime.close()

    def notice(self, event: Any, actions: Any) -> None:
        """Count what happens."""
        if type(event) is FillEvent:
            self.fills += 1
        elif event.update.answer is Answer.OUTCOME_UNKNOWN:
            self.unknowns += 1

    def _build(self) -> None:
        world, runtime = self.world, self.runtime
        enrolled = enroll(world.settings, STRATEGIES)
        symbols = [symbol for one in enrolled for symbol in one.settings.instruments]

        def wire(api: Any, own: Any, seed: int) -> Wire:
            self._wire = Wire(api, world.faults, runtime, seed, world.rows, world.checks.departed)
            return self._wire
        venue = open_in_process(world.api, runtime, symbols, world.drawn.seed * 100 + self.number, world.settings.system.brokers["luno"], wire)
        until_ns = runtime.monotonic_ns() + int(world.settings.system.venue_patience_seconds * SECOND)
        while True:
            try:
                self.maybe_system = build_house(Plan(
                    world.settings, enrolled, {"luno": venue}, runtime, world.state, lambda who, text: self.told(f"{who}: {text}"),
                    lambda reason: self.told(f"gave up: {reason}"), (world.checks, world.races, self)))
                return
            except TryAgain:
                if runtime.monotonic_ns() >= until_ns:
                    raise
                runtime.sleep_until(runtime.monotonic_ns() + SECOND)

    # The task that lets things happen, and the end come.

    def _direct(self) -> None:
        world, runtime = self.world, self.runtime
        while not self.system.engine.beats and not self._is_chaos_over():
            self._pass(0.2)
        self.is_trading = bool(self.system.engine.beats)
        self.recovered_seconds = runtime.monotonic_ns() / 1e9
        happenings = world.drawn.happenings
        while not self._is_chaos_over() and not self.system.engine.is_stopping:
            if world.happened < len(happenings) and happenings[world.happened].at_seconds <= self.seconds():
                what = happenings[world.happened].what
                world.happened += 1
                self.told(f"happens: {what}")
                getattr(self, f"_{what}")()
            self._pass(0.2)
        runtime.crash = None
        world.stop_faults()
        self._command("pause")
        until_ns = runtime.monotonic_ns() + int(_REST_SECONDS * SECOND)
        while runtime.monotonic_ns() < until_ns and (world.is_at_rest() or not self.system.engine.beats):
            self._pass(0.5)
        world.judge_rest()
        if world.drawn.crashes_while_stopping and not world.races.counts["a crash while it stopped"]:
            world.races.counts["a crash while it stopped"] += 1
            runtime.crash, runtime._left = Crash(0.0, world.dice.choice(("disk", "send", "step")), 1), world.dice.randint(1, 30)
        self.system.request_stop("simulation", "it is over")

    def _is_chaos_over(self) -> bool:
        return self.seconds() >= self.world.drawn.chaos_seconds

    def _pass(self, seconds: float) -> None:
        self.runtime.sleep_until(self.runtime.monotonic_ns() + int(seconds * SECOND))

    def _command(self, what: str) -> None:
        self.system.parts.queues.lay_command(CommandEvent(what, "simulation", "the simulation wants it"))

    def _failing_sync(self) -> None:
        self.was_halted = True
        self.world.disk.failing_syncs = 1

    def _disk_full(self) -> None:
        self.was_halted = True
        self.world.disk.error = OSError(28, "No space left on device")
        self._pass(3.0)
        self.world.disk.error = None

    def _kill(self) -> None:
        self._latch()
        self.world.is_killed, self.world.killed_at = True, self.seconds()

    def _latch(self) -> None:
        try:
            KillLatch(self.world.state, self.runtime.files).set("simulation", "enough")
        except OSError:
            self._pass(1.0)
            KillLatch(self.world.state, self.runtime.files).set("simulation", "enough")

    def _pause(self) -> None:
        self._command("pause")
        self._pass(4.0)
        self._command("resume")

    def _wall_step(self) -> None:
        self.runtime.wall_offset_ns += SECOND if self.world.dice.random() < 0.5 else -SECOND

    def _second(self) -> None:
        # Another process on the same state folder must be refused while we live.
        try:
            second = RunLock(self.world.folder / "lock", self.runtime.now_ns())
            second.acquire()
        except ConfigError:
            self.world.checks.that("I23", True, "")
            return
        second.release()
        self.world.checks.that("I23", False, "a second process was let in")
