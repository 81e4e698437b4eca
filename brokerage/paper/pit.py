"""One symbol's working orders and how each of them trades: the taker's and the maker's price, the quantity that is there, fees, the end.

The matching of each kind of event calls it; everything about prices that can be computed once is computed when the pit is made.
"""

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

from brokerage.paper.account import PaperAccount
from brokerage.paper.fill_model import FillModel
from brokerage.paper.working_order import Stage, WorkingOrder
from trading_system.core.errors import RefusalReason
from trading_system.core.instrument import FeeCurrency, Instrument
from trading_system.core.order import OrderKind, TimeInForce
from trading_system.core.order_update import ZERO, Answer, Totals

_NEW, _WAITING, _RESTING, _OVER = Stage
_MARKET = OrderKind.MARKET
_GTC, _FOK = TimeInForce.GTC, TimeInForce.FOK
#: Fees are rounded up to this step, against us: what venues with eight decimals do.
FEE_STEP = Decimal("1e-8")
# Wide enough that products and sums are exact, and out of reach of a strategy that changes its thread's own context.
_EXACT = Context(prec=60)
_times, _plus = _EXACT.multiply, _EXACT.add
_KEPT = 4096
_SNAP = 1e-6
_NO_LIMIT = math.inf


class Pit:
    """`orders` in the order of their arrival; `changed` what the event being met did, in the order in which it happened.

    `left[1]` is what buys may still take of the event's volume and `left[-1]` what sales may; `levels` is None but while a book is met.
    """

    def __init__(self, instrument: Instrument, model: FillModel, account: PaperAccount | None = None) -> None:
        self.instrument = instrument
        self.model = model
        self.orders: list[WorkingOrder] = []
        self.changed: list[WorkingOrder] = []
        self.events = 0
        self.left = [0.0, _NO_LIMIT, _NO_LIMIT]
        self.levels: list[list[list[float]]] | None = None
        self.taken: list[dict[float, float]] = [{}, {}, {}]
        self.is_quoted = False
        self.has_cancels = False
        # Whoever fills at an open (or at a close) does not come into the middle of a bar.
        self.meets_late = model.execution == "next_event"
        self.is_touch_enough = model.limit_fills == "touch"
        self.has_queue = model.limit_fills == "queue"
        self.fee_currency = instrument.base if instrument.fee_currency is FeeCurrency.BASE else instrument.counter
        self._account = account
        self._is_fee_in_base = instrument.fee_currency is FeeCurrency.BASE
        # A fee in counter is a share of what changes hands, the multiplier included.
        multiplier = Decimal(1) if self._is_fee_in_base else instrument.multiplier
        self._rates = (_times(instrument.taker_fee, multiplier), _times(instrument.maker_fee, multiplier))
        self._step = float(instrument.price_step)
        self._quantity_step = float(instrument.quantity_step)
        self._slip = model.slippage_ticks * self._step
        self._half_spread = model.spread_ticks * self._step / 2
        self._half_share = model.spread_share / 2
        self._prices: dict[int, Decimal] = {}
        self._sizes: dict[Decimal, float] = {}

    def limit_volume(self, volume: float) -> None:
        """Let each side take its share of an event's volume; a volume that is not known does not limit."""
        share = self.model.volume_share
        self.left = [0.0, _NO_LIMIT, _NO_LIMIT] if share is None or volume != volume else [0.0, volume * share, volume * share]

    def quote(self, price: float, sign: int) -> float:
        """Return what a taker is quoted where the data has only the price of a trade: half the assumed spread worse."""
        return price + sign * (self._half_spread + price * self._half_share)

    def enter(self, order: WorkingOrder, quote: float, mark: float) -> None:
        """Let a new order meet the market: `quote` is what a taker would pay before slippage, `mark` the price that stops look at."""
        order.entered = self.events
        if order.stop == order.stop and not (mark - order.stop) * order.sign >= 0:
            order.stage = _WAITING
            self._tell(order, Answer.ACCEPTED)
        else:
            # An assumed spread must not help who wants to rest: the price alone tells whether a post-only order would take.
            if order.request.post_only and (order.limit - mark) * order.sign >= 0:
                self.end(order, Answer.REJECTED, RefusalReason.WOULD_CROSS, f"post-only, but the market is at {mark:g}")
                return
            self.trade(order, quote)

    def trade(self, order: WorkingOrder, quote: float) -> None:
        """Take what can be had at `quote`; the remainder rests, or ends where the order does not stand."""
        request, limit = order.request, order.limit
        can_take = limit != limit or (limit - quote) * order.sign >= 0
        if can_take and (request.time_in_force is not _FOK or self._has_whole(order)):
            self.take(order, quote)
            if order.stage is _OVER:
                return
        if request.time_in_force is not _GTC:
            self.end(order, Answer.CANCELED, "", f"{request.time_in_force}: nobody took the rest")
            return
        # An accepted stop order waits; one that came to rest in the book at once is open.
        is_open = order.answer is not None or order.filled or order.stop == order.stop
        order.stage = _RESTING
        self._tell(order, Answer.OPEN if is_open else Answer.ACCEPTED)

    def fill_at_once(self, order: WorkingOrder, quote: float, volume: float) -> Totals | None:
        """Return what a market order for a quantity comes to when it fills wholly as the only one at `quote`, else None: the short way for
        what most orders are. It must say what the long way says."""
        quantity = order.remaining
        share = self.model.volume_share
        if quantity is None or order.request.kind is not _MARKET or order.stage is not _NEW or order.cancel_ns or quote != quote:
            return None
        if share is not None and volume * share < self._size(quantity):
            return None
        value, fee = self._value_and_fee(self._exact(quote + order.sign * self._slip, order.sign), quantity, 0)
        return Totals(quantity, value, {self.fee_currency: fee} if fee else {})

    def take(self, order: WorkingOrder, quote: float) -> None:
        """Fill as a taker at `quote` plus slippage, or level by level in a book, never beyond the order's limit."""
        sign = order.sign
        if self.levels is not None:
            self._walk(order, self.levels[sign])
            return
        available = self.left[sign]
        filled = self._fill(order, self._paid(order, quote), available, 0)
        if available != _NO_LIMIT:
            self.left[sign] = available - float(filled)

    def make(self, order: WorkingOrder, at_most: float = _NO_LIMIT, price: float = math.nan) -> None:
        """Fill a resting limit at its own price, or at the better `price` that a bar opened at, up to `at_most` of what is left."""
        sign = order.sign
        limit = order.request.limit
        assert limit is not None
        available = min(self.left[sign], at_most)
        filled = self._fill(order, limit if price != price else self._exact(price, sign), available, 1)
        if available != _NO_LIMIT:
            self.left[sign] -= float(filled)

    def end(self, order: WorkingOrder, answer: Answer, code: str = "", reason: str = "") -> None:
        """Close an order with its last answer."""
        order.stage = _OVER
        order.code, order.reason = code, reason
        if self._account is not None:
            self._account.release(order.request.client_order_id)
        self._tell(order, answer)

    def cancel(self, before_ns: int) -> None:
        """End the orders whose cancel arrived before `before_ns`."""
        if not self.has_cancels:
            return
        self.has_cancels = any(order.cancel_ns for order in self.orders)
        for order in self.orders:
            if 0 < order.cancel_ns < before_ns and order.stage is not _OVER:
                self.end(order, Answer.CANCELED)

    def _tell(self, order: WorkingOrder, answer: Answer) -> None:
        if order.is_changed:
            # One answer for each order and event, at the place of the last thing that happened to it.
            self.changed.remove(order)
        order.answer = answer
        order.is_changed = True
        self.changed.append(order)

    def _walk(self, order: WorkingOrder, levels: list[list[float]]) -> None:
        for level in levels:
            price, available = level
            if order.stage is _OVER or (price - order.limit) * order.sign > 0:
                return
            if available > 0:
                self.use(order.sign, level, float(self._fill(order, self._paid(order, price), available, 0)))

    def use(self, sign: int, level: list[float], quantity: float) -> None:
        """Remember that we took `quantity` of a book's level."""
        level[1] -= quantity
        self.taken[sign][level[0]] = self.taken[sign].get(level[0], 0.0) + quantity

    def _has_whole(self, order: WorkingOrder) -> bool:
        if order.remaining is None:
            return True
        if self.levels is None:
            available = self.left[order.sign]
        else:
            available = sum(max(left, 0.0) for price, left in self.levels[order.sign] if not (price - order.limit) * order.sign > 0)
        return self._grid_quantity(available) >= order.remaining if available != _NO_LIMIT else True

    def _paid(self, order: WorkingOrder, quote: float) -> Decimal:
        price, limit = quote + order.sign * self._slip, order.request.limit
        if limit is not None and (price - order.limit) * order.sign >= 0:
            return limit
        return self._exact(price, order.sign)

    def _exact(self, price: float, sign: int) -> Decimal:
        # On the grid, against us. Counting steps in floats and remembering what they come to is many times cheaper than Decimal(text).
        steps = price / self._step
        nearest = int(steps + 0.5)
        if abs(steps - nearest) > max(_SNAP, steps * 1e-15):
            nearest = math.ceil(steps) if sign > 0 else math.floor(steps)
        found = self._prices.get(nearest)
        if found is None:
            if len(self._prices) >= _KEPT:
                self._prices.clear()
            # There is no price below one step.
            found = self._prices[nearest] = _times(Decimal(max(nearest, 1)), self.instrument.price_step)
        return found

    def _size(self, quantity: Decimal) -> float:
        # A Decimal's float costs five times its hash, and strategies order few sizes.
        size = self._sizes.get(quantity)
        if size is None:
            if len(self._sizes) >= _KEPT:
                self._sizes.clear()
            size = self._sizes[quantity] = float(quantity)
        return size

    def _grid_quantity(self, quantity: float) -> Decimal:
        return _times(Decimal(math.floor(quantity / self._quantity_step + _SNAP)), self.instrument.quantity_step)

    def _fill(self, order: WorkingOrder, price: Decimal, available: float, is_maker: int) -> Decimal:
        quantity = order.remaining
        if quantity is None:
            quantity = self._bought_for(order.value_left or ZERO, price)
            if not quantity:
                self._end_by_value(order)
                return ZERO
        is_whole = True
        if available != _NO_LIMIT and available < self._size(quantity):
            within = self._grid_quantity(available)
            if within < quantity:
                quantity, is_whole = within, False
        if self._account is not None:
            funded = self._account.most(order, self.instrument, price, quantity)
            if funded < quantity:
                self._fill_exactly(order, price, funded, is_maker)
                self.end(order, Answer.CANCELED, RefusalReason.INSUFFICIENT_BALANCE, "the account holds no more")
                return funded
        self._fill_exactly(order, price, quantity, is_maker)
        if is_whole:
            self.end(order, Answer.FILLED)
        elif quantity:
            self._tell(order, Answer.OPEN)
            if order.value_left is not None and not self._bought_for(order.value_left, price):
                self._end_by_value(order)
        return quantity

    def _fill_exactly(self, order: WorkingOrder, price: Decimal, quantity: Decimal, is_maker: int) -> None:
        if not quantity:
            return
        value, fee = self._value_and_fee(price, quantity, is_maker)
        if order.remaining is not None:
            order.remaining = _EXACT.subtract(order.remaining, quantity)
        elif order.value_left is not None:
            order.value_left = _EXACT.subtract(order.value_left, value)
        if order.filled:
            order.filled, order.value, order.fee = _plus(order.filled, quantity), _plus(order.value, value), _plus(order.fee, fee)
        else:
            order.filled, order.value, order.fee = quantity, value, fee
        if self._account is not None:
            self._account.book(order, self.instrument, quantity, value, {self.fee_currency: fee})

    def _value_and_fee(self, price: Decimal, quantity: Decimal, is_maker: int) -> tuple[Decimal, Decimal]:
        value = _times(price, quantity)
        fee = _times(quantity if self._is_fee_in_base else value, self._rates[is_maker])
        # Up for a fee and, where a maker is paid, down for what it gets.
        return value, fee.quantize(FEE_STEP, ROUND_CEILING, _EXACT) if fee else ZERO

    def _bought_for(self, value: Decimal, price: Decimal) -> Decimal:
        step = self.instrument.quantity_step
        return _times(_EXACT.divide(value, _times(price, step)).to_integral_value(ROUND_FLOOR), step)

    def _end_by_value(self, order: WorkingOrder) -> None:
        # An order by value is done when what is left of it buys no step more.
        if order.filled:
            self.end(order, Answer.FILLED)
        else:
            self.end(order, Answer.CANCELED, RefusalReason.TOO_SMALL, "its value does not buy one step")
