"""The Luno broker: what it asks Luno for, how it pages, and what it answers the house."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest

from brokerage.luno.broker import LunoBroker
from brokerage.luno.settings import LunoSettings
from brokerage.transport import HttpReply, HttpRequest
from tests.unit.brokerage.fake_runtime import START_NS, FakeRuntime
from tests.unit.brokerage.fake_transport import FakeTransport, replying
from tests.unit.brokerage.luno.luno_rows import ERROR, fee_row, luno_client, market_row, order_row, own_trade_row, request
from trading_system.core.errors import OrderRefused, RefusalReason, TryAgain
from trading_system.core.events import Balance
from trading_system.core.order import OrderKind, OrderRequest, TimeInForce
from trading_system.core.order_update import Answer
from trading_system.core.side import Side

ORDERS, ORDER, TRADES = "/api/exchange/2/listorders", "/api/exchange/3/order", "/api/1/listtrades"
MARKETS, FEES, BALANCE = "/api/exchange/1/markets", "/api/1/fee_info", "/api/1/balance"


@pytest.fixture
def transport() -> FakeTransport:
    made = FakeTransport()
    rows = [market_row(), market_row(market_id="ETHXBT", base_currency="ETH", counter_currency="XBT", price_scale=6)]
    made.on(MARKETS, replying({"markets": rows}))
    made.on(FEES, replying(fee_row()))
    for path in ("/api/1/postorder", "/api/1/marketorder"):
        made.on(path, replying({"order_id": "BX1"}))
    return made


@pytest.fixture
def runtime() -> FakeRuntime:
    return FakeRuntime()


def broker_over(transport: FakeTransport, runtime: FakeRuntime, has_key: bool = True, **settings: Any) -> LunoBroker:
    return LunoBroker("luno", luno_client(transport, runtime, has_key), LunoSettings(**settings), runtime, ["XBTZAR.luno"])


@pytest.fixture
def broker(transport: FakeTransport, runtime: FakeRuntime) -> LunoBroker:
    return broker_over(transport, runtime)


def asked(transport: FakeTransport, path: str) -> list[HttpRequest]:
    return [request for request in transport.requests if request.path == path]


def test_fees_are_asked_for_the_symbols_of_interest_only(broker: LunoBroker, transport: FakeTransport) -> None:
    bitcoin, ether = broker.instruments()
    assert (bitcoin.symbol, bitcoin.taker_fee) == ("XBTZAR.luno", Decimal("0.006"))
    assert (ether.symbol, ether.taker_fee) == ("ETHXBT.luno", 0)
    assert [urlencode(one.query) for one in asked(transport, FEES)] == ["pair=XBTZAR"]
    assert broker.calls == {f"GET {MARKETS}": 1, f"GET {FEES}": 1}


def test_without_a_key_the_markets_are_listed_without_fees(transport: FakeTransport, runtime: FakeRuntime) -> None:
    assert len(broker_over(transport, runtime, has_key=False).instruments()) == 2
    assert not asked(transport, FEES)


def test_a_market_that_makes_no_sense_is_left_out_and_counted(broker: LunoBroker, transport: FakeTransport) -> None:
    transport.on(MARKETS, replying({"markets": [market_row(), market_row(min_volume="x"), market_row(min_volume="y"), "row"]}))
    assert [one.symbol for one in broker.instruments()] == ["XBTZAR.luno"]
    assert broker.refused == {"min_volume": 2, "row": 1}


@pytest.mark.parametrize(
    ("order", "path", "expected"),
    [
        (request(), "/api/1/postorder",
         {"type": "BID", "volume": "0.01", "price": "1200000", "time_in_force": "GTC", "post_only": "false"}),
        (request(side=Side.SELL, post_only=True), "/api/1/postorder", {"type": "ASK", "post_only": "true"}),
        (request(time_in_force=TimeInForce.IOC), "/api/1/postorder", {"time_in_force": "IOC"}),
        (request(OrderKind.MARKET, value=Decimal("500.50")), "/api/1/marketorder", {"type": "BUY", "counter_volume": "500.50"}),
        (request(OrderKind.MARKET, Side.SELL, quantity=Decimal("0.1")), "/api/1/marketorder", {"type": "SELL", "base_volume": "0.1"}),
        (request(OrderKind.STOP_LIMIT, quantity=Decimal(1), limit=Decimal(9), stop=Decimal(8)), "/api/1/postorder",
         {"type": "BID", "stop_price": "8", "stop_direction": "ABOVE"}),
        (request(OrderKind.STOP_LIMIT, Side.SELL, quantity=Decimal(1), limit=Decimal(7), stop=Decimal(8)), "/api/1/postorder",
         {"type": "ASK", "stop_price": "8", "stop_direction": "BELOW"}),
    ],
)
def test_an_order_is_placed_under_its_name_with_its_time_and_ttl(
    broker: LunoBroker, transport: FakeTransport, order: OrderRequest, path: str, expected: dict[str, str]
) -> None:
    update = broker.place_order(order)
    assert (update.client_order_id, update.answer, update.venue_order_id, update.totals) == ("ours-1", Answer.ACCEPTED, "BX1", None)
    (sent,) = transport.requests
    form = dict(sent.form)
    always = {"pair": "XBTZAR", "client_order_id": "ours-1", "timestamp": str(START_NS // 10**6), "ttl": "5000"}
    assert (sent.path, form) == (path, {**form, **expected, **always})
    assert sent.token == "ours-1"


def test_a_stop_order_waits_outside_the_book_until_it_is_triggered(broker: LunoBroker, transport: FakeTransport) -> None:
    order = request(OrderKind.STOP_LIMIT, Side.SELL, quantity=Decimal("0.01"), limit=Decimal(1190000), stop=Decimal(1195000))
    assert broker.place_order(order).answer is Answer.ACCEPTED
    row = order_row(side="SELL", type="STOP_LIMIT", status="AWAITING", stop_price="1195000.00", stop_direction="BELOW")
    transport.on(ORDER, replying(row), replying({**row, "status": "PENDING"}),
                 replying({**row, "status": "COMPLETE", "base": "0.01", "counter": "11950.00"}))
    transport.on(ORDERS, replying({"orders": [row]}))
    (listed,) = broker.open_orders().updates
    assert (listed.answer, listed.side, listed.quantity) == (Answer.WAITING, Side.SELL, order.quantity)
    assert [broker.look_up(order).answer for _ in range(3)] == [Answer.WAITING, Answer.OPEN, Answer.FILLED]


def test_a_stop_order_that_luno_refuses_says_why(broker: LunoBroker, transport: FakeTransport) -> None:
    order = request(OrderKind.STOP_LIMIT, quantity=Decimal("0.01"), limit=Decimal(1190000), stop=Decimal(1195000))
    for code, reason in (("ErrStopPriceTooHigh", RefusalReason.PRICE_OUT_OF_RANGE), ("ErrInvalidStopDirection", RefusalReason.OTHER)):
        transport.on("/api/1/postorder", replying({**ERROR, "error_code": code}, 400))
        with pytest.raises(OrderRefused) as refused:
            broker.place_order(order)
        assert refused.value.refusal is reason


def test_what_luno_turned_away_is_counted_with_the_bad_rows(broker: LunoBroker, transport: FakeTransport) -> None:
    transport.on(BALANCE, replying(b"", 429))
    with pytest.raises(TryAgain):
        broker.balances()
    assert broker.refused == {"HTTP 429": 1}


@pytest.mark.parametrize(
    "order",
    [request(OrderKind.MARKET, quantity=Decimal(1)), request(OrderKind.MARKET, Side.SELL, value=Decimal(1)), request(limit=None),
     request(quantity=None), request(OrderKind.STOP_LIMIT, quantity=Decimal(1), limit=Decimal(1))],
)
def test_what_luno_has_no_order_for_is_refused_before_anything_is_sent(
    broker: LunoBroker, transport: FakeTransport, order: OrderRequest
) -> None:
    with pytest.raises(ValueError, match="order"):
        broker.place_order(order)
    assert transport.requests == []


@pytest.mark.parametrize(
    ("reply", "answer", "reason"),
    [
        (replying({"success": True}), Answer.CANCEL_ACCEPTED, ""),
        (replying({"success": False}), Answer.CANCEL_REFUSED, "Luno answered success: false"),
        (replying({**ERROR, "error_code": "ErrCannotStopUnknownOrNonPendingOrder"}, 400), Answer.CANCEL_REFUSED,
         "ErrCannotStopUnknownOrNonPendingOrder"),
    ],
)
def test_a_cancel_is_answered(broker: LunoBroker, transport: FakeTransport, reply: HttpReply, answer: Answer, reason: str) -> None:
    transport.on("/api/1/stoporder", reply)
    update = broker.cancel_order(request(), "BX1")
    assert (update.client_order_id, update.venue_order_id, update.answer, update.reason) == ("ours-1", "BX1", answer, reason)
    (sent,) = transport.requests
    assert (sent.path, sent.form, sent.token) == ("/api/1/stoporder", (("order_id", "BX1"),), "ours-1")


def test_a_look_up_asks_by_our_name_and_by_luno_s_where_there_is_none(broker: LunoBroker, transport: FakeTransport) -> None:
    transport.on(ORDER, replying(order_row()), replying(order_row(client_order_id="", order_id="BX9")))
    assert broker.look_up(request(), "BX9").answer is Answer.OPEN
    assert broker.look_up(OrderRequest("", "", "XBTZAR.luno", Side.BUY, OrderKind.LIMIT, 0), "BX9").venue_order_id == "BX9"
    assert [one.query for one in asked(transport, ORDER)] == [(("client_order_id", "ours-1"),), (("id", "BX9"),)]


def test_a_look_up_of_what_luno_does_not_hold_is_an_answer(broker: LunoBroker, transport: FakeTransport) -> None:
    transport.on(ORDER, replying({**ERROR, "error_code": "ErrOrderNotFound"}, 404))
    update = broker.look_up(request())
    assert (update.client_order_id, update.answer, update.totals) == ("ours-1", Answer.NOT_FOUND, None)
    assert (update.evidence.status, update.evidence.code) == (404, "ErrOrderNotFound")


@pytest.mark.parametrize("changes", [{"client_order_id": "theirs-1"}, {"base": "NaN"}, {"pair": "NOPEZAR"}])
def test_an_answer_that_is_not_about_the_order_is_asked_again(
    broker: LunoBroker, transport: FakeTransport, changes: dict[str, str]
) -> None:
    transport.on(ORDER, replying(order_row(**changes)))
    with pytest.raises(TryAgain):
        broker.look_up(request())


def listing(rows: list[dict[str, Any]]) -> Any:
    """Answer as Luno's v2 list does: newest first, created before, at most `limit`."""
    def answer(sent: HttpRequest) -> HttpReply:
        query = dict(sent.query)
        before, limit = int(query.get("created_before", 2**62)), int(query["limit"])
        found = sorted((row for row in rows if row["creation_timestamp"] < before), key=lambda row: -row["creation_timestamp"])
        return replying({"orders": found[:limit]})
    return answer


