"""The hook guard on the real main thread with real signals: what hangs is broken off, what raises is contained, nothing else is hit."""

import asyncio
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hand_cranked_runtime import SECOND, HandCrankedRuntime
from tests.unit.engine.small_house import SYMBOL, QuietStrategy, SmallHouse
from trading_system.core.events import OrderEvent
from trading_system.core.runtime import ThreadRuntime
from trading_system.engine.watchdog import Watchdog
from trading_system.strategy_host.discovery import load_strategy
from trading_system.strategy_host.hook_guard import HookGuard


class SmallDesk:
    """As much of a desk as the guard needs."""

    name = "naive"

    def __init__(self) -> None:
        self.is_paused = False
        self.times: dict[str, Any] = {}

    def hook_times(self, hook: str) -> Any:
        from trading_system.strategy_host.hook_times import HookTimes
        return self.times.setdefault(hook, HookTimes())


class Watched:
    """A guard with a limit of 0.2 s and a real watchdog on a real thread; `paused` is what the engine would be told."""

    def __init__(self) -> None:
        self.runtime = ThreadRuntime()
        self.desk = SmallDesk()
        self.paused: list[str] = []
        self.gave_up = threading.Event()
        self.guard = HookGuard(self.runtime, self.pause, 0.2)                       # type: ignore[arg-type]
        self.watchdog = Watchdog(self.runtime, self.guard, [], lambda desk, reason: self.gave_up.set())

    def pause(self, desk: Any, reason: str) -> None:
        desk.is_paused = True
        self.paused.append(reason)

    def run(self, hook: Callable[..., None]) -> float:
        """Call a hook through the guard and return how many seconds it took."""
        began = time.monotonic()
        self.guard.wrap(self.desk, hook)()                                          # type: ignore[arg-type]
        return time.monotonic() - began


@pytest.fixture
def watched() -> Iterator[Watched]:
    before = signal.getsignal(signal.SIGUSR2)
    watched = Watched()
    watched.watchdog.start()
    yield watched
    watched.watchdog.stop()
    signal.signal(signal.SIGUSR2, before)


def endless_loop() -> None:
    while True:
        pass


def long_sleep() -> None:
    time.sleep(60)


def lock_wait() -> None:
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def event_wait() -> None:
    threading.Event().wait(60)


def socket_read() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.recv(1)


def loop_that_swallows_exceptions() -> None:
    while True:
        try:
            time.sleep(0.01)
            raise ValueError("again")
        except Exception:
            continue


def loop_that_swallows_everything_at_first() -> None:
    try:
        time.sleep(60)
    except BaseException:
        pass
    time.sleep(60)


@pytest.mark.parametrize("hook", [
    endless_loop, long_sleep, lock_wait, event_wait, socket_read, loop_that_swallows_exceptions, loop_that_swallows_everything_at_first])
def test_a_hook_that_hangs_is_broken_off_and_its_strategy_paused(watched: Watched, hook: Callable[..., None]) -> None:
    took = watched.run(hook)
    assert took < 10, "it was meant to hang for a minute"
    assert watched.paused == [f"{hook.__name__} ran longer than 0.2 s and was broken off"]
    assert not watched.gave_up.is_set()


def test_the_next_strategys_hook_runs_as_if_nothing_had_been(watched: Watched) -> None:
    watched.run(endless_loop)
    other, said = SmallDesk(), list[str]()
    watched.guard.wrap(other, lambda: said.append("run"))()                         # type: ignore[arg-type]
    assert said == ["run"]
    assert not other.is_paused


def test_a_hook_that_only_seems_long_is_left_alone(watched: Watched) -> None:
    watched.run(lambda: time.sleep(0.1))
    assert not watched.paused
    assert watched.guard.shots == 0


def test_a_shot_in_the_air_lands_neither_in_the_engine_nor_in_another_hook() -> None:
    before = signal.getsignal(signal.SIGUSR2)
    watched, is_over, outside = Watched(), threading.Event(), 0

    def shoot() -> None:
        while not is_over.is_set():
            watched.guard.shoot()
            time.sleep(0)
    hits = threading.Thread(target=shoot, daemon=True)

    def short_hook() -> None:
        for _ in range(50):
            pass
    guarded = watched.guard.wrap(watched.desk, short_hook)                          # type: ignore[arg-type]
    hits.start()
    try:
        deadline = time.monotonic() + 30
        while len(watched.paused) < 60 and time.monotonic() < deadline:
            watched.desk.is_paused = False
            guarded()
            for _ in range(50):                     # the engine at its own work: a HookTimeout here fails the test
                outside += 1
    finally:
        is_over.set()
        hits.join(10)
        signal.signal(signal.SIGUSR2, before)
    assert len(watched.paused) >= 60, "the shots never hit a hook, so this proved nothing"
    assert outside > 0


