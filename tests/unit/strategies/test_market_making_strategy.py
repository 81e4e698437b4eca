"""Two quotes and never more, refreshed only when the old ones are gone, leaning against the inventory, gone when the market is silent."""

import pytest

from trading_system.core.instrument import FeeCurrency
from trading_system.core.order import OrderState
from trading_system.core.order_update import Answer
from trading_system.core.side import Side

SYMBOL = "XRPZAR.luno"
# 500 XRP at 40 are as much as the cash: the inventory is on its target.
EVEN = {"ZAR": "20000", "XRP": "500"}


@pytest.fixture
def maker(stage):
    def make(capital=EVEN, **settings):
        return stage("market_making", capital=capital, **settings).start()
    return make


def market(house, mid=40.0, times=1):
    for _ in range(times):
        house.tick(mid - 0.01, mid + 0.01)


def test_it_quotes_one_bid_and_one_ask_around_the_mid_and_says_so_once(maker):
    house = maker(spread=0.01, size=20)
    market(house)
    bid, ask = house.only(Side.BUY), house.only(Side.SELL)
    assert (bid.limit, ask.limit) == pytest.approx((39.80, 40.20))
    assert (bid.quantity, ask.quantity) == (20, 20)
    assert bid.request.post_only
    assert ask.request.post_only
    market(house, times=40)
    assert len(house.said("first quotes around 40")) == 1
    assert house.notes == house.said("first quotes around 40")          # a refresh is no news


def test_quotes_stand_until_the_refresh_and_are_then_placed_around_the_new_mid(maker):
    house = maker(spread=0.01, refresh_seconds=8)
    market(house)
    first = house.open
    market(house, 41.0, times=7)
    assert house.open == first
    market(house, 41.0, times=2)
    assert all(order.state is OrderState.CANCELED for order in first)
    assert house.only(Side.BUY).limit == pytest.approx(41 * 0.995, abs=0.02)
    assert house.only(Side.SELL).limit == pytest.approx(41 * 1.005, abs=0.02)
    assert len(house.orders) == 4


def test_no_new_quote_is_placed_before_the_old_ones_are_really_gone(maker):
    house = maker(refresh_seconds=8)
    market(house)
    house.keeps_cancels = True
    market(house, 41.0, times=20)
    assert len(house.orders) == 2               # it waits, however long that takes
    house.keeps_cancels = False
    market(house, 41.0, times=2)
    assert len(house.orders) == 4
    assert len(house.open) == 2


def test_one_cancel_that_hangs_holds_both_new_quotes_back(maker):
    house = maker(delay=1)
    market(house, times=2)
    bid, ask = house.only(Side.BUY), house.only(Side.SELL)
    house.strategy.cancel(ask)
    market(house, times=2)
    assert ask.is_done
    house.keeps_cancels = True
    market(house, times=12)
    assert house.open == [bid]


def test_a_quote_that_was_filled_is_not_replaced_before_the_refresh(maker):
    house = maker(refresh_seconds=8)
    market(house)
    house.fill(house.only(Side.BUY), "20", "39.92")
    assert house.said("bought 20 at 39.92, now 520")
    house.correct_fee(house.orders[0], "0.08", "XRP")
    assert len(house.said("bought")) == 1       # a corrected fee is no trade
    market(house, times=5)
    assert [order.side for order in house.open] == [Side.SELL]
    market(house, times=4)
    assert len(house.open) == 2


@pytest.mark.parametrize(("capital", "is_lower"), [({"ZAR": "5000", "XRP": "500"}, True), ({"ZAR": "20000", "XRP": "100"}, False)])
def test_too_much_inventory_lowers_both_quotes_and_too_little_raises_them(maker, capital, is_lower):
    even, skewed = maker(spread=0.02), maker(capital, spread=0.02)
    market(even)
    market(skewed)
    for side in Side:
        assert (skewed.only(side).limit < even.only(side).limit) is is_lower
        assert skewed.only(side).limit != even.only(side).limit


def test_the_skew_is_as_many_spreads_as_asked_for_when_all_funds_are_on_one_side(maker):
    house = maker({"XRP": "500"}, spread=0.02, skew=0.5)
    market(house)
    assert house.only(Side.SELL).limit == pytest.approx(40.0, abs=0.011)       # half a spread lower than 40.40


def test_the_target_moves_the_inventory_that_is_no_reason_to_lean(maker):
    house = maker({"ZAR": "20000", "XRP": "500"}, spread=0.02, target=0.9)
    market(house)
    assert house.only(Side.BUY).limit > 39.6     # half in base is now too little: both quotes are higher


