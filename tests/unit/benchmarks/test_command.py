"""`python -m benchmarks` runs from end to end; the live house it measures really trades."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks.bench import Bench
from benchmarks.child import ROOT, ChildFailed
from benchmarks.figure import Figure


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *map(str, words)], cwd=ROOT, capture_output=True, text=True, timeout=100)


def test_one_goal_is_measured_and_its_page_written(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    done = run("benchmarks", "--quick", "--only", "G11", "--scratch", tmp_path, "--out", page)
    assert done.returncode in (0, 1), done.stderr       # a busy machine may miss a goal: that is not this test's affair
    assert "G11 help" in done.stdout
    assert "G11 import" in done.stdout
    text = page.read_text()
    assert "Provisional" in text
    assert "| G11 | import of the live core |" in text
    assert list(tmp_path.iterdir()) == [page]


def test_some_goals_alone_write_no_page_unless_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(command, "_PAGE", tmp_path / "page.md")
    monkeypatch.setitem(command.MEASURES, "G4", lambda bench: [Figure("G4 peak memory", 150.0)])
    assert command.main(["--quick", "--only", "G4", "--scratch", str(tmp_path)]) == 0
    assert list(tmp_path.iterdir()) == []
    assert "150 MB" in capsys.readouterr().out


def test_a_failed_goal_makes_the_command_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(command.MEASURES, "G4", lambda bench: [Figure("G4 peak memory", 250.0)])
    assert command.main(["--quick", "--only", "G4", "--scratch", str(tmp_path)]) == 1


def test_a_measurement_that_breaks_is_said_and_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                                capsys: pytest.CaptureFixture[str]) -> None:
    def broken(bench: Bench) -> list[Figure]:
        raise ChildFailed("ended with 1: no disk")
    monkeypatch.setitem(command.MEASURES, "G7", broken)
    monkeypatch.setitem(command.MEASURES, "G8", lambda bench: [Figure("G8 burst", 1.0)])
    assert command.main(["--quick", "--only", "G7,G8", "--scratch", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert said.count("the measurement broke: ended with 1: no disk") == 2
    assert "G8 burst" in said


def test_a_goal_that_does_not_exist_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        command.main(["--only", "G99"])
    assert left.value.code == 2
    assert "there is no goal 'G99'" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("latency", "--count", "20", "--journal"), ("latency", "--count", "20"), ("neighbor", "--count", "20")])
def test_every_tick_of_the_live_house_becomes_an_order_at_the_broker(words: tuple[str, ...]) -> None:
    done = run("benchmarks.live.worker", *words)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["house"]["count"] == told["lanes"]["count"] == told["chain"]["count"] == 20
    assert told["house"]["p50_us"] >= told["lanes"]["p50_us"] > 0


def test_a_burst_reaches_the_broker_whole_and_is_synced_in_batches() -> None:
    done = run("benchmarks.live.worker", "burst", "--count", "2")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["orders"] == 600
    assert 0 < told["syncs_per_burst"] <= 200


def test_beats_are_counted_and_a_flood_is_taken_whole() -> None:
    beats = json.loads(run("benchmarks.live.worker", "beats", "--count", "20", "--gap", "0.02").stdout)
    assert (beats["beats"], beats["house"]["count"]) == (20, 20)
    flood = json.loads(run("benchmarks.live.worker", "flood", "--count", "5000").stdout)
    assert flood["events"] == 5000
    assert flood["events_per_second"] > 0
