"""The guard around every hook: it times it, contains what it raises, and breaks it off when it hangs.

The engine calls hooks only through here; the watchdog asks `hanging`. A strategy can harm nobody but itself.
"""

from collections.abc import Callable
from typing import Any

from trading_system.core.market_data import Bar
from trading_system.core.ports import Runtime
from trading_system.strategy_host.desk import Desk
from trading_system.strategy_host.market_view import MarketView
from trading_system.strategy_host.shield import HookTimeout, Shield


class ContainedHook:
    """A hook whose exceptions pause its strategy and go no further."""

    __slots__ = ("_desk", "_hook", "_pause", "name")

    def __init__(self, desk: Desk, hook: Callable[..., None], pause: Callable[[Desk, str], None]) -> None:
        self.name = getattr(hook, "__name__", "a timer")
        self._desk = desk
        self._hook = hook
        self._pause = pause

    def call(self, *arguments: Any) -> None:
        """Call the hook, whatever it takes."""
        if not self._desk.is_paused:
            try:
                self._hook(*arguments)
            except (Exception, SystemExit) as error:
                self._break(error)

    def take(self, event: Any) -> None:
        """Call a hook of market data: packing arguments would cost a tenth of what is called most."""
        if not self._desk.is_paused:
            try:
                self._hook(event)
            except (Exception, SystemExit) as error:
                self._break(error)

    def behind(self, view: MarketView) -> Callable[[Bar], None]:
        """Return the shortest way a bar can take: what is known of its market is brought up to date, then the hook is called."""
        desk, hook, broken = self._desk, self._hook, self._break

        def deliver(bar: Bar) -> None:
            view.bar = view.last = bar
            view.taken_ns = bar.time_ns
            if not desk.is_paused:
                try:
                    hook(bar)
                except (Exception, SystemExit) as error:
                    broken(error)
        return deliver

    def _break(self, error: BaseException) -> None:
        self._pause(self._desk, f"{self.name} raised {_where(error) if isinstance(error, Exception) else type(error).__name__}")


class HookGuard:
    """Runs hooks on the main thread. `pause(desk, reason)` is called when one raises or is broken off.

    A shot names the call it is meant for: it is fired by `shoot` on the watchdog's thread and lands in `_land` on the main thread, which
    raises only if that very call still runs. So a late shot can never land in the engine or in another hook.
    """

    def __init__(self, runtime: Runtime, pause: Callable[[Desk, str], None], limit_seconds: float = 2.0) -> None:
        self.limit_ns = int(limit_seconds * 1e9)
        self._runtime = runtime
        self._pause = pause
        self._call = 0                      # the running call's number; 0 while no hook runs
        self._calls = 0
        self._started_ns = 0
        self._desk: Desk | None = None
        self._hook = ""
        self._shot_at = 0
        self.shots = 0
        self.shield = Shield()
        runtime.on_interrupt(self._land)

    def wrap(self, desk: Desk, hook: Callable[..., None]) -> Callable[..., None]:
        """Return `hook` with the guard around it, to be called by the engine only."""
        name = getattr(hook, "__name__", "a timer")
        times = desk.hook_times(name)
        monotonic_ns = self._runtime.monotonic_ns

        def guarded(*arguments: Any) -> None:
            if desk.is_paused:
                return
            started_ns = monotonic_ns()
            try:
                self._calls = number = self._calls + 1
                self._desk, self._hook, self._started_ns = desk, name, started_ns
                self.shield.forget()
                self._call = number
                try:
                    hook(*arguments)
                finally:
                    self._call = 0
            except HookTimeout:
                self._call = 0
                self._pause(desk, f"{name} ran longer than {self.limit_ns / 1e9:g} s and was broken off")
            except Exception as error:
                self._pause(desk, f"{name} raised {_where(error)}")
            except BaseException as error:
                # Whatever a strategy raises is its own affair; Ctrl-C comes as a command, never as an exception.
                self._pause(desk, f"{name} raised {type(error).__name__}")
            times.add(monotonic_ns() - started_ns)
        return guarded

    def contain(self, desk: Desk, hook: Callable[..., None]) -> Callable[..., None]:
        """Return `hook` with what it raises contained, neither timed nor broken off: for history, where nobody waits for a hook.

        Ctrl-C passes through it: there it is the user who wants the whole run to end.
        """
        contained = ContainedHook(desk, hook, self._pause)
        return contained.take if contained.name in ("on_bar", "on_tick", "on_trade", "on_book") else contained.call

    def hanging(self, now_ns: int) -> tuple[Desk, str, float] | None:
        """Return the desk, the hook and the seconds of a call that runs longer than the limit at monotonic `now_ns`; else None."""
        call, desk, started_ns = self._call, self._desk, self._started_ns
        if not call or desk is None or now_ns - started_ns < self.limit_ns or call != self._call:
            return None
        return desk, self._hook, (now_ns - started_ns) / 1e9

    def shoot(self) -> None:
        """Break the running hook off. Called by the watchdog on its own thread, again and again while the hook hangs."""
        self._shot_at = self._call
        if self._shot_at:
            self.shots += 1
            self._runtime.interrupt()

    def _land(self) -> None:
        if self._call and self._shot_at == self._call:
            self.shield.land()


def _where(error: Exception) -> str:
    # The strategy's own line is what its author needs; frames of the house are noise.
    trace = error.__traceback__
    line = ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.endswith("_strategy.py"):
            line = f" ({file.rpartition('/')[2]}:{trace.tb_lineno})"
        trace = trace.tb_next
    return f"{type(error).__name__}: {error}{line}"
