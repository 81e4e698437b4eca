"""The plan of the house, held against every file: who may know whom, who asks the time, where libraries live, how long a file may be."""

import ast
import tomllib

import pytest

from tests.architecture import rules
from tests.architecture.rules import ROOMS, ROOT, RULES, Rule, Source, project_files

FILES = project_files()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_file_keeps_the_rule(rule: Rule) -> None:
    findings = [finding for source in FILES for finding in rule(source)]
    assert not findings, f"{rule.__doc__}\n" + "\n".join(findings)


def test_the_files_of_all_rooms_were_really_read() -> None:
    rooms = {rules.room_of(source.path) for source in FILES if source.path.startswith("trading_system/")}
    folders = {path.name for path in (ROOT / "trading_system").iterdir() if path.is_dir() and any(path.glob("*.py"))}
    assert folders <= rooms
    assert {"core", "oms", "engine", "risk"} <= rooms


def test_every_room_stands_on_a_floor_of_the_plan() -> None:
    known = ROOMS.keys() | rules.ROOF
    strangers = {rules.room_of(source.path) for source in FILES if source.path.startswith("trading_system/")} - known
    assert not strangers, f"add these to the plan: {', '.join(sorted(strangers))}"


def test_no_room_is_imported_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    for source in FILES:
        if source.path.startswith("trading_system/"):
            skipped = rules.for_types_only(source)
            graph[source.module] = {module for node, module in rules.imports(source) if node not in skipped and _is_top_level(source, node)}
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, "imported in a circle: " + " -> ".join([*way[way.index(module):], module])
        if module not in done:
            for target in sorted(graph.get(module, set()) & graph.keys()):
                if target != module:
                    visit(target, (*way, module))
            done.add(module)
    for module in graph:
        visit(module, ())


def _is_top_level(source: Source, node: ast.AST) -> bool:
    return node in source.tree.body


def test_every_library_that_is_imported_is_declared_and_every_declared_one_is_imported() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    names = {line.split(">")[0].split("=")[0].split("[")[0].strip().lower() for line in declared}
    distribution = {"yaml": "pyyaml", "dotenv": "python-dotenv"}
    used = {module.split(".")[0] for source in FILES for _, module in rules.imports(source)} & rules.LIBRARIES.keys()
    comes_along = {"urllib3": "requests"}
    missing = {library for library in used if distribution.get(library, comes_along.get(library, library)) not in names}
    assert not missing, f"imported but not in pyproject.toml: {', '.join(sorted(missing))}"


def test_the_table_of_libraries_in_the_documentation_names_every_one_of_them() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    names = {"yaml": "PyYAML", "dotenv": "python-dotenv"}
    missing = [library for library in rules.LIBRARIES if names.get(library, library) not in text]
    assert not missing, f"docs/architecture.md does not say where these may be imported: {', '.join(missing)}"
