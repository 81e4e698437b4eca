"""The exchange as it was a while ago, or with its older history gone: a view over the real one that the reading routes cannot
tell from it; made by `faults.py`. It must never be written to."""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from brokerage.luno_simulator.accounts import Accounts
from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.fees import FeeRules
from brokerage.luno_simulator.market_status import MarketStatus
from brokerage.luno_simulator.order import CUSTOMER, ZERO, Order, OwnTrade, Side, Status
from brokerage.luno_simulator.order_book import OrderBook
from brokerage.luno_simulator.order_register import OrderRegister
from brokerage.luno_simulator.trade_tape import Trade, TradeTape
from brokerage.luno_simulator.trading_floor import TradingFloor

_MILLISECOND = 1_000_000
_ALL = 1_000_000_000


class BookNote(NamedTuple):
    """What one market showed at a time: price and volume of every resting order, best first."""

    seen_ms: int
    changed_ms: int
    status: MarketStatus
    rows: dict[Side, list[tuple[Decimal, Decimal]]]


class BookMemory:
    """What every market showed lately. Books cannot be worked out from what is on the statements, so they are noted."""

    def __init__(self, kept_ms: int) -> None:
        """Remember the last `kept_ms` milliseconds."""
        self._kept_ms = kept_ms
        self._notes: dict[str, deque[BookNote]] = {}

    def note(self, exchange: Exchange) -> None:
        """Write down what the markets show now."""
        now_ms = exchange.now_ms
        for pair, floor in exchange.floors.items():
            notes = self._notes.setdefault(pair, deque())
            rows = {side: list(floor.book.rows(side)) for side in Side}
            notes.append(BookNote(now_ms, floor.changed_ms, floor.status, rows))
            # One note from before the span is kept: it is what was shown at the span's beginning.
            while len(notes) > 1 and notes[1].seen_ms <= now_ms - self._kept_ms:
                notes.popleft()

    def at(self, pair: str, at_ms: int) -> BookNote | None:
        """Return the newest note that is not after a time, or the oldest there is."""
        notes = self._notes.get(pair, deque())
        return next((note for note in reversed(notes) if note.seen_ms <= at_ms), notes[0] if notes else None)


class PastExchange(Exchange):
    """A view of an exchange as of `at_ms`, without what ended before `oldest_ms`.

    Orders, trades, balances and statements are exact, to the millisecond. Books and statuses are the notes of a
    `BookMemory`, at most a quarter of a second older; without one they are those of now. The unfinished candle may know
    more than its time.
    """

    def __init__(self, exchange: Exchange, at_ms: int, oldest_ms: int = 0, memory: BookMemory | None = None) -> None:
        self.quirks, self.id_seed, self.genesis_ns = exchange.quirks, exchange.id_seed, exchange.genesis_ns
        at_ms = min(at_ms, exchange.now_ms)
        self.now_ns = exchange.now_ns if at_ms == exchange.now_ms else at_ms * _MILLISECOND
        self._markets = tuple(floor.market for floor in exchange.floors.values())
        self.account_list = exchange.account_list
        self.accounts = _PastAccounts(exchange, at_ms)
        self.register = _past_register(exchange, at_ms, oldest_ms)
        self.floors = {
            pair: _PastFloor(floor, at_ms, memory.at(pair, at_ms) if memory else None) for pair, floor in exchange.floors.items()
        }


class _PastAccounts(Accounts):
    def __init__(self, exchange: Exchange, at_ms: int) -> None:
        statement = exchange.accounts.statement.until(at_ms)
        balances = {currency: statement.balances(currency) for currency in exchange.currencies}
        totals = {(CUSTOMER, currency): balance for currency, (balance, _) in balances.items()}
        super().__init__(totals, {}, FeeRules(exchange.quirks), statement)
        self._reserved = {(CUSTOMER, currency): balance - available for currency, (balance, available) in balances.items()}


class _PastBook(OrderBook):
    def __init__(self, note: BookNote) -> None:
        super().__init__()
        self._note = note

    def best_price(self, side: Side) -> Decimal:
        rows = self._note.rows[side]
        return rows[0][0] if rows else ZERO

    def rows(self, side: Side) -> Iterator[tuple[Decimal, Decimal]]:
        return iter(self._note.rows[side])

    def levels(self, side: Side) -> Iterator[tuple[Decimal, Decimal]]:
        volumes: dict[Decimal, Decimal] = {}
        for price, volume in self._note.rows[side]:
            volumes[price] = volumes.get(price, ZERO) + volume
        return iter(volumes.items())


class _PastTape(TradeTape):
    def __init__(self, tape: TradeTape, at_ms: int, now_ms: int) -> None:
        self._tape = tape
        self._volume = tape.volume_of_day(now_ms) - sum((trade.volume for trade in tape.recent(at_ms + 1, _ALL)), ZERO)
        self.history = tape.history
        newest = tape.recent(0, 1, at_ms)
        self.last_price = newest[0].price if newest else tape.last_price
        self.last_sequence = newest[0].sequence if newest else tape.last_sequence

    def recent(self, since_ms: int, limit: int, until_ms: int | None = None) -> list[Trade]:
        return self._tape.recent(since_ms, limit, until_ms)

    def volume_of_day(self, now_ms: int) -> Decimal:
        return self._volume


class _PastFloor(TradingFloor):
    def __init__(self, floor: TradingFloor, at_ms: int, note: BookNote | None) -> None:
        self.market = floor.market
        self.book = _PastBook(note) if note else floor.book
        self.tape = _PastTape(floor.tape, at_ms, at_ms) if note else floor.tape
        self.changed_ms = note.changed_ms if note else floor.changed_ms
        self.status = note.status if note else floor.status


def _past_register(exchange: Exchange, at_ms: int, oldest_ms: int) -> OrderRegister:
    orders = (_order_at(exchange, order, at_ms) for order in reversed([*exchange.register.newest_first(None)]))
    trades = (trade for pair in exchange.floors for trade in exchange.register.trades(pair, 0))
    return OrderRegister(
        [order for order in orders if order is not None and not 0 < order.completed_ms < oldest_ms],
        [trade for trade in trades if oldest_ms <= trade.timestamp_ms <= at_ms],
    )


def _order_at(exchange: Exchange, order: Order, at_ms: int) -> Order | None:
    if order.created_ms > at_ms:
        return None
    if order.status is Status.COMPLETE and order.completed_ms <= at_ms:
        return order
    trades = [trade for trade in exchange.register.trades_of(order.order_id) if trade.timestamp_ms <= at_ms]
    status = Status.AWAITING if _was_waiting(exchange, order, trades, at_ms) else Status.PENDING
    return replace(
        order,
        status=status,
        completed_ms=0,
        canceled_ms=0,
        base=sum((trade.base for trade in trades), ZERO),
        counter=sum((trade.counter for trade in trades), ZERO),
        fee_base=sum((trade.fee_base for trade in trades), ZERO),
        fee_counter=sum((trade.fee_counter for trade in trades), ZERO),
    )


def _was_waiting(exchange: Exchange, order: Order, trades: list[OwnTrade], at_ms: int) -> bool:
    if order.status is Status.AWAITING:
        return True
    if order.stop_direction is None or trades:
        return False
    # A stop order that waits no more: it still waited then if no trade before had reached its price.
    floor = exchange.floors[order.market.pair]
    seen = [*floor.tape.recent(order.created_ms, _ALL, at_ms), *floor.tape.recent(0, 1, order.created_ms)]
    return not any(floor.stops.is_set_off(order, trade.price) for trade in seen)
