"""Looks at a state folder from outside, before anybody makes or locks it; never changes anything in it."""

import fcntl
import os
from pathlib import Path

from trading_system.settings.problems import Problems

_MEND = "choose another folder with --state"


def check_state_folder(state: Path, problems: Problems) -> None:
    """Complain when no run can begin in `state`: a file in its place, no right to write, or another run in there."""
    above = next((folder for folder in (state, *state.parents) if os.path.lexists(folder)), Path("."))
    if not above.is_dir():
        problems.add_at(str(above), 0, "", f"this is not a folder, so the state cannot be kept in {state}: {_MEND}")
    elif not _can_write(above):
        problems.add_at(str(above), 0, "", f"nothing can be written here, so the state cannot be kept in {state}: {_MEND}, "
                        "or give yourself the right to write")
    elif holder := holder_of(state):
        problems.add_at(str(state), 0, "", f"in use by {holder}: stop that run, or {_MEND}")


def holder_of(state: Path) -> str:
    """Return who runs in `state` right now, such as "process 17, started 2026-01-01T00:00:00+00:00"; empty when nobody does."""
    try:
        handle = os.open(state / "run.lock", os.O_RDONLY)
    except OSError:
        return ""
    try:
        # A lock is tried only where a name stands: that of who runs, or of who was killed.
        written = os.read(handle, 200).decode(errors="replace").strip()
        if not written:
            return ""
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return written
    finally:
        os.close(handle)
    return ""


def _can_write(folder: Path) -> bool:
    # The superuser is told yes even where the file system itself refuses, such as /proc and what is mounted to be read only.
    is_virtual = folder.is_relative_to("/proc") or folder.is_relative_to("/sys")
    return os.access(folder, os.W_OK | os.X_OK) and not is_virtual and not os.statvfs(folder).f_flag & os.ST_RDONLY
