"""What other currencies were worth in one's own, point by point, over the spot markets one trades. Pure functions over numpy arrays."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from trading_system.reports.performance import Array


class Market(NamedTuple):
    """A spot market and its marks in counter per base, one per point; nan before the first."""

    base: str
    counter: str
    marks: Array


def rates_over(currency: str, markets: list[Market], points: int) -> dict[str, Array]:
    """Return per currency its worth in `currency` at each point; nan where no chain of markets with marks leads there.

    The chains are the ledger's: from the own currency outwards, over the markets in the order given that have a mark by then. Markets only
    gain marks, so between two first marks the chains do not change.
    """
    rates = {name: np.full(points, np.nan) for market in markets for name in market[:2]}
    rates[currency] = np.ones(points)
    begins = [_first_above_zero(market.marks, points) for market in markets]
    cuts = sorted({*begins, points})
    for start, end in pairwise(cuts):
        here = slice(start, end)
        _fill(rates, currency, [market for market, begin in zip(markets, begins, strict=True) if begin <= start], here)
    return rates


def _fill(rates: dict[str, Array], currency: str, markets: list[Market], here: slice) -> None:
    known = {currency}
    for _ in markets:
        for base, counter, marks in markets:
            if counter in known and base not in known:
                rates[base][here] = rates[counter][here] * marks[here]
                known.add(base)
            elif base in known and counter not in known:
                rates[counter][here] = rates[base][here] / marks[here]
                known.add(counter)


def _first_above_zero(marks: Array, points: int) -> int:
    is_above = marks > 0.0
    first = int(is_above.argmax()) if points else 0
    return first if points and is_above[first] else points
