"""The floor plan as functions: each rule reads one file's syntax tree and returns what it finds, as `path:line: sentence`.

`test_floor_plan.py` runs them on the project, `test_rules_can_fail.py` on small wrong examples.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
#: Folders whose Python files are the project; tests have rules of their own.
HOUSE = ("trading_system", "brokerage", "strategies", "benchmarks")

FLOOR_2 = {"oms", "storage", "collectors", "executors", "watchers", "settings", "reports", "indicators"}
FLOOR_3 = {"strategy_host", "risk", "ledger", "console", "dashboard", "distributed"}
#: Which rooms of trading_system a room may import besides itself. The files beside the rooms (assembly.py ...) and commands/ are floor 5.
ROOMS = {
    "core": set(),
    **{room: {"core"} for room in FLOOR_2},
    **{room: {"core"} | FLOOR_2 for room in FLOOR_3},
    "engine": {"core"} | FLOOR_2 | FLOOR_3,
}
ROOF = {"commands", "assembly", "enrollment", "fail_points", "inventory", "seating", "backtest_assembly", "backtest_results", "journal_results",
        "reckoning", ""}

#: Folders (or files) that may import an outside library; `!` in front of one takes it out again.
LIBRARIES = {
    "requests": ("brokerage/", "!brokerage/luno_simulator/"), "urllib3": ("brokerage/", "!brokerage/luno_simulator/"),
    "yaml": ("trading_system/settings/",), "dotenv": ("trading_system/settings/",),
    "msgspec": ("trading_system/", "brokerage/", "benchmarks/", "!brokerage/luno_simulator/"),
    "rich": ("trading_system/console/",),
    "starlette": ("brokerage/luno_simulator/",), "uvicorn": ("brokerage/luno_simulator/",), "h11": ("brokerage/luno_simulator/",),
    "numpy": ("benchmarks/", "trading_system/reports/", "trading_system/collectors/"),
    "pyarrow": ("trading_system/collectors/",), "plotly": ("trading_system/reports/",),
}

#: What we are measured against: imported only by scripts that run in environments of their own, so no dependencies of the project.
PEERS = dict.fromkeys(("backtesting", "backtrader", "nautilus_trader", "pandas", "vnpy", "vnpy_ctastrategy"), ("benchmarks/peers/",))

#: What only core/runtime.py may import: clocks, threads, chance, signals.
RUNTIME_ONLY = {"time", "threading", "_thread", "random", "signal", "secrets", "uuid", "queue", "sched", "select", "selectors", "asyncio",
                "multiprocessing", "concurrent"}
ASKS_THE_TIME = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "base"}
BROKER_NAMES = {"luno", "kraken", "binance", "ccxt", "interactive_brokers", "pfcf"}


class Source(NamedTuple):
    """One file: its path from the project's root, its text and its tree."""

    path: str
    text: str
    tree: ast.Module

    @classmethod
    def of(cls, path: str, text: str) -> "Source":
        """Parse a text as if it lay at `path`."""
        return cls(path, text, ast.parse(text))

    @property
    def module(self) -> str:
        """Return the dotted name of the module."""
        return self.path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")

    def at(self, node: ast.AST, sentence: str) -> str:
        """Return a finding at a node."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {sentence}"


Rule = Callable[[Source], list[str]]


def project_files() -> list[Source]:
    """Return every Python file of the project but the tests."""
    paths = [path for folder in HOUSE for path in sorted((ROOT / folder).rglob("*.py"))]
    paths += [path for path in [ROOT / "main.py"] if path.exists()]
    return [Source.of(str(path.relative_to(ROOT)), path.read_text()) for path in paths]


def imports(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """Yield every imported module, also inside functions and under TYPE_CHECKING, names of `from` imports resolved where they are modules."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node, name.name
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                parts = source.module.split(".")
                if not source.path.endswith("__init__.py"):
                    parts = parts[:-1]
                module = ".".join([*parts[:len(parts) - node.level + 1], *([module] if module else [])])
            yield node, module
            for name in node.names:
                yield node, f"{module}.{name.name}"
        elif isinstance(node, ast.Call) and _is_name(node.func, {"import_module", "__import__"}):
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield node, first.value


