"""What Luno's own client and ccxt make of the simulator's answers and refusals: the facts that were noted about them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from brokerage.luno_simulator.account_list import account_id_of
from brokerage.luno_simulator.market_status import MarketStatus
from brokerage.luno_simulator.order import Side
from brokerage.luno_simulator.quirks import Quirks
from tests.contract.test_third_party_desk import ThirdPartyDesk, ccxt_luno, loopback_only, luno_python, opened

D = Decimal


@pytest.fixture(autouse=True)
def stay_here(monkeypatch: pytest.MonkeyPatch) -> None:
    loopback_only(monkeypatch)


@pytest.fixture
def desk() -> Iterator[ThirdPartyDesk]:
    with opened() as desk:
        yield desk


@pytest.fixture
def ccxt(desk: ThirdPartyDesk) -> Any:
    client = ccxt_luno(desk)
    client.load_markets()
    return client


@pytest.fixture
def luno(desk: ThirdPartyDesk) -> Any:
    return luno_python(desk)


def test_ccxt_knows_the_markets_with_their_grids_and_whether_they_trade(desk: ThirdPartyDesk, ccxt: Any) -> None:
    market = ccxt.market("BTC/ZAR")
    assert (market["id"], market["precision"]["amount"], market["precision"]["price"]) == ("XBTZAR", 1e-06, 1.0)
    assert market["limits"]["amount"] == {"min": 0.0001, "max": 100.0}
    assert market["active"] is True
    desk.exchange.set_status(MarketStatus.POST_ONLY, "XBTZAR")
    ccxt.load_markets(True)
    assert (ccxt.market("BTC/ZAR")["active"], ccxt.market("ETH/ZAR")["active"]) == (False, True)


def test_ccxt_without_a_key_asks_for_the_markets_only(desk: ThirdPartyDesk) -> None:
    client = ccxt_luno(desk)
    client.apiKey = client.secret = None
    client.load_markets()
    assert [seen.path for seen in desk.seen] == ["/api/exchange/1/markets"]
    assert "Authorization" not in desk.seen[0].headers


def test_ccxt_reads_balances_as_total_used_and_free(desk: ThirdPartyDesk, ccxt: Any) -> None:
    desk.exchange.place_limit("XBTZAR", Side.BID, D(1_300_000), D("0.001"))
    assert ccxt.fetch_balance()["ZAR"] == {"free": 998_700.0, "used": 1_300.0, "total": 1_000_000.0}


def test_ccxt_calls_a_pending_order_open_and_leaves_complete_as_it_is(desk: ThirdPartyDesk, ccxt: Any) -> None:
    placed = ccxt.create_order("ETH/ZAR", "limit", "buy", 0.5, 50_000)
    assert {name: value for name, value in placed.items() if value and name != "info"} == {"id": placed["id"]}
    order = ccxt.fetch_order(placed["id"])
    assert (order["status"], order["amount"], order["price"], order["side"]) == ("open", 0.5, 50_000.0, "buy")
    assert ccxt.cancel_order(placed["id"])["id"] is None
    assert ccxt.fetch_order(placed["id"])["status"] == "COMPLETE"


def test_ccxt_gives_a_market_buy_an_average_but_no_price_and_no_amount(ccxt: Any) -> None:
    order = ccxt.fetch_order(ccxt.create_order("ETH/ZAR", "market", "buy", 1000)["id"])
    info = order["info"]
    assert (order["price"], order["amount"]) == (None, None)
    assert order["average"] == pytest.approx(float(D(info["counter"]) / D(info["base"])))


def test_ccxt_loses_the_fee_in_base_on_orders_and_keeps_it_on_trades(desk: ThirdPartyDesk, ccxt: Any) -> None:
    order = ccxt.fetch_order(ccxt.create_order("ETH/ZAR", "market", "sell", 0.5)["id"])
    assert order["info"]["fee_base"] == "0.003"
    assert order["fee"]["currency"] == "ZAR"
    assert not order["fee"]["cost"]
    trades = ccxt.fetch_my_trades("ETH/ZAR")
    assert {trade["fee"]["currency"] for trade in trades} == {"ETH"}
    assert sum(trade["fee"]["cost"] for trade in trades) == pytest.approx(0.003)


def test_ccxt_tells_taker_from_maker_on_both_sides(desk: ThirdPartyDesk, ccxt: Any) -> None:
    book = desk.exchange.floor("ETHZAR").book
    maker_price = book.best_price(Side.BID) + 1
    desk.exchange.place_limit("ETHZAR", Side.BID, maker_price, D("0.002"))
    ccxt.create_order("ETH/ZAR", "market", "sell", 0.001)
    ccxt.create_order("ETH/ZAR", "market", "buy", 1000)
    told = {(trade["side"], trade["takerOrMaker"]) for trade in ccxt.fetch_my_trades("ETH/ZAR")}
    # The sale met our own bid, so it is on both sides.
    assert told == {("buy", "maker"), ("sell", "taker"), ("buy", "taker")}


def test_ccxt_reads_a_statement_by_its_words(ccxt: Any) -> None:
    resting = ccxt.create_order("ETH/ZAR", "limit", "sell", 0.5, 90_000)["id"]
    ccxt.cancel_order(resting)
    ccxt.create_order("ETH/ZAR", "market", "sell", 0.001)
    entries = ccxt.fetch_ledger("ETH", None, 100, {"id": str(account_id_of("ETH"))})
    entries.sort(key=lambda entry: int(entry["id"]))
    assert [entry["type"] for entry in entries] == ["transaction", "reserved", "released", "reserved", "released", "trade", "fee"]
    assert entries[1]["referenceId"] == resting
    assert [entry["status"] for entry in entries[:3]] == ["ok", "pending", "canceled"]
    assert (entries[-1]["direction"], entries[-1]["before"] - entries[-1]["after"]) == ("out", pytest.approx(0.000006))
    import ccxt as library

    with pytest.raises(library.ExchangeError, match="could not find account id"):
        ccxt.fetch_ledger("ETH")


@pytest.mark.parametrize(
    ("error", "call"),
    [
        ("InsufficientFunds", lambda c: c.create_order("ETH/ZAR", "limit", "sell", 900, 90_000)),
        ("DuplicateOrderId", lambda c: [c.create_order("ETH/ZAR", "limit", "buy", 1, 50_000, {"client_order_id": "x"}) for _ in range(2)]),
        ("OrderNotFound", lambda c: c.fetch_order("BXMC2CJ7HNB88U4")),
        ("InvalidOrder", lambda c: c.cancel_order("BXMC2CJ7HNB88U4")),
        ("InvalidOrder", lambda c: c.create_order("ETH/ZAR", "limit", "buy", 1, 90_000, {"post_only": True})),
        # A path that does not exist: 404 with nothing in it.
        ("ExchangeNotAvailable", lambda c: c.fetch(c.urls["api"]["public"] + "/1/nowhere")),
    ],
)
def test_ccxt_turns_refusals_into_its_own_errors(ccxt: Any, error: str, call: Any) -> None:
    import ccxt as library

    with pytest.raises(library.BaseError) as caught:
        call(ccxt)
    assert type(caught.value).__name__ == error


@pytest.mark.parametrize(
    ("error", "options"),
    [
        ("RateLimitExceeded", {"rate_limit": 1}),
        ("RateLimitExceeded", {"rate_limit": 1, "quirks": Quirks(rate_limit_body="text")}),
        ("RateLimitExceeded", {"rate_limit": 1, "quirks": Quirks(rate_limit_body="empty")}),
        ("AuthenticationError", {"key": "nobody"}),
        ("AuthenticationError", {"key": "nobody", "quirks": Quirks(unauthorized_body="empty")}),
        ("PermissionDenied", {"permissions": 0}),
        ("ExchangeError", {"quirks": Quirks(old_since_code="ErrNobodyHasHeardOf")}),
    ],
)
def test_ccxt_turns_refusals_at_the_door_into_its_own_errors(error: str, options: dict[str, Any]) -> None:
    key = options.pop("key", "")
    library = pytest.importorskip("ccxt")
    with opened(**options) as desk:
        client = ccxt_luno(desk)
        client.load_markets()
        client.apiKey = key or client.apiKey
        call = (lambda: client.fetch_trades("BTC/ZAR", 1_000_000)) if error == "ExchangeError" else client.fetch_balance
        with pytest.raises(library.BaseError) as caught:
            call()
        assert type(caught.value).__name__ == error


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (MarketStatus.POST_ONLY, "ErrPostOnlyMode", "InvalidOrder"),
        (MarketStatus.HALTED, "ErrPostOnlyMode", "InvalidOrder"),
        (MarketStatus.MAINTENANCE, "ErrUnderMaintenance", "OnMaintenance"),
    ],
)
def test_both_clients_are_told_that_a_market_takes_no_orders(
    desk: ThirdPartyDesk, ccxt: Any, luno: Any, status: MarketStatus, code: str, error: str
) -> None:
    import ccxt as library

    desk.exchange.set_status(status)
    with pytest.raises(library.BaseError) as caught:
        ccxt.create_order("ETH/ZAR", "market", "sell", 0.1)
    assert type(caught.value).__name__ == error
    with pytest.raises(pytest.importorskip("luno_python.error").APIError) as refused:
        luno.post_market_order("ETHZAR", "SELL", base_volume="0.1")
    assert refused.value.code == code


def test_luno_python_raises_what_has_both_keys_whatever_the_status(desk: ThirdPartyDesk, luno: Any) -> None:
    error = pytest.importorskip("luno_python.error").APIError
    luno.post_limit_order("ETHZAR", "45000", "BID", "0.02", client_order_id="once")
    refusals = {
        (409, "ErrDuplicateClientOrderID"): lambda: luno.post_limit_order("ETHZAR", "45000", "BID", "0.02", client_order_id="once"),
        (404, "ErrOrderNotFound"): lambda: luno.get_order_v3(client_order_id="never"),
        (400, "ErrMarketUnavailable"): lambda: luno.get_ticker("NOPE"),
        (400, "ErrInvalidVolume"): lambda: luno.post_limit_order("XBTZAR", 1300000, "BID", 0.00001),
    }
    for (status, code), call in refusals.items():
        with pytest.raises(error) as caught:
            call()
        assert (caught.value.code, desk.seen[-1].status) == (code, status)
        assert caught.value.message == desk.seen[-1].answer["error"]
    # A float of this size goes out with an exponent.
    assert ("volume", "1e-05") in desk.seen[-1].query


def test_luno_python_without_a_key_sends_an_empty_one_and_is_refused(desk: ThirdPartyDesk, luno: Any) -> None:
    luno.set_auth("", "")
    with pytest.raises(pytest.importorskip("luno_python.error").APIError) as caught:
        luno.get_balances()
    assert caught.value.code == "ErrUnauthorised"
    assert desk.seen[-1].headers["Authorization"] == "Basic Og=="
    assert desk.seen[-1].status == 401


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"rate_limit": 1, "quirks": Quirks(rate_limit_body="text")}, 429),
        ({"rate_limit": 1, "quirks": Quirks(rate_limit_body="empty")}, 429),
        ({"permissions": 0, "quirks": Quirks(permission_status=401, unauthorized_body="text")}, 401),
    ],
)
def test_luno_python_has_no_word_for_a_refusal_that_is_not_json(options: dict[str, Any], status: int) -> None:
    with opened(**options) as desk:
        client = luno_python(desk)
        client.get_ticker("ETHZAR")
        # The public call did not use the key's allowance.
        for call in range(2):
            if call == 1 or status == 401:
                with pytest.raises(Exception, match=rf"luno: unknown API error \({status}\)"):
                    client.get_balances()
            else:
                client.get_balances()


def test_luno_python_meets_an_unknown_path_as_an_empty_404(luno: Any) -> None:
    with pytest.raises(Exception, match=r"luno: unknown API error \(404\)"):
        luno.do("GET", "/api/1/time")


def test_luno_python_takes_texts_and_no_decimals_and_names_itself(desk: ThirdPartyDesk, luno: Any) -> None:
    with pytest.raises(TypeError):
        luno.post_limit_order("ETHZAR", D(45_000), "BID", "0.02")
    luno.set_base_url(desk.url + "/")
    assert luno.base_url == desk.url
    luno.get_ticker("ETHZAR")
    assert desk.seen[-1].headers["User-Agent"].startswith("LunoPythonSDK/0.3.0 python/")


def test_luno_python_picks_one_account_out_of_all(luno: Any) -> None:
    account = str(account_id_of("XBT"))
    assert luno.get_balances(account_id=account)["asset"] == "XBT"
    assert luno.get_balances(account_id="111") is None


def test_the_same_order_by_query_and_by_form_is_the_same_order(desk: ThirdPartyDesk, luno: Any) -> None:
    order = {"pair": "ETHZAR", "type": "BID", "price": "45000", "volume": "0.02"}
    by_query = luno.do("POST", "/api/1/postorder", req=order, auth=True)["order_id"]
    answer = luno.session.post(desk.url + "/api/1/postorder", data=order, auth=("keyid", "secret"), timeout=5)
    first, second = luno.get_order_v2(by_query), luno.get_order_v2(answer.json()["order_id"])
    assert desk.seen[0].query == list(order.items())
    assert desk.seen[1].query == []
    same = {name for name in first if first[name] == second[name]}
    assert set(first) - same == {"order_id", "creation_timestamp"}
