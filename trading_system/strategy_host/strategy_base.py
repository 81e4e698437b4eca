"""The class every strategy derives from: hooks it may write, verbs it may call, things it may read.

A strategy never sees threads, clocks, brokers or files.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from trading_system.core.instrument import Instrument, Number
from trading_system.core.market_data import Bar, Book, Tick, Trade
from trading_system.core.order import Fill, Order
from trading_system.core.side import Side
from trading_system.strategy_host.market_view import MarketView

if TYPE_CHECKING:
    from trading_system.oms.order_manager import OrderManager
    from trading_system.oms.position import Position
    from trading_system.strategy_host.desk import Desk
    from trading_system.strategy_host.strategy_log import StrategyLog


class StrategyBase:
    """Derive one class per file, write the hooks you need, and call the verbs from inside them.

    A hook that raises pauses its strategy with the reason; the others trade on. Quantities are in base units, prices in counter per base.
    """

    class Params(msgspec.Struct, kw_only=True):
        """The strategy's own settings, typed; the YAML is checked against them."""

    class State(msgspec.Struct, kw_only=True):
        """What a strategy wants back after a restart, as `self.state`; it is journaled with its orders and fills and at a beat."""

    #: The length of the bars it works on, such as "5m", where the configuration says no `bars`.
    timeframe: ClassVar[str] = ""
    #: How many bars, history included, there must be before the first `on_bar`.
    warm_up: ClassVar[int] = 0

    params: Params
    state: Any = None
    _desk: "Desk"

    # Hooks. Those a strategy does not write are not called.

    def on_start(self) -> None:
        """Run once before the first market data; history is there already."""

    def on_tick(self, tick: Tick) -> None:
        """See the best bid and ask of one of our symbols."""

    def on_trade(self, trade: Trade) -> None:
        """See a public trade."""

    def on_book(self, book: Book) -> None:
        """See the best levels of one of our symbols."""

    def on_bar(self, bar: Bar) -> None:
        """See a finished bar of the length asked for."""

    def on_heartbeat(self) -> None:
        """Run once a beat."""

    def on_order(self, order: Order) -> None:
        """See one of our orders after its state changed."""

    def on_fill(self, fill: Fill) -> None:
        """See a fill of ours; position and cash are already updated."""

    def on_connection(self, broker: str, is_up: bool) -> None:
        """Hear that a broker was lost or came back."""

    def on_stop(self) -> None:
        """Run once at the end, before the orders are canceled."""

    # Verbs.

    def buy(self, symbol: str, quantity: Number | None = None, *, value: Number | None = None, limit: Number | None = None,
            stop: Number | None = None, post_only: bool = False, time_in_force: str = "GTC", tag: str = "") -> Order:
        """Buy `quantity` base units, or for `value` counter units at the market. Without `limit` it is a market order.

        Returns the order, already in `self.orders`, or already DENIED with its reason. Raises ValueError for a wrong argument only.
        """
        return self._desk.submit(Side.BUY, symbol, quantity, value, limit, stop, post_only, time_in_force, tag)

    def sell(self, symbol: str, quantity: Number | None = None, *, value: Number | None = None, limit: Number | None = None,
             stop: Number | None = None, post_only: bool = False, time_in_force: str = "GTC", tag: str = "") -> Order:
        """Sell `quantity` base units; the rest as `buy`."""
        return self._desk.submit(Side.SELL, symbol, quantity, value, limit, stop, post_only, time_in_force, tag)

    def cancel(self, order: Order) -> None:
        """Ask for an order to be canceled; `on_order` tells when it is."""
        self._desk.cancel(order)

    def cancel_all(self) -> None:
        """Ask for all our open orders to be canceled."""
        for order in self._desk.orders:
            self._desk.cancel(order)

    def flatten(self, symbol: str | None = None) -> None:
        """Cancel our orders and sell what we hold of `symbol` (all symbols without one), leaving room for a fee taken in base."""
        for one in (symbol,) if symbol else self._desk.symbols:
            self._desk.flatten(one)

    def replace(self, order: Order, *, limit: Number) -> None:
        """Cancel `order`, wait until that is certain, and place what was left of it at `limit`."""
        self._desk.replace(order, limit)

    def notify(self, text: str) -> None:
        """Tell people, in words, what was decided and why; the screen and the log show it."""
        self._desk.notify(text)

    def every(self, seconds: float, hook: Callable[[], None]) -> None:
        """Call `hook` every `seconds`, counted from now, at the first beat that is due."""
        self._desk.every(seconds, hook)

    # Reads.

    @property
    def name(self) -> str:
        """Return the name the configuration gives us."""
        return self._desk.name

    @property
    def symbols(self) -> Sequence[str]:
        """Return the symbols we may trade."""
        return self._desk.symbols

    @property
    def orders(self) -> "OrderManager":
        """Return our own orders; iterating gives the open ones."""
        return self._desk.orders

    @property
    def positions(self) -> "Mapping[str, Position]":
        """Return our own positions by symbol; a symbol we never traded is flat."""
        return self._desk.positions.positions

    @property
    def market(self) -> Mapping[str, MarketView]:
        """Return what is known of each symbol right now."""
        return self._desk.market

    @property
    def equity(self) -> float:
        """Return cash and positions at the last prices, in our ledger's currency."""
        return self._desk.equity

    @property
    def capital(self) -> float:
        """Return the capital we were given, in our ledger's currency."""
        return self._desk.capital

    def cash(self, currency: str) -> float:
        """Return what we own of `currency` and have not promised to an open order."""
        return float(self._desk.free(currency))

    def instrument(self, symbol: str) -> Instrument:
        """Return the grid, the smallest order and the status of a symbol."""
        return self._desk.market[symbol].instrument

    def history(self, symbol: str, bars: int = 200) -> list[Bar]:
        """Return up to `bars` finished bars from before we started, oldest first."""
        return self._desk.history(symbol, bars)

    @property
    def now_ns(self) -> int:
        """Return the time of the event being handled, UTC nanoseconds."""
        return self._desk.clock.now_ns

    @property
    def log(self) -> "StrategyLog":
        """Return our own log; `self.log.info("text")` goes to the house's log file."""
        return self._desk.log


HOOKS = ("on_start", "on_tick", "on_trade", "on_book", "on_bar", "on_heartbeat", "on_order", "on_fill", "on_connection", "on_stop")


def writes(strategy: StrategyBase, hook: str) -> bool:
    """Tell whether a strategy wrote `hook` itself; those it did not write are never called."""
    return getattr(type(strategy), hook) is not getattr(StrategyBase, hook)
