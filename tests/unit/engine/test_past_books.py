"""Books rebuilt from a journal alone are those of the house that wrote it, whoever is writing it at this moment."""

import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.unit.engine.lived_house import ETHER, MARKETS, MONEY, RUNTIME, lived_house, records_of, run_started, write_journal
from tests.unit.engine.small_house import HOUSE, SYMBOL, SmallHouse
from trading_system.core.errors import ConfigError
from trading_system.core.events import OrderUpdateEvent
from trading_system.core.order import OrderState
from trading_system.core.order_update import Answer, Evidence, OrderUpdate, Totals
from trading_system.core.records import CapitalBooked, Record, StrategyStarted
from trading_system.engine.past_books import PastBooks
from trading_system.oms.conservation import both_sides
from trading_system.storage.journal import Journal
from trading_system.storage.journal_reader import JournalReader


def read(records: list[Record], folder: Path, since_ns: int | None = None) -> PastBooks:
    return PastBooks.read(JournalReader(write_journal(folder, records)), since_ns)


def picture(desks: dict[str, Any]) -> dict[str, Any]:
    """Return what two sets of books must agree on."""
    return {name: (desk.positions.snapshot(), desk.fills, {state: count for state, count in desk.orders.counts.items() if count},
                   {order.client_order_id: (order.state, order.exact) for order in desk.orders}) for name, desk in desks.items()}


@pytest.fixture(scope="module")
def lived() -> SmallHouse:
    return lived_house()


def test_they_are_the_books_of_the_house_that_wrote_the_journal(lived: SmallHouse, tmp_path: Path) -> None:
    books = read(records_of(lived), tmp_path)
    assert picture(books.books.desks) == picture(lived.desks)
    assert books.guessed == ()
    assert books.instruments == {one.symbol: one for one in MARKETS}
    assert [(run.epoch, run.mode, run.reason) for run in books.runs] == [(1, "simulate", "stopped")]


def test_every_order_is_there_with_what_it_was_decided_on_in_the_order_of_the_journal(lived: SmallHouse, tmp_path: Path) -> None:
    books = read(records_of(lived), tmp_path)
    assert [(one.strategy, one.order.state.name) for one in books.orders] == [
        ("naive", "FILLED"), ("naive", "CANCELED"), ("naive", "DENIED"), ("naive", "REJECTED"), ("naive", "FILLED"), ("other", "OPEN")]
    assert [one.decided.reference_price for one in books.orders] == [101, 101, 101, 101, 129, Decimal("50.5")]
    assert books.orders[2].decided.verdict.sentence == books.orders[2].order.reason


def test_fills_add_up_to_what_the_orders_say(lived: SmallHouse, tmp_path: Path) -> None:
    books = read(records_of(lived), tmp_path)
    assert [(one.fill.strategy, one.fill.exact.quantity) for one in books.fills] == [
        ("naive", Decimal("0.01")), ("naive", Decimal("0.01")), ("naive", Decimal("0.004")), ("naive", Decimal("0.01")), ("other", Decimal("1.5"))]
    for one in books.orders:
        fills = [fill.fill.exact for fill in books.fills if fill.order is one.order]
        assert sum((fill.value for fill in fills), Decimal(0)) == one.order.exact.filled_value


def test_more_orders_than_a_house_keeps_in_memory_are_all_there(lived: SmallHouse, tmp_path: Path) -> None:
    records = records_of(lived)
    denied = next(record for record in records if type(record.body).__name__ == "OrderEvent" and not record.body.verdict.is_accepted)
    many = [Record(denied.taken_ns, msgspec.structs.replace(denied.body, request=msgspec.structs.replace(
        denied.body.request, client_order_id=f"{HOUSE}-naive-zzz-{number}"))) for number in range(10_050)]
    books = read([*records, *many], tmp_path)
    assert len(books.orders) == 10_056
    assert all(books.books.find(one.order.client_order_id) == (books.desk("naive"), one.order) for one in books.orders if one.strategy == "naive")


def test_prices_are_those_that_orders_and_fills_saw(lived: SmallHouse, tmp_path: Path) -> None:
    books = read(records_of(lived), tmp_path)
    seen = books.prices[SYMBOL]
    assert seen.prices.tolist() == [101, 100, 100, 101, 100, 101, 101, 129, 129]
    assert (seen.last, books.prices[ETHER].prices.tolist()) == (129, [50.5, 50.0])
    assert list(seen.times_ns) == sorted(seen.times_ns)


def test_balances_stand_beside_what_the_ledgers_owned_when_they_were_asked(lived: SmallHouse, tmp_path: Path) -> None:
    seen = read(records_of(lived), tmp_path).balances["luno"]
    assert seen.balances["ZAR"].total == 2_500_000
    assert {currency: amount for currency, amount in seen.owned.items() if amount} == {"ZAR": 2_000_000}


