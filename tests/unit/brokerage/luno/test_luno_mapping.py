"""JSON to words: exact numbers, honest refusals, and the states Luno does not have."""

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokerage.luno import fields, mapping
from brokerage.luno.mapping import Market
from tests.unit.brokerage.luno.luno_rows import EVIDENCE, fee_row, market_row, order_row, own_trade_row, ticker_row, trade_row
from trading_system.core.events import Balance
from trading_system.core.instrument import MarketStatus
from trading_system.core.market_data import Bar, Tick, Trade
from trading_system.core.order_update import ZERO, OrderUpdate
from trading_system.core.side import Side

XBTZAR = Market("XBT", "ZAR")
D = Decimal


def update(**changes: Any) -> OrderUpdate:
    return mapping.order_update(order_row(**changes), XBTZAR, "luno", EVIDENCE)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=-(10**12), max_value=10**12))
def test_a_decimal_written_as_text_comes_back_exactly(number: Decimal) -> None:
    read = fields.signed({"a": format(number, "f")}, "a")
    assert read == number
    padded = format(number, "f") + "000000"
    assert fields.signed({"a": padded}, "a") == number
    assert "E" not in str(read) or abs(read) < D("1e-6")


@given(st.integers(-(10**15), 10**15))
def test_a_whole_json_number_is_a_decimal_too(number: int) -> None:
    assert fields.signed({"a": number}, "a") == number


@given(st.text(max_size=12))
def test_any_text_is_either_a_finite_number_or_refused_by_name(text: str) -> None:
    try:
        number, reason = fields.amount({"volume": text}, "volume"), "volume is fine"
    except ValueError as error:
        number, reason = ZERO, str(error)
    assert reason.startswith("volume is ")
    assert number.is_finite()
    assert number >= 0


NOT_NUMBERS = ["NaN", "Infinity", "-inf", "1e5", "1_000", " 1", "1 ", "", ".", "1.", ".5", "+1", "0x1", "\u0661", None, True, [], {}, 1.5,
               D("NaN"), D("Infinity"), D("1e999999"), "9" * 31, "1." + "1" * 41, "123456789012345.12345678901234"]


@pytest.mark.parametrize("value", NOT_NUMBERS)
def test_what_is_not_a_plain_decimal_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"^volume is "):
        fields.signed({"volume": value}, "volume")


def test_a_missing_field_is_named_and_a_row_must_be_an_object() -> None:
    for read in (fields.amount, fields.whole, fields.text):
        with pytest.raises(ValueError, match=r"^volume is None"):
            read({}, "volume")
        with pytest.raises(ValueError, match=r"^row is"):
            read("row", "volume")  # type: ignore[arg-type]


def test_a_negative_amount_is_refused() -> None:
    with pytest.raises(ValueError, match="less than zero"):
        fields.amount({"a": "-0.01"}, "a")
    assert str(fields.amount({"a": "-0.00"}, "a")) == "0"


def test_json_numbers_keep_their_digits() -> None:
    assert fields.signed({"a": D("0.08")}, "a") == D("0.08")
    assert fields.signed({"a": D("1E-5")}, "a") == D("0.00001")


@pytest.mark.parametrize("value", [-1, 1.5, D(1), True, "1.0", "", None, "-1", "1" * 20])
def test_what_is_not_a_whole_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"^sequence is "):
        fields.whole({"sequence": value}, "sequence")


def test_a_market_becomes_an_instrument_with_its_grid() -> None:
    instrument = mapping.instrument(market_row(), fee_row(), "luno")
    assert (instrument.symbol, instrument.base, instrument.counter, instrument.broker) == ("XBTZAR.luno", "XBT", "ZAR", "luno")
    assert (instrument.price_step, instrument.quantity_step, instrument.min_quantity) == (D(1), D("0.000001"), D("0.0005"))
    assert (instrument.maker_fee, instrument.taker_fee, instrument.status) == (D("0.004"), D("0.006"), MarketStatus.ACTIVE)
    assert not instrument.has_market_orders_by_quantity


def test_scales_written_as_text_are_read_too() -> None:
    assert mapping.instrument(market_row(price_scale="2", volume_scale="4"), None, "luno").price_step == D("0.01")


@pytest.mark.parametrize(
    ("counter", "price_scale", "step"),
    [("ZAR", 0, "0.01"), ("ZAR", 4, "0.01"), ("USDT", 4, "0.0001"), ("USDT", 1, "0.01"), ("XBT", 6, "0.000001")],
)
def test_the_step_of_a_counter_amount_is_never_finer_than_what_luno_takes(counter: str, price_scale: int, step: str) -> None:
    assert mapping.instrument(market_row(counter_currency=counter, price_scale=price_scale), None, "luno").value_step == D(step)


