"""Ends a simulator whose parent is gone; used by `server.py`. It must never outlive its promise: one second after the
end of standard input the process is no more."""

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress

_GRACE_SECONDS = 0.8


def hang_on_lifeline() -> None:
    """Make this process end with its standard input instead of with its parent's terminal."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Refused where this process leads a session or group already.
    with suppress(PermissionError):
        os.setsid()
    watch_lifeline(stop=lambda: os.kill(os.getpid(), signal.SIGTERM))


def watch_lifeline(stop: Callable[[], None]) -> None:
    """Call `stop` from a thread when standard input ends, and end the process hard when that was not enough.

    A pipe ends when its last writer dies, by SIGKILL too, so no parent can leave a simulator behind. Ending hard
    loses nothing: what was answered is on disk.
    """
    threading.Thread(target=_watch, args=(stop,), name="lifeline", daemon=True).start()


def _watch(stop: Callable[[], None]) -> None:
    try:
        # Below the buffered reader: a thread that waits inside it cannot be left at the end of the interpreter.
        while os.read(0, 4096):
            pass
    except OSError:
        pass
    stop()
    time.sleep(_GRACE_SECONDS)
    os._exit(0)
