"""Wrong parameters and the codes they are answered with; nothing a stranger sends may do anything else."""

import json
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from brokerage.luno_simulator.account_list import account_id_of
from brokerage.luno_simulator.api import LunoApi
from brokerage.luno_simulator.exchange import Exchange

LIMIT = {"pair": "ETHZAR", "type": "BID", "price": "50000", "volume": "0.1"}
BUY = {"pair": "ETHZAR", "type": "BUY", "counter_volume": "1000"}
SELL = {"pair": "ETHZAR", "type": "SELL", "base_volume": "0.1"}

NOT_A_NUMBER = [
    *("", "x", "1e400", "1e-05", "NaN", "Infinity", "-0", "-1", "+1", "1,5", "1.", ".5", " 1", "1 "),
    *("0x10", "1_000", "\u0663", "\uff11", "9" * 16, "0." + "1" * 19, "\x00", "1\n"),
]

LIMIT_ERRORS = [
    ({"pair": ""}, "ErrMarketUnavailable"),
    ({"pair": "XBTUSD"}, "ErrMarketUnavailable"),
    ({"pair": "ethzar"}, "ErrInvalidMarketPair"),
    ({"pair": "Ξ/ZAR"}, "ErrInvalidMarketPair"),
    ({"type": ""}, "ErrInvalidOrderSide"),
    ({"type": "BUY"}, "ErrInvalidOrderSide"),
    *(({"price": text}, "ErrInvalidPrice") for text in NOT_A_NUMBER),
    *(({"volume": text}, "ErrInvalidVolume") for text in NOT_A_NUMBER),
    ({"price": "50000.5"}, "ErrPriceDenominationNotAllowed"),
    ({"price": "99"}, "ErrPriceTooLow"),
    ({"price": "0"}, "ErrPriceTooLow"),
    ({"price": "10000001"}, "ErrPriceTooHigh"),
    ({"volume": "0.0000001"}, "ErrVolumeDenominationNotAllowed"),
    ({"volume": "0"}, "ErrVolumeTooLow"),
    ({"volume": "0.000999"}, "ErrVolumeTooLow"),
    ({"volume": "1000.000001"}, "ErrVolumeTooHigh"),
    ({"volume": "100"}, "ErrInsufficientBalance"),
    ({"time_in_force": "DAY"}, "ErrInvalidArguments"),
    ({"time_in_force": "IOC", "post_only": "true"}, "ErrPostOnlyNotAllowed"),
    ({"post_only": "perhaps"}, "ErrInvalidArguments"),
    ({"price": "70000", "post_only": "TRUE"}, "ErrOrderCanceled"),
    *(({"stop_price": text, "stop_direction": "ABOVE"}, "ErrInvalidStopPrice") for text in NOT_A_NUMBER),
    ({"stop_price": "60000.5", "stop_direction": "ABOVE"}, "ErrInvalidStopPrice"),
    ({"stop_price": "60000"}, "ErrInvalidStopDirection"),
    ({"stop_price": "60000", "stop_direction": "above"}, "ErrInvalidStopDirection"),
    ({"stop_price": "99", "stop_direction": "BELOW"}, "ErrStopPriceTooLow"),
    ({"stop_price": "10000001", "stop_direction": "ABOVE"}, "ErrStopPriceTooHigh"),
    ({"stop_price": "70000", "stop_direction": "ABOVE", "volume": "100"}, "ErrInsufficientBalance"),
    ({"client_order_id": "a b"}, "ErrInvalidClientOrderId"),
    ({"client_order_id": "é"}, "ErrInvalidClientOrderId"),
    ({"client_order_id": "a" * 256}, "ErrInvalidClientOrderId"),
    ({"base_account_id": "1"}, "ErrInvalidAccountID"),
    ({"counter_account_id": "x"}, "ErrInvalidArguments"),
    ({"ttl": "0"}, "ErrInvalidArguments"),
    ({"ttl": "10001"}, "ErrInvalidArguments"),
    ({"timestamp": "soon"}, "ErrInvalidArguments"),
    ({"timestamp": "1"}, "ErrDeadlineExceeded"),
]


@pytest.fixture(scope="module")
def still_api(make_api: Any) -> Any:
    """One API for all the calls that are refused: they change nothing, and each test sees that they did not."""
    exchange = Exchange(7)
    exchange.advance(exchange.now_ns + 2_000_000_000)
    return make_api(exchange)


@pytest.mark.parametrize(("change", "code"), LIMIT_ERRORS)
def test_a_wrong_limit_order_is_refused_with_its_code(still_api: Any, change: dict[str, str], code: str) -> None:
    assert still_api.refusal("POST", "/api/1/postorder", **{**LIMIT, **change}) == (400, code)
    assert still_api.get("/api/exchange/2/listorders") == {"orders": []}


