"""The smoke test's script: its order, its pace, its patience, and that it always comes to an end."""

import pytest

from trading_system.core.order import OrderState
from trading_system.core.order_update import Answer
from trading_system.core.side import Side

BID, ASK = 1_799_000.0, 1_801_000.0


@pytest.fixture
def bitcoin(stage, make_instrument):
    def make(**settings):
        one = make_instrument("XBTZAR.luno", min_quantity=settings.pop("min_quantity", "0.0001"), price_step="1")
        return stage("naive_test", instruments=[one], capital={"ZAR": "50000"}, **settings).start()
    return make


def run(house, most=30):
    """Tick once a second until it is finished; return the ticks that took."""
    for count in range(1, most + 1):
        house.tick(BID, ASK)
        if house.strategy.is_finished:
            return count
    raise AssertionError(f"not finished after {most} ticks: {house.notes}")


def test_it_buys_twice_places_two_cancels_both_and_sells_what_it_holds(bitcoin):
    house = bitcoin()
    run(house)
    by_quantity, by_value, ten, twelve, sale = house.orders
    assert by_quantity.quantity == 0.001
    assert by_quantity.state is OrderState.FILLED
    assert by_value.request.value is not None
    assert by_value.filled_quantity == pytest.approx(0.001, rel=0.02)
    assert (ten.limit, twelve.limit) == (int(BID * 0.90), int(BID * 0.88))
    assert ten.request.time_in_force == "GTC"
    assert {ten.state, twelve.state} == {OrderState.CANCELED}
    assert sale.side is Side.SELL
    assert sale.state is OrderState.FILLED
    assert house.strategy.positions["XBTZAR.luno"].is_flat
    assert len(house.desk.orders) == 0


def test_one_of_the_two_is_canceled_first_and_the_other_only_a_step_later(bitcoin):
    house = bitcoin()
    while not house.said("step 4 of 6"):
        house.tick(BID, ASK)
    ten, twelve = house.orders[2:4]
    assert ten.state is OrderState.CANCELED
    assert twelve.state is OrderState.OPEN
    while not house.said("step 5 of 6"):
        house.tick(BID, ASK)
    assert twelve.state is OrderState.CANCELED


def test_each_step_is_told_once_in_its_order_with_orders_position_cash_and_profit(bitcoin):
    house = bitcoin()
    run(house)
    steps = [note for note in house.notes if note.startswith("step ")]
    assert [note[:11] for note in steps] == [f"step {number} of 6" for number in range(1, 7)]
    third = steps[2]
    assert "open orders 2, canceled 0" in third
    held = 2 * 0.001 * 1.005 * 0.994             # the second buy is 1 % larger, the fee is taken in base
    assert f"position {held:.8f}" in third
    free = 50_000 - 0.001 * ASK - 0.001 * ASK * 1.01 - 0.001 * BID * (0.90 + 0.88)
    assert f"free cash {free:.0f}"[:13] in third
    assert "profit -" in third                  # the spread and the fees are lost
    assert "canceled 2" in house.said("script finished")[0]


def test_a_step_is_taken_every_so_many_ticks_when_answers_are_quick(bitcoin):
    house = bitcoin(every_ticks=3)
    assert run(house) == 3 * 7                  # six steps and the end


@pytest.mark.parametrize("delay", [1, 2])
def test_it_is_finished_in_less_than_thirty_ticks_when_answers_take_a_while(bitcoin, delay):
    house = bitcoin(delay=delay)
    assert run(house) < 30
    assert house.strategy.positions["XBTZAR.luno"].is_flat
    assert [order.state for order in house.orders].count(OrderState.FILLED) == 3
    assert len(house.desk.orders) == 0


def test_it_waits_for_the_answer_before_the_next_step(bitcoin):
    house = bitcoin(delay=3)
    for _ in range(4):
        house.tick(BID, ASK)
    assert len(house.orders) == 1               # with quick answers the second went out with the fourth tick
    house.tick(BID, ASK)
    assert len(house.orders) == 2


def test_its_patience_ends_when_no_answer_comes_and_it_still_finishes(bitcoin):
    house = bitcoin()
    house.is_mute = house.keeps_cancels = True
    assert run(house) < 30
    assert house.said("step 6 of 6")
    assert "open orders 4" in house.said("script finished")[0]


def test_it_takes_the_smallest_order_of_the_venue_where_that_is_larger(bitcoin):
    house = bitcoin(min_quantity="0.002")
    run(house)
    assert house.orders[0].quantity == 0.002
    assert house.orders[1].state is OrderState.FILLED       # by value it must not fall below the smallest order either
    assert house.orders[1].filled_quantity >= 0.002


def test_a_refused_order_is_told_with_its_reason_and_the_script_goes_on(bitcoin):
    house = bitcoin()
    house.refusal = (Answer.REJECTED, "the market is closed", "market_closed")
    assert run(house) < 30
    assert len(house.said("the market is closed")) == 4     # two market buys, two limits


def test_it_clears_away_what_an_earlier_run_left_standing(bitcoin):
    house = bitcoin()
    house.tick(BID, ASK)
    left = house.strategy.buy("XBTZAR.luno", 0.001, limit=1_000_000)
    house.start()
    assert left.state is OrderState.CANCELED


def test_it_does_nothing_more_once_it_is_finished_and_nothing_without_a_price(bitcoin):
    house = bitcoin()
    for _ in range(10):
        house.tick(0.0, 0.0)
    assert house.orders == []
    run(house)
    before = len(house.notes), len(house.orders)
    for _ in range(10):
        house.tick(BID, ASK)
    assert (len(house.notes), len(house.orders)) == before
