"""The equity curve of one strategy, rebuilt from its fills and the market's marks chunk by chunk, at numpy's price.

It says at every event what the exact ledger would say, as a float; the ledger itself is never asked.
"""

import math
from array import array
from collections.abc import Mapping
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from trading_system.core.errors import InvariantBroken
from trading_system.core.instrument import Instrument
from trading_system.core.order import Fill
from trading_system.core.side import Side
from trading_system.reports.curve_statistics import CurveStatistics
from trading_system.reports.daily_closes import DailyCloses
from trading_system.reports.exchange_rates import Market, rates_over
from trading_system.reports.performance import Array

Times = npt.NDArray[np.int64]

_DUST = 1e-12           # what rounding leaves of money that is gone


class EquityCurve:
    """Cash and positions of one strategy as step functions of its fills, and its equity at every event.

    `cash` is the capital in money, as a number in `currency` or per currency; capital in base joins by `add_capital` when it is priced.
    A fill counts from the first event at its time on, a mark from its own time on. Before a symbol's first mark its position counts at
    cost. Other currencies are changed at the strategy's own spot marks; while such a mark is missing, equity is not defined (nan) and that
    point is left out of the statistics. A currency that is in none of the symbols is left out, as the ledger does.
    """

    def __init__(self, currency: str, instruments: Mapping[str, Instrument], cash: float | Mapping[str, float],
                 keep_all: bool = False) -> None:
        self.currency = currency
        self.statistics = CurveStatistics(keep_all)
        self._holdings = {symbol: _Holding(instrument) for symbol, instrument in instruments.items()}
        names = {currency} | {name for holding in self._holdings.values() for name in (holding.base, holding.counter) if name}
        self._cash = {name: _Steps() for name in sorted(names)}
        for name, amount in (cash.items() if isinstance(cash, Mapping) else ((currency, cash),)):
            if name in self._cash:
                self._cash[name].now += amount
        self._buffer = np.empty(0)

    def add_fill(self, fill: Fill, reference_price: Decimal | None = None) -> None:
        """Note a fill with its fees, in the order of booking. One of quantity 0 corrects fees; `reference_price` values those in base.

        Raises InvariantBroken for a symbol that is not ours.
        """
        holding = self._holdings.get(fill.symbol)
        if holding is None:
            raise InvariantBroken(f"{fill.strategy} has a fill of {fill.symbol}, which is none of its symbols")
        amounts = fill.exact
        quantity, cost = float(amounts.quantity), float(amounts.value) * holding.multiplier
        if fill.side is not Side.BUY:
            quantity, cost = -quantity, -cost
        paid, base_fee = cost, 0.0
        for currency, fee in amounts.fees.items():
            if currency == holding.counter:
                paid += float(fee)
            elif currency == holding.base:
                base_fee += float(fee)
            elif currency in self._cash:
                self._cash[currency].add(fill.time_ns, -float(fee))
        if not holding.is_marked:
            price = cost / quantity if quantity else float(reference_price or 0) * holding.multiplier
            holding.book(quantity, cost)
            if base_fee:
                holding.book(-base_fee, -base_fee * price)
            holding.costs.append(holding.cost)
        holding.times.append(fill.time_ns)
        holding.quantities.append(quantity - base_fee)
        holding.flows.append(-paid)

    def add_capital(self, symbol: str, quantity: float, price: float, time_ns: int) -> None:
        """Note capital given in the base of `symbol` (negative: withdrawn), booked at `price` in counter per base."""
        holding = self._holdings[symbol]
        if not holding.is_marked:
            holding.book(quantity, quantity * price * holding.multiplier)
            holding.costs.append(holding.cost)
        holding.times.append(time_ns)
        holding.quantities.append(quantity)
        holding.flows.append(0.0)

    def add_cash(self, currency: str, amount: float, time_ns: int) -> None:
        """Note money deposited (negative: withdrawn) at `time_ns`."""
        if currency in self._cash:
            self._cash[currency].add(time_ns, amount)

    def add_chunk(self, times_ns: Times, marks_by_symbol: Mapping[str, tuple[Times, Array]]) -> Array:
        """Reckon the equity at each of `times_ns`, add it to the statistics and return it; the array is valid until the next call.

        `marks_by_symbol` holds for each symbol that spoke its own times and marks (nan is no mark), both ascending within the chunk;
        an array that is `times_ns` itself is the quick way. Events of one time belong in one chunk.
        """
        points = len(times_ns)
        if not points:
            return self._buffer[:0]
        if len(self._buffer) < points:
            self._buffer = np.empty(points)
        worth = {self.currency: self._buffer[:points]}
        for name, steps in self._cash.items():
            if name not in worth:
                worth[name] = np.empty(points)
            at, deltas = steps.take(times_ns)
            begins = [at] + [holding.begin(times_ns) for holding in self._holdings.values() if holding.counter == name]
            flows = [deltas] + [holding.taken_flows for holding in self._holdings.values() if holding.counter == name]
            _write_steps(worth[name], steps, np.concatenate(begins), np.concatenate(flows))
        markets = []
        for symbol, holding in self._holdings.items():
            marks = holding.marks_over(times_ns, *marks_by_symbol.get(symbol, (None, None)))
            holding.add_value(worth[holding.counter], marks)
            if holding.base:
                markets.append(Market(holding.base, holding.counter, marks))
        equity = worth.pop(self.currency)
        others = {name: amounts for name, amounts in worth.items() if amounts.any()}
        if others:
            rates = rates_over(self.currency, markets, points)
            for name, amounts in others.items():
                equity += np.where(np.abs(amounts) > _DUST, amounts * rates.get(name, math.nan), 0.0)
        self.statistics.add(times_ns, equity)
        return equity

    @property
    def market_closes(self) -> list[DailyCloses]:
        """Return the daily closes of the marks of the symbols that are priced in `currency` and have spoken."""
        return [holding.closes for holding in self._holdings.values() if holding.counter == self.currency and holding.is_marked]