def test_what_was_realized_before_a_moment_is_kept_apart(lived: SmallHouse, tmp_path: Path) -> None:
    records = records_of(lived)
    sold_ns = next(record.taken_ns for record in records if type(record.body).__name__ == "OrderEvent" and record.body.request.tag == "enough")
    books = read(records, tmp_path, sold_ns)
    assert books.earlier["naive"].fees["ZAR"] == Decimal("1.002")
    assert books.books.desk("naive").positions.fees["ZAR"] == Decimal("1.252")
    # A moment after the last record: all of it was before.
    late = read(records, tmp_path / "late", 2 * sold_ns)
    assert late.earlier["naive"].fees["ZAR"] == Decimal("1.252")


def test_an_adopted_ledger_brings_its_orders_and_fills_along(lived: SmallHouse, tmp_path: Path) -> None:
    heir = run_started({"heir": StrategyStarted((SYMBOL,), MONEY, "ZAR", "naive")}, epoch=2, taken_ns=records_of(lived)[-1].taken_ns)
    books = read([*records_of(lived), heir], tmp_path)
    assert sorted(books.books.desks) == ["heir", "other"]
    assert {one.fill.strategy for one in books.fills} == {one.strategy for one in books.orders} == {"heir", "other"}
    assert books.desk("naive") is books.desk("heir")
    with pytest.raises(ConfigError, match="the journal knows no strategy 'nobody'; there are heir, naive, other"):
        books.desk("nobody")


def test_capital_in_base_and_a_change_of_capital_are_told(tmp_path: Path) -> None:
    first = run_started({"naive": StrategyStarted((SYMBOL,), {"ZAR": Decimal(100), "XBT": Decimal(2)}, "ZAR")})
    booked = Record(5, CapitalBooked("naive", SYMBOL, Decimal(2), Decimal("90.5")))
    later = run_started({"naive": StrategyStarted((SYMBOL,), {"ZAR": Decimal(150), "XBT": Decimal(2)}, "ZAR")}, epoch=2, taken_ns=9)
    books = read([first, booked, later], tmp_path)
    assert [(one.strategy, one.quantity, one.price, one.time_ns) for one in books.capital] == [("naive", 2, Decimal("90.5"), 5)]
    assert [(one.time_ns, one.before["ZAR"], one.after["ZAR"]) for one in books.capital_changes] == [(9, 100, 150)]
    assert books.deposits("naive") == {"ZAR": 150, "XBT": 2}
    assert books.prices[SYMBOL].last == Decimal("90.5")


def test_a_correction_of_fees_is_a_fill_of_nothing(tmp_path: Path) -> None:
    lived = lived_house()
    order = next(one for one in read(records_of(lived), tmp_path).orders if one.order.state is OrderState.FILLED).order
    totals = Totals(order.exact.filled_quantity, order.exact.filled_value, {"XBT": Decimal("0.00004")})
    end_ns = records_of(lived)[-1].taken_ns
    late = OrderUpdate(order.client_order_id, Answer.FILLED, Evidence("test", end_ns, end_ns), totals=totals)
    books = read([*records_of(lived), Record(end_ns, OrderUpdateEvent(late))], tmp_path / "again")
    correction = books.fills[-1]
    assert (correction.fill.exact.quantity, correction.fill.exact.fees, correction.reference_price) == (0, {"XBT": Decimal("0.00002")}, 100)
    assert books.prices[SYMBOL].last == 129


# Journals of earlier versions.


def test_a_journal_without_instruments_has_their_currencies_from_the_names(lived: SmallHouse, tmp_path: Path) -> None:
    books = read(records_of(lived, instruments=()), tmp_path)
    assert books.guessed == (ETHER, SYMBOL)
    for name, (ledger, *_) in picture(books.books.desks).items():
        ours = picture(lived.desks)[name][0]
        assert {key: ledger[key] for key in ("cash", "capital", "realized", "fees")} == {key: ours[key] for key in ("cash", "capital", "realized", "fees")}


def test_a_later_run_that_names_them_is_believed_for_the_earlier_too(lived: SmallHouse, tmp_path: Path) -> None:
    books = read([*records_of(lived, instruments=()), run_started(epoch=2, taken_ns=records_of(lived)[-1].taken_ns)], tmp_path)
    assert books.guessed == ()
    assert picture(books.books.desks) == picture(lived.desks)