@pytest.mark.parametrize(
    ("word", "status"),
    [("POST_ONLY", MarketStatus.POST_ONLY), ("POSTONLY", MarketStatus.POST_ONLY), ("SUSPENDED", MarketStatus.HALTED),
     ("DISABLED", MarketStatus.HALTED), ("UNKNOWN", MarketStatus.UNKNOWN), ("NEW_WORD", MarketStatus.UNKNOWN)],
)
def test_every_spelling_of_a_market_s_state_is_known(word: str, status: MarketStatus) -> None:
    assert mapping.instrument(market_row(trading_status=word), None, "luno").status is status
    assert mapping.market_status(word) is status


@pytest.mark.parametrize("nonsense", [None, 7, {}, [], "active", ""])
def test_a_state_that_is_no_word_of_luno_s_is_unknown(nonsense: object) -> None:
    assert mapping.market_status(nonsense) is MarketStatus.UNKNOWN


def test_the_dearer_side_s_fee_counts_and_a_maker_may_be_paid() -> None:
    fees = fee_row(maker_fee_buy="-0.0001", maker_fee_sell="-0.0002", taker_fee_buy="0.006", taker_fee_sell="0.007")
    instrument = mapping.instrument(market_row(), fees, "luno")
    assert (instrument.maker_fee, instrument.taker_fee) == (D("-0.0001"), D("0.007"))


@pytest.mark.parametrize(
    "field", ["market_id", "base_currency", "counter_currency", "min_volume", "price_scale", "volume_scale", "max_price"]
)
def test_a_market_that_lacks_a_field_is_refused_by_its_name(field: str) -> None:
    row = market_row()
    del row[field]
    with pytest.raises(ValueError, match=f"^{field} is None"):
        mapping.instrument(row, None, "luno")


def test_a_scale_out_of_all_proportion_is_refused() -> None:
    with pytest.raises(ValueError, match="18 decimals"):
        mapping.instrument(market_row(price_scale=10**9), None, "luno")


def test_a_ticker_becomes_a_tick() -> None:
    assert mapping.tick(ticker_row(), "luno") == Tick("XBTZAR.luno", 1789999901388 * 10**6, 1200100.0, 1200300.0, 1200200.0)
    assert math.isnan(mapping.tick(ticker_row(last_trade="0.00"), "luno").last)


@pytest.mark.parametrize(
    ("changes", "why"),
    [({"bid": "0.00"}, "empty side"), ({"ask": "0.00"}, "empty side"), ({"bid": "1200301"}, "crossed book"), ({"bid": "-1"}, "^bid is"),
     ({"ask": "NaN"}, "^ask is"), ({"timestamp": 0}, "^timestamp is"), ({"timestamp": None}, "^timestamp is"), ({"pair": ""}, "^pair is"),
     ({"status": "OPEN"}, "^status is"), ({"status": None}, "^status is"), ({"status": ["ACTIVE"]}, "^status is")],
)
def test_a_ticker_without_two_sane_sides_is_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        mapping.tick(ticker_row(**changes), "luno")


def test_a_book_has_its_best_levels_first_whatever_the_order_of_the_rows() -> None:
    bids = [{"price": "2762.00", "volume": "0.5"}, {"price": "2763.00", "volume": "0.026792"}]
    asks = [{"price": "2767.00", "volume": "1"}, {"price": "2765.00", "volume": "3.925038"}]
    book = mapping.book({"timestamp": 5, "bids": bids, "asks": asks}, "XBTZAR.luno")
    assert book.bids == ((2763.0, 0.026792), (2762.0, 0.5))
    assert book.asks == ((2765.0, 3.925038), (2767.0, 1.0))
    assert book.time_ns == 5_000_000
    with pytest.raises(ValueError, match="crossed book"):
        mapping.book({"timestamp": 5, "bids": asks, "asks": bids}, "XBTZAR.luno")
    with pytest.raises(ValueError, match="price is zero"):
        mapping.book({"timestamp": 5, "bids": [{"price": "0", "volume": "1"}], "asks": []}, "X")


def test_a_public_trade_is_read_with_numbers_written_either_way() -> None:
    expected = Trade("XBTZAR.luno", 1789999901388 * 10**6, 1200000.0, 0.02, False, 5)
    assert mapping.trade(trade_row(), "XBTZAR.luno") == expected
    assert mapping.trade(trade_row(sequence="5", timestamp="1789999901388"), "XBTZAR.luno") == expected
    with pytest.raises(ValueError, match=r"^is_buy is"):
        mapping.trade(trade_row(is_buy="false"), "XBTZAR.luno")


