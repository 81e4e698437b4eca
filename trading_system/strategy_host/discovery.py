"""Finds the one strategy class in a strategy file and checks it before anything starts: hooks, signatures, names.

Called by assembly; collects sentences for people and never raises for what a user wrote.
"""

import difflib
import importlib.util
import inspect
import sys
import traceback
from pathlib import Path
from types import ModuleType

from trading_system.strategy_host.strategy_base import HOOKS, StrategyBase

#: What every strategy has and no strategy may give another meaning.
_WORDS = {name for name in vars(StrategyBase) if not name.startswith("_")} - {"Params", "State", "params", "state", "timeframe", "warm_up"}


def load_strategy(path: Path, problems: list[str]) -> type[StrategyBase] | None:
    """Import a `*_strategy.py` file and return its strategy class; whatever is wrong with it is added to `problems`."""
    if not path.is_file():
        near = difflib.get_close_matches(path.name, [file.name for file in path.parent.glob("*_strategy.py")], 1)
        problems.append(f"{path}: there is no such file" + (f", did you mean {near[0]}?" if near else ""))
        return None
    module = _import(path, problems)
    if module is None:
        return None
    own = [kind for kind in vars(module).values() if isinstance(kind, type) and kind.__module__ == module.__name__]
    found = list(dict.fromkeys(kind for kind in own if issubclass(kind, StrategyBase)))
    if len(found) != 1:
        names = ", ".join(kind.__name__ for kind in found)
        what = f"more than one strategy: {names}" if found else "no class derives from StrategyBase"
        problems.append(f"{path}: {what}; a strategy file holds exactly one")
        return None
    before = len(problems)
    _check_hooks(path, found[0], problems)
    return found[0] if len(problems) == before else None


def _import(path: Path, problems: list[str]) -> ModuleType | None:
    name = f"strategies.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        problems.append(f"{path}: Python cannot import this file")
        return None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module           # dataclasses and typed Params look their module up by name
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        problems.append(f"{path}:{error.lineno or 1}: {error.msg}")
    except BaseException as error:
        # Also one that wants to end the program: a strategy file decides nothing here.
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        problems.append(f"{path}:{lines[-1] if lines else 1}: {type(error).__name__}: {error}")
    else:
        return module
    del sys.modules[name]
    return None


def _check_hooks(path: Path, kind: type[StrategyBase], problems: list[str]) -> None:
    for name, member in vars(kind).items():
        if not inspect.isfunction(member):
            if name in _WORDS:
                problems.append(f"{path}: {name} of {kind.__name__} is a word of every strategy and cannot mean something else")
            continue
        where = f"{path}:{member.__code__.co_firstlineno}"
        if name in HOOKS:
            expected = list(inspect.signature(getattr(StrategyBase, name)).parameters)
            if not _takes(member, len(expected)):
                problems.append(f"{where}: {name} must take ({', '.join(expected)})")
            if any(test(member) for test in (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)):
                problems.append(f"{where}: {name} must be a plain function, not async and without yield")
        elif name.startswith("on_"):
            near = difflib.get_close_matches(name, HOOKS, 1)
            hint = f", did you mean {near[0]}?" if near else f"; hooks are {', '.join(HOOKS)}"
            problems.append(f"{where}: {name} is not a hook{hint}")
        elif hasattr(StrategyBase, name) and not name.startswith("__"):
            problems.append(f"{where}: {name} is a verb of every strategy and cannot be written anew; choose another name")
        elif name == "__init__" and not _takes(member, 1):
            problems.append(f"{where}: __init__ must take (self) only; settings come as self.params in on_start")


def _takes(function: object, count: int) -> bool:
    try:
        inspect.signature(function).bind(*range(count))  # type: ignore[arg-type]
    except TypeError:
        return False
    return True
