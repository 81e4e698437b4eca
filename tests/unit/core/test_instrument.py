"""Numbers at the door: what a strategy writes lands on the grid, never with more risk, and nonsense is refused."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.engine.small_house import instrument
from trading_system.core.instrument import exact
from trading_system.core.side import Side

XBT = instrument(quantity_step=Decimal("0.0001"), price_step=Decimal("0.01"))


@pytest.mark.parametrize(("written", "read"), [
    (0.1, "0.1"), (1e-7, "1E-7"), (3, "3"), ("2.50", "2.50"), (Decimal("1.1"), "1.1"), (0.1 + 0.2, "0.30000000000000004")])
def test_a_number_is_read_as_it_was_written(written: object, read: str) -> None:
    assert exact(written) == Decimal(read)                                          # type: ignore[arg-type]


@pytest.mark.parametrize("nonsense", [float("nan"), float("inf"), -float("inf"), "nan", "Infinity", "1,5", "", None, True, [], "0x1"])
def test_what_is_no_finite_number_is_refused(nonsense: object) -> None:
    with pytest.raises(ValueError, match="is not a"):
        exact(nonsense)                                                             # type: ignore[arg-type]


def test_a_quantity_is_rounded_down() -> None:
    assert XBT.quantity(0.00019) == Decimal("0.0001")


@pytest.mark.parametrize(("written", "step", "on_grid"), [
    (0.1 + 0.2, "0.1", "0.3"), (0.7 * 3, "0.1", "2.1"), (1.1 * 3, "0.0001", "3.3"), (0.29999999, "0.1", "0.2")])
def test_a_float_within_a_billionth_of_a_step_is_that_step(written: float, step: str, on_grid: str) -> None:
    assert instrument(quantity_step=Decimal(step)).quantity(written) == Decimal(on_grid)


def test_a_buys_price_is_rounded_down_and_a_sells_up() -> None:
    assert XBT.price(100.019, Side.BUY) == Decimal("100.01")
    assert XBT.price(100.011, Side.SELL) == Decimal("100.02")
    assert XBT.price(100.01, Side.SELL) == XBT.price(100.01, Side.BUY) == Decimal("100.01")


@pytest.mark.parametrize("nothing", [0, -1, 0.00001, "-0.5"])
def test_zero_negative_and_less_than_a_step_are_refused(nothing: float) -> None:
    with pytest.raises(ValueError, match=r"quantity .* must be at least one step of 0.0001 on XBTZAR.luno"):
        XBT.quantity(nothing)


def test_a_sells_price_below_one_step_is_one_step() -> None:
    assert XBT.price(0.001, Side.SELL) == Decimal("0.01")


def test_a_value_is_rounded_down_to_its_own_grid() -> None:
    assert XBT.value(10.019) == Decimal("10.01")


@given(st.floats(min_value=1e-3, max_value=1e9), st.sampled_from(["0.01", "1", "0.5", "0.00025"]))
def test_risk_never_grows_by_rounding_and_never_shrinks_by_a_whole_step(written: float, step: str) -> None:
    market = instrument(price_step=Decimal(step), quantity_step=Decimal(step))
    asked, one = Fraction(Decimal(repr(written))), Fraction(step)
    snap = one / 10**9
    for side in Side:
        if side is Side.BUY and asked < one:
            continue
        price = Fraction(market.price(written, side))
        assert price % one == 0
        assert (asked - price) * side >= -snap
        assert abs(asked - price) < one + snap
    if asked >= one:
        quantity = Fraction(market.quantity(written))
        assert quantity % one == 0
        assert -snap <= asked - quantity < one


def test_the_broker_is_what_stands_behind_the_last_dot() -> None:
    assert instrument("BRK.B.paper").broker == "paper"