@pytest.mark.parametrize(
    ("order", "change", "code"),
    [
        (BUY, {"type": "BID"}, "ErrInvalidOrderSide"),
        (BUY, {"counter_volume": ""}, "ErrInvalidCounterVolume"),
        (BUY, {"counter_volume": "1e3"}, "ErrInvalidCounterVolume"),
        (BUY, {"base_volume": "1"}, "ErrInvalidCounterVolume"),
        (BUY, {"counter_volume": "0.123456789"}, "ErrCounterDenominationNotAllowed"),
        (BUY, {"counter_volume": "1"}, "ErrVolumeTooLow"),
        (BUY, {"counter_volume": "0"}, "ErrVolumeTooLow"),
        (BUY, {"counter_volume": "999999999"}, "ErrVolumeTooHigh"),
        (BUY, {"counter_volume": "50000000"}, "ErrNotEnoughLiquidity"),
        (SELL, {"base_volume": ""}, "ErrInvalidBaseVolume"),
        (SELL, {"counter_volume": "1"}, "ErrInvalidBaseVolume"),
        (SELL, {"base_volume": "0.0000001"}, "ErrVolumeDenominationNotAllowed"),
        (SELL, {"base_volume": "0.0001"}, "ErrVolumeTooLow"),
        (SELL, {"base_volume": "1000"}, "ErrNotEnoughLiquidity"),
        (SELL, {"base_volume": "21"}, "ErrInsufficientBalance"),
        (SELL, {"timestamp": "1"}, "ErrDeadlineExceeded"),
    ],
)
def test_a_wrong_market_order_is_refused_with_its_code(
    still_api: Any, order: dict[str, str], change: dict[str, str], code: str
) -> None:
    assert still_api.refusal("POST", "/api/1/marketorder", **{**order, **change}) == (400, code)
    assert still_api.get("/api/exchange/2/listorders", closed="true") == {"orders": []}


@pytest.mark.parametrize(
    ("path", "parameters", "code"),
    [
        ("/api/1/ticker", {}, "ErrMarketUnavailable"),
        ("/api/1/ticker", {"pair": "NOPE"}, "ErrMarketUnavailable"),
        ("/api/1/orderbook_top", {"pair": "ethzar"}, "ErrMarketUnavailable"),
        ("/api/1/orderbook", {"pair": "🙂"}, "ErrMarketUnavailable"),
        ("/api/1/trades", {"pair": "NOPE"}, "ErrMarketUnavailable"),
        ("/api/1/trades", {"pair": "ETHZAR", "since": "0"}, "ErrInvalidArguments"),
        ("/api/1/trades", {"pair": "ETHZAR", "since": "x"}, "ErrInvalidArguments"),
        ("/api/1/balance", {"assets": "XBT,ETH"}, "ErrInvalidArguments"),
        ("/api/1/fee_info", {"pair": "NOPE"}, "ErrMarketUnavailable"),
        ("/api/exchange/2/listorders", {"pair": "NOPE"}, "ErrMarketUnavailable"),
        ("/api/exchange/2/listorders", {"limit": "0"}, "ErrLimitOutOfRange"),
        ("/api/exchange/2/listorders", {"limit": "1001"}, "ErrLimitOutOfRange"),
        ("/api/exchange/2/listorders", {"limit": "x"}, "ErrLimitOutOfRange"),
        ("/api/exchange/2/listorders", {"closed": "x"}, "ErrInvalidArguments"),
        ("/api/exchange/2/listorders", {"created_before": "9" * 20}, "ErrInvalidArguments"),
        ("/api/1/listtrades", {}, "ErrMarketUnavailable"),
        ("/api/1/listtrades", {"pair": "ETHZAR", "limit": "-1"}, "ErrLimitOutOfRange"),
        ("/api/1/listtrades", {"pair": "ETHZAR", "after_seq": "1.5"}, "ErrInvalidArguments"),
        ("/api/exchange/1/candles", {"duration": "60", "since": "0"}, "ErrMarketUnavailable"),
        ("/api/exchange/1/candles", {"pair": "ETHZAR", "duration": "60"}, "ErrInvalidArguments"),
        ("/api/exchange/1/candles", {"pair": "ETHZAR", "since": "0"}, "ErrInvalidArguments"),
        ("/api/exchange/1/candles", {"pair": "ETHZAR", "since": "0", "duration": "61"}, "ErrInvalidArguments"),
        ("/api/exchange/1/candles", {"pair": "ETHZAR", "since": "-1", "duration": "60"}, "ErrInvalidArguments"),
        ("/api/1/listorders", {"state": "AWAITING"}, "ErrInvalidArguments"),
        ("/api/1/listorders", {"limit": "1001"}, "ErrLimitOutOfRange"),
        ("/api/1/listorders", {"pair": "NOPE"}, "ErrMarketUnavailable"),
        ("/api/1/orders/bx-1", {}, "ErrInvalidOrderRef"),
        ("/api/1/accounts/x/transactions", {"min_row": "1", "max_row": "2"}, "ErrInvalidAccountID"),
        ("/api/1/accounts/1/transactions", {"min_row": "1", "max_row": "2"}, "ErrAccountNotFound"),
        ("/api/1/accounts/٣/pending", {}, "ErrInvalidAccountID"),
        (f"/api/1/accounts/{'9' * 5000}/pending", {}, "ErrAccountNotFound"),
        ("/api/exchange/3/order", {}, "ErrInvalidArguments"),
        ("/api/exchange/3/order", {"id": "BX1", "client_order_id": "a"}, "ErrInvalidArguments"),
        ("/api/exchange/3/order", {"id": "bx-1"}, "ErrInvalidOrderRef"),
    ],
)
def test_a_wrong_question_is_refused_with_its_code(still_api: Any, path: str, parameters: dict[str, str], code: str) -> None:
    assert still_api.refusal("GET", path, **parameters) == (400, code)