class _Steps:
    # A running amount and the changes of it that are noted but not yet passed.

    def __init__(self) -> None:
        self.now = 0.0
        self._times, self._deltas = array("q"), array("d")

    def add(self, time_ns: int, delta: float) -> None:
        self._times.append(time_ns)
        self._deltas.append(delta)

    def take(self, times_ns: Times) -> tuple[npt.NDArray[np.int64], Array]:
        count, at = _due(self._times, times_ns)
        deltas = np.array(self._deltas[:count], dtype=np.float64)
        del self._times[:count], self._deltas[:count]
        return at, deltas


class _Holding:
    # One symbol: what is held, what is noted of it, and its last mark.

    def __init__(self, instrument: Instrument) -> None:
        self.base = instrument.base if instrument.is_spot else ""
        self.counter = instrument.counter
        self.multiplier = float(instrument.multiplier)
        self.times, self.quantities, self.flows, self.costs = array("q"), array("d"), array("d"), array("d")
        self.quantity = self.cost = 0.0
        self.mark = math.nan
        self.closes = DailyCloses()
        self.taken_flows = np.empty(0)
        self._at: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._sizes = self._costs_taken = np.empty(0)
        self._booked, self._cost_before = 0.0, 0.0

    @property
    def is_marked(self) -> bool:
        return not math.isnan(self.mark)

    def book(self, quantity: float, cost: float) -> None:
        # As the ledger: a partial close takes its share of the cost, a trade through zero opens the rest at its own price.
        held, before = self._booked, self.cost
        total = held + quantity
        if abs(total) <= 1e-13 * (abs(held) + abs(quantity)):
            total = 0.0
        if not total:
            self.cost = 0.0
        elif held and quantity and (held > 0.0) != (quantity > 0.0):
            self.cost = before * total / held if (total > 0.0) == (held > 0.0) else cost * total / quantity
        else:
            self.cost = before + cost
        self._booked = total

    def begin(self, times_ns: Times) -> npt.NDArray[np.int64]:
        # Take what is due by the end of the chunk; returns at which point each change takes place.
        count, self._at = _due(self.times, times_ns)
        changes = np.array(self.quantities[:count], dtype=np.float64)
        self.taken_flows = np.array(self.flows[:count], dtype=np.float64)
        self._sizes = np.empty(count + 1)
        self._sizes[0] = self.quantity
        np.cumsum(changes, out=self._sizes[1:])
        self._sizes[1:] += self.quantity
        self.quantity = float(self._sizes[-1])
        if not self.is_marked:
            self._costs_taken = np.array([self._cost_before, *self.costs[:count]])
            self._cost_before = float(self._costs_taken[-1])
            del self.costs[:count]
        del self.times[:count], self.quantities[:count], self.flows[:count]
        return self._at

    def marks_over(self, times_ns: Times, mark_times: Times | None, marks: Array | None) -> Array:
        # The last mark at each point; nan before the first.
        if mark_times is None or marks is None or not len(marks):
            return np.full(len(times_ns), self.mark)
        if math.isnan(marks.min()):
            known = ~np.isnan(marks)
            mark_times, marks = mark_times[known], marks[known]
            if not len(marks):
                return np.full(len(times_ns), self.mark)
        self.closes.add(mark_times, marks)
        if mark_times is times_ns:
            return marks
        at = np.searchsorted(times_ns, mark_times)
        return np.repeat(np.concatenate(([self.mark], marks)), np.diff(at, prepend=0, append=len(times_ns)))

    def add_value(self, worth: Array, marks: Array) -> None:
        lasting = np.diff(self._at, prepend=0, append=len(worth))
        begin = 0
        if not self.is_marked:
            unknown = np.isnan(marks)
            begin = int(unknown.sum())
            if begin:
                worth[:begin] += np.repeat(self._costs_taken, lasting)[:begin]
        self.mark = float(marks[-1])
        if self.is_marked:
            del self.costs[:]
        if len(self._sizes) > 1:
            sizes = np.repeat(self._sizes * self.multiplier, lasting)
            sizes *= marks
            worth[begin:] += sizes[begin:]
        elif self.quantity:
            worth[begin:] += (self.quantity * self.multiplier) * marks[begin:]


def _due(noted: "array[int]", times_ns: Times) -> tuple[int, npt.NDArray[np.int64]]:
    # How many changes are due by the last point, and at which point each counts first; a late one counts with the one before it.
    if not noted or noted[0] > times_ns[-1]:
        return 0, np.empty(0, dtype=np.int64)
    ordered = np.maximum.accumulate(np.array(noted, dtype=np.int64))
    count = int(np.searchsorted(ordered, times_ns[-1], side="right"))
    return count, np.searchsorted(times_ns, ordered[:count])


def _write_steps(worth: Array, steps: _Steps, at: npt.NDArray[np.int64], deltas: Array) -> None:
    if not len(at):
        worth.fill(steps.now)
        return
    order = np.argsort(at, kind="stable")
    levels = np.empty(len(at) + 1)
    levels[0] = steps.now
    np.cumsum(deltas[order], out=levels[1:])
    levels[1:] += steps.now
    worth[:] = np.repeat(levels, np.diff(at[order], prepend=0, append=len(worth)))
    steps.now = float(levels[-1])
