"""What the list of our own trades adds to an answer about one order: only ever more, and never somebody else's."""

from decimal import Decimal
from typing import Any

import pytest

from trading_system.core.order import OrderKind, OrderRequest, TimeInForce
from trading_system.core.order_update import Answer, Evidence, OrderUpdate, Totals, VenueTrade
from trading_system.core.side import Side
from trading_system.executors.trade_search import with_trades

NAME = "abcdef-naive-1-1"
D = Decimal


def request(**changes: Any) -> OrderRequest:
    fields: dict[str, Any] = dict(client_order_id=NAME, strategy="naive", symbol="XBTZAR.luno", side=Side.BUY, kind=OrderKind.LIMIT,
                                  created_ns=1, quantity=D(1), limit=D(100))
    return OrderRequest(**{**fields, **changes})


def said(answer: Answer, filled: str | None = None, venue_order_id: str = "", **fees: str) -> OrderUpdate:
    totals = None if filled is None else Totals(D(filled), D(filled) * 100, {name: D(fee) for name, fee in fees.items()})
    return OrderUpdate(NAME, answer, Evidence("test", 10, 11), venue_order_id, totals)


def trade(quantity: str, sequence: int = 1, name: str = NAME, venue_order_id: str = "V1", fee: str = "0.001") -> VenueTrade:
    return VenueTrade("XBTZAR.luno", sequence, venue_order_id, name, Side.BUY, 5, D(quantity), D(quantity) * 100, {"XBT": D(fee)})


def test_what_is_not_found_and_has_no_trade_stays_not_found_with_the_search_noted() -> None:
    update = with_trades(request(), said(Answer.NOT_FOUND), [])
    assert (update.answer, update.has_trades, update.totals) == (Answer.NOT_FOUND, True, None)


def test_an_order_that_is_not_found_but_traded_exists_with_the_totals_of_its_trades() -> None:
    update = with_trades(request(), said(Answer.NOT_FOUND), [trade("0.2"), trade("0.3", 2), trade("7", 3, "somebody-elses", "V9")])
    assert update.answer is Answer.OPEN
    assert update.totals == Totals(D("0.5"), D(50), {"XBT": D("0.002")})
    assert (update.venue_order_id, update.symbol, update.side) == ("V1", "XBTZAR.luno", Side.BUY)


@pytest.mark.parametrize(("changes", "filled", "answer"), [
    ({}, "1", Answer.FILLED), ({}, "0.4", Answer.OPEN), ({"time_in_force": TimeInForce.IOC}, "0.4", Answer.CANCELED),
    ({"time_in_force": TimeInForce.IOC}, "1", Answer.FILLED),
    ({"kind": OrderKind.MARKET, "quantity": None, "value": D(100), "limit": None}, "0.4", Answer.FILLED),
])
def test_what_its_trades_say_of_an_order_that_is_not_found(changes: dict[str, Any], filled: str, answer: Answer) -> None:
    assert with_trades(request(**changes), said(Answer.NOT_FOUND), [trade(filled)]).answer is answer


def test_an_order_that_is_over_with_less_than_its_trades_has_what_they_come_to() -> None:
    update = with_trades(request(), said(Answer.CANCELED, "0.4"), [trade("0.4"), trade("0.3", 2)])
    assert update.answer is Answer.CANCELED
    assert update.totals == Totals(D("0.7"), D(70), {"XBT": D("0.002")})
    assert with_trades(request(), said(Answer.CANCELED, "0.4"), [trade("1")]).answer is Answer.FILLED


def test_a_market_order_that_looks_canceled_and_has_traded_did_what_it_could() -> None:
    by_value = request(kind=OrderKind.MARKET, quantity=None, value=D(100), limit=None)
    assert with_trades(by_value, said(Answer.CANCELED, "0"), [trade("0.4")]).answer is Answer.FILLED
    assert with_trades(by_value, said(Answer.CANCELED, "0"), []).answer is Answer.CANCELED


def test_a_list_that_lags_takes_nothing_back() -> None:
    known = said(Answer.FILLED, "1", XBT="0.002")
    assert with_trades(request(), known, [trade("0.4")]).totals == known.totals


def test_fees_that_the_order_does_not_show_yet_are_taken_from_its_trades() -> None:
    assert with_trades(request(), said(Answer.FILLED, "1"), [trade("1")]).totals == Totals(D(1), D(100), {"XBT": D("0.001")})
    known = said(Answer.FILLED, "1", XBT="0.002")
    assert with_trades(request(), known, [trade("1")]).totals == known.totals


def test_trades_are_known_by_the_venues_name_too_where_ours_is_not_in_the_list() -> None:
    assert with_trades(request(), said(Answer.NOT_FOUND), [trade("1", name="")], "V1").answer is Answer.FILLED
    assert with_trades(request(), said(Answer.NOT_FOUND), [trade("1", name="")]).answer is Answer.NOT_FOUND


def test_sums_are_exact_beyond_the_digits_that_python_keeps() -> None:
    trades = [trade("12345678901234567890.1"), trade("0.0000000000000000001", 2)]
    update = with_trades(request(), said(Answer.NOT_FOUND), trades)
    assert update.totals is not None
    assert update.totals.filled_quantity == D("12345678901234567890.1000000000000000001")