def test_open_orders_are_paged_with_an_overlap_for_equal_timestamps(broker: LunoBroker, transport: FakeTransport) -> None:
    # Three orders share each millisecond, so that pages end inside a group.
    rows = [
        order_row(order_id=f"BX{number}", client_order_id=f"ours-{number}", creation_timestamp=1 + number // 3) for number in range(2500)
    ]
    transport.on(ORDERS, listing(rows))
    event = broker.open_orders()
    assert event.is_complete
    assert {update.client_order_id for update in event.updates} == {row["client_order_id"] for row in rows}
    assert len(event.updates) == 2500
    assert len(asked(transport, ORDERS)) == 3


def test_the_list_is_as_old_as_its_first_page(broker: LunoBroker, transport: FakeTransport, runtime: FakeRuntime) -> None:
    rows = [order_row(order_id=f"BX{number}", creation_timestamp=1 + number) for number in range(1500)]
    list_rows = listing(rows)

    def slowly(sent: HttpRequest) -> HttpReply:
        runtime.time_ns += 10**9
        return list_rows(sent)
    transport.on(ORDERS, slowly)
    event = broker.open_orders()
    assert (event.broker, event.asked_ns, event.answered_ns) == ("luno", START_NS, START_NS + 2 * 10**9)


def test_more_orders_in_one_millisecond_than_a_page_holds_make_the_list_incomplete(broker: LunoBroker, transport: FakeTransport) -> None:
    transport.on(ORDERS, listing([order_row(order_id=f"BX{number}", creation_timestamp=5) for number in range(1001)]))
    event = broker.open_orders()
    assert not event.is_complete
    assert len(event.updates) == 1000


def test_an_order_that_makes_no_sense_leaves_the_list_incomplete_and_the_others_told(broker: LunoBroker, transport: FakeTransport) -> None:
    rows = [order_row(), order_row(order_id="BX2", base="-1"), order_row(order_id="BX3", pair="NOPEZAR"), "row"]
    transport.on(ORDERS, replying({"orders": rows}))
    for _ in range(3):
        event = broker.open_orders()
        assert [update.venue_order_id for update in event.updates] == ["BXAAAAAAAAAAAA1"]
        assert not event.is_complete
    assert broker.refused == {"base": 3, "pair": 3, "row": 3}
    # Neither the known markets nor the unknown one cost a call at every beat.
    assert len(asked(transport, MARKETS)) == 2


def test_an_empty_list_is_complete(broker: LunoBroker, transport: FakeTransport) -> None:
    transport.on(ORDERS, replying({"orders": None}))
    assert broker.open_orders().is_complete


def test_fills_are_paged_and_a_sequence_that_comes_twice_is_two_fills(broker: LunoBroker, transport: FakeTransport) -> None:
    rows = [own_trade_row(sequence=number // 2 + 1, order_id=f"BX{number % 2}") for number in range(2100)]

    def answer(sent: HttpRequest) -> HttpReply:
        after = int(dict(sent.query).get("after_seq", 0))
        return replying({"trades": [row for row in rows if row["sequence"] >= after][:1000]})
    transport.on(TRADES, answer)
    fills = broker.fills_since("XBTZAR.luno", 5_999_999)
    assert len(fills) == 2100
    assert [fill.sequence for fill in fills] == [row["sequence"] for row in rows]
    first = asked(transport, TRADES)[0]
    assert dict(first.query) == {"pair": "XBTZAR", "limit": "1000", "since": "5"}


def test_a_hole_in_the_list_of_fills_is_asked_again(broker: LunoBroker, transport: FakeTransport) -> None:
    transport.on(TRADES, replying({"trades": [own_trade_row(), own_trade_row(base="x")]}))
    with pytest.raises(TryAgain, match="base is"):
        broker.fills_since("XBTZAR.luno", 0)


def test_balances_are_read_as_configured(transport: FakeTransport, runtime: FakeRuntime) -> None:
    transport.on(BALANCE, replying({"balance": [{"asset": "ZAR", "balance": "10.00", "reserved": "4.00"}]}))
    assert broker_over(transport, runtime).balances() == {"ZAR": Balance(Decimal(10), Decimal(4))}
    assert broker_over(transport, runtime, balance_includes_reserved=False).balances() == {"ZAR": Balance(Decimal(14), Decimal(4))}
    transport.on(BALANCE, replying({"balance": [{"asset": "ZAR", "balance": "10.00"}]}))
    with pytest.raises(TryAgain, match="reserved"):
        broker_over(transport, runtime).balances()
