"""The ledger of one strategy, fill by fill: what a trader would work out on paper."""

import json
import math
from decimal import Context, Decimal, localcontext
from typing import Any

import pytest

from trading_system.core.errors import InvariantBroken
from trading_system.core.instrument import Instrument
from trading_system.core.order import Fill, FillAmounts
from trading_system.core.side import Side
from trading_system.oms.position_manager import PositionManager

D = Decimal
XBTZAR, ETHXBT, GOLD = "XBTZAR.luno", "ETHXBT.luno", "GOLD.exchange"


def instrument(symbol: str, base: str, counter: str, **more: Any) -> Instrument:
    return Instrument(symbol, base, counter, D(1), D("0.000001"), D("0.0005"), D(100), D(1), D(10**9), **more)


INSTRUMENTS = {
    XBTZAR: instrument(XBTZAR, "XBT", "ZAR"),
    ETHXBT: instrument(ETHXBT, "ETH", "XBT"),
    GOLD: instrument(GOLD, "GOLD", "ZAR", multiplier=D(5), is_spot=False),
}


def make(capital: dict[str, str] | None = None, *symbols: str, currency: str = "ZAR") -> PositionManager:
    chosen = {symbol: INSTRUMENTS[symbol] for symbol in symbols or (XBTZAR,)}
    given = {"ZAR": "20000"} if capital is None else capital
    return PositionManager("naive", chosen, {name: D(amount) for name, amount in given.items()}, currency)


def fill(side: Side, quantity: str, value: str, fees: dict[str, str] | None = None, symbol: str = XBTZAR) -> Fill:
    paid = {currency: D(fee) for currency, fee in (fees or {}).items()}
    return Fill("house-naive-run-1", "naive", symbol, side, 1, FillAmounts(D(quantity), D(value), paid))


def buy(quantity: str, value: str, fees: dict[str, str] | None = None, symbol: str = XBTZAR) -> Fill:
    return fill(Side.BUY, quantity, value, fees, symbol)


def sell(quantity: str, value: str, fees: dict[str, str] | None = None, symbol: str = XBTZAR) -> Fill:
    return fill(Side.SELL, quantity, value, fees, symbol)


def assert_balanced(ledger: PositionManager) -> None:
    with localcontext(Context(prec=200)):
        for currency, cash in ledger.cash.items():
            cost = sum((position.exact.cost for symbol, position in ledger.positions.items()
                        if ledger.instruments[symbol].counter == currency), D(0))
            assert ledger.capital.get(currency, 0) + ledger.realized.get(currency, 0) - ledger.fees.get(currency, 0) == cash + cost


def test_a_buy_turns_cash_into_a_position_at_its_cost() -> None:
    ledger = make()
    position = ledger.apply(buy("0.01", "10000.5"))
    assert position is ledger.positions[XBTZAR]
    assert (position.exact.quantity, position.exact.cost) == (D("0.01"), D("10000.5"))
    assert (position.quantity, position.cost, position.average_price) == (0.01, 10000.5, 1000050.0)
    assert position.is_long
    assert not position.is_short
    assert ledger.cash["ZAR"] == D("9999.5")
    assert_balanced(ledger)


def test_a_partial_close_takes_its_share_of_the_cost_and_leaves_the_rest() -> None:
    ledger = make()
    ledger.apply(buy("0.003", "100"))
    position = ledger.apply(sell("0.001", "40"))
    assert position.exact.cost == D("66.66666667")
    assert ledger.realized["ZAR"] == D("6.66666667")
    ledger.apply(sell("0.002", "60"))
    assert position.exact.cost == 0
    assert ledger.realized["ZAR"] == D(0)
    assert_balanced(ledger)


def test_going_through_zero_opens_the_rest_at_the_price_of_the_fill() -> None:
    ledger = make(None, GOLD)
    ledger.apply(buy("2", "200", symbol=GOLD))
    position = ledger.apply(sell("5", "550", symbol=GOLD))
    assert (position.quantity, position.cost, position.average_price) == (-3.0, -1650.0, 110.0)
    assert position.is_short
    assert ledger.realized["ZAR"] == D(100)
    assert position.realized == 100.0
    assert_balanced(ledger)


