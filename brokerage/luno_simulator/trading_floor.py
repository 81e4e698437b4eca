"""One market of the exchange at work: orders come in, trades come out, money moves; called by `exchange.py` for the
customer and through `CrowdDesk` for the crowd. It must never decide whether an order is allowed."""

from collections import deque

from brokerage.luno_simulator.accounts import Accounts
from brokerage.luno_simulator.market import Market
from brokerage.luno_simulator.market_status import MarketStatus
from brokerage.luno_simulator.order import CUSTOMER, Order, OwnTrade, Status, TimeInForce
from brokerage.luno_simulator.order_book import Match, OrderBook
from brokerage.luno_simulator.order_register import OrderRegister
from brokerage.luno_simulator.quirks import Quirks
from brokerage.luno_simulator.rejection import Rejection
from brokerage.luno_simulator.stop_orders import StopOrders
from brokerage.luno_simulator.trade_tape import Trade, TradeTape


class TradingFloor:
    """The book, the stop orders and the tape of one market.

    `changed_ms` is the time at which the book last changed; `status` says what the market takes.
    """

    def __init__(
        self,
        market: Market,
        tape: TradeTape,
        accounts: Accounts,
        register: OrderRegister,
        opened_ms: int,
        quirks: Quirks,
    ) -> None:
        self.market = market
        self.book = OrderBook()
        self.stops = StopOrders(quirks.stop_triggers_at_equality)
        self.tape = tape
        self.changed_ms = opened_ms
        self.status = MarketStatus.ACTIVE
        self._accounts = accounts
        self._register = register
        self._self_trade = quirks.self_trade
        self._set_off: deque[Order] = deque()

    def restore(self, order: Order) -> None:
        """Put an open order of an earlier run back where it was."""
        if order.status is Status.AWAITING:
            self.stops.add(order)
        else:
            self.book.add(order)

    def enter(self, order: Order, now_ms: int) -> None:
        """Let an accepted order do what it can: trade, rest, wait for its stop price, or end."""
        if order.stop_direction is not None and not self.stops.is_set_off(order, self.tape.last_price):
            self.stops.add(order)
            return
        self._set_off.append(order)
        self._enter_all_set_off(now_ms)

    def must_end_at_once(self, order: Order) -> bool:
        """Tell whether an order that comes in now is canceled by its own conditions."""
        if order.is_post_only:
            return self.book.crosses(order)
        return order.time_in_force is TimeInForce.FOK and not self.can_fill(order)

    def can_fill(self, order: Order) -> bool:
        """Tell whether the book could fill the whole of a new order, with whomever it may trade."""
        return self.book.can_fill(order, self._self_trade)

    def execute(self, taker: Order, now_ms: int) -> None:
        """Match an incoming order, let the rest lie in the book (GTC) or drop it; then whatever stops that set off."""
        self._match(taker, now_ms)
        self._enter_all_set_off(now_ms)

    def withdraw(self, order: Order, now_ms: int) -> None:
        """Take out an order that rests or waits."""
        if not self.stops.remove(order):
            self.book.remove(order)
            self.changed_ms = now_ms
        self.complete(order, now_ms)

    def complete(self, order: Order, now_ms: int) -> None:
        """End the life of an order that is not in the book, and release what it still holds in reserve."""
        self._accounts.release(order, order.reserve, now_ms)
        order.status = Status.COMPLETE
        order.completed_ms = now_ms
        if order.owner == CUSTOMER:
            self._register.note_change(order)

    def _match(self, taker: Order, now_ms: int) -> None:
        taker.status = Status.PENDING
        self.changed_ms = now_ms
        for match in self.book.match(taker):
            maker = match.maker
            if maker.owner == taker.owner == CUSTOMER and self._self_trade != "allow":
                if self._self_trade == "cancel_taker":
                    self.complete(taker, now_ms)
                    return
                self.withdraw(maker, now_ms)
                continue
            trade = self.tape.record(now_ms, match.price, match.base, taker.side.is_buy)
            self._book_fill(maker, match, trade, is_maker=True)
            self._book_fill(taker, match, trade, is_maker=False)
            if maker.remaining <= 0:
                self.complete(maker, now_ms)
            self._set_off.extend(self.stops.take_set_off(match.price))
        if taker.time_in_force is TimeInForce.GTC and taker.remaining > 0:
            self.book.add(taker)
        else:
            self.complete(taker, now_ms)

    def _enter_all_set_off(self, now_ms: int) -> None:
        while self._set_off:
            order = self._set_off.popleft()
            if self._is_paid_for(order, now_ms) and not self.must_end_at_once(order):
                self._register.note_change(order)
                self._match(order, now_ms)
            else:
                self.complete(order, now_ms)

    def _is_paid_for(self, order: Order, now_ms: int) -> bool:
        if not order.reserve:
            # A stop order that waited without a reservation: its money may have been spent meanwhile.
            try:
                self._accounts.reserve(order, now_ms)
            except Rejection:
                return False
        return True

    def _book_fill(self, order: Order, match: Match, trade: Trade, is_maker: bool) -> None:
        rate = self.market.maker_rate if is_maker else self.market.taker_rate
        fee = self._accounts.settle(order, trade, match.counter, rate)
        order.base += match.base
        order.counter += match.counter
        order.fee_base += fee.base
        order.fee_counter += fee.counter
        if order.owner != CUSTOMER:
            return
        self._register.note_change(order)
        self._register.add_trade(
            OwnTrade(
                pair=self.market.pair,
                sequence=trade.sequence,
                order_id=order.order_id,
                side=order.side,
                timestamp_ms=trade.timestamp_ms,
                price=match.price,
                base=match.base,
                counter=match.counter,
                fee_base=fee.base,
                fee_counter=fee.counter,
                is_buy=trade.is_buy,
                client_order_id=order.client_order_id,
            )
        )