def test_unknown_orders_are_not_found_and_cannot_be_stopped(api: Any) -> None:
    assert api.refusal("GET", "/api/exchange/3/order", client_order_id="a") == (404, "ErrOrderNotFound")
    assert api.refusal("GET", "/api/1/orders/BXMC2CJ7HNB88U4") == (404, "ErrOrderNotFound")
    assert api.refusal("GET", "/api/exchange/2/orders/BXMC2CJ7HNB88U4") == (404, "ErrOrderNotFound")
    unstoppable = (400, "ErrCannotStopUnknownOrNonPendingOrder")
    assert api.refusal("POST", "/api/1/stoporder", order_id="BXMC2CJ7HNB88U4") == unstoppable
    assert api.refusal("POST", "/api/1/stoporder") == (400, "ErrInvalidOrderRef")


def test_a_request_in_time_passes_and_one_millisecond_late_does_not(api: Any) -> None:
    now_ms = api.now_ns // 1_000_000
    api.post("/api/1/postorder", **LIMIT, timestamp=now_ms - 5000, ttl=5000)
    late = api.refusal("POST", "/api/1/postorder", **LIMIT, timestamp=now_ms - 5001, ttl=5000)
    assert late == (400, "ErrDeadlineExceeded")


def test_trailing_zeros_are_no_decimals(api: Any) -> None:
    order = api.order(api.limit("BID", "50000.000", "0.100000000"))
    assert (order["limit_price"], order["limit_volume"]) == ("50000.00", "0.10")


texts = st.one_of(
    st.sampled_from(["ETHZAR", "BID", "ASK", "BUY", "SELL", "1", "60000", "0.01", "true", "IOC", "60", "ABOVE", "-5", *NOT_A_NUMBER]),
    st.text(max_size=30),
)
names = st.sampled_from(
    [
        *("pair", "type", "price", "volume", "base_volume", "counter_volume", "post_only", "time_in_force", "id"),
        *("client_order_id", "order_id", "limit", "since", "before", "after_seq", "before_seq", "sort_desc", "closed"),
        *("created_before", "assets", "timestamp", "ttl", "stop_price", "base_account_id"),
        *("stop_direction", "duration", "min_row", "max_row", "state", "name", "currency", "status"),
    ]
)
paths = st.sampled_from(
    [
        *("/api/1/ticker", "/api/1/tickers", "/api/1/orderbook_top", "/api/1/trades", "/api/exchange/1/markets"),
        *("/api/1/balance", "/api/1/fee_info", "/api/1/postorder", "/api/1/marketorder", "/api/1/stoporder"),
        *("/api/exchange/3/order", "/api/exchange/2/orders/x", "/api/exchange/2/listorders", "/api/1/listtrades"),
        *("/api/1/listorders", "/api/1/orders/x", "/api/exchange/1/candles", "/api/1/accounts", "/simulator/markets"),
        *(f"/api/1/accounts/{account_id_of('ETH')}/{what}" for what in ("transactions", "pending")),
    ]
)
shared_exchange = Exchange(1)


@settings(max_examples=400, deadline=None)
@given(method=st.sampled_from(["GET", "POST"]), path=paths, query=st.lists(st.tuples(names, texts), max_size=8))
def test_garbage_gets_an_answer_and_never_an_exception(method: str, path: str, query: list[tuple[str, str]]) -> None:
    api = LunoApi(shared_exchange, keys={"k": ("s", 127)}, rate_limit=None, has_control=True)
    answer = api.handle(method, path, query, [], {"authorization": "Basic azpz"}, shared_exchange.now_ns)
    assert answer.status in (200, 400, 404, 409, 503)
    if answer.body:
        assert isinstance(json.loads(answer.body), dict)
