"""What can be traded: the grid of prices and quantities, the smallest order, fees and status.

The only place where a float becomes a Decimal.
"""

from collections import defaultdict
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from functools import cached_property

import msgspec

from trading_system.core.side import Side

Number = int | float | str | Decimal
_SNAP = Decimal("1e-9")
_MOST_REMEMBERED = 65_536


class MarketStatus(StrEnum):
    """What a venue lets people do on a market right now."""

    ACTIVE = "active"
    POST_ONLY = "post_only"
    HALTED = "halted"
    UNKNOWN = "unknown"


class FeeCurrency(StrEnum):
    """The currency in which a venue takes its fee."""

    BASE = "base"
    COUNTER = "counter"


def exact(value: Number) -> Decimal:
    """Read what a person or a strategy wrote as a Decimal; a float is read as its shortest text, so 0.1 is 0.1.

    Raises ValueError for anything that is not a finite number, bools included.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise ValueError(f"{value!r} is not a number")
    try:
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    except ArithmeticError:
        raise ValueError(f"{value!r} is not a number") from None
    if not number.is_finite():
        raise ValueError(f"{value!r} is not a finite number")
    return number


class Instrument(msgspec.Struct, frozen=True, dict=True):
    """A market at one broker. `symbol` is `<venue's name>.<broker's name>`; price steps are in counter per base, quantity steps in base.

    `multiplier` is the value of one point of price for one unit (1 on spot); `is_spot` means nothing can be sold that is not held.
    """

    symbol: str
    base: str
    counter: str
    price_step: Decimal
    quantity_step: Decimal
    min_quantity: Decimal
    max_quantity: Decimal
    min_price: Decimal
    max_price: Decimal
    maker_fee: Decimal = Decimal(0)
    taker_fee: Decimal = Decimal(0)
    fee_currency: FeeCurrency = FeeCurrency.BASE
    value_step: Decimal = Decimal("0.01")
    status: MarketStatus = MarketStatus.ACTIVE
    multiplier: Decimal = Decimal(1)
    is_spot: bool = True
    has_market_orders_by_quantity: bool = False
    has_stop_orders: bool = False
    has_stop_limit_orders: bool = False

    @cached_property
    def broker(self) -> str:
        """Return the broker's name: what stands behind the last dot of the symbol."""
        return self.symbol.rpartition(".")[2]

    def quantity(self, value: Number) -> Decimal:
        """Return `value` in base units on the grid, rounded down unless it is within 1e-9 of a step above.

        Raises ValueError for zero, negative, not finite, or less than one step.
        """
        return self._on_grid(value, self.quantity_step, ROUND_FLOOR, "quantity")

    def price(self, value: Number, side: Side) -> Decimal:
        """Return `value` on the price grid, rounded so that risk never grows: a buy's down, a sell's up.

        Raises ValueError for zero, negative or not finite.
        """
        return self._on_grid(value, self.price_step, ROUND_FLOOR if side is Side.BUY else ROUND_CEILING, "price")

    def nearest_price(self, value: Number) -> Decimal:
        """Return `value` on the nearest price step: for what the world says, never for an order."""
        return self._on_grid(value, self.price_step, ROUND_HALF_EVEN, "price")

    def value(self, value: Number) -> Decimal:
        """Return an amount of counter currency on its grid, rounded down. Raises ValueError for zero, negative or not finite."""
        return self._on_grid(value, self.value_step, ROUND_DOWN, "value")

    def _on_grid(self, value: Number, step: Decimal, rounding: str, what: str) -> Decimal:
        # Strategies ask for few sizes, and prices come back: a float that was put on the grid before need not be again.
        known = self._known[what, rounding] if type(value) is float else {}
        if (before := known.get(value)) is not None:
            return before
        steps = exact(value) / step
        nearest = steps.to_integral_value(ROUND_HALF_EVEN)
        if abs(steps - nearest) > _SNAP:
            nearest = steps.to_integral_value(rounding)
        if nearest <= 0:
            raise ValueError(f"{what} {value!r} must be at least one step of {step} on {self.symbol}")
        if len(known) >= _MOST_REMEMBERED:
            known.clear()
        known[value] = result = nearest * step
        return result

    @cached_property
    def _known(self) -> defaultdict[tuple[str, str], dict[Number, Decimal]]:
        return defaultdict(dict)
