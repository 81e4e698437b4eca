"""Paper trading as the `Broker` of `core/ports.py`: orders are answered here, from real public data. It has no thread of its own: whoever
polls the `PaperFeed` around the real feed lets the orders meet each tick.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import msgspec

from brokerage.paper.account import PaperAccount
from brokerage.paper.admission import refusal
from brokerage.paper.fill_model import FillModel
from brokerage.paper.venue import FillVenue
from trading_system.core.errors import OrderRefused, OutcomeUnknown, RefusalReason, TryAgain
from trading_system.core.events import Balance, OpenOrdersEvent
from trading_system.core.instrument import Instrument, MarketStatus
from trading_system.core.market_data import Bar, Book, MarketData, Tick, Trade
from trading_system.core.order import OrderRequest
from trading_system.core.order_update import Answer, Evidence, OrderUpdate, Totals, VenueTrade
from trading_system.core.ports import Feed, Runtime
from trading_system.core.side import Side

_DONE = frozenset((Answer.FILLED, Answer.CANCELED, Answer.EXPIRED))
#: Orders whose market was not heard of for so long are asked about at the feed itself: whoever polled it has stopped or is stuck.
_SILENCE_NS = 3_000_000_000
#: Orders that are over can be looked up, and their names are known again, until so many more are over.
_KEPT_DONE = 100_000


class PaperBroker:
    """Trades on an account of paper money at the symbols of `list_instruments`, for which `feed` brings the data. `balances` is what the
    account begins with. Every call may be made on any thread."""

    def __init__(self, name: str, feed: Feed, list_instruments: Callable[[], list[Instrument]], balances: Mapping[str, Decimal],
                 model: FillModel, runtime: Runtime) -> None:
        self.name = name
        self._feed = feed
        self._list_instruments = list_instruments
        self._model = model
        self._runtime = runtime
        self._lock = runtime.lock()
        self._account = PaperAccount(balances)
        self._instruments: dict[str, Instrument] = {}
        self._venue = FillVenue((), model, self._account)
        self._ticks: dict[str, Tick] = {}
        self._heard_ns: dict[str, int] = {}
        self._known: dict[str, tuple[OrderRequest, OrderUpdate]] = {}
        self._done: deque[str] = deque()

    def instruments(self) -> list[Instrument]:
        """Return every market that can be traded. Raises TryAgain or AccessDenied where the list comes from the real venue."""
        listed = self._list_instruments()
        with self._lock:
            self._instruments = {one.symbol: one for one in listed}
            self._venue.add(listed)
        return listed

    def place_order(self, request: OrderRequest) -> OrderUpdate:
        """Place it once; it meets the next tick that comes after the latency.

        Raises OrderRefused, OutcomeUnknown for a name that was used before, and TryAgain while no price of the symbol is known.
        """
        if not self._instruments:
            self.instruments()
        tick = self._ticks.get(request.symbol)
        if tick is None:
            self.hear_all(self._feed.poll([request.symbol]))
        with self._lock:
            now_ns = self._runtime.now_ns()
            evidence = Evidence("paper/place", now_ns, now_ns)
            if request.client_order_id in self._known:
                raise OutcomeUnknown("an order of this name exists", evidence)
            self._admit(request, evidence)
            order = self._venue.place(request, now_ns)
            if order is None:
                self._account.release(request.client_order_id)
                raise OrderRefused(RefusalReason.OTHER, f"{request.symbol} is not traded here", evidence)
            update = OrderUpdate(request.client_order_id, Answer.ACCEPTED, evidence, order.venue_order_id)
            self._known[request.client_order_id] = (request, update)
            return update

    def cancel_order(self, request: OrderRequest, venue_order_id: str) -> OrderUpdate:
        """Ask to cancel; the order ends with the first tick after the latency. Returns CANCEL_ACCEPTED or CANCEL_REFUSED."""
        with self._lock:
            now_ns = self._runtime.now_ns()
            evidence = Evidence("paper/cancel", now_ns, now_ns)
            is_open = self._venue.cancel(request, venue_order_id, now_ns)
            answer = Answer.CANCEL_ACCEPTED if is_open else Answer.CANCEL_REFUSED
            return OrderUpdate(request.client_order_id, answer, evidence, venue_order_id, reason="" if is_open else "it is not open")

    def look_up(self, request: OrderRequest, venue_order_id: str = "") -> OrderUpdate:
        """Return what is held under our name, with totals, or NOT_FOUND."""
        self._break_silence()
        with self._lock:
            evidence = self._asked("paper/order")
            found = self._known.get(request.client_order_id)
            if found is None:
                return OrderUpdate(request.client_order_id, Answer.NOT_FOUND, evidence)
            asked, last = found
            if last.answer not in _DONE:
                last = next((one for one in self._venue.held() if one.client_order_id == request.client_order_id), last)
            return msgspec.structs.replace(last, evidence=evidence, symbol=asked.symbol, side=asked.side, quantity=asked.quantity)

    def open_orders(self) -> OpenOrdersEvent:
        """Return all open orders of the account."""
        self._break_silence()
        with self._lock:
            evidence = self._asked("paper/open_orders")
            updates = tuple(msgspec.structs.replace(one, evidence=evidence) for one in self._venue.held())
            return OpenOrdersEvent(self.name, updates, evidence.asked_ns, evidence.answered_ns)

    def fills_since(self, symbol: str, since_ns: int) -> list[VenueTrade]:
        """Return our own trades of `symbol` at or after `since_ns`, oldest first."""
        with self._lock:
            return [one for one in self._account.trades if one.symbol == symbol and one.time_ns >= since_ns]

    def balances(self) -> dict[str, Balance]:
        """Return what the account holds per currency."""
        with self._lock:
            return self._account.balances()

    def hear_all(self, events: Sequence[MarketData]) -> None:
        """Let the orders meet market data, in the order in which it came."""
        with self._lock:
            for event in events:
                self._heard_ns[event.symbol] = self._runtime.now_ns()
                if isinstance(event, Tick):
                    self._ticks[event.symbol] = event
                answers = list(self._venue.hear(event))
                while self._venue.goes_on:
                    answers.extend(self._venue.hear_again())
                for answer in answers:
                    self._keep(answer.update)

    def assumptions(self) -> Sequence[str]:
        """Return what fills are assumed to be like, a sentence each."""
        return self._venue.assumptions()

    def _break_silence(self) -> None:
        # A house that stops polls no more, and its cancels would never end.
        with self._lock:
            before_ns = self._runtime.now_ns() - _SILENCE_NS
            silent = sorted({one.symbol for one in self._venue.held() if self._heard_ns.get(one.symbol, 0) < before_ns})
        if silent:
            self.hear_all(self._feed.poll(silent))

    def _asked(self, endpoint: str) -> Evidence:
        now_ns = self._runtime.now_ns()
        return Evidence(endpoint, now_ns, now_ns)

    def _admit(self, request: OrderRequest, evidence: Evidence) -> None:
        instrument, tick = self._instruments.get(request.symbol), self._ticks.get(request.symbol)
        if instrument is None:
            raise OrderRefused(RefusalReason.OTHER, f"{request.symbol} is not traded here", evidence)
        refused = refusal(request, instrument)
        if refused is not None:
            raise OrderRefused(*refused, evidence)
        if tick is None:
            raise TryAgain(f"no price of {request.symbol} is known yet", evidence)
        quote = tick.ask if request.side is Side.BUY else tick.bid
        if request.post_only and request.limit is not None and (float(request.limit) - quote) * request.side >= 0:
            raise OrderRefused(RefusalReason.WOULD_CROSS, f"post-only, but the market is at {quote:g}", evidence)
        if not self._account.reserve(request, instrument, instrument.nearest_price(quote)):
            raise OrderRefused(RefusalReason.INSUFFICIENT_BALANCE, "the account does not hold what it may cost", evidence)

    def _keep(self, update: OrderUpdate) -> None:
        found = self._known.get(update.client_order_id)
        if found is None:
            return
        request, before = found
        if update.answer is Answer.REJECTED:
            # It was accepted when it was placed: what comes too late to be refused ends canceled.
            update = msgspec.structs.replace(update, answer=Answer.CANCELED, totals=Totals())
        if update.answer in _DONE:
            self._done.append(update.client_order_id)
            if len(self._done) > _KEPT_DONE:
                del self._known[self._done.popleft()]
        venue_order_id = update.venue_order_id or before.venue_order_id
        self._known[update.client_order_id] = (request, msgspec.structs.replace(update, venue_order_id=venue_order_id))


class PaperFeed:
    """The real feed, whose ticks and trades meet the paper broker's orders before anybody else sees them."""

    def __init__(self, feed: Feed, broker: PaperBroker) -> None:
        self.name = feed.name
        self._feed = feed
        self._broker = broker
        self._met: dict[str, int] = {}

    def poll(self, symbols: Sequence[str]) -> list[Tick]:
        """Return the newest tick of each symbol, after the orders met it. Raises TryAgain or AccessDenied."""
        ticks = self._feed.poll(symbols)
        self._broker.hear_all(ticks)
        return ticks

    def statuses(self) -> Mapping[str, MarketStatus]:
        """Return what the last poll said of each symbol's market."""
        return self._feed.statuses()

    def book(self, symbol: str) -> Book:
        """Return the best levels of one symbol. Raises TryAgain or AccessDenied."""
        return self._feed.book(symbol)

    def trades(self, symbol: str, since_ns: int) -> list[Trade]:
        """Return public trades at or after `since_ns`, oldest first, after the orders met those that are new. Raises TryAgain or
        AccessDenied."""
        trades = self._feed.trades(symbol, since_ns)
        met = self._met.get(symbol)
        # Whoever polls looks back a little, and what was met before has given its volume already.
        self._broker.hear_all([one for one in trades if met is None or one.venue_sequence > met])
        if trades:
            self._met[symbol] = max(met or 0, *(one.venue_sequence for one in trades))
        return trades

    def history(self, symbol: str, bar_ns: int, count: int) -> list[Bar]:
        """Return up to `count` finished bars, oldest first. Raises TryAgain or AccessDenied."""
        return self._feed.history(symbol, bar_ns, count)
