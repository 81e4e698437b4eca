"""Holds rows against what market data must be: numbers, prices above zero, high above low, never back in time.

Whole blocks at once where all is well; row by row only where something is wrong, to say what.
"""

import math

import numpy as np

from trading_system.collectors.data_report import TOLERANCE, Tally
from trading_system.collectors.history_chunk import Array, Kind
from trading_system.collectors.history_layout import Block, Source
from trading_system.collectors.history_times import length, moment


class Checker:
    """Lets the rows of one file through that can be used; `last_ns` is the time of the last, as it stands in the file."""

    def __init__(self, source: Source, bar_ns: int, last_ns: int = 0) -> None:
        self.tally = Tally(bar_ns)
        self.last_ns = last_ns
        self._source = source
        self._kind: Kind = source.layout.kind
        # Bars may not overlap; trades and quotes may share a moment.
        self._shortest_ns = math.ceil(bar_ns * (1 - TOLERANCE))

    def check(self, block: Block) -> dict[str, Array]:
        """Return the columns of the rows that can be used; the others are counted in the tally."""
        columns, before_ns = block.columns, self.last_ns
        is_good = sound(self._kind, columns) & (columns["time"] > 0)
        if block.faults:
            is_good[list(block.faults)] = False
        if not is_good.all() or not self._is_in_order(columns["time"]):
            is_good = self._walk(block, is_good)
            columns = {word: values[is_good] for word, values in columns.items()}
        times = columns["time"]
        if len(times):
            self.last_ns = int(times[-1])
        self.tally.keep(times, before_ns)
        if "side" in columns:
            self.tally.without_side += int((columns["side"] < 0).sum())
        elif self._kind == "trades":
            self.tally.without_side += len(times)
        return columns

    def _is_in_order(self, times: Array) -> bool:
        if not len(times):
            return True
        is_after = not self.last_ns or int(times[0]) - self.last_ns >= self._shortest_ns
        return is_after and bool((times[1:] - times[:-1] >= self._shortest_ns).all())

    def _walk(self, block: Block, is_good: Array) -> Array:
        last_ns, kept, place, columns = self.last_ns, is_good.copy(), self._source.place, block.columns
        for row, (time_ns, is_sound) in enumerate(zip(columns["time"].tolist(), is_good.tolist(), strict=True)):
            if not is_sound:
                label, what = block.faults.get(row) or _explain(self._kind, {word: float(column[row]) for word, column in columns.items()})
            elif last_ns and time_ns - last_ns < self._shortest_ns:
                label, what = self._explain_order(time_ns, last_ns)
            else:
                last_ns = time_ns
                continue
            kept[row] = False
            self.tally.leave_out(label, lambda row=row, what=what: f"{place(block.line_of(row))}: {what}")  # type: ignore[misc]
        return kept

    def _explain_order(self, time_ns: int, last_ns: int) -> tuple[str, str]:
        if time_ns == last_ns:
            return "duplicate", f"the bar of {moment(time_ns)} stands there twice"
        if time_ns < last_ns:
            return "out of order", f"{moment(time_ns)} comes after {moment(last_ns)}: rows must be in order of time"
        return "overlapping", (f"the bar begins {length(time_ns - last_ns)} after the one before it, which lasts "
                               f"{length(self.tally.bar_ns)}")


def sound(kind: Kind, columns: dict[str, Array]) -> Array:
    """Return for each row whether its numbers can be true; nan is false, but for a volume or last price that is not known."""
    if kind == "bars":
        low, high, opened, close = columns["low"], columns["high"], columns["open"], columns["close"]
        good = (low > 0) & (high < math.inf) & (low <= opened) & (opened <= high) & (low <= close) & (close <= high)
        return good if "volume" not in columns else good & ~(columns["volume"] < 0) & (columns["volume"] != math.inf)
    if kind == "trades":
        price, quantity = columns["price"], columns["quantity"]
        return np.asarray((price > 0) & (price < math.inf) & (quantity >= 0) & (quantity < math.inf))
    bid, ask = columns["bid"], columns["ask"]
    good = (bid > 0) & (bid <= ask) & (ask < math.inf)
    return good if "last" not in columns else good & ~(columns["last"] <= 0) & (columns["last"] != math.inf)


def _explain(kind: Kind, row: dict[str, float]) -> tuple[str, str]:
    prices = {"bars": ("open", "high", "low", "close"), "trades": ("price",), "quotes": ("bid", "ask")}[kind]
    amount = {"bars": "volume", "trades": "quantity", "quotes": "last"}[kind]
    for word in (*prices, "quantity") if kind == "trades" else prices:
        if math.isnan(row[word]):
            return "not a number", f"{word} is missing or not a number"
    for word in (*prices, amount):
        if math.isinf(row.get(word, 0.0)):
            return "not a number", f"{word} is infinite"
    for word in (*prices, "last"):
        if row.get(word, 1.0) <= 0:
            return "zero or negative price", f"{word} is {row[word]:.15g}: a price must be above zero"
    if row.get(amount, 0.0) < 0:
        return "negative volume", f"{'volume' if kind == 'bars' else amount} is {row[amount]:.15g}: it cannot be negative"
    if kind == "quotes":
        return "crossed", f"the bid {row['bid']:.15g} is above the ask {row['ask']:.15g}"
    if row["high"] < row["low"]:
        return "high below low", f"the high {row['high']:.15g} is below the low {row['low']:.15g}"
    word = "open" if not row["low"] <= row["open"] <= row["high"] else "close"
    return "outside high and low", f"the {word} {row[word]:.15g} is outside {row['low']:.15g} to {row['high']:.15g}, its low and high"
