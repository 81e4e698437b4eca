"""Luno's market data as the `Feed` of `core/ports.py`: polled, and without a key but for candles. Called on pollers' threads; it places
nothing.
"""

from collections.abc import Collection, Mapping, Sequence

from brokerage.luno import mapping
from brokerage.luno.bars import bars_of_candles, bars_of_trades, candle_seconds
from brokerage.luno.client import LunoClient
from brokerage.luno.fields import Row, text, time_ns
from brokerage.luno.market_client import PAGE_CANDLES, PUBLIC_TRADES
from brokerage.luno.row_reader import RowReader
from trading_system.core.errors import TryAgain
from trading_system.core.instrument import MarketStatus
from trading_system.core.market_data import Bar, Book, Tick, Trade
from trading_system.core.ports import Runtime

_MILLISECOND = 1_000_000
_SECOND = 1_000_000_000
#: Luno refuses to look back further than 24 hours; a minute is left for the difference between two clocks.
_KEPT_NS = (24 * 3600 - 60) * _SECOND
#: A time further ahead of Luno's own clock than this is nonsense; believed, it would make all later ticks look old.
_AHEAD_NS = 60 * _SECOND


class LunoFeed:
    """Polls tickers, books and public trades. `name` is the suffix of its symbols."""

    def __init__(self, name: str, client: LunoClient, runtime: Runtime) -> None:
        self.name = name
        self._client = client
        self._runtime = runtime
        self._rows = RowReader(runtime)
        self._newest_ns: dict[str, int] = {}
        self._statuses: dict[str, MarketStatus] = {}

    @property
    def refused(self) -> dict[str, int]:
        """Return how many records were left out because they made no sense, by reason."""
        return self._rows.refused

    def poll(self, symbols: Sequence[str]) -> list[Tick]:
        """Return the newest tick of each symbol in one call; what is unknown, old or makes no sense is left out.

        Raises TryAgain or AccessDenied.
        """
        pairs = [symbol.rpartition(".")[0] for symbol in symbols]
        if not pairs:
            return []
        self._statuses = {}
        rows = self._client.tickers(pairs).body["tickers"]
        wanted, latest_ns = set(symbols), self._latest_ns()
        ticks = [self._rows.read(self._tick, row, wanted, latest_ns) for row in rows]
        return [tick for tick in ticks if tick is not None]

    def statuses(self) -> Mapping[str, MarketStatus]:
        """Return in what state the last poll said each market is; UNKNOWN where it said so or used a word that nobody knows."""
        return self._statuses

    def book(self, symbol: str) -> Book:
        """Return the best 100 levels of each side. Raises TryAgain or AccessDenied."""
        reply = self._client.orderbook_top(symbol.rpartition(".")[0])
        book = self._rows.read(mapping.book, reply.body, symbol)
        if book is None or book.time_ns > self._latest_ns():
            raise TryAgain(f"Luno's book of {symbol} makes no sense", reply.evidence)
        return book

    def trades(self, symbol: str, since_ns: int) -> list[Trade]:
        """Return public trades at or after `since_ns`, oldest first: at most the 100 newest, none older than 24 hours.

        Raises TryAgain or AccessDenied.
        """
        return self._trades(symbol, since_ns)[0]

    def history(self, symbol: str, bar_ns: int, count: int) -> list[Bar]:
        """Return up to `count` finished bars, oldest first, starting at multiples of `bar_ns` since the epoch.

        With a key, whole minutes come from Luno's candles; they are flat, without volume, where nobody traded. Everything else, and all
        where the candles cannot be had, is built from the public trades Luno still tells (100, 24 hours): there a bar without a trade is
        left out. Raises TryAgain or AccessDenied.
        """
        end_ns = self._runtime.now_ns() // bar_ns * bar_ns
        seconds = candle_seconds(bar_ns) if self._client.has_credentials else 0
        if seconds:
            try:
                return self._from_candles(symbol, bar_ns, end_ns - count * bar_ns, end_ns, seconds)
            except TryAgain:
                # Bars of fewer trades are better than none.
                self._rows.count("no candles")
        return self._from_trades(symbol, bar_ns, end_ns - count * bar_ns, end_ns)

    def _tick(self, row: Row, wanted: Collection[str], latest_ns: int) -> Tick:
        symbol, changed_ns = f"{text(row, 'pair')}.{self.name}", time_ns(row, "timestamp")
        if symbol not in wanted:
            raise ValueError("unknown pair")
        if symbol in self._statuses:
            raise ValueError("duplicate row")
        if changed_ns > latest_ns:
            raise ValueError("time ahead of the clock")
        if changed_ns < self._newest_ns.get(symbol, 0):
            raise ValueError("time going back")
        # What the row says of the market counts even where its prices make no sense.
        self._statuses[symbol] = mapping.market_status(row.get("status"))
        tick = mapping.tick(row, self.name)
        self._newest_ns[symbol] = changed_ns
        return tick

    def _latest_ns(self) -> int:
        # By Luno's clock, as far as we know it: ours may be wrong.
        return self._runtime.now_ns() + int((self._client.rest.clock_offset_seconds or 0.0) * 1e9) + _AHEAD_NS

    def _from_candles(self, symbol: str, bar_ns: int, start_ns: int, end_ns: int, seconds: int) -> list[Bar]:
        pair, length_ns = symbol.rpartition(".")[0], seconds * _SECOND
        candles: dict[int, Bar] = {}
        since_ns = max(start_ns, 0)
        while since_ns < end_ns:
            rows = self._client.candles(pair, since_ns // _MILLISECOND, seconds).body["candles"]
            for row in rows:
                candle = self._rows.read(mapping.candle, row, symbol, length_ns)
                # The last one is still growing.
                if candle is not None and start_ns <= candle.start_ns and candle.time_ns <= end_ns:
                    candles.setdefault(candle.start_ns, candle)
            before_ns, since_ns = since_ns, max(candles, default=since_ns - length_ns) + length_ns
            if len(rows) < PAGE_CANDLES or since_ns <= before_ns:
                break
        return bars_of_candles(symbol, bar_ns, [candles[start] for start in sorted(candles)])

    def _from_trades(self, symbol: str, bar_ns: int, start_ns: int, end_ns: int) -> list[Bar]:
        # The first bar must be whole: it begins where Luno's memory reaches.
        start_ns = max(start_ns, -(-(self._runtime.now_ns() - _KEPT_NS) // bar_ns) * bar_ns)
        if start_ns >= end_ns:
            return []
        trades, is_full = self._trades(symbol, start_ns)
        if is_full and trades:
            # The oldest bar may lack trades that did not fit in the page.
            start_ns = trades[0].time_ns // bar_ns * bar_ns + bar_ns
        return bars_of_trades(symbol, bar_ns, [trade for trade in trades if start_ns <= trade.time_ns < end_ns])

    def _trades(self, symbol: str, since_ns: int) -> tuple[list[Trade], bool]:
        since_ns = max(since_ns, self._runtime.now_ns() - _KEPT_NS)
        rows = self._client.trades(symbol.rpartition(".")[0], -(-since_ns // _MILLISECOND)).body["trades"]
        latest_ns = self._latest_ns()
        trades: dict[int, Trade] = {}
        for row in rows:
            self._rows.read(_keep_trade, row, symbol, latest_ns, trades)
        return sorted((trade for trade in trades.values() if trade.time_ns >= since_ns), key=_age), len(rows) >= PUBLIC_TRADES


def _keep_trade(row: Row, symbol: str, latest_ns: int, trades: dict[int, Trade]) -> bool:
    trade = mapping.trade(row, symbol)
    if trade.venue_sequence in trades:
        raise ValueError("duplicate row")
    if trade.time_ns > latest_ns:
        raise ValueError("time ahead of the clock")
    trades[trade.venue_sequence] = trade
    return True


def _age(trade: Trade) -> tuple[int, int]:
    return trade.time_ns, trade.venue_sequence
