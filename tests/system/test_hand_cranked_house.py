"""A small house, whole, without a thread and without a clock: a minute of trading in the blink of an eye, the same every time."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.hand_cranked_house import SECOND, House
from trading_system.core.events import FillEvent

_STRATEGIES = """naive_test: {instruments: [XBTZAR.luno], capital: {ZAR: 50000}, params: {quantity: 0.001}}
moving_average_cross: {instruments: [ETHZAR.luno], capital: {ZAR: 50000}, bars: 2s}
market_making: {instruments: [XRPZAR.luno], capital: {ZAR: 20000, XRP: 500}}
"""


def test_a_minute_of_the_virtual_clock_trades_and_every_cent_is_accounted_for(tmp_path: Path) -> None:
    house = House(tmp_path, 1, _STRATEGIES)
    started = time.perf_counter()
    house.run(60)
    took = time.perf_counter() - started
    picture = house.system.picture()
    assert took < 10, "a virtual minute that lasts as long as a real one is of no use"
    assert house.runtime.monotonic_ns() >= 60 * SECOND
    assert picture["beats"] >= 60
    assert picture["errors"] == 0, picture["error_texts"]
    assert house.gave_up == []
    assert house.system.unconfirmed == []
    assert "script finished" in picture["strategies"]["naive_test"]["last_decision"]
    assert len(house.exchange.register.open_orders()) == 0
    assert house.differences() == {}


def test_the_same_seed_gives_the_same_orders_and_fills_and_another_seed_others(tmp_path: Path) -> None:
    traces = []
    for number, seed in enumerate((7, 7, 8)):
        house = House(tmp_path / str(number), seed, _STRATEGIES)
        house.run(30)
        traces.append(house.trace.events)
    assert any(isinstance(event, FillEvent) for _, event in traces[0])
    assert traces[0] == traces[1]
    assert traces[0] != traces[2]


def test_no_thread_is_started_and_no_clock_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*words: Any) -> Any:
        raise AssertionError("somebody went around the runtime")
    threads = threading.active_count()
    with monkeypatch.context() as patch:
        for name in ("time", "time_ns", "monotonic", "monotonic_ns", "sleep"):
            patch.setattr(time, name, forbidden)
        patch.setattr(threading.Thread, "start", forbidden)
        house = House(tmp_path, 3, _STRATEGIES)
        house.run(20)
    assert threading.active_count() == threads
    assert house.system.picture()["beats"] >= 20
    assert house.system.picture()["errors"] == 0
