"""Hears what a backtest does while it runs, and makes its results: the fills and marks go to the reckoning, the files' notes beside it."""

from collections.abc import Sequence
from decimal import Decimal

from trading_system.backtest_assembly import Backtest
from trading_system.collectors.merged_history import Batch
from trading_system.core.order import Fill
from trading_system.core.order_update import ZERO
from trading_system.core.order_words import plain
from trading_system.reckoning import RunReckoning
from trading_system.reports.results import DataNote, Results


class Reckoning:
    """One for a backtest that is about to run: give it each batch that was traded on, then ask for the results."""

    def __init__(self, backtest: Backtest) -> None:
        self._backtest = backtest
        self._desks = list(backtest.engine.books.desks.values())
        self._reckoning = RunReckoning(self._desks, backtest.plan.instruments, {desk.name: desk.positions.cash for desk in self._desks})
        self._events = 0
        self._last_ns = 0
        self._ledgers = {desk.name: desk.positions for desk in self._desks}
        self._owed: dict[tuple[str, str], Decimal] = {}
        backtest.recorder.on_fill = self._add_fill
        backtest.recorder.on_capital = self._add_capital

    def add(self, batch: Batch) -> None:
        """Take in a batch of market data that was traded on, with the fills since the one before."""
        self._events += len(batch)
        self._last_ns = int(batch.times_ns[-1])
        self._reckoning.add(batch.times_ns, {symbol: batch.marks(symbol) for symbol in batch.symbols})

    def results(self, run_seconds: float, notes: Sequence[str] = ()) -> Results:
        """Return what the run came to. Raises InvariantBroken when a ledger or a curve does not add up."""
        backtest, plan, reckoning = self._backtest, self._backtest.plan, self._reckoning
        reckoning.check({desk.name: desk.equity for desk in self._desks})
        reports = [history.report for history in plan.histories]
        return Results(
            "backtest", plan.from_ns or min(report.first_ns for report in reports), self._last_ns, self._events, run_seconds,
            reckoning.strategies(), reckoning.currencies(), reckoning.instruments(), reckoning.trades, reckoning.fills,
            backtest.assumptions(),
            [DataNote(report.symbol, report.file, report.kind, report.rows, report.first_ns, report.last_ns,
                      [f"{sentence[:1].upper()}{sentence[1:]}." for sentence in report.sentences[1:]]) for report in reports],
            [*notes, *map(_owed_words, self._owed.items()), *backtest.recorder.warnings], reckoning.trades_left_out)

    def _add_fill(self, fill: Fill) -> None:
        self._reckoning.add_fill(fill)
        ledger = self._ledgers[fill.strategy]
        counter = ledger.instruments[fill.symbol].counter
        if ledger.cash[counter].is_signed() and ledger.instruments[fill.symbol].is_spot:
            self._owed[fill.strategy, counter] = min(ledger.cash[counter], self._owed.get((fill.strategy, counter), ZERO))

    def _add_capital(self, strategy: str, symbol: str, quantity: Decimal, price: Decimal) -> None:
        self._reckoning.add_capital(strategy, symbol, quantity, price, self._backtest.engine.clock.now_ns)


def _owed_words(one: tuple[tuple[str, str], Decimal]) -> str:
    (strategy, currency), least = one
    return (f"{strategy} paid with money it did not have, down to {plain(least)} {currency}: an order without a limit met a price far from "
            "the one it was decided on; give it a limit, or a smaller size")
