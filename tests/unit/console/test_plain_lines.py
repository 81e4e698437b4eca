"""Plain lines where the output is piped."""

import io
import os
import sys
from typing import Any

import pytest

from tests.hand_cranked_runtime import HandCrankedRuntime
from trading_system.console.plain_lines import PlainLines
from trading_system.core.events import HeartbeatEvent, NoteEvent


def test_each_noteworthy_event_is_one_line_in_the_order_they_came(capsys: pytest.CaptureFixture[str]) -> None:
    runtime = HandCrankedRuntime()
    lines = PlainLines(runtime)
    lines.start()
    lines.notice(NoteEvent("first\x1b[2J\nfaked line", "naive"), ())
    lines.notice(HeartbeatEvent(1, 0, 0), ())
    lines.say("house", "second")
    lines.stop()
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith("naive                 first\\x1b[2J\\nfaked line")
    assert second.endswith("house                 second")
    runtime.close()


def test_a_closed_pipe_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with io.TextIOWrapper(os.fdopen(writing, "wb", buffering=0), write_through=True) as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        runtime = HandCrankedRuntime()
        lines = PlainLines(runtime)
        lines.start()
        for number in range(3):
            lines.say("house", str(number))
        lines.stop()
        monkeypatch.undo()
    assert runtime.failures == []
    runtime.close()


def test_a_line_keeps_its_place_for_any_name(capsys: Any) -> None:
    PlainLines(HandCrankedRuntime()).show(0, ("x" * 40, "text"))
    assert capsys.readouterr().out.endswith("x" * 40 + " text\n")
