"""`settle` and `why` on a state folder that a killed run left: a journal with an order in doubt, and nobody at home."""

import json
from pathlib import Path

import msgspec
import pytest

import main
from tests.unit.engine.order_lives import NAME, heard, ordered, records, request, sent
from trading_system.core.disk_files import DISK
from trading_system.core.order_update import Answer
from trading_system.core.records import RunStarted, StrategyStarted
from trading_system.core.runtime import ThreadRuntime
from trading_system.storage.journal import Journal
from trading_system.storage.run_lock import RunLock

STARTED = RunStarted(1, 1, "abcdef", "simulate", "0", "hash", {"naive": StrategyStarted(("XBTZAR.luno",), {}, "ZAR")})


@pytest.fixture
def state(tmp_path: Path) -> Path:
    journal = Journal(ThreadRuntime(), tmp_path / "journal")
    for record in records(STARTED, ordered(), sent(), heard(Answer.OUTCOME_UNKNOWN, reason="timed out after 10 s")):
        journal.append([record])
    journal.close()
    return tmp_path


def run(state: Path, *words: str) -> int:
    return main.main([words[0], "--state", str(state), *words[1:]])


def settle(state: Path, *words: str) -> int:
    return run(state, "settle", NAME, "--by", "ann", "--reason", "the venue's page", *words)


def test_an_order_in_doubt_is_settled_and_why_tells_who_did_it(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert settle(state, "--outcome", "filled", "--filled", "0.01", "--value", "10000", "--fee", "0.00001", "XBT") == 0
    assert capsys.readouterr().out == f"order {NAME} is FILLED now\n"
    assert run(state, "why", "#7") == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "bought 0.01 at 1000000, fee 0.00001 XBT" in told
    assert "settled by ann: the venue's page" in told
    assert told.endswith("Now: it is filled; filled 0.01 of 0.01 at 1000000 on average, fee 0.00001 XBT.")


def test_an_order_that_was_in_doubt_and_filled_is_not_listed_with_its_old_trouble(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(state, "ledger", "orders") == 0
    assert "because timed out after 10 s" in " ".join(capsys.readouterr().out.split())
    journal = Journal(ThreadRuntime(), state / "journal")
    journal.append(records(heard(Answer.FILLED, "0.01", "10000", venue="BXM1")))
    journal.close()
    assert run(state, "ledger", "orders") == 0
    told = capsys.readouterr().out
    assert "FILLED" in told
    assert "because" not in told


def test_a_settled_order_tells_who_settled_it_in_the_list_too(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert settle(state, "--outcome", "filled", "--filled", "0.01", "--value", "10000") == 0
    assert run(state, "ledger", "orders") == 0
    assert "because settled by ann: the venue's page" in " ".join(capsys.readouterr().out.split())


def test_a_settled_order_cannot_be_settled_again(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert settle(state, "--outcome", "not-placed") == 0
    assert settle(state, "--outcome", "canceled") == 2
    assert "is NOT_PLACED: nothing about it is in doubt" in capsys.readouterr().err


def test_what_is_refused_leaves_the_journal_as_it_was(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: DISK.read(path) for path in (state / "journal").iterdir()}
    assert settle(state, "--outcome", "filled") == 2
    assert "say what was filled" in capsys.readouterr().err
    assert {path: DISK.read(path) for path in (state / "journal").iterdir()} == before


def test_a_house_that_holds_the_lock_and_has_no_door_is_named(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with RunLock(state, 1_790_000_000_000_000_000):
        assert settle(state, "--outcome", "not-placed") == 2
    assert "cannot be reached" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["pause", "--by", "ann"], ["resume", "--by", "ann"]])
def test_what_needs_a_running_house_says_that_none_runs(state: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(state, *words) == 2
    assert "nothing runs there" in capsys.readouterr().err


def test_why_without_an_order_tells_what_holds_each_strategy_up(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(state, "why") == 0
    told = " ".join(capsys.readouterr().out.split())
    assert told.startswith("naive: no fill yet its last order,")
    assert f"its order {NAME} is UNKNOWN: the venue is asked until it is certain" in told
    assert "the house was broken off and is not running: start it with python main.py" in told


def test_why_as_json_holds_the_story(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(state, "why", NAME, "--json") == 0
    picture = json.loads(capsys.readouterr().out)
    assert (picture["order"], picture["state"], len(picture["story"])) == (NAME, "UNKNOWN", 4)


def test_a_number_that_two_strategies_have_tells_both_stories(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = NAME.replace("-naive-", "-other-")
    journal = Journal(ThreadRuntime(), state / "journal")
    journal.append(records(ordered(msgspec.structs.replace(request(), client_order_id=other, strategy="other"))))
    journal.close()
    assert run(state, "why", "7") == 0
    told = capsys.readouterr().out
    assert told.index(f"{NAME}: buy") < told.index("\n\n") < told.index(f"{other}: buy")
    assert run(state, "why", "7", "--json") == 2
    assert f"'7' can mean {NAME}, {other}: write one of these names" in capsys.readouterr().err


@pytest.mark.parametrize(("word", "said"), [("#99", "knows no order '#99'"), ("nonsense", "knows no order 'nonsense'")])
def test_an_order_that_is_not_there_is_an_error(state: Path, word: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(state, "why", word) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("words", [["why"], ["why", "#7"], ["report"], ["ledger"], ["settle", NAME, "--by", "ann", "--reason", "x", "--outcome", "not-placed"]])
def test_a_damaged_journal_is_told_with_its_place_by_every_command_that_reads_it(
        state: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    (file,) = (state / "journal").glob("*.log")
    content = bytearray(file.read_bytes())
    content[100] ^= 1
    file.write_bytes(content)
    assert run(state, *words) == 1
    told = capsys.readouterr()
    assert told.err.startswith(f"the journal cannot be trusted: {file}: damaged at byte "), told.err
    assert len(told.err.splitlines()) == 1
    assert told.out == ""
    assert file.read_bytes() == content


def test_status_says_nothing_of_a_journal_that_it_does_not_read(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (file,) = (state / "journal").glob("*.log")
    file.write_bytes(file.read_bytes()[:100] + b"damage" + file.read_bytes()[106:])
    assert run(state, "status") == 2
    assert "no run has left a status there" in capsys.readouterr().err
