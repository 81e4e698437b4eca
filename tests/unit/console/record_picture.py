"""Records the scene of README's picture and draws it anew: `python -m tests.unit.console.record_picture 60`.

Runs the program as it is delivered, in a folder of its own, and keeps what the screen drew from after so many seconds. With 0 nothing is
recorded: the picture and the expected frames are drawn again from the scene that is there.
"""

import os
import pty
import sys
import tempfile
import threading
import time
from pathlib import Path
from unittest import mock

import msgspec

from tests.unit.console.scenes import FOLDER, RECORDED, SIZES, golden, recorded, text
from trading_system.console.capture import SIZE, svg
from trading_system.console.live_screen import LiveScreen
from trading_system.console.scene import Scene


def record(path: Path, seconds: float) -> None:
    """Trade for `seconds` and a little on a terminal nobody looks at; write the scene of that moment to `path`."""
    import main as roof

    shown, own = pty.openpty()
    threading.Thread(target=_drain, args=(shown,), daemon=True).start()
    os.dup2(own, 1)
    began = time.monotonic()
    draw = LiveScreen.scene

    def scene(screen: LiveScreen) -> Scene:
        made = draw(screen)
        if time.monotonic() - began < seconds:
            path.write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n")
        return made

    with tempfile.TemporaryDirectory() as folder, mock.patch.object(LiveScreen, "scene", scene):
        roof.main(["run", "--state", f"{folder}/state", "--for", f"{seconds + 3:g}s"])


def _drain(handle: int) -> None:
    while os.read(handle, 65536):
        pass


def draw_again() -> None:
    """Write the expected frames and README's picture from the recorded scene."""
    for width, height in SIZES:
        golden(width, height).write_text(text(recorded(), width, height))
    (FOLDER.parents[2] / "docs" / "screen.svg").write_text(svg(recorded(), *SIZE))


if __name__ == "__main__":
    if seconds := float(sys.argv[1]):
        record(RECORDED, seconds)
    draw_again()