def test_a_hook_that_cannot_be_broken_off_is_given_up_after_five_shots() -> None:
    runtime, told = HandCrankedRuntime(), list[tuple[str, int]]()
    desk, paused = SmallDesk(), list[str]()
    guard = HookGuard(runtime, lambda desk, reason: paused.append(reason), 2.0)     # type: ignore[arg-type]
    watchdog = Watchdog(runtime, guard, [], lambda desk, reason: told.append((reason, guard.shots)))

    def stubborn() -> None:
        while not told:
            try:
                runtime.sleep_until(runtime.monotonic_ns() + 60 * SECOND)
            except BaseException:
                continue
    watchdog.start()
    guard.wrap(desk, stubborn)()                                                    # type: ignore[arg-type]
    assert told == [("stubborn of naive hangs for 4 s and cannot be broken off", 5)]
    watchdog.stop()


def test_the_first_shot_comes_at_the_limit_and_the_next_half_a_second_later() -> None:
    runtime, landed = HandCrankedRuntime(), list[int]()
    guard = HookGuard(runtime, lambda desk, reason: None, 2.0)
    watchdog = Watchdog(runtime, guard, [], lambda desk, reason: None)

    def twice_hit() -> None:
        for _ in range(3):
            try:
                runtime.sleep_until(60 * SECOND)
            except BaseException:
                landed.append(runtime.monotonic_ns())
    watchdog.start()
    guard.wrap(SmallDesk(), twice_hit)()                                            # type: ignore[arg-type]
    assert landed == [2_000_000_000, 2_500_000_000, 3_000_000_000]


class Own(BaseException):
    """What an unlucky strategy may define."""


@pytest.mark.parametrize("error", [
    ValueError("x"), RecursionError("x"), MemoryError("x"), SystemExit(3), KeyboardInterrupt(), GeneratorExit(), asyncio.CancelledError(),
    Own("x")], ids=lambda error: type(error).__name__)
def test_whatever_a_hook_raises_pauses_its_strategy_and_goes_no_further(watched: Watched, error: BaseException) -> None:
    def on_tick() -> None:
        raise error
    watched.run(on_tick)
    (reason,) = watched.paused
    assert reason.startswith(f"on_tick raised {type(error).__name__}")


def test_a_paused_strategys_hooks_are_not_called(watched: Watched) -> None:
    said: list[str] = []
    watched.desk.is_paused = True
    watched.run(lambda: said.append("run"))
    assert not said


def test_hooks_are_timed_even_when_they_raise(watched: Watched) -> None:
    def on_tick() -> None:
        raise ValueError("x")
    watched.run(on_tick)
    times = watched.desk.times["on_tick"]
    assert times.calls == 1
    assert times.most_ns == times.total_ns > 0


def test_a_hook_that_raises_is_told_with_the_line_of_the_strategys_own_file(watched: Watched, tmp_path: Path) -> None:
    path = tmp_path / "faulty_strategy.py"
    path.write_text('''"""Raises two calls deep, and inside the house."""
from trading_system import StrategyBase


class FaultyStrategy(StrategyBase):
    def on_tick(self, tick):
        self.decide()

    def decide(self):
        return 1 / 0

    def on_start(self):
        int("many")
''')
    problems: list[str] = []
    kind = load_strategy(path, problems)
    assert kind is not None, problems
    strategy = kind()
    watched.guard.wrap(watched.desk, strategy.on_tick)(None)                        # type: ignore[arg-type]
    watched.desk.is_paused = False
    watched.guard.wrap(watched.desk, strategy.on_start)()                           # type: ignore[arg-type]
    assert watched.paused == [
        "on_tick raised ZeroDivisionError: division by zero (faulty_strategy.py:10)",
        "on_start raised ValueError: invalid literal for int() with base 10: 'many' (faulty_strategy.py:13)"]


@pytest.mark.parametrize("where", ["orders.add", "reservations.reserve"])
def test_a_shot_that_lands_inside_a_verb_leaves_no_order_that_nobody_sends(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # A hook in an endless loop of buy() is nearly always hit inside of it.
    class Buying(QuietStrategy):
        def on_heartbeat(self) -> None:
            self.buy(SYMBOL, "0.01", limit=100)

    house = SmallHouse({"naive": Buying()})
    house.tick()
    room, _, name = where.partition(".")
    owner = getattr(house.desk, room)
    real = getattr(owner, name)

    def and_then_shoot(*arguments: Any, **more: Any) -> Any:
        result = real(*arguments, **more)
        house.guard.shoot()
        return result
    monkeypatch.setattr(owner, name, and_then_shoot)
    house.beat()
    assert house.desk.is_paused
    laid = {body.request.client_order_id for body in house.bodies(OrderEvent)}
    assert {order.client_order_id for order in house.desk.orders} <= laid, "an open order was never laid: it is neither journaled nor sent"
    assert house.desk.reservations.count == len(list(house.desk.orders))
