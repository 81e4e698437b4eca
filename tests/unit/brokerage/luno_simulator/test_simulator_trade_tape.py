"""The tape of a market remembers a day and no more."""

from decimal import Decimal

from brokerage.luno_simulator.trade_tape import DAY_MS, Trade, TradeTape


def test_volume_and_trades_older_than_a_day_are_forgotten() -> None:
    old = Trade(1, 1_000, Decimal(10), Decimal(2), True)
    tape = TradeTape([old], old.price, old.sequence)
    assert tape.volume_of_day(1_000 + DAY_MS) == 2
    assert tape.volume_of_day(1_001 + DAY_MS) == 0
    assert tape.recent(0, 10) == []
    assert (tape.last_price, tape.last_sequence) == (10, 1)


def test_a_recorded_trade_is_the_newest_with_the_next_sequence() -> None:
    tape = TradeTape([], Decimal(10), 41)
    first = tape.record(5_000, Decimal(11), Decimal("0.5"), False)
    second = tape.record(6_000, Decimal(12), Decimal("0.25"), True)
    assert [first.sequence, second.sequence] == [42, 43]
    assert tape.recent(0, 10) == [second, first]
    assert tape.recent(5_001, 10) == [second]
    assert tape.recent(0, 1) == [second]
    assert (tape.last_price, tape.volume_of_day(6_000)) == (12, Decimal("0.75"))
