"""The hand-cranked runtime as a process that can die: at any step, any disk operation, any send or reply, and then every seam is dead.

A killed task's `finally` blocks run, as Python's do, but whatever they touch raises again: nothing is written and nothing leaves.
"""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from tests.hand_cranked_disk import HandCrankedDisk, PowerCut
from tests.hand_cranked_runtime import HandCrankedRuntime, HandCrankedTask

#: A life that takes more steps does not come to its end.
_MOST_STEPS = 150_000


class Crash(msgspec.Struct, frozen=True):
    """A life ends at the `countdown`-th place of its kind ("" is any, else step, disk, send or reply) from `after_seconds` of it on."""

    after_seconds: float
    place: str
    countdown: int


class Policy(msgspec.Struct, frozen=True):
    """How the next task is chosen: by chance, by priorities that change now and then, or with one kind of task starved."""

    name: str = "random"
    preemption: float = 0.05
    rush: float = 0.0
    starved: str = ""


class MortalDisk(HandCrankedDisk):
    """A disk that asks `point` before each operation; between lives it keeps what the power cut left."""

    def __init__(self) -> None:
        super().__init__()
        self.point: Callable[[str], None] = lambda place: None

    def begin(self, operation: str, path: str) -> None:
        """Let the machine stop here."""
        self.point("disk")
        super().begin(operation, path)

    def times_durable(self, folder: Path, text: bytes) -> int:
        """Return how often a text would be found in the files of a folder after a power cut now."""
        prefix = f"{folder}/"
        return sum(node.durable.count(text) for path, node in self._names.items() if path.startswith(prefix))

    def everything(self) -> dict[str, bytes]:
        """Return all files as a process sees them."""
        return {path: bytes(node.seen) for path, node in self._names.items()}


class MortalRuntime(HandCrankedRuntime):
    """One life. `die` ends it at once; `crash` says when it ends by itself."""

    def __init__(self, seed: int, policy: Policy, disk: MortalDisk, start_ns: int, crash: Crash | None) -> None:
        self.is_dead = False
        self.crash = crash
        self.died_at = ""
        self._left = crash.countdown if crash is not None else 0
        self._policy = policy
        self._dice = Random(f"policy {seed}")
        self._priorities: dict[str, float] = {}
        self.unexpected: list[str] = []
        super().__init__(seed, preemption=policy.preemption, rush=policy.rush, disk=disk, on_failure=self._task_failed, start_ns=start_ns)
        disk.point = self.point

    def point(self, place: str) -> None:
        """Be at a place where another task may run and the machine may stop."""
        if self.is_dead:
            raise PowerCut
        crash = self.crash
        if crash is not None and crash.place in ("", place) and self._time_ns >= crash.after_seconds * 1e9:
            self._left -= 1
            if self._left <= 0:
                self.die(place)

    def die(self, place: str) -> None:
        """Stop the machine."""
        self.is_dead, self.died_at = True, place
        raise PowerCut

    def _task_failed(self, name: str, error: BaseException) -> None:
        if not self.is_dead:
            self.unexpected.append(f"the task {name} died: {error!r}")

    # The seams: each one dies with the machine.

    def now_ns(self) -> int:
        """Return the wall clock."""
        self._refuse_the_dead()
        return super().now_ns()

    def monotonic_ns(self) -> int:
        """Return the clock that never steps."""
        self._refuse_the_dead()
        return super().monotonic_ns()

    def random(self) -> float:
        """Return a number in [0, 1) drawn from the seed."""
        self._refuse_the_dead()
        return super().random()

    def new_id(self, length: int) -> str:
        """Return letters drawn from the seed."""
        self._refuse_the_dead()
        return super().new_id(length)

    def spawn(self, name: str, body: Callable[[], None]) -> HandCrankedTask:
        """Let `body` run when its turn comes."""
        self.point("step")
        return super().spawn(name, body)

    def wait(self, enroll: Any, until_ns: int | None) -> None:
        """Let others run."""
        self.point("step")
        super().wait(enroll, until_ns)
        self._refuse_the_dead()

    def may_give_way(self) -> None:
        """Let somebody else run first, if the dice say so."""
        self.point("step")
        super().may_give_way()

    def _report(self) -> None:
        if len(self.trace) > _MOST_STEPS and not self.is_dead:
            self.unexpected.append(f"{_MOST_STEPS:,} steps and no end")
            self.is_dead = True
        # The main task hears here that another one met the end.
        self._refuse_the_dead()
        super()._report()

    def _refuse_the_dead(self) -> None:
        if self.is_dead:
            raise PowerCut

    def _choose(self) -> int:
        ready, name = self._ready, self._policy.name
        if name == "random" or len(ready) == 1:
            return super()._choose()
        if name == "starve":
            fed = [place for place, wait in enumerate(ready) if not wait.task.name.startswith(self._policy.starved)]
            # Starved, not dead: now and then it runs all the same.
            return self._dice.choice(fed) if fed and self._dice.random() < 0.9 else super()._choose()
        if self._dice.random() < 0.01:
            self._priorities.clear()
        best = 0
        for place, wait in enumerate(ready):
            if wait.task.name not in self._priorities:
                self._priorities[wait.task.name] = self._dice.random()
            if self._priorities[wait.task.name] > self._priorities[ready[best].task.name]:
                best = place
        return best
