"""The strategy author's door: what it offers, that it costs nothing, and that our own strategies use no other."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import trading_system

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "strategies").glob("*.py"))


def test_the_door_offers_what_strategies_need():
    assert set(trading_system.__all__) == {
        "StrategyBase", "Tick", "Trade", "Bar", "Book", "Order", "Fill", "Side", "OrderState", "Instrument", "indicators",
    }
    for name in trading_system.__all__:
        assert getattr(trading_system, name).__name__.removeprefix("trading_system.") == name
        assert name in dir(trading_system)


def test_a_name_that_is_not_there_is_missed_like_in_any_module():
    with pytest.raises(AttributeError, match="no attribute 'Strategy'"):
        trading_system.Strategy     # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'Ticks'"):
        exec("from trading_system import Ticks")


def test_editors_and_mypy_are_told_of_the_same_names():
    tree = ast.parse((ROOT / "trading_system" / "__init__.py").read_text())
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    assert ast.unparse(block.test) == "TYPE_CHECKING"
    told = {name.name: f"{node.module}" for node in block.body if isinstance(node, ast.ImportFrom) for name in node.names}
    assert told == {name: getattr(getattr(trading_system, name), "__module__", "trading_system") for name in trading_system.__all__}


def test_importing_the_house_imports_nothing_else():
    code = ("import sys; import trading_system; "
            "print('msgspec' in sys.modules, [name for name in sys.modules if name.startswith('trading_system.')]); "
            "from trading_system import Tick; print('msgspec' in sys.modules, 'trading_system.indicators' in sys.modules); "
            "print(trading_system.indicators.SMA(20).period)")
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert told.splitlines() == ["False []", "True False", "20"]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_strategy_imports_only_the_door_and_the_standard_library(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            modules = [node.module or ""]
        elif isinstance(node, ast.Import):
            modules = [name.name for name in node.names]
        else:
            continue
        for module in modules:
            assert module == "trading_system" or module.partition(".")[0] in sys.stdlib_module_names, f"{path.name} imports {module}"


def test_there_are_three_shipped_strategies_and_each_file_holds_one_class():
    assert {path.stem for path in SHIPPED} >= {"naive_test_strategy", "moving_average_cross_strategy", "market_making_strategy"}
    for path in SHIPPED:
        classes = [node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)]
        assert classes == ["".join(word.title() for word in path.stem.split("_"))]
