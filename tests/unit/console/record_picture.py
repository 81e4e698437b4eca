"""Records the scene of README's picture: `python -m tests.unit.console.record_picture tests/unit/console/picture.json 60`.

Runs the program as it is delivered, in a folder of its own, and keeps what the screen would have drawn from after so many seconds.
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


def record(path: Path, seconds: float) -> None:
    """Trade for `seconds` and a little on a terminal nobody looks at; write the scene of that moment to `path`."""
    import main as roof
    from trading_system.console.live_screen import LiveScreen

    shown, own = pty.openpty()
    threading.Thread(target=_drain, args=(shown,), daemon=True).start()
    os.dup2(own, 1)
    began = time.monotonic()
    draw = LiveScreen.scene

    def scene(screen: LiveScreen):
        made = draw(screen)
        if time.monotonic() - began < seconds:
            path.write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n")
        return made

    with tempfile.TemporaryDirectory() as folder, mock.patch.object(LiveScreen, "scene", scene):
        roof.main(["run", "--state", f"{folder}/state", "--for", f"{seconds + 3:g}s"])


def _drain(handle: int) -> None:
    while os.read(handle, 65536):
        pass


if __name__ == "__main__":
    record(Path(sys.argv[1]), float(sys.argv[2]))
