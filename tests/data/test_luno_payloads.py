"""Recorded Luno payloads through the real mappings. They lie beside the checkout and are not ours to copy."""

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from brokerage.luno import mapping
from brokerage.luno.error_codes import REACTIONS, Reaction
from brokerage.luno.mapping import Market
from tests.unit.brokerage.fake_runtime import FakeRuntime
from tests.unit.brokerage.fake_transport import FakeTransport, replying
from tests.unit.brokerage.luno.luno_rows import luno_client, market_row, order_row, own_trade_row, ticker_row
from tests.unit.brokerage.luno.test_luno_client import READS, WRITES
from trading_system.core.errors import RefusalReason
from trading_system.core.order_update import Evidence
from trading_system.core.side import Side

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "api" / "luno"
DESCRIPTION = "openapi_luno_1.2.5.json.gz"
TRADING = ("ticker", "orderbook", "trades", "candles", "markets", "balance", "accounts", "fee_info", "order")
EVIDENCE = Evidence("recorded", 1, 2, 200)

pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no recorded payloads at {FOLDER}"),
]


def read(name: str) -> Any:
    path = FOLDER / name
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return msgspec.json.Decoder(float_hook=Decimal).decode(data)


def quoted(endpoint: str) -> dict[str, Any]:
    lines = [json.loads(line) for line in (FOLDER / "quoted_messages.jsonl").read_text().splitlines()]
    return next(line["body"] for line in lines if line["endpoint"] == endpoint)


def test_the_quoted_ticker_trades_and_own_trades_are_understood() -> None:
    tick = mapping.tick(quoted("GET /api/1/ticker"), "luno")
    assert (tick.symbol, tick.bid, tick.ask, tick.last) == ("XBTAUD.luno", 59972.3, 59997.99, 59997.99)
    trade = mapping.trade(quoted("GET /api/1/trades")["trades"][0], "XBTZAR.luno")
    assert (trade.venue_sequence, trade.price, trade.quantity, trade.is_buy) == (276989, 35773.2, 0.003, False)
    own = mapping.venue_trade(quoted("GET /api/1/listtrades")["trades"][0], Market("LTC", "XBT"), "luno")
    assert (own.side, own.quantity, own.value, own.fees) == (Side.SELL, Decimal("0.1"), Decimal("0.0002786"), {"LTC": Decimal("0.0001")})


def test_the_quoted_market_and_fees_make_an_instrument() -> None:
    row, fees = quoted("GET /api/exchange/1/markets")["markets"][0], quoted("GET /api/1/fee_info")
    instrument = mapping.instrument(row, fees, "luno")
    assert (instrument.base, instrument.counter, instrument.price_step, instrument.quantity_step) == (
        "BCH", "XBT", Decimal("0.000001"), Decimal("0.01"))
    assert (instrument.maker_fee, instrument.taker_fee) == (Decimal("0.0025"), Decimal("0.005"))


def test_markets_recorded_elsewhere_agree_on_the_grid() -> None:
    for market in read("ccxt_static_markets_luno.json").values():
        instrument = mapping.instrument(market["info"], None, "luno")
        assert instrument.price_step == Decimal(market["precision"]["price"]), market["id"]
        assert instrument.quantity_step == Decimal(market["precision"]["amount"]), market["id"]
        assert instrument.min_quantity == Decimal(market["limits"]["amount"]["min"])


def test_recorded_replies_are_understood_as_another_client_understood_them() -> None:
    methods = read("ccxt_static_response_luno.json")["methods"]
    for case in methods["fetchTrades"]:
        for row, parsed in zip(case["httpResponse"]["trades"], case["parsedResponse"], strict=True):
            trade = mapping.trade(row, "XBTUSDT.luno")
            assert (trade.price, trade.quantity, trade.time_ns) == (
                float(parsed["price"]), float(parsed["amount"]), parsed["timestamp"] * 1_000_000)
            assert trade.is_buy == (parsed["side"] == "buy")
    for case in methods["fetchTicker"]:
        tick = mapping.tick(case["httpResponse"], "luno")
        assert (tick.bid, tick.ask) == (float(case["parsedResponse"]["bid"]), float(case["parsedResponse"]["ask"]))


