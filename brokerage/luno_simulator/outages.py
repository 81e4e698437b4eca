"""Faults that last longer than the call that began them: bans, times without a listener, markets that do not trade; begun by
the kinds of faults, asked and ended by `faults.py`."""

from brokerage.luno_simulator.api import Answer
from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.market_status import MarketStatus


class Outages:
    """What is out of order, and until when. Times are nanoseconds since the epoch."""

    def __init__(self) -> None:
        self._ban: Answer | None = None
        self._ban_ends_ns = 0
        self.offline_until_ns = 0
        # Set while a restart is under way; the exchange does not exist until `offline_until_ns`.
        self.is_restarting = False
        self._markets: dict[str, tuple[MarketStatus, int]] = {}

    def ban(self, answer: Answer, until_ns: int) -> None:
        """Answer every call with this until then."""
        self._ban, self._ban_ends_ns = answer, max(self._ban_ends_ns, until_ns)

    def go_offline(self, until_ns: int, is_restart: bool = False) -> None:
        """Let nobody listen until then."""
        self.offline_until_ns = max(self.offline_until_ns, until_ns)
        self.is_restarting = self.is_restarting or is_restart

    def close_market(self, exchange: Exchange, pair: str, status: MarketStatus, until_ns: int) -> None:
        """Let one market, or all, have another status until then."""
        for floor in [exchange.floor(pair)] if pair else exchange.floors.values():
            name = floor.market.pair
            before, ends_ns = self._markets.get(name, (floor.status, 0))
            self._markets[name] = (before, max(ends_ns, until_ns))
            floor.status = status

    def banned(self, now_ns: int) -> Answer | None:
        """Return what a banned caller hears, or None when there is no ban."""
        return self._ban if now_ns < self._ban_ends_ns else None

    def is_offline(self, now_ns: int) -> bool:
        """Tell whether nobody listens."""
        return now_ns < self.offline_until_ns

    def next_opening_ns(self) -> int | None:
        """Return when the next closed market opens again, if one is closed."""
        return min((ends_ns for _, ends_ns in self._markets.values()), default=None)

    def open_markets(self, exchange: Exchange, now_ns: int) -> None:
        """Give the markets whose time is over the status they had before."""
        for pair, (before, ends_ns) in list(self._markets.items()):
            if ends_ns <= now_ns:
                exchange.set_status(before, pair)
                del self._markets[pair]

    def forget_markets(self) -> None:
        """Forget which markets were closed: a restart opens all."""
        self._markets.clear()

    def lift(self, exchange: Exchange, now_ns: int) -> None:
        """End everything now. A restart that is under way ends now too."""
        self._ban_ends_ns, self.offline_until_ns = 0, min(self.offline_until_ns, now_ns)
        self._markets = {pair: (before, 0) for pair, (before, _) in self._markets.items()}
        self.open_markets(exchange, now_ns)
