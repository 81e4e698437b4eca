"""From a name in the configuration to a broker and its feed. The roof hands this down, so that the house itself names no broker.

Adapters are imported only when one is asked for, so that what a user does not trade on costs nothing.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from trading_system.core.errors import ConfigError
from trading_system.core.instrument import Instrument
from trading_system.core.ports import Runtime
from trading_system.core.venues import GOOD_BEHAVIOR, KeyNeeds, Misbehavior, RateLeft, Venue
from trading_system.settings.convert import convert
from trading_system.settings.located import LocatedMapping
from trading_system.settings.problems import Problems, nearest

if TYPE_CHECKING:
    from brokerage.luno.settings import LunoSettings
    from brokerage.luno_simulator.launcher import SimulatorProcess
    from brokerage.paper.venue import FillVenue

#: The one account of the simulated exchange. It is no secret: the exchange answers this machine only.
SIMULATOR_KEY = ("simulator", "not-a-secret")
ADAPTERS = ("luno",)


def open(name: str, settings: LocatedMapping, symbols: Sequence[str], runtime: Runtime, url: str | None) -> Venue:
    """Open the broker called `name` for `symbols`; at `url` it is the simulated exchange with its key. Raises ConfigError."""
    return _open_luno(name, _luno_settings(name, settings), symbols, runtime, url)


def simulated_instruments(name: str, settings: LocatedMapping) -> list[Instrument]:
    """Return what the simulated exchange lists for the broker called `name`, without starting it. Raises ConfigError."""
    import json

    from brokerage.luno import mapping
    from brokerage.luno_simulator.api import LunoApi
    from brokerage.luno_simulator.exchange import Exchange

    _luno_settings(name, settings)
    exchange = Exchange(1, has_crowd=False)
    answer = LunoApi(exchange, keys={}).handle("GET", "/api/exchange/1/markets", (), (), {}, exchange.now_ns)
    # Fees are the made-up account's own: a backtest without fees would flatter.
    found = []
    for row in json.loads(answer.body)["markets"]:
        market = exchange.floor(row["market_id"]).market
        found.append(mapping.instrument(row, {"maker_fee": str(market.maker_rate), "taker_fee": str(market.taker_rate)}, name))
    return found


def key_needs(name: str, settings: LocatedMapping) -> KeyNeeds:
    """Return which key the broker called `name` wants when it is the real one."""
    return KeyNeeds(("LUNO_API_KEY_ID", "LUNO_API_KEY_SECRET"),
                    "read balance, read transactions, read orders, write orders; never send")


def adapter_settings() -> dict[str, type[Struct]]:
    """Return what can be set for each adapter: for the reference that people read."""
    from brokerage.luno.settings import LunoSettings

    return {"luno": LunoSettings}


def simulate(
    state_directory: str, seed: int, rate_limit: int | None, misbehavior: Misbehavior = GOOD_BEHAVIOR
) -> "SimulatorProcess":
    """Start the simulated exchange as a child process, its memory in `state_directory`. Raises RuntimeError when it does not start."""
    from brokerage.luno_simulator.launcher import SimulatorProcess

    return SimulatorProcess.start(Path(state_directory), seed, rate_limit, *SIMULATOR_KEY, _options(misbehavior))


def wrong_fault(rule: str) -> str:
    """Return what is wrong with a fault rule and what was meant; empty when the simulated exchange understands it."""
    from brokerage.luno_simulator.fault_rule import read_rule

    try:
        read_rule(rule)
    except ValueError as error:
        return str(error)
    return ""


def serve(state_directory: str, seed: int, rate_limit: int | None, port: int, misbehavior: Misbehavior = GOOD_BEHAVIOR) -> None:
    """Become the simulated exchange, listening on `port` of this machine; does not come back."""
    from brokerage.luno_simulator.launcher import become_simulator

    become_simulator(Path(state_directory), seed, rate_limit, port, *SIMULATOR_KEY, _options(misbehavior))


def fill_settings() -> type[Struct]:
    """Return what can be set of how the paper venue fills orders."""
    from brokerage.paper.fill_model import FillModel

    return FillModel


def paper(instruments: Sequence[Instrument], assumptions: str, settings: LocatedMapping) -> "FillVenue":
    """Return a paper venue under the `assumptions` of that name, changed as `settings` says. Raises ConfigError."""
    from brokerage.paper.fill_model import NAMED, FillModel
    from brokerage.paper.venue import FillVenue

    problems = Problems()
    written = convert(settings, FillModel, problems)
    problems.raise_if_any()
    changes = {key: getattr(written, key) for key in settings.entries}
    try:
        model = replace(NAMED[assumptions], **changes)
    except ValueError as error:
        problems.add(settings, f"{error} (assumptions: {assumptions})")
        problems.raise_if_any()
        raise
    return FillVenue(instruments, model)


def _options(misbehavior: Misbehavior) -> list[str]:
    options = [f"--fault={rule}" for rule in misbehavior.faults]
    options += [f"--fault-seed={misbehavior.seed}"] if misbehavior.seed else []
    return [*options, "--control"] if misbehavior.has_control else options


def _luno_settings(name: str, settings: LocatedMapping) -> "LunoSettings":
    from brokerage.luno.settings import LunoSettings

    problems = Problems()
    adapter = settings.text("adapter") or name
    if adapter not in ADAPTERS:
        guess = nearest(adapter, ADAPTERS)
        hint = f", did you mean '{guess}'?" if guess else f"; there are {', '.join(ADAPTERS)}"
        problems.add(settings.entries.get("adapter", settings), f"there is no adapter {adapter!r}{hint}")
        problems.raise_if_any()
    luno = convert(settings.without("adapter"), LunoSettings, problems)
    problems.raise_if_any()
    assert luno is not None
    return luno


def _open_luno(name: str, luno: "LunoSettings", symbols: Sequence[str], runtime: Runtime, url: str | None) -> Venue:
    from brokerage.credentials import Credentials
    from brokerage.luno.broker import LunoBroker
    from brokerage.luno.client import LunoClient
    from brokerage.luno.feed import LunoFeed
    from brokerage.rate_limiter import Purpose, RateLimiter
    from brokerage.requests_transport import RequestsTransport
    from brokerage.rest_client import RestClient

    limiter = RateLimiter(runtime, luno.calls_per_second, luno.burst, luno.polls_per_second, luno.cancels_per_second)
    if url is None:
        raise ConfigError(f"{name}: only the simulated exchange can be reached yet")
    # Orders and cancels wait at the last door, so that it looks at the kill latch after the waiting.
    rest = RestClient(url, RequestsTransport(runtime), runtime, limiter, Credentials(*SIMULATOR_KEY), {Purpose.ORDER, Purpose.CANCEL})
    client = LunoClient(rest, luno)

    def rate_left() -> RateLeft:
        left = limiter.left()
        return RateLeft(left.poll + left.cancel + left.shared, luno.burst, left.waiting, limiter.longest_wait_seconds,
                        left.shared)

    broker, feed = LunoBroker(name, client, luno, runtime, symbols), LunoFeed(name, client, runtime)
    return Venue(
        broker, feed, lambda until_ns: limiter.acquire(Purpose.ORDER, until_ns), lambda until_ns: limiter.acquire(Purpose.CANCEL, until_ns),
        lambda: rest.calls, lambda: {**broker.refused, **feed.refused}, rest.abort,
        luno.ttl_seconds + 1, limiter.end_polls, rate_left, lambda: rest.clock_offset_seconds)
