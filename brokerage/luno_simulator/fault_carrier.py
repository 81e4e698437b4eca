"""Carries out over real sockets what `delivery.py` describes: waits, drips, cuts, says nothing, resets; used by `server.py`. It
must never decide what goes wrong."""

import asyncio
import socket
import struct
from collections.abc import Iterable
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from brokerage.luno_simulator.delivery import Delivery, Ending

# Nobody waits longer for an answer that never comes, and a test that forgets to give up should end.
_LONGEST_SILENCE_SECONDS = 120.0
_PIECE_BYTES = 65_536


class FaultyResponse(Response):
    """A response that is late, dripped, cut or never sent. `connections` are the server's, this call's own among them."""

    def __init__(self, delivery: Delivery, connections: Iterable[Any]) -> None:
        super().__init__(delivery.body, delivery.status or 500, dict(delivery.headers))
        self._delivery = delivery
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer as the delivery says, and return when the caller has it or the connection is gone."""
        delivery = self._delivery
        if delivery.delay_seconds and not await _stays_connected(receive, delivery.delay_seconds):
            return
        if delivery.is_whole:
            await super().__call__(scope, receive, send)
            return
        transport = self._transport(scope)
        if delivery.ending is Ending.SILENCE:
            await _stays_connected(receive, _LONGEST_SILENCE_SECONDS)
        elif delivery.ending in (Ending.RESET, Ending.REFUSE):
            # With a linger of zero the socket's end is a reset instead of a good-bye.
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        elif delivery.ending is Ending.ANSWER:
            await _write(transport, delivery.head, delivery.drip_headers_seconds)
            await _write(transport, delivery.sent_body, delivery.drip_body_seconds)
        transport.close()
        # Until the server has noticed, it would take the missing response for a defect.
        while (await receive())["type"] != "http.disconnect":
            pass

    def _transport(self, scope: Scope) -> Any:
        client = tuple(scope["client"])
        return next(one.transport for one in self._connections if one.client is not None and tuple(one.client) == client)


async def _write(transport: Any, content: bytes, drip_seconds: float) -> None:
    size = 1 if drip_seconds else _PIECE_BYTES
    for start in range(0, len(content), size):
        if transport.is_closing():
            return
        transport.write(content[start : start + size])
        if drip_seconds:
            await asyncio.sleep(drip_seconds)


async def _stays_connected(receive: Receive, seconds: float) -> bool:
    async def disconnected() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    try:
        await asyncio.wait_for(disconnected(), seconds)
    except TimeoutError:
        return True
    return False
