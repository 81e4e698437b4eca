"""The last door: stands in front of every broker, on the executor's thread, and judges an order once more at the moment of sending.

It keeps the pace, denies what waited too long, and looks at the kill latch after the waiting, not before. It never repeats anything.
"""

from collections import deque
from collections.abc import Callable
from typing import NoReturn

from trading_system.core.errors import HeldBack, TryAgain
from trading_system.core.events import Balance, OpenOrdersEvent
from trading_system.core.instrument import Instrument
from trading_system.core.order import OrderRequest
from trading_system.core.order_update import OrderUpdate, VenueTrade
from trading_system.core.ports import Broker, Runtime
from trading_system.risk.clock_guard import ClockGuard
from trading_system.risk.kill_latch import KillLatch

_SECOND = 1_000_000_000

#: Waits for a place in the venue's rate until monotonic nanoseconds; False when none came free in time.
WaitForRate = Callable[[int], bool]


class GuardedBroker:
    """A broker behind the last door. `wait_to_order` and `wait_to_cancel` take a place in the venue's rate; `is_of_this_run` tells by an
    order's name whether this run wrote it down; `orders_per_second` is the house's own limit, whatever strategies want."""

    def __init__(self, broker: Broker, latch: KillLatch, runtime: Runtime, wait_to_order: WaitForRate, wait_to_cancel: WaitForRate,
                 is_of_this_run: Callable[[str], bool], max_queue_seconds: float = 2.0, orders_per_second: float = 10.0,
                 clock: ClockGuard | None = None) -> None:
        self.name = broker.name
        self.broker = broker
        self._latch = latch
        self._clock = clock
        self._runtime = runtime
        self._wait_to_order = wait_to_order
        self._wait_to_cancel = wait_to_cancel
        self._is_of_this_run = is_of_this_run
        self._max_queue_ns = int(max_queue_seconds * 1e9)
        self._lock = runtime.lock()
        self._sent_ns: deque[int] = deque(maxlen=max(1, int(orders_per_second)))
        self._is_closed = False
        self.longest_wait_seconds = 0.0
        self.held_back = 0

    def place_order(self, request: OrderRequest) -> OrderUpdate:
        """Place it, if the rate has room in time and nobody killed the house. Raises HeldBack, and what the broker raises."""
        runtime = self._runtime
        if not self._is_of_this_run(request.client_order_id):
            self._hold_back("old_run", "its name is not of this run: only the run that wrote an order down may send it, and only once")
        waited_ns = max(0, runtime.now_ns() - request.created_ns)
        until_ns = runtime.monotonic_ns() + self._max_queue_ns - waited_ns
        if waited_ns >= self._max_queue_ns or not self._wait_to_order(until_ns):
            limit = f"{self._max_queue_ns / 1e9:g} s"
            self._hold_back("stale", f"it could not leave within {limit} of its decision: the venue's rate is used up")
        self.longest_wait_seconds = max(self.longest_wait_seconds, (runtime.now_ns() - request.created_ns) / 1e9)
        if self._latch.is_set():
            self._hold_back("killed", "the house is killed")
        if self._is_closed:
            self._hold_back("closed", "the house is leaving")
        if self._clock is not None and (trouble := self._clock.trouble()):
            self._hold_back("clock", trouble)
        if not self._is_within_pace():
            self._hold_back("rate", f"{self._sent_ns.maxlen} orders left within the last second already")
        return self.broker.place_order(request)

    def close(self) -> None:
        """Let no order pass any more, for good; cancels and questions still do. May be called on any thread."""
        self._is_closed = True

    def cancel_order(self, request: OrderRequest, venue_order_id: str) -> OrderUpdate:
        """Ask to cancel; a killed house still cancels."""
        if not self._wait_to_cancel(self._runtime.monotonic_ns() + 5 * self._max_queue_ns):
            raise TryAgain("the venue's rate had no room for the cancel")
        return self.broker.cancel_order(request, venue_order_id)

    def instruments(self) -> list[Instrument]:
        """Return every market that can be traded."""
        return self.broker.instruments()

    def look_up(self, request: OrderRequest, venue_order_id: str = "") -> OrderUpdate:
        """Return what the venue holds under our name."""
        return self.broker.look_up(request, venue_order_id)

    def open_orders(self) -> OpenOrdersEvent:
        """Return all open orders of the account."""
        return self.broker.open_orders()

    def fills_since(self, symbol: str, since_ns: int) -> list[VenueTrade]:
        """Return our own trades of `symbol` since then."""
        return self.broker.fills_since(symbol, since_ns)

    def balances(self) -> dict[str, Balance]:
        """Return what the account holds per currency."""
        return self.broker.balances()

    def _is_within_pace(self) -> bool:
        with self._lock:
            now_ns, sent_ns = self._runtime.monotonic_ns(), self._sent_ns
            if len(sent_ns) == sent_ns.maxlen and now_ns - sent_ns[0] < _SECOND:
                return False
            sent_ns.append(now_ns)
            return True

    def _hold_back(self, code: str, reason: str) -> NoReturn:
        self.held_back += 1
        raise HeldBack(code, reason)


def no_wait(until_ns: int) -> bool:
    """Take a place in a rate that nobody limits."""
    return True