def for_types_only(source: Source) -> set[ast.AST]:
    """Return the import statements that stand under `if TYPE_CHECKING:`."""
    found: set[ast.AST] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.If) and _is_name(node.test, {"TYPE_CHECKING"}):
            for statement in node.body:
                found.update(ast.walk(statement))
    return found


def room_of(path: str) -> str:
    """Return the room of a file of trading_system: its folder, or its own name where it stands beside the rooms."""
    parts = path.removesuffix(".py").split("/")
    name = parts[1] if len(parts) > 1 else ""
    return "" if name == "__init__" else name


def rooms_look_down_only(source: Source) -> list[str]:
    """Inside trading_system a room imports itself and the floors below; rooms of one floor do not know each other but for types."""
    if not source.path.startswith("trading_system/"):
        return []
    room, findings, types = room_of(source.path), list[str](), for_types_only(source)
    for node, module in imports(source):
        if not module.startswith("trading_system.") or room in ROOF:
            continue
        target = module.split(".")[1]
        if target == room or target in ROOMS.get(room, set()):
            continue
        if room not in ROOMS:
            findings.append(source.at(node, f"the room {room} stands on no floor: add it to the plan"))
        elif node in types and _floor(target) == _floor(room):
            continue
        else:
            findings.append(source.at(node, f"{room}/ may not import {module}: only {', '.join(sorted(ROOMS[room])) or 'nothing of the house'}"))
    return _once(findings)


_SYMBOL = re.compile(r"\b[A-Z]{6,}\.[a-z]+\b")


def the_house_names_no_broker_and_no_strategy(source: Source) -> list[str]:
    """Nothing under trading_system imports brokerage or strategies, or names a broker in an identifier or a string; docstrings, a setting's examples and a symbol such as XBTZAR.luno in what people read may."""
    if not source.path.startswith("trading_system/"):
        return []
    findings = [source.at(node, f"the house may not import {module}") for node, module in imports(source)
                if module.split(".")[0] in ("brokerage", "strategies")]
    documentation = _docstrings(source.tree) | _examples(source.tree)
    for node in ast.walk(source.tree):
        for name in _names(node):
            if any(broker in name.lower() for broker in BROKER_NAMES):
                findings.append(source.at(node, f"the house may not name a broker: {name}"))
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in documentation
        if is_text and any(broker in _SYMBOL.sub("", node.value).lower() for broker in BROKER_NAMES):
            findings.append(source.at(node, f"the house may not name a broker: {node.value!r}"))
    return _once(findings)


def brokerage_knows_core_and_itself(source: Source) -> list[str]:
    """An adapter imports core/ and its own folder; adapters do not know each other. The registry knows them all, and floor 2 for their
    settings."""
    if not source.path.startswith("brokerage/"):
        return []
    own = source.path.split("/")[1] if source.path.count("/") > 1 else ""
    findings = []
    for node, module in imports(source):
        parts = module.split(".")
        below = {"core"} | (FLOOR_2 if source.path == "brokerage/registry.py" else set())
        if parts[0] == "trading_system" and parts[1:] and parts[1] not in below:
            findings.append(source.at(node, f"brokerage may import of the house only core/, not {module}"))
        if parts[0] == "strategies" or module == "trading_system":
            findings.append(source.at(node, f"brokerage may not import {module}"))
        if parts[0] == "brokerage" and len(parts) > 1:
            is_folder = (ROOT / "brokerage" / parts[1]).is_dir() or parts[1] in BROKER_NAMES
            if own and is_folder and parts[1] != own:
                findings.append(source.at(node, f"the adapter {own} may not know {module}"))
            if not own and is_folder and source.path != "brokerage/registry.py":
                findings.append(source.at(node, f"only registry.py may know the adapter {module}"))
    return _once(findings)


