"""The brokers that the contract suites are run against: each entry opens a fresh account and gives it back closed.

A new broker joins by adding a function and a line to `ACCOUNTS`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple

from brokerage.credentials import Credentials
from brokerage.luno.broker import LunoBroker
from brokerage.luno.client import LunoClient
from brokerage.luno.feed import LunoFeed
from brokerage.luno.settings import LunoSettings
from brokerage.luno_simulator.launcher import SimulatorProcess
from brokerage.paper.broker import PaperBroker, PaperFeed
from brokerage.paper.fill_model import NAMED
from brokerage.rate_limiter import RateLimiter
from brokerage.requests_transport import RequestsTransport
from brokerage.rest_client import RestClient
from tests.contract.moving_market import MovingMarket
from trading_system.core.instrument import Instrument
from trading_system.core.ports import Broker, Feed
from trading_system.core.runtime import ThreadRuntime


class Account(NamedTuple):
    """A funded account: its broker, a feed of the same venue, and a liquid symbol to trade."""

    broker: Broker
    feed: Feed
    symbol: str


@contextmanager
def luno(folder: Path) -> Iterator[Account]:
    """Open an account at the Luno simulator, over real sockets."""
    simulator = SimulatorProcess.start(folder, 7, None, "key", "secret")
    runtime = ThreadRuntime()
    transport = RequestsTransport(runtime)
    try:
        settings = LunoSettings(url=simulator.url)
        rest = RestClient(settings.url, transport, runtime, RateLimiter(runtime, 1000.0, 1000, 400.0, 100.0), Credentials("key", "secret"))
        client = LunoClient(rest, settings)
        yield Account(LunoBroker("luno", client, settings, runtime, ["XBTZAR.luno"]), LunoFeed("luno", client, runtime), "XBTZAR.luno")
    finally:
        transport.close()
        simulator.stop()


@contextmanager
def paper(folder: Path) -> Iterator[Account]:
    """Open an account of paper money on a market that moves by the clock, polled the way the house polls it."""
    runtime = ThreadRuntime()
    symbol = "TESTEUR.paper"
    instrument = Instrument(symbol, "TEST", "EUR", Decimal("0.01"), Decimal("0.0001"), Decimal("0.001"), Decimal(10_000), Decimal("0.01"),
                            Decimal(100_000), Decimal("0.001"), Decimal("0.002"))
    market = MovingMarket("paper", symbol, runtime)
    broker = PaperBroker("paper", market, lambda: [instrument], {"EUR": Decimal(100_000), "TEST": Decimal(100)}, NAMED["base"], runtime)
    feed = PaperFeed(market, broker)
    is_over = Event()

    def poll() -> None:
        while not is_over.wait(0.005):
            feed.poll([symbol])

    poller = Thread(target=poll, name="paper poller", daemon=True)
    poller.start()
    try:
        yield Account(broker, feed, symbol)
    finally:
        is_over.set()
        poller.join(5)


ACCOUNTS: dict[str, Callable[[Path], Any]] = {"luno": luno, "paper": paper}
