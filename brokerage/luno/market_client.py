"""Luno's public calls, and the candles, which are market data too but want a key. A part of `LunoClient`."""

from collections.abc import Sequence

from brokerage.luno.caller import LunoCaller, LunoReply, given, with_rows
from brokerage.rate_limiter import Purpose

#: What one call for public trades, and one for candles, brings at most.
PUBLIC_TRADES = 100
PAGE_CANDLES = 1000
#: The lengths of Luno's candles, in seconds.
CANDLE_SECONDS = (60, 300, 900, 1800, 3600, 10800, 14400, 28800, 86400, 259200, 604800)


class MarketClient(LunoCaller):
    """One method for each call about a market."""

    def ticker(self, pair: str) -> LunoReply:
        """GET the ticker of one pair; an unknown one is ErrMarketUnavailable, a TryAgain."""
        return self.read("/api/1/ticker", [("pair", pair)], Purpose.LOOK_UP, is_private=False)

    def tickers(self, pairs: Sequence[str] = ()) -> LunoReply:
        """GET the tickers of `pairs` (all when empty); pairs Luno does not know are missing from the reply."""
        return self.rows("/api/1/tickers", [("pair", pair) for pair in pairs], "tickers", Purpose.POLL, is_private=False)

    def orderbook_top(self, pair: str) -> LunoReply:
        """GET the best 100 levels of each side."""
        return self._book("/api/1/orderbook_top", pair)

    def orderbook(self, pair: str) -> LunoReply:
        """GET all orders of both sides, one row each: about a megabyte on a busy pair."""
        return self._book("/api/1/orderbook", pair)

    def trades(self, pair: str, since_ms: int = 0) -> LunoReply:
        """GET at most the 100 newest public trades at or after `since_ms`, which must be younger than 24 hours; newest first."""
        return self.rows("/api/1/trades", given(("pair", pair), ("since", since_ms)), "trades", Purpose.LOOK_UP, is_private=False)

    def candles(self, pair: str, since_ms: int, duration_seconds: int) -> LunoReply:
        """GET the (at most 1000) earliest candles that start at or after `since_ms`, oldest first; the last one may be unfinished.

        The only market data that needs a key. Raises ValueError for a duration that is not one of `CANDLE_SECONDS`.
        """
        if duration_seconds not in CANDLE_SECONDS:
            raise ValueError(f"Luno has no candles of {duration_seconds} seconds")
        parameters = [("pair", pair), ("since", str(since_ms)), ("duration", str(duration_seconds))]
        return self.rows("/api/exchange/1/candles", parameters, "candles", Purpose.LOOK_UP)

    def markets(self, pairs: Sequence[str] = ()) -> LunoReply:
        """GET the grids and states of `pairs` (all when empty)."""
        return self.rows("/api/exchange/1/markets", [("pair", pair) for pair in pairs], "markets", Purpose.LOOK_UP, is_private=False)

    def _book(self, path: str, pair: str) -> LunoReply:
        return with_rows(with_rows(self.read(path, [("pair", pair)], Purpose.LOOK_UP, is_private=False), "bids"), "asks")
