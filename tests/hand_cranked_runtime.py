"""A runtime without a thread and without a wall clock: tasks are greenlets, time jumps to the next timer when nobody is ready.

Tests and the simulation crank it by hand. Whoever makes it is the main task: it may wait in a mailbox or sleep like any other, and it is
the one that `interrupt` breaks into. With the same seed the same program leaves the same `trace`.
"""

import heapq
import random
import string
from collections import deque
from collections.abc import Callable
from typing import Any

import greenlet

from tests.hand_cranked_disk import HandCrankedDisk
from trading_system.core.files import Files

SECOND = 1_000_000_000
START_NS = 1_790_000_000 * SECOND


class NobodyCanRun(AssertionError):
    """Everybody waits for something that nobody will ever bring."""


class TaskFailed(AssertionError):
    """A spawned task raised and nobody had asked to hear of it."""


class _Wait:
    """One wait of one task; `is_over` once something has ended it."""

    __slots__ = ("is_over", "task")

    def __init__(self, task: "HandCrankedTask") -> None:
        self.task = task
        self.is_over = False


class HandCrankedTask:
    """A greenlet that the runtime runs when its turn comes."""

    def __init__(self, runtime: "HandCrankedRuntime", name: str) -> None:
        self.name = name
        self.greenlet: Any = None
        self.is_over = False
        self.held_locks = 0
        self._runtime = runtime
        self._joining: list[_Wait] = []

    def is_alive(self) -> bool:
        """Tell whether its body still runs."""
        return not self.is_over

    def join(self, until_ns: int | None = None) -> None:
        """Wait for its end, at most until monotonic `until_ns`."""
        while not self.is_over and (until_ns is None or self._runtime.monotonic_ns() < until_ns):
            self._runtime.wait(self._joining.append, until_ns)

    def end(self) -> None:
        """Wake those who wait for the end."""
        self.is_over = True
        for wait in self._joining:
            self._runtime.wake(wait)


class HandCrankedMailbox:
    """A queue between tasks; takers are served in the order in which they came."""

    def __init__(self, runtime: "HandCrankedRuntime") -> None:
        self._runtime = runtime
        self._items: deque[Any] = deque()
        self._takers: deque[_Wait] = deque()

    def put(self, item: Any) -> None:
        """Lay an item; another task may run before this returns when the runtime preempts."""
        self._items.append(item)
        while self._takers:
            taker = self._takers.popleft()
            if not taker.is_over:
                self._runtime.wake(taker)
                break
        self._runtime.may_give_way()

    def take(self, until_ns: int | None = None) -> Any:
        """Return the oldest item, waiting for one; None when monotonic `until_ns` passes first."""
        while not self._items:
            if until_ns is not None and self._runtime.monotonic_ns() >= until_ns:
                return None
            self._runtime.wait(self._takers.append, until_ns)
        return self._items.popleft()

    def empty(self) -> bool:
        """Tell whether nothing waits right now; another task may have run before the answer when the runtime preempts."""
        self._runtime.may_give_way()
        return not self._items


class HandCrankedLock:
    """Mutual exclusion that is never contended, because nobody may wait while holding one: who does, fails."""

    def __init__(self, runtime: "HandCrankedRuntime") -> None:
        self._runtime = runtime
        self._is_held = False

    def __enter__(self) -> "HandCrankedLock":
        assert not self._is_held, "a lock is taken twice, or was held while its holder waited"
        self._is_held = True
        self._runtime.current.held_locks += 1
        return self

    def __exit__(self, *error: Any) -> None:
        self._is_held = False
        self._runtime.current.held_locks -= 1


