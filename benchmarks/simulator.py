"""How many calls a second the simulated Luno answers: `python -m benchmarks.simulator` prints the figures as JSON.

The simulator runs pinned to one core; a process on the others calls it over a few kept-alive connections, while a hundred
of its orders rest on each side of the market. Every order and cancel is on disk before its answer leaves.
"""

import argparse
import base64
import http.client
import json
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from brokerage.luno_simulator.launcher import SimulatorProcess

_RESTING = 100
_KEY = ("benchmark", "secret")
_HEADERS = {
    "Authorization": "Basic " + base64.b64encode(":".join(_KEY).encode()).decode(),
    "Content-Type": "application/x-www-form-urlencoded",
}
_LIMIT = "/api/1/postorder"
_CANCEL = "/api/1/stoporder"


class _Caller:
    """One connection, and the verbs of the benchmark on it."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)

    def get(self, path: str) -> Any:
        """Return the body of a call that must succeed."""
        return self._call("GET", path, None)

    def post(self, path: str, **parameters: object) -> Any:
        """Return the body of a call with a form that must succeed."""
        return self._call("POST", path, urlencode(parameters))

    def place(self, side: str, price: int) -> str:
        """Place a far limit order and return its id."""
        return str(self.post(_LIMIT, pair="ETHZAR", type=side, price=price, volume="0.001")["order_id"])

    def _call(self, method: str, path: str, body: str | None) -> Any:
        self._connection.request(method, path, body, _HEADERS)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {content!r:.200}")
        return json.loads(content)


def _round(caller: _Caller, number: int) -> Iterator[str]:
    # Yields the name of each call when it is answered: the mix is four tickers, two orders, two cancels and a list.
    placed = []
    for half in range(2):
        caller.get("/api/1/ticker?pair=ETHZAR")
        yield "ticker"
        placed.append(caller.place("BID", 40_000 + number % 1000 + half))
        yield "postorder"
        caller.get("/api/1/tickers")
        yield "tickers"
    caller.get("/api/exchange/2/listorders")
    yield "listorders v2"
    for order_id in placed:
        caller.post(_CANCEL, order_id=order_id)
        yield "stoporder"


def _load(url: str, seconds: float, connections: int, results: Any) -> None:
    counts: list[dict[str, int]] = [{} for _ in range(connections)]
    deadline = time.perf_counter() + seconds

    def call(counted: dict[str, int]) -> None:
        caller, number = _Caller(url), 0
        while time.perf_counter() < deadline:
            for name in _round(caller, number):
                counted[name] = counted.get(name, 0) + 1
            number += 1

    started = time.perf_counter()
    threads = [threading.Thread(target=call, args=(counted,)) for counted in counts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put((time.perf_counter() - started, counts))


def measure(seconds: float, processes: int, connections: int) -> dict[str, object]:
    """Return the rate, the mix and what the machine is; `connections` is per calling process."""
    with tempfile.TemporaryDirectory() as folder:
        simulator = SimulatorProcess.start(Path(folder), 1, None, *_KEY)
        try:
            cores = sorted(os.sched_getaffinity(0))
            os.sched_setaffinity(simulator.process_id, cores[:1])
            caller = _Caller(simulator.url)
            for number in range(_RESTING):
                caller.place("BID", 30_000 + number)
                caller.place("ASK", 90_000 + number)
            os.sched_setaffinity(0, cores[1:] or cores)
            before = _cpu_seconds(simulator.process_id)
            total, elapsed = _run(simulator.url, seconds, processes, connections)
            busy = _cpu_seconds(simulator.process_id) - before
        finally:
            simulator.stop()
            os.sched_setaffinity(0, cores)
    calls = sum(total.values())
    return {
        "calls_per_second": round(calls / elapsed),
        "seconds": round(elapsed, 2),
        "calls": calls,
        "mix": {name: round(count / calls, 3) for name, count in sorted(total.items())},
        "rows_per_list": _RESTING,
        "resting_orders_a_side": _RESTING,
        "connections": processes * connections,
        "simulator_core_busy": round(busy / elapsed, 2),
        "every_order_synced": True,
        "python": sys.version.split()[0],
    }


def _run(url: str, seconds: float, processes: int, connections: int) -> tuple[dict[str, int], float]:
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    callers = [context.Process(target=_load, args=(url, seconds, connections, results)) for _ in range(processes)]
    for caller in callers:
        caller.start()
    answers = [results.get(timeout=seconds + 60) for _ in callers]
    for caller in callers:
        caller.join()
    total: dict[str, int] = {}
    for _, counts in answers:
        for counted in counts:
            for name, count in counted.items():
                total[name] = total.get(name, 0) + count
    return total, max(elapsed for elapsed, _ in answers)


def _cpu_seconds(process_id: int) -> float:
    # Linux: fields 14 and 15 are the user and system time in clock ticks; the name before them may hold spaces.
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(description="Calls a second of the simulated Luno on one core.")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--processes", type=int, default=1, help="calling processes")
    parser.add_argument("--connections", type=int, default=4, help="connections of each calling process")
    given = parser.parse_args()
    print(json.dumps(measure(given.seconds, given.processes, given.connections), indent=2))


if __name__ == "__main__":
    main()
