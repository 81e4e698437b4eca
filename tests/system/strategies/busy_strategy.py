"""Uses everything the venue offers, at every beat: limit, post-only, market and stop-limit orders, cancels, books and trades."""

from trading_system import Book, Order, StrategyBase, Trade


class BusyStrategy(StrategyBase):
    """Lays one order a beat while fewer than `most` are open, each beat of another kind, and cancels what stands."""

    class Params(StrategyBase.Params, frozen=True):
        """How many orders may be open at once."""

        most: int = 10

    params: Params

    def on_start(self) -> None:
        """Begin."""
        self.beats = self.books = self.trades = 0

    def on_book(self, book: Book) -> None:
        """Count books."""
        self.books += 1

    def on_trade(self, trade: Trade) -> None:
        """Count trades."""
        self.trades += 1

    def on_heartbeat(self) -> None:
        """Cancel what stands, then order."""
        symbol = self.symbols[self.beats % len(self.symbols)]
        self.beats += 1
        tick = self.market[symbol].tick
        if tick is None:
            return
        open_orders = [order for order in self.orders if order.state.name == "OPEN" and not order.is_canceling]
        if len(open_orders) > 2:
            self.cancel(open_orders[0])
        if len(self.orders) < self.params.most:
            self._order(symbol, tick.bid, tick.ask)

    def _order(self, symbol: str, bid: float, ask: float) -> Order:
        quantity = self.instrument(symbol).min_quantity * 2
        kind = self.beats // len(self.symbols) % 5
        if kind == 0:
            return self.buy(symbol, value=float(quantity) * ask)
        if kind == 1:
            return self.sell(symbol, quantity)
        if kind == 2:
            return self.buy(symbol, quantity, limit=bid * 0.97, post_only=True)
        if kind == 3:
            return self.sell(symbol, quantity, limit=ask * 1.03)
        return self.buy(symbol, quantity, limit=bid * 0.9)
