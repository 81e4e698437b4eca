"""One measurement of the live path as a program of its own: `python -m benchmarks.live.worker KIND ...` prints one JSON line.

The house runs on the main thread, as it does live; what lays ticks in its queue runs beside it and stops it at the end.
"""

import argparse
import gc
import json
import os
import pty
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

from benchmarks.figure import percentile
from benchmarks.live.chains import bare_chain, chain_with_append
from benchmarks.live.house import BenchHouse, CountTrades
from trading_system.console.live_screen import LiveScreen
from trading_system.core.events import HeartbeatEvent
from trading_system.core.market_data import Trade
from trading_system.strategy_host.strategy_base import StrategyBase

_WARM_UP = 20
_PATIENCE_SECONDS = 60.0
BURST = 200
Driver = Callable[[BenchHouse], dict[str, Any]]


def paced(house: BenchHouse, count: int, gap_seconds: float) -> dict[str, Any]:
    """Lay ticks one after another; return the times from laying to the lanes and to the call of the broker.

    The symbols take turns: where the engine is behind, a second tick of one symbol would replace the first.
    """
    house.broker.expect(count + _WARM_UP)
    for _, symbol in zip(range(count + _WARM_UP), cycle(house.symbols), strict=False):
        house.lay_tick(symbol)
        time.sleep(gap_seconds)
    _await(house)
    return {"lanes": _spread(house.broker.released_ns[_WARM_UP:]), "house": _spread(house.broker.waited_ns[_WARM_UP:])}


def bursts(house: BenchHouse, count: int) -> list[int]:
    """Lay a tick of every symbol back to back; return nanoseconds until the last order is handed over, per burst."""
    took = []
    for _ in range(count + 1):
        house.broker.expect(len(house.symbols))
        began_ns = house.runtime.monotonic_ns()
        for symbol in house.symbols:
            house.lay_tick(symbol)
        _await(house)
        took.append(house.broker.last_ns - began_ns)
        time.sleep(0.1)                     # the answers are booked and journaled before the next burst
    return took[1:]


def _await(house: BenchHouse) -> None:
    if not house.broker.is_complete.wait(_PATIENCE_SECONDS):
        raise RuntimeError(f"only {len(house.broker.waited_ns)} orders reached the broker")


def _drive(house: BenchHouse, driver: Driver) -> dict[str, Any]:
    told: dict[str, Any] = {}
    failures: list[BaseException] = []

    def beside() -> None:
        try:
            while house.system.engine.beats == 0:
                time.sleep(0.005)
            told.update(driver(house))
        except BaseException as error:
            failures.append(error)
        finally:
            house.system.request_stop("benchmark", "measured")

    sys.setswitchinterval(0.0001)           # as commands/run.py does
    gc.collect()
    gc.freeze()
    threading.Thread(target=beside).start()
    house.system.run()
    if failures:
        raise failures[0]
    house.check()
    return told


