"""The nouns: what crosses a thread cannot change, what is journaled comes back the same, and orders are told in a trader's words."""

import math
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.unit.engine.small_house import instrument
from trading_system.core.actions import CancelOrder, LookUpOrders, PlaceOrder
from trading_system.core.errors import ConfigError, HeldBack, OrderRefused, RefusalReason
from trading_system.core.events import (
    Balance,
    BalanceEvent,
    CancelEvent,
    CommandEvent,
    ConnectionEvent,
    InstrumentEvent,
    OrderEvent,
    OrderUpdateEvent,
    Verdict,
    VerdictNumbers,
)
from trading_system.core.market_data import Bar, Book, Tick, Trade
from trading_system.core.order import Fill, FillAmounts, Order, OrderKind, OrderRequest, OrderState, TimeInForce
from trading_system.core.order_update import Answer, Evidence, OrderUpdate, Totals
from trading_system.core.order_words import order_words, plain, short
from trading_system.core.records import (
    CapitalBooked,
    OrderAdopted,
    OrderSent,
    Record,
    RecordBody,
    RunEnded,
    RunStarted,
    StateSaved,
    StrategyStarted,
)
from trading_system.core.side import Side

REQUEST = OrderRequest("abcdef-naive-1-7", "naive", "XBTZAR.luno", Side.SELL, OrderKind.LIMIT, 5, Decimal("0.010"), limit=Decimal("100.0"),
                       time_in_force=TimeInForce.GTC, post_only=True, tag="quote")
UPDATE = OrderUpdate("abcdef-naive-1-7", Answer.OPEN, Evidence("/orders", 1, 2, 200, "x"), "V1",
                     Totals(Decimal("0.1"), Decimal("1E+3"), {"XBT": Decimal("1E-8")}), "reason", symbol="XBTZAR.luno", side=Side.SELL,
                     quantity=Decimal("0.010"))
BODIES: list[Any] = [
    RunStarted(1, 2, "abcdef", "simulate", "0.1.0", "hash", {"naive": StrategyStarted(("XBTZAR.luno",), {"ZAR": Decimal("1.50")}, "ZAR")},
               {"XBTZAR.luno": instrument()}),
    OrderEvent(REQUEST, Verdict(True, numbers=VerdictNumbers("ZAR", Decimal(1), Decimal(2), 3)), Decimal("100.5"), 7), CancelEvent("abcdef-naive-1-7", "naive", "stop"),
    OrderUpdateEvent(UPDATE), OrderSent("abcdef-naive-1-7"), OrderAdopted(REQUEST), CapitalBooked("naive", "XBTZAR.luno", Decimal(1), Decimal(2)),
    StateSaved("naive", b"\x00\xff"), CommandEvent("stop", "operator", "enough"),
    BalanceEvent("luno", {"ZAR": Balance(Decimal("1.10"), Decimal(0))}, 1), InstrumentEvent(instrument()),
    ConnectionEvent("luno", "orders", False, "no"), RunEnded("enough"),
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: type(body).__name__)
def test_what_is_journaled_comes_back_the_same_to_the_last_digit(body: Any) -> None:
    record = Record(123, body)
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(record), type=Record)
    assert again == record
    assert repr(again) == repr(record)


def test_a_run_that_was_journaled_without_instruments_is_still_read() -> None:
    run = msgspec.to_builtins(BODIES[0])
    del run["instruments"]
    again = msgspec.msgpack.decode(msgspec.msgpack.encode([7, run]), type=Record).body
    assert again == msgspec.structs.replace(BODIES[0], instruments={})


def test_every_kind_of_record_is_tried_above() -> None:
    assert {type(body) for body in BODIES} == set(RecordBody.__args__)


@pytest.mark.parametrize("noun", [
    REQUEST, UPDATE, UPDATE.evidence, Totals(), instrument(), Tick("s", 1, 1.0, 2.0), Trade("s", 1, 1.0, 1.0, True),
    Bar("s", 0, 1, 1.0, 1.0, 1.0, 1.0), Book("s", 1, (), ()), PlaceOrder(REQUEST), CancelOrder(REQUEST, "V1"), LookUpOrders("luno"),
    *BODIES, Fill("id", "naive", "s", Side.BUY, 1, FillAmounts(Decimal(1), Decimal(1), {}))], ids=lambda noun: type(noun).__name__)
