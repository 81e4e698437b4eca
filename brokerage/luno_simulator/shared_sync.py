"""One wait for the disk that serves every answer which needs it; used by `server.py`. It must never let an answer go before
the disk has what that answer tells of."""

import asyncio
from typing import Protocol


class Unsynced(Protocol):
    """Something that writes now and is durable after `sync`."""

    @property
    def has_unsynced(self) -> bool:
        """Tell whether something was written since the last `sync`."""

    def sync(self) -> None:
        """Wait until the disk has everything."""


class SharedSync:
    """Lets all who come in the same turn of the event loop wait for the same sync."""

    def __init__(self, memory: Unsynced) -> None:
        self._memory = memory
        self._next: asyncio.Future[None] | None = None

    async def wait(self) -> None:
        """Return when the disk has everything; at once when it has it already."""
        if not self._memory.has_unsynced:
            return
        if self._next is None:
            loop = asyncio.get_running_loop()
            self._next = loop.create_future()
            loop.call_soon(self._sync)
        # Shielded: one caller that gives up must not take the others' sync with it.
        await asyncio.shield(self._next)

    def _sync(self) -> None:
        self._memory.sync()
        assert self._next is not None
        self._next.set_result(None)
        self._next = None
