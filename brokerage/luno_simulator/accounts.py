"""The money of everybody on the simulated exchange, with reservations and fees; called by `trading_floor.py`. It must
never let a balance of the customer fall below what is reserved, and never create or lose a coin."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from brokerage.luno_simulator.fees import FeeRules
from brokerage.luno_simulator.order import CROWD, CUSTOMER, OUTSIDE, ZERO, Order
from brokerage.luno_simulator.rejection import Rejection
from brokerage.luno_simulator.statement import EntryKind, Movement, Statement
from brokerage.luno_simulator.trade_tape import Trade


class Fee(NamedTuple):
    """What one side of a trade was charged, in each currency of the pair."""

    base: Decimal = ZERO
    counter: Decimal = ZERO


class Accounts:
    """Totals and reservations per owner and currency, and the fees collected per currency.

    The crowd's account may go below zero (its purse has no bottom), it reserves nothing and pays no fees; so the sum
    over all accounts plus the fees collected stays what it was at the opening. Every movement of the customer's money
    is a row of `statement`.
    """

    def __init__(
        self,
        opening: Mapping[tuple[str, str], Decimal],
        fees_collected: Mapping[str, Decimal],
        fees: FeeRules,
        statement: Statement,
    ) -> None:
        """Open the accounts with totals by (owner, currency)."""
        self._totals = dict(opening)
        self._reserved: dict[tuple[str, str], Decimal] = {}
        self._fees = fees
        self.statement = statement
        self.fees_collected = dict(fees_collected)
        # Every account is news at the opening, so that whoever keeps them keeps the first state too.
        self.changed: set[tuple[str, str]] = set(self._totals)

    def total(self, owner: str, currency: str) -> Decimal:
        """Return what an owner has, the reserved part included."""
        return self._totals.get((owner, currency), ZERO)

    def reserved(self, owner: str, currency: str) -> Decimal:
        """Return the part that open orders hold."""
        return self._reserved.get((owner, currency), ZERO)

    def available(self, owner: str, currency: str) -> Decimal:
        """Return what is free for a new order."""
        return self.total(owner, currency) - self.reserved(owner, currency)

    def sum_of(self, currency: str) -> Decimal:
        """Return all there is of a currency: every account and the fees collected. No call may change it."""
        held = sum((total for (_, held_in), total in self._totals.items() if held_in == currency), ZERO)
        return held + self.fees_collected.get(currency, ZERO)

    def bring_forward(self, now_ms: int) -> None:
        """Let the statements begin with what is there, where they do not say it already."""
        for owner, currency in self._totals:
            if owner != CUSTOMER:
                continue
            balance, available = self.statement.balances(currency)
            deltas = self.total(owner, currency) - balance, self.available(owner, currency) - available
            self.statement.book(Movement(currency, now_ms, *deltas, EntryKind.TRANSFER, "Deposit of the opening balance"))

    def check_cost(self, order: Order) -> None:
        """Raise Rejection when what an order may cost is not there."""
        currency = order.paid_in
        if order.cost + self._fees.cover_needed(order) > self.available(order.owner, currency):
            raise Rejection("ErrInsufficientBalance", f"There is not enough {currency} for this order.")

    def reserve(self, order: Order, now_ms: int) -> None:
        """Set aside what an order may cost; raise Rejection when it is not there."""
        if order.owner == CROWD:
            return
        self.check_cost(order)
        order.reserve = order.cost
        self.restore_reserve(order)
        self._note_reserve(order, order.reserve, now_ms, "Reserved")

    def restore_reserve(self, order: Order) -> None:
        """Set aside what an order that was accepted earlier holds, without asking again."""
        key = (order.owner, order.paid_in)
        self._reserved[key] = self._reserved.get(key, ZERO) + order.reserve

    def release(self, order: Order, amount: Decimal, now_ms: int) -> None:
        """Give back a part of what an order holds in reserve."""
        if order.owner == CROWD or not amount:
            return
        self._reserved[order.owner, order.paid_in] -= amount
        order.reserve -= amount
        self._note_reserve(order, -amount, now_ms, "Released")

    def settle(self, order: Order, trade: Trade, counter: Decimal, rate: Decimal) -> Fee:
        """Move the money of one side of a trade, release its reservation and return the fee.

        The fee is taken in the currency the rules prefer. When the free part of that cannot cover it, as for a seller
        of everything, it is taken in the other (an assumption: nobody has written down what the venue does then).
        """
        market, owner, base = order.market, order.owner, trade.volume
        if owner == CROWD:
            sign = 1 if order.side.is_buy else -1
            self._add(owner, market.base, sign * base)
            self._add(owner, market.counter, -sign * counter)
            return Fee()
        self.release(order, min(order.reserve, order.reserve_of(base, counter)), trade.timestamp_ms)
        if order.side.is_buy:
            description = f"Bought {base:f} {market.base} for {counter:f} {market.counter}"
            self._move(order, trade, market.counter, -counter, EntryKind.EXCHANGE, description)
            self._move(order, trade, market.base, base, EntryKind.EXCHANGE, description)
        else:
            description = f"Sold {base:f} {market.base} for {counter:f} {market.counter}"
            self._move(order, trade, market.base, -base, EntryKind.EXCHANGE, description)
            self._move(order, trade, market.counter, counter, EntryKind.EXCHANGE, description)
        in_base, in_counter = self._fees.fee_on(base, rate), self._fees.fee_on(counter, rate)
        if self._fees.is_in_base(order.side):
            fee = Fee(base=in_base) if in_base <= self.available(owner, market.base) else Fee(counter=in_counter)
        else:
            fee = Fee(counter=in_counter) if in_counter <= self.available(owner, market.counter) else Fee(base=in_base)
        for currency, amount in ((market.base, fee.base), (market.counter, fee.counter)):
            if amount:
                self._move(order, trade, currency, -amount, EntryKind.FEE, f"Trading fee for order {order.order_id}")
                self.fees_collected[currency] = self.fees_collected.get(currency, ZERO) + amount
        return fee

    def transfer(self, currency: str, amount: Decimal, now_ms: int) -> None:
        """Let the customer's money come from outside, or with a negative amount go there.

        Outside is an account too, so that the sum over all accounts stays what it was. Raise Rejection when there is not
        enough that is free.
        """
        if amount + self.available(CUSTOMER, currency) < 0:
            raise Rejection("ErrInsufficientBalance", f"There is not enough {currency} to send.")
        self._add(CUSTOMER, currency, amount)
        self._add(OUTSIDE, currency, -amount)
        words = "Received" if amount > 0 else "Sent"
        description = f"{words} {abs(amount):f} {currency}"
        self.statement.book(Movement(currency, now_ms, amount, amount, EntryKind.TRANSFER, description))

    def totals(self) -> dict[tuple[str, str], Decimal]:
        """Return all totals by (owner, currency)."""
        return dict(self._totals)

    def snapshot(self, keys: set[tuple[str, str]]) -> dict[tuple[str, str], Decimal]:
        """Return the totals of some accounts by (owner, currency)."""
        return {key: self._totals[key] for key in sorted(keys)}

    def _move(
        self, order: Order, trade: Trade, currency: str, amount: Decimal, kind: EntryKind, description: str
    ) -> None:
        self._add(order.owner, currency, amount)
        details = (order.order_id, order.market.pair, trade.price, trade.volume, trade.sequence)
        self.statement.book(Movement(currency, trade.timestamp_ms, amount, amount, kind, description, *details))

    def _note_reserve(self, order: Order, amount: Decimal, now_ms: int, word: str) -> None:
        # Clients read the order's id out of these words.
        description = f"{word} {abs(amount):f} {order.paid_in} order {order.order_id}"
        self.statement.book(
            Movement(order.paid_in, now_ms, ZERO, -amount, EntryKind.EXCHANGE, description, order.order_id)
        )

    def _add(self, owner: str, currency: str, amount: Decimal) -> None:
        key = (owner, currency)
        self._totals[key] = self._totals.get(key, ZERO) + amount
        self.changed.add(key)
