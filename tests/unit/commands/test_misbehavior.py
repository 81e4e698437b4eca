"""What the simulated exchange is asked to do wrong comes from the settings and the command line, and a wrong rule is told with its place."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import main
from brokerage import registry
from brokerage.luno_simulator.fault_kinds import FAULT_KINDS
from brokerage.luno_simulator.server_options import parse_options
from trading_system.core.venues import Misbehavior

NAMED_IN_THE_PLAN = ["request_lost", "reply_lost", "late", "duplicated", "cut", "drip_headers", "drip_body", "too_many", "bare_429", "ban", "error_before", "error_after", "html", "truncated", "huge", "wrong_types", "lag", "pruned", "before_ack", "partial_fill", "cancel_race", "post_only_refused", "maintenance", "trade_with_self", "stranger_order", "stranger_trade", "deposit", "withdrawal", "clock_offset", "restart"]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "global_strategy_config.yaml").write_text(
        "strategies:\n  naive_test: {instruments: [XBTZAR.luno], capital: {ZAR: 1000}}\n")
    (tmp_path / "system_config.yaml").write_text(
        "simulator:\n  fault_seed: 7\n  faults:\n    - place:reply_lost:p=0.1\n    - open_orders:lag=3s:every=5\n")
    return tmp_path


def served(config: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, Misbehavior | None]:
    """Return the exit code of `simulate` and what the exchange was asked to do wrong."""
    asked: list[Any] = []
    monkeypatch.setattr(registry, "serve", lambda *given: asked.append(given[-1]))
    code = main.main(["simulate", "--config", str(config), "--state", str(config / "state"), "--port", "0", *words])
    return code, asked[0] if asked else None


def test_every_fault_that_the_plan_names_is_there() -> None:
    assert [name for name in NAMED_IN_THE_PLAN if name not in FAULT_KINDS] == []


def test_rules_of_the_command_line_come_on_top_of_those_of_the_settings(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = ("place:reply_lost:p=0.1", "open_orders:lag=3s:every=5")
    assert served(config, monkeypatch) == (0, Misbehavior(written, 7))
    assert served(config, monkeypatch, "--fault", "cancel:reset", "--fault", "ban=3s:count=1", "--fault-seed", "9", "--control") == (
        0, Misbehavior((*written, "cancel:reset", "ban=3s:count=1"), 9, True))


@pytest.mark.parametrize(("words", "said"), [
    (["--fault", "place:reply_lst"], "--fault: fault 'place:reply_lst': there is no kind 'reply_lst'; did you mean reply_lost?"),
    (["--fault-seed", "many"], "--fault-seed: expected a whole number, found 'many'"),
    (["--fault-seed", "-1"], "--fault-seed: expected a whole number from 0 on, found '-1'"),
])
def test_a_wrong_rule_is_told_and_nothing_is_started(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: Sequence[str], said: str
) -> None:
    assert served(config, monkeypatch, *words) == (2, None)
    assert capsys.readouterr().err.splitlines() == [said]


def test_a_wrong_rule_of_the_settings_is_told_with_its_line(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = config / "system_config.yaml"
    path.write_text(path.read_text() + "    - plaice:reply_lost\n")
    assert main.main(["run", "--dry", "--config", str(config), "--state", str(config / "state")]) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"{path}:6: system.simulator.faults.2: fault 'plaice:reply_lost': there is no endpoint 'plaice'; did you mean place?"]


def test_an_exchange_that_is_not_started_by_us_cannot_be_asked_to_misbehave(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--set", "system.simulator.url=http://127.0.0.1:8765", "--set", "system.simulator.control=yes"]
    assert main.main(["run", "--dry", "--config", str(config), "--state", str(config / "state"), *words]) == 2
    said = capsys.readouterr().err.splitlines()
    assert ["is not started by us" in line for line in said] == [True, True]
    assert "system_config.yaml:3: system.simulator.faults" in said[0]


def test_what_the_registry_hands_over_is_what_the_exchange_reads() -> None:
    rules = ("place:reply_lost:p=0.1", "clock_offset=-3s")
    options = parse_options(["--state", "x", *registry._options(Misbehavior(rules, 5, True))])
    assert (tuple(rule.text for rule in options.faults), options.fault_seed, options.has_control) == (rules, 5, True)
    options = parse_options(["--state", "x", *registry._options(Misbehavior())])
    assert (options.faults, options.fault_seed, options.has_control) == ([], 0, False)
