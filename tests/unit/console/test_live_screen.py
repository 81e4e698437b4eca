"""The screen as the house uses it: handed over to, drawing by itself, harmless when it breaks."""

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.hand_cranked_runtime import HandCrankedRuntime
from tests.unit.console.scenes import recorded
from tests.unit.console.test_terminal import Shown
from trading_system.console import live_screen
from trading_system.console.live_screen import LiveScreen
from trading_system.core.events import CommandEvent, HeartbeatEvent

SECOND = 1_000_000_000


@pytest.fixture
def shown() -> Iterator[Shown]:
    made = Shown(80, 24)
    outside = sys.stdout, sys.stderr
    yield made
    sys.stdout, sys.stderr = outside
    made.stream.close()
    os.close(made.handle)


@pytest.fixture
def runtime() -> Iterator[HandCrankedRuntime]:
    made = HandCrankedRuntime(start_ns=recorded().now_ns)
    yield made
    made.close()


def screen_of(runtime: HandCrankedRuntime, shown: Shown, picture: Any = None) -> LiveScreen:
    return LiveScreen(runtime, lambda: recorded().picture if picture is None else picture(), True, 30.0, shown.stream)


def test_it_draws_at_once_and_then_at_most_twice_a_second_whatever_happens(runtime: HandCrankedRuntime, shown: Shown) -> None:
    screen = screen_of(runtime, shown)
    screen.start()
    for step in range(1, 100):
        screen.notice(CommandEvent("pause", "operator"), ())
        runtime.run_until(step * SECOND // 20)
    assert 9 <= len(screen.frame_ns) <= 11


def test_what_is_printed_becomes_a_line_of_the_screen(runtime: HandCrankedRuntime, shown: Shown) -> None:
    screen = screen_of(runtime, shown)
    screen.start()
    print("hello from a strategy")
    runtime.run_until(SECOND)
    assert "hello from a strategy" in shown.read()
    assert screen.scene().lines[-1].who == "printed"


def test_stopping_is_known_from_the_command_and_the_last_beat_from_the_beat(runtime: HandCrankedRuntime, shown: Shown) -> None:
    screen = screen_of(runtime, shown)
    screen.start()
    runtime.run_until(3 * SECOND)
    screen.notice(CommandEvent("stop", "operator"), ())
    screen.notice(HeartbeatEvent(1, 0, 2_500_000), ())
    runtime.run_until(4 * SECOND)
    assert screen.scene().stopping_ns == runtime.now_ns() - SECOND
    assert screen.scene().late_ms == 2.5


def test_at_the_end_the_terminal_is_given_back_with_the_last_frame_on_it(runtime: HandCrankedRuntime, shown: Shown) -> None:
    outside = sys.stdout
    screen = screen_of(runtime, shown)
    screen.start()
    runtime.run_until(SECOND)
    shown.read()
    screen.say("house", "the last words")
    screen.stop()
    after = shown.read().partition("\x1b[?1049l")[2]
    assert "simulated exchange" in after
    assert "the last words" in after
    assert "Ctrl-C" not in after
    assert sys.stdout is outside


def test_leaving_at_once_gives_the_terminal_back_and_nothing_is_drawn_later(runtime: HandCrankedRuntime, shown: Shown) -> None:
    screen = screen_of(runtime, shown)
    screen.start()
    runtime.run_until(SECOND)
    shown.read()
    screen.leave()
    runtime.run_until(3 * SECOND)
    assert shown.read() == "\x1b[?7h\x1b[?25h\x1b[?1049l"


def test_a_screen_that_breaks_becomes_plain_lines_and_stops_nothing(
        runtime: HandCrankedRuntime, shown: Shown, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(*arguments: Any) -> None:
        raise ValueError("a fault of the screen")
    monkeypatch.setattr(live_screen, "draw", broken)
    screen = screen_of(runtime, shown)
    screen.start()
    runtime.run_until(SECOND)
    screen.notice(CommandEvent("pause", "operator"), ())
    runtime.run_until(2 * SECOND)
    screen.stop()
    told = capsys.readouterr().out
    assert told.count("the screen has ended (ValueError: a fault of the screen); the trading goes on") == 1
    assert "pause by operator" in told
    assert shown.read().endswith("\x1b[?1049l")
    assert runtime.failures == []


def test_a_terminal_that_is_gone_stops_nothing(runtime: HandCrankedRuntime, shown: Shown) -> None:
    screen = screen_of(runtime, shown)
    screen.start()
    os.dup2(os.open(os.devnull, os.O_RDONLY), shown.stream.fileno())
    runtime.run_until(2 * SECOND)
    screen.stop()
    assert runtime.failures == []
