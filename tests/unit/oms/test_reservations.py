"""What open orders may still take."""

from decimal import Decimal
from typing import Any

import pytest

from trading_system.core.errors import InvariantBroken
from trading_system.core.instrument import FeeCurrency, Instrument
from trading_system.core.order import OrderKind, OrderRequest
from trading_system.core.side import Side
from trading_system.oms.reservations import Reservations, may_fill, needs

D = Decimal
SYMBOL = "XBTZAR.luno"
ZERO = D(0)


def instrument(fee_currency: FeeCurrency = FeeCurrency.BASE, **more: Any) -> Instrument:
    return Instrument(SYMBOL, "XBT", "ZAR", D(1), D("0.000001"), D("0.0005"), D(100), D(1), D(10**9), taker_fee=D("0.001"),
                      fee_currency=fee_currency, **more)


def order(side: Side, quantity: str | None = None, limit: str | None = None, value: str | None = None, number: int = 1) -> OrderRequest:
    return OrderRequest(f"house-naive-run-{number}", "naive", SYMBOL, side, OrderKind.MARKET if limit is None else OrderKind.LIMIT, 1,
                        None if quantity is None else D(quantity), None if value is None else D(value), None if limit is None else D(limit))


def test_a_buy_needs_counter_at_its_limit() -> None:
    assert needs(order(Side.BUY, "0.01", "1000000"), instrument(), D(5))[:2] == ("ZAR", D(10000))


def test_a_market_buy_needs_counter_at_the_reference_price() -> None:
    assert needs(order(Side.BUY, "0.01"), instrument(), D(900000))[:2] == ("ZAR", D(9000))


def test_a_buy_by_value_needs_that_value() -> None:
    assert needs(order(Side.BUY, value="250.5"), instrument(), D(900000))[:2] == ("ZAR", D("250.5"))


def test_a_buy_adds_the_fee_only_where_it_is_taken_in_counter() -> None:
    assert needs(order(Side.BUY, "0.01", "1000000"), instrument(FeeCurrency.COUNTER), D(5))[:2] == ("ZAR", D(10010))
    assert needs(order(Side.BUY, value="100"), instrument(FeeCurrency.COUNTER), D(5))[:2] == ("ZAR", D("100.1"))


def test_a_sale_needs_base_and_adds_the_fee_only_where_it_is_taken_in_base() -> None:
    assert needs(order(Side.SELL, "0.01", "1000000"), instrument(FeeCurrency.COUNTER), D(5))[:2] == ("XBT", D("0.01"))
    assert needs(order(Side.SELL, "0.01", "1000000"), instrument(FeeCurrency.BASE), D(5))[:2] == ("XBT", D("0.01001"))


def test_needs_are_rounded_up_to_eight_decimals() -> None:
    assert needs(order(Side.SELL, "0.000001"), instrument(), D(5))[:2] == ("XBT", D("0.00000101"))
    assert needs(order(Side.BUY, "0.000000001", "0.1"), instrument(), D(5))[:2] == ("ZAR", D("0.00000001"))


def test_only_what_may_still_fill_is_needed() -> None:
    assert needs(order(Side.BUY, "0.01", "1000000"), instrument(), D(5), D("0.004"))[:2] == ("ZAR", D(6000))
    assert needs(order(Side.SELL, "0.01"), instrument(FeeCurrency.COUNTER), D(5), D("0.02"))[:2] == ("XBT", ZERO)


def test_contracts_need_counter_on_both_sides_times_the_multiplier() -> None:
    for side in Side:
        assert needs(order(side, "2", "100"), instrument(multiplier=D(5), is_spot=False), D(5))[:2] == ("ZAR", D(1000))


def test_what_an_order_by_value_may_fill_is_told_at_the_reference_price() -> None:
    assert may_fill(order(Side.BUY, value="10"), D(3)) == D("3.33333334")
    with pytest.raises(ValueError, match="without a price"):
        may_fill(order(Side.BUY, value="10"), ZERO)


def test_reservations_add_up_per_currency_symbol_and_side() -> None:
    reservations = Reservations()
    reservations.reserve(order(Side.BUY, "0.01", number=1), "ZAR", D(10000))
    reservations.reserve(order(Side.BUY, value="500", number=2), "ZAR", D(500), D("0.0005"))
    reservations.reserve(order(Side.SELL, "0.3", number=3), "XBT", D("0.3003"))
    assert reservations.count == 3
    assert reservations.reserved("ZAR") == D(10500)
    assert reservations.reserved("XBT") == D("0.3003")
    assert reservations.reserved("ETH") == ZERO
    assert reservations.buying(SYMBOL) == D("0.0105")
    assert reservations.selling(SYMBOL) == D("0.3")
    assert reservations.held_by("house-naive-run-2") == D(500)


def test_a_reservation_falls_with_fills_and_never_grows() -> None:
    reservations = Reservations()
    reservations.reserve(order(Side.BUY, "0.01"), "ZAR", D(10000))
    reservations.reduce_to("house-naive-run-1", D(4000), D("0.004"))
    reservations.reduce_to("house-naive-run-1", D(9000), D("0.009"))
    assert (reservations.reserved("ZAR"), reservations.buying(SYMBOL)) == (D(4000), D("0.004"))
    reservations.reduce_to("house-naive-run-1", D(-1), D(-1))
    assert (reservations.reserved("ZAR"), reservations.buying(SYMBOL), reservations.count) == (ZERO, ZERO, 1)


def test_releasing_gives_all_back_once() -> None:
    reservations = Reservations()
    reservations.reserve(order(Side.SELL, "0.01"), "XBT", D("0.01"))
    reservations.release("house-naive-run-1")
    reservations.release("house-naive-run-1")
    reservations.reduce_to("house-naive-run-1", D(5), D(5))
    assert (reservations.reserved("XBT"), reservations.selling(SYMBOL), reservations.count) == (ZERO, ZERO, 0)
    assert reservations.held_by("house-naive-run-1") == ZERO


def test_an_order_that_lives_again_may_reserve_again() -> None:
    reservations = Reservations()
    for _ in range(2):
        reservations.reserve(order(Side.SELL, "0.01"), "XBT", D("0.01"))
        reservations.release("house-naive-run-1")
    assert reservations.reserved("XBT") == ZERO


def test_an_order_cannot_reserve_twice_or_less_than_nothing() -> None:
    reservations = Reservations()
    reservations.reserve(order(Side.BUY, "0.01"), "ZAR", D(10000))
    with pytest.raises(InvariantBroken, match="holds a reservation already"):
        reservations.reserve(order(Side.BUY, "0.01"), "ZAR", D(10000))
    with pytest.raises(ValueError, match="cannot reserve -1 ZAR"):
        reservations.reserve(order(Side.BUY, "0.01", number=2), "ZAR", D(-1))
    assert (reservations.count, reservations.reserved("ZAR")) == (1, D(10000))
