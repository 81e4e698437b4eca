"""What a trade costs: in which currency, how much, and what an order sets aside for it; asked by `accounts.py` and by
`exchange.py`. It must never move money."""

from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal

from brokerage.luno_simulator.market import FEE_SCALE
from brokerage.luno_simulator.order import ZERO, Order, Side
from brokerage.luno_simulator.quirks import Quirks

_STEP = Decimal(1).scaleb(-FEE_SCALE)
_ROUNDINGS = {"half_up": ROUND_HALF_UP, "up": ROUND_UP, "down": ROUND_DOWN}


class FeeRules:
    """The venue's fees under one set of quirks."""

    def __init__(self, quirks: Quirks) -> None:
        self._quirks = quirks
        self._rounding = _ROUNDINGS[quirks.fee_rounding]
        self.refuses_without_cover = quirks.fee_without_cover == "refuse"

    def fee_on(self, amount: Decimal, rate: Decimal) -> Decimal:
        """Return the fee on an amount, in the same currency; negative for a rebate."""
        return (amount * rate).quantize(_STEP, rounding=self._rounding)

    def is_in_base(self, side: Side) -> bool:
        """Tell whether this side's fee is taken in base, where there is a choice."""
        if self._quirks.fee_currency == "received":
            return side is Side.BID
        return self._quirks.fee_currency == "base"

    def is_paid_on_top(self, side: Side) -> bool:
        """Tell whether the fee comes out of the currency that this side pays with, so that it needs cover."""
        return self.is_in_base(side) is not side.is_buy

    def provide(self, order: Order) -> None:
        """Write on a new order what it sets aside for its fee, and cut the budget of a market buy that includes it."""
        if not self.is_paid_on_top(order.side):
            return
        rate = max(order.market.taker_rate, ZERO)
        if order.is_market_buy and self._quirks.market_buy_fee == "inside":
            order.counter_budget = (order.counter_budget / (1 + rate)).quantize(_STEP, rounding=ROUND_DOWN)
            order.fee_margin = rate
        elif self._quirks.reserves_fees:
            order.fee_margin = rate

    def cover_needed(self, order: Order) -> Decimal:
        """Return what must be free, beside the order's own cost, for it to be accepted."""
        if not self.refuses_without_cover or order.fee_margin or not self.is_paid_on_top(order.side):
            return ZERO
        return self.fee_on(order.cost, max(order.market.taker_rate, ZERO))