def _latency(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    house = BenchHouse(folder / "state", markets=BURST, has_journal=options.journal)

    def driver(house: BenchHouse) -> dict[str, Any]:
        gap = options.gap
        chain = chain_with_append(options.count, gap, folder) if options.journal else bare_chain(options.count, gap)
        return {"chain": _spread(chain), **paced(house, options.count, gap)}
    return _drive(house, driver)


def _burst(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    house = BenchHouse(folder / "state", markets=BURST)

    def driver(house: BenchHouse) -> dict[str, Any]:
        batches = house.system.parts.outbox.batches
        took = bursts(house, options.count)
        synced = house.system.parts.outbox.batches - batches
        return {"bursts": len(took), "orders": BURST * (len(took) + 1), "syncs_per_burst": round(synced / (len(took) + 1), 1),
                "house": _spread(took)}
    return _drive(house, driver)


def _neighbor(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    terminal, drawn = _pseudo_terminal()
    screen: list[LiveScreen] = []

    def make(house: BenchHouse) -> LiveScreen:
        screen.append(LiveScreen(house.runtime, lambda: house.system.parts.board.picture, True, 30.0, terminal))
        return screen[0]

    house = BenchHouse(folder / "state", markets=BURST, has_journal=False, watchers=[make])
    is_over = threading.Event()

    def compute() -> None:
        total = 0
        while not is_over.is_set():
            for number in range(1000):
                total += number

    def driver(house: BenchHouse) -> dict[str, Any]:
        neighbor = threading.Thread(target=compute, daemon=True)
        neighbor.start()
        try:
            chain = bare_chain(options.count, options.gap)
            return {"chain": _spread(chain), **paced(house, options.count, options.gap)}
        finally:
            is_over.set()
            neighbor.join()

    screen[0].start()
    try:
        told = _drive(house, driver)
    finally:
        screen[0].stop()
        is_over.set()
    return {**told, "frames": len(screen[0].frame_ns), "bytes_drawn": drawn[0]}


def _beats(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    late_ns: list[int] = []
    house = BenchHouse(folder / "state", heartbeat_seconds=options.gap, watchers=[lambda house: _BeatWatcher(late_ns)])

    def driver(house: BenchHouse) -> dict[str, Any]:
        while len(late_ns) < options.count:
            time.sleep(options.gap)
        late, tenth = late_ns[:options.count], max(1, options.count // 10)
        drift_ns = percentile(late[-tenth:], 0.5) - percentile(late[:tenth], 0.5)
        return {"beats": len(late), "skipped": house.system.parts.heartbeat.skipped, "drift_ms": drift_ns / 1e6, "house": _spread(late)}
    return _drive(house, driver)


class _BeatWatcher:
    kinds: tuple[type, ...] = (HeartbeatEvent,)

    def __init__(self, late_ns: list[int]) -> None:
        self._late_ns = late_ns

    def notice(self, event: HeartbeatEvent, actions: Any) -> None:
        self._late_ns.append(event.late_ns)


def _flood(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    kind: type[StrategyBase] = CountTrades
    house = BenchHouse(folder / "state", kind)
    system, queues, count = house.system, house.queues, options.count
    strategy, symbol = house.strategy, house.symbols[0]
    assert isinstance(strategy, CountTrades)
    began: list[int] = []

    def lay() -> None:
        lay_market = queues.lay_market
        began.append(time.perf_counter_ns())
        for number in range(count):
            lay_market(Trade(symbol, number, 100.0, 1.0, True))

    gc.collect()
    gc.freeze()
    producer = threading.Thread(target=lay)
    producer.start()
    while strategy.seen < count:
        queues.wait()
        queues.drain(system.take, lambda: False, system.engine.handle)
    took = time.perf_counter_ns() - began[0]
    producer.join()
    return {"events": count, "events_per_second": count / took * 1e9}


def _pseudo_terminal() -> tuple[Any, list[int]]:
    # Somebody must read what is drawn, or the screen's thread would wait for ever.
    reader, writer = pty.openpty()
    drawn = [0]

    def read() -> None:
        while data := os.read(reader, 65536):
            drawn[0] += len(data)
    threading.Thread(target=read, daemon=True).start()
    return os.fdopen(writer, "w"), drawn


def _spread(values_ns: list[int]) -> dict[str, float]:
    shares = {"p50_us": 0.5, "p90_us": 0.9, "p99_us": 0.99, "most_us": 1.0}
    return {"count": len(values_ns), **{name: round(percentile(values_ns, share) / 1e3, 1) for name, share in shares.items()}}


KINDS: dict[str, Callable[[argparse.Namespace, Path], dict[str, Any]]] = {
    "latency": _latency, "burst": _burst, "neighbor": _neighbor, "beats": _beats, "flood": _flood}


def main() -> None:
    """Measure once and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--count", type=int, required=True, help="ticks, bursts, beats or events")
    parser.add_argument("--gap", type=float, default=0.001, help="seconds between two ticks or beats")
    parser.add_argument("--journal", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        print(json.dumps(KINDS[options.kind](options, Path(folder))))


if __name__ == "__main__":
    main()
