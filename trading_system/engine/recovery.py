"""Starting is recovering: the journal is replayed through the same books as live answers, and what is not over is asked for first.

Replay applies, it never decides: no hook, no risk check, no clock.
"""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from trading_system.core.events import BalanceEvent, CancelEvent, CommandEvent, OrderEvent, OrderUpdateEvent
from trading_system.core.order import CancelState, OrderState
from trading_system.core.order_update import Answer, Evidence, OrderUpdate
from trading_system.core.records import CapitalBooked, OrderAdopted, OrderSent, Record, RunStarted, StateSaved, StrategyStarted
from trading_system.engine.books import Books


class Past(msgspec.Struct):
    """What must be known of earlier runs before the desks can be laid: empty for a new state folder.
    `adopted` leads from the former name of a strategy to the one that took its ledger over; `began_ns` is the start of the first run."""

    house: str = ""
    epoch: int = 0
    started_ns: int = 0
    strategies: dict[str, StrategyStarted] = {}
    adopted: dict[str, str] = {}
    began_ns: int = 0

    @classmethod
    def of(cls, records: Iterable[Record]) -> "Past":
        """Read it from the journal's records."""
        return cls().and_of(records)

    def and_of(self, records: Iterable[Record]) -> "Past":
        """Learn of the runs that began in `records`, too; return self."""
        for record in records:
            if isinstance(record.body, RunStarted):
                self.see(record.body)
        return self

    def see(self, run: RunStarted) -> None:
        """Learn of a run that began."""
        self.house, self.epoch, self.started_ns = run.house, run.epoch, max(self.started_ns, run.started_ns)
        self.began_ns = self.began_ns or run.started_ns
        for name, started in run.strategies.items():
            self._meet(name, started)

    def _meet(self, name: str, started: StrategyStarted) -> None:
        # What it ever traded stays in its ledger, so the symbols of all its runs are needed to read the journal again.
        before = [self.strategies[one].symbols for one in (name, started.adopts) if one in self.strategies]
        symbols = dict.fromkeys(symbol for group in (started.symbols, *before) for symbol in group)
        self.strategies[name] = msgspec.structs.replace(started, symbols=tuple(symbols))
        if started.adopts:
            self.adopted[started.adopts] = name
            self.strategies.pop(started.adopts, None)


class Replay:
    """Applies records in order. `states` holds each strategy's last saved state, `capital` what the last run gave each of them."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.states: dict[str, bytes] = {}
        self.capital: dict[str, dict[str, Decimal]] = {}
        self.records = 0

    def apply(self, record: Record) -> None:
        """Apply one record of the journal."""
        self.records += 1
        body = record.body
        if isinstance(body, OrderUpdateEvent):
            self._update(body.update, record.taken_ns)
        elif isinstance(body, OrderEvent):
            desk = self.books.desk(body.request.strategy)
            desk.orders.add(body.request, body.reference_price, body.verdict)
            self.books.note_number(body.request.client_order_id)
        elif isinstance(body, OrderSent):
            stamp = Evidence("journal", record.taken_ns, record.taken_ns)
            self._update(OrderUpdate(body.client_order_id, Answer.SENT, stamp), record.taken_ns)
        elif isinstance(body, CancelEvent):
            found = self.books.find(body.client_order_id)
            if found is not None:
                found[0].orders.want_cancel(found[1])
        elif isinstance(body, OrderAdopted):
            self.books.adopt(body.request)
        elif isinstance(body, BalanceEvent):
            self.books.note_account(body)
        elif isinstance(body, CapitalBooked):
            self.books.desk(body.strategy).positions.book_capital(body.symbol, body.quantity, body.price)
        elif isinstance(body, StateSaved):
            self.states[self.books.desk(body.strategy).name] = body.state
        elif isinstance(body, RunStarted):
            self.fund(body)
        elif isinstance(body, CommandEvent) and body.update is not None:
            found = self.books.find(body.update.client_order_id)
            if found is not None:
                found[1].is_quarantined = False             # people have settled it; what they said follows as an answer

    def finish(self) -> None:
        """Reserve again for every order that is not over; a cancel that was wanted is wanted still, however far it had come."""
        for desk, order in self.books.open_orders():
            if order.state < OrderState.FILLED:
                desk.restore(order)
            if order.cancel is not CancelState.NONE:
                # Whether the cancel left was never written down. To cancel twice does no harm, not to cancel does.
                order.cancel = CancelState.WANTED

    def _update(self, update: OrderUpdate, taken_ns: int) -> None:
        found = self.books.find(update.client_order_id)
        if found is not None:
            self.books.apply(found[0], found[1], update, taken_ns)

    def fund(self, run: RunStarted) -> None:
        """Bring in the capital that a run gives: all of it to a new strategy, the difference as a deposit to a known one."""
        for name, started in run.strategies.items():
            known = self.capital.get(name) or self.capital.pop(started.adopts, {})
            for currency in known.keys() | started.capital.keys():
                change = started.capital.get(currency, Decimal(0)) - known.get(currency, Decimal(0))
                if change:
                    self.books.desk(name).positions.deposit(currency, change)
            self.capital[name] = dict(started.capital)
