"""What README.md and docs/ tell people to type is what the program understands: commands, settings and strategies, each snippet of them."""

import contextlib
import io
import re
import shlex
import sys
from pathlib import Path

import pytest
import yaml

import main
from brokerage import registry
from trading_system.inventory import check_instruments
from trading_system.settings.load import BACKTEST_FILE, GLOBAL_FILE, SYSTEM_FILE, read_settings
from trading_system.settings.problems import Problems
from trading_system.strategy_host.discovery import load_strategy

ROOT = Path(__file__).resolve().parents[2]
PAGES = {path.relative_to(ROOT).as_posix(): path.read_text() for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))}
SET_UP = "python3 -m venv .venv && .venv/bin/pip install -q -e "


def blocks(kind: str) -> list[tuple[str, str]]:
    """Return every block of a kind with the page it stands on."""
    return [(page, text) for page, whole in PAGES.items() for text in re.findall(rf"```{kind}\n(.*?)```", whole, re.DOTALL)]


def commands() -> list[tuple[str, str]]:
    """Return every command that a page shows: lines of sh blocks, taken apart at &&, and inline code that begins with a program."""
    found = []
    for page, block in blocks("sh"):
        lines = [line for line in block.splitlines() if line.strip() and not line.startswith("#")]
        found += [(page, part.strip()) for line in lines for part in line.split("&&")]
    for page, whole in PAGES.items():
        prose = re.sub(r"```.*?```", "", whole, flags=re.DOTALL)
        found += [(page, code) for code in re.findall(r"`((?:python|python3|\.venv/bin/python) [^`]+)`", prose)]
    return found


def words_of(command: str) -> list[str]:
    """Return the words of a command without what sends its output elsewhere."""
    return shlex.split(command.partition(">")[0])


@pytest.mark.parametrize(("page", "command"), commands())
def test_every_command_is_one_that_can_be_typed(page: str, command: str) -> None:
    program, *words = words_of(command)
    if program.endswith("pip"):
        assert words[0] == "install"
    elif words[0] == "main.py":
        # NAME, PATH=VALUE and their like stand for something: they parse as it does.
        with contextlib.redirect_stdout(io.StringIO()):
            assert main.parse(words[1:]).command in main.COMMANDS
    elif words[:2] == ["-m", "pytest"]:
        # -m takes one of our markers; every other word is a file or a folder.
        chosen = words[3:4] if words[2:3] == ["-m"] else []
        assert all(f'"{marker}: ' in (ROOT / "pyproject.toml").read_text() for marker in chosen)
        assert all((ROOT / word).exists() for word in words[2 + 2 * len(chosen):] if not word.startswith("-"))
    elif words[0] == "-m" and words[1] != "venv":
        module = ROOT / words[1].replace(".", "/")
        assert module.with_suffix(".py").is_file() or (module / "__main__.py").is_file()
    elif words[0] == "-c":
        compile(words[1], page, "exec")
    else:
        assert words[:2] == ["-m", "venv"]


@pytest.mark.parametrize(("page", "text"), blocks("yaml"))
def test_every_yaml_snippet_loads_and_trades_what_there_is(page: str, text: str, tmp_path: Path) -> None:
    written = yaml.load(text, Loader=yaml.BaseLoader)
    top = set(written)
    if top & {"strategies", "mode"}:
        files = {GLOBAL_FILE: text}
    elif top & {"brokers", "simulator", "heartbeat_seconds"}:
        files = {GLOBAL_FILE: "strategies: {}", SYSTEM_FILE: text}
    else:
        files = {GLOBAL_FILE: "strategies:\n" + text}
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    problems = Problems()
    settings = read_settings(tmp_path, (), problems, environment={}, adapters=registry.ADAPTERS)
    known = {one.symbol: one for name, node in settings.system.brokers.items() for one in registry.simulated_instruments(name, node)}
    check_instruments(known, settings, settings.global_settings.strategies, problems)
    assert list(problems) == []


@pytest.mark.parametrize(("page", "text"), [(page, text) for page, text in blocks("python") if re.search(r"^class ", text, re.MULTILINE)])
def test_every_strategy_that_is_shown_loads(page: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "shown_strategy.py"
    path.write_text(text)
    problems: list[str] = []
    assert load_strategy(path, problems) is not None, problems
    sys.modules.pop("strategies.shown_strategy", None)


def test_the_two_set_up_commands_are_exactly_two() -> None:
    setting_up = [text.strip() for page, text in blocks("sh") if page == "README.md" and "-m venv" in text]
    assert setting_up == [f"{SET_UP}. && .venv/bin/python main.py", f"{SET_UP}'.[test,contract,data,plot]' && .venv/bin/python -m pytest"]


def test_the_reference_of_the_settings_is_what_the_program_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["reference"]) == 0
    assert capsys.readouterr().out == PAGES["docs/configuration.md"], "make it anew: python main.py reference > docs/configuration.md"


def test_every_file_that_a_page_names_is_there() -> None:
    made_by_running = ("var/", "strategies/buy_the_dip", "STATE/")
    for page, whole in PAGES.items():
        for name in re.findall(r"`((?:[a-z_]+/)+[a-z_0-9]+\.(?:py|yaml|md))`", whole):
            if not name.startswith(made_by_running):
                below = (ROOT, ROOT / "trading_system", (ROOT / page).parent)
                assert any((folder / name).is_file() for folder in below), f"{page} names {name}"
        for link in re.findall(r"\]\((?!http)([^)#]+)\)", whole):
            assert ((ROOT / page).parent / link).exists(), f"{page} links to {link}"


def test_every_key_of_the_delivered_configuration_is_in_the_reference() -> None:
    for file in (GLOBAL_FILE, SYSTEM_FILE, BACKTEST_FILE):
        for key in re.findall(r"^ {0,2}(?:# )?([a-z_]+): ", (ROOT / "configs" / file).read_text(), re.MULTILINE):
            is_ours = key in ("naive_test", "moving_average_cross", "market_making", "luno", "simulate")
            assert is_ours or f"| `{key}` |" in PAGES["docs/configuration.md"], key


def test_the_keys_that_env_example_names_are_in_the_reference() -> None:
    names = re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert names == ["LUNO_API_KEY_ID", "LUNO_API_KEY_SECRET"]
    assert all(f"| `{name}` |" in PAGES["docs/configuration.md"] for name in names)
