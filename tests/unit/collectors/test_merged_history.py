"""Several files become one stream in order of time: the same as sorting all events, without ever holding them all."""

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.collectors.history_files import MINUTE_NS, START_NS, bar_lines, events, write, write_bars
from trading_system.collectors import history_csv, history_npz
from trading_system.collectors.history import History
from trading_system.collectors.merged_history import merged
from trading_system.core.market_data import Bar, Tick, Trade


def trades(folder: Path, name: str, times: list[int]) -> History:
    """Return trades at these milliseconds after the start; each has a price of its own."""
    path = folder / f"{name}.npz"
    count = len(times)
    np.savez(path, ts=START_NS // 1_000_000 + np.array(times, np.int64), price=1.0 + np.arange(count), volume=np.ones(count), side=np.ones(count))
    return History.open(f"{name}.luno", path)


def sorted_events(histories: list[History], from_ns: int | None = None, to_ns: int | None = None) -> list[Any]:
    """Return what the merge must come to: sorted() keeps the order of what is equal."""
    return sorted((event for history in histories for event in events(history, from_ns, to_ns)), key=lambda event: event.time_ns)


def merged_events(histories: list[History], from_ns: int | None = None, to_ns: int | None = None) -> list[Any]:
    """Return every event of the merge, each batch held against its own figures."""
    found = []
    for batch in merged(histories, from_ns, to_ns):
        made = list(batch.events())
        assert [event.time_ns for event in made] == batch.times_ns.tolist()
        assert len(batch) == len(made) == sum(map(len, batch.chunks))
        for symbol in batch.symbols:
            own = [event for event in made if event.symbol == symbol]
            times, marks = batch.marks(symbol)
            assert times.tolist() == [event.time_ns for event in own]
            assert marks.tolist() == [event.mark for event in own]
        found += made
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.lists(st.lists(st.integers(0, 12), min_size=1, max_size=40).map(sorted), min_size=1, max_size=4),
       bounds=st.tuples(st.none() | st.integers(0, 12), st.none() | st.integers(0, 12)), rows=st.integers(1, 7))
def test_a_merge_is_sorted_and_stable_whatever_the_chunks_and_bounds(
        tmp_path: Path, files: list[list[int]], bounds: tuple[int | None, int | None], rows: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history_npz, "BLOCK_ROWS", rows)
        histories = [trades(tmp_path, f"M{number}", times) for number, times in enumerate(files)]
        from_ns, to_ns = (None if bound is None else START_NS + bound * 1_000_000 for bound in bounds)
        assert merged_events(histories, from_ns, to_ns) == sorted_events(histories, from_ns, to_ns)


def test_equal_times_across_chunks_come_in_the_order_of_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_npz, "BLOCK_ROWS", 2)
    histories = [trades(tmp_path, "A", [1, 5, 5, 5, 6]), trades(tmp_path, "B", [5, 5, 5, 5, 5]), trades(tmp_path, "C", [5])]
    assert [event.symbol[0] for event in merged_events(histories)] == list("AAAABBBBBCA")


def test_kinds_and_symbols_mix_and_one_symbol_may_have_two_files(tmp_path: Path) -> None:
    bars = History.open("XBTZAR.luno", write_bars(tmp_path, bar_lines(3)))
    quotes = History.open("XBTZAR.luno", write(tmp_path, "ts,bid,ask", *(f"{START_NS // 1_000_000 + row * 30_000},10,11" for row in range(8)), name="q.csv"))
    own = trades(tmp_path, "ETHZAR", [60_000, 61_000])
    found = merged_events([bars, quotes, own])
    assert [type(event) for event in found] == [Tick, Tick, Bar, Tick, Trade, Trade, Tick, Bar, Tick, Tick, Bar, Tick, Tick]
    assert [(event.time_ns - START_NS) // 1_000_000_000 for event in found] == [0, 30, 60, 60, 60, 61, 90, 120, 120, 150, 180, 180, 210]


def test_one_history_is_passed_through_unsorted_and_none_gives_nothing(tmp_path: Path) -> None:
    history = trades(tmp_path, "A", [1, 2, 3])
    batch = next(merged([history]))
    assert batch.order is None
    assert list(batch.events()) == events(history)
    assert list(merged([])) == []
    assert list(merged([history], START_NS + MINUTE_NS)) == []
    assert list(merged([history, history], START_NS + MINUTE_NS)) == []
    assert batch.marks("B.luno")[0].tolist() == []


def test_a_merge_holds_a_window_never_the_files(tmp_path: Path) -> None:
    peaks = []
    for count in (150_000, 750_000):
        histories = [trades(tmp_path, f"{name}{count}", list(range(0, count * step, step))) for name, step in (("A", 3), ("B", 5), ("C", 1))]
        tracemalloc.start()
        assert sum(len(batch) for batch in merged(histories)) == 3 * count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 5_000_000


def test_blocks_of_csv_come_in_pieces_and_lose_nothing_at_their_edges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_bars(tmp_path, bar_lines(500))
    expected = events(History.open("XBTZAR.luno", path))
    for size in (37, 100, 1000, 20_000):
        monkeypatch.setattr(history_csv, "_PIECE_BYTES", size)
        monkeypatch.setattr(history_csv, "BLOCK_ROWS", 60)
        history = History.open("XBTZAR.luno", path)
        assert events(history) == expected
        for cut in (1, 59, 60, 61, 333):
            from_ns = expected[cut].time_ns
            assert events(history, from_ns, from_ns + 100 * MINUTE_NS) == expected[cut:cut + 100]


def test_lines_are_numbered_right_wherever_reading_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_csv, "_PIECE_BYTES", 500)
    lines = bar_lines(200)
    lines[150] = lines[150].replace(",9", ",-9").replace(",10", ",-10")
    lines[20:20] = ["", ""]
    history = History.open("XBTZAR.luno", write_bars(tmp_path, lines), "skip")
    assert "bars.csv:154: " in history.sentences[-1]
    assert len(events(history)) == 199
