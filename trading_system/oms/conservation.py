"""The law every ledger is held to: per currency and exactly, capital + realized - fees = cash + cost of what is held. Pure functions."""

from decimal import Context, Decimal, localcontext

from trading_system.core.order_update import ZERO
from trading_system.oms.position_manager import PositionManager

# The ordinary context rounds at 28 digits, silently.
_EXACT = Context(prec=60)


def costs(ledger: PositionManager) -> dict[str, Decimal]:
    """Return the cost of all positions per counter currency."""
    found: dict[str, Decimal] = {}
    for symbol, position in ledger.positions.items():
        counter = ledger.instruments[symbol].counter
        found[counter] = _EXACT.add(found.get(counter, ZERO), position.exact.cost)
    return found


def both_sides(ledger: PositionManager) -> dict[str, tuple[Decimal, Decimal]]:
    """Return per currency capital + realized - fees, and cash + cost: the same number twice unless the ledger is broken."""
    cost, sides = costs(ledger), {}
    with localcontext(_EXACT):
        for currency, cash in ledger.cash.items():
            left = ledger.capital.get(currency, ZERO) + ledger.realized.get(currency, ZERO) - ledger.fees.get(currency, ZERO)
            sides[currency] = (left, cash + cost.get(currency, ZERO))
    return sides
