"""Finds the one strategy class in a strategy file and checks it before anything starts: hooks, signatures, names, params, `__init__`.

Called by enrollment; collects sentences for people, each with file and line, and never raises for what a user wrote.
"""

import ast
import difflib
import importlib.util
import inspect
import re
import sys
import traceback
from pathlib import Path
from types import ModuleType

import msgspec

from trading_system.strategy_host.strategy_base import HOOKS, StrategyBase

_DOOR = "trading_system"
#: What every strategy has and no strategy may give another meaning.
_WORDS = {name for name in vars(StrategyBase) if not name.startswith("_")} - {"Params", "State", "params", "state", "timeframe", "warm_up"}


def load_strategy(path: Path, problems: list[str]) -> type[StrategyBase] | None:
    """Import a `*_strategy.py` file and return its strategy class; whatever is wrong with it is added to `problems`."""
    if not path.is_file():
        problems.append(f"{path}: there is no such file{nearest_file(path)}")
        return None
    module = _import(path, problems)
    if module is None:
        return None
    own = [kind for kind in vars(module).values() if isinstance(kind, type) and kind.__module__ == module.__name__]
    found = list(dict.fromkeys(kind for kind in own if issubclass(kind, StrategyBase)))
    if len(found) != 1:
        names = ", ".join(kind.__name__ for kind in found)
        what = f"more than one strategy: {names}" if found else "no class derives from StrategyBase, such as 'class Some(StrategyBase):'"
        line = _line(path, found[1].__name__) if found else 1
        problems.append(f"{path}:{line}: {what}; a strategy file holds exactly one")
        return None
    before = len(problems)
    _check_hooks(path, found[0], problems)
    _check_structs(path, found[0], problems)
    if len(problems) == before:
        _try_to_make(path, found[0], problems)
    return found[0] if len(problems) == before else None


def nearest_file(path: Path) -> str:
    """Return words about the strategy file that was most likely meant, empty where none is near."""
    # The ending is common to all of them and says nothing.
    known = {file.stem.removesuffix("_strategy"): file.name for file in path.parent.glob("*_strategy.py")}
    near = difflib.get_close_matches(path.stem.removesuffix("_strategy"), known, 1)
    return f", did you mean {known[near[0]]}?" if near else ""


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
        problems.append(f"{error.filename or path}:{error.lineno or 1}: this is not Python: {error.msg}")
    except ImportError as error:
        problems.append(f"{_place(path, error)}: {_import_words(error)}")
    except BaseException as error:
        # Also one that wants to end the program: a strategy file decides nothing here.
        problems.append(f"{_place(path, error)}: {type(error).__name__}: {error}")
    else:
        return module
    del sys.modules[name]
    return None


def _import_words(error: ImportError) -> str:
    missing = (error.name or "").partition(".")[0]
    if not isinstance(error, ModuleNotFoundError):
        wanted = re.match("cannot import name '(.*?)' from", error.msg)
        if wanted is None or missing not in sys.modules:
            return error.msg
        names = getattr(sys.modules[missing], "__all__", ())
        near = difflib.get_close_matches(wanted[1], names, 1)
        hint = f", did you mean {near[0]}?" if near else f"; it offers {', '.join(names)}" if names else ""
        return f"{error.name} has no '{wanted[1]}'{hint}"
    if missing == _DOOR:
        return f"there is no module '{error.name}': a strategy imports only 'from {_DOOR} import ...'"
    near = difflib.get_close_matches(missing, (_DOOR, *sys.stdlib_module_names), 1, 0.8)
    mend = f", did you mean {near[0]}?" if near else f": install it with 'pip install {missing}', or take the import out"
    return f"there is no module '{missing}'{mend}"


def _place(path: Path, error: BaseException) -> str:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return f"{path}:{lines[-1] if lines else 1}"


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


def _check_structs(path: Path, kind: type[StrategyBase], problems: list[str]) -> None:
    for name in ("Params", "State"):
        struct = getattr(kind, name)
        if not (isinstance(struct, type) and issubclass(struct, getattr(StrategyBase, name))):
            problems.append(f"{path}:{_line(path, kind.__name__, name)}: {name} must be written 'class {name}(StrategyBase.{name}):'")
            continue
        try:
            msgspec.structs.fields(struct)
        except Exception as error:
            # Annotations that stand in quotes are looked up only now.
            line = _line(path, kind.__name__, name, unknown=getattr(error, "name", None))
            problems.append(f"{path}:{line}: a type in {name} cannot be read: {error}: import it, or write bool, int, float or str")


def _try_to_make(path: Path, kind: type[StrategyBase], problems: list[str]) -> None:
    try:
        kind()
    except BaseException as error:
        # Also one that wants to end the program: a strategy file decides nothing here.
        problems.append(f"{_place(path, error)}: __init__ raised {type(error).__name__}: {error}; "
                        "self.params, self.market and the rest are there from on_start on")


def _line(path: Path, *names: str, unknown: str | None = None) -> int:
    # The line of a class, of a class inside it, and of the annotation in there that holds the name `unknown`.
    node: ast.AST = ast.parse(path.read_bytes())
    line = 1
    for name in names:
        inner = [one for one in ast.iter_child_nodes(node) if isinstance(one, ast.ClassDef) and one.name == name]
        if not inner:
            break
        node, line = inner[-1], inner[-1].lineno
    if unknown:
        for one in ast.walk(node):
            if isinstance(one, ast.AnnAssign) and unknown in ast.unparse(one.annotation):
                return one.lineno
    return line


def _takes(function: object, count: int) -> bool:
    try:
        inspect.signature(function).bind(*range(count))  # type: ignore[arg-type]
    except TypeError:
        return False
    return True
