"""vnpy's EventEngine flooded: one thread puts events, the engine's thread takes each and calls one handler."""

import argparse
import json
import threading
from importlib.metadata import version
from time import perf_counter

from vnpy.event import Event, EventEngine


def flood(count: int) -> float:
    """Return the seconds from the first event put to the last one handled."""
    engine, done, seen = EventEngine(), threading.Event(), 0

    def handle(event: Event) -> None:
        nonlocal seen
        seen += 1
        if seen == count:
            done.set()

    engine.register("eTick.", handle)
    engine.start()
    began = perf_counter()
    put = engine.put
    for number in range(count):
        put(Event("eTick.", number))
    done.wait()
    took = perf_counter() - began
    engine.stop()
    return took


def main() -> None:
    """Flood once and print the rate."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, required=True)
    count = parser.parse_args().events
    print(json.dumps({"package": "vnpy", "version": version("vnpy"), "events": count, "events_per_second": count / flood(count)}))


if __name__ == "__main__":
    main()
