"""Fills become closed trades: each sale meets the oldest purchase that is left, per strategy and symbol, and shares of fees go along.

Fed one fill at a time by a backtest or a journal reader. Of every trade five numbers are kept for the statistics, of the newest the trade
itself; quantities are matched as exact Decimals, so nothing is left over by rounding.
"""

from array import array
from collections import deque
from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec
import numpy as np
import numpy.typing as npt

from trading_system.core.errors import InvariantBroken
from trading_system.core.instrument import Instrument
from trading_system.core.order import Fill
from trading_system.core.order_update import ZERO
from trading_system.core.side import Side
from trading_system.reports.performance import Array
from trading_system.reports.results import ClosedTrade

MOST_TRADES = 20_000
_LOOK_BACK = 100        # a correction comes soon after its trade; later the listed trade keeps its numbers, the statistics are right


class TradeColumns(msgspec.Struct, frozen=True):
    """The numbers of closed trades, one row per trade in the order of their ends: profit and fees in counter currency, times in UTC
    nanoseconds; `returns` is the profit as a share of what was paid (or brought in) at the entry, nan where that was nothing."""

    profits: Array
    returns: Array
    fees: Array
    entries_ns: npt.NDArray[np.int64]
    exits_ns: npt.NDArray[np.int64]


class _Lot:
    # What one fill opened and nothing closed yet. The cost is signed as the quantity; fees are in counter currency.
    __slots__ = ("cost", "fees", "order", "quantity", "time_ns")

    def __init__(self, quantity: Decimal, cost: float, fees: float, time_ns: int, order: str) -> None:
        self.quantity, self.cost, self.fees, self.time_ns, self.order = quantity, cost, fees, time_ns, order


class _Book:
    # One strategy's lots of one symbol, all on one side.
    __slots__ = ("base", "counter", "held", "last_price", "least", "lots", "multiplier")

    def __init__(self, instrument: Instrument) -> None:
        self.base = instrument.base if instrument.is_spot else ""
        self.counter = instrument.counter
        self.multiplier = float(instrument.multiplier)
        self.lots: deque[_Lot] = deque()
        self.held = ZERO
        self.least = instrument.min_quantity or instrument.quantity_step        # what is less is dust and does not count as held
        self.last_price = 0.0


class _Account:
    # One strategy: the columns of its closed trades and what it did besides.

    def __init__(self) -> None:
        self.profits, self.returns, self.fees = array("d"), array("d"), array("d")
        self.entries, self.exits = array("q"), array("q")
        self.counters: list[str] = []
        self.numbers: dict[str, int] = {}
        self.currency_of = array("h")
        self.traded: dict[str, float] = {}
        self.unshared_fees: dict[str, float] = {}
        self.open_books = 0
        self.open_since_ns, self.held_ns = 0, 0
        self.last_order = ""

    def number_of(self, counter: str) -> int:
        if counter not in self.numbers:
            self.numbers[counter] = len(self.counters)
            self.counters.append(counter)
        return self.numbers[counter]

    def columns(self, counter: str | None) -> TradeColumns:
        ours = np.ones(len(self.profits), dtype=np.bool_)
        if counter is not None:
            ours &= np.array(self.currency_of, dtype=np.int64) == self.numbers.get(counter, -1)
        return TradeColumns(
            np.array(self.profits, dtype=np.float64)[ours], np.array(self.returns, dtype=np.float64)[ours],
            np.array(self.fees, dtype=np.float64)[ours], np.array(self.entries, dtype=np.int64)[ours],
            np.array(self.exits, dtype=np.int64)[ours],
        )


