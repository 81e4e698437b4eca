"""The power goes at every single operation of a journal's life, lucky or not: what was acknowledged is there, in order, and nothing else."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from tests.hand_cranked_disk import HandCrankedDisk, PowerCut
from tests.hand_cranked_runtime import HandCrankedRuntime
from tests.unit.storage.journal_samples import small
from trading_system.core.records import Record
from trading_system.storage.journal import Journal

FOLDER = Path("state/journal")
SEGMENT_BYTES = 900
Cut = Callable[[HandCrankedDisk], None]


class Life:
    """A journal's user: knows what was acknowledged, and what may be on disk although nobody said so."""

    def __init__(self, disk: HandCrankedDisk) -> None:
        self.disk = disk
        self.runtime = HandCrankedRuntime(disk=disk)
        self.acknowledged: list[Record] = []
        self.possible: list[list[Record]] = [[]]
        self.kept: list[Record] = []
        self.snapshots = [-1]           # after how many records the last one was acknowledged, and one that may be there
        self.number = 0

    def open(self) -> None:
        self.journal = Journal(self.runtime, FOLDER, segment_bytes=SEGMENT_BYTES)

    def append(self, count: int, releases: int = 0) -> None:
        batch, released = self.batch(count), self.batch(releases)
        if self.journal.is_broken:
            self.kept += batch
        else:
            self.kept = batch
            self.possible = [[], batch + released]
        try:
            self.journal.append(batch, released)
        except OSError:
            return
        self.acknowledge(batch + released)

    def try_again(self) -> bool:
        self.possible.append(self.kept)
        if not self.journal.try_again():
            return False
        self.acknowledge(self.kept)
        return True

    def snapshot(self) -> None:
        self.snapshots = [self.snapshots[0], len(self.acknowledged)]
        with suppress(OSError):
            self.journal.append_snapshot(str(len(self.acknowledged)).encode())
            self.snapshots = [len(self.acknowledged)]

    def tidy(self) -> None:
        with suppress(OSError):
            while self.journal.tidy():
                pass

    def batch(self, count: int) -> list[Record]:
        self.number += count
        return [small(number) for number in range(self.number - count, self.number)]

    def acknowledge(self, records: list[Record]) -> None:
        self.acknowledged = self.acknowledged + records
        self.possible, self.kept = [[]], []

    def check(self) -> None:
        """Find everything that was acknowledged and nothing that was never written, whichever way it is read."""
        records = list(self.journal.read())
        assert records in [self.acknowledged + more for more in self.possible]
        body, behind = self.journal.read_from_last_snapshot()
        assert body is not None or self.snapshots[0] == -1
        count = 0 if body is None else int(body)
        assert body is None or count in self.snapshots
        assert list(behind) == records[count:]
        found = self.journal.verify()
        assert (found.damage, found.records) == ("", len(records))
        self.acknowledge([])
        self.acknowledged = records


def live(life: Life) -> None:
    """Go once through everything that can happen to a journal."""
    disk = life.disk
    life.open()
    for count in (1, 5, 2, 9):
        life.append(count, releases=1)
    life.tidy()
    life.snapshot()
    life.append(3)
    life.append(12)
    disk.failing_syncs = 1                      # a batch in the middle of a segment
    life.append(2, releases=2)
    life.append(3, releases=1)
    assert not life.journal.is_broken or life.try_again()
    life.append(1)
    disk.room = 150                             # the disk is full
    life.append(4)
    life.append(1)
    life.try_again()
    disk.room = None
    life.try_again()
    for failing in (1, 2, 3):                   # while a segment ends and another begins
        life.append(8)
        disk.failing_syncs = failing
        life.append(6)
        while life.journal.is_broken:
            life.try_again()
    life.tidy()
    disk.failing_syncs = 1
    life.snapshot()
    while life.journal.is_broken:
        life.try_again()
    life.snapshot()
    life.append(2)
    life.journal.seal()
    life.append(2)
    life.tidy()
    life.journal.seal()
    life.journal.close()


def go_on(life: Life) -> None:
    """What a next run does."""
    life.open()
    life.check()
    life.append(7)
    life.tidy()
    life.append(2)
    life.journal.close()


def lose_everything_unsynced(disk: HandCrankedDisk) -> None:
    disk.cut_power()


