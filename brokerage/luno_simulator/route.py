"""What a route is: a permission and a function; the route files make them, `api.py` calls them. It must never look at
a header."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntFlag

from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.parameters import Parameters


class Permission(IntFlag):
    """What a key may do, in the venue's bits, as far as it is simulated."""

    ANY_KEY = 0
    READ_BALANCE = 1
    READ_TRANSACTIONS = 2
    SEND = 4
    WRITE_ADDRESSES = 16
    READ_ORDERS = 32
    WRITE_ORDERS = 64

    @staticmethod
    def trading() -> "Permission":
        """Return what a trading program should have: everything but sending money away."""
        return Permission.READ_BALANCE | Permission.READ_TRANSACTIONS | Permission.READ_ORDERS | Permission.WRITE_ORDERS


@dataclass(frozen=True, slots=True)
class Route:
    """One call of the interface.

    `permission` is None for a public one and ANY_KEY for one that asks for no more than a key; `answer` returns what
    becomes the JSON body, or that body as a text, or raises Rejection.
    """

    answer: Callable[[Exchange, Parameters], Mapping[str, object] | str]
    permission: Permission | None = None


# By method and path; a path may end in "{id}", which then arrives as the parameter "id".
RouteTable = dict[tuple[str, str], Route]
