"""What a kind of fault is: its options, which calls it fits, and what it does before and after the exchange acts; the kind
files make them, `faults.py` calls them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from brokerage.luno_simulator.faulty_call import FaultyCall

OptionValue = float | int | str | Decimal | bool


class Option(NamedTuple):
    """One option of a kind: `default` says its type too (a float is a length of time in seconds), `least` and `most` its bounds."""

    name: str
    default: OptionValue
    choices: tuple[str, ...] = ()
    least: float = 0
    most: float = 1e9


class RuleOptions:
    """The options of one rule, by name and type."""

    def __init__(self, values: Mapping[str, OptionValue]) -> None:
        self.values = dict(values)

    def seconds(self, name: str) -> float:
        """Return a length of time in seconds."""
        return float(self.values[name])

    def whole(self, name: str) -> int:
        """Return a whole number."""
        return int(self.values[name])

    def amount(self, name: str) -> Decimal:
        """Return an amount or a share."""
        return Decimal(str(self.values[name]))

    def word(self, name: str) -> str:
        """Return a text."""
        return str(self.values[name])

    def is_on(self, name: str) -> bool:
        """Return a truth value."""
        return bool(self.values[name])


# A step returns False when nothing came of it, which then does not count as a hit.
Step = Callable[[FaultyCall, RuleOptions], bool]


def fits_all(call: FaultyCall, options: RuleOptions) -> bool:
    """Let every call be hit."""
    return True


def do_nothing(call: FaultyCall, options: RuleOptions) -> bool:
    """Leave a call as it is."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultKind:
    """One way to misbehave.

    `client` and `exchange` are the sentences of the manual: what the caller sees, and what the exchange does. The first
    option is the one that `kind=value` sets.
    """

    client: str
    exchange: str
    options: tuple[Option, ...] = ()
    fits: Step = fits_all
    before: Step = do_nothing
    after: Step = do_nothing


KindTable = dict[str, FaultKind]
