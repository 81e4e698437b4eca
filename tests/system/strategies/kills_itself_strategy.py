"""Buys at the market and lets the whole program be killed before the answer is remembered."""

import os
import signal

from trading_system import Fill, Order, StrategyBase, Tick


class KillsItselfStrategy(StrategyBase):
    """The venue has the order, the journal only knows that it was sent."""

    class Params(StrategyBase.Params, frozen=True):
        """`kills` tells whether it does it."""

        kills: bool = True

    params: Params

    def on_start(self) -> None:
        """Lay what the other hooks need, as every author does."""
        self.fills_heard = 0

    def on_tick(self, tick: Tick) -> None:
        """Buy."""
        if self.params.kills and not len(self.orders):
            self.buy(tick.symbol, self.instrument(tick.symbol).min_quantity * 10)

    def on_order(self, order: Order) -> None:
        """The venue has taken it: now."""
        if self.params.kills:
            os.kill(os.getpid(), signal.SIGKILL)

    def on_fill(self, fill: Fill) -> None:
        """Count it."""
        self.fills_heard += 1
