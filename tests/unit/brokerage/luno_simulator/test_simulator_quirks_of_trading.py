"""Each unverified point of trading and money does what its switch says; and every switch has its test."""

import dataclasses
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from brokerage.luno_simulator.admission import Stop
from brokerage.luno_simulator.exchange import OPENING_BALANCES, Exchange
from brokerage.luno_simulator.market_status import MarketStatus
from brokerage.luno_simulator.order import CUSTOMER, Side, Status, StopDirection, TimeInForce
from brokerage.luno_simulator.quirks import Quirks
from brokerage.luno_simulator.rejection import Rejection

D = Decimal
Quote = Callable[..., Any]


def alone(balances: dict[str, Any] | None = None, **quirks: Any) -> Exchange:
    opening = {**OPENING_BALANCES, **{code: D(amount) for code, amount in (balances or {}).items()}}
    return Exchange(7, has_crowd=False, balances=opening, quirks=Quirks(**quirks))


def free(exchange: Exchange, currency: str) -> Decimal:
    return exchange.accounts.available(CUSTOMER, currency)


def total(exchange: Exchange, currency: str) -> Decimal:
    return exchange.accounts.total(CUSTOMER, currency)


def test_every_quirk_has_a_test_that_bears_its_name() -> None:
    named: list[str] = []
    for path in Path(__file__).parent.glob("test_simulator_quirks_*.py"):
        named += re.findall(r"^def test_quirk_(\w+)\(", path.read_text(), re.MULTILINE)
    assert sorted(named) == sorted(one.name for one in dataclasses.fields(Quirks))


def test_quirk_fee_currency(quote_on: Quote) -> None:
    fees = {}
    for currency in ("base", "counter", "received"):
        exchange = alone(fee_currency=currency)
        quote_on(exchange, "ETHZAR", Side.ASK, "60000", "1")
        quote_on(exchange, "ETHZAR", Side.BID, "50000", "1")
        bought = exchange.place_limit("ETHZAR", Side.BID, D(60_000), D(1))
        sold = exchange.place_limit("ETHZAR", Side.ASK, D(50_000), D(1))
        fees[currency] = [(order.fee_base, order.fee_counter) for order in (bought, sold)]
        assert total(exchange, "ZAR") == 1_000_000 - 60_000 + 50_000 - sum(order.fee_counter for order in (bought, sold))
        assert total(exchange, "ETH") == 20 - sum(order.fee_base for order in (bought, sold))
    assert fees["base"] == [(D("0.006"), 0)] * 2
    assert fees["counter"] == [(0, 360), (0, 300)]
    assert fees["received"] == [(D("0.006"), 0), (0, 300)]


def test_quirk_fee_without_cover(quote_on: Quote) -> None:
    for choice in ("other", "refuse"):
        exchange = alone(fee_without_cover=choice)
        quote_on(exchange, "ETHZAR", Side.BID, "60000", "20")
        if choice == "other":
            assert exchange.place_limit("ETHZAR", Side.ASK, D(60_000), D(20)).fee_counter == 7_200
            continue
        with pytest.raises(Rejection, match="ErrInsufficientBalance"):
            exchange.place_limit("ETHZAR", Side.ASK, D(60_000), D(20))
        with pytest.raises(Rejection, match="ErrInsufficientBalance"):
            exchange.place_market("ETHZAR", Side.ASK, D("19.880716"))
        sold = exchange.place_limit("ETHZAR", Side.ASK, D(60_000), D("19.880715"))
        assert (sold.fee_counter, sold.fee_base) == (0, D("0.11928429"))
        assert 0 <= free(exchange, "ETH") < D("0.000001")


