"""The exchange of a simulator process in real time: clock, memory and interface put together; driven by `server.py`.
After a failure of the disk it must never answer again."""

import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from brokerage.luno_simulator.api import Answer, LunoApi
from brokerage.luno_simulator.delivery import Delivery
from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.exchange_clock import ExchangeClock
from brokerage.luno_simulator.fault_control import ControlledFaults
from brokerage.luno_simulator.faults import Faults
from brokerage.luno_simulator.ledger import Ledger
from brokerage.luno_simulator.server_options import ServerOptions

_TICKS_PER_MARKS = 7
# After a longer gap (a suspended computer) the crowd does not live through the time that was missed.
_LONGEST_GAP_NS = 30_000_000_000

_Result = TypeVar("_Result")


class RunningExchange:
    """One exchange that lives in real time and remembers in `STATE/exchange`."""

    def __init__(self, options: ServerOptions) -> None:
        """Open or reopen the exchange; raise FolderInUseError or DamagedLogError when its folder cannot be used."""
        self._ledger = Ledger(options.state_directory / "exchange")
        exchange = self._ledger.open_exchange(options.seed, ExchangeClock(0).now_ns(), options.quirks)
        self._clock = ExchangeClock(exchange.now_ns)
        self._api = LunoApi(
            exchange,
            keys=options.keys,
            rate_limit=options.rate_limit,
            keep=self._ledger.note,
            has_control=options.has_control,
        )
        self._options = options
        self._faults: Faults | None = None
        if options.has_control:
            self._faults = ControlledFaults(options.faults, options.fault_seed, reopen=self._reopen)
        elif options.faults:
            self._faults = Faults(options.faults, options.fault_seed, reopen=self._reopen)
        self._ticks = 0

    def handle(
        self,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]],
        form: Sequence[tuple[str, str]],
        headers: Mapping[str, str],
    ) -> Answer | Delivery:
        """Answer one request now, or say how a fault delivers the answer. It may leave only after `sync`."""
        faults = self._faults
        if faults is not None:
            return _or_end(lambda: faults.deliver(self._api, method, path, query, form, headers, self._catch_up()))
        return _or_end(lambda: self._api.handle(method, path, query, form, headers, self._catch_up()))

    @property
    def has_unsynced(self) -> bool:
        """Tell whether something has come about that the disk does not have yet."""
        return self._ledger.has_unsynced

    def sync(self) -> None:
        """Wait until the disk has all that came about; one wait serves every answer that needs it."""
        _or_end(self._ledger.sync)

    def tick(self) -> None:
        """Let the crowd live until now; about once a second note where the markets stand."""
        _or_end(self._live)
        self.sync()
        self._ticks += 1
        if self._ticks % _TICKS_PER_MARKS == 0:
            _or_end(lambda: self._ledger.keep_marks(self._api.exchange))

    def close(self) -> None:
        """Note where the markets stand and let go of the folder."""
        self._ledger.keep_marks(self._api.exchange)
        self._ledger.close()

    def _live(self) -> None:
        if self._faults is None:
            self._api.advance(self._catch_up())
        else:
            self._faults.advance(self._api, self._catch_up())

    def _reopen(self, exchange: Exchange, now_ns: int) -> Exchange:
        # From the disk and nothing else, as after a crash.
        self._ledger.sync()
        return self._ledger.open_exchange(self._options.seed, now_ns, self._options.quirks)

    def _catch_up(self) -> int:
        now_ns = self._clock.now_ns()
        self._api.exchange.skip_to(now_ns - _LONGEST_GAP_NS)
        return now_ns


def _or_end(step: Callable[[], _Result]) -> _Result:
    # What is in memory may now be ahead of what is on disk. Only a restart from the disk is honest.
    try:
        return step()
    except Exception:
        traceback.print_exc()
        print("The simulator ends: it could not keep or carry out a step.", file=sys.stderr, flush=True)
        os._exit(1)
