"""One market of the exchange at work: orders come in, trades come out, money moves; called by `exchange.py` for the
customer and through `CrowdDesk` for the crowd. It must never decide whether an order is allowed."""

from brokerage.luno_simulator.accounts import Accounts
from brokerage.luno_simulator.market import Market
from brokerage.luno_simulator.order import CUSTOMER, Order, OwnTrade, Status, TimeInForce
from brokerage.luno_simulator.order_book import Match, OrderBook
from brokerage.luno_simulator.order_register import OrderRegister
from brokerage.luno_simulator.trade_tape import Trade, TradeTape


class TradingFloor:
    """The book and the tape of one market, and `changed_ms`, the time at which the book last changed."""

    def __init__(
        self, market: Market, tape: TradeTape, accounts: Accounts, register: OrderRegister, opened_ms: int
    ) -> None:
        self.market = market
        self.book = OrderBook()
        self.tape = tape
        self.changed_ms = opened_ms
        self._accounts = accounts
        self._register = register

    def execute(self, taker: Order, now_ms: int) -> None:
        """Match an incoming order, then let what is left lie in the book (GTC) or drop it."""
        taker.status = Status.PENDING
        for match in self.book.match(taker):
            trade = self.tape.record(now_ms, match.price, match.base, taker.side.is_buy)
            self._book_fill(match.maker, match, trade, is_maker=True)
            self._book_fill(taker, match, trade, is_maker=False)
            if match.maker.remaining <= 0:
                self.complete(match.maker, now_ms)
        if taker.time_in_force is TimeInForce.GTC and taker.remaining > 0:
            self.book.add(taker)
        else:
            self.complete(taker, now_ms)
        self.changed_ms = now_ms

    def withdraw(self, order: Order, now_ms: int) -> None:
        """Take a resting order out of the book."""
        self.book.remove(order)
        self.complete(order, now_ms)
        self.changed_ms = now_ms

    def complete(self, order: Order, now_ms: int) -> None:
        """End the life of an order that is not in the book, and release what it still holds in reserve."""
        self._accounts.release(order, order.reserve)
        order.status = Status.COMPLETE
        order.completed_ms = now_ms
        if order.owner == CUSTOMER:
            self._register.note_change(order)

    def _book_fill(self, order: Order, match: Match, trade: Trade, is_maker: bool) -> None:
        rate = self.market.maker_rate if is_maker else self.market.taker_rate
        fee = self._accounts.settle(order, match.base, match.counter, rate)
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
