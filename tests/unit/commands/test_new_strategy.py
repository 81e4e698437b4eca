"""A strategy to begin with: written once, right at once, and never over something else."""

from pathlib import Path

import pytest

import main
from trading_system.strategy_host.discovery import load_strategy

RULE = "a small letter first, then small letters, digits and _, at most 31 characters"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder that looks like the project: configs, strategies, and the stage of the tests."""
    for folder in ("configs", "strategies", "tests/unit/strategies"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "tests/unit/strategies/conftest.py").write_text("")
    (tmp_path / "configs/global_strategy_config.yaml").write_text(
        "strategies:\n  old: {instruments: [ETHZAR.luno], capital: {ZAR: 5}, file: else_strategy.py}\n"
        "  wanted: {instruments: [ETHZAR.luno], capital: {ZAR: 5}}\n")
    return tmp_path


def new(project: Path, name: str) -> int:
    return main.main(["new-strategy", name, "--config", str(project / "configs"), "--strategies", str(project / "strategies")])


def test_it_writes_the_strategy_and_its_test_and_prints_the_line_to_add(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert new(project, "buy_low") == 0
    problems: list[str] = []
    kind = load_strategy(project / "strategies/buy_low_strategy.py", problems)
    assert kind is not None, problems
    assert kind.__name__ == "BuyLowStrategy"
    test = (project / "tests/unit/strategies/test_buy_low_strategy.py").read_text()
    assert 'stage("buy_low"' in test
    assert "NAME" not in test
    assert "  buy_low: {instruments: [ETHZAR.luno], capital: {ZAR: 10000}}\n" in capsys.readouterr().out


def test_a_name_that_the_configuration_waits_for_needs_no_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert new(project, "wanted") == 0
    assert f"It stands in {project}/configs/global_strategy_config.yaml:3 already." in capsys.readouterr().out


@pytest.mark.parametrize(("name", "words"), [
    ("BuyLow", f"new-strategy: 'BuyLow' cannot be a strategy's name: a name is {RULE}; such as buy_low"),
    ("2fast", f"new-strategy: '2fast' cannot be a strategy's name: a name is {RULE}; such as fast"),
    ("a b", f"new-strategy: 'a b' cannot be a strategy's name: a name is {RULE}; such as a_b"),
    ("../evil", f"new-strategy: '../evil' cannot be a strategy's name: a name is {RULE}; such as evil"),
    ("dip_strategy", "new-strategy: 'dip_strategy' cannot be a strategy's name: leave '_strategy' out, the file's name gets it; such as dip"),
    ("!", f"new-strategy: '!' cannot be a strategy's name: a name is {RULE}"),
    ("old", "@/configs/global_strategy_config.yaml:2: strategies.old: the name is taken: choose another"),
])
def test_a_name_that_cannot_be_had_is_refused_with_the_rule(project: Path, capsys: pytest.CaptureFixture[str], name: str, words: str) -> None:
    assert new(project, name) == 2
    assert capsys.readouterr().err.replace(str(project), "@").splitlines() == [words]
    assert not list((project / "strategies").iterdir())


@pytest.mark.parametrize("file", ["strategies/mine_strategy.py", "tests/unit/strategies/test_mine_strategy.py"])
def test_a_file_that_is_there_is_left_as_it_is(project: Path, capsys: pytest.CaptureFixture[str], file: str) -> None:
    (project / file).write_text("mine")
    assert new(project, "mine") == 2
    assert capsys.readouterr().err == f"{project / file}: there is one already and it is left as it is: choose another name\n"
    assert (project / file).read_text() == "mine"
    assert len([*(project / "strategies").iterdir(), *(project / "tests/unit/strategies").iterdir()]) == 2
