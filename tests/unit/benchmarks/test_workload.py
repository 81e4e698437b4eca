"""Everybody runs the same workload: the same bars, the same crosses, as many orders."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import ours
from benchmarks.crowded_loop import Crowd
from benchmarks.data_file import read_data, write_data
from benchmarks.engine_loop import columns, engine_loop
from benchmarks.peers import __main__ as install_peers
from benchmarks.peers.averages import FAST, SLOW, Averages
from benchmarks.peers.pins import PEERS

CLOSES = np.round(columns(5_000)[5] * 4) / 4      # quarters add up exactly, so a running sum is the sum of its window


def crosses() -> list[int]:
    """Return where the averages of CLOSES cross, reckoned anew from the whole window at every bar."""
    fast, slow = (np.lib.stride_tricks.sliding_window_view(CLOSES, period).sum(axis=1)[-(len(CLOSES) - SLOW + 1):] for period in (FAST, SLOW))
    states = np.where(fast * SLOW > slow * FAST, 1, -1)
    changed = np.concatenate(([True], states[1:] != states[:-1]))
    return [0] * (SLOW - 1) + np.where(changed, states, 0).tolist()


def test_everybody_s_averages_cross_where_whole_windows_do() -> None:
    own = Averages()
    assert [own.update(close) for close in CLOSES.tolist()] == crosses()
    assert sum(map(abs, crosses())) > 50


def test_the_strategy_of_the_whole_process_is_long_and_flat_at_those_crosses() -> None:
    names: dict[str, type] = {}
    exec(ours._STRATEGY, names)
    strategy = names["BenchCrossStrategy"]()
    ordered: list[int] = []
    strategy.buy, strategy.sell = lambda *_: ordered.append(1), lambda *_: ordered.append(-1)
    strategy.on_start()
    for close in CLOSES.tolist():
        strategy.on_bar(SimpleNamespace(symbol="TEST.bench", close=close))
    turns = [cross for cross in crosses() if cross]
    assert ordered == turns[turns.index(1):]


def test_the_data_file_holds_the_columns_and_is_written_once(tmp_path: Path) -> None:
    path = write_data(tmp_path, 300)
    written_ns = path.stat().st_mtime_ns
    assert write_data(tmp_path, 300) == path
    assert path.stat().st_mtime_ns == written_ns
    for read, made in zip(read_data(path), columns(300), strict=True):
        np.testing.assert_array_equal(read, made)
    assert [len(column) for column in read_data(path, 100)] == [100] * 7


def test_a_crowd_of_one_trades_as_the_engine_loop_does() -> None:
    table = columns(5_000)
    crowd = Crowd(1, 1)
    assert crowd.run(table) > 0
    _, did = engine_loop(table)
    assert (crowd.orders, crowd.fills) == (did["orders"], did["fills"])
    assert crowd.fills > 50


def test_every_strategy_of_a_crowd_trades_every_instrument() -> None:
    table = columns(5_000)
    crowd = Crowd(3, 2)
    crowd.run(table)
    fills = {name: desk.fills for name, desk in crowd.desks.items()}
    assert len(fills) == 3
    assert len(set(fills.values())) == 1
    assert all(desk.positions.positions.keys() == set(crowd.symbols) for desk in crowd.desks.values())


@pytest.mark.parametrize("peer", PEERS.values(), ids=lambda peer: peer.name)
def test_a_peer_without_an_environment_says_how_to_make_one(peer, tmp_path: Path) -> None:       # type: ignore[no-untyped-def]
    assert f"python -m benchmarks.peers install {peer.name}" in peer.missing(tmp_path)
    assert all("==" in package for package in peer.packages)


def test_an_environment_that_does_not_load_says_what_it_said(tmp_path: Path) -> None:
    python = PEERS["vnpy"].python(tmp_path)
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\necho 'ImportError: numpy is too new' >&2\nexit 1\n")
    python.chmod(0o755)
    assert PEERS["vnpy"].missing(tmp_path) == "its environment does not load: ImportError: numpy is too new"


@pytest.mark.parametrize("words", [["install", "zipline"], ["install", "--into", "somewhere", "zipline"]])
def test_a_peer_that_does_not_exist_is_wrong_usage_and_installs_nothing(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        install_peers.main(words)
    assert left.value.code == 2
    assert "there is no peer 'zipline'; there are vnpy," in capsys.readouterr().err
