"""The desk one strategy works at: its own order manager, position manager and reservations, and the way its wishes take into the house.

Strategies reach it through `StrategyBase` only; the engine makes it and applies answers to it.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from trading_system.core.clock import Clock
from trading_system.core.events import CancelEvent, NoteEvent, OrderEvent, Verdict
from trading_system.core.instrument import FeeCurrency, Instrument, Number
from trading_system.core.market_data import Bar
from trading_system.core.order import Order, OrderKind, OrderRequest, OrderState, TimeInForce
from trading_system.core.order_update import ZERO
from trading_system.core.order_words import order_words
from trading_system.core.side import Side
from trading_system.oms.order_manager import OrderManager
from trading_system.oms.position_manager import PositionManager
from trading_system.oms.reservations import Reservations, needs
from trading_system.strategy_host.follow_ups import FollowUps
from trading_system.strategy_host.hook_times import HookTimes
from trading_system.strategy_host.market_view import MarketView
from trading_system.strategy_host.shield import Shield
from trading_system.strategy_host.strategy_log import StrategyLog

if TYPE_CHECKING:
    from trading_system.strategy_host.strategy_base import StrategyBase

_LONGEST_TAG = 200
_NEVER_MISSED = ("on_order", "on_fill", "on_connection")
_LASTING = {str(one): one for one in TimeInForce}


class House(Protocol):
    """What a desk needs of the engine."""

    clock: Clock
    shield: Shield          # holds a shot back while a strategy is inside a verb

    def name_order(self, strategy: str) -> str:
        """Return a client order id that was never used before."""

    def judge(self, desk: "Desk", request: OrderRequest, reference: Decimal, currency: str, needed: Decimal) -> Verdict:
        """Let risk judge an order that may take `needed` of `currency`; `reference` is the price it would meet, 0 when none is known."""

    def lay(self, event: OrderEvent | CancelEvent | NoteEvent) -> None:
        """Lay a consequence of the event being handled."""

    def set_timer(self, desk: "Desk", seconds: float, hook: Callable[[], None]) -> None:
        """Call a hook of the desk's strategy every so many seconds."""

    def log_line(self, strategy: str, level: str, text: str, fields: Mapping[str, Any]) -> None:
        """Write a line of a strategy's own log."""