@pytest.mark.parametrize(("symbol", "base", "counter"), [("XBT-ZAR.luno", "XBT", "ZAR"), ("ETH_XBT.luno", "ETH", "XBT"), ("XBTUSDC.luno", "XBT", "USDC")])
def test_names_are_read_with_the_currencies_that_occur(symbol: str, base: str, counter: str, tmp_path: Path) -> None:
    capital = {"ZAR": Decimal(1), "XBT": Decimal(1), "USDC": Decimal(1), "C": Decimal(1)}
    found = read([run_started({"naive": StrategyStarted((symbol,), capital, "ZAR")}, instruments=())], tmp_path).instruments[symbol]
    assert (found.base, found.counter) == (base, counter)


def test_a_name_that_says_nothing_is_refused_with_the_way_out(tmp_path: Path) -> None:
    started = run_started({"naive": StrategyStarted(("PERP-1.luno",), {"ZAR": Decimal(1)}, "ZAR")}, instruments=())
    with pytest.raises(ConfigError, match=r"the currencies of PERP-1.luno cannot be read out of its name: start the house once"):
        read([started], tmp_path)


def test_an_empty_journal_is_said_to_be_empty(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the journal is empty"):
        read([], tmp_path)


# Beside a house that writes.


def test_a_torn_last_batch_is_not_shown_and_not_mended(lived: SmallHouse, tmp_path: Path) -> None:
    records = records_of(lived, is_over=False)
    whole = write_journal(tmp_path, records[:-1], batch=len(records)) / "000001.log"
    sound = whole.read_bytes()
    longer = write_journal(tmp_path / "longer", records[:-1], batch=len(records)).parent
    journal = Journal(RUNTIME, longer / "journal")
    journal.append(records[-1:])
    journal.close()
    last = (longer / "journal/000001.log").read_bytes()
    assert last.startswith(sound)
    for cut in (len(sound) + 1, (len(sound) + len(last)) // 2, len(last) - 1):
        whole.write_bytes(last[:cut])
        books = PastBooks.read(JournalReader(whole.parent))
        assert books.records == len(records) - 1
        assert whole.read_bytes() == last[:cut]
    whole.write_bytes(last)
    assert PastBooks.read(JournalReader(whole.parent)).records == len(records)


def test_read_again_and_again_while_a_house_writes_the_books_always_add_up(lived: SmallHouse, tmp_path: Path) -> None:
    records = records_of(lived)
    # Each round is a run of its own kind of house, so that nothing is told twice; small segments are sealed and compressed meanwhile.
    rounds = [_renamed(records, number) for number in range(40)]
    journal = Journal(RUNTIME, tmp_path / "journal", segment_bytes=20_000)
    journal.append(rounds[0][:1])
    is_done = threading.Event()

    def write() -> None:
        try:
            for number, batch in enumerate(rounds):
                for begin in range(1 if number == 0 else 0, len(batch), 3):
                    journal.append(batch[begin:begin + 3])
                    journal.tidy()
        finally:
            is_done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen: list[int] = []
    try:
        while not is_done.is_set() or len(seen) < 3:
            books = PastBooks.read(JournalReader(tmp_path / "journal"))
            assert all(left == right for desk in books.books.desks.values() for left, right in both_sides(desk.positions).values())
            seen.append(books.records)
    finally:
        writer.join()
        journal.close()
    last = PastBooks.read(JournalReader(tmp_path / "journal"))
    assert seen == sorted(seen)
    assert seen[0] < last.records == sum(map(len, rounds))
    assert len(last.fills) == 5 * len(rounds)


def test_a_run_that_begins_between_the_two_walks_is_left_for_the_next_look(lived: SmallHouse) -> None:
    walks = iter((records_of(lived), [*records_of(lived), run_started({"late": StrategyStarted(("NEW.luno",), MONEY, "ZAR")}, epoch=2)]))

    class Growing(JournalReader):
        def read(self) -> Any:
            return iter(next(walks))

    books = PastBooks.read(Growing(Path("nowhere")))
    assert sorted(books.books.desks) == ["naive", "other"]
    assert books.records == len(records_of(lived))


def test_a_clock_that_steps_back_does_not_turn_prices_around(lived: SmallHouse, tmp_path: Path) -> None:
    records = records_of(lived)
    middle = len(records) // 2
    late = [msgspec.structs.replace(record, taken_ns=record.taken_ns + 10**15) for record in records[:middle]]
    for seen in read([*late, *records[middle:]], tmp_path).prices.values():
        assert list(seen.times_ns) == sorted(seen.times_ns)


def _renamed(records: list[Record], number: int) -> list[Record]:
    # The same life under order names of another run.
    text = msgspec.msgpack.encode(records)
    name = records[-2].body.update.client_order_id.split("-")[2] if isinstance(records[-2].body, OrderUpdateEvent) else ""
    assert name
    other = f"{number:0{len(name)}d}"
    return msgspec.msgpack.decode(text.replace(f"-{name}-".encode(), f"-{other}-".encode()), type=list[Record])
