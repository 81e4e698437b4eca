"""The clock of a running exchange goes on whatever is done to the clock on the wall."""

import pytest

from brokerage.luno_simulator.exchange_clock import ExchangeClock


def test_it_follows_the_wall_and_goes_on_when_the_wall_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    wall_ns = iter([100, 150, 50, 80, 90])
    monkeypatch.setattr("time.time_ns", lambda: next(wall_ns))
    clock = ExchangeClock(0)
    assert [clock.now_ns() for _ in range(5)] == [100, 150, 150, 180, 190]


def test_it_starts_no_earlier_than_what_the_exchange_has_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    wall_ns = iter([100, 130])
    monkeypatch.setattr("time.time_ns", lambda: next(wall_ns))
    clock = ExchangeClock(1000)
    assert [clock.now_ns() for _ in range(2)] == [1000, 1030]
