"""The exact ledger of one strategy: money, fees, profit and positions, per counter currency. Written by the engine's thread only.

Fills go in; marks come from outside as floats and never touch the ledger. It books whatever the venue says and judges nothing.
"""

import math
from collections.abc import Mapping
from decimal import Context, Decimal, getcontext, localcontext, setcontext
from types import MappingProxyType
from typing import Any

import msgspec

from trading_system.core.errors import InvariantBroken
from trading_system.core.instrument import Instrument
from trading_system.core.order import Fill
from trading_system.core.order_update import ZERO
from trading_system.core.side import Side
from trading_system.oms.position import COST_STEP, Position, PositionKept

# The ordinary context rounds at 28 digits, silently; a sum that is rounded would break the identity below.
_WIDE = Context(prec=60)


class LedgerKept(msgspec.Struct, frozen=True):
    """All a ledger is, exactly; amounts per currency, positions per symbol that was ever traded."""

    cash: dict[str, Decimal]
    capital: dict[str, Decimal]
    realized: dict[str, Decimal]
    fees: dict[str, Decimal]
    pending_capital: dict[str, Decimal]
    positions: dict[str, PositionKept]


class PositionManager:
    """One strategy's ledger. After every booking, per currency and exactly: capital + realized - fees = cash + cost of its positions.

    `cash`, `capital`, `realized` and `fees` are Decimals per currency, to be read only; `positions` holds one Position per symbol.
    Every instrument is booked as spot is: buying costs value x multiplier, selling brings it in, so a short is a negative cost.
    Capital in a currency that is only ever bought or sold, never paid with, waits in `pending_capital` for `book_capital` to value it;
    until then it counts as held, but neither in `capital` nor in `equity`.
    """

    def __init__(
        self, strategy: str, instruments: Mapping[str, Instrument], capital: Mapping[str, Decimal], currency: str,
    ) -> None:
        self.strategy = strategy
        self.currency = currency
        self.instruments = dict(instruments)
        self._counters = {instrument.counter for instrument in instruments.values()}
        self.cash, self.capital, self.realized, self.fees = (dict.fromkeys(self._counters, ZERO) for _ in range(4))
        self.pending_capital: dict[str, Decimal] = {}
        positions = {symbol: Position(instrument) for symbol, instrument in instruments.items()}
        self.positions: Mapping[str, Position] = MappingProxyType(positions)
        self._bases: dict[str, list[Position]] = {}
        for symbol, instrument in instruments.items():
            if instrument.is_spot:
                self._bases.setdefault(instrument.base, []).append(positions[symbol])
        # What `apply` needs, laid ready. A contract is not a currency: a fee in its base is a fee in any third currency.
        self._books = {
            symbol: (positions[symbol], instrument.base if instrument.is_spot else "", instrument.counter, instrument.multiplier)
            for symbol, instrument in instruments.items()
        }
        self._multipliers = {symbol: float(instrument.multiplier) for symbol, instrument in instruments.items()}
        for name, amount in capital.items():
            self.deposit(name, amount)

    def apply(self, fill: Fill, reference_price: Decimal | None = None) -> Position:
        """Book a fill with its fees and return the position it changed.

        A fee in counter is paid from cash. A fee in base is booked as that quantity sold at the fill's price and paid as fee, its value
        rounded to 8 decimals. A fee in any other currency is paid from the cash of that currency. A fill of quantity 0 corrects fees (they
        may be negative); one in base is valued at `reference_price`, in counter per base, normally the average price of its order.
        Raises ValueError when that price is needed and missing, InvariantBroken for a symbol that is not ours; nothing is booked then.
        """
        book = self._books.get(fill.symbol)
        if book is None:
            raise InvariantBroken(f"{self.strategy} has a fill of {fill.symbol}, which is none of its symbols")
        position, base, counter, multiplier = book
        amounts = fill.exact
        fees = amounts.fees
        quantity = amounts.quantity
        if not quantity and reference_price is None and fees.get(base):
            raise ValueError(f"a fee of {fees[base]} {base} on {fill.client_order_id} cannot be valued without a price")
        outside = getcontext()
        setcontext(_WIDE)
        try:
            value = amounts.value * multiplier
            if fill.side is not Side.BUY:
                quantity, value = -quantity, -value
            self.realized[counter] += position.book(quantity, value)
            self.cash[counter] -= value
            for currency, fee in fees.items():
                if currency == base:
                    worth = value * fee / quantity if quantity else fee * (reference_price or ZERO) * multiplier
                    fee_value = worth.quantize(COST_STEP)
                    self._trade(position, counter, -fee, -fee_value)
                    self._pay_fee(counter, fee_value)
                else:
                    self._pay_fee(currency, fee)
        finally:
            setcontext(outside)
        return position

    def book_capital(self, symbol: str, quantity: Decimal, price: Decimal) -> Position:
        """Turn pending capital in the base of `symbol` into a position with a cost of quantity x price, rounded to 8 decimals.

        The same amount joins the capital in counter currency. `quantity` is in base units, negative for a withdrawal that is pending.
        Raises ValueError when less is pending.
        """
        position, base, counter, multiplier = self._books[symbol]
        pending = self.pending_capital.get(base, ZERO)
        if not quantity or quantity.is_signed() != pending.is_signed() or abs(quantity) > abs(pending):
            raise ValueError(f"{quantity} {base} cannot be booked as capital of {self.strategy}: {pending} {base} is pending")
        with localcontext(_WIDE):
            cost = (quantity * price * multiplier).quantize(COST_STEP)
            self._add_pending(base, -quantity)
            self._deposit(counter, cost)
            self._trade(position, counter, quantity, cost)
        return position

    def deposit(self, currency: str, amount: Decimal) -> None:
        """Add to capital; a negative amount withdraws. What is not paid with waits in `pending_capital` for `book_capital`."""
        with localcontext(_WIDE):
            if currency in self._bases and currency not in self._counters:
                self._add_pending(currency, amount)
            else:
                self._deposit(currency, amount)

    @property
    def kept(self) -> LedgerKept:
        """Return all there is to remember of it; later bookings do not change what was returned."""
        positions = {symbol: kept for symbol, position in self.positions.items() if any(msgspec.structs.astuple(kept := position.kept))}
        return LedgerKept(dict(self.cash), dict(self.capital), dict(self.realized), dict(self.fees), dict(self.pending_capital), positions)

    def take_back(self, kept: LedgerKept) -> None:
        """Be what was remembered. Only for a ledger in which nothing is booked; raises KeyError for a symbol that is not ours."""
        for own, table in ((self.cash, kept.cash), (self.capital, kept.capital), (self.realized, kept.realized), (self.fees, kept.fees),
                           (self.pending_capital, kept.pending_capital)):
            own.update(table)
        for symbol, position in kept.positions.items():
            self.positions[symbol].take_back(position)

    def holdings(self, currency: str) -> Decimal:
        """Return all the strategy owns of a currency: cash, spot positions in it and capital that is pending."""
        total = self.cash.get(currency, ZERO)
        if self.pending_capital:
            total = _WIDE.add(total, self.pending_capital.get(currency, ZERO))
        for position in self._bases.get(currency, ()):
            total = _WIDE.add(total, position.exact.quantity)
        return total

    @property
    def currencies(self) -> set[str]:
        """Return every currency the strategy may own something of."""
        return self.cash.keys() | self.pending_capital.keys() | self._bases.keys()

    def open_profit(self, marks: Mapping[str, float]) -> dict[str, float]:
        """Return per counter currency what the positions would gain if closed at `marks` (price per symbol), before fees.

        A position without a mark (absent or nan) is valued at cost: its profit is 0.
        """
        profit = dict.fromkeys(self._counters, 0.0)
        for symbol, position in self.positions.items():
            if position.quantity:
                profit[self.instruments[symbol].counter] += self._value(symbol, position, marks) - position.cost
        return profit

    def equity(self, marks: Mapping[str, float]) -> float:
        """Return cash and positions at `marks` in the strategy's `currency`; a position without a mark counts at its cost.

        Other currencies are changed at the marks of the strategy's own spot symbols; while such a mark is missing, equity is nan.
        A currency that is in none of its symbols (a fee paid in a venue's own coin) has no rate here and is left out.
        """
        worth = {currency: float(amount) for currency, amount in self.cash.items()}
        for symbol, position in self.positions.items():
            if position.quantity:
                worth[self.instruments[symbol].counter] += self._value(symbol, position, marks)
        return self._in_own_currency(worth, marks)

    def total_return(self, marks: Mapping[str, float]) -> float:
        """Return profit since the start as a fraction of capital, both in the strategy's `currency` at `marks`; nan without capital."""
        capital = self._in_own_currency({currency: float(amount) for currency, amount in self.capital.items()}, marks)
        return self.equity(marks) / capital - 1.0 if capital else math.nan

    def snapshot(self) -> dict[str, Any]:
        """Return the ledger as plain text and numbers for status files; exact amounts are text, symbols never traded are left out."""
        held = {}
        for symbol, position in self.positions.items():
            exact = position.exact
            if exact.quantity or position.realized:
                held[symbol] = {
                    "quantity": f"{exact.quantity or ZERO:f}",
                    "cost": f"{exact.cost:f}",
                    "average_price": position.average_price if exact.quantity else None,
                    "realized": position.realized,
                    "is_flat": position.is_flat,
                }
        amounts = {
            "cash": self.cash, "capital": self.capital, "pending_capital": self.pending_capital,
            "realized": self.realized, "fees": self.fees,
        }
        return {
            "strategy": self.strategy, "currency": self.currency, "positions": held,
            **{name: {currency: f"{amount:f}" for currency, amount in table.items()} for name, table in amounts.items()},
        }

    def _trade(self, position: Position, counter: str, quantity: Decimal, cost: Decimal) -> None:
        self.realized[counter] += position.book(quantity, cost)
        self.cash[counter] -= cost

    def _pay_fee(self, currency: str, fee: Decimal) -> None:
        self.cash[currency] = self.cash.get(currency, ZERO) - fee
        self.fees[currency] = self.fees.get(currency, ZERO) + fee

    def _deposit(self, currency: str, amount: Decimal) -> None:
        self.cash[currency] = self.cash.get(currency, ZERO) + amount
        self.capital[currency] = self.capital.get(currency, ZERO) + amount

    def _add_pending(self, currency: str, amount: Decimal) -> None:
        self.pending_capital[currency] = self.pending_capital.get(currency, ZERO) + amount
        if not self.pending_capital[currency]:
            del self.pending_capital[currency]

    def _value(self, symbol: str, position: Position, marks: Mapping[str, float]) -> float:
        mark = marks.get(symbol, math.nan)
        return position.cost if math.isnan(mark) else position.quantity * mark * self._multipliers[symbol]

    def _in_own_currency(self, amounts: Mapping[str, float], marks: Mapping[str, float]) -> float:
        total = amounts.get(self.currency, 0.0)
        others = [(currency, amount) for currency, amount in amounts.items() if amount and currency != self.currency]
        if others:
            rates = self._rates(marks)
            for currency, amount in others:
                is_ours = currency in self._counters or currency in self._bases
                total += amount * rates.get(currency, math.nan if is_ours else 0.0)
        return total

    def _rates(self, marks: Mapping[str, float]) -> dict[str, float]:
        # From our own currency outwards over every spot market with a mark, until no market leads to a currency not yet reached.
        rates = {self.currency: 1.0}
        markets = [
            (instrument.base, instrument.counter, marks[symbol]) for symbol, instrument in self.instruments.items()
            if instrument.is_spot and marks.get(symbol, 0.0) > 0.0
        ]
        for _ in markets:
            for base, counter, mark in markets:
                if counter in rates and base not in rates:
                    rates[base] = rates[counter] * mark
                elif base in rates and counter not in rates:
                    rates[counter] = rates[base] / mark
        return rates