def test_balances_with_text_and_number_ids_are_understood_and_a_malformed_one_has_no_list() -> None:
    recorded = read("luno_python_balances.json")
    for name in ("MOCK_BALANCES_RESPONSE", "MOCK_BALANCES_RESPONSE_INTEGER_IDS"):
        held = mapping.balances(recorded[name]["balance"], True)
        assert (held["ETH"].total, held["ETH"].reserved) == (Decimal("1.5"), Decimal("0.1"))
    assert mapping.balances(recorded["MOCK_EMPTY_BALANCE_RESPONSE"]["balance"], True) == {}
    assert "balance" not in recorded["MOCK_MALFORMED_RESPONSE"]


def test_an_old_client_s_mocks_are_understood_where_they_are_of_this_api() -> None:
    bodies = {case["case"]: case["body"] for case in read("pyluno_mock_responses.json")}
    book = mapping.book(bodies["testOrderBook"], "XBTZAR.luno")
    assert (book.bids[0], book.asks[0]) == ((1100.0, 0.1), (1180.0, 0.1))
    assert mapping.balances(bodies["testBalance"]["balance"], True)["XBT"].total == Decimal("1.012423")
    with pytest.raises(ValueError, match="side is None"):
        # A v1 order has no side of its own and no client order id: we read v2 and v3 only.
        mapping.order_update(bodies["testListOrdersAuthSpecific"], Market("XBT", "ZAR"), "luno", EVIDENCE)


@pytest.mark.parametrize(
    ("schema", "row"), [("OrderV2", order_row()), ("TradeV2", own_trade_row()), ("MarketInfo", market_row()), ("Ticker", ticker_row())]
)
def test_the_rows_of_our_own_tests_have_the_fields_of_luno_s_description(schema: str, row: dict[str, Any]) -> None:
    described = read(DESCRIPTION)["components"]["schemas"][schema]["properties"]
    assert row.keys() == described.keys()
    for field, value in row.items():
        assert value in described[field].get("enum", [value]) or field == "stop_direction"


@pytest.mark.parametrize("call", [*READS, *WRITES], ids=lambda call: call[1])
def test_every_call_sends_what_luno_s_description_wants_and_nothing_else(call: tuple[Any, ...]) -> None:
    transport = FakeTransport()
    transport.on_any(replying(next(part for part in call[3:] if isinstance(part, str)).encode()))
    call[0](luno_client(transport, FakeRuntime()))
    (sent,) = transport.requests
    described = read(DESCRIPTION)["paths"][call[1]][sent.method.lower()].get("parameters", [])
    names = {name for name, _ in sent.query + sent.form} | ({"id"} if "{id}" in call[1] else set())
    assert names <= {one["name"] for one in described}
    assert names >= {one["name"] for one in described if one.get("required")}


def test_every_call_about_markets_accounts_and_orders_that_luno_describes_is_there() -> None:
    ours = {call[1] for call in (*READS, *WRITES)}
    described = {path for path in read(DESCRIPTION)["paths"] if any(word in path for word in TRADING)}
    # Opening and renaming an account is not trading.
    assert described - ours == {"/api/1/accounts", "/api/1/accounts/{id}/name"}


CODES = [(row["code"], row["category"]) for row in read("error_codes.json")] if FOLDER.is_dir() else []
REASONS = {"InsufficientFunds": {RefusalReason.INSUFFICIENT_BALANCE}, "RateLimit": {RefusalReason.RATE, RefusalReason.OTHER},
           "MarketState": {RefusalReason.MARKET_CLOSED, RefusalReason.OTHER}}


@pytest.mark.parametrize(("code", "category"), CODES)
def test_every_code_of_luno_s_is_known_and_read_as_what_it_is(code: str, category: str) -> None:
    reaction = REACTIONS[code]
    if category == "Unauthorized":
        assert reaction is Reaction.ACCESS_DENIED
    elif category in ("Idempotency", "Timeout", "Api"):
        assert reaction is Reaction.ASK
    elif category in REASONS:
        assert reaction in REASONS[category]


def test_the_codes_luno_does_not_list_itself_are_known_from_other_clients() -> None:
    assert set(REACTIONS) - {code for code, _ in CODES} == {
        "ErrAccountIsMigrating", "ErrConvertPairNotSupported", "ErrConvertRateLimited", "ErrIdempotencyKeyConflict",
        "ErrIdempotencyKeyRequestMismatch", "ErrMissingIdempotencyKey"}
