"""Luno's public market data as the `Feed` of `core/ports.py`: polled, no key needed. Called on pollers' threads; it places nothing."""

from collections.abc import Sequence

from brokerage.luno import mapping
from brokerage.luno.client import PUBLIC_TRADES, LunoClient
from brokerage.luno.row_reader import RowReader
from trading_system.core.errors import TryAgain
from trading_system.core.market_data import Bar, Book, Tick, Trade
from trading_system.core.ports import Runtime

_MILLISECOND = 1_000_000
#: Luno refuses to look back further than 24 hours; a minute is left for the difference between two clocks.
_KEPT_NS = (24 * 3600 - 60) * 10**9


class LunoFeed:
    """Polls tickers, books and public trades. `name` is the suffix of its symbols."""

    def __init__(self, name: str, client: LunoClient, runtime: Runtime) -> None:
        self.name = name
        self._client = client
        self._runtime = runtime
        self._rows = RowReader(runtime)

    @property
    def refused(self) -> dict[str, int]:
        """Return how many records were left out because they made no sense, by reason."""
        return self._rows.refused

    def poll(self, symbols: Sequence[str]) -> list[Tick]:
        """Return the newest tick of each symbol in one call; what is unknown or makes no sense is left out.

        Raises TryAgain or AccessDenied.
        """
        pairs = [symbol.rpartition(".")[0] for symbol in symbols]
        if not pairs:
            return []
        wanted = set(symbols)
        ticks = [self._rows.read(mapping.tick, row, self.name) for row in self._client.tickers(pairs).body["tickers"]]
        return [tick for tick in ticks if tick is not None and tick.symbol in wanted]

    def book(self, symbol: str) -> Book:
        """Return the best 100 levels of each side. Raises TryAgain or AccessDenied."""
        reply = self._client.orderbook_top(symbol.rpartition(".")[0])
        try:
            return mapping.book(reply.body, symbol)
        except ValueError as error:
            raise TryAgain(f"Luno's book of {symbol} makes no sense: {error}", reply.evidence) from None

    def trades(self, symbol: str, since_ns: int) -> list[Trade]:
        """Return public trades at or after `since_ns`, oldest first: at most the 100 newest, none older than 24 hours.

        Raises TryAgain or AccessDenied.
        """
        return self._trades(symbol, since_ns)[0]

    def history(self, symbol: str, bar_ns: int, count: int) -> list[Bar]:
        """Return up to `count` finished bars, oldest first, built from the public trades Luno still tells (100, 24 hours).

        Bars start at multiples of `bar_ns` since the epoch; one without a trade is left out. Raises TryAgain or AccessDenied.
        """
        now_ns = self._runtime.now_ns()
        end_ns = now_ns - now_ns % bar_ns
        # The first bar must be whole: it begins where Luno's memory reaches.
        start_ns = max(end_ns - count * bar_ns, -(-(now_ns - _KEPT_NS) // bar_ns) * bar_ns)
        if start_ns >= end_ns:
            return []
        trades, is_full = self._trades(symbol, start_ns)
        if is_full and trades:
            # The oldest bar may lack trades that did not fit in the page.
            first_ns = trades[0].time_ns // bar_ns * bar_ns
            trades = [trade for trade in trades if trade.time_ns >= first_ns + bar_ns]
        groups: dict[int, list[Trade]] = {}
        for trade in trades:
            if trade.time_ns < end_ns:
                groups.setdefault(trade.time_ns // bar_ns * bar_ns, []).append(trade)
        return [_bar(symbol, start, start + bar_ns, group) for start, group in groups.items()]

    def _trades(self, symbol: str, since_ns: int) -> tuple[list[Trade], bool]:
        since_ns = max(since_ns, self._runtime.now_ns() - _KEPT_NS)
        rows = self._client.trades(symbol.rpartition(".")[0], -(-since_ns // _MILLISECOND)).body["trades"]
        trades = [self._rows.read(mapping.trade, row, symbol) for row in rows]
        found = (trade for trade in trades if trade is not None and trade.time_ns >= since_ns)
        return sorted(found, key=_age), len(rows) >= PUBLIC_TRADES


def _age(trade: Trade) -> tuple[int, int]:
    return trade.time_ns, trade.venue_sequence


def _bar(symbol: str, start_ns: int, end_ns: int, trades: list[Trade]) -> Bar:
    prices = [trade.price for trade in trades]
    volume = sum(trade.quantity for trade in trades)
    return Bar(symbol, start_ns, end_ns, prices[0], max(prices), min(prices), prices[-1], volume, len(trades))
