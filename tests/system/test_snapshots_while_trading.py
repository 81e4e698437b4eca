"""A whole house that writes a snapshot every few records while it trades, and loses its power in the middle of that."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.hand_cranked_disk import HandCrankedDisk
from tests.system.test_full_disk import at
from tests.system.test_hand_cranked_house import SECOND, House
from trading_system.engine import snapshot
from trading_system.storage.journal_reader import JournalReader


def books_of(house: House) -> dict[str, Any]:
    """Return what a start made of the journal, but for what a living house hears and does not write down."""
    books = house.system.engine.books
    found: dict[str, Any] = {"numbers": books.numbers, "accounts": books.accounts}
    for name, desk in books.desks.items():
        orders = [msgspec.structs.asdict(order) for order in (*desk.orders, *desk.orders.done.values())]
        for order in orders:
            del order["heard_ns"], order["is_settled"]
        found[name] = (orders, desk.orders.counts, desk.fills, desk.positions.kept, desk.reservations.reserved("ZAR"))
    return found


def test_wherever_the_power_fails_a_start_from_the_last_snapshot_is_a_start_from_all_records(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "RECORDS_BETWEEN", 12)
    folder, disk, copies = tmp_path / "house", HandCrankedDisk(), list[HandCrankedDisk]()
    house = House(folder, 9, disk=disk)
    for moment in range(3, 30, 2):
        at(house, moment * SECOND + moment * 37_000_000, lambda: copies.append(deepcopy(disk)))
    house.run(30)
    assert house.system.picture()["errors"] == 0
    assert JournalReader(folder / "state" / "journal", disk).verify().is_sound
    taken = 0
    for copy in copies:
        copy.cut_power(7)
        taken = max(taken, JournalReader(folder / "state" / "journal", copy).verify().snapshots)
        with monkeypatch.context() as patch:
            patch.setattr(snapshot, "SNAPSHOT_VERSION", snapshot.SNAPSHOT_VERSION + 1)
            from_all = books_of(House(folder, 9, disk=deepcopy(copy), before=house))
        assert books_of(House(folder, 9, disk=copy, before=house)) == from_all
    assert taken >= 2, "the house traded so little that hardly a snapshot was due"
