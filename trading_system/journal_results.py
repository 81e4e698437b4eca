"""What the runs of a state folder came to, reckoned from its journal alone, as the same results a backtest has.

A journal holds no market data: what is held is valued at the prices that orders were decided on and filled at.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from trading_system.core.order_words import plain
from trading_system.engine.past_books import PastBooks
from trading_system.reckoning import RunReckoning
from trading_system.reports.price_points import laid_out
from trading_system.reports.results import RUN, DataNote, Results

_MOST_RUNS = 10
_ASSUMPTIONS = (
    "Every order and fill is one that happened; nothing is assumed about how orders fill.",
    "Valued at the prices orders and fills saw (a buy the asking price, a sale the bid), the only ones a journal holds: between them "
    "equity stands still, and a drawdown that no order saw is not shown.",
)


def journal_results(books: PastBooks, journal: str) -> Results:
    """Return what all runs of `books` came to; `journal` is the folder they were read from, in words.

    Raises InvariantBroken when a ledger or a curve does not add up.
    """
    desks = list(books.books.desks.values())
    # Money that came or went between runs counts from the beginning; what is in base currency was booked when it was valued.
    cash = {desk.name: {currency: amount for currency, amount in books.deposits(desk.name).items() if currency in desk.positions.capital}
            for desk in desks}
    reckoning = RunReckoning(desks, books.instruments, cash)
    for capital in books.capital:
        reckoning.add_capital(capital.strategy, capital.symbol, capital.quantity, capital.price, capital.time_ns)
    for one in books.fills:
        reckoning.add_fill(one.fill, one.reference_price)
    times, marks = laid_out({symbol: (seen.times_ns, seen.prices) for symbol, seen in books.prices.items()},
                            [(books.first_ns, books.last_ns), (one.fill.time_ns for one in books.fills)])
    reckoning.add(times, marks)
    last = {symbol: float(values[-1]) for symbol, (_, values) in marks.items()}
    reckoning.check({desk.name: desk.positions.equity(last) for desk in desks})
    return Results(
        RUN, books.first_ns, books.last_ns, books.records, 0.0, reckoning.strategies(), reckoning.currencies(), reckoning.instruments(),
        reckoning.trades, reckoning.fills, list(_ASSUMPTIONS),
        [DataNote("journal", journal, "records", books.records, books.first_ns, books.last_ns)], _notes(books), reckoning.trades_left_out)


def _notes(books: PastBooks) -> list[str]:
    notes = []
    left_out = len(books.runs) - _MOST_RUNS
    if left_out > 0:
        notes.append(f"{left_out} earlier runs are not named here.")
    for run in books.runs[-_MOST_RUNS:]:
        ended = f"to {_moment(run.ended_ns)} UTC ({run.reason})" if run.ended_ns else "and still runs or was broken off"
        notes.append(f"Run {run.epoch} in mode {run.mode}: from {_moment(run.started_ns)} UTC {ended}.")
    for change in books.capital_changes:
        notes.append(f"The capital of {change.strategy} was changed at {_moment(change.time_ns)} UTC, from {_money(change.before)} to "
                     f"{_money(change.after)}: its curve takes the difference as there from the beginning.")
    waiting = {desk.name: desk.positions.pending_capital for desk in books.books.desks.values() if desk.positions.pending_capital}
    notes += [f"{_money(amounts)} of {name} waits for a first price and is in no figure." for name, amounts in waiting.items()]
    if books.guessed:
        notes.append(f"An earlier version wrote no instruments: the currencies of {', '.join(books.guessed)} are read out of the names.")
    return notes


def _moment(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns // 10**9, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _money(amounts: Mapping[str, Decimal]) -> str:
    return " and ".join(f"{plain(amount)} {currency}" for currency, amount in sorted(amounts.items())) or "nothing"
