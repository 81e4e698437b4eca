"""Finding a strategy: every mistake an author can make gets one exact sentence, with the file and the line."""

import sys
from pathlib import Path

import pytest

from trading_system.strategy_host.discovery import load_strategy

HEAD = "from trading_system import StrategyBase\n\n\n"
GOOD = HEAD + "class GoodStrategy(StrategyBase):\n    def on_tick(self, tick):\n        pass\n"


def problems_of(tmp_path: Path, text: str) -> list[str]:
    """Load a file with this text and return what is said about it, without the folder."""
    path = tmp_path / "some_strategy.py"
    path.write_text(text)
    problems: list[str] = []
    assert (load_strategy(path, problems) is None) is bool(problems)
    return [problem.replace(f"{tmp_path}/", "") for problem in problems]


def test_a_good_file_gives_its_class(tmp_path: Path) -> None:
    path = tmp_path / "good_strategy.py"
    path.write_text(GOOD)
    problems: list[str] = []
    kind = load_strategy(path, problems)
    assert kind is not None
    assert kind.__name__ == "GoodStrategy"
    assert not problems


def test_a_file_that_is_not_there_is_said_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "naive_test_strategy.py").write_text(GOOD)
    problems: list[str] = []
    assert load_strategy(tmp_path / "naive_tset_strategy.py", problems) is None
    assert problems == [f"{tmp_path}/naive_tset_strategy.py: there is no such file, did you mean naive_test_strategy.py?"]


def test_a_file_that_is_not_there_with_nothing_near_is_said_plainly(tmp_path: Path) -> None:
    problems: list[str] = []
    assert load_strategy(tmp_path / "nowhere" / "naive_strategy.py", problems) is None
    assert problems == [f"{tmp_path}/nowhere/naive_strategy.py: there is no such file"]


def test_a_syntax_error_is_said_with_its_line(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, HEAD + "class A(StrategyBase)\n    pass\n")
    assert problem == "some_strategy.py:4: this is not Python: expected ':'"


def test_an_import_that_fails_is_said_with_its_line(tmp_path: Path) -> None:
    assert problems_of(tmp_path, "import nonexistent_library\n" + GOOD) == [
        "some_strategy.py:1: there is no module 'nonexistent_library': install it with 'pip install nonexistent_library', "
        "or take the import out"]


@pytest.mark.parametrize(("line", "words"), [
    ("import tradingsystem", "there is no module 'tradingsystem', did you mean trading_system?"),
    ("import colections", "there is no module 'colections', did you mean collections?"),
    ("import trading_system.nothing", "there is no module 'trading_system.nothing': a strategy imports only 'from trading_system import ...'"),
    ("from trading_system import Tik", "trading_system has no 'Tik', did you mean Tick?"),
])
def test_a_misspelt_import_is_said_with_the_nearest(tmp_path: Path, line: str, words: str) -> None:
    assert problems_of(tmp_path, line + "\n" + GOOD) == [f"some_strategy.py:1: {words}"]


@pytest.mark.parametrize(("text", "words"), [
    ("class Params(StrategyBase.Params):\n    good: int = 1\n    size: 'Decimal' = 0",
     "some_strategy.py:7: a type in Params cannot be read: name 'Decimal' is not defined: import it, or write bool, int, float or str"),
    ("class Params:\n    size: int = 0", "some_strategy.py:5: Params must be written 'class Params(StrategyBase.Params):'"),
    ("class State:\n    size: int = 0", "some_strategy.py:5: State must be written 'class State(StrategyBase.State):'"),
    ("def __init__(self):\n    self.size = self.params.size",
     "some_strategy.py:6: __init__ raised AttributeError: 'Some' object has no attribute 'params'; "
     "self.params, self.market and the rest are there from on_start on"),
    ("def __init__(self):\n    raise SystemExit(3)", "some_strategy.py:6: __init__ raised SystemExit: 3; "
     "self.params, self.market and the rest are there from on_start on"),
])
def test_what_would_break_at_the_start_is_said_before_it(tmp_path: Path, text: str, words: str) -> None:
    assert problems_of(tmp_path, hook(text)) == [words]


def test_a_fault_while_importing_is_said_with_its_line_in_the_strategys_file(tmp_path: Path) -> None:
    assert problems_of(tmp_path, GOOD + "\n\nLIMIT = int('many')\n") == [
        "some_strategy.py:9: ValueError: invalid literal for int() with base 10: 'many'"]


