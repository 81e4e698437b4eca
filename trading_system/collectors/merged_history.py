"""Merges histories by time, a window at a time, with numpy: rows of equal time come in the order in which the histories were given.

The backtester's driver asks for it; a window holds at most one chunk of each history.
"""

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from trading_system.collectors.history import History
from trading_system.collectors.history_chunk import EVENTS, Array, Chunk
from trading_system.core.market_data import MarketData


class Batch(msgspec.Struct, frozen=True, eq=False):
    """Rows of several histories in order of time. `chunks` are the same rows apart, in the order the histories were given, none empty.

    `order` says for each row which of the chunks it comes from; None where there is only one.
    """

    times_ns: Array
    chunks: tuple[Chunk, ...]
    order: Array | None = None

    def __len__(self) -> int:
        return len(self.times_ns)

    @property
    def symbols(self) -> list[str]:
        """Return the symbols that have rows here, each once."""
        return list(dict.fromkeys(chunk.symbol for chunk in self.chunks))

    @property
    def kinds(self) -> list[tuple[str, type[MarketData]]]:
        """Return each symbol with each type of its events here."""
        return [(chunk.symbol, EVENTS[chunk.kind]) for chunk in self.chunks]

    def events(self) -> Iterator[MarketData]:
        """Build one event per row, in order, each when it is asked for."""
        if self.order is None:
            return self.chunks[0].events()
        iterators = [chunk.events() for chunk in self.chunks]
        return map(next, map(iterators.__getitem__, self.order.tolist()))

    def marks(self, symbol: str) -> tuple[Array, Array]:
        """Return the times (int64 nanoseconds) of a symbol's rows and the price a position is valued at after each (float64)."""
        chunks = [chunk for chunk in self.chunks if chunk.symbol == symbol]
        if not chunks:
            return np.zeros(0, np.int64), np.zeros(0)
        if len(chunks) == 1:
            return chunks[0].times_ns, chunks[0].marks
        times = np.concatenate([chunk.times_ns for chunk in chunks])
        order = np.argsort(times, kind="stable")
        return times[order], np.concatenate([chunk.marks for chunk in chunks])[order]


def merged(histories: Sequence[History], from_ns: int | None = None, to_ns: int | None = None) -> Iterator[Batch]:
    """Read the rows of all histories with `from_ns` <= moment < `to_ns` in order of time; see `History.chunks`.

    Within one history rows keep their order. Raises ConfigError if a file was changed since it was opened.
    """
    streams = [history.chunks(from_ns, to_ns) for history in histories]
    if len(streams) == 1:
        yield from (Batch(chunk.times_ns, (chunk,)) for chunk in streams[0])
        return
    waiting = [next(stream, None) for stream in streams]
    while any(chunk is not None for chunk in waiting):
        taken: list[Chunk] = []
        limit_ns, limiting = min((int(chunk.times_ns[-1]), index) for index, chunk in enumerate(waiting) if chunk is not None)
        for index, chunk in enumerate(waiting):
            if chunk is None:
                continue
            # The limiting history may go on at this very moment: only those given before it, and itself, may show it now.
            end = int(np.searchsorted(chunk.times_ns, limit_ns, "right" if index <= limiting else "left"))
            if end:
                taken.append(chunk.rows(0, end))
            waiting[index] = chunk.rows(end, len(chunk)) if end < len(chunk) else next(streams[index], None)
        yield _batch(tuple(taken))


def _batch(chunks: tuple[Chunk, ...]) -> Batch:
    if len(chunks) == 1:
        return Batch(chunks[0].times_ns, chunks)
    times = np.concatenate([chunk.times_ns for chunk in chunks])
    by_time = np.argsort(times, kind="stable")
    return Batch(times[by_time], chunks, np.repeat(np.arange(len(chunks)), [len(chunk) for chunk in chunks])[by_time])
