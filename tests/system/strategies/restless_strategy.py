"""Orders across the market and far from it, and changes its mind at once: whatever a race between order, fill and cancel needs."""

from trading_system import StrategyBase, Tick


class RestlessStrategy(StrategyBase):
    """Places two orders a tick and cancels some of what it finds, whatever state it is in; the first one of each symbol rests."""

    def on_start(self) -> None:
        """Count the ticks."""
        self.ticks = 0

    def on_tick(self, tick: Tick) -> None:
        """Cancel some, then order."""
        self.ticks += 1
        smallest = self.instrument(tick.symbol).min_quantity
        if not any(order.symbol == tick.symbol and order.tag == "rests" for order in self.orders):
            self.buy(tick.symbol, smallest * 4, limit=tick.bid * 0.8, tag="rests")
        ours = [order for order in self.orders if order.symbol == tick.symbol and order.tag != "rests"]
        for place, order in enumerate(ours):
            if (place + self.ticks) % 3 == 0 and not order.is_canceling:
                self.cancel(order)
        if len(ours) < 12:
            self._order(tick, smallest * 4, self.ticks)
            self._order(tick, smallest * 6, self.ticks // 2 + 2)

    def _order(self, tick: Tick, quantity: float, turn: int) -> None:
        if turn % 5 == 0:
            self.buy(tick.symbol, quantity, limit=tick.ask * 1.002)
        elif turn % 5 == 1:
            self.sell(tick.symbol, quantity, limit=tick.bid * 0.998)
        elif turn % 5 == 2:
            self.buy(tick.symbol, quantity, limit=tick.bid)
        elif turn % 5 == 3:
            self.sell(tick.symbol, quantity, limit=tick.ask)
        else:
            self.buy(tick.symbol, quantity, limit=tick.bid * 0.9)
