"""A small house, whole, without a thread and without a clock: a minute of trading in the blink of an eye, the same every time.

The engine, the lanes, the journal thread, the heartbeat, the Luno adapter and its rate limiter are the real ones; the runtime is cranked by
hand and the transport calls the simulated exchange in-process, with a delay drawn from the seed on the way there and on the way back.
"""

import threading
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from brokerage import registry, requests_transport
from brokerage.luno_simulator.api import LunoApi
from brokerage.luno_simulator.exchange import OPENING_BALANCES, Exchange
from brokerage.luno_simulator.quirks import STANDARD, Quirks
from brokerage.luno_simulator.route import Permission
from brokerage.transport import HttpReply, HttpRequest, Transport
from tests.hand_cranked_disk import HandCrankedDisk
from tests.hand_cranked_runtime import START_NS, HandCrankedRuntime
from trading_system.assembly import Plan, build_house
from trading_system.core.disk_files import DISK
from trading_system.core.events import CancelEvent, FillEvent, OrderEvent, OrderUpdateEvent, WarningEvent
from trading_system.core.ports import Watcher
from trading_system.core.venues import Venue
from trading_system.engine.trading_system import TradingSystem
from trading_system.enrollment import enroll
from trading_system.settings.load import load_settings
from trading_system.settings.located import default_mapping

ROOT = Path(__file__).resolve().parents[2]
SECOND = 1_000_000_000
_MOST_DELAY_NS = 60_000_000
_CONFIG = """mode: simulate
strategies:
  naive_test: {instruments: [XBTZAR.luno], capital: {ZAR: 50000}, params: {quantity: 0.001}}
  moving_average_cross: {instruments: [ETHZAR.luno], capital: {ZAR: 50000}, bars: 2s}
  market_making: {instruments: [XRPZAR.luno], capital: {ZAR: 20000, XRP: 500}}
"""


class InProcessTransport:
    """Carries a request to the exchange in this very process; both ways take a while and others run meanwhile."""

    def __init__(self, api: LunoApi, runtime: HandCrankedRuntime, seed: int) -> None:
        self._api = api
        self._runtime = runtime
        self._delays = Random(f"delays {seed}")

    def send(self, request: HttpRequest, deadline_ns: int) -> HttpReply:
        self._wait()
        headers = {"authorization": request.credentials.authorization()} if request.credentials is not None else {}
        answer = self._api.handle(request.method, request.path, request.query, request.form, headers, self._runtime.now_ns())
        self._wait()
        return HttpReply(answer.status, dict(answer.headers), answer.body)

    def abort(self, token: str | None = None) -> int:
        return 0

    def _wait(self) -> None:
        self._runtime.sleep_until(self._runtime.monotonic_ns() + self._delays.randrange(_MOST_DELAY_NS))


class Trace:
    """Watches orders and fills, with the time of the engine's clock."""

    kinds: tuple[type, ...] = (OrderEvent, CancelEvent, OrderUpdateEvent, FillEvent, WarningEvent)

    def __init__(self, runtime: HandCrankedRuntime) -> None:
        self._runtime = runtime
        self.events: list[tuple[int, Any]] = []

    def notice(self, event: Any, actions: Sequence[Any]) -> None:
        self.events.append((self._runtime.now_ns(), event))


