"""The tear sheet as a file: nothing from outside is believed, nothing is fetched, and no half of it is ever left on the disk."""

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.unit.reports.tear_sheet_reader import Parsed, shown
from tests.unit.reports.tear_sheet_runs import make_run
from trading_system.core.errors import ConfigError
from trading_system.reports.results import Results
from trading_system.reports.tear_sheet import page, write_tear_sheet

EVIL = "<script>alert('x')</script>&\"'"


def hostile() -> Results:
    run = make_run(5)
    first = run.strategies[0]
    ledger = {EVIL: {EVIL: EVIL}, **{name: {EVIL: EVIL} for name in ("capital", "realized", "fees", "cash", "cost")}}
    evil = msgspec.structs.replace(first, name=EVIL, currency=EVIL, trouble=EVIL, figures={EVIL: 1.0}, orders={EVIL: 1}, monthly={EVIL: 0.1}, ledger=ledger)
    replace = msgspec.structs.replace
    return replace(
        run, kind=EVIL, strategies=[evil, evil], together=[replace(run.together[0], currency=EVIL)],
        instruments=[replace(run.instruments[0], symbol=EVIL, counter=EVIL)], notes=[EVIL], assumptions=[EVIL],
        trades=[replace(trade, strategy=EVIL, symbol=EVIL) for trade in run.trades],
        fills=[replace(fill, strategy=EVIL, symbol=EVIL, tag=EVIL) for fill in run.fills],
        data=[replace(run.data[0], symbol=EVIL, file=EVIL, kind=EVIL, sentences=[EVIL])])


def test_names_tags_and_files_from_outside_never_become_part_of_the_page():
    text = page(hostile(), "var Plotly;")
    parsed = shown(hostile())
    assert "<script>alert" not in text
    assert len(parsed.scripts) == 4         # pictures, trades, plotly, our own
    assert not [value for _, name, value in parsed.attributes if name.startswith("on")]
    for place in ("", "equity", "prices", "strategies", "figures", "trades", "assumptions", "data", "books"):
        assert EVIL in " ".join(parsed.texts[place]), f"it should be seen, as text, in {place or 'the headline'}"
    assert EVIL in [words for row in parsed.json(1)["rows"] for words, _ in row]


def test_labels_of_pictures_show_foreign_text_as_text():
    labels = json.dumps([[one["data"], one["layout"]] for one in shown(hostile()).json(0)])
    assert "&lt;script&gt;" in labels
    assert "<script" not in labels


def test_a_character_nobody_sees_is_spelled_out():
    run = make_run(1)
    text = page(msgspec.structs.replace(run, notes=["a\u202eb\x00c"]), "")
    assert "a\\u202eb\\x00c" in text


def test_nothing_is_fetched_from_the_network():
    parsed = shown(make_run())
    links = [value for _, name, value in parsed.attributes if name in ("src", "href", "action", "data", "poster", "srcset")]
    assert links
    assert all(link.startswith("#") for link in links)
    text = page(make_run(), "")
    assert "http:" not in text
    assert "https:" not in text
    assert "@import" not in text
    (policy,) = [value for tag, name, value in parsed.attributes if tag == "meta" and name == "content" and "default-src" in value]
    assert policy.startswith("default-src 'none';")


def test_plotly_itself_is_in_the_file_once(tmp_path: Path):
    write_tear_sheet(make_run(3), tmp_path / "sheet.html")
    text = (tmp_path / "sheet.html").read_text()
    assert len(re.findall(r"\* plotly\.js v", text)) == 1
    parsed = Parsed(text)       # its text does not end the element it stands in
    assert not parsed.open
    assert len(parsed.scripts) == 4


def test_a_missing_plotly_is_one_error_that_tells_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    def without(name: str, package: str | None = None) -> Any:
        raise ModuleNotFoundError(f"No module named {name!r}")
    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(ConfigError) as caught:
        write_tear_sheet(make_run(1), tmp_path / "sheet.html")
    (problem,) = caught.value.problems
    assert "'plot'" in problem
    assert "pip install" in problem
    assert not list(tmp_path.iterdir())


def test_nothing_of_plotly_is_imported_before_a_page_is_written():
    program = "import sys, trading_system.reports.tear_sheet; sys.exit('plotly' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_a_write_that_fails_leaves_the_old_page_and_no_rubbish(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    path = tmp_path / "sheet.html"
    path.write_text("old")

    def broken(source: Any, target: Any) -> None:
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(OSError, match=r"tear sheet could not be written: No space left on device.*sheet\.html"):
        write_tear_sheet(make_run(1), path)
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["sheet.html"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(OSError, match=r"could not be written: No such file or directory.*missing"):
        write_tear_sheet(make_run(1), tmp_path / "missing" / "sheet.html")
