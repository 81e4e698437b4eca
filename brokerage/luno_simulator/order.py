"""An order of the simulated exchange, what it still wants and what it holds in reserve; changed by `trading_floor.py`
alone. It must never know in which book it lies."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum

from brokerage.luno_simulator.market import Market

ZERO = Decimal(0)

CUSTOMER = "customer"
CROWD = "crowd"
# Where deposits come from and withdrawals go.
OUTSIDE = "outside"


class Side(StrEnum):
    """The side of an order, in the words of the venue's older calls."""

    BID = "BID"
    ASK = "ASK"

    @property
    def is_buy(self) -> bool:
        """Tell whether base is bought."""
        return self is Side.BID

    @property
    def opposite(self) -> "Side":
        """Return the side this one trades with."""
        return Side.ASK if self is Side.BID else Side.BID


class Kind(StrEnum):
    """What sort of order it is, in the words of the v2 calls."""

    LIMIT = "LIMIT"
    MARKET = "MARKET"
    STOP_LIMIT = "STOP_LIMIT"


class TimeInForce(StrEnum):
    """What becomes of the part that does not trade at once."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


class StopDirection(StrEnum):
    """From which side a trade's price must reach a stop price to set the order off."""

    ABOVE = "ABOVE"
    BELOW = "BELOW"


class Status(StrEnum):
    """Where an order is in its life. AWAITING is accepted but not in the book; COMPLETE means gone, not filled."""

    AWAITING = "AWAITING"
    PENDING = "PENDING"
    COMPLETE = "COMPLETE"


@dataclass(slots=True, eq=False)
class Order:
    """One order of the customer or of the crowd, with the totals of what it has traded.

    `limit_price` and `limit_volume` are zero where the kind has none: a market order has no price, a market buy
    states only `counter_budget`, the counter amount to spend, and `worst_price` bounds it (zero: not at all).
    `stop_direction` is None where there is no stop. `reserve` is what the order holds now, `fee_margin` the fee rate
    that is set aside with it. Times are milliseconds since the epoch, zero for "not yet".
    """

    order_id: str
    number: int
    owner: str
    market: Market
    side: Side
    kind: Kind
    limit_price: Decimal
    limit_volume: Decimal
    time_in_force: TimeInForce
    created_ms: int
    counter_budget: Decimal = ZERO
    client_order_id: str = ""
    status: Status = Status.AWAITING
    base: Decimal = ZERO
    counter: Decimal = ZERO
    fee_base: Decimal = ZERO
    fee_counter: Decimal = ZERO
    completed_ms: int = 0
    canceled_ms: int = 0
    is_post_only: bool = False
    stop_price: Decimal = ZERO
    stop_direction: StopDirection | None = None
    reserve: Decimal = ZERO
    fee_margin: Decimal = ZERO
    worst_price: Decimal = ZERO

    @property
    def remaining(self) -> Decimal:
        """Return the base volume that has not traded; without meaning for a market buy."""
        return self.limit_volume - self.base

    @property
    def is_market_buy(self) -> bool:
        """Tell whether the order states a counter amount instead of a volume."""
        return self.kind is Kind.MARKET and self.side is Side.BID

    def accepts(self, price: Decimal) -> bool:
        """Tell whether the order may trade at this price."""
        limit = self.worst_price if self.kind is Kind.MARKET else self.limit_price
        if not limit:
            return True
        return price <= limit if self.side is Side.BID else price >= limit

    def wanted_at(self, price: Decimal) -> Decimal:
        """Return the base volume the order would still take at this price, on the grid; zero when it is done."""
        if self.is_market_buy:
            return whole_lots((self.counter_budget - self.counter) / price, self.market.lot)
        return self.remaining

    @property
    def paid_in(self) -> str:
        """Return the currency the order pays with and holds in reserve."""
        return self.market.currency_reserved_by(self.side.is_buy)

    @property
    def cost(self) -> Decimal:
        """Return what the whole order may cost, the margin for its fee included, in the currency it pays with."""
        return self.reserve_of(self.limit_volume, self.counter_budget)

    def reserve_of(self, base: Decimal, counter: Decimal) -> Decimal:
        """Return what the order holds in reserve for a part of itself, in the currency it pays with."""
        if self.side is Side.ASK:
            paid = base
        else:
            paid = counter if self.kind is Kind.MARKET else self.limit_price * base
        return paid * (1 + self.fee_margin) if self.fee_margin else paid


@dataclass(frozen=True, slots=True)
class OwnTrade:
    """One fill of one of the customer's orders. `is_buy` is the side of the taker, not that of the order."""

    pair: str
    sequence: int
    order_id: str
    side: Side
    timestamp_ms: int
    price: Decimal
    base: Decimal
    counter: Decimal
    fee_base: Decimal
    fee_counter: Decimal
    is_buy: bool
    client_order_id: str


def whole_lots(volume: Decimal, lot: Decimal) -> Decimal:
    """Cut a volume down to the grid."""
    return volume.quantize(lot, rounding=ROUND_DOWN)
