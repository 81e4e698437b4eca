"""Answers orders from market data, on the caller's thread: inline in a backtest, behind `PaperBroker` in paper mode. It asks no clock and
knows no balances unless it is given an account.
"""

import math
from collections.abc import Iterable, Sequence

from brokerage.paper.account import PaperAccount
from brokerage.paper.admission import refusal
from brokerage.paper.assumptions import sentences
from brokerage.paper.bars import BarMeeting, arrival_price
from brokerage.paper.fill_model import FillModel
from brokerage.paper.pit import Pit
from brokerage.paper.quotes import meet_book, meet_quote, meet_tick
from brokerage.paper.trades import meet_trade
from brokerage.paper.working_order import Stage, WorkingOrder, working_order
from trading_system.core.actions import Action, CancelOrder, LookUpOrders, PlaceOrder
from trading_system.core.clock import Clock
from trading_system.core.errors import RefusalReason
from trading_system.core.events import OrderUpdateEvent
from trading_system.core.instrument import Instrument
from trading_system.core.market_data import Bar, Book, MarketData, Tick, Trade
from trading_system.core.order import OrderRequest
from trading_system.core.order_update import Answer, Evidence, OrderUpdate
from trading_system.core.records import Record

_NEW, _WAITING, _OVER = Stage.NEW, Stage.WAITING, Stage.OVER
_ENDPOINT = "paper"
_ACCEPTED, _REJECTED, _FILLED = Answer.ACCEPTED, Answer.REJECTED, Answer.FILLED
_FOLLOW_UP_NS = 1


