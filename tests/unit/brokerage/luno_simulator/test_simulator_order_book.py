"""The order book by itself: who trades with whom, at which price, in which order."""

from decimal import Decimal
from itertools import count

import pytest

from brokerage.luno_simulator.market import default_markets
from brokerage.luno_simulator.order import CROWD, Kind, Order, Side, TimeInForce
from brokerage.luno_simulator.order_book import OrderBook

ETHZAR = next(market for market in default_markets() if market.pair == "ETHZAR")
numbers = count(1)


def limit(side: Side, price: int, volume: str) -> Order:
    number = next(numbers)
    return Order(
        f"BX{number}", number, CROWD, ETHZAR, side, Kind.LIMIT, Decimal(price), Decimal(volume), TimeInForce.GTC, 0
    )


def market_buy(counter: str) -> Order:
    number = next(numbers)
    zero = Decimal(0)
    return Order(
        f"BX{number}", number, CROWD, ETHZAR, Side.BID, Kind.MARKET, zero, zero, TimeInForce.IOC, 0, Decimal(counter)
    )


def trade(book: OrderBook, taker: Order) -> list[tuple[Order, Decimal, Decimal]]:
    trades = []
    for match in book.match(taker):
        for order in (match.maker, taker):
            order.base += match.base
            order.counter += match.counter
        trades.append((match.maker, match.price, match.base))
    return trades


@pytest.fixture
def book() -> OrderBook:
    return OrderBook()


def test_the_better_price_trades_first_and_at_one_price_the_older_order(book: OrderBook) -> None:
    late_best, early, late = limit(Side.ASK, 100, "1"), limit(Side.ASK, 101, "1"), limit(Side.ASK, 101, "1")
    for order in (early, late, late_best):
        book.add(order)
    trades = trade(book, limit(Side.BID, 101, "2.5"))
    assert trades == [
        (late_best, Decimal(100), Decimal(1)),
        (early, Decimal(101), Decimal(1)),
        (late, Decimal(101), Decimal("0.5")),
    ]


def test_the_taker_gets_the_price_of_the_maker_on_both_sides(book: OrderBook) -> None:
    book.add(limit(Side.BID, 100, "1"))
    book.add(limit(Side.ASK, 110, "1"))
    assert [price for _, price, _ in trade(book, limit(Side.ASK, 90, "1"))] == [Decimal(100)]
    assert [price for _, price, _ in trade(book, limit(Side.BID, 120, "1"))] == [Decimal(110)]


def test_an_order_does_not_trade_beyond_its_limit(book: OrderBook) -> None:
    book.add(limit(Side.ASK, 100, "1"))
    book.add(limit(Side.ASK, 102, "1"))
    taker = limit(Side.BID, 101, "2")
    trade(book, taker)
    assert taker.remaining == 1
    assert book.best_price(Side.ASK) == 102


def test_a_partly_filled_maker_keeps_its_place(book: OrderBook) -> None:
    first, second = limit(Side.ASK, 100, "1"), limit(Side.ASK, 100, "1")
    book.add(first)
    book.add(second)
    trade(book, limit(Side.BID, 100, "0.4"))
    assert list(book.orders(Side.ASK)) == [first, second]
    assert trade(book, limit(Side.BID, 100, "0.7"))[0][0] is first


def test_a_filled_maker_leaves_the_book_and_an_empty_side_has_price_zero(book: OrderBook) -> None:
    book.add(limit(Side.ASK, 100, "1"))
    trade(book, limit(Side.BID, 100, "1"))
    assert list(book.orders(Side.ASK)) == []
    assert book.best_price(Side.ASK) == 0


def test_levels_add_up_what_rests_at_one_price_best_first(book: OrderBook) -> None:
    for price, volume in ((100, "1"), (99, "2"), (100, "3")):
        book.add(limit(Side.BID, price, volume))
    assert list(book.levels(Side.BID)) == [(Decimal(100), Decimal(4)), (Decimal(99), Decimal(2))]


def test_a_removed_order_is_gone_and_cannot_be_removed_again(book: OrderBook) -> None:
    order = limit(Side.BID, 100, "1")
    book.add(order)
    book.remove(order)
    assert not list(book.orders(Side.BID))
    with pytest.raises(KeyError):
        book.remove(order)


def test_a_market_buy_takes_whole_lots_until_the_money_is_spent(book: OrderBook) -> None:
    book.add(limit(Side.ASK, 60_000, "0.001"))
    book.add(limit(Side.ASK, 70_000, "1"))
    taker = market_buy("100")
    trade(book, taker)
    # 60 for the first level; the other 40 buy 0.000571 at 70000, and 0.03 stay.
    assert taker.base == Decimal("0.001571")
    assert taker.counter == Decimal("99.97")


@pytest.mark.parametrize(("volume", "can_fill"), [("1.5", True), ("2", True), ("2.000001", False)])
def test_the_book_knows_how_much_it_can_fill_within_a_limit(book: OrderBook, volume: str, can_fill: bool) -> None:
    for price in (100, 101, 102):
        book.add(limit(Side.ASK, price, "1"))
    assert book.can_fill(limit(Side.BID, 101, volume)) is can_fill


@pytest.mark.parametrize(("counter", "can_fill"), [("201", True), ("201.01", False)])
def test_the_book_knows_whether_it_is_worth_the_money_of_a_market_buy(
    book: OrderBook, counter: str, can_fill: bool
) -> None:
    book.add(limit(Side.ASK, 100, "1"))
    book.add(limit(Side.ASK, 101, "1"))
    assert book.can_fill(market_buy(counter)) is can_fill