def test_a_multiplier_counts_in_cost_and_profit_but_not_in_the_price() -> None:
    ledger = make(None, GOLD)
    position = ledger.apply(buy("2", "200", symbol=GOLD))
    assert (position.average_price, position.cost) == (100.0, 1000.0)
    assert ledger.open_profit({GOLD: 103.0}) == {"ZAR": 30.0}
    assert ledger.equity({GOLD: 103.0}) == 20030.0
    assert ledger.holdings("GOLD") == 0


def test_a_fee_in_counter_is_paid_from_cash() -> None:
    ledger = make()
    ledger.apply(buy("0.01", "10000", {"ZAR": "12.34"}))
    assert ledger.cash["ZAR"] == D("9987.66")
    assert ledger.fees["ZAR"] == D("12.34")
    assert ledger.realized["ZAR"] == 0
    assert_balanced(ledger)


def test_a_fee_in_base_is_sold_at_the_price_of_the_fill_and_paid() -> None:
    ledger = make()
    position = ledger.apply(buy("0.01", "10000", {"XBT": "0.0001"}))
    assert position.exact.quantity == D("0.0099")
    assert position.exact.cost == D(9900)
    assert ledger.cash["ZAR"] == D(10000)
    assert ledger.fees["ZAR"] == D(100)
    assert ledger.realized["ZAR"] == 0
    assert_balanced(ledger)


def test_a_fee_in_base_realizes_the_gain_of_what_it_takes() -> None:
    ledger = make()
    ledger.apply(buy("0.01", "10000"))
    ledger.apply(sell("0.005", "10000", {"XBT": "0.0005"}))
    assert ledger.positions[XBTZAR].exact.quantity == D("0.0045")
    assert ledger.fees["ZAR"] == D(1000)
    assert ledger.realized["ZAR"] == D(5000) + D(500)
    assert_balanced(ledger)


def test_fees_in_both_currencies_at_once_are_both_booked() -> None:
    ledger = make()
    ledger.apply(buy("0.01", "10000", {"XBT": "0.0001", "ZAR": "7"}))
    assert ledger.fees["ZAR"] == D(107)
    assert ledger.cash["ZAR"] == D(9993)
    assert ledger.holdings("XBT") == D("0.0099")
    assert_balanced(ledger)


def test_a_fee_in_a_third_currency_is_paid_from_the_cash_of_that_currency() -> None:
    ledger = make({"ZAR": "20000", "BNB": "1"})
    ledger.apply(buy("0.01", "10000", {"BNB": "0.25"}))
    assert ledger.cash["BNB"] == D("0.75")
    assert ledger.fees == {"ZAR": D(0), "BNB": D("0.25")}
    assert ledger.equity({XBTZAR: 1_000_000.0}) == 20000.0
    assert_balanced(ledger)


def test_a_fee_in_the_base_of_a_contract_is_coin_and_not_contracts() -> None:
    ledger = make(None, GOLD)
    ledger.apply(buy("2", "200", {"GOLD": "0.1"}, GOLD))
    assert ledger.positions[GOLD].quantity == 2.0
    assert ledger.cash["GOLD"] == D("-0.1")
    assert_balanced(ledger)


def test_an_adjustment_of_a_base_fee_is_valued_at_the_reference_price() -> None:
    ledger = make()
    ledger.apply(buy("0.01", "10000", {"XBT": "0.0001"}))
    ledger.apply(buy("0", "0", {"XBT": "-0.00002"}), D(1_000_000))
    assert ledger.positions[XBTZAR].exact.quantity == D("0.00992")
    assert ledger.fees["ZAR"] == D(80)
    assert ledger.cash["ZAR"] == D(10000)
    assert_balanced(ledger)


def test_an_adjustment_that_cannot_be_valued_is_refused_before_anything_is_booked() -> None:
    ledger = make()
    before = ledger.snapshot()
    with pytest.raises(ValueError, match="cannot be valued"):
        ledger.apply(buy("0", "0", {"ZAR": "1", "XBT": "0.1"}))
    assert ledger.snapshot() == before


