"""Places a buy far below the market at every beat, whether or not the venue can be reached."""

from trading_system import StrategyBase


class EveryBeatStrategy(StrategyBase):
    """Keeps at most eight orders in the market."""

    def on_heartbeat(self) -> None:
        """Order."""
        for symbol in self.symbols:
            if self.market[symbol].tick is not None and len(self.orders) < 8:
                self.buy(symbol, self.instrument(symbol).min_quantity, limit=self.market[symbol].tick.bid * 0.8)
