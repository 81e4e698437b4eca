"""What a start asks the venues before any new order: one list of open orders per broker, then our own trades since the last known moment.

The order flow carries the questions and hears the answers; nothing is ever booked from a list of trades, it only says whom to ask for.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from trading_system.core.actions import Action, LookUpOrders, LookUpTrades
from trading_system.core.clock import Clock
from trading_system.core.events import LookUpFailedEvent, OwnTradesEvent
from trading_system.core.order import OrderKind, OrderRequest
from trading_system.core.order_update import ZERO, Answer, OrderUpdate, Totals, VenueTrade
from trading_system.engine.adoption import Adoption
from trading_system.engine.books import Books
from trading_system.engine.recovery import Past

_AGAIN_NS = 10_000_000_000
#: Clocks differ and what a venue lists lags behind what it did: so much is asked for once more.
MARGIN_NS = 60_000_000_000


class Reconciliation:
    """`since_ns` says per symbol from when on trades are asked for; while it is empty, as in a new state folder, nobody is asked.

    `unknown` holds the trades of orders that only the list of trades knows, by the order's name, until these are looked up.
    """

    def __init__(self, clock: Clock, books: Books, adoption: Adoption) -> None:
        self.since_ns: Mapping[str, int] = {}
        self.began_ns = 0
        self.unknown: dict[str, list[VenueTrade]] = {}
        self._clock = clock
        self._books = books
        self._adoption = adoption
        self._lists: set[str] = set()
        self._failed: set[str] = set()
        self._trades: dict[str, int] = {}
        self._asked_ns: dict[str, int] = {}

    @property
    def is_waiting(self) -> bool:
        """Tell whether a venue has still to answer."""
        return bool(self._lists or self._trades or self.unknown)

    def waits_for(self, broker: str) -> bool:
        """Tell whether that broker has still to answer."""
        return broker in self._lists or any(_broker(symbol) == broker for symbol in (*self._trades, *(
            trades[0].symbol for trades in self.unknown.values())))

    def holds_back(self, broker: str) -> bool:
        """Tell whether single questions to a broker would be too many: its list is on the way and may answer them all."""
        return broker in self._lists and broker not in self._failed

    def begin(self) -> Sequence[Action]:
        """Ask every broker of our symbols for its list."""
        self.began_ns = self._clock.now_ns
        self._lists = set(map(_broker, self.since_ns))
        return self.ask_again()

    def ask_again(self) -> Sequence[Action]:
        """Ask once more for whatever got no answer."""
        actions: list[Action] = [LookUpOrders(broker) for broker in sorted(self._lists) if self._is_due(broker)]
        actions += [LookUpTrades(_broker(symbol), symbol, since_ns) for symbol, since_ns in self._trades.items() if self._is_due(symbol)]
        actions += [LookUpOrders(_broker(trades[0].symbol), _stand_in(trades), trades[0].venue_order_id)
                    for name, trades in self.unknown.items() if self._is_due(name)]
        return actions

    def listed(self, broker: str) -> Sequence[Action]:
        """The broker's list came in and was heard: go on to our trades there."""
        if broker not in self._lists:
            return ()
        self._lists.discard(broker)
        self._trades.update((symbol, since_ns) for symbol, since_ns in self.since_ns.items() if _broker(symbol) == broker)
        return self.ask_again()

    def failed(self, event: LookUpFailedEvent) -> None:
        """A question got no answer."""
        self._asked_ns.pop(event.client_order_id or event.symbol or event.broker, None)
        if not event.client_order_id and not event.symbol:
            self._failed.add(event.broker)

    def traded(self, event: OwnTradesEvent) -> list[str]:
        """The broker's list of our trades came in: return the orders to be asked for, as they may have filled more than is booked.

        Orders that are not over are asked for anyway. One that is over is asked for when its trades do not come to its totals, fees
        included, or cannot, as it may have traded before the list begins.
        """
        self._trades.pop(event.symbol, None)
        by_order: dict[str, list[VenueTrade]] = {}
        for trade in event.trades:
            if self._adoption.is_ours(trade.client_order_id):
                by_order.setdefault(trade.client_order_id, []).append(trade)
        ask_for = []
        for name, trades in by_order.items():
            found = self._books.find(name)
            if found is not None:
                order = found[1]
                booked = order.exact
                is_whole = order.request.created_ns >= event.since_ns and _sum(trades) == booked.filled_quantity
                # An order may have looked done before its fee was told, and the run ended before it was looked at again.
                if order.is_done and not (is_whole and _fees(trades) == booked.fees):
                    ask_for.append(name)
            elif name not in self._adoption.set_apart and not self._adoption.is_forgotten(name):
                self.unknown[name] = trades
        return ask_for

    def found(self, update: OrderUpdate) -> OrderUpdate:
        """An answer about an order came in; where the venue has forgotten the order but not its trades, return what these come to."""
        trades = self.unknown.pop(update.client_order_id, None)
        if trades is None or update.answer is not Answer.NOT_FOUND:
            return update
        first, quantity = trades[0], _sum(trades)
        totals = Totals(quantity, sum((trade.value for trade in trades), ZERO), _fees(trades))
        return OrderUpdate(update.client_order_id, Answer.FILLED, update.evidence, first.venue_order_id, totals, symbol=first.symbol,
                           side=first.side, quantity=quantity)

    def _is_due(self, what: str) -> bool:
        now_ns = self._clock.now_ns
        if now_ns - self._asked_ns.get(what, 0) < _AGAIN_NS:
            return False
        self._asked_ns[what] = now_ns
        return True


def moments(books: Books, past: Past) -> dict[str, int]:
    """Return from when on our trades of each symbol must be asked for; empty when there was no run before.

    That is the moment until which all trades were known to be booked, or the last fill that is booked, whichever is later, less a margin.
    Fills of a last run that never heard all its venue had to tell do not count: what that run was asking for lies before them.
    """
    if not past.epoch:
        return {}
    known = {broker: account.reconciled_ns for broker, account in books.accounts.items() if account.reconciled_ns}
    filled: dict[str, int] = {}
    for desk in books.desks.values():
        for order in (*desk.orders.open.values(), *desk.orders.done.values()):
            if order.exact.filled_quantity and known.get(_broker(order.symbol), 0) >= past.started_ns:
                filled[order.symbol] = max(order.heard_ns, filled.get(order.symbol, 0))
    symbols = sorted({symbol for desk in books.desks.values() for symbol in desk.symbols})
    return {symbol: max(filled.get(symbol, 0), known.get(_broker(symbol), past.began_ns)) - MARGIN_NS for symbol in symbols}


def _stand_in(trades: Sequence[VenueTrade]) -> OrderRequest:
    # Only its name is asked for; the rest is what the trades say.
    first, name = trades[0], trades[0].client_order_id
    return OrderRequest(name, name.split("-")[1], first.symbol, first.side, OrderKind.MARKET, first.time_ns, _sum(trades))


def _sum(trades: Sequence[VenueTrade]) -> Decimal:
    return sum((trade.quantity for trade in trades), ZERO)


def _fees(trades: Sequence[VenueTrade]) -> dict[str, Decimal]:
    fees: dict[str, Decimal] = {}
    for trade in trades:
        for currency, fee in trade.fees.items():
            fees[currency] = fees.get(currency, ZERO) + fee
    return fees


def _broker(symbol: str) -> str:
    return symbol.rpartition(".")[2]
