"""`ledger` tells what a journal holds: the same numbers in three formats, neat on a terminal, one clear sentence for what cannot be told."""

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

import main
from tests.unit.engine.lived_house import lived_house, records_of, run_started, write_journal
from trading_system.commands.written_times import read_since_ns
from trading_system.core.errors import ConfigError
from trading_system.core.events import Balance, BalanceEvent, OrderEvent
from trading_system.core.records import CapitalBooked, OrderAdopted, Record, StrategyStarted
from trading_system.storage.run_lock import RunLock

Run = Callable[..., tuple[int, str, str]]
RECORDS = records_of(lived_house())
HEAD = ["STATE: mode simulate, 1 run, 23 records up to 2026-09-22T15:13:21Z; the last run ended: stopped", ""]
OPEN = "What is open is valued, before fees, at the last prices that orders and fills saw"
LAW = "In every ledger capital + realized - fees = cash + cost, exactly."
POSITIONS = [
    "Positions (2)",
    "strategy  symbol          quantity  opened at, ZAR  now at, ZAR  profit, ZAR",
    "naive     XBTZAR.luno  0.01398 XBT             100          129      0.40542",
    "other     ETHZAR.luno  1.5     ETH              50           50      0",
]
PROFIT = [
    "Profit",
    "strategy  realized, ZAR  fees, ZAR  profit, ZAR  open profit, ZAR",
    "naive              0.29      1.252       -0.962           0.40542",
    "other              0         0.075       -0.075           0",
    "together           0.29      1.327       -1.037           0.40542",
]
GOLDEN = {
    "": ["Orders: 1 CANCELED, 1 DENIED, 2 FILLED, 1 OPEN, 1 REJECTED. Fills: 5.", "", *POSITIONS, "", *PROFIT, "", f"{OPEN}; the oldest is of 2026-09-22T15:13:21Z.", LAW],
    "positions": [*POSITIONS, "", f"{OPEN}; the oldest is of 2026-09-22T15:13:21Z."],
    "profit": [
        *PROFIT, "",
        "Books",
        "strategy  capital, ZAR  + realized, ZAR  - fees, ZAR  = cash, ZAR  + cost, ZAR",
        "naive          1000000             0.29        1.252   999997.64         1.398",
        "other          1000000             0           0.075   999924.925       75",
        "together       2000000             0.29        1.327  1999922.565       76.398",
        "", f"{OPEN}.", LAW],
    "orders": [
        "Orders (6); times are UTC",
        "time                 order                  side        quantity  symbol       state        filled",
        "2026-09-21 14:13:20  abcdef-naive-tlpwu8-1  buy         0.02 XBT  XBTZAR.luno  FILLED    0.02  XBT",
        "    kind limit, limit 100 ZAR, average price 100 ZAR, fees 0.00002 XBT",
        "2026-09-21 15:13:21  abcdef-naive-tlpwu8-2  buy         0.01 XBT  XBTZAR.luno  CANCELED  0.004 XBT",
        "    kind limit, limit 100 ZAR, average price 100 ZAR, fees 1 ZAR",
        "2026-09-21 15:13:21  abcdef-naive-tlpwu8-3  buy   1000000    XBT  XBTZAR.luno  DENIED    0     XBT",
        "    kind limit, limit 100 ZAR, because 1000000 XBT is more than the largest order, 100",
        "2026-09-21 15:13:21  abcdef-naive-tlpwu8-4  buy         0.01 XBT  XBTZAR.luno  REJECTED  0     XBT",
        "    kind limit, limit 100 ZAR, because the venue says no",
        "2026-09-22 15:13:21  abcdef-naive-tlpwu8-5  sell        0.01 XBT  XBTZAR.luno  FILLED    0.01  XBT",
        "    kind limit, limit 129 ZAR, average price 129 ZAR, fees 0.25 ZAR, tag enough",
        "2026-09-22 15:13:21  abcdef-other-tlpwu8-1  buy         3    ETH  ETHZAR.luno  OPEN      1.5   ETH",
        "    kind limit, limit 51 ZAR, average price 50 ZAR, fees 0.075 ZAR"],
    "fills": [
        "Fills (5); times are UTC",
        "time                 order                  side   quantity  symbol       price, ZAR  value, ZAR",
        "2026-09-21 14:13:21  abcdef-naive-tlpwu8-1  buy   0.01  XBT  XBTZAR.luno         100        1",
        "    fees 0.00001 XBT",
        "2026-09-21 14:13:21  abcdef-naive-tlpwu8-1  buy   0.01  XBT  XBTZAR.luno         100        1",
        "    fees 0.00001 XBT",
        "2026-09-21 15:13:21  abcdef-naive-tlpwu8-2  buy   0.004 XBT  XBTZAR.luno         100        0.4",
        "    fees 1 ZAR",
        "2026-09-22 15:13:21  abcdef-naive-tlpwu8-5  sell  0.01  XBT  XBTZAR.luno         129        1.29",
        "    fees 0.25 ZAR, tag enough",
        "2026-09-22 15:13:21  abcdef-other-tlpwu8-1  buy   1.5   ETH  ETHZAR.luno          50       75",
        "    fees 0.075 ZAR"],
    "balances": [
        "Balances, on 2026-09-21; times are UTC",
        "broker  currency  account  of it reserved  of strategies  of nobody  asked at  of strategies now",
        "luno    ETH             0               0              0          0  14:13:20            1.5",
        "luno    XBT             2               0              0          2  14:13:20            0.01398",
        "luno    ZAR       2500000               0        2000000     500000  14:13:20      1999922.565"],
}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    write_journal(tmp_path / "state", RECORDS)
    return tmp_path / "state"