def test_quirk_fee_rounding(quote_on: Quote) -> None:
    fees = {}
    for rounding in ("half_up", "up", "down"):
        for volume in ("0.000101", "0.000104"):
            exchange = alone(fee_rounding=rounding)
            quote_on(exchange, "XBTZAR", Side.ASK, "1800000", "1")
            order = exchange.place_limit("XBTZAR", Side.BID, D(1_800_000), D(volume))
            fees[rounding, volume] = order.fee_base * 10**8
    # 0.000101 x 0.006 = 60.6e-8 and 0.000104 x 0.006 = 62.4e-8.
    assert fees == {
        ("half_up", "0.000101"): 61,
        ("half_up", "0.000104"): 62,
        ("up", "0.000101"): 61,
        ("up", "0.000104"): 63,
        ("down", "0.000101"): 60,
        ("down", "0.000104"): 62,
    }


def test_quirk_reserves_fees(quote_on: Quote) -> None:
    assert exchange_after_ask().accounts.reserved(CUSTOMER, "ETH") == 10
    exchange = exchange_after_ask(reserves_fees=True)
    assert exchange.accounts.reserved(CUSTOMER, "ETH") == D("10.06")
    quote_on(exchange, "ETHZAR", Side.BID, "90000", "4")
    # The maker's fee is less than what was set aside for it; a part of the order keeps its part of the margin.
    assert exchange.accounts.reserved(CUSTOMER, "ETH") == D("6.036")
    assert total(exchange, "ETH") == 20 - 4 - D("0.016")
    exchange.cancel(exchange.register.open_orders()[0].order_id)
    assert exchange.accounts.reserved(CUSTOMER, "ETH") == 0
    with pytest.raises(Rejection, match="ErrInsufficientBalance"):
        exchange.place_limit("ETHZAR", Side.ASK, D(90_000), D("15.984"))
    # Where the fee comes out of what is received, there is nothing to reserve.
    assert exchange.place_limit("ETHZAR", Side.BID, D(50_000), D(1)).reserve == 50_000


def exchange_after_ask(**quirks: Any) -> Exchange:
    exchange = alone(**quirks)
    exchange.place_limit("ETHZAR", Side.ASK, D(90_000), D(10))
    return exchange


def test_quirk_market_beyond_book(quote_on: Quote) -> None:
    exchange = alone()
    quote_on(exchange, "ETHZAR", Side.BID, "60000", "1")
    with pytest.raises(Rejection, match="ErrNotEnoughLiquidity"):
        exchange.place_market("ETHZAR", Side.ASK, D("1.5"))
    exchange = alone(market_beyond_book="fill_part")
    with pytest.raises(Rejection, match="ErrNotEnoughLiquidity"):
        exchange.place_market("ETHZAR", Side.ASK, D("1.5"))
    quote_on(exchange, "ETHZAR", Side.BID, "60000", "1")
    order = exchange.place_market("ETHZAR", Side.ASK, D("1.5"))
    assert (order.status, order.base, order.canceled_ms) == (Status.COMPLETE, 1, 0)
    assert exchange.accounts.reserved(CUSTOMER, "ETH") == 0


@pytest.mark.parametrize("side", Side)
def test_quirk_market_reach_percent(quote_on: Quote, side: Side) -> None:
    worst = D(61_200) if side is Side.BID else D(58_800)
    for percent, beyond_book, is_taken in ((0, "refuse", True), (1, "refuse", False), (2, "refuse", True), (1, "fill_part", None)):
        exchange = alone(market_reach_percent=percent, market_beyond_book=beyond_book)
        quote_on(exchange, "ETHZAR", side.opposite, "60000", "1")
        quote_on(exchange, "ETHZAR", side.opposite, str(worst), "1")
        amount = D(60_000) + worst / 2 if side is Side.BID else D("1.5")
        if is_taken is False:
            with pytest.raises(Rejection, match="ErrNotEnoughLiquidity"):
                exchange.place_market("ETHZAR", side, amount)
        else:
            assert exchange.place_market("ETHZAR", side, amount).base == (D("1.5") if is_taken else 1)


