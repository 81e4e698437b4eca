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
    """One for all desks. `closed_reason` is set while the house takes no orders at all; `broken` names the brokers that refuse us."""

    def __init__(self, clock: Clock, house: str, run_started_ns: int, risk: RiskManager, limits: Mapping[str, RiskLimits],
                 lay: Callable[[ActionEvent], None], log_line: LogLine) -> None:
        self.clock = clock
        self.timers = Timers()
        self._guarded: Guarded = lambda desk, hook: hook
        self.shield = _NO_GUARD
        self.fail: Callable[[Desk, str], None] = lambda desk, reason: None
        self.closed_reason = ""
        self.broken: dict[str, str] = {}
        self.log_line = log_line
        self._house = house
        self._run = base36(run_started_ns // 1_000_000_000)
        self._numbers: dict[str, int] = {}
        self._risk = risk
        self._limits = limits
        self._lay = lay

    def stand_behind(self, guard: HookGuard, guarded: Guarded | None = None) -> None:
        """Let `guard` stand around timers, in its way `guarded` (else `wrap`), and its shield hold a shot back while a strategy is inside
        one of our verbs."""
        self._guarded, self.shield = guarded or guard.wrap, guard.shield

    def name_order(self, strategy: str) -> str:
        """Return `<house>-<strategy>-<run>-<n>`: a deleted or restored state folder can never repeat one."""
        number = self._numbers[strategy] = self._numbers.get(strategy, 0) + 1
        return f"{self._house}-{strategy}-{self._run}-{number}"

    def is_of_this_run(self, client_order_id: str) -> bool:
        """Tell whether `name_order` of this very run made a name. May be called on any thread."""
        parts = client_order_id.split("-")
        return len(parts) == 4 and (parts[0], parts[2]) == (self._house, self._run)

    def judge(self, desk: Desk, request: OrderRequest, reference: Decimal, currency: str, needed: Decimal) -> Verdict:
        """Let risk judge an order of `desk` against everything that is open and free right now."""
        view = desk.market[request.symbol]
        instrument = view.instrument
        verdict = self._risk.judge(request, Situation(
            instrument, self._limits[desk.name], self.closed_reason or desk.pause_reason or self.broken.get(instrument.broker, ""),
            reference, view.age_seconds, len(desk.orders), desk.orders_in_a_row, currency, needed, desk.free(currency)))
        if verdict.code == FLOOD:
            self.fail(desk, verdict.sentence)
        return verdict

    def lay(self, event: OrderEvent | CancelEvent | NoteEvent) -> None:
        """Lay a consequence of the event being handled."""
        self._lay(event)

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
