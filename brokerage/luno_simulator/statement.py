"""The customer's account statements: one numbered row for each movement of money or of a reservation; written by
`accounts.py`, read by the account routes. It is append-only: a row must never change, move or vanish."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from brokerage.luno_simulator.order import ZERO


class EntryKind(StrEnum):
    """What sort of movement a row is, in the venue's words."""

    TRANSFER = "TRANSFER"
    EXCHANGE = "EXCHANGE"
    FEE = "FEE"


class Movement(NamedTuple):
    """What happened to one currency: the change of the balance and of its free part, and why.

    `reference` is the order's id; the trade fields are empty where no trade is behind it.
    """

    currency: str
    timestamp_ms: int
    balance_delta: Decimal
    available_delta: Decimal
    kind: EntryKind
    description: str
    reference: str = ""
    pair: str = ""
    price: Decimal = ZERO
    volume: Decimal = ZERO
    sequence: int = 0


class Entry(NamedTuple):
    """A row of a statement: a movement, its number from 1 and the balances after it."""

    row_index: int
    balance: Decimal
    available: Decimal
    movement: Movement


class Statement:
    """The rows of every currency, and the movements that nobody has kept yet."""

    def __init__(self, movements: Iterable[Movement] = ()) -> None:
        """Begin with the movements that were kept, oldest first."""
        self._entries: dict[str, list[Entry]] = {}
        self.new_movements: list[Movement] = []
        for movement in movements:
            self._enter(movement)

    def book(self, movement: Movement) -> None:
        """Append a movement; one that moves nothing is left out."""
        if movement.balance_delta or movement.available_delta:
            self._enter(movement)
            self.new_movements.append(movement)

    def balances(self, currency: str) -> tuple[Decimal, Decimal]:
        """Return balance and available balance after the last row."""
        entries = self._entries.get(currency)
        return (entries[-1].balance, entries[-1].available) if entries else (ZERO, ZERO)

    def rows(self, currency: str, first: int, end: int) -> Sequence[Entry]:
        """Return the rows from number `first` up to, but without, `end`, oldest first."""
        return self._entries.get(currency, [])[max(first, 1) - 1 : max(end, 1) - 1]

    def count(self, currency: str) -> int:
        """Return the number of the newest row, zero when there is none."""
        return len(self._entries.get(currency, ()))

    def entries(self, currency: str) -> Sequence[Entry]:
        """Return all rows of a currency, oldest first."""
        return self._entries.get(currency, ())

    def until(self, timestamp_ms: int) -> "Statement":
        """Return the statement as it was when this millisecond was over."""
        earlier = Statement()
        for currency, entries in self._entries.items():
            end = bisect_right(entries, timestamp_ms, key=lambda entry: entry.movement.timestamp_ms)
            earlier._entries[currency] = entries[:end]
        return earlier

    def _enter(self, movement: Movement) -> None:
        balance, available = self.balances(movement.currency)
        entries = self._entries.setdefault(movement.currency, [])
        entries.append(
            Entry(len(entries) + 1, balance + movement.balance_delta, available + movement.available_delta, movement)
        )
