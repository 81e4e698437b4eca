"""Reckons what a run came to from its fills and the market's prices: curves, round trips, figures; for a backtest and for a journal alike.

The ledger stays the truth: at the end the curve must agree with it, and the ledger with itself, to the last digit.
"""

import math
from collections import deque
from collections.abc import Mapping, Sequence
from decimal import Decimal

from trading_system.core.errors import InvariantBroken
from trading_system.core.instrument import Instrument
from trading_system.core.order import Fill
from trading_system.core.order_words import plain
from trading_system.oms.conservation import both_sides, costs
from trading_system.reports.curve_statistics import CurveStatistics
from trading_system.reports.curves_together import CurvesTogether
from trading_system.reports.daily_closes import DailyCloses, Times
from trading_system.reports.equity_curve import EquityCurve
from trading_system.reports.figures import figures_of, monthly
from trading_system.reports.performance import Array
from trading_system.reports.results import ClosedTrade, CurrencyResult, FillPoint, InstrumentResult, StrategyResult
from trading_system.reports.round_trips import RoundTrips
from trading_system.reports.thinned_series import ThinnedSeries
from trading_system.strategy_host.desk import Desk

_MOST_FILLS = 20_000
_AGREES_WITHIN = 1e-9


class RunReckoning:
    """One for a run. `cash` is what each desk began with, per currency; fills and capital are told before the prices of their time."""

    def __init__(self, desks: Sequence[Desk], instruments: Mapping[str, Instrument], cash: Mapping[str, Mapping[str, Decimal]]) -> None:
        self._desks = list(desks)
        self._instruments = instruments
        symbols = sorted({symbol for desk in self._desks for symbol in desk.symbols})
        self._trips = RoundTrips({symbol: instruments[symbol] for symbol in symbols})
        self._curves = {
            desk.name: EquityCurve(desk.positions.currency, desk.positions.instruments,
                                   {currency: float(amount) for currency, amount in cash[desk.name].items()})
            for desk in self._desks
        }
        self._prices = {symbol: ThinnedSeries() for symbol in symbols}
        self._closes = {symbol: DailyCloses() for symbol in symbols}
        self._fills: deque[FillPoint] = deque(maxlen=_MOST_FILLS)
        self._together = {
            currency: CurvesTogether(currency, [desk.capital for desk in self._desks if desk.positions.currency == currency])
            for currency in dict.fromkeys(desk.positions.currency for desk in self._desks)
        }
        self._last_ns = 0

    def add_fill(self, fill: Fill, reference_price: Decimal | None = None) -> None:
        """Note a fill; `reference_price` values fees in base where it is a correction of them."""
        self._curves[fill.strategy].add_fill(fill, reference_price)
        self._trips.add_fill(fill, reference_price)
        if fill.exact.quantity:
            self._fills.append(FillPoint(fill.strategy, fill.symbol, fill.side.name == "BUY", fill.time_ns, fill.price, fill.quantity,
                                         fill.tag))

    def add_capital(self, strategy: str, symbol: str, quantity: Decimal, price: Decimal, time_ns: int) -> None:
        """Note base currency given as capital, valued at `time_ns`."""
        # It was there from the beginning: only its price was not known before.
        self._curves[strategy].add_capital(symbol, float(quantity), float(price), 0)
        self._trips.add_capital(strategy, symbol, quantity, float(price), time_ns)

    def add(self, times_ns: Times, marks: Mapping[str, tuple[Times, Array]]) -> None:
        """Reckon all curves at each of `times_ns`, at the marks per symbol with their own times; what `EquityCurve.add_chunk` takes."""
        self._last_ns = int(times_ns[-1])
        for symbol, (times, values) in marks.items():
            if symbol in self._prices:
                self._prices[symbol].add(times, values)
                self._closes[symbol].add(times, values)
        parts = {}
        for desk in self._desks:
            own = {symbol: marks[symbol] for symbol in desk.symbols if symbol in marks}
            parts[desk.name] = (times_ns, self._curves[desk.name].add_chunk(times_ns, own))
        for currency, together in self._together.items():
            together.add_chunk([parts[desk.name] for desk in self._desks if desk.positions.currency == currency])

    def check(self, equities: Mapping[str, float]) -> None:
        """Raise InvariantBroken when a ledger does not add up, or a curve does not end at its desk's equity, which `equities` holds."""
        for desk in self._desks:
            check_conservation(desk)
            statistics, ledger = self._curves[desk.name].statistics, equities[desk.name]
            if statistics.points and not math.isnan(ledger) and abs(statistics.last - ledger) > _AGREES_WITHIN * max(abs(ledger), 1.0):
                raise InvariantBroken(f"{desk.name}: the curve ends at {statistics.last!r}, the ledger at {ledger!r}")

    def strategies(self) -> list[StrategyResult]:
        """Return what each strategy came to."""
        return [self._strategy(desk) for desk in self._desks]

    def currencies(self) -> list[CurrencyResult]:
        """Return what all strategies of each currency came to together."""
        return [self._currency(currency) for currency in self._together]

    def instruments(self) -> list[InstrumentResult]:
        """Return each instrument's price for the picture."""
        return [InstrumentResult(symbol, self._instruments[symbol].counter, series.series()) for symbol, series in self._prices.items()]

    @property
    def trades(self) -> list[ClosedTrade]:
        """Return the newest closed trades, oldest first."""
        return list(self._trips.trades)

    @property
    def trades_left_out(self) -> int:
        """Return how many closed trades are too old to be among `trades`."""
        return self._trips.left_out

    @property
    def fills(self) -> list[FillPoint]:
        """Return the newest fills, oldest first."""
        return list(self._fills)

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
        exact = {"capital": ledger.capital, "cash": ledger.cash, "realized": ledger.realized, "fees": ledger.fees, "cost": costs(ledger)}
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


def check_conservation(desk: Desk) -> None:
    """Raise InvariantBroken unless, per currency and exactly, capital + realized - fees = cash + cost of what is held."""
    for currency, (left, right) in both_sides(desk.positions).items():
        if left != right:
            raise InvariantBroken(f"{desk.name}: {currency} does not add up: {left} is not {right}")