def test_quirk_market_buy_fee(quote_on: Quote) -> None:
    for place, counter, paid in (("on_top", D(60_360), D("60722.16")), ("inside", D(60_000), D(60_360))):
        exchange = alone({"ZAR": 70_000}, market_buy_fee=place, fee_currency="counter")
        quote_on(exchange, "ETHZAR", Side.ASK, "60000", "5")
        order = exchange.place_market("ETHZAR", Side.BID, D(60_360))
        assert order.counter == counter
        assert D(70_000) - total(exchange, "ZAR") == paid == order.counter + order.fee_counter
        assert exchange.accounts.reserved(CUSTOMER, "ZAR") == 0
    # The whole purse can be spent when the fee is inside.
    exchange = alone({"ZAR": 60_360}, market_buy_fee="inside", fee_currency="counter")
    quote_on(exchange, "ETHZAR", Side.ASK, "60000", "5")
    assert exchange.place_market("ETHZAR", Side.BID, D(60_360)).fee_counter == 360
    assert total(exchange, "ZAR") == 0


def test_quirk_post_only_cross(quote_on: Quote) -> None:
    exchange = alone()
    quote_on(exchange, "ETHZAR", Side.ASK, "60000", "1")
    with pytest.raises(Rejection, match="ErrOrderCanceled"):
        exchange.place_limit("ETHZAR", Side.BID, D(60_000), D(1), is_post_only=True, client_order_id="mine")
    exchange = alone(post_only_cross="complete")
    quote_on(exchange, "ETHZAR", Side.ASK, "60000", "1")
    order = exchange.place_limit("ETHZAR", Side.BID, D(60_000), D(1), is_post_only=True, client_order_id="mine")
    assert (order.status, order.base, order.canceled_ms) == (Status.COMPLETE, 0, 0)
    assert exchange.accounts.reserved(CUSTOMER, "ZAR") == 0
    with pytest.raises(Rejection, match="ErrDuplicateClientOrderID"):
        exchange.place_limit("ETHZAR", Side.BID, D(50_000), D(1), client_order_id="mine")


def test_quirk_self_trade(quote_on: Quote) -> None:
    outcomes = {}
    for choice in ("allow", "cancel_taker", "cancel_maker"):
        exchange = alone(self_trade=choice)
        quote_on(exchange, "ETHZAR", Side.ASK, "59000", "1")
        ours = exchange.place_limit("ETHZAR", Side.ASK, D(60_000), D(1))
        quote_on(exchange, "ETHZAR", Side.ASK, "61000", "1")
        taker = exchange.place_limit("ETHZAR", Side.BID, D(61_000), D("2.5"))
        outcomes[choice] = (taker.base, taker.status, ours.base, ours.status)
        sums = [sum((order.reserve for order in exchange.register.open_orders() if order.paid_in == code), D(0)) for code in ("ZAR", "ETH")]
        assert [exchange.accounts.reserved(CUSTOMER, code) for code in ("ZAR", "ETH")] == sums
        assert ours.canceled_ms == taker.canceled_ms == 0
    assert outcomes == {
        "allow": (D("2.5"), Status.COMPLETE, 1, Status.COMPLETE),
        "cancel_taker": (1, Status.COMPLETE, 0, Status.PENDING),
        "cancel_maker": (2, Status.PENDING, 0, Status.COMPLETE),
    }


@pytest.mark.parametrize("choice", ["cancel_taker", "cancel_maker"])
def test_orders_that_are_filled_whole_or_not_at_all_do_not_count_on_our_own(quote_on: Quote, choice: str) -> None:
    exchange = alone(self_trade=choice)
    quote_on(exchange, "ETHZAR", Side.ASK, "59000", "1")
    exchange.place_limit("ETHZAR", Side.ASK, D(60_000), D(1))
    quote_on(exchange, "ETHZAR", Side.ASK, "61000", "1")
    for volume, cancel_maker in (("3", 0), ("2", 2), ("1", 1)):
        order = exchange.place_limit("ETHZAR", Side.BID, D(61_000), D(volume), time_in_force=TimeInForce.FOK)
        expected = cancel_maker if choice == "cancel_maker" or volume == "1" else 0
        assert order.base in (0, D(volume))
        assert order.base == expected
        if order.base:
            break


