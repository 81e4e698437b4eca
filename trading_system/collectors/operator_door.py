"""The door for people: a local socket in the state folder through which a command reaches a house that runs.

One question, one answer, a line of JSON each. Only the user who runs the house, and root, are let in.
"""

import os
import shutil
import socket
import struct
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from trading_system.core.ports import Runtime

_LONGEST_PATH = 100             # the kernel takes 107 bytes
_LONGEST_QUESTION = 65_536
_PATIENCE_SECONDS = 5.0


class OperatorDoor:
    """Listens at `path`. `answer` is given each question and returns what to say; it is called on the door's own thread."""

    def __init__(self, runtime: Runtime, state: Path, answer: Callable[[bytes], bytes]) -> None:
        self.path = state / "operator.sock"
        self._runtime = runtime
        self._answer = answer
        self._folder: Path | None = None
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def start(self) -> None:
        """Open the door. Raises OSError."""
        if len(os.fsencode(self.path)) > _LONGEST_PATH:
            self._folder = Path(tempfile.mkdtemp(prefix="operator-"))
            self.path = self._folder / "operator.sock"
        with suppress(FileNotFoundError):
            self.path.unlink()              # left by a run that was killed; the state folder is ours alone
        self._socket.bind(os.fspath(self.path))
        self.path.chmod(0o600)
        self._socket.listen(4)
        self._runtime.spawn("operator-door", self._run)

    def stop(self) -> None:
        """Close the door; a question that is being answered may still be."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        with suppress(OSError):
            self.path.unlink()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self) -> None:
        while True:
            try:
                guest, _ = self._socket.accept()
            except OSError:
                return                      # the door was closed
            with guest, suppress(OSError):
                guest.settimeout(_PATIENCE_SECONDS)
                if _is_one_of_us(guest) and (question := _line(guest)):
                    guest.sendall(self._answer(question) + b"\n")


def ask_house(path: Path, question: bytes, patience_seconds: float = 15.0) -> bytes:
    """Ask the house behind a door and return its answer. Raises OSError where nobody answers."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as guest:
        guest.settimeout(patience_seconds)
        guest.connect(os.fspath(path))
        guest.sendall(question + b"\n")
        answer = _line(guest)
    if not answer:
        raise ConnectionError("the house closed the door without a word")
    return answer


def _line(guest: socket.socket) -> bytes:
    received = b""
    while b"\n" not in received and len(received) < _LONGEST_QUESTION:
        part = guest.recv(4096)
        if not part:
            return b""
        received += part
    return received.partition(b"\n")[0]


def _is_one_of_us(guest: socket.socket) -> bool:
    # The kernel tells who is at the other end.
    _, user, _ = struct.unpack("3i", guest.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return user in (0, os.getuid())
