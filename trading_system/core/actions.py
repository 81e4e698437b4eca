"""What the engine wants done in the world: imperatives, carried out by executors, never by the engine itself."""

import msgspec

from trading_system.core.order import OrderRequest


class PlaceOrder(msgspec.Struct, frozen=True, gc=False):
    """Send this order to its broker."""

    request: OrderRequest


class CancelOrder(msgspec.Struct, frozen=True):
    """Cancel at the venue; without a venue's id only an order that still waits in our own lane can be withdrawn."""

    request: OrderRequest
    venue_order_id: str


class LookUpOrders(msgspec.Struct, frozen=True):
    """Ask a broker: for the whole list of open orders, or for one order when `request` is given.

    With `trades_since_ns` above zero the list of our own trades since then is searched for the order too; for a doubtful one only when
    the venue does not find it.
    """

    broker: str
    request: OrderRequest | None = None
    venue_order_id: str = ""
    is_doubtful: bool = False
    trades_since_ns: int = 0


class LookUpTrades(msgspec.Struct, frozen=True):
    """Ask a broker for our own trades of a symbol at or after `since_ns` (UTC nanoseconds)."""

    broker: str
    symbol: str
    since_ns: int


Action = PlaceOrder | CancelOrder | LookUpOrders | LookUpTrades
