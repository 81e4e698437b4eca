"""Whether a market trades, in the three spellings of the venue; set on a `TradingFloor`, read by the routes. It must
never hold more than words."""

from enum import StrEnum


class MarketStatus(StrEnum):
    """What a market takes: everything, post-only orders, next to nothing, or (for maintenance) not even cancels.

    The value is the word of the simulator's own control path.
    """

    ACTIVE = "active"
    POST_ONLY = "post_only"
    HALTED = "halted"
    MAINTENANCE = "maintenance"

    @property
    def in_ticker(self) -> str:
        """Return the word of the ticker calls."""
        return _IN_TICKER[self]

    @property
    def in_markets(self) -> str:
        """Return the word of the markets call."""
        return _IN_MARKETS[self]


# That maintenance shows as UNKNOWN ("temporary") is an assumption.
_IN_TICKER = {
    MarketStatus.ACTIVE: "ACTIVE",
    MarketStatus.POST_ONLY: "POSTONLY",
    MarketStatus.HALTED: "DISABLED",
    MarketStatus.MAINTENANCE: "UNKNOWN",
}
_IN_MARKETS = {
    MarketStatus.ACTIVE: "ACTIVE",
    MarketStatus.POST_ONLY: "POST_ONLY",
    MarketStatus.HALTED: "SUSPENDED",
    MarketStatus.MAINTENANCE: "UNKNOWN",
}