class Desk:
    """One strategy's place in the house. `is_paused` with `pause_reason` means no hook is called and no order is taken; while `is_held`
    too, what it would have heard of its orders is kept in `missed`."""

    def __init__(self, name: str, strategy: "StrategyBase | None", symbols: Sequence[str], orders: OrderManager,
                 positions: PositionManager, market: Mapping[str, MarketView], house: House, *, bar_ns: int = 0, on_stop: str = "cancel",
                 collar: Decimal = Decimal("0.02")) -> None:
        self.name = name
        self.strategy = strategy
        self.symbols = tuple(symbols)
        self.orders = orders
        self.positions = positions
        self.reservations = Reservations()
        self.market = {symbol: market[symbol] for symbol in symbols}
        self.clock = house.clock
        self.log = StrategyLog(name, house.log_line)
        self.bar_ns = bar_ns
        self.on_stop = on_stop
        self.is_started = False
        self._has_begun = False
        self.is_paused = False
        self.pause_reason = ""
        self.is_held = False
        self.missed: list[tuple[str, tuple[Any, ...]]] = []
        self._decision: Order | str = ""
        self.fills = 0
        self.past: dict[str, list[Bar]] = {}
        self.times: dict[str, HookTimes] = {}
        self.hooks: dict[str, Callable[..., None]] = {}
        self._house = house
        self._collars = {side: 1 + collar * side for side in Side}         # how far a market order may go, as a factor of its price
        self.orders_in_a_row = 0
        self._counted_ns = 0
        self._follow_ups = FollowUps(self)

    # What the strategy wants.

    def submit(self, side: Side, symbol: str, quantity: Number | None, value: Number | None, limit: Number | None, stop: Number | None,
               post_only: bool, time_in_force: str, tag: str) -> Order:
        """Build the order, let risk judge it, reserve for it, and lay it in the queue. Raises ValueError for a wrong argument."""
        view = self.market.get(symbol)
        if view is None:
            raise ValueError(f"{symbol!r} is not one of our instruments: {', '.join(self.symbols)}")
        house = self._house
        with house.shield:
            price = view.reference(side)
            reference = Decimal(repr(price)) if price > 0 else ZERO
            request = self._request(view.instrument, reference, side, quantity, value, limit, stop, post_only, time_in_force, tag)
            if self._counted_ns != self.clock.now_ns:
                self._counted_ns, self.orders_in_a_row = self.clock.now_ns, 0
            self.orders_in_a_row += 1
            currency, needed, may_still_fill = self._need(request, reference, ZERO)
            verdict = house.judge(self, request, reference, currency, needed)
            order = self._decision = self.orders.add(request, reference, verdict)
            if verdict.is_accepted:
                self.reservations.reserve(request, currency, needed, may_still_fill)
            house.lay(OrderEvent(request, verdict, reference, view.taken_ns))
            return order

    def _request(self, instrument: Instrument, reference: Decimal, side: Side, quantity: Number | None, value: Number | None,
                 limit: Number | None, stop: Number | None, post_only: bool, time_in_force: str, tag: str) -> OrderRequest:
        if (quantity is None) == (value is None):
            raise ValueError("give either a quantity or a value")
        if tag != "" and (not isinstance(tag, str) or len(tag) > _LONGEST_TAG or not tag.isprintable()):
            raise ValueError(f"a tag is a printable text of at most {_LONGEST_TAG} characters")
        lasting = _LASTING.get(time_in_force)
        if lasting is None:
            raise ValueError(f"time_in_force is GTC, IOC or FOK, not {time_in_force!r}")
        if value is not None and (limit is not None or stop is not None or side is Side.SELL):
            raise ValueError("an order by value is a market order to buy; give a quantity instead")
        if post_only and (limit is None or lasting is not TimeInForce.GTC):
            raise ValueError("post_only goes with a limit and GTC")
        trigger = None
        if limit is not None:
            kind, price = OrderKind.LIMIT, instrument.price(limit, side)
        elif value is None and stop is None and reference and not instrument.has_market_orders_by_quantity:
            # The venue's own market order cannot state a quantity: an IOC limit a collar away can, and has a bound on its price.
            kind, price = OrderKind.LIMIT, instrument.nearest_price(reference * self._collars[side])
            lasting = TimeInForce.IOC if lasting is TimeInForce.GTC else lasting
        else:
            kind, price = OrderKind.MARKET, None
        if stop is not None:
            kind, trigger = _stop_kind(instrument, limit, post_only, lasting), instrument.nearest_price(stop)
        return OrderRequest(
            self._house.name_order(self.name), self.name, instrument.symbol, side, kind, self.clock.now_ns,
            instrument.quantity(quantity) if quantity is not None else None, instrument.value(value) if value is not None else None,
            price, trigger, lasting, post_only, tag)

    def cancel(self, order: Order, by: str = "") -> None:
        """Lay the wish to cancel `order`; an order that is over, or already being canceled, is left alone."""
        if self.orders.get(order.client_order_id) is not order:
            raise ValueError(f"{order.client_order_id} is not our order")
        with self._house.shield:
            if self.orders.want_cancel(order):
                self._house.lay(CancelEvent(order.client_order_id, self.name, by))

    def replace(self, order: Order, limit: Number) -> None:
        """Cancel `order` and, when it is over, place what was left of it at `limit`. Raises ValueError for a wrong price."""
        self._follow_ups.replace(order, limit)

    def flatten(self, symbol: str) -> None:
        """Cancel the orders of `symbol` and sell what is held, as soon as nothing is reserved any more."""
        self._follow_ups.flatten(symbol)

    def notify(self, text: str) -> None:
        """Lay a note for people."""
        self._decision = text
        self._house.lay(NoteEvent(text, self.name))

    def every(self, seconds: float, hook: Callable[[], None]) -> None:
        """Set a timer. Raises ValueError unless `seconds` is above zero."""
        if not seconds > 0:
            raise ValueError("every() needs a number of seconds above zero")
        self._house.set_timer(self, seconds, hook)

    def history(self, symbol: str, bars: int) -> list[Bar]:
        """Return up to `bars` bars that were fetched before the start, oldest first."""
        return self.past.get(symbol, [])[-bars:]

    # What the house does here.

    def settle(self, order: Order) -> None:
        """Bring the reservation of `order` in line with what may still fill; when it is over, go on with what waited for that."""
        name = order.request.client_order_id
        if order.state >= OrderState.FILLED:
            self.reservations.release(name)
            self._follow_ups.after(order)
        elif not self.reservations.holds(name):
            self.restore(order)
        elif order.exact.filled_quantity:
            _, amount, quantity = self._need(order.request, order.reference, order.exact.filled_quantity)
            self.reservations.reduce_to(name, amount, quantity)

    def restore(self, order: Order) -> None:
        """Reserve again for an order that the journal brought back, or that turned up after its absence was proved."""
        self.reservations.reserve(order.request, *self._need(order.request, order.reference, order.exact.filled_quantity))

    def after_warm_up(self, on_bar: Callable[[Bar], None], count: int) -> Callable[[Bar], None]:
        """Return `on_bar` held back, symbol by symbol, until there were `count` bars with those of history."""
        if all(len(self.past.get(symbol, ())) >= count for symbol in self.symbols):
            return on_bar

        def held_back(bar: Bar) -> None:
            past = self.past.setdefault(bar.symbol, [])
            if len(past) >= count:
                on_bar(bar)
            else:
                past.append(bar)
        return held_back

    def free(self, currency: str) -> Decimal:
        """Return what we own of `currency` less what open orders may still take."""
        return self.positions.holdings(currency) - self.reservations.reserved(currency)

    def sellable(self, symbol: str) -> Decimal:
        """Return how much of `symbol` can be sold now, on the grid, with room for a fee taken in base; zero below one step."""
        instrument = self.market[symbol].instrument
        held = min(self.free(instrument.base), self.positions.positions[symbol].exact.quantity)
        if instrument.fee_currency is FeeCurrency.BASE:
            held /= 1 + max(instrument.taker_fee, ZERO)
        return held // instrument.quantity_step * instrument.quantity_step if held > 0 else ZERO

    def call(self, hook: str, *arguments: Any) -> None:
        """Call a hook of the strategy through its guard; one it did not write, or that comes before `on_start`, is not called."""
        guarded = self.hooks.get(hook) if self.is_started else None
        if guarded is None:
            return
        if self.is_held and hook in _NEVER_MISSED:
            self.missed.append((hook, arguments))
        else:
            guarded(*arguments)

    def start(self) -> None:
        """Run `on_start`, or leave that to `resume` while the strategy is paused; from now on it hears of everything."""
        self.is_started = True
        if not self.is_paused:
            self._has_begun = True
            self.call("on_start")

    def resume(self) -> None:
        """Let a paused strategy go on; one that was paused when it should have started does so now."""
        self.is_paused, self.pause_reason = False, ""
        if self.is_started and not self._has_begun:
            self.start()

    def hook_times(self, hook: str) -> HookTimes:
        """Return the clockwork of one hook."""
        return self.times.setdefault(hook, HookTimes())

    @property
    def last_decision(self) -> str:
        """Return what the strategy said or ordered last, in words."""
        decision = self._decision
        if isinstance(decision, str):
            return decision
        denied = f": denied, {decision.reason}" if decision.state is OrderState.DENIED else ""
        return order_words(decision.request) + denied

    @property
    def marks(self) -> dict[str, float]:
        """Return the price each of our symbols is valued at."""
        return {symbol: view.mark for symbol, view in self.market.items()}

    @property
    def equity(self) -> float:
        """Return cash and positions at the last prices, in the ledger's currency."""
        return self.positions.equity(self.marks)

    @property
    def capital(self) -> float:
        """Return the capital in the ledger's currency."""
        return float(self.positions.capital.get(self.positions.currency, ZERO))

    def _need(self, request: OrderRequest, reference: Decimal, filled: Decimal) -> tuple[str, Decimal, Decimal]:
        # The currency it takes from, the most it may still take, the base quantity it may still fill; nothing is known without a price.
        instrument = self.positions.instruments[request.symbol]
        if not reference:
            return instrument.counter, ZERO, ZERO
        return needs(request, instrument, reference, filled)


def _stop_kind(instrument: Instrument, limit: Number | None, post_only: bool, lasting: TimeInForce) -> OrderKind:
    if post_only or lasting is not TimeInForce.GTC:
        raise ValueError("a stop goes with a quantity and GTC, and not with post_only")
    if not (instrument.has_stop_orders if limit is None else instrument.has_stop_limit_orders):
        also = ", only with a limit" if instrument.has_stop_limit_orders else ""
        raise ValueError(f"stop orders are not offered on {instrument.symbol}{also}")
    return OrderKind.STOP if limit is None else OrderKind.STOP_LIMIT
