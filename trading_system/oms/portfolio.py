"""The account behind all the ledgers: what it holds, what the strategies own of that, and what nobody owns.

The engine keeps it from the broker's balances; it decides nothing and lends nothing.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from trading_system.core.events import Balance
from trading_system.core.order_update import ZERO
from trading_system.oms.position_manager import PositionManager


class Portfolio:
    """Balances per broker. What no strategy owns is EXTERNAL and is never touched."""

    def __init__(self) -> None:
        self.balances: dict[str, Mapping[str, Balance]] = {}

    def external(self, broker: str, ledgers: Iterable[PositionManager]) -> dict[str, Decimal]:
        """Return per currency what the account at `broker` holds beyond what `ledgers` own; negative means they own more than is there."""
        beyond = {currency: balance.total for currency, balance in self.balances.get(broker, {}).items()}
        for ledger in ledgers:
            for currency in ledger.currencies:
                beyond[currency] = beyond.get(currency, ZERO) - ledger.holdings(currency)
        return beyond
