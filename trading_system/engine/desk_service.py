"""What the engine does for a desk: the stamp, order names, risk's verdict, a place in the queue, timers.

Called from inside strategies' verbs, on the engine's thread.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from trading_system.core.clock import Clock
from trading_system.core.events import ActionEvent, CancelEvent, NoteEvent, OrderEvent, Verdict
from trading_system.core.order import OrderRequest
from trading_system.engine.timers import Timers
from trading_system.risk.clock_guard import ClockGuard
from trading_system.risk.limits import RiskLimits
from trading_system.risk.risk_manager import FLOOD, RiskManager, Situation
from trading_system.strategy_host.desk import Desk
from trading_system.strategy_host.hook_guard import HookGuard
from trading_system.strategy_host.shield import Shield

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_NO_GUARD = Shield()
Guarded = Callable[[Desk, Callable[..., None]], Callable[..., None]]
LogLine = Callable[[str, str, str, Mapping[str, Any]], None]


class DeskService:
    """One for all desks. `closed_reason` is set while the house takes no orders at all; `broken` names the brokers that refuse us, `clocks`
    watch those of the brokers, `doubt` says of an order what must be known before it may leave."""

    def __init__(self, clock: Clock, house: str, run_started_ns: int, risk: RiskManager, limits: Mapping[str, RiskLimits],
                 lay: Callable[[ActionEvent], None], log_line: LogLine) -> None:
        self.clock = clock
        self.timers = Timers()
        self._guarded: Guarded = lambda desk, hook: hook
        self.shield = _NO_GUARD
        self.fail: Callable[[Desk, str], None] = lambda desk, reason: None
        self.closed_reason = ""
        self.broken: dict[str, str] = {}
        self.clocks: Mapping[str, ClockGuard] = {}
        self.doubt: Callable[[Desk, OrderRequest], str] = lambda desk, request: ""
        self.log_line = log_line
        self._house = house
        self._run = base36(run_started_ns // 1_000_000_000)
        self._numbers: dict[str, int] = {}
        self._left_runs: dict[str, dict[str, int]] = {}
        self._risk = risk
        self._limits = limits
        self.lay: Callable[[OrderEvent | CancelEvent | NoteEvent], None] = lay        # a consequence of the event being handled

    def stand_behind(self, guard: HookGuard, guarded: Guarded | None = None) -> None:
        """Let `guard` stand around timers, in its way `guarded` (else `wrap`), and its shield hold a shot back while a strategy is inside
        one of our verbs."""
        self._guarded, self.shield = guarded or guard.wrap, guard.shield

    def name_order(self, strategy: str) -> str:
        """Return `<house>-<strategy>-<run>-<n>`: a deleted or restored state folder can never repeat one."""
        number = self._numbers[strategy] = self._numbers.get(strategy, 0) + 1
        return f"{self._house}-{strategy}-{self._run}-{number}"

    def is_of_this_run(self, client_order_id: str) -> bool:
        """Tell whether a name is of this very run, also one from before `leave_run`. May be called on any thread."""
        parts = client_order_id.split("-")
        return len(parts) == 4 and parts[0] == self._house and (parts[2] == self._run or parts[2] in self._left_runs)

    def numbers(self) -> dict[str, int]:
        """Return the last number given to each strategy, by all that stands before it in the name, as `Books.numbers` does."""
        runs = {**self._left_runs, self._run: self._numbers}
        return {f"{self._house}-{strategy}-{run}": number for run, numbers in runs.items() for strategy, number in numbers.items()}

    def has_named(self, client_order_id: str) -> bool:
        """Tell whether this process gave that name to an order."""
        strategy, run, number = client_order_id.split("-")[1:]
        numbers = self._numbers if run == self._run else self._left_runs.get(run, {})
        return int(number) <= numbers.get(strategy, 0)

    def leave_run(self, seen_run: str) -> None:
        """Give later names from now on when the venue has orders of `seen_run` that are not ours: a clock that was set back behind a
        restored state folder would repeat them."""
        if int(seen_run, 36) >= int(self._run, 36):
            self._left_runs[self._run] = self._numbers
            self._run, self._numbers = base36(int(seen_run, 36) + 1), {}

    def judge(self, desk: Desk, request: OrderRequest, reference: Decimal, currency: str, needed: Decimal) -> Verdict:
        """Let risk judge an order of `desk` against everything that is open and free right now."""
        view = desk.market[request.symbol]
        closed = self.closed_reason or desk.pause_reason or (self._trouble_at(view.instrument.broker) if self.broken or self.clocks else "")
        verdict = self._risk.judge(request, Situation(
            view.instrument, self._limits[desk.name], closed, reference, view.age_seconds, len(desk.orders.open),
            desk.orders_in_a_row, currency, needed, desk.free(currency), self.doubt(desk, request)))
        if verdict.code == FLOOD:
            self.fail(desk, verdict.sentence)
        return verdict

    def _trouble_at(self, broker: str) -> str:
        clock = self.clocks.get(broker)
        return self.broken.get(broker, "") or (clock.trouble() if clock is not None else "")

    def set_timer(self, desk: Desk, seconds: float, hook: Callable[[], None]) -> None:
        """Call a hook of the desk's strategy every so many seconds, with the guard around it."""
        self.timers.set(self.clock.now_ns, int(seconds * 1e9), self._guarded(desk, hook))


def base36(number: int) -> str:
    """Return a number above zero in the digits 0-9a-z."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"
