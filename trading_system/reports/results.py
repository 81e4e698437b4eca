"""What a run came to, as plain data: the table on the terminal, `last_backtest.json` and the tear sheet are all drawn from it.

Made by a backtest or from a run's journal. Times are UTC nanoseconds, prices counter per base; exact money is text, marks are numbers, and
None stands where a figure is not defined (a ratio without trades, a rate without time).
"""

import msgspec

#: The kind of results that were made from a journal: their events are its records, and nobody waited for them.
RUN = "run"

Figures = dict[str, float | None]


class Series(msgspec.Struct, frozen=True):
    """Points of a picture, thinned to what a screen shows: as many values as times."""

    times_ns: list[int] = []
    values: list[float] = []


class ClosedTrade(msgspec.Struct, frozen=True):
    """A round trip: what one fill opened and a later one closed, first in first out. `is_long` tells the direction of the entry.

    `profit` is in counter currency after `fees`, which are the shares of both fills' fees that fall on this quantity.
    """

    strategy: str
    symbol: str
    is_long: bool
    quantity: float
    entry_ns: int
    exit_ns: int
    entry_price: float
    exit_price: float
    profit: float
    fees: float


class FillPoint(msgspec.Struct, frozen=True):
    """One fill, for the picture of its instrument."""

    strategy: str
    symbol: str
    is_buy: bool
    time_ns: int
    price: float
    quantity: float
    tag: str = ""


class StrategyResult(msgspec.Struct, frozen=True):
    """One strategy's run. `figures` are the numbers of `reports/performance.py` by their names; `ledger` is the exact one, as text."""

    name: str
    currency: str
    capital: float
    equity: float
    figures: Figures
    curve: Series
    drawdown: Series
    monthly: dict[str, float]
    orders: dict[str, int]
    fills: int
    ledger: dict[str, dict[str, str]]
    trouble: str = ""


class CurrencyResult(msgspec.Struct, frozen=True):
    """All strategies of one currency together."""

    currency: str
    capital: float
    equity: float
    figures: Figures
    curve: Series
    drawdown: Series
    monthly: dict[str, float]


class InstrumentResult(msgspec.Struct, frozen=True):
    """One instrument's price, for the picture."""

    symbol: str
    counter: str
    price: Series


class DataNote(msgspec.Struct, frozen=True):
    """What one file held, and in sentences what was wrong with it."""

    symbol: str
    file: str
    kind: str
    rows: int
    first_ns: int
    last_ns: int
    sentences: list[str] = []


class Results(msgspec.Struct, frozen=True):
    """Everything a report shows. `trades` and `fills` may be the newest only: `trades_left_out` tells how many are not listed."""

    kind: str
    from_ns: int
    to_ns: int
    events: int
    run_seconds: float
    strategies: list[StrategyResult]
    together: list[CurrencyResult]
    instruments: list[InstrumentResult]
    trades: list[ClosedTrade]
    fills: list[FillPoint]
    assumptions: list[str]
    data: list[DataNote]
    notes: list[str] = []
    trades_left_out: int = 0
    schema: int = 1
