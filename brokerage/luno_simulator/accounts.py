"""The money of everybody on the simulated exchange, with reservations and fees; called by `trading_floor.py`. It must
never let a balance of the customer fall below what is reserved, and never create or lose a coin."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from brokerage.luno_simulator.market import fee_on
from brokerage.luno_simulator.order import CROWD, ZERO, Order, Side
from brokerage.luno_simulator.rejection import Rejection


@dataclass(frozen=True, slots=True)
class Fee:
    """What one side of a trade was charged, in each currency of the pair."""

    base: Decimal = ZERO
    counter: Decimal = ZERO


class Accounts:
    """Totals and reservations per owner and currency, and the fees collected per currency.

    The crowd's account may go below zero (its purse has no bottom), it reserves nothing and pays no fees; so the sum
    over all accounts plus the fees collected stays what it was at the opening.
    """

    def __init__(self, opening: Mapping[tuple[str, str], Decimal], fees_collected: Mapping[str, Decimal]) -> None:
        """Open the accounts with totals by (owner, currency)."""
        self._totals = dict(opening)
        self._reserved: dict[tuple[str, str], Decimal] = {}
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

    def reserve(self, order: Order) -> None:
        """Set aside what an order may cost; raise Rejection when it is not there."""
        if order.owner == CROWD:
            return
        currency = order.market.currency_reserved_by(order.side.is_buy)
        if order.reserve > self.available(order.owner, currency):
            raise Rejection("ErrInsufficientBalance", f"There is not enough {currency} for this order.")
        self.restore_reserve(order)

    def restore_reserve(self, order: Order) -> None:
        """Set aside what an order that was accepted earlier holds, without asking again."""
        key = (order.owner, order.market.currency_reserved_by(order.side.is_buy))
        self._reserved[key] = self._reserved.get(key, ZERO) + order.reserve

    def release(self, order: Order, amount: Decimal) -> None:
        """Give back a part of what an order holds in reserve."""
        if order.owner == CROWD:
            return
        key = (order.owner, order.market.currency_reserved_by(order.side.is_buy))
        self._reserved[key] -= amount

    def settle(self, order: Order, base: Decimal, counter: Decimal, rate: Decimal) -> Fee:
        """Move the money of one side of a trade, release its reservation and return the fee.

        The fee is taken in base on both sides, as all captures of the venue show. When the base of a seller cannot
        cover it, it is taken in counter instead (an assumption: nobody has written down what the venue does then).
        """
        market = order.market
        self.release(order, order.reserve_of(base, counter))
        fee_base = ZERO if order.owner == CROWD else fee_on(base, rate)
        if order.side is Side.BID:
            fee = Fee(base=fee_base)
            self._add(order.owner, market.base, base - fee.base)
            self._add(order.owner, market.counter, -counter)
        else:
            self._add(order.owner, market.base, -base)
            if fee_base <= self.available(order.owner, market.base) or order.owner == CROWD:
                fee = Fee(base=fee_base)
            else:
                fee = Fee(counter=fee_on(counter, rate))
            self._add(order.owner, market.base, -fee.base)
            self._add(order.owner, market.counter, counter - fee.counter)
        self._collect(market.base, fee.base)
        self._collect(market.counter, fee.counter)
        return fee

    def snapshot(self, keys: set[tuple[str, str]]) -> dict[tuple[str, str], Decimal]:
        """Return the totals of some accounts by (owner, currency)."""
        return {key: self._totals[key] for key in sorted(keys)}

    def _add(self, owner: str, currency: str, amount: Decimal) -> None:
        key = (owner, currency)
        self._totals[key] = self._totals.get(key, ZERO) + amount
        self.changed.add(key)

    def _collect(self, currency: str, amount: Decimal) -> None:
        if amount:
            self.fees_collected[currency] = self.fees_collected.get(currency, ZERO) + amount