def test_quotes_are_withdrawn_when_no_price_comes_and_placed_anew_at_the_next_one(maker):
    house = maker(stale_seconds=5, refresh_seconds=60)
    market(house)
    for _ in range(5):
        house.pass_time()
    assert len(house.open) == 2
    for _ in range(10):
        house.pass_time()
    assert house.open == []
    assert len(house.said("no price for 6.0 s, quotes withdrawn")) == 1
    market(house, 42.0)
    assert len(house.open) == 2
    assert house.only(Side.BUY).limit > 41


def test_a_side_without_funds_is_not_quoted(maker):
    house = maker({"ZAR": "20000"})
    market(house)
    assert [order.side for order in house.open] == [Side.BUY]
    assert house.said("no ask (not enough XRP)")
    house = maker({"ZAR": "100", "XRP": "500"})
    market(house)
    assert [order.side for order in house.open] == [Side.SELL]
    assert house.said("no bid (not enough ZAR)")


@pytest.mark.parametrize("fee_currency", list(FeeCurrency))
def test_room_is_kept_for_the_fee(maker, make_instrument, fee_currency):
    # Exactly one quote's worth on each side: the fee does not fit any more, and risk would deny it.
    one = make_instrument(taker_fee="0.006", fee_currency=fee_currency)
    house = maker({"ZAR": "801", "XRP": "20"}, instruments=[one], size=20)
    market(house)
    assert house.orders == []


def test_the_smallest_order_of_the_venue_is_quoted_where_that_is_larger(maker, make_instrument):
    house = maker(instruments=[make_instrument(min_quantity="50")], size=20)
    market(house)
    assert [order.quantity for order in house.open] == [50, 50]


def test_a_quote_that_would_have_crossed_is_quoted_anew_at_the_next_refresh(maker):
    house = maker(refresh_seconds=8)
    house.refusal = (Answer.REJECTED, "it would have traded at once", "would_cross")
    market(house, times=8)
    assert len(house.orders) == 2
    house.refusal = None
    market(house, times=2)
    assert len(house.open) == 2
    assert house.strategy.refresh_seconds == 8
    assert not house.said("widened")


@pytest.mark.parametrize("refusal", [
    (Answer.DENIED, "it waited 2.4 s to be sent, 2 s are allowed", "stale"),
    (Answer.REJECTED, "too many requests", "rate"),
])
def test_orders_that_had_to_wait_widen_the_refresh_once_a_round_up_to_a_minute(maker, refusal):
    house = maker(refresh_seconds=8)
    house.refusal = refusal
    market(house)
    assert house.strategy.refresh_seconds == 16          # two orders came back, one reason
    market(house, times=200)
    assert house.strategy.refresh_seconds == 60
    assert [note.partition(":")[0] for note in house.said("widened")] == [f"refresh widened to {seconds} s" for seconds in (16, 32, 60)]


def test_the_refresh_comes_slowly_back_down_when_orders_go_through_again(maker):
    house = maker(refresh_seconds=8)
    house.refusal = (Answer.DENIED, "it waited 2.4 s to be sent, 2 s are allowed", "stale")
    market(house)
    house.refusal = None
    market(house, times=17)
    assert house.strategy.refresh_seconds == 16          # the round after the bad one has still to prove itself
    market(house, times=18)
    assert 8 < house.strategy.refresh_seconds < 16
    market(house, times=200)
    assert house.strategy.refresh_seconds == 8


def test_other_denials_do_not_widen_the_refresh(maker):
    house = maker(refresh_seconds=8)
    house.refusal = (Answer.DENIED, "canceled before sending", "withdrawn")
    market(house)
    assert house.strategy.refresh_seconds == 8


def test_quotes_of_an_earlier_run_are_withdrawn_before_new_ones_are_placed(maker):
    house = maker()
    market(house)
    left = house.open
    house.start()
    assert all(order.state is OrderState.CANCELED for order in left)
    market(house)
    assert len(house.open) == 2


def test_a_market_with_an_empty_side_is_not_quoted(maker):
    house = maker()
    house.tick(0.0, 40.0)
    house.tick(float("nan"), 40.0)
    assert house.orders == []


def test_two_markets_are_quoted_and_refreshed_each_by_itself(maker, make_instrument):
    house = maker({"ZAR": "50000", "XRP": "500", "ETH": "500"}, instruments=[make_instrument(), make_instrument("ETHZAR.luno")])
    house.tick(39.99, 40.01, SYMBOL)
    house.tick(39.99, 40.01, "ETHZAR.luno")
    assert [order.symbol for order in house.open] == [SYMBOL] * 2 + ["ETHZAR.luno"] * 2
    for _ in range(9):
        house.tick(39.99, 40.01, "ETHZAR.luno")
    assert sum(order.symbol == "ETHZAR.luno" for order in house.orders) == 4
    assert sum(order.symbol == SYMBOL for order in house.orders) == 2
