"""Every scenario comes out as its file says, through the live house and through the backtester, and both tell the same story."""

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.facts import differences
from tests.scenarios.houses import play_history, play_live
from tests.scenarios.scenario import read_scenario, scenario_of, table

FILES = sorted(Path(__file__).parent.glob("*.yaml"))
ONE = Path(__file__).with_name("partial_fill_then_cancel.yaml")
IDS = [path.stem for path in FILES]


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_live_and_history_both_come_to_what_the_file_says(path: Path, tmp_path: Path) -> None:
    scenario = read_scenario(path)
    live, past = play_live(scenario, tmp_path / "live"), play_history(scenario, tmp_path / "history")
    wrong = [f"{house}, {name}: {line}" for house, facts in (("live", live), ("history", past))
             for name, expected in scenario.expect.items() for line in differences(expected, facts[name])]
    assert not wrong, "\n".join(wrong)
    # What the file leaves unsaid must be the same all the same.
    assert live == past


# The tests of the tests: no number of a file is overlooked, and nothing is written that nobody reads.


def falsified(expected: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what is expected of a strategy with one thing changed at a time, each with its name."""
    for name in ("orders", "fills", "money"):
        rows = table(expected[name])
        head = list(rows[0]) if rows else ["order"]
        for number, row in enumerate(rows):
            for column in head:
                changed = [{**one, column: "7777"} if one is row else one for one in rows]
                yield f"{name} {number} {column}", {**expected, name: _text(head, changed)}
        if rows:
            yield f"{name} without the last", {**expected, name: _text(head, rows[:-1])}
    yield "position", {**expected, "position": {**expected["position"], "XBTZAR": "7777"}}
    yield "paused", {**expected, "paused": "" if expected.get("paused") else "for no reason"}
    yield "said", {**expected, "said": ["what nobody says"]}


def _text(head: list[str], rows: list[dict[str, str]]) -> str:
    return "\n".join(" ".join(cell or "-" for cell in line) for line in (head, *([row[column] for column in head] for row in rows)))


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_no_number_of_a_file_can_be_wrong_unnoticed(path: Path, tmp_path: Path) -> None:
    scenario = read_scenario(path)
    facts = play_history(scenario, tmp_path)
    for name, expected in scenario.expect.items():
        assert not differences(expected, facts[name])
        for what, wrong in falsified(dict(expected)):
            assert differences(wrong, facts[name]), f"{name}: {what} may say anything"


def test_the_two_houses_are_told_apart_when_one_of_them_fills_otherwise(tmp_path: Path) -> None:
    text = Path(__file__).with_name("limit_only_touched.yaml").read_text()
    kind = scenario_of("kind", text.replace("about:", "fills: {limit_fills: touch}\nabout:"))
    strict = scenario_of("strict", text)
    assert play_live(strict, tmp_path / "live") != play_history(kind, tmp_path / "history")
    assert differences(strict.expect["trader"], play_live(kind, tmp_path / "kind")["trader"])


def test_a_file_is_refused_for_whatever_nobody_would_look_at(tmp_path: Path) -> None:
    good = ONE.read_text()
    assert scenario_of("good", good).market
    for old, new, words in (
        ("fills: {vol", "fill: {vol", "fill is not known"), ("expect:", "expekt:", "expekt is not known"),
        ("    position:", "    positions:", "positions is not known"), ("    position: {XBTZAR: 1.5}\n", "", "position is missing"),
        ("           2   100   101", "         2.2   100   101", "not a multiple"), ("second   bid   ask", "second   bid   bid", "columns"),
        ("           1   100   101", "           1   100", "has not the columns"), ("expect:\n  trader", "expect:\n  traitor", "for each strategy"),
    ):
        assert old in good
        with pytest.raises(ValueError, match=words):
            scenario_of("bad", good.replace(old, new, 1))
    for old, new in (("buy 4 as entry", "buy four as entry"), ("at 5: cancel exit", "at 5: cancel"), ("- at 1:", "- at one:")):
        with pytest.raises(ValueError, match="cannot be read"):
            play_history(scenario_of("bad", good.replace(old, new, 1)), tmp_path / re.sub(r"\W", "_", new))


def test_a_column_that_does_not_exist_is_a_difference(tmp_path: Path) -> None:
    scenario = read_scenario(ONE)
    expected = copy.deepcopy(dict(scenario.expect["trader"]))
    expected["fills"] = expected["fills"].replace("fee", "fees")
    assert any("no such column" in line for line in differences(expected, play_history(scenario, tmp_path)["trader"]))