def open_in_process(api: LunoApi, runtime: HandCrankedRuntime, symbols: Sequence[str], seed: int, settings: Any = None,
                    transport: Callable[[LunoApi, HandCrankedRuntime, int], Transport] = InProcessTransport) -> Venue:
    """Open the venue as the registry ever does; only the transport is ours."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(requests_transport, "RequestsTransport", lambda runtime: transport(api, runtime, seed))
        return registry.open("luno", settings or default_mapping("brokers.luno", {"adapter": "luno"}), symbols, runtime, "http://in.process")


class House:
    """One run of the small house below `folder`; another `config`, other strategies, quirks, transport and rates where they are given.

    The journal is on `disk` where one is given. `before` is an earlier run, whose exchange and disk are still there.
    """

    def __init__(self, folder: Path, seed: int, config: str = _CONFIG, strategies: Path = ROOT / "strategies", quirks: Quirks = STANDARD,
                 transport: Callable[[LunoApi, HandCrankedRuntime, int], Transport] = InProcessTransport, watchers: Sequence[Watcher] = (),
                 rate_limit: int | None = 300, disk: HandCrankedDisk | None = None, before: "House | None" = None, **rates: str) -> None:
        (folder / "configs").mkdir(parents=True, exist_ok=True)
        (folder / "configs" / "global_strategy_config.yaml").write_text(config)
        written = default_mapping("brokers.luno", {"adapter": "luno", **rates})
        start_ns = START_NS if before is None else before.runtime.now_ns() + SECOND
        self.runtime = HandCrankedRuntime(seed, preemption=0.05, disk=disk, start_ns=start_ns)
        if disk is None:
            self.runtime.files = DISK        # the board and the log write real files beside the journal
        now_ns = self.runtime.now_ns()
        self.exchange = Exchange(seed, genesis_ns=now_ns, quirks=quirks) if before is None else before.exchange
        keys = {registry.SIMULATOR_KEY[0]: (registry.SIMULATOR_KEY[1], int(Permission.trading()))}
        api = LunoApi(self.exchange, keys=keys, rate_limit=rate_limit)
        self.sent: list[tuple[int, str]] = []
        handle = api.handle

        def noted(method: str, path: str, *rest: Any, **more: Any) -> Any:
            self.sent.append((self.runtime.monotonic_ns(), path))
            return handle(method, path, *rest, **more)
        api.handle = noted  # type: ignore[method-assign]
        self.said: list[str] = []
        self.gave_up: list[str] = []
        settings = load_settings(folder / "configs", (), {})
        enrolled = enroll(settings, strategies)
        symbols = [symbol for one in enrolled for symbol in one.settings.instruments]
        self.trace = Trace(self.runtime)
        self.system: TradingSystem = build_house(Plan(
            settings, enrolled, {"luno": open_in_process(api, self.runtime, symbols, seed, written, transport)}, self.runtime, folder / "state",
            lambda who, text: self.said.append(f"{who}: {text}"), self.gave_up.append, (self.trace, *watchers)))

    def run(self, seconds: float) -> None:
        """Trade for so many seconds of the virtual clock, then stop in order."""
        try:
            self.system.run(seconds)
        finally:
            self.runtime.close()


def test_a_minute_of_the_virtual_clock_trades_and_every_cent_is_accounted_for(tmp_path: Path) -> None:
    house = House(tmp_path, 1)
    started = time.perf_counter()
    house.run(60)
    took = time.perf_counter() - started
    picture = house.system.picture()
    assert took < 10, "a virtual minute that lasts as long as a real one is of no use"
    assert house.runtime.monotonic_ns() >= 60 * SECOND
    assert picture["beats"] >= 60
    assert picture["errors"] == 0, picture["error_texts"]
    assert house.gave_up == []
    assert house.system.unconfirmed == []
    assert "script finished" in picture["strategies"]["naive_test"]["last_decision"]
    assert len(house.exchange.register.open_orders()) == 0
    account = house.exchange.accounts
    for currency, opening in OPENING_BALANCES.items():
        given = {"ZAR": Decimal(120_000), "XRP": Decimal(500)}.get(currency, Decimal(0))
        owned = sum((desk.positions.holdings(currency) for desk in house.system.engine.books.desks.values()), Decimal(0))
        assert account.total("customer", currency) == opening + owned - given, currency


def test_at_the_venues_own_rate_every_order_that_looks_done_is_looked_at_again_and_no_order_waits_for_that(tmp_path: Path) -> None:
    house = House(tmp_path, 2)
    house.run(60)
    done = [order for desk in house.system.engine.books.desks.values() for order in desk.orders.done.values()]
    ended_ns = house.runtime.now_ns()
    old = [order for order in done if order.venue_order_id and order.done_ns < ended_ns - 15 * SECOND]
    assert len(old) > 10
    assert all(order.is_settled for order in old)
    assert not [order.reason for order in done if order.code == "stale"]


def test_the_same_seed_gives_the_same_orders_and_fills_and_another_seed_others(tmp_path: Path) -> None:
    traces = []
    for number, seed in enumerate((7, 7, 8)):
        house = House(tmp_path / str(number), seed)
        house.run(30)
        traces.append(house.trace.events)
    assert any(isinstance(event, FillEvent) for _, event in traces[0])
    assert traces[0] == traces[1]
    assert traces[0] != traces[2]


def test_no_thread_is_started_and_no_clock_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*words: Any) -> Any:
        raise AssertionError("somebody went around the runtime")
    threads = threading.active_count()
    with monkeypatch.context() as patch:
        for name in ("time", "time_ns", "monotonic", "monotonic_ns", "sleep"):
            patch.setattr(time, name, forbidden)
        patch.setattr(threading.Thread, "start", forbidden)
        house = House(tmp_path, 3)
        house.run(20)
    assert threading.active_count() == threads
    assert house.system.picture()["beats"] >= 20
    assert house.system.picture()["errors"] == 0
