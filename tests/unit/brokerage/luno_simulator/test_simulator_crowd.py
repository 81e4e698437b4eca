"""The crowd makes markets worth trading on, the same ones for the same seed, and never reaches absurd prices."""

from decimal import Decimal
from itertools import pairwise
from random import Random

from brokerage.luno_simulator.crowd import Crowd
from brokerage.luno_simulator.exchange import GENESIS_NS, Exchange
from brokerage.luno_simulator.market import default_markets
from brokerage.luno_simulator.order import CROWD, Kind, Order, Side, Status, TimeInForce
from brokerage.luno_simulator.trade_tape import Trade

SECOND_NS = 1_000_000_000
ETHZAR = next(market for market in default_markets() if market.pair == "ETHZAR")


def trades_of(exchange: Exchange) -> dict[str, list[Trade]]:
    return {pair: floor.tape.recent(0, 1000) for pair, floor in exchange.floors.items()}


def story(seed: int, steps: int, genesis_ns: int = GENESIS_NS) -> Exchange:
    """Run two minutes in so many steps, with the customer trading at the same times."""
    exchange = Exchange(seed, genesis_ns=genesis_ns)
    for part in range(2):
        start_ns = genesis_ns + part * 60 * SECOND_NS
        for step in range(1, steps + 1):
            exchange.advance(start_ns + 60 * SECOND_NS * step // steps)
        exchange.place_market("ETHZAR", Side.BID, Decimal(50_000))
        exchange.place_limit("XBTZAR", Side.ASK, Decimal(1_700_000), Decimal("0.05"))
    return exchange


def test_the_same_seed_and_calls_give_the_same_trades_however_often_the_clock_is_moved() -> None:
    assert trades_of(story(5, steps=1)) == trades_of(story(5, steps=97))


def test_time_counts_from_genesis() -> None:
    shift_ns = 86_400 * SECOND_NS
    early, late = trades_of(story(5, 1)), trades_of(story(5, 1, GENESIS_NS + shift_ns))
    for pair, trades in early.items():
        moved = [trade._replace(timestamp_ms=trade.timestamp_ms + shift_ns // 1_000_000) for trade in trades]
        assert moved == late[pair]


def test_another_seed_gives_other_trades() -> None:
    assert trades_of(story(5, 1)) != trades_of(story(6, 1))


def test_a_new_exchange_knows_a_day_of_past_trades() -> None:
    for pair, floor in Exchange(1).floors.items():
        trades = floor.tape.recent(0, 100_000)
        assert trades[0].timestamp_ms - trades[-1].timestamp_ms > 23.5 * 3_600_000, pair
        assert trades[0].timestamp_ms - trades[100].timestamp_ms < 300_000, pair
        assert [trade.sequence for trade in trades] == sorted((trade.sequence for trade in trades), reverse=True)
        assert trades[0].price == floor.market.start_price == floor.tape.last_price


def test_books_are_deep_uncrossed_and_narrow() -> None:
    exchange = Exchange(2)
    for second in range(1, 120):
        exchange.advance(GENESIS_NS + second * SECOND_NS)
        for pair, floor in exchange.floors.items():
            bid, ask = floor.book.best_price(Side.BID), floor.book.best_price(Side.ASK)
            assert 0 < bid < ask
            # The grid of ETHXBT is coarse: one tick is 0.3 % there.
            assert ask - bid <= max(Decimal("0.005") * bid, 5 * floor.market.tick), pair
            assert len(list(floor.book.orders(Side.BID))) >= 20
            assert len(list(floor.book.orders(Side.ASK))) >= 20


def test_prices_on_the_tape_and_in_the_book_lie_on_the_grid() -> None:
    exchange = story(3, 1)
    for floor in exchange.floors.values():
        for trade in floor.tape.recent(0, 1000):
            assert trade.price % floor.market.tick == 0
            assert trade.volume % floor.market.lot == 0
        assert all(order.limit_volume % floor.market.lot == 0 for order in floor.book.orders(Side.BID))


def test_moving_averages_of_two_second_bars_cross_several_times_a_minute() -> None:
    exchange = Exchange(4)
    floor = exchange.floor("ETHZAR")
    closes, minutes = [], 20
    for bar in range(1, minutes * 30 + 1):
        exchange.advance(GENESIS_NS + bar * 2 * SECOND_NS)
        closes.append(float(floor.tape.last_price))
    spreads = [sum(closes[i - 3 : i]) / 3 - sum(closes[i - 8 : i]) / 8 for i in range(8, len(closes))]
    signs = [spread > 0 for spread in spreads if spread]
    crosses = sum(before != after for before, after in pairwise(signs))
    assert crosses / minutes >= 2


def test_an_hour_moves_the_price_but_not_far_and_leaves_far_orders_alone() -> None:
    exchange = Exchange(8)
    far = [
        exchange.place_limit("ETHZAR", Side.BID, Decimal(48_000), Decimal(1)),
        exchange.place_limit("ETHZAR", Side.ASK, Decimal(72_000), Decimal(1)),
    ]
    prices = []
    for minute in range(1, 61):
        exchange.advance(GENESIS_NS + minute * 60 * SECOND_NS)
        prices.append(exchange.floor("ETHZAR").tape.last_price)
    assert all(order.status is Status.PENDING and order.base == 0 for order in far)
    assert Decimal(55_000) < min(prices) < max(prices) < Decimal(65_000)
    assert len(set(prices)) > 30


def test_resting_orders_at_the_touch_are_filled_by_the_crowd() -> None:
    exchange = Exchange(9)
    book = exchange.floor("ETHZAR").book
    order = exchange.place_limit("ETHZAR", Side.BID, book.best_price(Side.BID) + 1, Decimal("0.01"), is_post_only=True)
    exchange.advance(GENESIS_NS + 300 * SECOND_NS)
    assert order.status is Status.COMPLETE
    assert order.base == Decimal("0.01")


def test_the_crowd_quotes_again_after_its_whole_side_was_taken() -> None:
    exchange = Exchange(10)
    floor = exchange.floor("ETHZAR")
    depth = sum(volume for _, volume in floor.book.levels(Side.BID))
    rich = Exchange(10, balances={"ETH": depth})
    rich.place_market("ETHZAR", Side.ASK, depth)
    assert rich.floor("ETHZAR").book.best_price(Side.BID) == 0
    rich.advance(GENESIS_NS + 10 * SECOND_NS)
    assert len(list(rich.floor("ETHZAR").book.orders(Side.BID))) >= 20


class QuoteList:
    """A market on which nothing trades; it notes what is quoted."""

    def __init__(self) -> None:
        self.prices: list[Decimal] = []

    def quote(self, side: Side, price: Decimal, volume: Decimal) -> Order:
        self.prices.append(price)
        return Order("", 0, CROWD, ETHZAR, side, Kind.LIMIT, price, volume, TimeInForce.GTC, 0, status=Status.PENDING)

    def withdraw(self, order: Order) -> None:
        order.status = Status.COMPLETE

    def take(self, side: Side, price: Decimal, volume: Decimal) -> None:
        pass


def test_the_fair_price_never_leaves_its_bounds() -> None:
    desk = QuoteList()
    crowd = Crowd(ETHZAR, Random(1), desk, ETHZAR.start_price * 2)
    crowd.open(0)
    desk.prices.clear()
    for _ in range(20):
        crowd.act()
    assert max(desk.prices) < ETHZAR.start_price * Decimal("1.08")