def the_simulator_shares_nothing_with_what_it_tests(source: Source) -> list[str]:
    """brokerage/luno_simulator imports its own files, starlette, uvicorn, h11 and the standard library."""
    if not source.path.startswith("brokerage/luno_simulator/"):
        return []
    allowed = {"starlette", "uvicorn", "h11"} | set(sys.stdlib_module_names)
    return _once([source.at(node, f"the simulator may not import {module}") for node, module in imports(source)
                  if module.split(".")[0] not in allowed and not module.startswith("brokerage.luno_simulator") and module != "brokerage"])


def strategies_use_the_door(source: Source) -> list[str]:
    """A strategy imports the door `trading_system` itself and the standard library."""
    if not source.path.startswith("strategies/"):
        return []
    findings = []
    for node in ast.walk(source.tree):
        modules = [name.name for name in node.names] if isinstance(node, ast.Import) else \
            ["." * node.level + (node.module or "")] if isinstance(node, ast.ImportFrom) else []
        findings += [source.at(node, f"a strategy may import only `from trading_system import ...` and the standard library, not {module}")
                     for module in modules if module != "trading_system" and module.split(".")[0] not in sys.stdlib_module_names]
    return findings


def main_is_only_the_roof(source: Source) -> list[str]:
    """main.py imports commands and the registry of brokers; nobody imports main."""
    if source.path != "main.py":
        return [source.at(node, "nobody may import main") for node, module in imports(source) if module.split(".")[0] == "main"]
    allowed = ("trading_system.commands", "trading_system.core", "brokerage.registry")
    return _once([source.at(node, f"main.py may not import {module}") for node, module in imports(source)
                  if module.split(".")[0] in HOUSE and module not in ("trading_system", "brokerage") and not module.startswith(allowed)])


def libraries_stay_at_home(source: Source) -> list[str]:
    """An outside library is imported only in the folders that the table names for it."""
    findings = []
    for node, module in imports(source):
        library = module.split(".")[0]
        if library in sys.stdlib_module_names or library in (*HOUSE, "tests", "main", ""):
            continue
        homes = LIBRARIES.get(library) or PEERS.get(library)
        if homes is None:
            findings.append(source.at(node, f"the library {library} has no home: add it to the table and to docs/architecture.md"))
        elif not _is_at_home(source.path, homes):
            findings.append(source.at(node, f"{library} may be imported only in {', '.join(homes)}"))
    return _once(findings)


def only_the_runtime_asks_the_time(source: Source) -> list[str]:
    """Clocks, threads, chance and signals are core/runtime.py's; the simulator is a program of its own, commands and benchmarks stand outside."""
    if source.path.startswith(("brokerage/luno_simulator/", "benchmarks/", "trading_system/commands/")) or source.path in (
            "trading_system/core/runtime.py", "main.py"):
        return []
    findings = [source.at(node, f"only core/runtime.py may import {module}") for node, module in imports(source)
                if module.split(".")[0] in RUNTIME_ONLY]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr if isinstance(node.value, ast.Attribute) else ""
            if (owner, node.attr) in ASKS_THE_TIME:
                findings.append(source.at(node, f"only core/runtime.py may ask the time: {owner}.{node.attr}"))
    return _once(findings)


def only_settings_reads_the_environment(source: Source) -> list[str]:
    """os.environ and os.getenv are read in settings/ only; the simulator is a program of its own."""
    if source.path.startswith(("trading_system/settings/", "brokerage/luno_simulator/", "benchmarks/")):
        return []
    words = {"environ", "getenv", "environb", "getenvb", "putenv"}
    found = [node for node in ast.walk(source.tree) if isinstance(node, ast.Attribute) and node.attr in words and _is_name(node.value, {"os"})]
    found += [node for node in ast.walk(source.tree) if isinstance(node, ast.ImportFrom) and node.module == "os"
              and any(name.name in words for name in node.names)]
    return [source.at(node, "only settings/ may read the environment") for node in found]


