"""How venues are opened: what the registry of brokers gives the house, which itself names none."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from trading_system.core.instrument import Instrument
from trading_system.core.ports import Broker, Feed, PaperVenue, Runtime


class RateLeft(msgspec.Struct, frozen=True):
    """How many calls could leave for a venue right now, of how many at most, how many wait for their turn, and the longest wait so far;
    `for_look_ups` is how many of them a question about an order may take; None: any of them."""

    calls: float
    burst: int
    waiting: int
    longest_wait_seconds: float
    for_look_ups: float | None = None


def unknown_offset() -> float | None:
    """Say that nothing is known of a venue's clock."""
    return None


class Venue(msgspec.Struct):
    """A broker with its feed, as the registry opens it: the two ways to wait for the venue's rate, what was called how often, how a call
    in flight is broken off, and after how many seconds a request that was sent can no longer arrive, and how the polls'
    share of the rate is given to everybody when polling is over; `rate_left` tells what is left of the rate,
    `clock_offset_seconds` by how much the venue's clock is ahead of ours, None while nobody knows."""

    broker: Broker
    feed: Feed
    wait_to_order: Callable[[int], bool]
    wait_to_cancel: Callable[[int], bool]
    calls: Callable[[], dict[str, int]]
    refused: Callable[[], dict[str, int]]
    abort: Callable[[str], int]
    settle_seconds: float
    end_polls: Callable[[], None]
    rate_left: Callable[[], RateLeft] | None = None
    clock_offset_seconds: Callable[[], float | None] = unknown_offset


class Misbehavior(msgspec.Struct, frozen=True):
    """What a simulated exchange is asked to do wrong: rules of the form `endpoint:kind=value:...`, the seed of their chances, and whether
    it may be told more of them while it runs."""

    faults: tuple[str, ...] = ()
    seed: int = 0
    has_control: bool = False


GOOD_BEHAVIOR = Misbehavior()


class KeyNeeds(msgspec.Struct, frozen=True):
    """The names of the environment variables that hold an account's key, and what the key must be allowed to do."""

    names: tuple[str, ...]
    permissions: str


class Exchange(Protocol):
    """A simulated exchange that was started for us."""

    url: str

    def stop(self) -> None:
        """End it; returns when it is gone."""


class Venues(Protocol):
    """What the roof hands down: how venues are opened and a simulated one is started. The house itself names no broker.

    `ADAPTERS` are the names it knows.
    """

    ADAPTERS: Sequence[str]

    def open(self, name: str, settings: Any, symbols: Sequence[str], runtime: Runtime, url: str | None) -> Venue:
        """Open the broker called `name` as its part of the configuration says; at `url` when it is a simulated one.

        Raises ConfigError.
        """

    def simulated_instruments(self, name: str, settings: Any) -> list[Instrument]:
        """Return what the simulated exchange lists for the broker called `name`, without starting it or anything else.

        Raises ConfigError for what is wrong in the broker's part of the configuration.
        """

    def key_needs(self, name: str, settings: Any) -> KeyNeeds:
        """Return which key the broker called `name` wants when it is the real one."""

    def adapter_settings(self) -> dict[str, type[msgspec.Struct]]:
        """Return what can be set for each adapter."""

    def simulate(self, state_directory: str, seed: int, rate_limit: int | None, misbehavior: Misbehavior = GOOD_BEHAVIOR) -> Exchange:
        """Start the simulated exchange, its memory in `state_directory`. Raises RuntimeError when it does not start."""

    def wrong_fault(self, rule: str) -> str:
        """Return what is wrong with a fault rule and what was meant; empty when the simulated exchange understands it."""

    def serve(self, state_directory: str, seed: int, rate_limit: int | None, port: int, misbehavior: Misbehavior = GOOD_BEHAVIOR) -> None:
        """Become the simulated exchange, listening on `port` of this machine; does not come back."""

    def fill_settings(self) -> type[msgspec.Struct]:
        """Return what can be set of how the paper venue fills orders."""

    def paper(self, instruments: Sequence[Instrument], assumptions: str, settings: Any) -> PaperVenue:
        """Return a paper venue for `instruments` under the `assumptions` of that name, changed as `settings`, a written mapping, says.

        Raises ConfigError.
        """
