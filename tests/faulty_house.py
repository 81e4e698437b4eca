"""A house, whole, without a thread and without a clock, on an exchange that misbehaves on request: minutes in the blink of an eye.

The engine, the lanes, the journal thread, the heartbeat, the Luno adapter and its rate limiter are the real ones; the runtime is cranked by
hand and the transport calls the simulated exchange in-process, with a delay drawn from the seed on the way there and on the way back.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from brokerage import registry, requests_transport
from brokerage.luno_simulator.api import LunoApi
from brokerage.luno_simulator.delivery import Delivery, Ending
from brokerage.luno_simulator.exchange import OPENING_BALANCES, Exchange
from brokerage.luno_simulator.fault_endpoints import endpoint_of
from brokerage.luno_simulator.faults import Faults
from brokerage.luno_simulator.parameters import Parameters
from brokerage.luno_simulator.quirks import Quirks
from brokerage.luno_simulator.route import Permission
from brokerage.transport import ConnectionBroken, ConnectionNotMade, HttpReply, HttpRequest
from tests.hand_cranked_runtime import HandCrankedRuntime
from tests.system.test_hand_cranked_house import SECOND, Trace
from trading_system.assembly import Plan, build_house
from trading_system.core.disk_files import DISK
from trading_system.core.errors import TryAgain
from trading_system.core.events import ConnectionEvent
from trading_system.core.venues import Venue
from trading_system.engine.trading_system import TradingSystem
from trading_system.enrollment import enroll
from trading_system.settings.load import Settings, load_settings

ROOT = Path(__file__).resolve().parents[1]
STRATEGIES = ROOT / "strategies"
TEST_STRATEGIES = ROOT / "tests" / "system" / "strategies"
_MOST_DELAY_NS = 60_000_000
#: Nothing of ours, and nothing of the exchange's, limits how many calls are made.
WITHOUT_LIMITS = """heartbeat_seconds: 0.25
max_open_orders: 500
max_queue_seconds: 30
orders_per_second: 1000
brokers:
  luno: {adapter: luno, calls_per_second: 1000, burst: 1000, polls_per_second: 100, cancels_per_second: 100, order_deadline_seconds: 1,
         read_deadline_seconds: 1, ttl_seconds: 0.5}
