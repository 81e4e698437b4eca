"""A disk that is full for a while: nothing is lost, no order leaves meanwhile, people are told, and then the house goes on by itself.

First a whole hand-cranked house with a disk in memory, then the real bot on a small tmpfs.
"""

import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from brokerage.luno_simulator.exchange import OPENING_BALANCES
from tests.hand_cranked_disk import HandCrankedDisk
from tests.system.bot_process import FAST, Bot, ExchangeAccount
from tests.system.ledger_check import ledger_equals_exchange
from tests.system.test_hand_cranked_house import SECOND, House
from trading_system.core.actions import Action, PlaceOrder
from trading_system.core.events import CommandEvent, FillEvent, OrderUpdateEvent, WarningEvent
from trading_system.core.order import OrderState
from trading_system.core.order_update import Answer
from trading_system.core.records import OrderSent, Record
from trading_system.engine.snapshot import read_memory
from trading_system.storage.journal import Journal

_ORDERS = ("/api/1/postorder", "/api/1/marketorder")
_CANCEL = "/api/1/stoporder"
_FULL_NS, _ROOM_NS = 12 * SECOND, 24 * SECOND


def at(house: House, moment_ns: int, do: Callable[[], Any]) -> None:
    """Do something at a moment of the virtual clock."""
    def body() -> None:
        house.runtime.sleep_until(moment_ns)
        do()
    house.runtime.spawn("hand", body)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[House, HandCrankedDisk, dict[str, Any], Path]:
    """A house of 45 s whose disk is full from the first order after second 12, laid while another stands, to second 24, with the picture
    of second 20."""
    folder, disk, picture = tmp_path_factory.mktemp("full"), HandCrankedDisk(), dict[str, Any]()
    house = House(folder, 4, disk=disk)
    outbox = house.system.parts.outbox
    put = outbox.put

    def fill_up(records: Sequence[Record], actions: Sequence[Action]) -> None:
        stands = any(order.state is OrderState.OPEN and not order.is_canceling for _, order in house.system.engine.books.open_orders())
        is_due = _FULL_NS < house.runtime.monotonic_ns() < _ROOM_NS and stands
        if is_due and any(isinstance(action, PlaceOrder) for action in actions):
            disk.room = 0
            picture.setdefault("filled_ns", house.runtime.monotonic_ns())
        put(records, actions)
    outbox.put = fill_up  # type: ignore[method-assign]
    at(house, _FULL_NS + 8 * SECOND, lambda: picture.update(house.system.picture()))
    at(house, _ROOM_NS, lambda: setattr(disk, "room", None))
    house.run(45)
    return house, disk, picture, folder


def records_of(disk: HandCrankedDisk, house: House, folder: Path) -> list[Record]:
    """Return what is on the disk after a power cut."""
    disk.cut_power()
    return list(Journal(house.runtime, folder / "state" / "journal").read())


def test_no_order_leaves_while_the_disk_is_full_and_cancels_and_questions_do(lived: Any) -> None:
    house, _, picture, _ = lived
    # An order that was on disk before may have waited for a place in the venue's rate, two seconds at most.
    first_ns = picture["filled_ns"] + 2 * SECOND
    while_full = [path for ns, path in house.sent if first_ns < ns < _ROOM_NS]
    assert any(path in _ORDERS for ns, path in house.sent if ns < picture["filled_ns"])
    assert not [path for path in while_full if path in _ORDERS]
    assert any(path not in (*_ORDERS, _CANCEL) for path in while_full)
    assert _CANCEL in [path for ns, path in house.sent if picture["filled_ns"] < ns < _ROOM_NS]


def test_people_see_that_the_house_is_halted_and_that_answers_are_not_on_disk(lived: Any) -> None:
    _, _, picture, _ = lived
    assert picture["halted"] == "journal: the journal cannot write (No space left on device)"
    assert picture["records_not_on_disk"] > 0
    states = [row["state"] for row in picture["strategies"].values()]
    assert "halted: the journal cannot write (No space left on device)" in states


def test_then_it_goes_on_by_itself(lived: Any) -> None:
    house, _, _, _ = lived
    assert any(path in _ORDERS for ns, path in house.sent if ns > _ROOM_NS)
    end = house.system.picture()
    assert end["halted"] == ""
    assert end["records_not_on_disk"] == 0
    assert {row["state"] for row in end["strategies"].values()} == {"running"}
    assert end["errors"] == 0, end["error_texts"]
    (text,) = [text for text in end["warning_texts"] if "was halted" in text]
    assert "because the journal cannot write (No space left on device); nothing was lost" in text
    assert house.system.unconfirmed == []


