"""The pulse: on absolute deadlines, never piling up, never drifting."""

import pytest

from tests.hand_cranked_runtime import SECOND, HandCrankedRuntime
from trading_system.collectors.heartbeat import Heartbeat
from trading_system.core.events import CheckOrderStatusEvent, HeartbeatEvent


class Pulse:
    """A heartbeat with an engine that takes each beat at once, unless it is told to hang."""

    def __init__(self, period_seconds: float = 1.0, brokers: tuple[str, ...] = ("luno",)) -> None:
        self.runtime = HandCrankedRuntime()
        self.laid: list[object] = []
        self.rung = 0
        self.taken = 0
        self.is_hanging = False
        self.heartbeat = Heartbeat(self.runtime, self.lay, brokers, [self.ring], lambda: self.taken, period_seconds)

    def lay(self, event: object) -> None:
        self.laid.append(event)
        if isinstance(event, HeartbeatEvent) and not self.is_hanging:
            self.taken = event.number

    def ring(self) -> None:
        self.rung += 1

    @property
    def beats(self) -> list[HeartbeatEvent]:
        return [event for event in self.laid if isinstance(event, HeartbeatEvent)]


def test_the_first_beat_is_laid_at_once_with_a_question_for_each_broker_and_a_ring_for_each_poller() -> None:
    pulse = Pulse(brokers=("luno", "kraken"))
    pulse.heartbeat.start()
    pulse.runtime.run_until_idle()
    assert pulse.laid == [HeartbeatEvent(1, 0, 0), CheckOrderStatusEvent("luno"), CheckOrderStatusEvent("kraken")]
    assert pulse.rung == 1


@pytest.mark.parametrize("period", [1.0, 0.1, 0.3])
def test_a_thousand_beats_do_not_drift(period: float) -> None:
    pulse = Pulse(period)
    pulse.heartbeat.start()
    pulse.runtime.run_until(lambda: len(pulse.beats) == 1001)
    period_ns = int(period * SECOND)
    assert [beat.due_ns for beat in pulse.beats] == [number * period_ns for number in range(1001)]
    assert pulse.heartbeat.worst_lateness_ns == 0


def test_beats_that_take_their_time_do_not_drift_either() -> None:
    pulse = Pulse()
    lay = pulse.lay

    def slow(event: object) -> None:
        pulse.runtime.advance(SECOND // 7)
        lay(event)
    pulse.heartbeat._lay = slow
    pulse.heartbeat.start()
    pulse.runtime.run_until(lambda: len(pulse.beats) == 1001)
    assert [beat.due_ns for beat in pulse.beats] == [number * SECOND for number in range(1001)]


def test_a_late_beat_says_how_late_and_the_next_one_is_on_the_grid_again() -> None:
    pulse = Pulse()
    pulse.heartbeat.start()
    pulse.runtime.run_until(2 * SECOND)
    pulse.runtime.advance(1_300_000_000)
    pulse.runtime.run_until(6 * SECOND)
    assert [(beat.due_ns, beat.late_ns) for beat in pulse.beats[3:]] == [
        (3 * SECOND, 300_000_000), (4 * SECOND, 0), (5 * SECOND, 0), (6 * SECOND, 0)]


def test_beats_that_were_missed_altogether_are_skipped_and_not_laid_in_a_row() -> None:
    pulse = Pulse()
    pulse.heartbeat.start()
    pulse.runtime.run_until(2 * SECOND)
    pulse.runtime.advance(5 * SECOND + SECOND // 2)
    pulse.runtime.run_until(9 * SECOND)
    assert [beat.due_ns // SECOND for beat in pulse.beats] == [0, 1, 2, 3, 8, 9]
    assert [beat.number for beat in pulse.beats] == [1, 2, 3, 4, 5, 6]


def test_a_beat_that_still_waits_is_not_laid_twice_but_counted() -> None:
    pulse = Pulse()
    pulse.is_hanging = True
    pulse.heartbeat.start()
    pulse.runtime.run_until(3 * SECOND)
    assert len(pulse.beats) == 1
    assert pulse.laid.count(CheckOrderStatusEvent("luno")) == 1
    assert pulse.heartbeat.skipped == 3
    pulse.is_hanging = False
    pulse.taken = 1
    pulse.runtime.run_until(5 * SECOND)
    assert [beat.due_ns // SECOND for beat in pulse.beats] == [0, 4, 5]


def test_a_stopped_heart_beats_no_more() -> None:
    pulse = Pulse()
    pulse.heartbeat.start()
    pulse.runtime.run_until(2 * SECOND)
    pulse.heartbeat.stop()
    pulse.runtime.run_until(10 * SECOND)
    assert len(pulse.beats) == 3
