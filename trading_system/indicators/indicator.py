"""What every indicator shares: a `value` that is nan until there were enough prices, `is_ready`, and the refusal of wrong numbers.

A refused number raises before anything is changed. Nothing here asks the time or keeps more than its window.
"""

import math
from abc import ABC, abstractmethod

from trading_system.core.market_data import Bar


class Indicator:
    """One line computed from prices as they come. `value` is what `update` returned last; nan until `is_ready`."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = math.nan

    @property
    def is_ready(self) -> bool:
        """Tell whether every line has a value."""
        return self.value == self.value     # nan is the one number that is not equal to itself


class PriceIndicator(Indicator, ABC):
    """An indicator of one price after another."""

    __slots__ = ()

    @abstractmethod
    def update(self, price: float) -> float:
        """Take the next price in and return the new value, nan while there were too few; ValueError where the price is nan or infinite."""


class BarIndicator(Indicator, ABC):
    """An indicator of high, low and close."""

    __slots__ = ()

    def update(self, bar: Bar) -> float:
        """Take the next bar in and return the new value, nan while there were too few; ValueError where a price is nan or infinite."""
        return self.update_values(bar.high, bar.low, bar.close)

    @abstractmethod
    def update_values(self, high: float, low: float, close: float) -> float:
        """Do what `update` does, with the numbers of a bar that is none of ours."""


class VolumeIndicator(Indicator, ABC):
    """An indicator of high, low, close and volume."""

    __slots__ = ()

    def update(self, bar: Bar) -> float:
        """Take the next bar in and return the new value, nan while there were too few; ValueError also where its volume is not known."""
        return self.update_values(bar.high, bar.low, bar.close, bar.volume)

    @abstractmethod
    def update_values(self, high: float, low: float, close: float, volume: float) -> float:
        """Do what `update` does, with the numbers of a bar that is none of ours."""


def need_period(owner: object, period: int, least: int = 1, name: str = "period") -> int:
    """Return the period; ValueError where it is no whole number of at least `least`."""
    if not isinstance(period, int) or isinstance(period, bool) or period < least:
        article = "an" if name[0] in "AEIO" else "a"
        raise ValueError(f"{type(owner).__name__} needs {article} {name} that is a whole number of at least {least}, and got {period!r}")
    return period


def need_positive(owner: object, number: float, name: str) -> float:
    """Return the number; ValueError where it is not above 0 and finite."""
    if not 0.0 < number < math.inf:
        raise ValueError(f"{type(owner).__name__} needs a {name} above 0, and got {number!r}")
    return number


def need_prices(owner: object, high: float, low: float, close: float) -> None:
    """Refuse a bar of which a price is nan or infinite with ValueError."""
    total = high + low + close
    if total - total != 0.0:        # nan - nan and inf - inf are nan, which is not 0
        raise refused(owner, f"high {high!r}, low {low!r}, close {close!r}")


def need_volume(owner: object, volume: float) -> None:
    """Refuse a volume that is not known, infinite or negative with ValueError."""
    if not 0.0 <= volume < math.inf:
        name = type(owner).__name__
        raise ValueError(f"{name} needs a volume of 0 or more, and got {volume!r}; bars that are built from ticks carry none")


def refused(owner: object, what: object) -> ValueError:
    """Return the error for a price that is no number."""
    return ValueError(f"{type(owner).__name__} takes finite prices only, and got {what}; it has not changed")
