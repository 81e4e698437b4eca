"""Follows trends on bars: buys when the fast average of the closes crosses above the slow one, sells when it crosses below.

Each of its instruments is traded by itself: one position, and never more than one order on its way.
"""

import math
from collections import deque

from trading_system import Bar, OrderState, StrategyBase


class MovingAverageCrossStrategy(StrategyBase):
    """Trades crosses of two moving averages. Ask for bars in the configuration: `bars: 2s`."""

    class Params(StrategyBase.Params):
        """`fast` and `slow` are counted in bars. `fraction` of the free cash goes into a position; a market order sets a little more
        aside than it will cost, so all of it is too much."""

        fast: int = 3
        slow: int = 8
        fraction: float = 0.25

    params: Params

    def on_start(self) -> None:
        """Begin with the bars from before the start, where there are any."""
        if not 0 < self.params.fast < self.params.slow or not 0 < self.params.fraction <= 1:
            raise ValueError("fast must be less than slow, and fraction above 0 and at most 1")
        self.closes: dict[str, deque[float]] = {symbol: deque(maxlen=self.params.slow) for symbol in self.symbols}
        # Which side of the slow average the fast one is on: 1 above, -1 below, 0 not known yet.
        self.sides: dict[str, int] = dict.fromkeys(self.symbols, 0)
        self.leaving: set[str] = set()
        for symbol in self.symbols:
            for bar in self.history(symbol):
                self.crosses(bar)
            if self.sides[symbol]:
                # What happened before the start is no cross of ours: a trend that runs already is not chased.
                self.notify(f"{symbol}: {self.averages(symbol)} from history; waiting for the next cross")

    def on_bar(self, bar: Bar) -> None:
        """Decide on a finished bar."""
        symbol = bar.symbol
        cross = self.crosses(bar)
        if len(self.closes[symbol]) < self.params.slow:
            self.notify(f"{symbol}: waiting for {self.params.slow} bars, {len(self.closes[symbol])} so far")
            return
        if cross > 0:
            self.leaving.discard(symbol)
            self.enter(bar)
        elif cross < 0:
            self.leaving.add(symbol)
        if symbol in self.leaving:
            self.leave(symbol)

    def crosses(self, bar: Bar) -> int:
        """Take a bar's close in; return 1 when the fast average crossed above the slow one with it, -1 below, else 0."""
        closes = self.closes[bar.symbol]
        closes.append(bar.close)
        if len(closes) < self.params.slow:
            return 0
        fast, slow = self.means(bar.symbol)
        if math.isclose(fast, slow, rel_tol=1e-9):
            return 0                # equal is no side: in a market that stands still the last digits say nothing
        before, after = self.sides[bar.symbol], 1 if fast > slow else -1
        self.sides[bar.symbol] = after
        return after if before == -after else 0

    def enter(self, bar: Bar) -> None:
        """Buy, unless we hold it or an order is still on its way: a chance that cannot be taken at once is passed over."""
        symbol = bar.symbol
        words = f"{symbol}: {self.averages(symbol)}"
        if self.has_order(symbol) or not self.positions[symbol].is_flat:
            self.notify(f"{words}: crossed above, but we are not flat; no second entry")
            return
        instrument = self.instrument(symbol)
        quantity = self.cash(instrument.counter) * self.params.fraction / bar.close
        if quantity < instrument.min_quantity:
            self.notify(f"{words}: crossed above, but {quantity:g} {instrument.base} is less than the smallest order")
            return
        order = self.buy(symbol, quantity, tag="cross above")
        result = f"denied, {order.reason}" if order.state is OrderState.DENIED else f"buying {order.quantity:g} {instrument.base}"
        self.notify(f"{words}: crossed above, {result}")

    def leave(self, symbol: str) -> None:
        """Sell what we hold; asked again at every bar until we are flat, because a position must not outlive its reason."""
        if self.has_order(symbol):
            return
        if self.positions[symbol].is_flat:
            self.leaving.discard(symbol)
            return
        self.notify(f"{symbol}: {self.averages(symbol)}: crossed below, selling {self.positions[symbol].quantity:g}")
        self.flatten(symbol)

    def has_order(self, symbol: str) -> bool:
        """Tell whether an order of ours may still fill."""
        return any(order.symbol == symbol for order in self.orders)

    def means(self, symbol: str) -> tuple[float, float]:
        """Return the fast and the slow average of the last closes."""
        closes = list(self.closes[symbol])
        return sum(closes[-self.params.fast:]) / self.params.fast, sum(closes) / len(closes)

    def averages(self, symbol: str) -> str:
        """Return the two averages in words."""
        fast, slow = self.means(symbol)
        return f"fast average {fast:.8g}, slow average {slow:.8g}"
