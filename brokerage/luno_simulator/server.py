"""The simulated Luno as a process: `python -m brokerage.luno_simulator.server --state DIR`; started by `launcher.py`
or by hand. It listens on 127.0.0.1 only and must never hold a rule of the exchange."""

import asyncio
import json
import os
import signal
import sys
from types import FrameType
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from brokerage.luno_simulator.delivery import Delivery
from brokerage.luno_simulator.fact_log import DamagedLogError
from brokerage.luno_simulator.fault_carrier import FaultyResponse
from brokerage.luno_simulator.folder_lock import FolderInUseError
from brokerage.luno_simulator.lifeline import hang_on_lifeline
from brokerage.luno_simulator.running_exchange import RunningExchange
from brokerage.luno_simulator.server_options import ServerOptions, parse_options
from brokerage.luno_simulator.shared_sync import SharedSync

_TICK_SECONDS = 0.15


class SimulatorServer(uvicorn.Server):
    """The HTTP server around one running exchange, which it also ticks between the calls."""

    def __init__(self, exchange: RunningExchange, options: ServerOptions) -> None:
        # uvicorn binds the port itself: a socket made by somebody else costs 43 ms a call.
        super().__init__(
            uvicorn.Config(
                Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])]),
                host="127.0.0.1",
                port=options.port,
                loop="asyncio",
                http="h11",
                lifespan="off",
                log_level="warning",
                access_log=False,
                server_header=False,
                date_header=False,
                # Whoever calls is who it is: faults find the connection by it.
                proxy_headers=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._exchange = exchange
        self._sync = SharedSync(exchange)
        self._ignores_interrupt = options.has_lifeline

    async def run_until_stopped(self) -> None:
        """Serve and tick until a signal comes."""
        ticking = asyncio.create_task(self._tick())
        await self.serve()
        ticking.cancel()
        self._exchange.close()

    async def main_loop(self) -> None:
        """Say once where it listens, as soon as it does."""
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        print(json.dumps({"url": f"http://{host}:{port}", "pid": os.getpid()}), flush=True)
        await super().main_loop()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop on a signal; a child leaves Ctrl-C to its parent, whose last cancels it must still answer."""
        if sig != signal.SIGINT or not self._ignores_interrupt:
            self.should_exit = True

    async def _tick(self) -> None:
        while True:
            self._exchange.tick()
            await asyncio.sleep(_TICK_SECONDS)

    async def _answer(self, request: Request) -> Response:
        query = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
        form = _form_of(await request.body())
        answer = self._exchange.handle(request.method, request.scope["path"], query, form, request.headers)
        await self._sync.wait()
        if isinstance(answer, Delivery):
            if answer.offline_seconds:
                self._go_offline(answer.offline_seconds)
            return FaultyResponse(answer, self.server_state.connections)
        return Response(answer.body, answer.status, dict(answer.headers))

    def _go_offline(self, seconds: float) -> None:
        # Nobody can connect any more; who is connected is answered by the faults themselves.
        port = self.servers[0].sockets[0].getsockname()[1]
        for server in self.servers:
            server.close()

        async def come_back() -> None:
            await asyncio.sleep(seconds)
            self.config.port = port
            await self.startup()

        self._coming_back = asyncio.create_task(come_back())


def _form_of(body: bytes) -> list[tuple[str, str]]:
    text = body.decode("latin-1")
    # JSON is for the simulator's own calls; the venue's have forms.
    return [("rules", text)] if text[:1] in ("{", "[") else parse_qsl(text, keep_blank_values=True)


def main() -> None:
    """Run the simulator until it is told to end; exit with 2 when its state folder cannot be used."""
    options = parse_options()
    if options.has_lifeline:
        hang_on_lifeline()
    try:
        exchange = RunningExchange(options)
    except (FolderInUseError, DamagedLogError, OSError) as error:
        print(f"The simulator cannot start: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    asyncio.run(SimulatorServer(exchange, options).run_until_stopped())


if __name__ == "__main__":
    main()
