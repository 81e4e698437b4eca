"""Orders, money and fees on the pure exchange, without the wire."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from brokerage.luno_simulator.exchange import GENESIS_NS, Exchange
from brokerage.luno_simulator.order import CUSTOMER, Order, Side, Status, TimeInForce
from brokerage.luno_simulator.rejection import Rejection

Quote = Callable[[str, Side, str, str], Order]
D = Decimal


def total(exchange: Exchange, currency: str) -> Decimal:
    return exchange.accounts.total(CUSTOMER, currency)


def reserved(exchange: Exchange, currency: str) -> Decimal:
    return exchange.accounts.reserved(CUSTOMER, currency)


def test_a_buy_pays_counter_and_its_fee_in_base(empty_exchange: Exchange, quote: Quote) -> None:
    quote("ETHZAR", Side.ASK, "60000", "1")
    order = empty_exchange.place_limit("ETHZAR", Side.BID, D(61_000), D("0.5"))
    assert (order.base, order.counter, order.fee_base, order.fee_counter) == (D("0.5"), D(30_000), D("0.003"), 0)
    assert total(empty_exchange, "ETH") == D(20) + D("0.5") - D("0.003")
    assert total(empty_exchange, "ZAR") == D(1_000_000) - D(30_000)
    assert empty_exchange.accounts.fees_collected == {"ETH": D("0.003")}


def test_a_sale_pays_its_fee_in_base_on_top(empty_exchange: Exchange, quote: Quote) -> None:
    quote("ETHZAR", Side.BID, "60000", "1")
    order = empty_exchange.place_limit("ETHZAR", Side.ASK, D(59_000), D("0.5"))
    assert (order.counter, order.fee_base, order.fee_counter) == (D(30_000), D("0.003"), 0)
    assert total(empty_exchange, "ETH") == D(20) - D("0.503")
    assert total(empty_exchange, "ZAR") == D(1_030_000)


def test_selling_everything_pays_the_fee_in_counter(empty_exchange: Exchange, quote: Quote) -> None:
    quote("ETHZAR", Side.BID, "60000", "20")
    order = empty_exchange.place_limit("ETHZAR", Side.ASK, D(60_000), D(20))
    assert (order.fee_base, order.fee_counter) == (0, D(7_200))
    assert total(empty_exchange, "ETH") == 0
    assert total(empty_exchange, "ZAR") == D(1_000_000) + D(1_200_000) - D(7_200)


def test_base_reserved_by_another_sale_does_not_pay_fees(empty_exchange: Exchange, quote: Quote) -> None:
    quote("ETHZAR", Side.BID, "60000", "20")
    empty_exchange.place_limit("ETHZAR", Side.ASK, D(90_000), D(10))
    order = empty_exchange.place_limit("ETHZAR", Side.ASK, D(60_000), D(10))
    assert order.fee_base == 0
    assert order.fee_counter > 0
    assert total(empty_exchange, "ETH") == reserved(empty_exchange, "ETH") == 10


def test_the_maker_pays_the_maker_rate_when_somebody_comes(empty_exchange: Exchange, quote: Quote) -> None:
    order = empty_exchange.place_limit("ETHZAR", Side.BID, D(60_000), D(1))
    quote("ETHZAR", Side.ASK, "59000", "0.25")
    assert order.status is Status.PENDING
    assert (order.base, order.counter, order.fee_base) == (D("0.25"), D(15_000), D("0.001"))


def test_fees_are_rounded_half_up_to_eight_decimals(empty_exchange: Exchange, quote: Quote) -> None:
    quote("XBTZAR", Side.ASK, "1800000", "1")
    order = empty_exchange.place_limit("XBTZAR", Side.BID, D(1_800_000), D("0.000101"))
    # 0.000101 x 0.006 = 0.000000606
    assert order.fee_base == D("0.00000061")


def test_crypto_markets_have_their_own_rates(empty_exchange: Exchange, quote: Quote) -> None:
    quote("ETHXBT", Side.ASK, "0.0330", "5")
    assert empty_exchange.place_limit("ETHXBT", Side.BID, D("0.0330"), D(5)).fee_base == D("0.005")


def test_an_open_bid_reserves_counter_and_a_fill_at_a_better_price_releases_the_rest(
    empty_exchange: Exchange, quote: Quote
) -> None:
    quote("ETHZAR", Side.ASK, "60000", "0.5")
    order = empty_exchange.place_limit("ETHZAR", Side.BID, D(62_000), D(2))
    assert reserved(empty_exchange, "ZAR") == D(62_000) * D("1.5")
    empty_exchange.cancel(order.order_id)
    assert reserved(empty_exchange, "ZAR") == 0
    assert total(empty_exchange, "ZAR") == D(970_000)


def test_an_open_ask_reserves_base(empty_exchange: Exchange) -> None:
    empty_exchange.place_limit("ETHZAR", Side.ASK, D(62_000), D(2))
    assert reserved(empty_exchange, "ETH") == 2


def test_reserved_money_cannot_be_used_twice(empty_exchange: Exchange) -> None:
    empty_exchange.place_limit("ETHZAR", Side.ASK, D(62_000), D(15))
    with pytest.raises(Rejection, match="ErrInsufficientBalance"):
        empty_exchange.place_limit("ETHZAR", Side.ASK, D(62_000), D("5.000001"))
    empty_exchange.place_limit("ETHZAR", Side.ASK, D(62_000), D(5))


def test_a_rejected_order_leaves_no_trace_and_its_name_stays_free(empty_exchange: Exchange) -> None:
    empty_exchange.take_changes()
    with pytest.raises(Rejection, match="ErrInsufficientBalance"):
        empty_exchange.place_limit("ETHZAR", Side.ASK, D(62_000), D(21), client_order_id="mine")
    assert empty_exchange.take_changes() is None
    empty_exchange.place_limit("ETHZAR", Side.ASK, D(62_000), D(1), client_order_id="mine")


def test_a_client_order_id_is_used_up_for_ever_and_by_market_orders_too(empty_exchange: Exchange, quote: Quote) -> None:
    quote("ETHZAR", Side.BID, "60000", "1")
    order = empty_exchange.place_market("ETHZAR", Side.ASK, D("0.1"), client_order_id="mine")
    assert order.status is Status.COMPLETE
    with pytest.raises(Rejection, match="ErrDuplicateClientOrderID"):
        empty_exchange.place_limit("ETHZAR", Side.BID, D(50_000), D(1), client_order_id="mine")


def test_ioc_drops_what_does_not_trade_at_once(empty_exchange: Exchange, quote: Quote) -> None:
    quote("ETHZAR", Side.ASK, "60000", "0.5")
    order = empty_exchange.place_limit("ETHZAR", Side.BID, D(60_000), D(2), time_in_force=TimeInForce.IOC)
    assert (order.status, order.base, order.canceled_ms) == (Status.COMPLETE, D("0.5"), 0)
    assert reserved(empty_exchange, "ZAR") == 0


@pytest.mark.parametrize(("volume", "filled"), [("1", "1"), ("1.000001", "0")])
def test_fok_trades_whole_or_not_at_all(empty_exchange: Exchange, quote: Quote, volume: str, filled: str) -> None:
    quote("ETHZAR", Side.ASK, "60000", "1")
    order = empty_exchange.place_limit("ETHZAR", Side.BID, D(60_000), D(volume), time_in_force=TimeInForce.FOK)
    assert (order.status, order.base) == (Status.COMPLETE, D(filled))
    assert reserved(empty_exchange, "ZAR") == 0


def test_a_post_only_order_that_would_trade_is_refused_and_one_that_would_not_rests(
    empty_exchange: Exchange, quote: Quote
) -> None:
    quote("ETHZAR", Side.ASK, "60000", "1")
    with pytest.raises(Rejection, match="ErrOrderCanceled"):
        empty_exchange.place_limit("ETHZAR", Side.BID, D(60_000), D(1), is_post_only=True)
    order = empty_exchange.place_limit("ETHZAR", Side.BID, D(59_999), D(1), is_post_only=True)
    assert order.status is Status.PENDING


def test_a_market_buy_spends_counter_and_keeps_what_buys_no_lot(empty_exchange: Exchange, quote: Quote) -> None:
    quote("ETHZAR", Side.ASK, "60000", "1")
    order = empty_exchange.place_market("ETHZAR", Side.BID, D("100.03"))
    assert (order.status, order.base, order.counter) == (Status.COMPLETE, D("0.001667"), D("100.02"))
    assert total(empty_exchange, "ZAR") == D(1_000_000) - D("100.02")
    assert reserved(empty_exchange, "ZAR") == 0


def test_a_market_sell_walks_down_the_bids(empty_exchange: Exchange, quote: Quote) -> None:
    quote("ETHZAR", Side.BID, "60000", "1")
    quote("ETHZAR", Side.BID, "59000", "1")
    order = empty_exchange.place_market("ETHZAR", Side.ASK, D("1.5"))
    assert (order.base, order.counter) == (D("1.5"), D(60_000) + D(29_500))


def test_a_market_order_beyond_the_book_is_refused_whole(empty_exchange: Exchange, quote: Quote) -> None:
    quote("ETHZAR", Side.BID, "60000", "1")
    with pytest.raises(Rejection, match="ErrNotEnoughLiquidity"):
        empty_exchange.place_market("ETHZAR", Side.ASK, D("1.5"))
    with pytest.raises(Rejection, match="ErrNotEnoughLiquidity"):
        empty_exchange.place_market("ETHZAR", Side.BID, D(1000))
    assert empty_exchange.floor("ETHZAR").book.best_price(Side.BID) == 60_000


def test_two_orders_of_the_customer_may_trade_with_each_other(empty_exchange: Exchange) -> None:
    bid = empty_exchange.place_limit("ETHZAR", Side.BID, D(60_000), D(1))
    ask = empty_exchange.place_limit("ETHZAR", Side.ASK, D(60_000), D(1))
    trades = empty_exchange.register.trades("ETHZAR", 0)
    assert bid.status is ask.status is Status.COMPLETE
    assert [trade.order_id for trade in trades] == [bid.order_id, ask.order_id]
    assert trades[0].sequence == trades[1].sequence
    assert total(empty_exchange, "ETH") == D(20) - D("0.004") - D("0.006")
    assert total(empty_exchange, "ZAR") == 1_000_000


def test_canceling_says_when_and_works_once(empty_exchange: Exchange) -> None:
    order = empty_exchange.place_limit("ETHZAR", Side.BID, D(50_000), D(1))
    empty_exchange.advance(GENESIS_NS + 5_000_000_000)
    empty_exchange.cancel(order.order_id)
    assert order.completed_ms == order.canceled_ms == order.created_ms + 5_000
    for order_id in (order.order_id, "BXUNKNOWN"):
        with pytest.raises(Rejection, match="ErrCannotStopUnknownOrNonPendingOrder"):
            empty_exchange.cancel(order_id)


def test_order_ids_look_like_the_venues_and_never_repeat(empty_exchange: Exchange) -> None:
    market = empty_exchange.floor("ETHZAR").market
    ours = {empty_exchange.place_limit("ETHZAR", Side.BID, D(100), D("0.001")).order_id for _ in range(2000)}
    theirs = {
        empty_exchange.new_crowd_order(market, Side.BID, D(100), D(1), TimeInForce.GTC).order_id for _ in range(2000)
    }
    assert len(ours | theirs) == 4000
    assert all(len(identity) == 15 and identity.startswith("BX") and identity.isupper() for identity in ours)


def test_skipped_time_is_time_in_which_nothing_happened() -> None:
    skipping, waiting = Exchange(3), Exchange(3)
    hour_ns = 3_600_000_000_000
    skipping.skip_to(GENESIS_NS + hour_ns)
    assert skipping.marks()["ETHZAR"].last_sequence == waiting.marks()["ETHZAR"].last_sequence
    skipping.advance(GENESIS_NS + hour_ns + 60_000_000_000)
    waiting.advance(GENESIS_NS + 60_000_000_000)
    for pair in skipping.floors:
        ours, theirs = skipping.floor(pair).tape.recent(0, 50), waiting.floor(pair).tape.recent(0, 50)
        assert [trade[2:] for trade in ours] == [trade[2:] for trade in theirs]


def test_a_time_in_the_past_changes_nothing(exchange: Exchange) -> None:
    now_ns, marks = exchange.now_ns, exchange.marks()
    exchange.advance(now_ns - 1)
    exchange.skip_to(now_ns - 1)
    assert (exchange.now_ns, exchange.marks()) == (now_ns, marks)
