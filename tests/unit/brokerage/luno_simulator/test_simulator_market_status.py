"""Markets that are halted, take only post-only orders, or are under maintenance, and the calls that make them so."""

from typing import Any

import pytest

from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.market_status import MarketStatus

LIMIT = {"pair": "ETHZAR", "type": "BID", "price": "50000", "volume": "0.1"}
POST_ONLY = {**LIMIT, "post_only": "true"}
SELL = {"pair": "ETHZAR", "type": "SELL", "base_volume": "0.1"}


@pytest.mark.parametrize(
    ("status", "in_ticker", "in_markets"),
    [
        (MarketStatus.ACTIVE, "ACTIVE", "ACTIVE"),
        (MarketStatus.POST_ONLY, "POSTONLY", "POST_ONLY"),
        (MarketStatus.HALTED, "DISABLED", "SUSPENDED"),
        (MarketStatus.MAINTENANCE, "UNKNOWN", "UNKNOWN"),
    ],
)
def test_ticker_and_markets_spell_the_status_each_in_their_own_way(api: Any, status: MarketStatus, in_ticker: str, in_markets: str) -> None:
    api.exchange.set_status(status, "ETHZAR")
    assert api.get("/api/1/ticker", pair="ETHZAR")["status"] == in_ticker
    assert [one["status"] for one in api.get("/api/1/tickers", pair="ETHZAR")["tickers"]] == [in_ticker]
    rows = {row["market_id"]: row["trading_status"] for row in api.get("/api/exchange/1/markets")["markets"]}
    assert rows["ETHZAR"] == in_markets
    assert rows["XBTZAR"] == "ACTIVE"


@pytest.mark.parametrize("status", [MarketStatus.POST_ONLY, MarketStatus.HALTED])
def test_only_post_only_orders_and_cancels_pass_while_a_market_is_restricted(api: Any, status: MarketStatus) -> None:
    resting = api.limit("BID", 50000, "0.1")
    api.exchange.set_status(status)
    assert api.refusal("POST", "/api/1/postorder", **LIMIT) == (400, "ErrPostOnlyMode")
    assert api.refusal("POST", "/api/1/postorder", **LIMIT, stop_price=70000, stop_direction="ABOVE") == (400, "ErrPostOnlyMode")
    assert api.refusal("POST", "/api/1/marketorder", **SELL) == (400, "ErrPostOnlyMode")
    added = api.post("/api/1/postorder", **POST_ONLY)["order_id"]
    assert api.post("/api/1/stoporder", order_id=resting) == {"success": True}
    assert [one["order_id"] for one in api.get("/api/exchange/2/listorders")["orders"]] == [added]


def test_under_maintenance_nothing_is_placed_or_canceled_and_everything_can_be_read(api: Any) -> None:
    resting = api.limit("BID", 50000, "0.1")
    api.exchange.set_status(MarketStatus.MAINTENANCE, "ETHZAR")
    for order in (LIMIT, POST_ONLY):
        assert api.refusal("POST", "/api/1/postorder", **order) == (503, "ErrUnderMaintenance")
    assert api.refusal("POST", "/api/1/marketorder", **SELL) == (503, "ErrUnderMaintenance")
    assert api.refusal("POST", "/api/1/stoporder", order_id=resting) == (503, "ErrUnderMaintenance")
    assert api.order(resting)["status"] == "PENDING"
    assert api.limit("BID", 1_000_000, "0.001", pair="XBTZAR")
    api.exchange.set_status(MarketStatus.ACTIVE)
    assert api.post("/api/1/stoporder", order_id=resting) == {"success": True}


@pytest.mark.parametrize("status", [one for one in MarketStatus if one is not MarketStatus.ACTIVE])
def test_nothing_trades_while_a_market_is_not_active_and_it_goes_on_afterwards(exchange: Exchange, status: MarketStatus) -> None:
    def sequences() -> dict[str, int]:
        return {pair: mark.last_sequence for pair, mark in exchange.marks().items()}

    before = sequences()
    exchange.set_status(status, "ETHZAR")
    exchange.advance(exchange.now_ns + 60_000_000_000)
    during = sequences()
    assert during["ETHZAR"] == before["ETHZAR"]
    assert during["XBTZAR"] > before["XBTZAR"]
    exchange.set_status(MarketStatus.ACTIVE, "ETHZAR")
    exchange.advance(exchange.now_ns + 60_000_000_000)
    assert sequences()["ETHZAR"] > before["ETHZAR"]


def test_a_refused_order_leaves_its_name_free(api: Any) -> None:
    api.exchange.set_status(MarketStatus.MAINTENANCE)
    assert api.refusal("POST", "/api/1/postorder", **LIMIT, client_order_id="mine")[1] == "ErrUnderMaintenance"
    api.exchange.set_status(MarketStatus.ACTIVE)
    assert api.post("/api/1/postorder", **LIMIT, client_order_id="mine")["order_id"]


def test_the_control_calls_do_not_exist_unless_they_were_asked_for(api: Any) -> None:
    for method in ("GET", "POST"):
        answer = api.answer(method, "/simulator/markets", status="halted")
        assert (answer.status, answer.body) == (404, b"")
    assert api.get("/api/1/ticker", pair="ETHZAR")["status"] == "ACTIVE"


def test_the_control_calls_need_no_key_and_do_not_count_against_the_rate(exchange: Exchange, make_api: Any) -> None:
    api = make_api(exchange, rate_limit=1, has_control=True)
    api.authorization = ""
    for _ in range(3):
        assert api.post("/simulator/markets", status="post_only", pair="ETHZAR")["markets"]["ETHZAR"] == "post_only"
    assert api.get("/simulator/markets")["markets"] == {
        "XBTZAR": "active",
        "ETHZAR": "post_only",
        "XRPZAR": "active",
        "XBTMYR": "active",
        "ETHXBT": "active",
    }
    assert set(api.post("/simulator/markets", status="halted")["markets"].values()) == {"halted"}
    assert api.refusal("POST", "/simulator/markets", status="asleep") == (400, "ErrInvalidArguments")
    assert api.refusal("POST", "/simulator/markets", status="halted", pair="NOPE") == (400, "ErrMarketUnavailable")