def test_a_correction_of_the_value_alone_changes_cost_or_when_flat_profit() -> None:
    ledger = make()
    ledger.apply(buy("0.01", "10000"))
    ledger.apply(buy("0", "3"))
    assert ledger.positions[XBTZAR].exact.cost == D(10003)
    ledger.apply(sell("0.01", "10003"))
    ledger.apply(sell("0", "2"))
    assert ledger.realized["ZAR"] == D(2)
    assert ledger.cash["ZAR"] == D(20002)
    assert_balanced(ledger)


def test_a_fill_of_a_symbol_that_is_not_ours_is_refused() -> None:
    with pytest.raises(InvariantBroken, match=r"naive has a fill of LTCZAR\.luno"):
        make().apply(buy("1", "1", symbol="LTCZAR.luno"))


def test_the_ledger_books_a_sale_of_more_than_is_held() -> None:
    ledger = make()
    position = ledger.apply(sell("0.01", "10000"))
    assert position.is_short
    assert ledger.holdings("XBT") == D("-0.01")
    assert_balanced(ledger)


def test_dust_is_flat_and_stays_in_the_ledger() -> None:
    ledger = make()
    ledger.apply(buy("0.01", "10000"))
    position = ledger.apply(sell("0.0095001", "9500"))
    assert position.is_flat
    assert not position.is_long
    assert position.exact.quantity == D("0.0004999")
    assert ledger.snapshot()["positions"][XBTZAR]["quantity"] == "0.0004999"
    ledger.apply(buy("0.0000001", "1"))
    assert position.is_long


def test_a_symbol_of_ours_without_a_fill_reads_as_flat() -> None:
    position = make().positions[XBTZAR]
    assert (position.quantity, position.cost, position.realized, position.is_flat) == (0.0, 0.0, 0.0, True)
    assert math.isnan(position.average_price)


def test_positions_cannot_be_exchanged_by_a_strategy() -> None:
    with pytest.raises(TypeError):
        make().positions[XBTZAR] = None  # type: ignore[index]


def test_capital_in_base_waits_until_it_is_valued_and_is_held_all_the_time() -> None:
    ledger = make({"ZAR": "20000", "XBT": "0.5"})
    assert ledger.pending_capital == {"XBT": D("0.5")}
    assert ledger.holdings("XBT") == D("0.5")
    assert ledger.equity({XBTZAR: 1_000_000.0}) == 20000.0
    position = ledger.book_capital(XBTZAR, D("0.5"), D(1_000_000))
    assert ledger.pending_capital == {}
    assert position.exact.cost == D(500000)
    assert ledger.capital["ZAR"] == D(520000)
    assert ledger.cash["ZAR"] == D(20000)
    assert ledger.holdings("XBT") == D("0.5")
    assert ledger.total_return({XBTZAR: 1_000_000.0}) == 0.0
    assert_balanced(ledger)


def test_more_capital_than_is_pending_cannot_be_booked() -> None:
    ledger = make({"XBT": "0.5"})
    for quantity in ("0.6", "-0.1", "0"):
        with pytest.raises(ValueError, match=r"0\.5 XBT is pending"):
            ledger.book_capital(XBTZAR, D(quantity), D(1_000_000))


def test_capital_in_base_is_withdrawn_the_way_it_was_given() -> None:
    ledger = make({"XBT": "0.5"})
    ledger.book_capital(XBTZAR, D("0.5"), D(1_000_000))
    ledger.deposit("XBT", D("-0.2"))
    assert ledger.holdings("XBT") == D("0.3")
    ledger.book_capital(XBTZAR, D("-0.2"), D(1_500_000))
    assert ledger.holdings("XBT") == D("0.3")
    assert ledger.realized["ZAR"] == D(100000)
    assert ledger.capital["ZAR"] == D(200000)
    assert ledger.cash["ZAR"] == 0
    assert_balanced(ledger)


def test_deposits_and_withdrawals_change_capital_and_cash_but_no_profit() -> None:
    ledger = make()
    ledger.deposit("ZAR", D(500))
    ledger.deposit("ZAR", D(-1500))
    assert ledger.capital["ZAR"] == ledger.cash["ZAR"] == D(19000)
    assert ledger.total_return({}) == 0.0


