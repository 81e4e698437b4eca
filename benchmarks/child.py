"""Runs one program in a process of its own: its wall time and peak memory from outside, and the JSON line it prints last."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parents[1]
_SLIM_PARENT = Path(__file__).with_name("slim_parent.py")


class ChildFailed(Exception):
    """A program that was to be measured did not end well; the sentence says how."""


class Child(msgspec.Struct, frozen=True):
    """What one process came to. `told` is its last line of output where that is JSON, else empty."""

    seconds: float
    peak_mb: float
    told: dict[str, Any]


def run_child(command: Sequence[str | Path], folder: Path, limit_seconds: float = 900.0) -> Child:
    """Run `command` in `folder`, with the project importable. Raises ChildFailed."""
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
    with tempfile.TemporaryDirectory() as place:
        answer = Path(place) / "answer"
        words = [sys.executable, "-I", "-S", str(_SLIM_PARENT), str(answer), *map(str, command)]
        process = subprocess.Popen(words, cwd=folder, env=surroundings, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, start_new_session=True)
        try:
            output, errors = process.communicate(timeout=limit_seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)            # a session of its own: the program and nothing else
            process.communicate()
            raise ChildFailed(f"did not end within {limit_seconds:g} s") from None
        if process.returncode or not answer.exists():
            raise ChildFailed(f"could not be started: {_last(errors)}")
        code, seconds, peak_mb = answer.read_text().split()
    if int(code):
        raise ChildFailed(f"ended with {code}: {_last(errors)}")
    return Child(float(seconds), float(peak_mb), _json_of(output))


def run_module(module: str, *words: object, folder: Path, limit_seconds: float = 900.0) -> Child:
    """Run one of our own modules as a program. Raises ChildFailed."""
    return run_module_with(sys.executable, module, *words, folder=folder, limit_seconds=limit_seconds)


def run_module_with(python: str | Path, module: str, *words: object, folder: Path, limit_seconds: float = 900.0) -> Child:
    """Run one of our own modules with another interpreter. Raises ChildFailed."""
    return run_child([python, "-m", module, *map(str, words)], folder, limit_seconds)


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "without a word"


def _json_of(output: str) -> dict[str, Any]:
    try:
        told = json.loads(_last(output))
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
