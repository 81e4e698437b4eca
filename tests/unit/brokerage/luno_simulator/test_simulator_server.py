"""No answer leaves before the disk has what it tells of, and callers that wait at the same time share one wait."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from brokerage.luno_simulator.api import Answer
from brokerage.luno_simulator.fact_log import FactLog
from brokerage.luno_simulator.server import SimulatorServer
from brokerage.luno_simulator.server_options import parse_options


class StubExchange:
    """Notes what is asked of it; an order leaves something unsynced, a ticker does not."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.has_unsynced = False

    def handle(self, method: str, path: str, query: object, form: object, headers: Mapping[str, str]) -> Answer:
        self.events.append(f"handle {path}")
        self.has_unsynced = self.has_unsynced or method == "POST"
        return Answer(200, {}, b"{}")

    def sync(self) -> None:
        self.events.append("sync")
        self.has_unsynced = False


async def call(app: Starlette, events: list[str], method: str, path: str) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            events.append(f"answer {path}")

    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "root_path": "", "query_string": b"", "headers": []}
    await app(scope, receive, send)


def run(*calls: tuple[str, str]) -> list[str]:
    exchange: Any = StubExchange()
    server = SimulatorServer(exchange, parse_options(["--state", "unused"]))

    async def all_at_once() -> None:
        await asyncio.gather(*(call(server.config.app, exchange.events, *one) for one in calls))  # type: ignore[arg-type]

    asyncio.run(all_at_once())
    return list(exchange.events)


def test_an_order_s_answer_leaves_after_the_sync() -> None:
    assert run(("POST", "/order")) == ["handle /order", "sync", "answer /order"]


def test_orders_that_come_together_share_one_sync_and_readers_of_them_wait_too() -> None:
    events = run(("POST", "/a"), ("POST", "/b"), ("GET", "/list"))
    assert events[:4] == ["handle /a", "handle /b", "handle /list", "sync"]
    assert sorted(events[4:]) == ["answer /a", "answer /b", "answer /list"]


def test_without_anything_new_nobody_waits_for_the_disk() -> None:
    assert run(("GET", "/ticker")) == ["handle /ticker", "answer /ticker"]


def test_a_caller_that_gives_up_leaves_the_others_their_sync() -> None:
    exchange: Any = StubExchange()
    server = SimulatorServer(exchange, parse_options(["--state", "unused"]))

    async def one_gives_up() -> None:
        app: Any = server.config.app
        tasks = [asyncio.create_task(call(app, exchange.events, "POST", path)) for path in ("/a", "/b")]
        while "handle /b" not in exchange.events:
            await asyncio.sleep(0)
        tasks[0].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(one_gives_up())
    assert "answer /b" in exchange.events
    assert exchange.events.index("sync") < exchange.events.index("answer /b")


def test_a_fact_is_synced_once_it_is_appended_and_a_written_one_when_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = FactLog(tmp_path / "facts")
    sizes: list[int] = []
    monkeypatch.setattr(os, "fdatasync", lambda descriptor: sizes.append(os.fstat(descriptor).st_size))
    log.write({"number": 1})
    log.write({"number": 2})
    assert (sizes, log.has_unsynced) == ([], True)
    log.sync()
    log.sync()
    assert (sizes, log.has_unsynced) == ([(tmp_path / "facts").stat().st_size], False)
    log.append({"number": 3})
    assert sizes[1:] == [(tmp_path / "facts").stat().st_size]
