"""Places a number of buys far below the market at its first tick and lets them stand."""

from trading_system import StrategyBase, Tick


class FarOrdersStrategy(StrategyBase):
    """Orders once; `buys_first` begins with a buy at the market."""

    class Params(StrategyBase.Params, frozen=True):
        """`count` orders of the smallest size, each half a percent below the one before, from 20 % below the market on."""

        count: int = 10
        buys_first: bool = False

    params: Params
    has_ordered: bool = False

    def on_tick(self, tick: Tick) -> None:
        """Order at the first tick, the rest as the rate lets them through."""
        if self.has_ordered:
            return
        self.has_ordered = True
        smallest = self.instrument(tick.symbol).min_quantity
        if self.params.buys_first:
            self.buy(tick.symbol, smallest)
        for number in range(self.params.count):
            self.buy(tick.symbol, smallest, limit=tick.bid * (0.8 - 0.005 * number))
