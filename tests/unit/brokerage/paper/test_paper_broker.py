"""The paper broker on a feed told by hand: which market data its orders meet, and how they end when nobody polls any more."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from brokerage.paper.broker import PaperBroker, PaperFeed
from tests.hand_cranked_runtime import SECOND, HandCrankedRuntime
from tests.unit.brokerage.paper.paper_stories import INSTRUMENT, PLAIN, SYMBOL, Desk, bar, buy, changed, tick
from trading_system.core.clock import Clock
from trading_system.core.instrument import MarketStatus
from trading_system.core.market_data import Bar, Book, Tick, Trade
from trading_system.core.order import OrderRequest
from trading_system.core.order_update import Answer

D = Decimal


class Told:
    """A feed that says what it was told to say, stamped with the clock; trades as they are."""

    name = "paper"

    def __init__(self, runtime: HandCrankedRuntime) -> None:
        self.runtime = runtime
        self.prices = (100.0, 101.0)
        self.listed: list[Trade] = []
        self.polls = 0

    def poll(self, symbols: Sequence[str]) -> list[Tick]:
        self.polls += 1
        return [Tick(symbol, self.runtime.now_ns(), *self.prices) for symbol in symbols]

    def trades(self, symbol: str, since_ns: int) -> list[Trade]:
        return [trade for trade in self.listed if trade.time_ns >= since_ns]

    def statuses(self) -> Mapping[str, MarketStatus]:
        return {}

    def book(self, symbol: str) -> Book:
        raise AssertionError("nobody asks for a book here")

    def history(self, symbol: str, bar_ns: int, count: int) -> list[Bar]:
        return []


class Account:
    """A broker, its feed, and a house that polls when it is told to."""

    def __init__(self, **changes: Any) -> None:
        self.runtime = HandCrankedRuntime()
        self.market = Told(self.runtime)
        self.broker = PaperBroker("paper", self.market, lambda: [INSTRUMENT], {"EUR": D(100_000)}, changed(PLAIN, **changes), self.runtime)
        self.feed = PaperFeed(self.market, self.broker)
        self.feed.poll([SYMBOL])
        self.ids: dict[str, str] = {}

    def buy(self, name: str, limit: str, quantity: str = "1") -> OrderRequest:
        ordered = buy(name, quantity, limit=limit)
        request = OrderRequest(name, "s", SYMBOL, ordered.side, ordered.kind, self.runtime.now_ns(), **ordered.more)
        self.ids[name] = self.broker.place_order(request).venue_order_id
        return request

    def traded(self, number: int, price: float, quantity: float) -> None:
        self.market.listed.append(Trade(SYMBOL, self.runtime.now_ns(), price, quantity, False, number))

    def filled(self, request: OrderRequest) -> Decimal:
        totals = self.broker.look_up(request).totals
        assert totals is not None
        return totals.filled_quantity


def test_a_public_trade_meets_the_orders_once_however_often_it_is_listed() -> None:
    account = Account(volume_share=0.1)
    account.traded(1, 90, 1000)                 # before the order: not for it
    account.runtime.advance(SECOND)
    request = account.buy("b", "100", "3")
    account.feed.poll([SYMBOL])
    for _ in range(3):
        account.feed.trades(SYMBOL, 0)
    assert account.filled(request) == 0
    account.runtime.advance(SECOND)
    account.traded(2, 99, 10)
    for _ in range(3):
        assert [trade.venue_sequence for trade in account.feed.trades(SYMBOL, 0)] == [1, 2]
    assert account.filled(request) == 1
    account.traded(3, 99, 10)
    account.feed.trades(SYMBOL, 0)
    assert account.filled(request) == 2


def test_a_canceled_order_ends_also_when_nobody_polls_any_more() -> None:
    account = Account(latency_seconds=0.5)
    request = account.buy("b", "90")
    account.feed.poll([SYMBOL])
    assert account.broker.cancel_order(request, account.ids["b"]).answer is Answer.CANCEL_ACCEPTED
    for _ in range(4):
        account.runtime.advance(SECOND)
        state = account.broker.look_up(request, account.ids["b"]).answer
    assert state is Answer.CANCELED
    assert account.broker.open_orders().updates == ()


def test_while_the_house_polls_no_question_costs_a_call_more() -> None:
    account = Account()
    request = account.buy("b", "90")
    for _ in range(10):
        account.runtime.advance(SECOND)
        account.feed.poll([SYMBOL])
        account.broker.look_up(request)
        account.broker.open_orders()
    assert account.market.polls == 11
    account.runtime.advance(4 * SECOND)
    account.market.prices = (80.0, 81.0)
    assert account.filled(request) == 1, "nobody polls, and still the market went through it"


# The venue behind it: when a cancel leaves, and whose it is.


def test_a_cancel_leaves_at_the_clock_of_who_drives_the_venue() -> None:
    for decided, answer in ((1.6, "3: b filled 1 at 98"), (1.4, "3: b canceled")):
        desk = Desk(changed(PLAIN, latency_seconds=0.5))
        desk.venue.clock = Clock()
        lines = []
        for number, event in enumerate((tick(0, 99, 100), tick(1, 99, 100), tick(2, 96, 97)), 1):
            lines += [f"{number}: {line}" for line in desk.hear(event)]
            if number == 1:
                desk.order(buy("b", limit=98))
            elif number == 2:
                # A timer, or another market: nothing was heard of this one since second 1.
                desk.venue.clock.now_ns = int(decided * SECOND)
                desk.cancel("b")
        assert lines == ["2: b accepted", answer]


def test_an_order_is_canceled_by_its_own_name_before_its_id_was_told() -> None:
    desk = Desk()
    desk.hear(bar(0, 100, 100, 100, 100))
    request, other = desk.order(buy("b")), desk.order(buy("other"))
    assert not desk.venue.cancel(msgspec.structs.replace(request, client_order_id="nobody"), "", desk.now_ns)
    assert not desk.venue.cancel(request, "paper-2", desk.now_ns), "the id of another order"
    desk.cancel("b")
    assert desk.hear(bar(1, 100, 110, 95, 105)) == ["b canceled", "other filled 1 at 100"]
    assert other.client_order_id == "other"