simulator: {rate_limit: off}
"""


class FaultyTransport:
    """Carries a request to the exchange in this very process, and the answer back in the way the faults say; both ways take a while and
    others run meanwhile. `calls` counts them by the names that fault rules use."""

    def __init__(self, api: LunoApi, faults: Faults, runtime: HandCrankedRuntime, seed: int) -> None:
        self._api = api
        self._faults = faults
        self._runtime = runtime
        self._delays = Random(f"delays {seed}")
        self._in_flight: list[tuple[str, Any]] = []
        self.calls: dict[str, int] = {}

    def send(self, request: HttpRequest, deadline_ns: int) -> HttpReply:
        """Return the reply; raises as the real transport does."""
        self._wait()
        endpoint = endpoint_of(request.method, request.path, Parameters(request.query, request.form))
        self.calls[endpoint] = self.calls.get(endpoint, 0) + 1
        headers = {"authorization": request.credentials.authorization()} if request.credentials is not None else {}
        told = self._faults.deliver(self._api, request.method, request.path, request.query, request.form, headers, self._runtime.now_ns())
        self._wait()
        if isinstance(told, Delivery):
            self._carry(told, request.token, deadline_ns)
        return HttpReply(told.status, {name.lower(): value for name, value in told.headers.items()}, told.body)

    def abort(self, token: str | None = None) -> int:
        """End the calls in flight that carry `token`, all when None; returns how many."""
        found = [bell for its_token, bell in self._in_flight if token is None or its_token == token]
        for bell in found:
            bell.put("aborted")
        return len(found)

    def _carry(self, delivery: Delivery, token: str, deadline_ns: int) -> None:
        if delivery.ending is Ending.REFUSE:
            # A connection that stood already is reset, and whoever sent on it cannot know that nobody read.
            stood = self._delays.random() < 0.5
            raise ConnectionBroken("connection reset by peer") if stood else ConnectionNotMade("connection refused")
        if delivery.ending in (Ending.CLOSE, Ending.RESET):
            raise ConnectionBroken("connection reset by peer")
        until_ns = deadline_ns
        if delivery.ending is Ending.ANSWER:
            until_ns = min(deadline_ns, self._runtime.monotonic_ns() + int(delivery.total_seconds * SECOND))
        bell = self._runtime.mailbox()
        self._in_flight.append((token, bell))
        is_aborted = bell.take(until_ns)
        self._in_flight.remove((token, bell))
        if is_aborted or until_ns >= deadline_ns:
            raise ConnectionBroken("aborted" if is_aborted else "the deadline has passed")
        if delivery.cut_at is not None or len(delivery.body) > requests_transport.BODY_LIMIT:
            raise ConnectionBroken("the reply was not whole")

    def _wait(self) -> None:
        self._runtime.sleep_until(self._runtime.monotonic_ns() + self._delays.randrange(_MOST_DELAY_NS))


class FindableTrace(Trace):
    """A trace that is asked for the events of one kind."""

    kinds = (*Trace.kinds, ConnectionEvent)

    def of(self, kind: type, where: Callable[[Any], bool] = lambda event: True) -> list[Any]:
        """Return the events of a kind, oldest first."""
        return [event for _, event in self.events if type(event) is kind and where(event)]


class FaultyHouse:
    """One run of the small house below `folder`: `strategies` are the lines below `strategies:`, `system` is the whole other file, `rules`
    are what the exchange does wrong."""

    def __init__(self, folder: Path, seed: int, strategies: str, system: str = "", rules: Sequence[str] = (),
                 strategies_folder: Path = STRATEGIES, preemption: float = 0.05, quirks: Quirks | None = None) -> None:
        (folder / "configs").mkdir(parents=True, exist_ok=True)
        lines = "\n".join("  " + line for line in strategies.strip().splitlines())
        (folder / "configs" / "global_strategy_config.yaml").write_text(f"mode: simulate\nstrategies:\n{lines}\n")
        (folder / "configs" / "system_config.yaml").write_text(system or "brokers:\n  luno: {adapter: luno}\n")
        self.folder = folder
        self.runtime = HandCrankedRuntime(seed, preemption=preemption)
        self.runtime.files = DISK            # the board and the log write real files beside the journal
        # The exchange was there before us, so that a read which lags shows an account and no void.
        self.faults = Faults(rules, seed)
        self.settings = load_settings(folder / "configs", (), {})
        limit = self.settings.system.simulator.rate_limit
        self.api = LunoApi(
            Exchange(seed, genesis_ns=self.runtime.now_ns() - 5 * SECOND, quirks=quirks or Quirks()),
            keys={registry.SIMULATOR_KEY[0]: (registry.SIMULATOR_KEY[1], int(Permission.trading()))},
            rate_limit=None if limit == "off" else limit)
        self.transport = FaultyTransport(self.api, self.faults, self.runtime, seed)
        self.said: list[str] = []
        self.gave_up: list[str] = []
        self.trace = FindableTrace(self.runtime)
        self.build_attempts = 0
        enrolled = enroll(self.settings, strategies_folder)
        symbols = [symbol for one in enrolled for symbol in one.settings.instruments]
        self.venue = self._venue(self.settings, symbols)
        self.system = self._build(Plan(
            self.settings, enrolled, {"luno": self.venue}, self.runtime, folder / "state",
            lambda who, text: self.said.append(f"{who}: {text}"), self.gave_up.append, (self.trace,)))

    @property
    def exchange(self) -> Exchange:
        """Return the exchange as it is now: a restart makes another one."""
        return self.api.exchange

    def run(self, seconds: float) -> None:
        """Trade for so many seconds of the virtual clock, then stop in order."""
        try:
            self.system.run(seconds)
        finally:
            self.runtime.close()

    def run_until(self, is_done: Callable[[], bool], limit_seconds: float) -> None:
        """Trade until `is_done`, looked at about ten times a second, then stop in order; fail beyond `limit_seconds`."""
        def watch() -> None:
            while not is_done() and self.runtime.monotonic_ns() < limit_seconds * SECOND:
                self.runtime.sleep_until(self.runtime.monotonic_ns() + SECOND // 10)
            self.system.request_stop("test", "done" if is_done() else "too late")
        self.runtime.spawn("watch", watch)
        self.run(limit_seconds * 2)
        assert self.system.engine.stop_reason == "done", self.system.picture()

    def differences(self) -> dict[str, tuple[Decimal, Decimal]]:
        """Return per currency what the account holds and what it should by the strategies' ledgers, where these differ.

        For houses on whose account nobody else trades.
        """
        desks = self.system.engine.books.desks.values()
        found = {}
        for currency, opening in OPENING_BALANCES.items():
            given = sum((one.capital.get(currency, Decimal(0)) for one in self.settings.global_settings.strategies.values()), Decimal(0))
            wanted = opening - given + sum((desk.positions.holdings(currency) for desk in desks), Decimal(0))
            if (there := self.exchange.accounts.total("customer", currency)) != wanted:
                found[currency] = (there, wanted)
        return found

    def _build(self, plan: Plan) -> TradingSystem:
        # As the command `run` does: a venue that does not answer is asked again for a while, and nothing is started until then.
        until_ns = self.runtime.monotonic_ns() + int(self.settings.system.venue_patience_seconds * SECOND)
        while True:
            self.build_attempts += 1
            try:
                return build_house(plan)
            except TryAgain:
                if self.runtime.monotonic_ns() >= until_ns:
                    raise
                self.runtime.sleep_until(self.runtime.monotonic_ns() + SECOND)

    def _venue(self, settings: Settings, symbols: Sequence[str]) -> Venue:
        # The registry opens the venue as ever; only the transport is ours.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(requests_transport, "RequestsTransport", lambda runtime: self.transport)
            return registry.open("luno", settings.system.brokers["luno"], symbols, self.runtime, "http://in.process")
