"""Quirks as a person writes them: on the command line, with one clear word where they are wrong; and their manual."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from brokerage.luno_simulator.manual import manual_text
from brokerage.luno_simulator.quirks import STANDARD, Quirks
from brokerage.luno_simulator.server_options import parse_options

ROOT = Path(__file__).resolve().parents[4]


def test_quirks_are_read_by_the_type_of_their_default() -> None:
    read = Quirks.parse(["balance_meaning=available", "stop_reserves=FALSE", "trades_lag_ms=250"])
    assert read == Quirks(balance_meaning="available", stop_reserves=False, trades_lag_ms=250)
    assert Quirks.parse([]) == STANDARD


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("balanse_meaning=total", "did you mean balance_meaning?"),
        ("zzz=1", "there is no quirk 'zzz'"),
        ("balance_meaning", "write balance_meaning=value"),
        ("balance_meaning=both", "'both' is not one of total, available"),
        ("stop_reserves=perhaps", "'perhaps' is not true or false"),
        ("trades_lag_ms=1.5", "'1.5' is not a whole number"),
        ("trades_lag_ms=-1", "-1 is less than zero"),
    ],
)
def test_a_wrong_quirk_is_one_clear_error(text: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match=words.replace("?", r"\?")):
        Quirks.parse([text])
    with pytest.raises(SystemExit) as ended:
        parse_options(["--state", "x", "--quirk", text])
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [{"trades_lag_ms": True}, {"trades_lag_ms": "5"}, {"stop_reserves": 1}, {"self_trade": "never"}])
def test_code_cannot_set_what_the_command_line_could_not(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="quirk"):
        Quirks(**wrong)


def test_the_command_line_takes_several_quirks_and_keeps_the_control_paths_shut() -> None:
    options = parse_options(["--state", "x", "--quirk", "fee_currency=counter", "--quirk", "self_trade=cancel_maker"])
    assert options.quirks == Quirks(fee_currency="counter", self_trade="cancel_maker")
    assert not options.has_control
    assert parse_options(["--state", "x", "--control"]).has_control
    assert parse_options(["--state", "x", "--permissions", "115"]).keys["simulator"][1] == 115


def test_the_manual_in_the_folder_of_documents_is_the_one_the_program_writes() -> None:
    assert (ROOT / "docs" / "luno_simulator.md").read_text() == manual_text()


def test_the_manual_names_every_quirk_with_its_default_and_section() -> None:
    lines = manual_text().splitlines()
    for one in dataclasses.fields(Quirks):
        (line,) = [line for line in lines if line.startswith(f"| `{one.name}` |")]
        assert one.metadata["sentence"] in line
        assert f"| {one.metadata['section']} |" in line
