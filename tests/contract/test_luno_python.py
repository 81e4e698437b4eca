"""Luno's own Python client trades on the simulator, and what it sees is what the simulator has written down."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.launcher import SimulatorProcess
from brokerage.luno_simulator.ledger import Ledger
from brokerage.luno_simulator.order import CUSTOMER
from brokerage.luno_simulator.wire_format import order_row, own_trade_row

luno_client = pytest.importorskip("luno_python.client")
luno_error = pytest.importorskip("luno_python.error")

D = Decimal


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[SimulatorProcess]:
    simulator = SimulatorProcess.start(tmp_path, 7, None, "keyid", "secret")
    yield simulator
    simulator.stop()


@pytest.fixture
def client(simulator: SimulatorProcess) -> Any:
    return client_of(simulator)


def client_of(simulator: SimulatorProcess) -> Any:
    client = luno_client.Client(base_url=simulator.url, timeout=5, api_key_id="keyid", api_key_secret="secret")
    client.session.trust_env = False
    # An empty address would mean the real exchange.
    assert client.base_url.startswith("http://127.0.0.1:")
    return client


def ledger_of(state_directory: Path) -> Exchange:
    """Read what the simulator has written down, after it ended."""
    ledger = Ledger(state_directory / "exchange")
    try:
        return ledger.open_exchange(7, 0)
    finally:
        ledger.close()


def test_it_places_fills_cancels_and_reads_back_and_the_ledger_agrees(
    simulator: SimulatorProcess, client: Any, tmp_path: Path
) -> None:
    assert {row["market_id"] for row in client.markets()["markets"]} >= {"XBTZAR", "ETHZAR"}
    ask = D(client.get_ticker("ETHZAR")["ask"])
    assert D(client.get_order_book("ETHZAR")["asks"][0]["price"]) >= ask * D("0.99")

    filled = client.post_limit_order(
        "ETHZAR", str((ask * D("1.01")).quantize(D(1))), "BID", "0.05", client_order_id="fills", time_in_force="GTC"
    )["order_id"]
    resting = client.post_limit_order("ETHZAR", "45000", "BID", "0.02", client_order_id="rests", post_only=True)
    doomed = client.post_limit_order("XBTZAR", "1300000", "BID", "0.001", client_order_id="doomed")["order_id"]
    bought = client.post_market_order("XRPZAR", "BUY", counter_volume="500.5", client_order_id="buys")["order_id"]
    sold = client.post_market_order("ETHZAR", "SELL", base_volume="0.01")["order_id"]
    assert client.stop_order(doomed) == {"success": True}

    assert client.get_order_v2(filled)["base"] == "0.05"
    assert client.get_order_v3(client_order_id="rests")["order_id"] == resting["order_id"]
    assert client.get_order_v3(id=doomed)["expiration_timestamp"] > 0
    assert D(client.get_order_v2(bought)["counter"]) > 490
    assert client.get_order_v2(sold)["side"] == "SELL"

    open_orders = client.list_orders_v2()["orders"]
    closed_orders = client.list_orders_v2(closed=True)["orders"]
    trades = client.list_user_trades("ETHZAR")["trades"]
    balances = {row["asset"]: row for row in client.get_balances()["balance"]}
    assert [order["order_id"] for order in open_orders] == [resting["order_id"]]
    assert {order["order_id"] for order in closed_orders} == {filled, doomed, bought, sold}
    assert {trade["order_id"] for trade in trades} == {filled, sold}

    simulator.stop()
    kept = ledger_of(tmp_path)
    assert [order_row(order) for order in kept.register.newest_first(False)] == open_orders
    assert [order_row(order) for order in kept.register.newest_first(True)] == closed_orders
    assert [own_trade_row(trade) for trade in kept.register.trades("ETHZAR", 0)] == trades
    for asset, row in balances.items():
        assert D(row["balance"]) == kept.accounts.total(CUSTOMER, asset)
        assert D(row["reserved"]) == kept.accounts.reserved(CUSTOMER, asset)


def test_refusals_arrive_as_its_own_errors(client: Any) -> None:
    client.post_limit_order("ETHZAR", "45000", "BID", "0.02", client_order_id="once")
    refusals = {
        "ErrDuplicateClientOrderID": lambda: client.post_limit_order(
            "ETHZAR", "45000", "BID", "0.02", client_order_id="once"
        ),
        "ErrMarketUnavailable": lambda: client.get_ticker("NOPE"),
        "ErrCannotStopUnknownOrNonPendingOrder": lambda: client.stop_order("BXUNKNOWN"),
        "ErrOrderNotFound": lambda: client.get_order_v3(client_order_id="never"),
        # This client writes a small float as 1e-05.
        "ErrInvalidVolume": lambda: client.post_limit_order("XBTZAR", 1300000, "BID", 0.00001),
    }
    for code, call in refusals.items():
        with pytest.raises(luno_error.APIError) as caught:
            call()
        assert caught.value.code == code
    client.set_auth("", "")
    with pytest.raises(luno_error.APIError) as caught:
        client.get_balances()
    assert caught.value.code == "ErrUnauthorised"


def test_a_process_with_quirks_and_control_is_as_it_was_told_to_be(tmp_path: Path) -> None:
    options = ["--quirk", "balance_meaning=available", "--quirk", "post_only_cross=complete", "--control", "--permissions", "115"]
    simulator = SimulatorProcess.start(tmp_path, 7, None, "keyid", "secret", options)
    try:
        client = client_of(simulator)
        client.post_limit_order("ETHZAR", "50000", "BID", "0.1")
        assert client.get_balances(assets=["ZAR"])["balance"][0]["balance"] == "995000.00"
        crossing = client.post_limit_order("ETHZAR", "90000", "BID", "0.1", post_only=True)["order_id"]
        assert (client.get_order_v2(crossing)["status"], client.get_order_v2(crossing)["base"]) == ("COMPLETE", "0.00")
        assert client.create_account("XBT", "Savings")["currency"] == "XBT"
        client.do("POST", "/simulator/markets", req={"status": "halted", "pair": "ETHZAR"})
        assert client.get_ticker("ETHZAR")["status"] == "DISABLED"
        with pytest.raises(luno_error.APIError) as caught:
            client.post_market_order("ETHZAR", "SELL", base_volume="0.1")
        assert caught.value.code == "ErrPostOnlyMode"
    finally:
        simulator.stop()


def test_statements_stops_and_accounts_are_the_same_after_a_restart(tmp_path: Path) -> None:
    simulator = SimulatorProcess.start(tmp_path, 7, None, "keyid", "secret", ["--permissions", "115"])
    client = client_of(simulator)
    account = client.get_balances(assets=["ETH"])["balance"][0]["account_id"]
    client.post_market_order("ETHZAR", "SELL", base_volume="0.1")
    waiting = client.post_limit_order("ETHZAR", "55000", "ASK", "1", stop_price="56000", stop_direction="BELOW")["order_id"]
    client.create_account("ETH", "Savings")

    def picture(client: Any) -> list[Any]:
        return [client.list_transactions(account, 0, -100), client.get_order_v2(waiting), client.get_balances(), client.list_orders()]

    before = picture(client)
    assert before[1]["status"] == "AWAITING"
    simulator.stop()
    again = SimulatorProcess.start(tmp_path, 8, None, "keyid", "secret", ["--permissions", "115"])
    try:
        assert picture(client_of(again)) == before
    finally:
        again.stop()