def test_what_crosses_a_thread_cannot_be_changed(noun: Any) -> None:
    with pytest.raises(AttributeError):
        setattr(noun, noun.__struct_fields__[0], None)


def test_the_mark_is_the_middle_of_a_tick_and_of_a_book_the_price_of_a_trade_and_the_close_of_a_bar() -> None:
    assert Tick("s", 1, 1.0, 2.0).mark == 1.5
    assert Book("s", 1, ((1.0, 9.0),), ((3.0, 1.0),)).mark == 2.0
    assert math.isnan(Book("s", 1, (), ((3.0, 1.0),)).mark)
    assert Trade("s", 1, 7.0, 1.0, True).mark == 7.0
    assert Bar("s", 0, 1, 1.0, 4.0, 0.5, 3.0).mark == 3.0


def test_a_side_is_the_sign_that_a_fill_gives_a_position() -> None:
    assert (int(Side.BUY), int(Side.SELL)) == (1, -1)


def test_the_states_from_filled_on_are_over_and_the_others_are_not() -> None:
    over = {state.name for state in OrderState if state.is_done}
    assert over == {"FILLED", "CANCELED", "EXPIRED", "REJECTED", "DENIED", "NOT_PLACED"}
    for state in OrderState:
        order = Order(REQUEST, state)
        assert order.is_done is (state.name in over)
        assert order.is_open is not order.is_done


def test_an_order_reads_as_floats_and_not_known_is_nan() -> None:
    order = Order(REQUEST, OrderState.OPEN, exact=Totals(Decimal("0.004"), Decimal("0.42"), {}))
    assert (order.quantity, order.limit, order.filled_quantity, order.side, order.tag) == (0.01, 100.0, 0.004, Side.SELL, "quote")
    assert order.average_price == pytest.approx(105)
    assert order.remaining == Decimal("0.006")
    bare = Order(msgspec.structs.replace(REQUEST, quantity=None, limit=None, value=Decimal(5)))
    assert math.isnan(bare.quantity)
    assert math.isnan(bare.limit)
    assert math.isnan(bare.average_price)
    assert bare.remaining == 0


@pytest.mark.parametrize(("changes", "words"), [
    ({}, "sell 0.01 XBTZAR.luno at 100 post-only (quote)"),
    ({"post_only": False, "tag": ""}, "sell 0.01 XBTZAR.luno at 100"),
    ({"post_only": False, "tag": "", "time_in_force": TimeInForce.IOC}, "sell 0.01 XBTZAR.luno now, at least 100"),
    ({"side": Side.BUY, "post_only": False, "tag": "", "time_in_force": TimeInForce.IOC}, "buy 0.01 XBTZAR.luno now, at most 100"),
    ({"side": Side.BUY, "post_only": False, "tag": "", "time_in_force": TimeInForce.FOK},
     "buy 0.01 XBTZAR.luno now, at most 100 or not at all"),
    ({"side": Side.BUY, "quantity": None, "limit": None, "value": Decimal("500.0"), "tag": ""}, "buy for 500 XBTZAR.luno at the market"),
])
def test_an_order_is_told_as_a_trader_would_say_it(changes: dict[str, Any], words: str) -> None:
    assert order_words(msgspec.structs.replace(REQUEST, **changes)) == words


@pytest.mark.parametrize(("number", "text"), [("1E+3", "1000"), ("0.0100", "0.01"), ("0E-8", "0"), ("1E-8", "0.00000001"), ("-5.50", "-5.5")])
def test_a_number_is_shown_without_exponent_and_without_idle_zeros(number: str, text: str) -> None:
    assert plain(Decimal(number)) == text


def test_an_orders_short_name_is_its_own_number() -> None:
    assert short("abcdef-naive-1-7") == "#7"


def test_errors_say_their_reason_and_keep_their_proof() -> None:
    proof = Evidence("/orders", 1, 2, 400, "x")
    refused = OrderRefused(RefusalReason.WOULD_CROSS, "it would cross", proof)
    assert (str(refused), refused.refusal, refused.evidence) == ("it would cross", "would_cross", proof)
    assert (HeldBack("stale", "it waited").code, str(HeldBack("stale", "it waited"))) == ("stale", "it waited")
    assert str(ConfigError("one", "two")) == "one\ntwo"
