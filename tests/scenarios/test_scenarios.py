"""Every scenario comes out as its file says, through the live house and through the backtester, and both tell the same story."""

from pathlib import Path

import pytest

from tests.scenarios.facts import differences
from tests.scenarios.houses import play_history, play_live
from tests.scenarios.scenario import read_scenario

FILES = sorted(Path(__file__).parent.glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_live_and_history_both_come_to_what_the_file_says(path: Path, tmp_path: Path) -> None:
    scenario = read_scenario(path)
    live, past = play_live(scenario, tmp_path / "live"), play_history(scenario, tmp_path / "history")
    wrong = [f"{house}, {name}: {line}" for house, facts in (("live", live), ("history", past))
             for name, expected in scenario.expect.items() for line in differences(expected, facts[name])]
    assert not wrong, "\n".join(wrong)
    # What the file leaves unsaid must be the same all the same.
    assert live == past
