"""The statements of the customer's accounts: numbered, append-only, and in exact agreement with balances and trades."""

import json
import zlib
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from brokerage.luno_simulator.account_list import account_id_of
from brokerage.luno_simulator.exchange import GENESIS_NS
from brokerage.luno_simulator.ledger import Ledger
from brokerage.luno_simulator.order import CUSTOMER, Side

D = Decimal


def exact(number: float) -> Decimal:
    """Read a JSON number as the decimal it was written from."""
    return D(repr(number))


def trade_a_lot(api: Any) -> None:
    for number in range(5):
        api.post("/api/1/marketorder", pair="ETHZAR", type="BUY", counter_volume=5000 + number)
        api.wait(1)
        api.post("/api/1/marketorder", pair="ETHZAR", type="SELL", base_volume="0.0123")
        resting = api.limit("BID", 50000 + number, "0.1")
        bid, _ = api.best()
        api.limit("BID", bid, "0.37")
        api.wait(20)
        api.post("/api/1/stoporder", order_id=resting)


def test_a_new_account_begins_with_its_opening_balance(api: Any) -> None:
    (row,) = api.rows("ETH")
    assert (row["row_index"], row["kind"], row["currency"]) == (1, "TRANSFER", "ETH")
    assert [row[name] for name in ("balance", "available", "balance_delta", "available_delta")] == [20.0] * 4
    assert row["account_id"] == str(account_id_of("ETH"))
    assert isinstance(row["balance"], float)


def test_a_resting_order_is_a_row_that_moves_only_what_is_available_and_its_cancel_the_opposite(api: Any) -> None:
    order_id = api.limit("BID", 50000, "0.1")
    api.post("/api/1/stoporder", order_id=order_id)
    reserved, released = api.rows("ZAR")[1:]
    assert (reserved["balance_delta"], reserved["available_delta"]) == (0.0, -5000.0)
    assert (released["balance_delta"], released["available_delta"]) == (0.0, 5000.0)
    assert reserved["description"] == f"Reserved 5000.0 ZAR order {order_id}"
    assert released["description"].startswith("Released ")
    assert reserved["reference"] == released["reference"] == order_id
    assert (reserved["balance"], reserved["available"]) == (1_000_000.0, 995_000.0)


def test_a_trade_and_its_fee_are_separate_rows_with_the_details_of_the_trade(lonely: Any, quote: Any) -> None:
    quote("ETHZAR", Side.BID, "60000", "1")
    lonely.limit("ASK", 60000, "0.5")
    sold, fee = lonely.rows("ETH")[-2:]
    received = lonely.rows("ZAR")[-1]
    assert (sold["kind"], sold["balance_delta"], sold["available_delta"]) == ("EXCHANGE", -0.5, -0.5)
    assert (fee["kind"], fee["balance_delta"], fee["description"].split()[:2]) == ("FEE", -0.003, ["Trading", "fee"])
    assert (received["kind"], received["balance_delta"]) == ("EXCHANGE", 30_000.0)
    (trade,) = lonely.get("/api/1/listtrades", pair="ETHZAR")["trades"]
    for row in (sold, fee, received):
        assert row["detail_fields"]["trade_details"] == {
            "pair": "ETHZAR",
            "price": "60000.00",
            "volume": "0.50",
            "sequence": trade["sequence"],
        }


def test_rows_balances_and_trades_agree_to_the_last_digit(api: Any) -> None:
    trade_a_lot(api)
    balances = api.balances()
    traded: dict[tuple[int, str, str], Decimal] = defaultdict(Decimal)
    for trade in api.get("/api/1/listtrades", pair="ETHZAR", limit=1000)["trades"]:
        sign = 1 if trade["type"] == "BID" else -1
        traded[trade["sequence"], "EXCHANGE", "ETH"] += sign * D(trade["base"])
        traded[trade["sequence"], "EXCHANGE", "ZAR"] -= sign * D(trade["counter"])
        traded[trade["sequence"], "FEE", "ETH"] -= D(trade["fee_base"])
    booked: dict[tuple[int, str, str], Decimal] = defaultdict(Decimal)
    for currency, row in balances.items():
        rows = api.rows(currency)
        assert [one["row_index"] for one in rows] == list(range(1, len(rows) + 1))
        balance = available = D(0)
        for one in rows:
            balance += exact(one["balance_delta"])
            available += exact(one["available_delta"])
            assert (exact(one["balance"]), exact(one["available"])) == (balance, available)
            if one["detail_fields"]:
                sequence = one["detail_fields"]["trade_details"]["sequence"]
                booked[sequence, one["kind"], currency] += exact(one["balance_delta"])
        assert balance == D(row["balance"])
        assert available == D(row["balance"]) - D(row["reserved"])
    assert len(traded) > 20
    assert booked == traded