def test_a_file_that_wants_to_end_the_program_while_importing_is_said_and_ends_nothing(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, GOOD + "\n\nraise SystemExit('bye')\n")
    assert problem.startswith("some_strategy.py:9: SystemExit")


def test_a_file_that_failed_is_not_left_among_the_modules(tmp_path: Path) -> None:
    problems_of(tmp_path, "import nonexistent_library\n")
    assert "strategies.some_strategy" not in sys.modules


def test_a_file_without_a_strategy_is_said(tmp_path: Path) -> None:
    assert problems_of(tmp_path, HEAD + "class Helper:\n    pass\n") == [
        "some_strategy.py:1: no class derives from StrategyBase, such as 'class Some(StrategyBase):'; a strategy file holds exactly one"]


def test_a_file_with_two_strategies_is_said_with_their_names(tmp_path: Path) -> None:
    assert problems_of(tmp_path, HEAD + "class One(StrategyBase):\n    pass\n\n\nclass Two(StrategyBase):\n    pass\n") == [
        "some_strategy.py:8: more than one strategy: One, Two; a strategy file holds exactly one"]


def test_a_second_name_for_the_same_class_is_no_second_strategy(tmp_path: Path) -> None:
    assert problems_of(tmp_path, GOOD + "\n\nStrategy = GoodStrategy\n") == []


def hook(text: str) -> str:
    return HEAD + "class Some(StrategyBase):\n" + "\n".join(f"    {line}" for line in text.splitlines()) + "\n"


@pytest.mark.parametrize(("text", "expected"), [
    ("def on_tikc(self, tick):\n    pass", "some_strategy.py:5: on_tikc is not a hook, did you mean on_tick?"),
    ("def on_zzzzzzzz(self):\n    pass",
     "some_strategy.py:5: on_zzzzzzzz is not a hook; hooks are on_start, on_tick, on_trade, on_book, on_bar, on_heartbeat, on_order, "
     "on_fill, on_connection, on_stop"),
    ("def on_tick(self):\n    pass", "some_strategy.py:5: on_tick must take (self, tick)"),
    ("def on_tick(self, tick, more):\n    pass", "some_strategy.py:5: on_tick must take (self, tick)"),
    ("def on_heartbeat(self, beat):\n    pass", "some_strategy.py:5: on_heartbeat must take (self)"),
    ("def on_connection(self, broker):\n    pass", "some_strategy.py:5: on_connection must take (self, broker, is_up)"),
    ("async def on_tick(self, tick):\n    pass", "some_strategy.py:5: on_tick must be a plain function, not async and without yield"),
    ("def on_tick(self, tick):\n    yield", "some_strategy.py:5: on_tick must be a plain function, not async and without yield"),
    ("async def on_tick(self, tick):\n    yield", "some_strategy.py:5: on_tick must be a plain function, not async and without yield"),
    ("def buy(self, symbol):\n    pass", "some_strategy.py:5: buy is a verb of every strategy and cannot be written anew; choose another name"),
    ("def symbols(self):\n    pass", "some_strategy.py:5: symbols is a verb of every strategy and cannot be written anew; choose another name"),
    ("def __init__(self, params):\n    pass", "some_strategy.py:5: __init__ must take (self) only; settings come as self.params in on_start"),
])
def test_a_mistake_in_a_hook_is_said_with_its_line_and_what_to_do(tmp_path: Path, text: str, expected: str) -> None:
    assert problems_of(tmp_path, hook(text)) == [expected]


def test_all_mistakes_of_a_file_are_said_at_once(tmp_path: Path) -> None:
    assert len(problems_of(tmp_path, hook("def on_tikc(self, tick):\n    pass\n\ndef on_fill(self):\n    pass"))) == 2


@pytest.mark.parametrize("text", [
    "def on_tick(self, tick, more=1):\n    pass", "def on_tick(self, *anything):\n    pass", "def decide(self, a, b):\n    pass",
    "def __init__(self):\n    self.count = 0", "count = 0\n\nclass Params(StrategyBase.Params):\n    every: int = 3",
])
def test_what_is_right_is_left_alone(tmp_path: Path, text: str) -> None:
    assert problems_of(tmp_path, hook(text)) == []
