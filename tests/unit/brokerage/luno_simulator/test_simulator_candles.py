"""Candles tell the same story as the trades, whatever their length, and leave no period out."""

from decimal import Decimal
from typing import Any

import pytest

from brokerage.luno_simulator.candles import DURATIONS, CandleHistory
from brokerage.luno_simulator.exchange import GENESIS_NS, Exchange

D = Decimal
MINUTE_MS = 60_000


def candles(api: Any, since_ms: int, duration: int = 60, pair: str = "ETHZAR") -> list[Any]:
    body = api.get("/api/exchange/1/candles", pair=pair, duration=duration, since=since_ms)
    assert (body["duration"], body["pair"]) == (duration, pair)
    rows = body["candles"]
    assert isinstance(rows, list)
    return rows


def test_candles_are_made_of_the_trades_that_everybody_sees(api: Any) -> None:
    for pair in ("ETHZAR", "XBTZAR", "ETHXBT"):
        trades = {one["sequence"]: one for one in api.get("/api/1/trades", pair=pair)["trades"]}
        first_ms = min(one["timestamp"] for one in trades.values()) // MINUTE_MS * MINUTE_MS + MINUTE_MS
        for _ in range(20):
            api.wait(10)
            trades.update((one["sequence"], one) for one in api.get("/api/1/trades", pair=pair)["trades"])
        found = candles(api, first_ms, pair=pair)
        assert len(found) > 3
        for candle in found:
            start_ms = candle["timestamp"]
            inside = [one for _, one in sorted(trades.items()) if start_ms <= one["timestamp"] < start_ms + MINUTE_MS]
            prices = [D(one["price"]) for one in inside]
            assert D(candle["volume"]) == sum(D(one["volume"]) for one in inside) > 0
            told = [D(candle[name]) for name in ("open", "high", "low", "close")]
            assert told == [prices[0], max(prices), min(prices), prices[-1]]
        assert D(found[-1]["close"]) == D(api.get("/api/1/ticker", pair=pair)["last_trade"])


def test_our_own_trade_is_in_the_candle_at_once(api: Any) -> None:
    now_ms = api.now_ns // 1_000_000
    before = candles(api, now_ms - now_ms % MINUTE_MS)[-1]
    api.post("/api/1/marketorder", pair="ETHZAR", type="SELL", base_volume="0.5")
    after = candles(api, now_ms - now_ms % MINUTE_MS)[-1]
    assert D(after["volume"]) - D(before["volume"]) == D("0.5")


@pytest.mark.parametrize("duration", DURATIONS)
def test_candles_of_every_length_are_aligned_gapless_and_oldest_first(api: Any, duration: int) -> None:
    api.wait(30)
    now_ms = api.now_ns // 1_000_000
    found = candles(api, 0, duration)
    starts = [candle["timestamp"] for candle in found]
    length_ms = duration * 1000
    assert all(start % length_ms == 0 for start in starts)
    assert starts == list(range(starts[0], starts[0] + len(starts) * length_ms, length_ms))
    assert starts[-1] + length_ms > now_ms or len(found) == 1000
    for candle in found:
        low, high = D(candle["low"]), D(candle["high"])
        assert low <= min(D(candle["open"]), D(candle["close"])) <= max(D(candle["open"]), D(candle["close"])) <= high


def test_long_candles_are_the_sum_of_short_ones(api: Any) -> None:
    api.wait(45)
    for long in candles(api, 0, 3600)[:-1]:
        short = [one for one in candles(api, long["timestamp"], 60) if one["timestamp"] < long["timestamp"] + 3_600_000]
        assert D(long["volume"]) == sum(D(one["volume"]) for one in short)
        # A flat minute shows the price of an earlier hour.
        traded = [one for one in short if one["volume"] != "0.00"]
        assert D(long["high"]) == max(D(one["high"]) for one in traded)
        assert long["open"] == traded[0]["open"]
        assert long["close"] == short[-1]["close"]


def test_a_page_is_the_thousand_earliest_and_pages_meet(api: Any) -> None:
    api.wait(600)
    seen: list[int] = []
    since_ms = 0
    while page := candles(api, since_ms):
        assert len(page) <= 1000
        seen += [candle["timestamp"] for candle in page]
        since_ms = seen[-1] + MINUTE_MS
    assert len(candles(api, 0)) == 1000
    assert len(seen) > 1400
    assert seen == list(range(seen[0], seen[-1] + 1, MINUTE_MS))


def test_a_candle_starts_at_or_after_the_time_asked_for(api: Any) -> None:
    now_ms = api.now_ns // 1_000_000
    start_ms = now_ms - now_ms % MINUTE_MS - 5 * MINUTE_MS
    assert candles(api, start_ms)[0]["timestamp"] == start_ms
    assert candles(api, start_ms + 1)[0]["timestamp"] == start_ms + MINUTE_MS
    assert candles(api, now_ms + MINUTE_MS) == []


def test_a_time_without_trades_is_a_flat_candle_at_the_last_price(make_api: Any) -> None:
    exchange = Exchange(3, has_crowd=False)
    api = make_api(exchange)
    api.wait(300)
    last = D(api.get("/api/1/ticker", pair="ETHZAR")["last_trade"])
    flat = candles(api, GENESIS_NS // 1_000_000 + MINUTE_MS)
    assert len(flat) == 5
    for candle in flat:
        assert candle["volume"] == "0.00"
        assert {D(candle[name]) for name in ("open", "high", "low", "close")} == {last}


def test_a_history_without_trades_has_no_candles() -> None:
    assert list(CandleHistory().candles(60, 0, 10**12)) == []


def test_candles_remember_more_than_the_day_that_trades_are_told_for(make_api: Any) -> None:
    api = make_api(Exchange(3, has_crowd=False))
    first = candles(api, 0)[0]
    api.wait(90_000)
    assert api.get("/api/1/trades", pair="ETHZAR")["trades"] == []
    assert candles(api, 0)[0] == first
