"""Places buys far below the market, two a tick as the venue's rate allows, and lets them stand."""

from trading_system import StrategyBase, Tick


class FarOrdersStrategy(StrategyBase):
    """Has something in the market that will not fill; `buys_first` begins with a buy at the market."""

    class Params(StrategyBase.Params, frozen=True):
        """`count` orders of the smallest size, each half a percent below the one before, from 20 % below the market on."""

        count: int = 10
        buys_first: bool = False

    params: Params
    placed: int = 0
    has_bought: bool = False

    def on_tick(self, tick: Tick) -> None:
        """Order what is still missing."""
        smallest = self.instrument(tick.symbol).min_quantity
        if self.params.buys_first and not self.has_bought:
            self.has_bought = True
            self.buy(tick.symbol, smallest)
            return
        for number in range(self.placed, min(self.placed + 2, self.params.count)):
            self.buy(tick.symbol, smallest, limit=tick.bid * (0.8 - 0.005 * number))
            self.placed += 1
