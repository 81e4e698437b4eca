"""What is private on the simulated exchange survives its end, however abrupt, and damage is told instead of guessed
away."""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from brokerage.luno_simulator import ledger as ledger_module
from brokerage.luno_simulator.exchange import GENESIS_NS, Exchange
from brokerage.luno_simulator.fact_log import DamagedLogError, FactLog
from brokerage.luno_simulator.folder_lock import FolderInUseError
from brokerage.luno_simulator.ledger import Ledger
from brokerage.luno_simulator.order import CUSTOMER, Side, Status
from brokerage.luno_simulator.rejection import Rejection
from brokerage.luno_simulator.wire_format import order_row, own_trade_row

SECOND_NS = 1_000_000_000


class House:
    """A simulator's memory without its process: opened, used, and dropped as a crash drops it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now_ns = GENESIS_NS
        self.ledger: Ledger
        self.exchange: Exchange

    def open(self, seed: int = 1) -> Exchange:
        self.ledger = Ledger(self.folder)
        self.exchange = self.ledger.open_exchange(seed, self.now_ns)
        return self.exchange

    def wait(self, seconds: int) -> None:
        self.now_ns += seconds * SECOND_NS
        self.exchange.advance(self.now_ns)
        self.keep()

    def keep(self) -> None:
        changes = self.exchange.take_changes()
        if changes is not None:
            self.ledger.keep(changes)

    def crash(self) -> None:
        # Nothing is written at the end: only what `keep` has synced may count.
        self.ledger.close()

    def reopen(self, seed: int = 1) -> Exchange:
        self.crash()
        return self.open(seed)

    @property
    def facts(self) -> Path:
        return self.folder / "facts.jsonl"


def picture(exchange: Exchange) -> dict[str, Any]:
    """Everything private that a customer could ask for."""
    return {
        "orders": [order_row(order) for closed in (True, False) for order in exchange.register.newest_first(closed)],
        "trades": [own_trade_row(trade) for pair in exchange.floors for trade in exchange.register.trades(pair, 0)],
        "totals": {code: exchange.accounts.total(CUSTOMER, code) for code in exchange.currencies},
        "reserved": {code: exchange.accounts.reserved(CUSTOMER, code) for code in exchange.currencies},
        "sums": {code: exchange.accounts.sum_of(code) for code in exchange.currencies},
    }


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path / "exchange")
    house.open()
    return house


def trade_a_little(house: House) -> None:
    exchange = house.exchange
    for number in range(3):
        exchange.place_market("ETHZAR", Side.BID, Decimal(6_000), client_order_id=f"buy{number}")
        exchange.place_limit("XBTZAR", Side.BID, Decimal(1_500_000 - number), Decimal("0.01"))
        house.keep()
        house.wait(2)
    canceled = exchange.place_limit("ETHZAR", Side.ASK, Decimal(90_000), Decimal(3), client_order_id="far")
    house.keep()
    exchange.cancel(canceled.order_id)
    exchange.place_limit("ETHZAR", Side.ASK, Decimal(80_000), Decimal(2))
    house.keep()


def test_after_a_crash_balances_orders_ids_and_trades_are_what_they_were(house: House) -> None:
    trade_a_little(house)
    before = picture(house.exchange)
    house.now_ns += 3600 * SECOND_NS
    exchange = house.reopen()
    assert picture(exchange) == before
    assert len(before["orders"]) == 8
    assert len(before["trades"]) >= 3
    with pytest.raises(Rejection, match="ErrDuplicateClientOrderID"):
        exchange.place_limit("ETHZAR", Side.BID, Decimal(50_000), Decimal(1), client_order_id="far")
    again = exchange.place_limit("ETHZAR", Side.BID, Decimal(50_000), Decimal(1))
    assert again.order_id not in {order["order_id"] for order in before["orders"]}


def test_another_seed_at_a_restart_cannot_make_an_order_id_come_twice(house: House) -> None:
    first = house.exchange.place_limit("ETHZAR", Side.BID, Decimal(50_000), Decimal(1))
    house.keep()
    exchange = house.reopen(seed=99)
    second = exchange.place_limit("ETHZAR", Side.BID, Decimal(50_000), Decimal(1))
    fresh = Exchange(1, has_crowd=False)
    numbered = [fresh.place_limit("ETHZAR", Side.BID, Decimal(50_000), Decimal(1)).order_id for _ in range(2)]
    assert [first.order_id, second.order_id] == numbered


def test_open_orders_lie_in_the_book_again_and_can_be_filled_and_canceled(house: House) -> None:
    bid = house.exchange.floor("ETHZAR").book.best_price(Side.BID) + 1
    near = house.exchange.place_limit("ETHZAR", Side.BID, bid, Decimal("0.01"))
    far = house.exchange.place_limit("ETHZAR", Side.BID, Decimal(40_000), Decimal("0.01"))
    house.keep()
    house.ledger.keep_marks(house.exchange)
    exchange = house.reopen()
    exchange.cancel(far.order_id)
    house.wait(300)
    found = exchange.register.find(near.order_id)
    assert found is not None
    assert found.status is Status.COMPLETE
    assert found.base == Decimal("0.01")
    assert exchange.accounts.reserved(CUSTOMER, "ZAR") == 0


def test_fills_of_a_restart_are_kept_before_anybody_asks(house: House) -> None:
    # The last fact and the marks are older than the price at which this order rests, as after a step in the market.
    order = house.exchange.place_limit("ETHZAR", Side.BID, Decimal(50_000), Decimal("0.01"))
    house.keep()
    house.crash()
    marks = json.loads('{"ETHZAR": ["45000", 1000100, 0]}')
    marks["ETHZAR"][2] = GENESIS_NS + SECOND_NS
    (house.folder / "marks.json").write_text(json.dumps(marks))
    exchange = house.open()
    assert exchange.floor("ETHZAR").book.best_price(Side.ASK) < 50_000
    before = picture(exchange)
    found = exchange.register.find(order.order_id)
    assert found is not None
    assert (found.status, found.counter) == (Status.COMPLETE, Decimal(500))
    assert picture(house.reopen()) == before


def test_no_time_passes_on_the_exchange_while_it_is_off(house: House) -> None:
    house.wait(5)
    house.ledger.keep_marks(house.exchange)
    last = house.exchange.marks()
    house.now_ns += 86_400 * SECOND_NS
    exchange = house.reopen()
    assert exchange.now_ns == house.now_ns
    for pair, mark in exchange.marks().items():
        assert mark.last_price == last[pair].last_price
        assert mark.last_sequence > last[pair].last_sequence


def test_the_clock_of_the_exchange_never_goes_back(house: House) -> None:
    house.wait(50)
    house.exchange.place_limit("ETHZAR", Side.BID, Decimal(50_000), Decimal(1))
    house.keep()
    seen_ns = house.now_ns
    house.now_ns = GENESIS_NS
    assert house.reopen().now_ns == seen_ns


def test_trade_sequences_never_come_twice_even_when_the_marks_are_lost(house: House) -> None:
    sequences: dict[str, int] = {}
    for _ in range(3):
        house.wait(60)
        newest = {pair: mark.last_sequence for pair, mark in house.exchange.marks().items()}
        house.reopen()
        told = {pair: floor.tape.recent(0, 1)[0].sequence for pair, floor in house.exchange.floors.items()}
        for pair, sequence in newest.items():
            assert house.exchange.marks()[pair].last_sequence > sequence
            # The story of the past is told with old sequences: who follows by sequence sees no trade twice.
            assert told[pair] <= sequence
            assert sequence > sequences.get(pair, 0)
        sequences = newest


def test_a_torn_last_line_is_cut_and_everything_before_it_stands(house: House) -> None:
    trade_a_little(house)
    before = picture(house.exchange)
    house.crash()
    whole = house.facts.read_bytes()
    torn_order = whole.splitlines(keepends=True)[-1]
    for length in (1, 8, 9, len(torn_order) // 2, len(torn_order) - 1):
        house.facts.write_bytes(whole + torn_order[:length])
        assert picture(house.open()) == before
        house.crash()
    house.facts.write_bytes(whole + b"\0" * 4096)
    assert picture(house.open()) == before


def test_a_fact_is_there_whole_or_not_at_all(house: House) -> None:
    empty = picture(house.exchange)
    house.exchange.place_market("ETHZAR", Side.BID, Decimal(60_000))
    house.keep()
    house.crash()
    house.facts.write_bytes(house.facts.read_bytes()[:-2])
    assert picture(house.open()) == empty


def test_damage_before_the_last_line_is_refused_with_file_and_place(house: House) -> None:
    trade_a_little(house)
    house.crash()
    content = bytearray(house.facts.read_bytes())
    second_line = content.index(b"\n") + 1
    content[second_line + 40] ^= 1
    house.facts.write_bytes(content)
    with pytest.raises(DamagedLogError, match=rf"facts\.jsonl is damaged at byte {second_line}"):
        house.open()
    assert house.facts.read_bytes() == bytes(content)


def test_useless_marks_are_no_reason_not_to_start(house: House) -> None:
    trade_a_little(house)
    before = picture(house.exchange)
    for text in ("", "{", "[]", '{"ETHZAR": ["x", 1, 2]}', '{"ETHZAR": 5}', '{"NOPE": ["1", 1, 1]}'):
        (house.folder / "marks.json").write_text(text)
        assert picture(house.reopen()) == before


def test_marks_older_than_the_facts_are_not_believed(house: House) -> None:
    house.ledger.keep_marks(house.exchange)
    stale = (house.folder / "marks.json").read_bytes()
    house.wait(60)
    house.exchange.place_market("ETHZAR", Side.BID, Decimal(6_000))
    house.keep()
    mark = house.exchange.marks()["ETHZAR"]
    (house.folder / "marks.json").write_bytes(stale)
    exchange = house.reopen()
    assert exchange.marks()["ETHZAR"].last_price == mark.last_price
    assert exchange.marks()["ETHZAR"].last_sequence > mark.last_sequence


def test_an_end_before_the_first_fact_is_as_if_nothing_had_been(tmp_path: Path) -> None:
    house = House(tmp_path / "exchange")
    Ledger(house.folder).close()
    assert house.open().accounts.total(CUSTOMER, "ETH") == 20


def test_a_folder_in_use_is_refused_after_a_while(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "_LOCK_WAIT_SECONDS", 0.1)
    with pytest.raises(FolderInUseError, match="Another simulator"):
        Ledger(house.folder)


def test_a_dying_owner_is_waited_for(house: House) -> None:
    script = "import sys; from pathlib import Path; from brokerage.luno_simulator.ledger import Ledger\n"
    script += "print('waiting', flush=True); Ledger(Path(sys.argv[1])); print('mine', flush=True)"
    command = [sys.executable, "-c", script, str(house.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[4]) as waiter:
        assert waiter.stdout is not None
        assert waiter.stdout.readline() == "waiting\n"
        house.crash()
        assert waiter.stdout.readline() == "mine\n"
    assert waiter.returncode == 0


def test_twenty_thousand_orders_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fdatasync", lambda descriptor: None)
    house = House(tmp_path / "exchange")
    exchange = house.open()
    for number in range(20_000):
        order = exchange.place_limit(
            "ETHZAR", Side.BID, Decimal(40_000), Decimal("0.001"), client_order_id=f"house-strategy-run-{number}"
        )
        house.keep()
        if number % 20:
            exchange.cancel(order.order_id)
            house.keep()
    before = picture(exchange)
    assert picture(house.reopen()) == before
    assert len(house.exchange.register.open_orders()) == 1_000


def test_the_log_reads_back_what_was_appended(tmp_path: Path) -> None:
    log = FactLog(tmp_path / "facts")
    facts = [{"text": "ä\n\u2028", "number": 2**70}, {}, {"list": [1, None, "x"]}]
    for fact in facts:
        log.append(fact)
    log.close()
    assert list(FactLog(tmp_path / "facts").read()) == facts
