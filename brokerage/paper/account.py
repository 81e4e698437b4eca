"""An account at the paper venue: what it holds, what its open orders hold back, its trades. Optional: in a backtest the house's own
reservations do this. Spot only.
"""

from collections import deque
from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

from brokerage.paper.working_order import WorkingOrder
from trading_system.core.events import Balance
from trading_system.core.instrument import FeeCurrency, Instrument
from trading_system.core.order import OrderRequest
from trading_system.core.order_update import ZERO, VenueTrade
from trading_system.core.side import Side

_EXACT = Context(prec=60)
_STEP = Decimal("1e-8")
_KEPT_TRADES = 100_000
_ONE = Decimal(1)


class PaperAccount:
    """`totals` is what is held per currency, `time_ns` the time of the event being met; `trades` are the newest of ours, oldest first."""

    def __init__(self, totals: Mapping[str, Decimal]) -> None:
        self.totals = dict(totals)
        self.time_ns = 0
        self.trades: deque[VenueTrade] = deque(maxlen=_KEPT_TRADES)
        self._sequence = 0
        self._held: dict[str, tuple[str, Decimal]] = {}

    def balances(self) -> dict[str, Balance]:
        """Return what is held per currency, and how much of it open orders hold back."""
        return {currency: Balance(total, self._reserved(currency)) for currency, total in self.totals.items()}

    def reserve(self, request: OrderRequest, instrument: Instrument, price: Decimal) -> bool:
        """Hold back what an order may cost at its limit, else at `price`; False when there is not so much."""
        amount = request.value
        if amount is None:
            assert request.quantity is not None
            amount = _EXACT.multiply(request.quantity, price if request.limit is None else request.limit)
        currency, cost = _taken(request, instrument, request.quantity or ZERO, amount, instrument.taker_fee)
        if cost > self.totals.get(currency, ZERO) - self._reserved(currency):
            return False
        self._held[request.client_order_id] = (currency, cost)
        return True

    def release(self, client_order_id: str) -> None:
        """Give back what an order held; once more changes nothing."""
        self._held.pop(client_order_id, None)

    def most(self, order: WorkingOrder, instrument: Instrument, price: Decimal, quantity: Decimal) -> Decimal:
        """Return how much of `quantity` the account can pay for at `price`, on the grid."""
        request = order.request
        # What an order holds back is its own to spend.
        currency, own = self._held.get(request.client_order_id, ("", ZERO))
        rate = max(instrument.taker_fee, instrument.maker_fee, ZERO)
        currency, cost = _taken(request, instrument, quantity, _EXACT.multiply(quantity, price), rate)
        free = self.totals.get(currency, ZERO) - self._reserved(currency) + own
        if cost <= free:
            return quantity
        one = _taken(request, instrument, _ONE, price, rate)[1]
        step = instrument.quantity_step
        steps = _EXACT.divide(max(free, ZERO), _EXACT.multiply(one, step)).to_integral_value(ROUND_FLOOR)
        most = _EXACT.multiply(steps, step)
        # The fee's rounding up may ask for a step less.
        cost = _taken(request, instrument, most, _EXACT.multiply(most, price), rate)[1]
        return max(min(most if cost <= free else most - step, quantity), ZERO)

    def book(self, order: WorkingOrder, instrument: Instrument, quantity: Decimal, value: Decimal, fees: dict[str, Decimal]) -> None:
        """Move what one fill moves, and hold back so much less."""
        request, sign = order.request, order.sign
        self._add(instrument.base, sign * quantity)
        self._add(instrument.counter, -sign * value)
        for currency, fee in fees.items():
            self._add(currency, -fee)
        held = self._held.get(request.client_order_id)
        if held is not None:
            currency, amount = held
            before = quantity + order.remaining if order.remaining is not None else value + (order.value_left or ZERO)
            after = order.remaining if order.remaining is not None else order.value_left or ZERO
            self._held[request.client_order_id] = (currency, _EXACT.divide(_EXACT.multiply(amount, after), before))
        self._sequence += 1
        self.trades.append(VenueTrade(request.symbol, self._sequence, order.venue_order_id, request.client_order_id, request.side,
                                      self.time_ns, quantity, value, {currency: fee for currency, fee in fees.items() if fee}))

    def _add(self, currency: str, amount: Decimal) -> None:
        self.totals[currency] = _EXACT.add(self.totals.get(currency, ZERO), amount)

    def _reserved(self, currency: str) -> Decimal:
        return sum((amount for of, amount in self._held.values() if of == currency), ZERO)


def _taken(request: OrderRequest, instrument: Instrument, quantity: Decimal, value: Decimal, rate: Decimal) -> tuple[str, Decimal]:
    is_buy = request.side is Side.BUY
    amount = value if is_buy else quantity
    if instrument.fee_currency is (FeeCurrency.COUNTER if is_buy else FeeCurrency.BASE):
        amount = _EXACT.multiply(amount, _ONE + rate)
    return (instrument.counter if is_buy else instrument.base), amount.quantize(_STEP, ROUND_CEILING, _EXACT)