class RoundTrips:
    """Matches fills first in first out. `trades` are the newest at most `most` closed trades, oldest first; `left_out` counts the others.

    A fee in counter is shared out over the fill's quantity. A fee in base (spot only) takes that quantity away: a purchase of 1 with a fee
    of 0.001 leaves 0.999 to sell, and its worth at the fill's price counts among the fees. A fee in any other currency has no price here:
    it is in no trade and stands under `unshared_fees`.
    """

    def __init__(self, instruments: Mapping[str, Instrument], most: int = MOST_TRADES) -> None:
        self._instruments = dict(instruments)
        self._books: dict[tuple[str, str], _Book] = {}
        self._accounts: dict[str, _Account] = {}
        self._newest: deque[ClosedTrade] = deque(maxlen=most)
        self.count = 0

    @property
    def trades(self) -> list[ClosedTrade]:
        """Return the newest closed trades, oldest first."""
        return list(self._newest)

    @property
    def left_out(self) -> int:
        """Return how many closed trades are too old to be among `trades`."""
        return self.count - len(self._newest)

    def add_fill(self, fill: Fill, reference_price: Decimal | None = None) -> None:
        """Match one fill; one of quantity 0 corrects what its order opened or, when that is closed, its last trade.

        Raises InvariantBroken for a symbol that is not known.
        """
        book, account = self._book(fill.strategy, fill.symbol), self._account(fill.strategy)
        amounts = fill.exact
        quantity, cost = amounts.quantity, float(amounts.value) * book.multiplier
        account.traded[book.counter] = account.traded.get(book.counter, 0.0) + abs(cost)
        if fill.side is not Side.BUY:
            quantity, cost = -quantity, -cost
        fees, taken = 0.0, ZERO
        for currency, fee in amounts.fees.items():
            if currency == book.counter:
                fees += float(fee)
            elif currency == book.base:
                taken += fee
            else:
                account.unshared_fees[currency] = account.unshared_fees.get(currency, 0.0) + float(fee)
        if not quantity:
            self._correct(fill, book, account, cost, fees, taken, reference_price)
            return
        price = cost / float(quantity)
        book.last_price = price
        if taken:
            fees += float(taken) * price
            quantity -= taken
        if quantity:
            self._match(fill.strategy, fill.symbol, book, quantity, price, fees, fill.time_ns, fill.client_order_id)
        elif fees:
            account.unshared_fees[book.counter] = account.unshared_fees.get(book.counter, 0.0) + fees

    def add_capital(self, strategy: str, symbol: str, quantity: Decimal, price: float, time_ns: int) -> None:
        """Book capital given in the base of `symbol` as if bought at `price` (counter per base) without fees; negative is withdrawn."""
        book = self._book(strategy, symbol)
        book.last_price = price * book.multiplier
        self._match(strategy, symbol, book, quantity, book.last_price, 0.0, time_ns, "")

    def columns(self, strategies: Iterable[str], counter: str | None = None) -> TradeColumns:
        """Return the numbers of all closed trades of these strategies by the time of their ends, of one counter currency if named."""
        parts = [self._accounts[name].columns(counter) for name in strategies if name in self._accounts] or [_Account().columns(None)]
        if len(parts) == 1:
            return parts[0]
        order = np.argsort(np.concatenate([part.exits_ns for part in parts]), kind="stable")
        return TradeColumns(
            np.concatenate([part.profits for part in parts])[order], np.concatenate([part.returns for part in parts])[order],
            np.concatenate([part.fees for part in parts])[order], np.concatenate([part.entries_ns for part in parts])[order],
            np.concatenate([part.exits_ns for part in parts])[order],
        )

    def traded_value(self, strategy: str, counter: str) -> float:
        """Return what a strategy bought and sold altogether, in one counter currency."""
        return self._accounts[strategy].traded.get(counter, 0.0) if strategy in self._accounts else 0.0

    def unshared_fees(self, strategy: str) -> dict[str, float]:
        """Return the fees per currency that are in none of a strategy's trades: of a currency without a price here, or without a trade."""
        return dict(self._accounts[strategy].unshared_fees) if strategy in self._accounts else {}

    def held_seconds(self, strategy: str, until_ns: int) -> float:
        """Return how long a strategy held a position in at least one symbol, up to `until_ns`; dust does not count."""
        account = self._accounts.get(strategy)
        if account is None:
            return 0.0
        return (account.held_ns + (max(until_ns - account.open_since_ns, 0) if account.open_books else 0)) / 1e9

    def open_amounts(self, strategy: str, symbol: str) -> tuple[Decimal, float, float]:
        """Return what is open: its quantity (negative for a short), its cost and the fees that wait for the trades that will close it."""
        lots = self._book(strategy, symbol).lots
        return sum((lot.quantity for lot in lots), ZERO), sum(lot.cost for lot in lots), sum(lot.fees for lot in lots)

    def _match(self, strategy: str, symbol: str, book: _Book, quantity: Decimal, price: float, fees: float, time_ns: int,
               order: str) -> None:
        account, lots, left = self._account(strategy), book.lots, quantity
        per_unit = fees / abs(float(quantity))
        while left and lots and lots[0].quantity.is_signed() != left.is_signed():
            lot = lots[0]
            if abs(lot.quantity) <= abs(left):
                closed, cost, entry_fees = lot.quantity, lot.cost, lot.fees
                lots.popleft()
            else:
                closed = -left
                share = float(closed / lot.quantity)
                cost, entry_fees = lot.cost * share, lot.fees * share
                lot.quantity -= closed
                lot.cost -= cost
                lot.fees -= entry_fees
            left += closed
            size = float(closed)
            all_fees = entry_fees + abs(size) * per_unit
            profit = size * price - cost - all_fees
            self.count += 1
            account.profits.append(profit)
            account.returns.append(profit / abs(cost) if cost else float("nan"))
            account.fees.append(all_fees)
            account.entries.append(lot.time_ns)
            account.exits.append(time_ns)
            account.currency_of.append(account.number_of(book.counter))
            account.last_order = order
            points = book.multiplier
            self._newest.append(ClosedTrade(strategy, symbol, size > 0.0, abs(size), lot.time_ns, time_ns, cost / (size * points),
                                            price / points, profit, all_fees))
        if left:
            lots.append(_Lot(left, float(left) * price, abs(float(left)) * per_unit, time_ns, order))
        self._hold(account, book, quantity, time_ns)

    def _correct(self, fill: Fill, book: _Book, account: _Account, cost: float, fees: float, taken: Decimal,
                 reference_price: Decimal | None) -> None:
        # A correction belongs to what its order opened, or to the trade it closed last, or to nothing that is left.
        for lot in reversed(book.lots):
            if lot.order == fill.client_order_id and (not taken or lot.quantity > taken):
                # Base that was taken leaves the cost with fewer units: part of it is now a fee.
                fees += lot.cost * float(taken / lot.quantity)
                lot.cost += cost - lot.cost * float(taken / lot.quantity)
                lot.quantity -= taken
                lot.fees += fees
                self._hold(account, book, -taken, fill.time_ns)
                return
        if taken:
            price = float(reference_price) * book.multiplier if reference_price is not None else book.last_price
            self._match(fill.strategy, fill.symbol, book, -taken, price, float(taken) * price, fill.time_ns, fill.client_order_id)
        if not fees and not cost:
            return
        if account.profits and account.last_order == fill.client_order_id:
            account.profits[-1] -= fees + cost
            account.fees[-1] += fees
            for back in range(1, min(len(self._newest), _LOOK_BACK) + 1):
                if self._newest[-back].strategy == fill.strategy:
                    self._newest[-back] = msgspec.structs.replace(self._newest[-back], profit=account.profits[-1], fees=account.fees[-1])
                    break
        else:
            account.unshared_fees[book.counter] = account.unshared_fees.get(book.counter, 0.0) + fees + cost

    def _hold(self, account: _Account, book: _Book, change: Decimal, time_ns: int) -> None:
        had = abs(book.held) >= book.least
        book.held += change
        has = abs(book.held) >= book.least
        if has and not had:
            if not account.open_books:
                account.open_since_ns = time_ns
            account.open_books += 1
        elif had and not has:
            account.open_books -= 1
            if not account.open_books:
                account.held_ns += time_ns - account.open_since_ns

    def _book(self, strategy: str, symbol: str) -> _Book:
        book = self._books.get((strategy, symbol))
        if book is None:
            if symbol not in self._instruments:
                raise InvariantBroken(f"{strategy} has a fill of {symbol}, which is none of the symbols")
            book = self._books[strategy, symbol] = _Book(self._instruments[symbol])
        return book

    def _account(self, strategy: str) -> _Account:
        account = self._accounts.get(strategy)
        if account is None:
            account = self._accounts[strategy] = _Account()
        return account
