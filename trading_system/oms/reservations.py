"""What orders that are not done may still take: per currency, and as quantity per symbol and side. Kept by the engine's thread only.

Risk and the portfolio ask it before an order may leave; it never looks at balances and never decides.
"""

from decimal import ROUND_UP, Context, Decimal

import msgspec

from trading_system.core.errors import InvariantBroken
from trading_system.core.instrument import FeeCurrency, Instrument
from trading_system.core.order import OrderRequest
from trading_system.core.order_update import ZERO
from trading_system.core.side import Side
from trading_system.oms.position import COST_STEP

_ONE = Decimal(1)
# Wide enough that sums and products are exact; only the last step to 8 decimals rounds.
_UP = Context(prec=60, rounding=ROUND_UP)


def needs(
    request: OrderRequest, instrument: Instrument, reference_price: Decimal, filled_quantity: Decimal = ZERO,
) -> tuple[str, Decimal, Decimal]:
    """Return the currency an order takes from, the most it may still take, rounded up to 8 decimals, and the base quantity it may fill.

    A buy takes counter: limit (else stop, else reference) price x remaining quantity, or `value` until it is done; the taker fee is
    added where the venue takes it in counter. A sale takes base: the remaining quantity, with the taker fee where it is taken in base.
    On anything but spot both sides take counter, as a buy does. `reference_price` is in counter per base.
    """
    quantity = may_fill(request, reference_price, filled_quantity)
    if instrument.is_spot and request.side is Side.SELL:
        currency, fee_currency, amount = instrument.base, FeeCurrency.BASE, quantity
    else:
        currency, fee_currency = instrument.counter, FeeCurrency.COUNTER
        if request.quantity is None:
            amount = request.value or ZERO
        else:
            price = request.limit or request.stop or reference_price
            amount = _UP.multiply(price, quantity)
        if instrument.multiplier != _ONE:
            amount = _UP.multiply(amount, instrument.multiplier)
    if instrument.fee_currency is fee_currency:
        amount = _UP.multiply(amount, _ONE + instrument.taker_fee)
    return currency, amount.quantize(COST_STEP, context=_UP), quantity


def may_fill(request: OrderRequest, reference_price: Decimal, filled_quantity: Decimal = ZERO) -> Decimal:
    """Return the base quantity an order may still fill.

    For an order by value it is an estimate at the reference price, rounded up to 8 decimals. Raises ValueError when that price is not
    above zero.
    """
    if request.quantity is not None:
        return max(request.quantity - filled_quantity, ZERO) if filled_quantity else request.quantity
    if reference_price <= ZERO:
        raise ValueError(f"{request.client_order_id} is by value: how much it may fill cannot be told without a price")
    whole = _UP.divide(request.value or ZERO, reference_price).quantize(COST_STEP, context=_UP)
    return max(whole - filled_quantity, ZERO)


class _Reservation(msgspec.Struct, gc=False):
    currency: str
    amount: Decimal
    symbol: str
    side: Side
    quantity: Decimal


class Reservations:
    """Sums of what open orders may still take. Every call costs the same, however many orders are open."""

    def __init__(self) -> None:
        self._by_order: dict[str, _Reservation] = {}
        self._amounts: dict[str, Decimal] = {}
        self._buying: dict[str, Decimal] = {}
        self._selling: dict[str, Decimal] = {}

    @property
    def count(self) -> int:
        """Return how many orders hold a reservation."""
        return len(self._by_order)

    def reserve(self, request: OrderRequest, currency: str, amount: Decimal, quantity: Decimal | None = None) -> None:
        """Hold `amount` of `currency` for an order that may still fill `quantity` of base; None takes the whole quantity asked for.

        An order by value asks for none: give it what `may_fill` returns, else it is missing in `buying`. Raises ValueError for a negative
        number, InvariantBroken when the order holds a reservation already.
        """
        if quantity is None:
            quantity = request.quantity or ZERO
        if amount < ZERO or quantity < ZERO:
            raise ValueError(f"{request.client_order_id} cannot reserve {amount} {currency} for a quantity of {quantity}")
        if request.client_order_id in self._by_order:
            raise InvariantBroken(f"{request.client_order_id} holds a reservation already")
        self._by_order[request.client_order_id] = _Reservation(currency, amount, request.symbol, request.side, quantity)
        _add(self._amounts, currency, amount)
        _add(self._buying if request.side is Side.BUY else self._selling, request.symbol, quantity)

    def reduce_to(self, client_order_id: str, amount: Decimal, quantity: Decimal) -> None:
        """Lower what an order holds to what it may still take. It never grows: a number above what is held changes nothing.

        An order without a reservation is passed over: fills may be heard of after an order was done.
        """
        held = self._by_order.get(client_order_id)
        if held is not None:
            self._set(held, min(held.amount, max(amount, ZERO)), min(held.quantity, max(quantity, ZERO)))

    def release(self, client_order_id: str) -> None:
        """Give back all an order holds; once more changes nothing."""
        held = self._by_order.pop(client_order_id, None)
        if held is not None:
            _subtract(self._amounts, held.currency, held.amount)
            _subtract(self._buying if held.side is Side.BUY else self._selling, held.symbol, held.quantity)

    def reserved(self, currency: str) -> Decimal:
        """Return how much of a currency open orders may still take."""
        return self._amounts.get(currency, ZERO)

    def holds(self, client_order_id: str) -> bool:
        """Tell whether an order holds a reservation."""
        return client_order_id in self._by_order

    def held_by(self, client_order_id: str) -> Decimal:
        """Return how much one order may still take, in the currency it takes from."""
        held = self._by_order.get(client_order_id)
        return ZERO if held is None else held.amount

    def buying(self, symbol: str) -> Decimal:
        """Return the base quantity that open buys of a symbol may still add."""
        return self._buying.get(symbol, ZERO)

    def selling(self, symbol: str) -> Decimal:
        """Return the base quantity that open sales of a symbol may still take away."""
        return self._selling.get(symbol, ZERO)

    def _set(self, held: _Reservation, amount: Decimal, quantity: Decimal) -> None:
        _add(self._amounts, held.currency, _UP.subtract(amount, held.amount))
        _add(self._buying if held.side is Side.BUY else self._selling, held.symbol, _UP.subtract(quantity, held.quantity))
        held.amount, held.quantity = amount, quantity


def _add(sums: dict[str, Decimal], key: str, change: Decimal) -> None:
    known = sums.get(key)
    sums[key] = _UP.add(known, change) if known else change


def _subtract(sums: dict[str, Decimal], key: str, change: Decimal) -> None:
    known = sums[key]
    sums[key] = ZERO if known == change else _UP.subtract(known, change)
