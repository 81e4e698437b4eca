"""Crosses and levels, seeding from history, one order at a time, and each symbol by itself."""

import pytest

from trading_system.core.order import OrderState
from trading_system.core.order_update import Answer
from trading_system.core.side import Side

FALLING = [100.0, 99.0, 98.0, 97.0]


@pytest.fixture
def follower(stage, make_instrument):
    def make(symbols=("ETHZAR.luno",), **settings):
        return stage("moving_average_cross", instruments=[make_instrument(symbol, min_quantity="0.001") for symbol in symbols],
                     fast=2, slow=4, **settings).start()
    return make


def feed(house, *closes, symbol=""):
    for close in closes:
        house.bar(close, symbol)


def test_it_buys_a_fraction_of_its_cash_when_the_fast_average_crosses_above(follower):
    house = follower(fraction=0.25)
    feed(house, *FALLING)
    assert house.orders == []
    feed(house, 103.0)                          # (97 + 103) / 2 = 100 > (99 + 98 + 97 + 103) / 4 = 99.25
    (order,) = house.orders
    assert order.side is Side.BUY
    assert order.quantity == pytest.approx(20_000 * 0.25 / 103.0, abs=1e-6)
    assert order.state is OrderState.FILLED
    assert house.said("fast average 100, slow average 99.25: crossed above, buying")


def test_it_sells_everything_when_the_fast_average_crosses_below(follower):
    house = follower()
    feed(house, *FALLING, 103.0, 104.0, 90.0, 80.0)
    assert [order.side for order in house.orders] == [Side.BUY, Side.SELL]
    assert house.strategy.positions["ETHZAR.luno"].is_flat
    assert len(house.said("crossed below, selling")) == 1


def test_a_trend_without_a_cross_is_left_alone(follower):
    house = follower()
    feed(house, *range(100, 120))
    assert house.orders == []
    feed(house, *range(119, 80, -1))            # below again without ever having bought: nothing to sell
    assert house.orders == []


def test_it_says_how_many_bars_it_still_waits_for(follower):
    house = follower()
    feed(house, *FALLING)
    assert house.notes == [f"ETHZAR.luno: waiting for 4 bars, {count} so far" for count in (1, 2, 3)]


def test_history_saves_the_waiting_and_a_trend_that_runs_already_is_not_chased(follower):
    house = follower(closes_before={"ETHZAR.luno": [100.0, 101.0, 102.0, 103.0]})
    assert house.said("from history; waiting for the next cross")
    feed(house, 104.0, 105.0)
    assert house.orders == []
    assert not house.said("waiting for 4 bars")


def test_the_first_bar_after_the_history_may_be_the_cross(follower):
    house = follower(closes_before={"ETHZAR.luno": FALLING})
    feed(house, 103.0)
    assert [order.side for order in house.orders] == [Side.BUY]


def test_no_second_order_leaves_while_one_is_on_its_way(follower):
    house = follower()
    feed(house, *FALLING)
    house.is_mute = True
    feed(house, 103.0)
    feed(house, 90.0, 80.0)                     # below: the exit waits for the entry's answer
    feed(house, 130.0)                          # above again: the entry is still on its way
    assert len(house.orders) == 1
    assert house.said("crossed above, but we are not flat")


def test_an_exit_that_had_to_wait_is_made_up_for_at_the_next_bar(follower):
    house = follower()
    feed(house, *FALLING)
    house.is_mute = True
    feed(house, 103.0, 90.0, 80.0)
    house.is_mute = False
    house.pass_time()                           # the answer comes: we hold it now, and the averages have crossed long ago
    assert not house.strategy.positions["ETHZAR.luno"].is_flat
    feed(house, 79.0)
    assert [order.side for order in house.orders] == [Side.BUY, Side.SELL]
    assert house.strategy.positions["ETHZAR.luno"].is_flat


def test_a_refused_sale_is_tried_again_at_the_next_bar(follower):
    house = follower()
    feed(house, *FALLING, 103.0)
    house.refusal = (Answer.REJECTED, "no", "other")
    feed(house, 90.0)
    house.refusal = None
    feed(house, 80.0)
    assert house.orders[-1].state is OrderState.FILLED
    assert house.strategy.positions["ETHZAR.luno"].is_flat


def test_a_new_cross_above_while_it_still_holds_keeps_the_position_and_buys_no_second(follower):
    house = follower()
    feed(house, *FALLING, 103.0)
    house.refusal = (Answer.REJECTED, "no", "other")
    feed(house, 90.0)                           # the sale is refused
    house.refusal = None
    before = len(house.orders)
    feed(house, 130.0, 131.0, 132.0)
    assert len(house.orders) == before
    assert house.strategy.positions["ETHZAR.luno"].is_long
    assert house.said("crossed above, but we are not flat")


def test_a_market_that_stands_still_makes_no_cross(stage):
    house = stage("moving_average_cross").start()
    feed(house, *[40.0] * 8)
    feed(house, 39.0, *[30.01] * 20)            # as floats the two averages of 30.01 differ in their last digit
    assert house.orders == []


def test_each_symbol_has_averages_and_a_position_of_its_own(follower):
    house = follower(symbols=("ETHZAR.luno", "XBTZAR.luno"))
    feed(house, *FALLING, symbol="ETHZAR.luno")
    feed(house, *FALLING, symbol="XBTZAR.luno")
    feed(house, 103.0, symbol="XBTZAR.luno")
    assert [order.symbol for order in house.orders] == ["XBTZAR.luno"]
    feed(house, 103.0, symbol="ETHZAR.luno")
    assert [order.symbol for order in house.orders] == ["XBTZAR.luno", "ETHZAR.luno"]


def test_too_little_cash_is_said_and_nothing_is_ordered(follower):
    house = follower(capital={"ZAR": "0.1"})
    feed(house, *FALLING, 103.0)
    assert house.orders == []
    assert house.said("less than the smallest order")


@pytest.mark.parametrize("wrong", [{"fast": 8, "slow": 8}, {"fast": 0}, {"fraction": 0.0}, {"fraction": 1.5}])
def test_parameters_that_make_no_sense_are_refused_at_the_start(stage, wrong):
    with pytest.raises(ValueError, match="fast must be less than slow"):
        stage("moving_average_cross", **wrong).start()
