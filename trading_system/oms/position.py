"""One strategy's holding of one symbol: strategies read its floats, its position manager alone books into it.

It carries a cost (a total), never an average price (a quotient), and never looks at marks, orders or fees.
"""

from decimal import Decimal

import msgspec

from trading_system.core.instrument import Instrument
from trading_system.core.order_update import ZERO

#: Shares of a cost and values of fees are rounded to this step, in counter currency.
COST_STEP = Decimal("1e-8")


class PositionAmounts(msgspec.Struct, frozen=True):
    """The exact amounts of a position: signed base quantity, and signed cost in counter currency."""

    quantity: Decimal
    cost: Decimal


class PositionKept(msgspec.Struct, frozen=True):
    """All a position is: signed base quantity, signed cost, and the profit of what was closed, both in counter currency."""

    quantity: Decimal
    cost: Decimal
    realized: Decimal


class Position:
    """What a strategy holds of one symbol: above zero it is long, below zero short.

    `quantity` is in base units, a float; the Decimals are under `exact`.
    """

    __slots__ = ("_cost", "_instrument", "_quantity", "_realized", "quantity")

    def __init__(self, instrument: Instrument) -> None:
        self.quantity = 0.0
        self._instrument = instrument
        self._quantity = self._cost = self._realized = ZERO

    def __repr__(self) -> str:
        return f"Position({self.symbol}: {self._quantity:f} at {self.average_price:.10g})"

    @property
    def symbol(self) -> str:
        """Return the symbol that is held."""
        return self._instrument.symbol

    @property
    def exact(self) -> PositionAmounts:
        """Return quantity and cost as Decimals."""
        return PositionAmounts(self._quantity, self._cost)

    @property
    def kept(self) -> PositionKept:
        """Return all there is to remember of it."""
        return PositionKept(self._quantity, self._cost, self._realized)

    def take_back(self, kept: PositionKept) -> None:
        """Be what was remembered."""
        self._quantity, self._cost, self._realized = kept.quantity, kept.cost, kept.realized
        self.quantity = float(kept.quantity)

    @property
    def average_price(self) -> float:
        """Return the price at which what is held was opened, in counter per base; nan when nothing is held."""
        if not self._quantity:
            return float("nan")
        return float(self._cost / (self._quantity * self._instrument.multiplier))

    @property
    def cost(self) -> float:
        """Return what was paid for what is held, in counter currency; negative for a short."""
        return float(self._cost)

    @property
    def realized(self) -> float:
        """Return the profit of all that was closed, before fees, in counter currency."""
        return float(self._realized)

    @property
    def is_flat(self) -> bool:
        """Tell whether less remains than the smallest order could trade; such dust stays in the ledger."""
        return abs(self._quantity) < self._instrument.min_quantity or not self._quantity

    @property
    def is_long(self) -> bool:
        """Tell whether something above dust is held."""
        return self._quantity > ZERO and not self.is_flat

    @property
    def is_short(self) -> bool:
        """Tell whether something above dust is owed."""
        return self._quantity < ZERO and not self.is_flat

    def book(self, quantity: Decimal, cost: Decimal) -> Decimal:
        """Add a trade and return the profit it realizes, in counter currency. Only the position manager calls this.

        `quantity` is positive for a buy, `cost` is what was paid for it (both negative for a sale). A partial close takes
        cost x closed / held, rounded to 8 decimals, and leaves the rest; a trade through zero closes all and opens what remains
        at its own price. A trade of no quantity corrects the cost of what is held, or the profit when nothing is.
        """
        held, before = self._quantity, self._cost
        total = held + quantity
        if held and quantity and held.is_signed() != quantity.is_signed():
            if not total:
                after = ZERO
            elif total.is_signed() == held.is_signed():
                after = before + (before * quantity / held).quantize(COST_STEP)
            else:
                after = (cost * total / quantity).quantize(COST_STEP)
        else:
            after = before + cost if total else ZERO
        realized = after - before - cost
        self._quantity, self._cost = total, after
        self._realized += realized
        self.quantity = float(total)
        return realized
