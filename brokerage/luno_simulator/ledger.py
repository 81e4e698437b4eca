"""The durable memory of the simulated exchange in one folder: it gives a server its exchange back as it was, and
keeps each private change before the reply leaves. It must never decide anything about an order."""

import json
import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from brokerage.luno_simulator.account_list import Account
from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.fact_log import Fact, FactLog
from brokerage.luno_simulator.fact_rows import (
    movement_from_row,
    movement_to_row,
    order_from_row,
    order_to_row,
    trade_from_row,
    trade_to_row,
)
from brokerage.luno_simulator.folder_lock import FolderLock
from brokerage.luno_simulator.market import default_markets
from brokerage.luno_simulator.quirks import STANDARD, Quirks
from brokerage.luno_simulator.saved_state import Changes, MarketMark, SavedState

_LOCK_WAIT_SECONDS = 5.0


class Ledger:
    """One folder: `facts.jsonl`, a fact for each change, synced; `marks.json`, the last prices, a convenience; `lock`.

    A fact holds whole values (an order as it is now, a total), so reading is taking the newest of each. There is no
    snapshot: twenty thousand orders are read in well under a second.
    """

    def __init__(self, folder: Path) -> None:
        """Take the folder; raise FolderInUseError when another process keeps it."""
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = FolderLock(folder, _LOCK_WAIT_SECONDS)
        self._marks_path = folder / "marks.json"
        self._log = FactLog(folder / "facts.jsonl")
        _sync_folder(folder)

    def open_exchange(self, seed: int, now_ns: int, quirks: Quirks = STANDARD) -> Exchange:
        """Return a new exchange, or the one that was kept, at `now_ns` or at the latest time it has seen.

        No time passes on the exchange while it is off. Raise DamagedLogError when the facts cannot be trusted.
        """
        saved = self._read(now_ns, quirks)
        exchange = Exchange(seed, genesis_ns=now_ns, saved=saved, quirks=quirks)
        run = {"run": saved.runs + 1 if saved else 1, "genesis": exchange.genesis_ns, "id_seed": exchange.id_seed}
        changes = exchange.take_changes()
        if changes is not None:
            self._log.append(run | _fact_of(changes) | {"marks": _marks_to_json(exchange.marks())})
        return exchange

    def keep(self, changes: Changes) -> None:
        """Make changes durable, all of them or none."""
        self._log.append(_fact_of(changes))

    def note(self, changes: Changes) -> None:
        """Write changes, all of them or none; they are durable after the next `sync`."""
        self._log.write(_fact_of(changes))

    @property
    def has_unsynced(self) -> bool:
        """Tell whether something was noted since the last `sync`."""
        return self._log.has_unsynced

    def sync(self) -> None:
        """Wait until the disk has everything that was noted."""
        self._log.sync()

    def keep_marks(self, exchange: Exchange) -> None:
        """Write down where the markets stand, unsynced: losing it costs a step in the price, nothing else."""
        new_path = self._marks_path.with_suffix(".new")
        new_path.write_text(json.dumps(_marks_to_json(exchange.marks())))
        os.replace(new_path, self._marks_path)

    def close(self) -> None:
        """Let go of the folder."""
        self._log.close()
        self._lock.release()

    def _read(self, now_ns: int, quirks: Quirks) -> SavedState | None:
        markets = {market.pair: market for market in default_markets(quirks.extra_decimals)}
        run: dict[str, Any] = {}
        newest_ns, next_number = now_ns, 1
        orders: dict[str, list[Any]] = {}
        trades: list[list[Any]] = []
        totals: dict[tuple[str, str], str] = {}
        fees: dict[str, str] = {}
        marks: dict[str, MarketMark] = {}
        movements: list[list[Any]] = []
        extra_accounts: list[list[Any]] = []
        for fact in self._log.read():
            if "run" in fact:
                run = fact
            newest_ns = max(newest_ns, fact["now"])
            next_number = fact["next"]
            orders.update((row[0], row) for row in fact["orders"])
            trades.extend(fact["trades"])
            totals.update(((owner, currency), total) for owner, currency, total in fact["totals"])
            fees.update(fact["fees"])
            marks.update(_marks_from_json(fact["marks"]))
            # Facts that were written before there were statements have no movements.
            movements.extend(fact.get("movements", ()))
            extra_accounts.extend(fact.get("accounts", ()))
        if not run:
            return None
        for pair, mark in self._read_marks().items():
            if pair in marks and mark.seen_ns >= marks[pair].seen_ns:
                marks[pair] = mark
        return SavedState(
            genesis_ns=run["genesis"],
            id_seed=run["id_seed"],
            runs=run["run"],
            now_ns=max(newest_ns, *(mark.seen_ns for mark in marks.values())),
            next_number=next_number,
            orders=[order_from_row(row, markets) for row in orders.values()],
            trades=[trade_from_row(row) for row in trades],
            totals={key: Decimal(total) for key, total in totals.items()},
            fees_collected={currency: Decimal(fee) for currency, fee in fees.items()},
            marks=marks,
            movements=[movement_from_row(row) for row in movements],
            extra_accounts=[Account(*row) for row in extra_accounts],
        )

    def _read_marks(self) -> dict[str, MarketMark]:
        # Whatever is wrong with this file, the facts alone are enough.
        try:
            return _marks_from_json(json.loads(self._marks_path.read_bytes()))
        except (OSError, ValueError, ArithmeticError, LookupError, TypeError, AttributeError):
            return {}


def _fact_of(changes: Changes) -> Fact:
    return {
        "now": changes.now_ns,
        "next": changes.next_number,
        "orders": [order_to_row(order) for order in changes.orders],
        "trades": [trade_to_row(trade) for trade in changes.trades],
        "totals": [[owner, currency, str(total)] for (owner, currency), total in changes.totals.items()],
        "fees": {currency: str(fee) for currency, fee in changes.fees_collected.items()},
        "marks": _marks_to_json(changes.marks),
        "movements": [movement_to_row(movement) for movement in changes.movements],
        "accounts": [[one.account_id, one.currency, one.name] for one in changes.extra_accounts],
    }


def _marks_to_json(marks: Mapping[str, MarketMark]) -> dict[str, object]:
    return {pair: [str(mark.last_price), mark.last_sequence, mark.seen_ns] for pair, mark in marks.items()}


def _marks_from_json(rows: Mapping[str, Any]) -> dict[str, MarketMark]:
    return {pair: MarketMark(Decimal(row[0]), int(row[1]), int(row[2])) for pair, row in rows.items()}


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
