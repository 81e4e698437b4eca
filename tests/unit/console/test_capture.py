"""README's picture is what the program draws."""

import subprocess
import sys

from tests.unit.console.scenes import FOLDER, RECORDED, recorded
from trading_system.console.capture import SIZE, svg

ROOT = FOLDER.parents[2]


def test_the_picture_in_the_docs_is_what_the_code_draws_from_the_recorded_run() -> None:
    assert svg(recorded(), *SIZE) == (ROOT / "docs" / "screen.svg").read_text(), "draw it again: python -m tests.unit.console.record_picture 0"
    assert "docs/screen.svg" in (ROOT / "README.md").read_text()


def test_the_picture_fetches_nothing_from_elsewhere() -> None:
    assert "http" not in svg(recorded(), *SIZE).replace("http://www.w3.org/2000/svg", "").replace("http&#160;calls", "")


def test_the_command_prints_the_picture_and_says_how_it_is_used() -> None:
    command = [sys.executable, "-m", "trading_system.console.capture"]
    done = subprocess.run([*command, str(RECORDED)], capture_output=True, text=True, cwd=ROOT, timeout=30, check=False)
    assert done.returncode == 0
    assert done.stdout == (ROOT / "docs" / "screen.svg").read_text()
    assert subprocess.run(command, capture_output=True, cwd=ROOT, timeout=30, check=False).returncode == 2
