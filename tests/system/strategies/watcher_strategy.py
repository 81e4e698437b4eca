"""Looks on and orders nothing."""

from trading_system import StrategyBase, Tick


class WatcherStrategy(StrategyBase):
    """Counts what it sees."""

    seen: int = 0

    def on_tick(self, tick: Tick) -> None:
        """See a tick."""
        self.seen += 1

    def on_heartbeat(self) -> None:
        """See a beat."""
