"""Replaces small files whole, so that whoever reads one never sees half of it. Used for status and run files, never for the journal."""

import os
from pathlib import Path


def write_atomically(path: Path, data: bytes, *, is_synced: bool = False) -> None:
    """Replace `path` by a file with `data`. With `is_synced` it also survives a power cut, for some hundred microseconds more.

    One writer per path at a time. Raises OSError; the old file stands then.
    """
    temporary = path.with_name(path.name + ".tmp")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(handle, "wb") as file:
            file.write(data)
            if is_synced:
                file.flush()
                os.fsync(handle)
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    if is_synced:
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
