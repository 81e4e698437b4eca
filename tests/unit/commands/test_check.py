"""`check` tells the truth: what is wrong, what is fine, and what it did not look at."""

import json
from pathlib import Path
from typing import Any

import pytest

import main
from trading_system.core.records import Record, RunEnded, RunStarted
from trading_system.core.runtime import ThreadRuntime
from trading_system.storage.journal import Journal

STRATEGY = """from trading_system import StrategyBase


class PlainStrategy(StrategyBase):
    pass
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in ("configs", "strategies"):
        (tmp_path / folder).mkdir()
    (tmp_path / "strategies/plain_strategy.py").write_text(STRATEGY)
    (tmp_path / "configs/global_strategy_config.yaml").write_text(
        "strategies:\n  plain: {instruments: [XBTZAR.luno], capital: {ZAR: 1000}, risk: {stale_price_seconds: 3}}\n"
        "  idle: {file: plain_strategy.py, instruments: [XBTZAR.luno], capital: {ZAR: 1000}, active: no}\n")
    (tmp_path / "configs/system_config.yaml").write_text("max_open_orders: 7\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LUNO_API_KEY_ID", "the-id-of-a-key")
    monkeypatch.delenv("LUNO_API_KEY_SECRET", raising=False)
    return tmp_path


def check(project: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, tuple[str, str]], dict[str, Any]]:
    """Return the code, the findings by subject, and the settings by path."""
    code = main.main(["check", "--config", "configs", "--strategies", "strategies", "--state", str(project / "state"), "--json", *words])
    told = json.loads(capsys.readouterr().out)
    findings = {row["subject"]: (row["state"], row["text"]) for row in told["findings"]}
    assert told["is_fine"] is (code == 0)
    return code, findings, {row["path"]: (row["value"], row["from"]) for row in told["settings"]}


def journal(project: Path, *bodies: Any) -> Path:
    """Write a journal into the state folder and return its file."""
    kept = Journal(ThreadRuntime(lambda name, error: None), project / "state" / "journal")
    kept.append([Record(1, body) for body in bodies])
    kept.close()
    return project / "state" / "journal" / "000001.log"


def test_a_new_house_is_fine_and_nothing_is_made(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, findings, settings = check(project, capsys)
    assert code == 0
    assert {subject: state for subject, (state, _) in findings.items()} == {
        "strategy plain": "ok", "strategy idle": "not checked", "key of luno": "not checked", "state folder": "ok", "journal": "not checked",
        "last run": "not checked", "venue luno": "ok", "capital": "ok", "clock of luno": "ok"}
    assert findings["key of luno"][1] == "mode simulate needs none (LUNO_API_KEY_ID is set, LUNO_API_KEY_SECRET is not set)"
    assert findings["capital"][1] == "the strategies are given 1000 ZAR of 1000000"
    assert settings["strategies.plain.risk.stale_price_seconds"] == (3.0, "configs/global_strategy_config.yaml:2")
    assert settings["strategies.plain.risk.max_open_orders"] == (7, "system.max_open_orders, configs/system_config.yaml:1")
    assert settings["strategies.plain.active"] == (True, "default")
    assert not (project / "state").exists()


def test_a_key_is_never_shown(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["--json"]):
        main.main(["check", "--config", "configs", "--strategies", "strategies", "--state", "state", *words])
        assert "the-id-of-a-key" not in capsys.readouterr().out


def test_words_say_each_thing_on_one_line_and_what_came_from_where(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main.main(["check", "--config", "configs", "--strategies", "strategies", "--state", "state",
                      "--set", "strategies.plain.capital.ZAR=2000000"])
    lines = capsys.readouterr().out.splitlines()
    assert code == 1
    assert [line.split() for line in lines if "plain.capital.ZAR" in line] == [["strategies.plain.capital.ZAR", "=", "2000000", "--set"]]
    assert "wrong        capital: the strategies are given more than the account holds: 2000000 ZAR of 1000000; lower a capital" in lines
    assert lines[-1] == "wrong: capital"


def test_a_journal_is_read_and_its_chain_is_proved(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = journal(project, RunStarted(4, 1, "abcdef", "simulate", "0", "0", {}), RunEnded("asked"))
    (project / "state/last_run.json").write_text(json.dumps({"start": "a", "end": "b", "beats": 3, "errors": 1, "error_texts": ["bang"]}))
    code, findings, _ = check(project, capsys)
    assert code == 1
    assert findings["journal"] == (
        "ok", "2 records of 4 runs, every checksum and the chain are sound; the last one came to its end")
    assert findings["last run"] == ("wrong", "the last that came to its end: a to b, 3 beats, 1 errors; bang")
    kept = Journal(ThreadRuntime(lambda name, error: None), project / "state" / "journal")
    kept.append([Record(2, RunStarted(5, 1, "abcdef", "simulate", "0", "0", {}))])
    kept.close()
    assert check(project, capsys)[1]["journal"][1].endswith("the last one was broken off")
    damaged = bytearray(file.read_bytes())
    damaged[60] ^= 1
    file.write_bytes(damaged)
    code, findings, _ = check(project, capsys)
    assert findings["journal"][0] == "wrong"
    assert f"{file}: damaged at byte" in findings["journal"][1]
    assert file.read_bytes() == bytes(damaged)


def test_a_kill_latch_and_a_folder_that_cannot_be_had_are_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "state").mkdir()
    (project / "state/killed").write_text("operator: enough\n")
    assert check(project, capsys)[1]["kill latch"][0] == "wrong"
    code, findings, _ = check(project, capsys, "--state", "/proc/nowhere")
    assert (code, findings["state folder"][0]) == (1, "wrong")


def test_an_exchange_that_does_not_answer_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, findings, _ = check(project, capsys, "--set", "system.simulator.url=http://127.0.0.1:9")
    assert code == 1
    assert findings["venue luno"] == ("wrong", "http://127.0.0.1:9 does not answer as an exchange does (ConnectionRefusedError: [Errno 111] "
                                               "Connection refused): start one with 'python main.py simulate', or take system.simulator.url away")


def test_what_cannot_be_seen_is_not_called_fine(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, findings, _ = check(project, capsys, "--set", "mode=live")
    assert code == 1
    assert findings["key of luno"][0] == "wrong"
    assert "LUNO_API_KEY_SECRET is not set: write it into .env; it needs the permissions to read balance" in findings["key of luno"][1]
    assert findings["venue luno" if "venue luno" in findings else "venue"][0] == "not checked"


def test_a_configuration_that_cannot_be_read_ends_with_2(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "configs/system_config.yaml").write_text("heartbeat_secs: 1\n")
    assert main.main(["check", "--config", "configs", "--strategies", "strategies"]) == 2
    assert "did you mean 'heartbeat_seconds'?" in capsys.readouterr().err


def test_a_last_batch_that_is_torn_is_told_and_left_for_the_start_to_cut(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = journal(project, RunStarted(1, 1, "abcdef", "simulate", "0", "0", {}))
    file.write_bytes(file.read_bytes() + b"torn")
    before = file.read_bytes()
    code, findings, _ = check(project, capsys)
    assert (code, findings["journal"][0]) == (0, "ok")
    assert "; its last 4 bytes are torn (" in findings["journal"][1]
    assert file.read_bytes() == before
