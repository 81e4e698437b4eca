"""Journals to test with: small and rich records, in batches whose sizes are known."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate
from pathlib import Path

from trading_system.core.events import CommandEvent, OrderEvent, OrderUpdateEvent, Verdict, VerdictNumbers
from trading_system.core.order import OrderKind, OrderRequest
from trading_system.core.order_update import Answer, Evidence, OrderUpdate, Totals
from trading_system.core.records import OrderSent, Record, RunEnded, RunStarted, StateSaved, StrategyStarted
from trading_system.core.runtime import ThreadRuntime
from trading_system.core.side import Side
from trading_system.storage.journal import Journal
from trading_system.storage.journal_reader import JournalReader

RUNTIME = ThreadRuntime()
BATCH_SIZES = (1, 7, 2, 11, 1, 16, 3, 9, 6, 4)
RICH = (
    Record(1, RunStarted(1, 1, "abcdef", "simulate", "build", "hash", {
        "naive": StrategyStarted(("A.luno",), {"ZAR": Decimal("1.50")}, "ZAR")})),
    Record(2, OrderEvent(OrderRequest("abcdef-naive-1-1", "naive", "A.luno", Side.BUY, OrderKind.LIMIT, 2, Decimal("0.10"), None,
                                      Decimal("1E+6")), Verdict(True, numbers=VerdictNumbers("ZAR", Decimal(1), Decimal(2), 3)), 1000000.5, 1)),
    Record(3, OrderUpdateEvent(OrderUpdate("abcdef-naive-1-1", Answer.OPEN, Evidence("list", 1, 2, 200), "BX1",
                                           Totals(Decimal("0.05"), Decimal("50000.00"), {"A": Decimal("0.0001")}), side=Side.BUY))),
    Record(4, StateSaved("naive", b"\xa5\x5a\x00")),
    Record(5, CommandEvent("stop", "operator", "näht")),
    Record(6, RunEnded("stopped")),
)


def small(number: int) -> Record:
    """Return a record that is told from others by its number."""
    return Record(number, OrderSent(f"h-s-r-{number}"))


def batches() -> list[list[Record]]:
    """Return sixty small records in batches of these sizes."""
    starts = [0, *accumulate(BATCH_SIZES)]
    return [[small(number) for number in range(start, start + size)] for start, size in zip(starts, BATCH_SIZES, strict=False)]


def write(
    directory: Path, content: Sequence[Sequence[Record]], segment_bytes: int = 2**20, is_sealed: bool = False,
) -> list[tuple[str, int]]:
    """Write batches and return for each where it ends: the file's name and its size."""
    journal = Journal(RUNTIME, directory, segment_bytes=segment_bytes)
    ends = []
    for batch in content:
        journal.append(batch)
        last = max(directory.iterdir())
        ends.append((last.name, last.stat().st_size))
    if is_sealed:
        journal.seal()
    journal.close()
    return ends


def read(directory: Path) -> list[Record]:
    """Return what a reader finds."""
    return list(JournalReader(directory).read())


def flat(content: Sequence[Sequence[Record]]) -> list[Record]:
    """Return the records of all batches."""
    return [record for batch in content for record in batch]