def test_quirk_stop_reserves(quote_on: Quote) -> None:
    for reserves, held in ((True, 55_000), (False, 0)):
        exchange = alone({"ZAR": 60_000}, stop_reserves=reserves)
        stop = exchange.place_limit("ETHZAR", Side.BID, D(55_000), D(1), stop=Stop(D(62_000), StopDirection.ABOVE))
        assert exchange.accounts.reserved(CUSTOMER, "ZAR") == held
        with pytest.raises(Rejection, match="ErrInsufficientBalance"):
            exchange.place_limit("ETHZAR", Side.BID, D(60_001), D(1), stop=Stop(D(62_000), StopDirection.ABOVE))
        if not reserves:
            # The money is spent meanwhile: set off, the order ends without having been in the book.
            exchange.place_limit("ETHZAR", Side.BID, D(20_000), D(1))
        quote_on(exchange, "ETHZAR", Side.ASK, "62000", "1")
        quote_on(exchange, "ETHZAR", Side.BID, "62000", "1")
        assert (stop.status, stop.base) == (Status.PENDING if reserves else Status.COMPLETE, 0)
    exchange = alone(stop_reserves=False)
    stop = exchange.place_limit("ETHZAR", Side.BID, D(55_000), D(1), stop=Stop(D(59_000), StopDirection.ABOVE))
    assert (stop.status, exchange.accounts.reserved(CUSTOMER, "ZAR")) == (Status.PENDING, 55_000)


@pytest.mark.parametrize("direction", StopDirection)
def test_quirk_stop_triggers_at_equality(quote_on: Quote, direction: StopDirection) -> None:
    at, beyond = ("62000", "62001") if direction is StopDirection.ABOVE else ("58000", "57999")
    for at_equality in (True, False):
        exchange = alone(stop_triggers_at_equality=at_equality)
        stop = exchange.place_limit("ETHZAR", Side.BID, D(50_000), D(1), stop=Stop(D(at), direction))
        for price, is_set_off in ((at, at_equality), (beyond, True)):
            quote_on(exchange, "ETHZAR", Side.ASK, price, "0.1")
            quote_on(exchange, "ETHZAR", Side.BID, price, "0.1")
            assert (stop.status is Status.PENDING) is is_set_off


def test_quirk_passed_stop() -> None:
    # The last trade was at 60000.
    for price, direction, code in ((59_000, StopDirection.ABOVE, "ErrStopPriceTooLow"), (61_000, StopDirection.BELOW, "ErrStopPriceTooHigh")):
        stop = Stop(D(price), direction)
        order = alone().place_limit("ETHZAR", Side.BID, D(50_000), D(1), stop=stop)
        assert order.status is Status.PENDING
        with pytest.raises(Rejection, match=code):
            alone(passed_stop="refuse").place_limit("ETHZAR", Side.BID, D(50_000), D(1), stop=stop)


def test_quirk_suspended_takes_post_only() -> None:
    for takes in (True, False):
        exchange = alone(suspended_takes_post_only=takes)
        exchange.set_status(MarketStatus.HALTED)
        with pytest.raises(Rejection, match="ErrPostOnlyMode" if takes else "ErrMarketUnavailable"):
            exchange.place_limit("ETHZAR", Side.BID, D(50_000), D(1))
        if takes:
            assert exchange.place_limit("ETHZAR", Side.BID, D(50_000), D(1), is_post_only=True).status is Status.PENDING
        else:
            with pytest.raises(Rejection, match="ErrMarketUnavailable"):
                exchange.place_limit("ETHZAR", Side.BID, D(50_000), D(1), is_post_only=True)
