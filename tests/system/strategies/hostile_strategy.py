"""Misbehaves in the way it is told to, with two orders of its own in the market; a flood comes alone, and a tick earlier."""

import asyncio
import time

from trading_system import StrategyBase, Tick


class HostileStrategy(StrategyBase):
    """One file for all kinds of harm."""

    class Params(StrategyBase.Params, frozen=True):
        """`deed` names what it does."""

        deed: str = ""

    params: Params
    ticks: int = 0

    def on_tick(self, tick: Tick) -> None:
        """Place two orders, wait a tick, misbehave."""
        self.ticks += 1
        smallest = self.instrument(tick.symbol).min_quantity
        if self.ticks == 1 and self.params.deed != "flood":
            for share in (0.8, 0.79):
                self.buy(tick.symbol, smallest, limit=tick.bid * share)
        if self.ticks == (2 if self.params.deed == "flood" else 3):
            getattr(self, self.params.deed)(tick)

    def loop(self, tick: Tick) -> None:
        """Never come back."""
        while True:
            pass

    def sleep(self, tick: Tick) -> None:
        """Come back after a minute."""
        time.sleep(60)

    def raise_error(self, tick: Tick) -> None:
        """Divide by zero."""
        raise ZeroDivisionError("one by nothing")

    def raise_cancelled(self, tick: Tick) -> None:
        """Raise what is no Exception: whoever uses asyncio in a hook may."""
        raise asyncio.CancelledError("from an event loop")

    def flood(self, tick: Tick) -> None:
        """Want far more than the venue takes."""
        for number in range(500):
            self.buy(tick.symbol, self.instrument(tick.symbol).min_quantity, limit=tick.bid * (0.8 - 0.0005 * number))

    def order_forever(self, tick: Tick) -> None:
        """Order without end."""
        while True:
            self.buy(tick.symbol, self.instrument(tick.symbol).min_quantity, limit=tick.bid * 0.8)

    def swallow(self, tick: Tick) -> None:
        """Never come back, whatever is raised."""
        while True:
            try:
                time.sleep(60)
            except BaseException:
                continue