def lose_nothing(disk: HandCrankedDisk) -> None:
    disk.cut_power(kept=10**9)


def unlucky(seed: int) -> Cut:
    return lambda disk: disk.cut_power(chance=Random(seed))


CUTS: dict[str, Cut] = {"all that is not synced is lost": lose_everything_unsynced, "nothing is lost": lose_nothing,
                        **{f"chance {seed}": unlucky(seed) for seed in range(3)}}


def all_of_it() -> Life:
    life = Life(HandCrankedDisk())
    live(life)
    return life


def stopped(step: int, cut: Cut) -> Life:
    """Return a life whose power went at one operation."""
    life = Life(HandCrankedDisk())
    life.disk.stop_at = step
    with pytest.raises(PowerCut):
        live(life)
    cut(life.disk)
    life.disk.failing_syncs, life.disk.room = 0, None
    return life


def test_a_life_without_a_power_cut_has_everything_in_it() -> None:
    life = all_of_it()
    operations = {entry.split()[0] for entry in life.disk.log}
    assert operations == {"make_folder", "create", "append", "sync", "sync_folder", "truncate", "remove", "rename"}
    assert len(life.disk.log) > 200
    life.open()
    life.check()
    found = life.journal.verify()
    assert found.compressed > 5
    assert found.snapshots == 2


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS.keys())
def test_the_power_goes_at_every_operation(cut: Cut) -> None:
    for step in range(len(all_of_it().disk.log)):
        life = stopped(step, cut)
        go_on(life)
        lose_everything_unsynced(life.disk)
        life.open()
        life.check()


def test_the_power_goes_again_while_the_next_run_recovers() -> None:
    chance = Random(5)
    cuts = 0
    for first in range(0, len(all_of_it().disk.log), 9):
        for second in range(0, 60, 2):
            cut = chance.choice(list(CUTS.values()))
            life = stopped(first, cut)
            life.disk.stop_at = len(life.disk.log) + second
            try:
                go_on(life)
            except PowerCut:
                cuts += 1
            else:
                break
            cut(life.disk)
            go_on(life)
    assert cuts > 150


def test_a_file_that_cannot_be_compressed_stays_and_leaves_no_rest() -> None:
    full = all_of_it()
    for room in range(0, 400, 7):
        life = Life(HandCrankedDisk())
        life.open()
        for count in (5, 5, 5, 5, 5):
            life.append(count)
        life.disk.room = room
        life.tidy()
        assert not any(name.endswith(".tmp") for name in life.disk.names(FOLDER))
        life.disk.room = None
        life.append(1)
        life.check()
    assert full.disk.syncs


def test_what_was_compressed_wrongly_is_not_kept() -> None:
    class LyingDisk(HandCrankedDisk):
        """Gives back something else than was written, where it is asked for a file that is being made."""

        def read(self, path: Path | str, start: int = 0, size: int = -1) -> bytes:
            data = super().read(path, start, size)
            return data[:-40] + bytes(40) if str(path).endswith(".tmp") else data

    life = Life(LyingDisk())
    life.open()
    for count in (5, 5, 5, 5):
        life.append(count)
    before = set(life.disk.names(FOLDER))
    with pytest.raises(OSError, match="does not read back"):
        all(life.journal.tidy() for _ in range(100))
    assert set(life.disk.names(FOLDER)) == before
    life.check()


def test_what_was_read_wrongly_while_it_was_compressed_is_not_kept() -> None:
    class ForgetfulDisk(HandCrankedDisk):
        """Gives back one wrong bit, once."""

        is_wrong = False

        def read(self, path: Path | str, start: int = 0, size: int = -1) -> bytes:
            data = super().read(path, start, size)
            if self.is_wrong and str(path).endswith(".log"):
                self.is_wrong = False
                return bytes([data[0] ^ 1]) + data[1:]
            return data

    disk = ForgetfulDisk()
    life = Life(disk)
    life.open()
    for count in (5, 5, 5, 5):
        life.append(count)
    before = set(disk.names(FOLDER))
    disk.is_wrong = True
    with pytest.raises(OSError, match="does not read back"):
        all(life.journal.tidy() for _ in range(100))
    assert set(disk.names(FOLDER)) == before
    life.check()