class HandCrankedRuntime:
    """Implements the `Runtime` of `core/ports.py`. Ready tasks run first in, first out; with a `seed`, in an order drawn from it.

    `rush` is the chance, 0 to 1, that the clock goes on to the next timer although somebody is ready: computing takes time, too.
    `preemption` is the chance, 0 to 1, that somebody else runs first when a task lays something in a mailbox, looks into one, or spawns.
    `on_failure(name, error)` hears of a task that raised; without it the next crank of the main task raises TaskFailed.
    """

    def __init__(self, seed: int | None = None, *, preemption: float = 0.0, rush: float = 0.0, disk: HandCrankedDisk | None = None,
                 on_failure: Callable[[str, BaseException], None] | None = None, start_ns: int = START_NS) -> None:
        self.trace: list[tuple[int, str]] = []
        self.failures: list[tuple[str, BaseException]] = []
        self.interrupts = 0
        self.disk = disk or HandCrankedDisk()
        self.files: Files = self.disk
        self.wall_offset_ns = start_ns
        self._time_ns = 0
        self._on_failure = on_failure
        self._schedule = random.Random(f"schedule {seed}") if seed is not None else None
        self._chance = random.Random(f"program {seed}")
        self._preemption, self._rush = (preemption, rush) if seed is not None else (0.0, 0.0)
        self._ready: deque[_Wait] = deque()
        self._timers: list[tuple[int, int, _Wait]] = []
        self._timers_made = 0
        self._tasks: list[HandCrankedTask] = []
        self._unreported: list[tuple[str, BaseException]] = []
        self._handler: Callable[[], None] | None = None
        self._pending_interrupts = 0
        self._main_wait: _Wait | None = None
        self._limit_ns: int | None = None
        self.main = HandCrankedTask(self, "main")
        self.main.greenlet = greenlet.getcurrent()
        self._by_greenlet = {self.main.greenlet: self.main}

    # What the house asks for.

    def now_ns(self) -> int:
        """Return the wall clock, UTC nanoseconds; `wall_offset_ns` may be changed to let it step."""
        return self.wall_offset_ns + self._time_ns

    def monotonic_ns(self) -> int:
        """Return the clock that never steps, from 0."""
        return self._time_ns

    def sleep_until(self, monotonic_ns: int) -> None:
        """Wait until then; returns at once when it has passed."""
        while self._time_ns < monotonic_ns:
            self.wait(None, monotonic_ns)

    def spawn(self, name: str, body: Callable[[], None]) -> HandCrankedTask:
        """Let `body` run when its turn comes."""
        task = HandCrankedTask(self, name)

        def run() -> None:
            try:
                body()
            except greenlet.GreenletExit:
                pass
            except BaseException as error:
                self.failures.append((name, error))
                if self._on_failure is not None:
                    self._on_failure(name, error)
                else:
                    self._unreported.append((name, error))
            task.end()
            self._by_greenlet.pop(task.greenlet, None)

        task.greenlet = greenlet.greenlet(run, self.main.greenlet)
        self._by_greenlet[task.greenlet] = task
        self._tasks.append(task)
        self.wake(_Wait(task))
        self.may_give_way()
        return task

    def mailbox(self) -> HandCrankedMailbox:
        """Return a new mailbox."""
        return HandCrankedMailbox(self)

    def lock(self) -> HandCrankedLock:
        """Return a new lock."""
        return HandCrankedLock(self)

    def random(self) -> float:
        """Return a number in [0, 1) drawn from the seed."""
        return self._chance.random()

    def new_id(self, length: int) -> str:
        """Return `length` lower-case letters drawn from the seed."""
        return "".join(self._chance.choice(string.ascii_lowercase) for _ in range(length))

    def on_interrupt(self, handler: Callable[[], None]) -> None:
        """Name what runs on the main task when somebody calls `interrupt`."""
        self._handler = handler

    def interrupt(self) -> None:
        """Let the handler run on the main task: at once when it is running, else before the next step of whoever else is ready."""
        self.interrupts += 1
        self._pending_interrupts += 1
        if self.current is self.main:
            self._run_handler()

    # What the hand at the crank does.

    def run_until(self, goal: Callable[[], bool] | int, limit_seconds: float = 3600.0) -> None:
        """Run the others until the condition `goal` holds, or until monotonic nanoseconds `goal` and all that is due by then is done.

        Called by the main task only. Raises AssertionError when a condition does not hold within `limit_seconds` of the virtual clock.
        """
        assert self.current is self.main, "only the main task turns the crank"
        self._limit_ns = limit_ns = goal if isinstance(goal, int) else self._time_ns + int(limit_seconds * SECOND)
        while isinstance(goal, int) or not goal():
            if self._ready:
                self._step()
            elif not self._jump(limit_ns):
                break
        self._report()
        if isinstance(goal, int):
            self._time_ns = max(self._time_ns, goal)
        elif not goal():
            assert self._timers, f"nobody can run: {self._who_waits()}"
            raise AssertionError(f"not within {limit_seconds:g} s of the virtual clock")

    def run_until_idle(self) -> None:
        """Run the others until everybody waits; time stands still."""
        self.run_until(self._time_ns)

    def advance(self, nanoseconds: int) -> None:
        """Let time pass while whoever calls this computes: nobody else runs, timers become late."""
        self._time_ns += nanoseconds

    def close(self) -> None:
        """End every task that still runs."""
        for task in self._tasks:
            if not task.is_over:
                task.greenlet.throw()
                task.end()
        self._tasks.clear()

    # What mailboxes, tasks and locks ask for.

    @property
    def current(self) -> HandCrankedTask:
        """Return the task that is running."""
        return self._by_greenlet[greenlet.getcurrent()]

    def wake(self, wait: _Wait) -> None:
        """End a wait: its task is ready."""
        if not wait.is_over:
            wait.is_over = True
            self._ready.append(wait)

    def wait(self, enroll: Callable[[_Wait], None] | None, until_ns: int | None) -> None:
        """Let others run until somebody wakes us or monotonic `until_ns` has come; `enroll` is given what to wake."""
        task = self.current
        assert not task.held_locks, f"{task.name} waits while it holds a lock"
        wait = _Wait(task)
        if enroll is not None:
            enroll(wait)
        if until_ns is not None:
            self._timers_made += 1
            heapq.heappush(self._timers, (until_ns, self._timers_made, wait))
        self._switch_away(wait)

    def may_give_way(self) -> None:
        """Let somebody else run first, if the dice say so."""
        if self._preemption and self._schedule is not None and self._schedule.random() < self._preemption:
            task = self.current
            if not task.held_locks and (self._ready or task is not self.main):
                wait = _Wait(task)
                self.wake(wait)
                self._switch_away(wait)

    def _switch_away(self, wait: _Wait) -> None:
        if wait.task is not self.main:
            self.main.greenlet.switch()
            return
        # The main task runs the others until it is its own turn.
        self._main_wait, self._limit_ns = wait, None
        try:
            while True:
                self._report()
                if self._pending_interrupts:
                    self._run_handler()
                if not self._ready and not self._jump(None):
                    raise NobodyCanRun(self._who_waits())
                if self._step() is wait:
                    return
        finally:
            self._main_wait = None
            wait.is_over = True             # broken off by the handler: nobody shall wake it any more

    def _step(self) -> _Wait | None:
        self._ring_timers()
        if self._rush and self._schedule is not None and self._schedule.random() < self._rush:
            self._jump(self._limit_ns)
        place = self._choose()
        wait = self._ready[place]
        del self._ready[place]
        task = wait.task
        # A wait that was broken off may still lie here: nobody stands behind it any more.
        if not task.is_over and (task is not self.main or wait is self._main_wait):
            self.trace.append((len(self.trace), task.name))
            if task is not self.main:
                task.greenlet.switch()
        return wait

    def _choose(self) -> int:
        # Which of those that are ready runs next: its place among them.
        return self._schedule.randrange(len(self._ready)) if self._schedule is not None else 0

    def _jump(self, limit_ns: int | None) -> bool:
        # Nobody is ready: the clock goes on to the next timer; False when there is none in time.
        while self._timers and self._timers[0][2].is_over:
            heapq.heappop(self._timers)
        if not self._timers or (limit_ns is not None and self._timers[0][0] > limit_ns):
            return False
        self._time_ns = max(self._time_ns, self._timers[0][0])
        self._ring_timers()
        return True

    def _ring_timers(self) -> None:
        while self._timers and self._timers[0][0] <= self._time_ns:
            self.wake(heapq.heappop(self._timers)[2])

    def _run_handler(self) -> None:
        while self._pending_interrupts:
            self._pending_interrupts -= 1
            if self._handler is not None:
                self._handler()

    def _report(self) -> None:
        if self._unreported:
            name, error = self._unreported.pop(0)
            raise TaskFailed(f"{name}: {type(error).__name__}: {error}") from error

    def _who_waits(self) -> str:
        return ", ".join(task.name for task in self._tasks if not task.is_over) or "there is nobody"
