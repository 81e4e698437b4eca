"""A disk in memory that knows what a power cut would leave of it, fills up, lies after a failed sync, and stops at any operation.

Content is safe after a sync of its file, names after a sync of their folder; until then each file keeps any prefix of what was done to it
(the last write torn at any byte), and each change of a name is kept or lost on its own.
"""

import errno
import os
from pathlib import Path
from random import Random


class PowerCut(BaseException):
    """The machine stopped. Nobody's `except Exception` may survive it."""


class _Write:
    """Bytes that were appended and not synced. After a failed sync the kernel calls them clean: `is_doomed`, no later sync saves them."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.is_doomed = False


class _Node:
    """A file without its name: `seen` is what a process reads, `durable` what is on the medium, `changes` what lies between."""

    def __init__(self) -> None:
        self.seen = bytearray()
        self.durable = bytearray()
        self.changes: list[_Write | int] = []

    def after(self, changes: "list[_Write | int]", torn: int | None = None) -> bytearray:
        """Return what the medium holds after `changes`; of the last one, where it is a write, only the first `torn` bytes."""
        content = bytearray(self.durable)
        for place, change in enumerate(changes):
            if isinstance(change, int):
                del content[change:]
                continue
            data = bytes(len(change.data)) if change.is_doomed else change.data
            content += data[:torn] if torn is not None and place == len(changes) - 1 else data
        return content


class HandCrankedFile:
    """An append-only file of the disk."""

    def __init__(self, disk: "HandCrankedDisk", node: _Node, path: str) -> None:
        self._disk = disk
        self._node = node
        self._path = path
        self._is_closed = False

    def append(self, data: bytes) -> None:
        """Write at the end; not yet synced. On a full disk what there is room for is written."""
        assert not self._is_closed, f"{self._path} is closed"
        self._disk.begin("append", self._path)
        room = self._disk.room
        if room is not None:
            data, rest = data[:room], data[room:]
            self._disk.room = room - len(data)
        self._node.seen += data
        self._node.changes.append(_Write(data))
        if room is not None and rest:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def sync(self) -> None:
        """Let all that was appended survive."""
        assert not self._is_closed, f"{self._path} is closed"
        self._disk.sync_node(self._node, self._path)

    def close(self) -> None:
        """Close it; what was not synced stays unsynced."""
        self._is_closed = True


class HandCrankedDisk:
    """Implements `Files`. Give it to the next runtime and the files are still there.

    While `error` is set nothing can be written, and nothing is lost by trying. `room` bytes can still be appended (None: any number).
    `failing_syncs` is how many of the next syncs fail, and what they should have saved is never saved by a later one. When `stop_at`
    operations have been begun, the next raises PowerCut, and every other until `cut_power`. `log` names the operations.
    """

    def __init__(self) -> None:
        self.error: OSError | None = None
        self.room: int | None = None
        self.failing_syncs = 0
        self.stop_at: int | None = None
        self.log: list[str] = []
        self.syncs = 0
        self._names: dict[str, _Node] = {}
        self._durable_names: dict[str, _Node] = {}
        # A folder, and what happened there at once: each name and the file it leads to from now on.
        self._changes: list[tuple[str, list[tuple[str, _Node | None]]]] = []
        self._folders: set[str] = set()

    # What the house asks for.

    def open_append(self, path: Path | str) -> HandCrankedFile:
        """Open a file for appending, making it when absent."""
        path = str(path)
        if path not in self._names:
            self.begin("create", path)
            self._change([(path, _Node())])
        elif self.error is not None:
            raise self.error
        return HandCrankedFile(self, self._names[path], path)

    def read(self, path: Path | str, start: int = 0, size: int = -1) -> bytes:
        """Return what a process that reads the file now would see."""
        seen = self._node(path).seen
        return bytes(seen[start:] if size < 0 else seen[start:start + size])

    def size(self, path: Path) -> int:
        """Return how many bytes a file has."""
        return len(self._node(path).seen)

    def exists(self, path: Path) -> bool:
        """Tell whether there is a file or a folder of that name."""
        return str(path) in self._names or str(path) in self._folders

    def names(self, folder: Path) -> list[str]:
        """Return the names of the files in a folder, oldest first."""
        if str(folder) not in self._folders:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))
        return [Path(name).name for name in self._names if Path(name).parent == folder]

    def make_folder(self, path: Path) -> None:
        """Make a folder and those above it; they survive."""
        if str(path) not in self._folders:
            self.begin("make_folder", str(path))
            self._folders.update(map(str, (path, *path.parents)))

    def truncate(self, path: Path, size: int) -> None:
        """Cut a file down; not yet synced."""
        node = self._node(path)
        self.begin("truncate", str(path))
        assert size <= len(node.seen)
        del node.seen[size:]
        node.changes.append(size)

    def rename(self, old: Path, new: Path) -> None:
        """Give a file another name."""
        node = self._node(old)
        self.begin("rename", str(old))
        self._change([(str(old), None), (str(new), node)])

    def remove(self, path: Path) -> None:
        """Remove a file."""
        self._node(path)
        self.begin("remove", str(path))
        self._change([(str(path), None)])

    def sync(self, path: Path) -> None:
        """Let the content of a file survive."""
        self.sync_node(self._node(path), str(path))

    def sync_folder(self, folder: Path) -> None:
        """Let the names in a folder survive."""
        self.begin("sync_folder", str(folder))
        self._fail_a_sync()
        for where, changes in self._changes:
            if where == str(folder):
                self._settle(changes)
        self._changes = [change for change in self._changes if change[0] != str(folder)]
        self.syncs += 1

    # What the hand at the crank does.

    @property
    def synced(self) -> dict[str, bytes]:
        """Return for each file that has a name now what of its content would survive."""
        return {path: bytes(node.durable) for path, node in self._names.items()}

    def cut_power(self, kept: int = 0, chance: Random | None = None) -> None:
        """Stop the machine and start it again. All names survive and of each file's unsynced bytes the first `kept`; with `chance` it draws
        for each name whether it survives, and for each file how much of what was done to it."""
        for _, changes in self._changes:
            if chance is None or chance.random() < 0.5:
                self._settle(changes)
        self._names = dict(self._durable_names)
        for node in {id(node): node for node in self._names.values()}.values():
            if chance is None:
                written = b"".join(change.data for change in node.changes if isinstance(change, _Write))
                if kept < len(written):
                    node.durable += written[:kept]
                elif kept:
                    node.durable = node.after(node.changes)
            else:
                count = chance.choice((0, len(node.changes), chance.randrange(len(node.changes) + 1)))
                kept_changes = node.changes[:count]
                last = kept_changes[-1] if kept_changes else 0
                torn = chance.choice((None, chance.randrange(len(last.data) + 1))) if isinstance(last, _Write) else None
                for change in kept_changes:
                    # What the kernel only called clean may or may not have reached the medium.
                    if isinstance(change, _Write) and chance.random() < 0.5:
                        change.is_doomed = False
                node.durable = node.after(kept_changes, torn)
            node.changes = []
            node.seen = bytearray(node.durable)
        self._changes.clear()
        self.stop_at = None

    def write(self, path: Path, data: bytes) -> None:
        """Put a file there as if it had always been: what a test damages."""
        node = self._names.setdefault(str(path), _Node())
        self._durable_names[str(path)] = node
        node.seen, node.durable, node.changes = bytearray(data), bytearray(data), []

    # What the files ask for.

    def begin(self, operation: str, path: str) -> None:
        """Count an operation that changes something, and stop the machine or fail where that is due."""
        if self.stop_at is not None and len(self.log) >= self.stop_at:
            raise PowerCut
        self.log.append(f"{operation} {path}")
        if self.error is not None:
            raise self.error

    def sync_node(self, node: _Node, path: str) -> None:
        """Let the content of a file survive; where it fails its unsynced bytes are doomed."""
        self.begin("sync", path)
        try:
            self._fail_a_sync()
        except OSError:
            for change in node.changes:
                if isinstance(change, _Write):
                    change.is_doomed = True
            raise
        node.durable = node.after(node.changes)
        # Bytes that are doomed stay readable until memory is needed, which is what makes them so treacherous.
        node.changes = []
        self.syncs += 1

    def _fail_a_sync(self) -> None:
        if self.failing_syncs:
            self.failing_syncs -= 1
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def _change(self, changes: list[tuple[str, _Node | None]]) -> None:
        self._changes.append((str(Path(changes[0][0]).parent), changes))
        for path, node in changes:
            if node is None:
                self._names.pop(path, None)
            else:
                self._names[path] = node

    def _settle(self, changes: list[tuple[str, _Node | None]]) -> None:
        for name, node in changes:
            if node is None:
                self._durable_names.pop(name, None)
            else:
                self._durable_names[name] = node

    def _node(self, path: Path | str) -> _Node:
        if str(path) not in self._names:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        return self._names[str(path)]
