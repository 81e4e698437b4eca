"""A market that Luno closes or makes post-only: from the ticker, through the poller and the engine, to risk's word, within one beat."""

from collections.abc import Callable
from typing import Any

import pytest

from brokerage.luno.feed import LunoFeed
from tests.unit.brokerage.fake_runtime import FakeRuntime
from tests.unit.brokerage.fake_transport import FakeTransport, replying
from tests.unit.brokerage.luno.luno_rows import luno_client, ticker_row
from tests.unit.engine.small_house import SYMBOL, SmallHouse
from trading_system.collectors.feed_poller import FeedPoller
from trading_system.core.order import Order, OrderState

Poll = Callable[..., None]


@pytest.fixture
def house() -> SmallHouse:
    return SmallHouse()


@pytest.fixture
def poll(house: SmallHouse) -> Poll:
    transport, runtime = FakeTransport(), FakeRuntime()
    feed = LunoFeed("luno", luno_client(transport, runtime, has_key=False), runtime)
    poller = FeedPoller(feed, [SYMBOL], house.runtime, house.tell, house.tell, instruments=list(house.instruments.values()))

    def once(**changes: Any) -> None:
        transport.on("/api/1/tickers", replying({"tickers": [ticker_row(**{"bid": "99", "ask": "101", "last_trade": "100", **changes})]}))
        poller.poll()
    return once


def buy(house: SmallHouse, **more: Any) -> Order:
    orders: list[Order] = []
    house.act(lambda: orders.append(house.strategy.buy(SYMBOL, 1, limit=90, **more)))
    return orders[0]


def test_orders_are_denied_while_a_market_is_closed_and_taken_when_it_opens_again(house: SmallHouse, poll: Poll) -> None:
    poll()
    assert buy(house).state is OrderState.PENDING_NEW
    poll(status="DISABLED")
    denied = buy(house, post_only=True)
    assert (denied.state, denied.code) == (OrderState.DENIED, "market_closed")
    poll()
    assert buy(house).state is OrderState.PENDING_NEW


def test_a_post_only_market_takes_post_only_orders(house: SmallHouse, poll: Poll) -> None:
    poll()
    poll(status="POSTONLY", bid="0.00")
    assert buy(house).code == "market_closed"
    assert buy(house, post_only=True).state is OrderState.PENDING_NEW
