"""An account against all books: what of its moves since the last run our own trading does not explain. Called by assembly at a start.

It compares and tells; what nobody here did counts as nobody's money, EXTERNAL, and changes no ledger.
"""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from trading_system.core.events import Balance, BalanceEvent
from trading_system.core.order_update import ZERO
from trading_system.core.order_words import plain
from trading_system.core.side import Side
from trading_system.engine.books import Books


class AccountLine(msgspec.Struct, frozen=True):
    """One currency: what the account holds, what of it the strategies own, and what came or went that was not our trading."""

    currency: str
    account: Decimal
    books: Decimal
    difference: Decimal

    def words(self) -> str:
        """Return the line for people."""
        moved = f"{plain(abs(self.difference))} {'more' if self.difference > 0 else 'less'}"
        return (f"{self.currency}: the account holds {plain(self.account)}, the strategies own {plain(self.books)}, and there is {moved} "
                "than our own trading since the last run makes it: somebody else moved that, no ledger changes")


def traded(books: Books, capital: Mapping[str, Mapping[str, Decimal]]) -> dict[str, Decimal]:
    """Return per currency what the strategies own beyond the `capital` they were given: what trading has brought in, or taken out."""
    sums: dict[str, Decimal] = {}
    for desk in books.desks.values():
        for currency in desk.positions.currencies:
            sums[currency] = sums.get(currency, ZERO) + desk.positions.holdings(currency)
    for given in capital.values():
        for currency, amount in given.items():
            sums[currency] = sums.get(currency, ZERO) - amount
    return sums


def account_lines(books: Books, before: BalanceEvent | None, balances: Mapping[str, Balance],
                  now: Mapping[str, Decimal]) -> list[AccountLine]:
    """Return a line per currency of which more or less is there than there was `before` and trading since then, `now` less that, explains.

    Orders that are open may fill while we look: what they can move by that is no difference.
    """
    if before is None or before.traded is None:
        return []
    brings = _may_bring(books, before.broker)
    lines = []
    for currency in sorted(balances.keys() | before.balances.keys()):
        account = balances[currency].total if currency in balances else ZERO
        was = before.balances[currency].total if currency in before.balances else ZERO
        difference = (account - was) - (now.get(currency, ZERO) - before.traded.get(currency, ZERO))
        takes = sum((desk.reservations.reserved(currency) for desk in books.desks.values()), ZERO)
        if difference < -takes or difference > brings.get(currency, ZERO):
            owned = sum((desk.positions.holdings(currency) for desk in books.desks.values()), ZERO)
            lines.append(AccountLine(currency, account, owned, difference))
    return lines


def _may_bring(books: Books, broker: str) -> dict[str, Decimal]:
    brings: dict[str, Decimal] = {}
    for desk, order in books.open_orders(broker):
        instrument = desk.positions.instruments[order.symbol]
        if order.side is Side.BUY:
            currency, amount = instrument.base, order.remaining
        else:
            currency, amount = instrument.counter, order.remaining * (order.request.limit or order.reference)
        brings[currency] = brings.get(currency, ZERO) + amount
    return brings
