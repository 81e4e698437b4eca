"""How fast the journal is written, verified and read again, and how much disk an order costs, compressed and not.

Run `python -m benchmarks.journal`. An order is an OrderEvent, an OrderSent and two OrderUpdateEvents (accepted, filled); a batch has 64
records. The folder may be on any disk (`--folder`); the default is a temporary one.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from trading_system.core.events import OrderEvent, OrderUpdateEvent, Verdict, VerdictNumbers
from trading_system.core.order import OrderKind, OrderRequest
from trading_system.core.order_update import Answer, Evidence, OrderUpdate, Totals
from trading_system.core.records import OrderSent, Record
from trading_system.core.runtime import ThreadRuntime
from trading_system.core.side import Side
from trading_system.storage.journal import Journal

BATCH = 64
RECORDS_OF_AN_ORDER = 4
_START_NS = 1_790_000_000_000_000_000
_ACCEPTED = Verdict(True, numbers=VerdictNumbers("ZAR", Decimal("125.00"), Decimal("48211.07"), 2))


def records_of(number: int) -> tuple[Record, ...]:
    """Return what one order leaves in the journal from its birth to its fill."""
    name, now_ns = f"abcdef-naive_test-r2k9xz-{number}", _START_NS + number * 1_137_000_000
    price, quantity = Decimal(1_200_000 + number * 7919 % 50_000), Decimal("0.0005") + Decimal(number % 97) / 10_000
    side = Side.BUY if number % 2 else Side.SELL
    request = OrderRequest(name, "naive_test", "XBTZAR.luno", side, OrderKind.LIMIT, now_ns, quantity, None, price)
    venue_id = f"BXMC2CJ7HNB{number * 2654435761 % 2**32:08X}"
    accepted = OrderUpdate(name, Answer.ACCEPTED, Evidence("place_order", now_ns, now_ns + 31_000_000, 200), venue_id)
    filled = OrderUpdate(name, Answer.FILLED, Evidence("open_orders", now_ns, now_ns + 45_000_000, 200), venue_id,
                         Totals(quantity, quantity * price, {"ZAR": quantity * price / 1000}), "", "", "XBTZAR.luno", side, quantity)
    return (Record(now_ns, OrderEvent(request, _ACCEPTED, price, now_ns - 3_000_000)), Record(now_ns, OrderSent(name)),
            Record(now_ns + 32_000_000, OrderUpdateEvent(accepted)), Record(now_ns + 46_000_000, OrderUpdateEvent(filled)))


def batches(count: int) -> Iterator[list[Record]]:
    """Yield batches that hold `count` records."""
    for first in range(0, count // RECORDS_OF_AN_ORDER, BATCH // RECORDS_OF_AN_ORDER):
        last = min(first + BATCH // RECORDS_OF_AN_ORDER, count // RECORDS_OF_AN_ORDER)
        yield [record for number in range(first, last) for record in records_of(number)]


def size_of(folder: Path) -> int:
    """Return how many bytes the files of a folder hold."""
    return sum(path.stat().st_size for path in folder.iterdir())


def measure(folder: Path, count: int) -> dict[str, float]:
    """Write, open, read, compress, read again and verify `count` records; return rates in records a second, and sizes in bytes."""
    runtime, figures = ThreadRuntime(), dict[str, float]()
    journal = Journal(runtime, folder)
    spent = 0.0
    for batch in batches(count):
        began = time.perf_counter()
        journal.append(batch)
        spent += time.perf_counter() - began
    journal.seal()
    figures["written"] = count / spent
    plain = size_of(folder)
    began = time.perf_counter()
    journal = Journal(runtime, folder)
    figures["verified at a start"] = count / (time.perf_counter() - began)
    began = time.perf_counter()
    assert sum(1 for _ in journal.read()) == count
    figures["read and decoded"] = count / (time.perf_counter() - began)
    began = time.perf_counter()
    journal.append_snapshot(bytes(10_000))
    longest = 0.0
    is_more = True
    while is_more:
        step = time.perf_counter()
        is_more = journal.tidy()
        longest = max(longest, time.perf_counter() - step)
    figures["compressed"] = count / (time.perf_counter() - began)
    figures["longest step of tidying, ms"] = longest * 1000
    began = time.perf_counter()
    body, records = journal.read_from_last_snapshot()
    assert body == bytes(10_000)
    assert not list(records)
    figures["a start from a snapshot, ms"] = (time.perf_counter() - began) * 1000
    packed = size_of(folder)
    began = time.perf_counter()
    assert sum(1 for _ in journal.read()) == count
    figures["read and decoded, compressed"] = count / (time.perf_counter() - began)
    assert journal.verify().is_sound
    journal.close()
    figures["bytes a record"] = plain / count
    figures["bytes a record, compressed"] = packed / count
    figures["kB per 1,000 orders"] = plain / count * RECORDS_OF_AN_ORDER
    figures["kB per 1,000 orders, compressed"] = packed / count * RECORDS_OF_AN_ORDER
    return figures


def main() -> None:
    """Measure and print a line per figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=None, help="where the journal is written (default: a temporary folder)")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        figures = measure(Path(folder) / "journal", arguments.records)
    if arguments.json:
        print(json.dumps(figures))
        return
    for what, figure in figures.items():
        unit = "" if " ms" in what or "bytes" in what or "kB" in what else " records/s"
        print(f"{what:36}{figure:14,.1f}{unit}")


if __name__ == "__main__":
    main()
