"""Reckons what a backtest came to while it runs: each strategy's curve rebuilt from its fills, its round trips, the prices for the picture.

The ledger stays the truth: at the end the curve must agree with it, and the ledger with itself, to the last digit.
"""

import math
from collections import deque
from collections.abc import Sequence
from decimal import Context, Decimal, localcontext

from trading_system.backtest_assembly import Backtest
from trading_system.collectors.merged_history import Batch
from trading_system.core.errors import InvariantBroken
from trading_system.core.order import Fill
from trading_system.core.order_words import plain
from trading_system.core.side import Side
from trading_system.reports.curve_statistics import CurveStatistics
from trading_system.reports.curves_together import CurvesTogether
from trading_system.reports.daily_closes import DailyCloses
from trading_system.reports.equity_curve import EquityCurve
from trading_system.reports.figures import figures_of, monthly
from trading_system.reports.results import CurrencyResult, DataNote, FillPoint, InstrumentResult, Results, StrategyResult
from trading_system.reports.round_trips import RoundTrips
from trading_system.reports.thinned_series import ThinnedSeries
from trading_system.strategy_host.desk import Desk

_MOST_FILLS = 20_000
_AGREES_WITHIN = 1e-9
_EXACT = Context(prec=60)


class Reckoning:
    """One for a backtest that is about to run: give it each batch that was traded on, then ask for the results."""

    def __init__(self, backtest: Backtest) -> None:
        self._backtest = backtest
        self._desks = list(backtest.engine.books.desks.values())
        instruments = backtest.plan.instruments
        symbols = sorted({symbol for desk in self._desks for symbol in desk.symbols})
        self._trips = RoundTrips({symbol: instruments[symbol] for symbol in symbols})
        self._curves = {desk.name: EquityCurve(desk.positions.currency, desk.positions.instruments, _cash(desk)) for desk in self._desks}
        self._prices = {symbol: ThinnedSeries() for symbol in symbols}
        self._closes = {symbol: DailyCloses() for symbol in symbols}
        self._fills: deque[FillPoint] = deque(maxlen=_MOST_FILLS)
        self._together = {
            currency: CurvesTogether(currency, [desk.capital for desk in self._desks if desk.positions.currency == currency])
            for currency in dict.fromkeys(desk.positions.currency for desk in self._desks)
        }
        self._events = 0
        self._last_ns = 0
        backtest.recorder.on_fill = self._add_fill
        backtest.recorder.on_capital = self._add_capital

    def add(self, batch: Batch) -> None:
        """Take in a batch of market data that was traded on, with the fills since the one before."""
        self._events += len(batch)
        self._last_ns = int(batch.times_ns[-1])
        marks = {symbol: batch.marks(symbol) for symbol in batch.symbols}
        for symbol, (times, values) in marks.items():
            if symbol in self._prices:
                self._prices[symbol].add(times, values)
                self._closes[symbol].add(times, values)
        parts = {}
        for desk in self._desks:
            own = {symbol: marks[symbol] for symbol in desk.symbols if symbol in marks}
            parts[desk.name] = (batch.times_ns, self._curves[desk.name].add_chunk(batch.times_ns, own))
        for currency, together in self._together.items():
            together.add_chunk([parts[desk.name] for desk in self._desks if desk.positions.currency == currency])

    def results(self, run_seconds: float, notes: Sequence[str] = ()) -> Results:
        """Return what the run came to. Raises InvariantBroken when a ledger or a curve does not add up."""
        backtest, plan = self._backtest, self._backtest.plan
        for desk in self._desks:
            check_conservation(desk)
            self._check_curve(desk)
        reports = [history.report for history in plan.histories]
        return Results(
            "backtest", backtest.plan.from_ns or min(report.first_ns for report in reports), self._last_ns, self._events, run_seconds,
            [self._strategy(desk) for desk in self._desks], [self._currency(currency) for currency in self._together],
            [InstrumentResult(symbol, plan.instruments[symbol].counter, series.series()) for symbol, series in self._prices.items()],
            list(self._trips.trades), list(self._fills), backtest.assumptions(),
            [DataNote(report.symbol, report.file, report.kind, report.rows, report.first_ns, report.last_ns,
                      [f"{sentence[:1].upper()}{sentence[1:]}." for sentence in report.sentences[1:]]) for report in reports],
            [*notes, *backtest.recorder.warnings], self._trips.left_out)

    def _strategy(self, desk: Desk) -> StrategyResult:
        ledger, statistics = desk.positions, self._curves[desk.name].statistics
        counts = dict(desk.orders.counts)
        for order in desk.orders:
            counts[order.state.name] = counts.get(order.state.name, 0) + 1
        markets = [self._closes[symbol] for symbol in desk.symbols]
        figures = figures_of(
            statistics, self._trips.columns([desk.name]), desk.capital, fees=float(ledger.fees.get(ledger.currency, 0)),
            traded_value=self._trips.traded_value(desk.name, ledger.currency),
            held_seconds=self._trips.held_seconds(desk.name, self._last_ns), markets=markets)
        exact = {"capital": ledger.capital, "cash": ledger.cash, "realized": ledger.realized, "fees": ledger.fees, "cost": _costs(desk)}
        return StrategyResult(
            desk.name, ledger.currency, desk.capital, statistics.last if statistics.points else desk.capital, figures, statistics.curve,
            statistics.drawdown, monthly(statistics.daily, desk.capital), counts, desk.fills,
            {name: {currency: plain(amount) for currency, amount in table.items()} for name, table in exact.items()},
            desk.pause_reason)

    def _currency(self, currency: str) -> CurrencyResult:
        desks = [desk for desk in self._desks if desk.positions.currency == currency]
        statistics: CurveStatistics = self._together[currency].statistics
        capital = sum(desk.capital for desk in desks)
        figures = figures_of(
            statistics, self._trips.columns([desk.name for desk in desks]), capital,
            fees=sum(float(desk.positions.fees.get(currency, 0)) for desk in desks),
            traded_value=sum(self._trips.traded_value(desk.name, currency) for desk in desks))
        return CurrencyResult(currency, capital, statistics.last if statistics.points else capital, figures, statistics.curve,
                              statistics.drawdown, monthly(statistics.daily, capital))

    def _check_curve(self, desk: Desk) -> None:
        statistics = self._curves[desk.name].statistics
        ledger = desk.equity
        if statistics.points and not math.isnan(ledger) and abs(statistics.last - ledger) > _AGREES_WITHIN * max(abs(ledger), 1.0):
            raise InvariantBroken(f"{desk.name}: the curve ends at {statistics.last!r}, the ledger at {ledger!r}")

    def _add_fill(self, fill: Fill) -> None:
        self._curves[fill.strategy].add_fill(fill)
        self._trips.add_fill(fill)
        self._fills.append(FillPoint(fill.strategy, fill.symbol, fill.side is Side.BUY, fill.time_ns, fill.price, fill.quantity, fill.tag))

    def _add_capital(self, strategy: str, symbol: str, quantity: Decimal, price: Decimal) -> None:
        # It was there from the beginning: only its price was not known before.
        self._curves[strategy].add_capital(symbol, float(quantity), float(price), 0)
        self._trips.add_capital(strategy, symbol, quantity, float(price), self._backtest.engine.clock.now_ns)


def check_conservation(desk: Desk) -> None:
    """Raise InvariantBroken unless, per currency and exactly, capital + realized - fees = cash + cost of what is held."""
    ledger, costs = desk.positions, _costs(desk)
    for currency in ledger.cash:
        with localcontext(_EXACT):
            zero = Decimal(0)
            left = ledger.capital.get(currency, zero) + ledger.realized.get(currency, zero) - ledger.fees.get(currency, zero)
            right = ledger.cash[currency] + costs.get(currency, zero)
        if left != right:
            raise InvariantBroken(f"{desk.name}: {currency} does not add up: {left} is not {right}")


def _cash(desk: Desk) -> dict[str, float]:
    return {currency: float(amount) for currency, amount in desk.positions.cash.items()}


def _costs(desk: Desk) -> dict[str, Decimal]:
    costs: dict[str, Decimal] = {}
    for symbol, position in desk.positions.positions.items():
        counter = desk.positions.instruments[symbol].counter
        costs[counter] = _EXACT.add(costs.get(counter, Decimal(0)), position.exact.cost)
    return costs
