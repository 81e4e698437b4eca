"""The watchers: what they write is what happened, in words and as data, and a full disk costs lines and nothing else."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.hand_cranked_runtime import SECOND, HandCrankedRuntime
from trading_system.core.events import (
    CancelEvent,
    CommandEvent,
    ConnectionEvent,
    FillEvent,
    HeartbeatEvent,
    NoteEvent,
    OrderEvent,
    OrderUpdateEvent,
    Verdict,
    WarningEvent,
)
from trading_system.core.order import Fill, FillAmounts, OrderKind, OrderRequest
from trading_system.core.order_update import Answer, Evidence, OrderUpdate
from trading_system.core.side import Side
from trading_system.watchers.board import Board
from trading_system.watchers.counters import Counters
from trading_system.watchers.event_log import EventLog
from trading_system.watchers.words import in_words

REQUEST = OrderRequest("abcdef-naive-1-7", "naive", "XBTZAR.luno", Side.BUY, OrderKind.LIMIT, 1, Decimal("0.0100"), limit=Decimal("100.0"))


def fill(quantity: str = "0.01", side: Side = Side.BUY, time_ns: int = 5, **fees: str) -> FillEvent:
    amounts = FillAmounts(Decimal(quantity), Decimal(quantity) * 100, {name: Decimal(fee) for name, fee in fees.items()})
    return FillEvent(Fill(REQUEST.client_order_id, "naive", "XBTZAR.luno", side, time_ns, amounts))


def update(answer: Answer, reason: str = "") -> OrderUpdateEvent:
    return OrderUpdateEvent(OrderUpdate(REQUEST.client_order_id, answer, Evidence("test", 1, 2), reason=reason))


@pytest.mark.parametrize(("event", "expected"), [
    (OrderEvent(REQUEST, Verdict(True)), ("naive", "buy 0.01 XBTZAR.luno at 100")),
    (OrderEvent(REQUEST, Verdict(False, "funds", "it needs 1 ZAR, 0 are free")),
     ("naive", "DENIED buy 0.01 XBTZAR.luno at 100: it needs 1 ZAR, 0 are free")),
    (fill(XBT="0.00001000"), ("naive", "bought 0.01 XBTZAR.luno at 100, fee 0.00001 XBT")),
    (fill(side=Side.SELL), ("naive", "sold 0.01 XBTZAR.luno at 100")),
    (fill("0", XBT="0.1"), None),
    (update(Answer.REJECTED, "not enough ZAR"), ("naive", "order #7 was refused: not enough ZAR")),
    (update(Answer.OUTCOME_UNKNOWN), ("naive", "order #7 may or may not have arrived; the venue is being asked")),
    (update(Answer.OPEN), None),
    (CancelEvent(REQUEST.client_order_id, "naive"), ("naive", "cancel order #7")),
    (CommandEvent("stop", "operator"), ("house", "stop by operator")),
    (CommandEvent("pause", "operator", "lunch", "naive"), ("naive", "pause by operator: lunch")),
    (CommandEvent("halt", "journal", "the journal cannot write (no room)"), (
        "house", "HALTED: the journal cannot write (no room): no strategy is called, only cancels and questions leave; make room on the disk, "
                 "it goes on by itself")),
    (CommandEvent("rearm", "journal", "it can write again"), ("house", "goes on: it can write again")),
    (ConnectionEvent("luno", "market_data", False, "time-out"), ("house", "luno market data is down: time-out")),
    (ConnectionEvent("luno", "market_data", True), ("house", "luno market data is back")),
    (NoteEvent("the trend has turned", "naive"), ("naive", "the trend has turned")),
    (WarningEvent("look here"), ("house", "WARNING look here")),
    (HeartbeatEvent(1, 0, 0), None),
])
def test_an_event_is_told_as_a_trader_would_say_it(event: Any, expected: tuple[str, str] | None) -> None:
    assert in_words(event) == expected


class LogFile:
    """An event log on a hand-cranked runtime."""

    def __init__(self, tmp_path: Path) -> None:
        self.runtime = HandCrankedRuntime()
        self.directory = tmp_path / "log"
        self.log = EventLog(self.runtime, self.directory)
        self.log.start()

    def settle(self) -> None:
        self.runtime.run_until(self.runtime.monotonic_ns() + SECOND)        # it stands aside for a moment before it writes

    def lines(self) -> list[dict[str, Any]]:
        self.settle()
        return [json.loads(line) for path in sorted(self.directory.glob("*.jsonl")) for line in path.read_text().splitlines()]


def test_each_event_is_one_json_line_with_its_time_its_name_and_its_fields(tmp_path: Path) -> None:
    file = LogFile(tmp_path)
    file.log.notice(fill(XBT="0.1"), ())
    file.log.notice(WarningEvent("look here"), ())
    first, second = file.lines()
    assert first["event"] == "FillEvent"
    assert first["fields"]["fill"]["exact"] == {"quantity": "0.01", "value": "1.00", "fees": {"XBT": "0.1"}}
    assert (second["event"], second["fields"]) == ("WarningEvent", {"text": "look here", "strategy": ""})
    assert first["time"].endswith("Z")
    assert "T" in first["time"]


def test_a_day_has_a_file_of_its_own(tmp_path: Path) -> None:
    file = LogFile(tmp_path)
    file.log.notice(WarningEvent("today"), ())
    file.runtime.advance(86_400 * SECOND)
    file.log.notice(WarningEvent("tomorrow"), ())
    assert [line["fields"]["text"] for line in file.lines()] == ["today", "tomorrow"]
    assert len(list(file.directory.glob("*.jsonl"))) == 2


def test_a_strategys_own_line_keeps_its_fields_and_one_that_cannot_be_written_does_not_stop_the_log(tmp_path: Path) -> None:
    file = LogFile(tmp_path)
    file.log.line("naive", "info", "crossed", {"fast": 1.5})
    file.log.line("naive", "info", "odd", {"object": object()})
    file.log.line("naive", "info", "after", {})
    first, odd, after = file.lines()
    assert first["fields"] == {"strategy": "naive", "level": "info", "text": "crossed", "fast": 1.5}
    assert "could not be written" in odd["fields"]
    assert after["fields"]["text"] == "after"


def test_a_disk_that_is_full_costs_lines_which_are_counted_and_nothing_else(tmp_path: Path) -> None:
    file = LogFile(tmp_path)
    file.directory.rmdir()
    file.log.notice(WarningEvent("lost"), ())
    file.log.notice(WarningEvent("lost too"), ())
    file.settle()
    assert file.log.failures == 2
    file.directory.mkdir()
    file.log.notice(WarningEvent("kept"), ())
    assert [line["fields"]["text"] for line in file.lines()] == ["kept"]


def test_stopping_the_log_writes_what_was_handed_over(tmp_path: Path) -> None:
    file = LogFile(tmp_path)
    for number in range(10):
        file.log.notice(WarningEvent(str(number)), ())
    file.log.stop(SECOND)
    assert len(file.lines()) == 10


def test_the_counters_count_warnings_denials_and_fills_and_keep_the_newest_warnings() -> None:
    counters = Counters(keep=2)
    for text in "abc":
        counters.notice(WarningEvent(text), ())
    counters.notice(OrderEvent(REQUEST, Verdict(True)), ())
    counters.notice(OrderEvent(REQUEST, Verdict(False, "funds", "no")), ())
    counters.notice(fill(time_ns=5), ())
    counters.notice(fill(time_ns=9), ())
    assert (counters.warning_count, counters.warnings) == (3, ["b", "c"])
    assert (counters.denied, counters.fills, counters.first_fill_ns) == (1, 2, 5)


class Picture:
    """A board that is drawn with a number that grows, and what was written."""

    def __init__(self) -> None:
        self.runtime = HandCrankedRuntime()
        self.drawn = 0
        self.written: list[Any] = []
        self.error: OSError | None = None
        self.board = Board(self.runtime, self.draw, self.write, Path("status.json"))
        self.runtime.advance(SECOND)
        self.board.start()
        self.runtime.run_until_idle()

    def draw(self) -> dict[str, Any]:
        self.drawn += 1
        return {"number": self.drawn}

    def write(self, path: Path, data: bytes) -> None:
        if self.error is not None:
            raise self.error
        self.written.append(json.loads(data)["number"])

    def notice(self) -> None:
        self.board.notice(HeartbeatEvent(1, 0, 0), ())
        self.runtime.run_until_idle()


def test_the_board_is_drawn_at_most_twice_a_second() -> None:
    picture = Picture()
    for _ in range(100):
        picture.notice()
        picture.runtime.advance(SECOND // 50)
    assert picture.written == [1, 2, 3, 4]


def test_a_picture_can_be_read_at_once_though_its_file_is_written_later() -> None:
    picture = Picture()
    picture.board.redraw()
    assert picture.board.picture == {"number": 1}
    assert not picture.written


def test_a_status_file_that_cannot_be_written_is_counted_and_the_next_one_is_written() -> None:
    picture = Picture()
    picture.error = OSError(28, "No space left on device")
    picture.board.redraw()
    picture.runtime.run_until_idle()
    picture.error = None
    picture.board.redraw()
    picture.runtime.run_until_idle()
    assert picture.board.failures == 1
    assert picture.written == [2]


def test_stopping_the_board_writes_the_last_picture() -> None:
    picture = Picture()
    picture.board.redraw()
    picture.board.stop(picture.runtime.monotonic_ns() + SECOND)
    assert picture.written == [1]


def test_a_correction_of_fees_is_not_counted_as_a_fill() -> None:
    counters = Counters()
    counters.notice(fill("0", XBT="0.1"), ())
    assert (counters.fills, counters.first_fill_ns) == (0, 0)