def files_are_short(source: Source) -> list[str]:
    """At most 300 lines, main.py 140."""
    most, lines = (140 if source.path == "main.py" else 300), len(source.text.splitlines())
    return [f"{source.path}:{lines}: {lines} lines are more than {most}"] if lines > most else []


def file_names_say_something(source: Source) -> list[str]:
    """No utils, helpers, common, misc, base, as a file or as a folder."""
    names = source.path.removesuffix(".py").split("/")
    return [f"{source.path}:1: {name} says nothing" for name in names if name in FORBIDDEN_NAMES]


def files_open_with_a_docstring(source: Source) -> list[str]:
    """Each file says first what lives in it."""
    return [] if ast.get_docstring(source.tree) else [f"{source.path}:1: the file does not say what lives in it"]


def no_bare_except(source: Source) -> list[str]:
    """An except names what it catches."""
    return [source.at(node, "an except must name what it catches") for node in ast.walk(source.tree)
            if isinstance(node, ast.ExceptHandler) and node.type is None]


def nobody_prints_but_the_commands(source: Source) -> list[str]:
    """print() belongs to the commands, the screen, main.py, benchmarks and the simulator, which is a program of its own."""
    speaks = ("main.py", "brokerage/luno_simulator/server.py", "brokerage/luno_simulator/running_exchange.py", "brokerage/luno_simulator/manual.py")
    if source.path.startswith(("trading_system/commands/", "trading_system/console/", "benchmarks/")) or source.path in speaks:
        return []
    return [source.at(node, "only commands and the screen print") for node in ast.walk(source.tree) if isinstance(node, ast.Call) and _is_name(node.func, {"print"})]


def imports_are_absolute(source: Source) -> list[str]:
    """Imports are absolute, from the file that defines the name."""
    return [source.at(node, "imports are absolute") for node in ast.walk(source.tree) if isinstance(node, ast.ImportFrom) and node.level]


RULES: tuple[Rule, ...] = (
    rooms_look_down_only, the_house_names_no_broker_and_no_strategy, brokerage_knows_core_and_itself,
    the_simulator_shares_nothing_with_what_it_tests, strategies_use_the_door, main_is_only_the_roof, libraries_stay_at_home,
    only_the_runtime_asks_the_time, only_settings_reads_the_environment, files_are_short, file_names_say_something,
    files_open_with_a_docstring, no_bare_except, nobody_prints_but_the_commands, imports_are_absolute,
)


def _floor(room: str) -> int:
    return 1 if room == "core" else 2 if room in FLOOR_2 else 3 if room in FLOOR_3 else 4 if room == "engine" else 5


def _is_at_home(path: str, homes: tuple[str, ...]) -> bool:
    within = any(path.startswith(home) for home in homes if not home.startswith("!"))
    return within and not any(path.startswith(home[1:]) for home in homes if home.startswith("!"))


def _is_name(node: ast.AST, names: set[str]) -> bool:
    return (isinstance(node, ast.Name) and node.id in names) or (isinstance(node, ast.Attribute) and node.attr in names)


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        return [node.attr]
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, (ast.arg, ast.keyword)):
        return [node.arg or ""]
    if isinstance(node, ast.alias):
        return [node.name, node.asname or ""]
    return []


def _docstrings(tree: ast.Module) -> set[ast.AST]:
    # Also a string that stands alone as a statement: it is documentation, not code.
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}


def _examples(tree: ast.Module) -> set[ast.AST]:
    # What a setting shows to people: `Meta(examples=..., extra=...)`.
    return {inner for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg in ("examples", "extra") for inner in ast.walk(node)}


def _once(findings: list[str]) -> list[str]:
    by_place: dict[str, str] = {}
    for finding in findings:
        by_place.setdefault(":".join(finding.split(":")[:2]), finding)
    return list(by_place.values())