class FillVenue:
    """The `PaperVenue` of `core/ports.py`. `goes_on` is True while a bar is not wholly met: then `hear_again` is called, after the engine
    handled the answers and `put` what followed from them, until `goes_on` is False. It never is without `same_bar_follow_ups`.

    Bars of one symbol must not overlap. Give it the events of the data, not bars that were built from events it has heard already.
    """

    def __init__(self, instruments: Iterable[Instrument], model: FillModel, account: PaperAccount | None = None) -> None:
        self.model = model
        self.clock: Clock | None = None
        self.goes_on = False
        # Filling at the event an order was decided on needs to have heard it.
        self._is_close = model.execution == "this_close"
        self.is_busy = self._is_close
        self._latency_ns = round(model.latency_seconds * 1e9) if model.execution == "next_event" else 0
        self._is_stepwise = model.same_bar_follow_ups
        self._is_plain = not self._is_stepwise and not self._is_close and account is None
        self._pits: dict[str, Pit] = {}
        self._account = account
        self.add(instruments)
        self._last: dict[str, MarketData] = {}
        self._meeting: tuple[Pit, BarMeeting] | None = None
        self._answers: list[OrderUpdateEvent] = []
        self._taken_from: set[str] = set()
        self._evidence = Evidence(_ENDPOINT, 0, 0)
        self._working = 0
        self._numbers = 0
        self._now_ns = 0

    def add(self, instruments: Iterable[Instrument]) -> None:
        """Trade these too; those that are traded already keep their grid and their orders."""
        for one in instruments:
            if one.symbol not in self._pits:
                self._pits[one.symbol] = Pit(one, self.model, self._account)

    def put(self, records: Sequence[Record], actions: Sequence[Action]) -> None:
        """Take over what the engine wants done; answers come from the next `hear` or `hear_again`."""
        for action in actions:
            if isinstance(action, PlaceOrder):
                self.place(action.request, action.request.created_ns)
            elif isinstance(action, CancelOrder):
                # What was heard last may be long ago: timers and other markets cause cancels, too.
                now_ns = self._now_ns if self.clock is None else self.clock.now_ns
                self.cancel(action.request, action.venue_order_id, max(now_ns, action.request.created_ns))
            elif isinstance(action, LookUpOrders):
                self._look_up(action)

    def place(self, request: OrderRequest, created_ns: int) -> WorkingOrder | None:
        """Take one order in that left at `created_ns`; None when it is refused, which the next answer says."""
        pit = self._pits.get(request.symbol)
        refused = (RefusalReason.OTHER, f"{request.symbol} is not traded here") if pit is None else refusal(request, pit.instrument)
        self.is_busy = True
        if pit is None or refused is not None:
            self._refuse(request, created_ns, *(refused or (RefusalReason.OTHER, "")))
            return None
        self._numbers += 1
        self._working += 1
        order = working_order(request, created_ns + self._latency_ns, f"{_ENDPOINT}-{self._numbers}")
        order.is_follow_up = self.goes_on
        pit.orders.append(order)
        if self._is_close and not self.goes_on and (last := self._last.get(request.symbol)) is not None:
            self._meet_again(pit, order, last)
        return order

    def cancel(self, request: OrderRequest, venue_order_id: str, sent_ns: int) -> bool:
        """Take a cancel in that left at `sent_ns`; False when no such order works here.

        An order that nobody was told the id of yet is known by its own name: its cancel takes as long as any other. An order that is not
        here any more has had its last answer.
        """
        pit = self._pits.get(request.symbol)
        for order in pit.orders if pit is not None else ():
            if order.request.client_order_id == request.client_order_id and venue_order_id in ("", order.venue_order_id):
                assert pit is not None
                pit.has_cancels = True
                order.cancel_ns = order.cancel_ns or (_FOLLOW_UP_NS if self.goes_on else sent_ns + self._latency_ns)
                return True
        return False

    def hear(self, event: MarketData) -> Sequence[OrderUpdateEvent]:
        """Return what `event` means for the orders here, in the order in which it happened."""
        if self.goes_on:
            # The driver did not ask for the rest of the bar before: it is met now, as it would have been.
            rest: list[OrderUpdateEvent] = []
            while self.goes_on:
                rest.extend(self.hear_again())
            return [*rest, *self.hear(event)]
        if self._is_close:
            self._last[event.symbol] = event
        answers: Sequence[OrderUpdateEvent] = ()
        if self._answers:
            answers, self._answers = self._answers, []
        pit = self._pits.get(event.symbol)
        if pit is not None and (pit.orders or event.symbol in self._taken_from):
            if self._is_plain and len(pit.orders) == 1 and not answers:
                at_once = self._at_once(pit, pit.orders[0], event)
                if at_once is not None:
                    return (at_once,)
            self._now_ns = time_ns = event.time_ns
            self._evidence = Evidence(_ENDPOINT, time_ns, time_ns)
            if self._account is not None:
                self._account.time_ns = time_ns
            pit.events += 1
            self._meet(pit, event)
            if pit.changed:
                answers = [*answers, *self._told(pit)] if answers else self._told(pit)
        if not self._working:
            self.is_busy = self._is_close or self.goes_on or bool(self._taken_from)
        return answers

    def hear_again(self) -> Sequence[OrderUpdateEvent]:
        """Return what the rest of the last bar means for the orders here, those placed since the last answers included."""
        if self._meeting is None:
            return ()
        pit, meeting = self._meeting
        pit.cancel(_FOLLOW_UP_NS + 1)
        self.goes_on = meeting.join() or meeting.run()
        answers, self._answers = [*self._answers, *self._told(pit)], []
        if not self.goes_on:
            self._meeting = None
            self.is_busy = self._is_close or self._working > 0
        return answers

    def assumptions(self) -> Sequence[str]:
        """Return what fills are assumed to be like, a sentence each."""
        return sentences(self.model)

    def held(self) -> list[OrderUpdate]:
        """Return every order that works here, as a list of open orders says it."""
        return [self._state(pit, order) for pit in self._pits.values() for order in pit.orders]

    def _at_once(self, pit: Pit, order: WorkingOrder, event: MarketData) -> OrderUpdateEvent | None:
        if isinstance(event, Bar):
            quote, volume = pit.quote(arrival_price(pit, order, event), order.sign), event.volume
        elif isinstance(event, Tick) and order.arrives_ns <= event.time_ns:
            pit.is_quoted = True
            quote, volume = event.ask if order.sign > 0 else event.bid, math.inf
        else:
            return None
        totals = pit.fill_at_once(order, quote, volume)
        if totals is None:
            return None
        pit.orders = []
        self._working -= 1
        if not self._working:
            self.is_busy = bool(self._taken_from)
        self._now_ns = time_ns = event.time_ns
        evidence = Evidence(_ENDPOINT, time_ns, time_ns)
        return OrderUpdateEvent(OrderUpdate(order.request.client_order_id, _FILLED, evidence, order.venue_order_id, totals))

    def _meet(self, pit: Pit, event: MarketData) -> None:
        if isinstance(event, Bar):
            meeting = BarMeeting(pit, event, self._is_stepwise)
            if meeting.run():
                self._meeting, self.goes_on = (pit, meeting), True
            return
        time_ns = event.time_ns
        pit.cancel(time_ns)
        if isinstance(event, Tick):
            meet_tick(pit, event)
        elif isinstance(event, Trade):
            meet_trade(pit, event)
        else:
            meet_book(pit, event)
            # What we took of a level is remembered while the level stands, so those books must be heard.
            remember = self._taken_from.add if pit.taken[1] or pit.taken[-1] else self._taken_from.discard
            remember(event.symbol)
        # What arrives at the moment of an event comes after its fills.
        pit.cancel(time_ns + 1)

    def _refuse(self, request: OrderRequest, created_ns: int, code: RefusalReason, reason: str) -> None:
        evidence = Evidence(_ENDPOINT, created_ns, created_ns + self._latency_ns)
        self._answers.append(OrderUpdateEvent(OrderUpdate(request.client_order_id, Answer.REJECTED, evidence, reason=reason, code=code)))

    def _meet_again(self, pit: Pit, order: WorkingOrder, last: MarketData) -> None:
        # The event this order was decided on, once more, for this order only: at its last price, of which there is enough for everybody.
        pit.left = [0.0, float("inf"), float("inf")]
        self._evidence = Evidence(_ENDPOINT, last.time_ns, last.time_ns)
        if isinstance(last, Bar | Trade):
            mark = last.close if isinstance(last, Bar) else last.price
            quote = pit.quote(mark, order.sign)
        else:
            bid, ask = _sides(last)
            quote = mark = ask if order.sign > 0 else bid
        if quote == quote:
            pit.events += 1
            meet_quote(pit, order, quote, mark)
            self._answers.extend(self._told(pit))

    def _told(self, pit: Pit) -> list[OrderUpdateEvent]:
        changed, pit.changed = pit.changed, []
        answers, over = list[OrderUpdateEvent](), 0
        for order in changed:
            order.is_changed = False
            answer = order.answer
            assert answer is not None
            answers.append(OrderUpdateEvent(OrderUpdate(
                order.request.client_order_id, answer, self._evidence, "" if answer is _REJECTED else order.venue_order_id,
                None if answer is _ACCEPTED or answer is _REJECTED else order.totals(pit.fee_currency), order.reason, order.code)))
            if order.stage is _OVER:
                over += 1
        if over:
            self._working -= over
            pit.orders = [order for order in pit.orders if order.stage is not _OVER] if len(pit.orders) > over else []
        return answers

    def _look_up(self, action: LookUpOrders) -> None:
        request = action.request
        pit = None if request is None else self._pits.get(request.symbol)
        if request is None or pit is None:
            return
        self.is_busy = True
        for order in pit.orders:
            if order.request.client_order_id == request.client_order_id:
                if order.stage is not _NEW:
                    self._answers.append(OrderUpdateEvent(self._state(pit, order)))
                return
        evidence = Evidence(_ENDPOINT, self._now_ns, self._now_ns)
        self._answers.append(OrderUpdateEvent(OrderUpdate(request.client_order_id, Answer.NOT_FOUND, evidence)))

    def _state(self, pit: Pit, order: WorkingOrder) -> OrderUpdate:
        request = order.request
        is_waiting = order.stage is _WAITING or (order.stage is _NEW and request.stop is not None)
        return OrderUpdate(request.client_order_id, Answer.WAITING if is_waiting else Answer.OPEN, self._evidence, order.venue_order_id,
                           order.totals(pit.fee_currency), symbol=request.symbol, side=request.side, quantity=request.quantity)


def _sides(event: Tick | Book) -> tuple[float, float]:
    if isinstance(event, Tick):
        return event.bid, event.ask
    nothing = float("nan")
    return (event.bids[0][0] if event.bids else nothing), (event.asks[0][0] if event.asks else nothing)
