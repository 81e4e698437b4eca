"""What a program takes is measured from outside, and a program that does not end well is no figure."""

import sys
from pathlib import Path

import pytest

from benchmarks.child import ChildFailed, run_child


def test_the_last_line_is_what_a_program_tells(tmp_path: Path) -> None:
    child = run_child([sys.executable, "-c", "print('loading'); print('{\"orders\": 3}')"], tmp_path)
    assert child.told == {"orders": 3}
    assert child.seconds > 0


def test_the_peak_is_the_programs_own_and_not_that_of_whoever_started_it(tmp_path: Path) -> None:
    ballast = bytearray(b"x" * 150_000_000)
    small = run_child([sys.executable, "-I", "-S", "-c", "pass"], tmp_path)
    large = run_child([sys.executable, "-I", "-S", "-c", "kept = b'x' * 80_000_000"], tmp_path)
    assert len(ballast) > small.peak_mb * 1e6
    assert small.peak_mb < 60
    assert 80 < large.peak_mb - small.peak_mb + 10 < 110


def test_a_program_that_fails_says_so_in_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(ChildFailed, match=r"ended with 3: no such bars"):
        run_child([sys.executable, "-c", "import sys; print('no such bars', file=sys.stderr); sys.exit(3)"], tmp_path)


def test_a_program_that_is_not_there_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ChildFailed, match="could not be started"):
        run_child([tmp_path / "nothing"], tmp_path)


def test_a_program_that_does_not_end_is_ended_with_all_it_started(tmp_path: Path) -> None:
    with pytest.raises(ChildFailed, match="did not end within"):
        run_child([sys.executable, "-c", "import threading; threading.Event().wait()"], tmp_path, limit_seconds=0.5)