@pytest.fixture
def ledger(state: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command on the state folder; return the exit code, what was printed, and what was complained about."""
    monkeypatch.setenv("COLUMNS", "100")

    def run(*words: str, folder: Path = state) -> tuple[int, str, str]:
        code = main.main(["ledger", *words, "--state", str(folder)])
        out, err = capsys.readouterr()
        return code, out, err
    return run


@pytest.mark.parametrize("view", GOLDEN)
def test_a_view_reads_as_it_should(view: str, ledger: Run, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    code, out, err = ledger(*([view] if view else []))
    assert (code, err) == (0, "")
    wide = out.replace(str(state), "STATE").splitlines()
    assert wide[:2] == HEAD
    monkeypatch.setenv("COLUMNS", "100")
    lines = ledger(*([view] if view else []))[1].splitlines()
    assert max(map(len, lines)) <= 100
    # What wraps besides the table is put together again.
    tail = GOLDEN[view]
    assert " ".join(lines[lines.index(""):]).split() == " ".join(["", *tail]).split()
    for line in tail:
        assert line in lines or line.startswith(OPEN), line


@pytest.mark.parametrize("view", ["orders", "fills", "positions", "profit", "balances"])
@pytest.mark.parametrize("width", [40, 60, 100, 160])
def test_the_three_formats_tell_the_same(view: str, width: int, ledger: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    rows = json.loads(ledger(view, "--json")[1])["tables"][view]
    written = list(csv.DictReader(io.StringIO(ledger(view, "--csv")[1])))
    assert [list(row) for row in rows] == [list(row) for row in written]
    as_text = [{key: flat(value) for key, value in row.items()} for row in rows]
    assert as_text == written
    table = ledger(view)[1]
    assert max(map(len, table.splitlines())) <= width
    words = " ".join(table.split())
    hidden = {"strategy", "base", "counter", "currency", "venue_order_id", "filled_value", "decided_at_price", "done", "last_price_time", "cost",
              "adds_up", "time", "asked", "is_quarantined", "is_adopted"}
    for row in as_text:
        for key, value in row.items():
            if key not in hidden and width >= 100:
                assert value in words, (key, value)


def flat(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{amount} {currency}" for currency, amount in value.items())
    return {True: "yes", False: "no", None: ""}[value] if isinstance(value, bool) or value is None else str(value)


def test_json_says_what_it_was_made_from_and_that_it_adds_up(ledger: Run, state: Path) -> None:
    told = json.loads(ledger("--json")[1])
    assert {key: told[key] for key in ("schema", "view", "state", "is_running", "mode", "records", "house", "since", "strategy", "guessed_instruments",
                                       "adds_up", "does_not_add_up")} == {
        "schema": 1, "view": "summary", "state": str(state), "is_running": False, "mode": "simulate", "records": 23, "house": "abcdef",
        "since": None, "strategy": None, "guessed_instruments": [], "adds_up": True, "does_not_add_up": []}
    assert told["from"] == "2026-09-21T14:13:20.000000000Z"
    assert [(run["epoch"], run["reason"]) for run in told["runs"]] == [(1, "stopped")]
    assert list(told["tables"]) == ["positions", "profit"]
    assert (told["orders"], told["fills"]) == ({"CANCELED": 1, "DENIED": 1, "FILLED": 2, "OPEN": 1, "REJECTED": 1}, 5)
    assert [row["strategy"] for row in told["totals"]["profit"]] == ["together"]


def test_the_money_of_the_json_is_conserved_to_the_last_digit(ledger: Run) -> None:
    for row in json.loads(ledger("profit", "--json")[1])["tables"]["profit"]:
        amounts = {key: Decimal(row[key]) for key in ("capital", "realized", "fees", "cash", "cost")}
        assert amounts["capital"] + amounts["realized"] - amounts["fees"] == amounts["cash"] + amounts["cost"]


def test_a_strategy_and_a_moment_narrow_it_down(ledger: Run) -> None:
    rows = json.loads(ledger("orders", "--json", "--strategy", "other")[1])["tables"]["orders"]
    assert [row["order"] for row in rows] == ["abcdef-other-tlpwu8-1"]
    assert [row["strategy"] for row in json.loads(ledger("profit", "--json", "--strategy", "naive")[1])["tables"]["profit"]] == ["naive"]
    late = json.loads(ledger("fills", "--json", "--since", "2026-09-22")[1])["tables"]["fills"]
    assert [row["tag"] for row in late] == ["enough", ""]
    told = json.loads(ledger("--json", "--strategy", "naive", "--since", "2026-09-22")[1])
    assert (told["orders"], told["fills"]) == ({"FILLED": 1}, 1)
    assert "Orders: none. Fills: none." in ledger("--since", "2030-01-01")[1]
    assert "Fills: none" in ledger("fills", "--since", "2030-01-01")[1]


def test_profit_since_a_moment_is_what_came_after_it(ledger: Run) -> None:
    told = json.loads(ledger("profit", "--json", "--since", "2026-09-22")[1])
    assert told["since"] == "2026-09-22T00:00:00.000000000Z"
    assert [(row["strategy"], row["realized"], row["fees"], row["profit"]) for row in told["tables"]["profit"]] == [
        ("naive", "0.29", "0.25", "0.04"), ("other", "0", "0.075", "-0.075")]
    assert "Profit since 2026-09-22T00:00:00Z" in ledger("--since", "2026-09-22")[1]


@pytest.mark.parametrize(("text", "ago"), [("30m", 1800), ("2h", 7200), ("1d", 86_400), ("90s", 90), ("0.5h", 1800)])
def test_since_may_be_how_long_ago(text: str, ago: int) -> None:
    assert read_since_ns("--since", text, 10**15) == 10**15 - ago * 10**9


@pytest.mark.parametrize(("text", "seconds"), [("2024-01-31", 1706659200), ("2024-01-31T12:00:00Z", 1706702400), ("2024-01-31T14:00+02:00", 1706702400)])
def test_since_may_be_a_day_or_a_moment(text: str, seconds: int) -> None:
    assert read_since_ns("--since", text, 10**15) == seconds * 10**9


@pytest.mark.parametrize(("text", "said"), [
    ("yesterday", "expected a day such as 2024-01-31"), ("2024-01-31T12:00", "does not say its time zone"), ("-5m", "expected how long ago"),
    ("manyh", "expected a duration"), ("5", "or how long ago, such as 30m, 2h or 1d"), ("", "expected a day")])
def test_a_moment_that_cannot_be_read_is_one_sentence(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        read_since_ns("--since", text, 10**15)
    assert len(caught.value.problems) == 1


# What cannot be told.


@pytest.mark.parametrize(("words", "said"), [
    (["--strategy", "nobody"], "--strategy: the journal knows no strategy 'nobody'; there are naive, other"),
    (["--csv"], "--csv prints one table: name one of orders, fills, positions, profit, balances"),
    (["positions", "--since", "1h"], "--since: positions are as of the last record; it goes with orders, fills and profit"),
    (["balances", "--strategy", "naive"], "--strategy: balances are those of the whole account, which all strategies share; leave it out"),
    (["orders", "--verify"], "--verify looks at the whole journal: leave the view, --strategy, --since and --csv out"),
    (["trades"], "main.py ledger: argument VIEW: invalid choice: 'trades'"),
    (["orders", "--json", "--csv"], "main.py ledger: argument --csv: not allowed with argument --json"),
])
def test_wrong_words_get_one_sentence_and_exit_code_2(words: list[str], said: str, ledger: Run) -> None:
    code, out, err = ledger(*words)
    assert (code, out) == (2, "")
    assert err.startswith(said)
    assert len(err.splitlines()) == 1


def test_a_folder_without_a_journal_is_said_to_be_one(ledger: Run, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    missing, bare = ledger(folder=tmp_path / "nowhere"), ledger(folder=tmp_path / "bare")
    assert missing == (2, "", f"{tmp_path}/nowhere: there is no such state folder: start a run with 'python main.py', or name the folder of another "
                       "one with --state\n")
    assert bare[2].startswith(f"{tmp_path}/bare: there is no journal in it: ")
    write_journal(tmp_path / "empty", [])
    assert ledger(folder=tmp_path / "empty") == (2, "", f"{tmp_path}/empty: the journal is empty: no run has written anything there yet\n")


def test_without_state_the_folder_of_the_configured_mode_is_looked_at(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "global_strategy_config.yaml").write_text("mode: paper\nstrategies: {}\n")
    assert main.main(["ledger", "--config", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"{main.ROOT / 'var' / 'paper'}: there is no such state folder")


def test_a_ledger_that_does_not_add_up_is_named_and_ends_with_1(ledger: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trading_system.oms.position_manager.PositionManager._pay_fee",
                        lambda self, currency, fee: self.fees.update({currency: self.fees.get(currency, Decimal(0)) + fee}))
    code, out, err = ledger("profit")
    assert code == 1
    assert "naive: ZAR does not add up: capital + realized - fees is 999999.038" in err
    assert LAW not in out
    code, out, _ = ledger("--json")
    assert (code, json.loads(out)["adds_up"]) == (1, False)


def test_a_running_house_is_told_from_one_that_ended_or_was_broken_off(ledger: Run, state: Path, tmp_path: Path) -> None:
    with RunLock(state, 1):
        assert "the last run is running" in " ".join(ledger()[1].split())
        assert json.loads(ledger("--json")[1])["is_running"] is True
    write_journal(tmp_path / "killed", RECORDS[:-1])
    assert "the last run was broken off" in " ".join(ledger(folder=tmp_path / "killed")[1].split())


def test_a_journal_of_before_instruments_says_where_its_currencies_are_from(ledger: Run, tmp_path: Path) -> None:
    write_journal(tmp_path / "old", records_of(lived_house(), instruments=()))
    code, out, _ = ledger(folder=tmp_path / "old")
    assert code == 0
    assert "the currencies of ETHZAR.luno, XBTZAR.luno are read out of the names" in " ".join(out.split())
    assert [line for line in PROFIT if line not in out] == []


def test_capital_that_waits_for_a_price_is_shown(ledger: Run, tmp_path: Path) -> None:
    started = run_started({"naive": StrategyStarted(("XBTZAR.luno",), {"ZAR": Decimal(5), "XBT": Decimal("0.5")}, "ZAR")})
    write_journal(tmp_path / "new", [started])
    rows = json.loads(ledger("profit", "--json", folder=tmp_path / "new")[1])["tables"]["profit"]
    assert rows[0]["pending_capital"] == {"XBT": "0.5"}
    write_journal(tmp_path / "valued", [started, Record(2, CapitalBooked("naive", "XBTZAR.luno", Decimal("0.5"), Decimal(40)))])
    rows = json.loads(ledger("profit", "--json", folder=tmp_path / "valued")[1])["tables"]["profit"]
    assert (rows[0]["pending_capital"], rows[0]["capital"], rows[0]["cost"]) == ({}, "25", "20")


def test_an_order_that_was_found_at_the_venue_is_told_from_those_we_decided_on(ledger: Run, tmp_path: Path) -> None:
    lost = next(record.body.request for record in RECORDS if isinstance(record.body, OrderEvent))
    found = Record(RECORDS[-2].taken_ns, OrderAdopted(msgspec.structs.replace(lost, client_order_id="abcdef-naive-tlpwu8-9")))
    write_journal(tmp_path / "found", [*RECORDS[:-1], found])
    rows = json.loads(ledger("orders", "--json", folder=tmp_path / "found")[1])["tables"]["orders"]
    assert [row["order"] for row in rows if row["is_adopted"]] == ["abcdef-naive-tlpwu8-9"]
    assert "limit 100 ZAR, found at the venue" in ledger("orders", folder=tmp_path / "found")[1]


def test_an_account_that_holds_less_than_the_strategies_own_is_pointed_out(ledger: Run, tmp_path: Path) -> None:
    assert "Below zero" not in ledger("balances")[1]
    poor = [Record(record.taken_ns, msgspec.structs.replace(record.body, balances={"ZAR": Balance(Decimal(5), Decimal(1))}))
            if isinstance(record.body, BalanceEvent) else record for record in RECORDS]
    write_journal(tmp_path / "poor", poor)
    out = ledger("balances", folder=tmp_path / "poor")[1]
    assert "Below zero, of nobody: the strategies owned more than the account held" in out
    assert json.loads(ledger("balances", "--json", folder=tmp_path / "poor")[1])["tables"]["balances"][-1]["external"] == "-1999995"


# The chain of hashes.


def test_verify_says_how_much_is_sound(ledger: Run, state: Path, tmp_path: Path) -> None:
    assert ledger("--verify") == (0, f"{state}/journal: 23 records in 1 segment\nevery checksum and the chain of hashes are sound\n", "")
    write_journal(tmp_path / "many", RECORDS, segment_bytes=2_000)
    told = json.loads(ledger("--verify", "--json", folder=tmp_path / "many")[1])
    assert told["is_sound"] is True
    assert told["records"] == 23
    assert told["segments"] > 2


def test_verify_names_the_file_and_the_byte_of_damage_and_ends_with_1(ledger: Run, state: Path) -> None:
    file = state / "journal/000001.log"
    content = bytearray(file.read_bytes())
    content[700] ^= 1
    file.write_bytes(content)
    code, out, err = ledger("--verify")
    assert (code, err) == (1, "")
    assert f"the rest cannot be trusted: {file}: damaged at byte " in out
    told = json.loads(ledger("--verify", "--json")[1])
    assert (told["is_sound"], told["file"]) == (False, str(file))
    assert 0 < told["offset"] <= 700
    code, out, err = ledger("orders")
    assert (code, out) == (1, "")
    assert err.startswith(f"the journal cannot be trusted: {file}: damaged at byte {told['offset']}")
    assert file.read_bytes() == content


def test_verify_says_of_a_torn_last_batch_what_it_may_be(ledger: Run, state: Path) -> None:
    file = state / "journal/000001.log"
    file.write_bytes(file.read_bytes()[:-3])
    code, out, _ = ledger("--verify")
    assert code == 0
    assert "but for the last batch, torn when the last run was broken off" in out
    with RunLock(state, 1):
        assert "but for the last batch, which is perhaps being written now" in ledger("--verify")[1]


def test_text_of_a_venue_cannot_move_the_cursor(ledger: Run, tmp_path: Path) -> None:
    records = [msgspec.msgpack.decode(msgspec.msgpack.encode(record).replace(b"the venue says no", b"the \x1b[2Je says no"), type=Record)
               for record in RECORDS]
    write_journal(tmp_path / "rude", records)
    out = ledger("orders", folder=tmp_path / "rude")[1]
    assert "\x1b" not in out
    assert "\\x1b[2Je says no" in out