def test_rows_are_asked_for_from_both_ends(api: Any) -> None:
    for number in range(6):
        api.limit("ASK", 90000 + number, "0.1")
    numbers = [row["row_index"] for row in api.rows("ETH")]
    assert numbers == [1, 2, 3, 4, 5, 6, 7]

    def asked(min_row: int, max_row: int) -> list[int]:
        return [row["row_index"] for row in api.rows("ETH", min_row, max_row)]

    assert asked(1, 3) == [1, 2]
    assert asked(3, 4) == [3]
    assert asked(-2, 0) == [6, 7]
    assert asked(-3, -1) == [5, 6]
    assert asked(5, 0) == [5, 6, 7]
    assert asked(5, 1000) == [5, 6, 7]
    assert asked(-1000, 0) == numbers
    assert asked(8, 0) == asked(8, 1008) == asked(4, 4) == asked(6, 2) == []


@pytest.mark.parametrize(("min_row", "max_row", "is_allowed"), [(1, 1001, True), (1, 1002, False), (-1000, 0, True), (-1001, 0, False)])
def test_a_thousand_rows_may_be_asked_for_and_not_one_more(api: Any, min_row: int, max_row: int, is_allowed: bool) -> None:
    path = f"/api/1/accounts/{account_id_of('ETH')}/transactions"
    if is_allowed:
        assert len(api.get(path, min_row=min_row, max_row=max_row)["transactions"]) == 1
    else:
        assert api.refusal("GET", path, min_row=min_row, max_row=max_row) == (400, "ErrTooManyRowsRequested")
    for wrong in ({"min_row": "x", "max_row": "0"}, {"max_row": "0"}, {"min_row": "1"}, {"min_row": "1.5", "max_row": "2"}):
        assert api.refusal("GET", path, **wrong) == (400, "ErrInvalidArguments")


def test_rows_never_change_and_survive_a_crash(tmp_path: Path, make_api: Any) -> None:
    ledger = Ledger(tmp_path)
    exchange = ledger.open_exchange(7, GENESIS_NS)
    api = make_api(exchange)
    api.api._keep = ledger.keep
    api.wait(2)
    trade_a_lot(api)
    before = {currency: api.rows(currency) for currency in api.balances()}
    assert len(before["ETH"]) > 30
    ledger.close()
    again = Ledger(tmp_path)
    api = make_api(again.open_exchange(7, api.now_ns))
    after = {currency: api.rows(currency) for currency in api.balances()}
    assert after == before
    api.limit("ASK", 90000, "0.1")
    assert api.rows("ETH")[:-1] == before["ETH"]


def test_a_memory_without_statements_begins_them_with_what_is_there(tmp_path: Path, make_api: Any) -> None:
    ledger = Ledger(tmp_path)
    exchange = ledger.open_exchange(7, GENESIS_NS)
    exchange.place_limit("ETHZAR", Side.ASK, D(90_000), D(3))
    changes = exchange.take_changes()
    assert changes is not None
    ledger.keep(changes)
    ledger.close()
    facts = tmp_path / "facts.jsonl"
    older = []
    for line in facts.read_bytes().splitlines():
        fact = json.loads(line[9:])
        del fact["movements"], fact["accounts"]
        fact["orders"] = [row[:18] for row in fact["orders"]]
        body = json.dumps(fact).encode()
        older.append(b"%08x %s\n" % (zlib.crc32(body), body))
    facts.write_bytes(b"".join(older))
    api = make_api(Ledger(tmp_path).open_exchange(7, GENESIS_NS))
    (row,) = api.rows("ETH")
    assert (row["balance"], row["available"]) == (20.0, 17.0)
    assert api.exchange.accounts.reserved(CUSTOMER, "ETH") == 3


def test_more_accounts_can_be_opened_up_to_ten_and_are_remembered(tmp_path: Path, make_api: Any, make_authorization: Any) -> None:
    ledger = Ledger(tmp_path)
    api = make_api(ledger.open_exchange(7, GENESIS_NS))
    api.api._keep = ledger.keep
    api.authorization = make_authorization("owner", "secret")
    opened = [api.post("/api/1/accounts", currency="XBT", name=f"Savings {number}") for number in range(9)]
    assert set(opened[0]) == {"id", "name", "currency"}
    assert len({account["id"] for account in opened}) == 9
    assert api.refusal("POST", "/api/1/accounts", currency="XBT", name="one too many") == (400, "ErrAccountLimit")
    assert api.refusal("POST", "/api/1/accounts", currency="EUR", name="unknown") == (400, "ErrInvalidCurrency")
    for name in ("", "n" * 101):
        assert api.refusal("POST", "/api/1/accounts", currency="ETH", name=name) == (400, "ErrInvalidArguments")
    rows = api.get("/api/1/balance", assets="XBT")["balance"]
    assert [row["balance"] for row in rows] == ["2.00"] + ["0.00"] * 9
    path = f"/api/1/accounts/{opened[0]['id']}"
    assert api.get(f"{path}/transactions", min_row=-100, max_row=0)["transactions"] == []
    assert api.get(f"{path}/pending") == {**opened[0], "pending": [], "transactions": []}
    order = {"pair": "XBTZAR", "type": "ASK", "price": "2000000", "volume": "0.1", "base_account_id": opened[0]["id"]}
    assert api.refusal("POST", "/api/1/postorder", **order) == (400, "ErrInvalidAccountID")
    ledger.close()
    api = make_api(Ledger(tmp_path).open_exchange(7, GENESIS_NS))
    assert api.get("/api/1/balance", assets="XBT")["balance"] == rows