def test_a_currency_that_is_base_and_counter_is_cash_and_position_together() -> None:
    ledger = make({"ZAR": "20000", "XBT": "1"}, XBTZAR, ETHXBT)
    assert ledger.pending_capital == {}
    ledger.apply(buy("0.01", "10000"))
    ledger.apply(buy("2", "0.1", symbol=ETHXBT))
    assert ledger.holdings("XBT") == D("0.91")
    assert ledger.holdings("ETH") == D(2)
    assert ledger.currencies == {"ZAR", "XBT", "ETH"}
    assert_balanced(ledger)


def test_equity_changes_other_currencies_at_the_marks_of_our_own_symbols() -> None:
    ledger = make({"ZAR": "20000", "XBT": "1"}, XBTZAR, ETHXBT)
    ledger.apply(buy("2", "0.1", symbol=ETHXBT))
    marks = {XBTZAR: 1_000_000.0, ETHXBT: 0.06}
    assert ledger.equity(marks) == pytest.approx(20000 + 0.9 * 1e6 + 0.12 * 1e6)
    assert ledger.open_profit(marks) == pytest.approx({"ZAR": 0.0, "XBT": 0.02})
    assert ledger.total_return(marks) == pytest.approx(20000 / 1_020_000)
    assert math.isnan(ledger.equity({ETHXBT: 0.06}))


def test_equity_in_the_base_currency_is_the_inverse() -> None:
    ledger = make({"ZAR": "500000", "XBT": "0.5"}, currency="XBT")
    ledger.book_capital(XBTZAR, D("0.5"), D(1_000_000))
    assert ledger.equity({XBTZAR: 2_000_000.0}) == pytest.approx(0.75)


def test_equity_finds_a_rate_over_two_markets() -> None:
    eur = instrument("XBTEUR.luno", "XBT", "EUR")
    ledger = PositionManager("naive", {XBTZAR: INSTRUMENTS[XBTZAR], eur.symbol: eur}, {"ZAR": D(1000), "EUR": D(100)}, "ZAR")
    assert ledger.equity({XBTZAR: 1_000_000.0, eur.symbol: 50_000.0}) == pytest.approx(3000.0)


def test_a_position_without_a_mark_counts_at_its_cost() -> None:
    ledger = make()
    ledger.apply(buy("0.01", "10000"))
    for marks in ({}, {XBTZAR: math.nan}):
        assert ledger.equity(marks) == 20000.0
        assert ledger.open_profit(marks) == {"ZAR": 0.0}
    assert ledger.equity({XBTZAR: 1_100_000.0}) == 21000.0


def test_return_without_capital_is_not_a_number() -> None:
    assert math.isnan(make({}).total_return({}))


def test_amounts_beyond_the_ordinary_precision_of_decimal_stay_exact() -> None:
    ledger = make({"ZAR": "1000000000000000000000.00000001"})
    ledger.apply(buy("0.01", "0.000000000000000001"))
    ledger.apply(buy("0.01", "123456789012345678901.0000000001", {"XBT": "0.001"}))
    ledger.apply(sell("0.0123", "99999999999999999999.999999999", {"ZAR": "0.0000000000001"}))
    assert_balanced(ledger)


def test_the_snapshot_is_plain_text_and_numbers() -> None:
    ledger = make({"ZAR": "20000", "XBT": "0.5"}, XBTZAR, ETHXBT, currency="ZAR")
    ledger.apply(buy("0.01", "10000", {"ZAR": "1E+1"}))
    snapshot = json.loads(json.dumps(ledger.snapshot(), allow_nan=False))
    assert snapshot["cash"]["ZAR"] == "9990"
    assert snapshot["fees"]["ZAR"] == "10"
    assert snapshot["positions"] == {
        XBTZAR: {"quantity": "0.01", "cost": "10000", "average_price": 1000000.0, "realized": 0.0, "is_flat": False},
    }


def test_a_position_shows_itself_to_people() -> None:
    ledger = make()
    ledger.apply(buy("0.01", "10000"))
    assert repr(ledger.positions[XBTZAR]) == "Position(XBTZAR.luno: 0.01 at 1000000)"
