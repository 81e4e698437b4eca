"""Places buys far below the market, two a tick as the venue's rate allows, and lets them stand."""

from trading_system import Order, StrategyBase, Tick


class FarOrdersStrategy(StrategyBase):
    """Has something in the market that will not fill; says at its start what it found there and withdraws it."""

    class Params(StrategyBase.Params, frozen=True):
        """`count` orders of the smallest size, each half a percent below the one before, from 20 % below the market on; with
        `buys_first` a buy at the market comes before them, with `cancels_every` all are canceled every so many seconds."""

        count: int = 10
        buys_first: bool = False
        cancels_every: float = 0.0

    params: Params

    def on_start(self) -> None:
        """Begin; what other hooks need is laid here, as every author does."""
        self.placed = 0
        self.heard = 0
        self.has_bought = not self.params.buys_first
        self.notify(f"found {len(self.orders)} orders")
        self.cancel_all()
        if self.params.cancels_every:
            self.every(self.params.cancels_every, self.cancel_all)

    def on_tick(self, tick: Tick) -> None:
        """Order what is still missing."""
        smallest = self.instrument(tick.symbol).min_quantity
        if not self.has_bought:
            self.has_bought = True
            self.buy(tick.symbol, smallest)
            return
        for number in range(self.placed, min(self.placed + 2, self.params.count)):
            self.buy(tick.symbol, smallest, limit=tick.bid * (0.8 - 0.005 * number))
            self.placed += 1

    def on_order(self, order: Order) -> None:
        """Count answers."""
        self.heard += 1