def test_every_answer_of_that_time_is_in_the_journal_in_order_and_no_denied_order_is_released(lived: Any) -> None:
    house, disk, _, folder = lived
    records = records_of(disk, house, folder)
    words = [record.body.what for record in records if isinstance(record.body, CommandEvent) and record.body.by == "journal"]
    assert words == ["halt", "rearm"]
    told = [event.update for _, event in house.trace.events if isinstance(event, OrderUpdateEvent) and event.update.answer is not Answer.SENT]
    written = [record.body.update for record in records if isinstance(record.body, OrderUpdateEvent)]
    assert [update for update in told if update in written] == written
    filled = {event.fill.client_order_id for _, event in house.trace.events if isinstance(event, FillEvent)}
    assert filled <= {update.client_order_id for update in written}
    denied = {update.client_order_id for update in told if update.code == "journal"}
    assert denied, "no order met the full disk"
    assert denied.isdisjoint(record.body.client_order_id for record in records if isinstance(record.body, OrderSent))


def test_every_cent_is_accounted_for_and_the_next_start_takes_the_snapshot_of_the_orderly_end_and_has_the_same_books(lived: Any) -> None:
    house, disk, _, folder = lived
    every_cent_is_accounted_for(house)
    journal = Journal(house.runtime, folder / "state" / "journal")
    memory = read_memory(journal)
    assert memory.snapshot is not None
    assert list(memory.records()) == []
    again = House(folder, 5, disk=disk, before=house)
    for name, desk in again.system.engine.books.desks.items():
        before = house.system.engine.books.desks[name]
        assert desk.positions.kept == before.positions.kept
        assert desk.fills == before.fills
        assert [order.client_order_id for order in desk.orders.done.values()] == list(before.orders.done)
        assert desk.orders.counts == before.orders.counts
    again.run(10)
    assert again.system.picture()["errors"] == 0
    assert len(again.exchange.register.open_orders()) == 0
    every_cent_is_accounted_for(again)
    assert not any(isinstance(event, WarningEvent) and "not ours" in event.text for _, event in again.trace.events)


def test_a_house_that_ends_on_a_full_disk_says_what_is_not_on_it_and_the_next_start_asks_the_venue(tmp_path: Path) -> None:
    disk = HandCrankedDisk()
    house = House(tmp_path, 6, disk=disk)
    at(house, _FULL_NS, lambda: setattr(disk, "room", 0))
    house.run(20)
    (sentence,) = house.system.picture()["error_texts"]
    assert "could not be written to the journal (No space left on device): the next start does not know of them" in sentence
    disk.cut_power()
    disk.room = None
    again = House(tmp_path, 7, disk=disk, before=house)
    again.run(10)
    assert again.system.picture()["errors"] == 0, again.system.picture()["error_texts"]
    every_cent_is_accounted_for(again)


def every_cent_is_accounted_for(house: House) -> None:
    """Fail unless the exchange's account moved by what the ledgers say."""
    for currency, opening in OPENING_BALANCES.items():
        given = {"ZAR": Decimal(120_000), "XRP": Decimal(500)}.get(currency, Decimal(0))
        owned = sum((desk.positions.holdings(currency) for desk in house.system.engine.books.desks.values()), Decimal(0))
        assert house.exchange.accounts.total("customer", currency) == opening + owned - given, currency


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A state folder whose journal is on a disk of 256 kB of its own."""
    folder = tmp_path / "state" / "journal"
    folder.mkdir(parents=True)
    mount = shutil.which("mount")
    if mount is None or subprocess.run([mount, "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], capture_output=True).returncode:
        pytest.skip("a small disk can only be mounted by root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_the_real_bot_on_a_real_small_disk_that_fills_up_and_gets_room_again(small_disk: Path, tmp_path: Path) -> None:
    bot = Bot(tmp_path, "every_beat: {instruments: [XBTZAR.luno], capital: {ZAR: 50000}}", FAST).start()
    try:
        bot.wait(lambda: len(bot.answers("ACCEPTED")) >= 3, 20, "no order was accepted")
        filler = small_disk / "somebody's film"
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(512))
        bot.wait(lambda: bot.status.get("halted"), 20, "the house was not halted")
        assert bot.status["halted"] == "journal: the journal cannot write (No space left on device)"
        accepted = len(bot.answers("ACCEPTED"))
        beats = bot.status["beats"]
        bot.wait(lambda: bot.status["beats"] >= beats + 8, 10, "its heart did not beat on")
        assert len(bot.answers("ACCEPTED")) <= accepted + 1, "an order left while the disk was full"
        assert bot.status["records_not_on_disk"] > 0
        assert not ExchangeAccount(bot.url).open_orders
        filler.unlink()
        bot.wait(lambda: bot.status.get("halted") == "", 10, "it did not go on")
        bot.wait(lambda: len(bot.answers("ACCEPTED")) >= accepted + 4, 20, "no order was accepted afterwards")
        bot.interrupt()
        assert bot.finish() == 0, bot.told
        assert "HALTED: the journal cannot write (No space left on device)" in bot.out
        assert "goes on: the journal can write again, and what waited is on disk" in bot.out
        ledger_equals_exchange(bot.state)
    finally:
        bot.end()