def test_an_order_carries_totals_and_echoes_what_luno_holds() -> None:
    heard = update(base="0.004", counter="4800.00", fee_base="0.000024", fee_counter="-0.10")
    assert heard.totals is not None
    assert (heard.totals.filled_quantity, heard.totals.filled_value) == (D("0.004"), D(4800))
    assert heard.totals.fees == {"XBT": D("0.000024"), "ZAR": D("-0.1")}
    assert (heard.symbol, heard.side, heard.quantity) == ("XBTZAR.luno", Side.BUY, D("0.01"))
    assert (heard.client_order_id, heard.venue_order_id, heard.evidence) == ("ours-1", "BXAAAAAAAAAAAA1", EVIDENCE)


def test_an_orders_limit_is_told_where_it_has_one_and_a_row_without_it_is_as_good_as_ever() -> None:
    assert update(limit_price="500000.00").limit == D(500000)
    assert update(type="MARKET", limit_price="500000.00").limit is None
    for nothing in ("0.00", "", None):
        assert update(limit_price=nothing).limit is None


def test_fees_of_zero_are_left_out() -> None:
    totals = update(fee_base="0.00", fee_counter="0").totals
    assert totals is not None
    assert totals.fees == {}


def test_a_market_buy_has_no_quantity_and_a_stranger_has_no_name() -> None:
    assert update(type="MARKET", limit_volume="0.00").quantity is None
    for nothing in ("", None):
        assert update(client_order_id=nothing).client_order_id == ""


@pytest.mark.parametrize(
    "changes",
    [{"status": "DONE"}, {"side": "LONG"}, {"base": "-1"}, {"counter": None}, {"order_id": ""}, {"limit_volume": "NaN"}, {"type": None},
     {"fee_base": "x"}, {"client_order_id": 5}],
)
def test_an_order_that_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"^{next(iter(changes))} is "):
        update(**changes)


def candle_row(**changes: Any) -> dict[str, Any]:
    return {"timestamp": 1789999860000, "open": "10.00", "close": "12.00", "high": "13.00", "low": "9.5", "volume": "3.25", **changes}


def test_a_candle_becomes_a_bar_and_an_empty_one_a_flat_bar() -> None:
    minute = 60 * 10**9
    assert mapping.candle(candle_row(), "X", minute) == Bar("X", 1789999860 * 10**9, 1789999920 * 10**9, 10.0, 13.0, 9.5, 12.0, 3.25, 0)
    flat = mapping.candle(candle_row(open="10", high="10", low="10", close="10", volume="0.00"), "X", minute)
    assert (flat.open, flat.high, flat.low, flat.close, flat.volume) == (10, 10, 10, 10, 0)


@pytest.mark.parametrize(
    ("changes", "why"),
    [({"high": "11.9"}, "do not span"), ({"low": "10.01"}, "do not span"), ({"open": "0"}, "^open is zero"), ({"close": "NaN"}, "^close is"),
     ({"volume": "-1"}, "^volume is"), ({"volume": None}, "^volume is"), ({"timestamp": 1789999861000}, "between two steps"),
     ({"timestamp": 0}, "^timestamp is")],
)
def test_a_candle_that_makes_no_sense_is_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        mapping.candle(candle_row(**changes), "X", 60 * 10**9)


def test_an_own_trade_is_on_the_side_of_our_order_not_of_the_taker() -> None:
    trade = mapping.venue_trade(own_trade_row(type="ASK", is_buy=True), XBTZAR, "luno")
    assert trade.side is Side.SELL
    assert (trade.quantity, trade.value, trade.fees) == (D("0.01"), D(12000), {"XBT": D("0.00006")})
    assert (trade.symbol, trade.sequence, trade.venue_order_id, trade.client_order_id) == ("XBTZAR.luno", 7, "BXAAAAAAAAAAAA1", "ours-1")


def test_balances_are_summed_over_accounts_under_either_reading() -> None:
    rows = [
        {"account_id": "1", "asset": "ZAR", "balance": "100.00", "reserved": "10.00", "unconfirmed": "0.00"},
        {"account_id": 2, "asset": "ZAR", "balance": "5.5", "reserved": "0.5"},
        {"account_id": "3", "asset": "XBT", "balance": "1", "reserved": "0"},
    ]
    assert mapping.balances(rows, True) == {"ZAR": Balance(D("105.5"), D("10.5")), "XBT": Balance(D(1), D(0))}
    assert mapping.balances(rows, False)["ZAR"] == Balance(D(116), D("10.5"))
    with pytest.raises(ValueError, match=r"^reserved is None"):
        mapping.balances([{"asset": "ZAR", "balance": "1"}], True)
