"""Orders once more whenever an order came to nothing, at once: a beginner's mistake."""

from trading_system import Order, OrderState, StrategyBase, Tick


class AgainStrategy(StrategyBase):
    """Each denial leads to the next order."""

    def on_tick(self, tick: Tick) -> None:
        """Order more than there is money for."""
        self.buy(tick.symbol, 90)

    def on_order(self, order: Order) -> None:
        """Try again."""
        if order.state is OrderState.DENIED:
            self.buy(order.symbol, 90)
