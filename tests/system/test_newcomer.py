"""The path of somebody who sees this for the first time: a strategy of their own trades within a minute, and what they break says so."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.system.bot_process import FAST, ROOT, Bot, run_command

LINE = "  my_first: {instruments: [XBTZAR.luno], capital: {ZAR: 10000}}"


class Newcomer:
    """A copy of the project with which somebody begins; `python` and `main` run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("trading_system", "brokerage", "strategies", "configs", "tests/unit/strategies"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("main.py", "pyproject.toml"):
            shutil.copy(ROOT / name, folder / name)
        self.yaml = folder / "configs" / "global_strategy_config.yaml"
        self.file = folder / "strategies" / "my_first_strategy.py"

    def python(self, *words: str, seconds: float = 60.0) -> tuple[int, str, str]:
        done = run_command([sys.executable, *words], self.folder, seconds)
        return done.returncode, done.stdout, done.stderr

    def main(self, *words: str) -> tuple[int, str, str]:
        return self.python("main.py", *words)


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Newcomer:
    """Return somebody who has just typed `new-strategy` and added the line it printed, and nothing else to the configuration."""
    person = Newcomer(tmp_path_factory.mktemp("newcomer") / "project")
    code, out, err = person.main("new-strategy", "my_first")
    assert (code, err) == (0, "")
    assert f"\n{LINE}\n" in out
    person.yaml.write_text(f"strategies:\n{LINE}\n")
    (person.folder / "configs" / "system_config.yaml").write_text(FAST)
    return person


def test_the_new_strategy_trades(newcomer: Newcomer) -> None:
    bot = Bot(newcomer.folder / "house", "unused: {}")
    bot.config, bot.strategies = newcomer.yaml.parent, newcomer.file.parent
    bot.start("--for", "60s")
    try:
        bot.wait(lambda: " bought " in bot.out, 60, "the new strategy did not trade")
        bot.interrupt()
        assert bot.finish(20) == 0, bot.told
        assert bot.last_run["strategies"]["my_first"]["fills"] >= 1
        assert bot.err == ""
    finally:
        bot.end()


def test_its_test_passes_and_it_is_strictly_typed(newcomer: Newcomer) -> None:
    code, out, err = newcomer.python("-m", "pytest", "-p", "no:cacheprovider", "tests/unit/strategies/test_my_first_strategy.py")
    assert code == 0, out + err
    code, out, err = newcomer.python("-m", "mypy", "--strict", "strategies/my_first_strategy.py", seconds=120)
    assert code == 0, out + err


def test_check_finds_nothing_wrong_with_it(newcomer: Newcomer) -> None:
    code, out, err = newcomer.main("check")
    assert (code, err) == (0, ""), out
    assert "ok           strategy my_first: MyFirstStrategy in my_first_strategy.py on XBTZAR.luno" in out
    assert "ok           capital: the strategies are given 10000 ZAR of 1000000" in out


def in_code(old: str, new: str) -> Callable[[Newcomer], None]:
    """Return a slip in the strategy's file."""
    def slip(person: Newcomer) -> None:
        text = person.file.read_text()
        assert old in text
        person.file.write_text(text.replace(old, new, 1))
    return slip


def in_yaml(old: str, new: str) -> Callable[[Newcomer], None]:
    """Return a slip in the configuration."""
    def slip(person: Newcomer) -> None:
        assert old in LINE
        person.yaml.write_text(f"strategies:\n{LINE.replace(old, new, 1)}\n")
    return slip


BROKEN = {
    "a misspelt hook": (in_code("def on_tick", "def on_tik"),
                        "@/strategies/my_first_strategy.py:28: on_tik is not a hook, did you mean on_tick?"),
    "a forgotten colon": (in_code("def on_start(self) -> None:", "def on_start(self) -> None"),
                          "@/strategies/my_first_strategy.py:22: this is not Python: expected ':'"),
    "a misspelt import": (in_code("import Fill, StrategyBase, Tick", "import Fil, StrategyBase, Tick"),
                          "@/strategies/my_first_strategy.py:8: trading_system has no 'Fil', did you mean Fill?"),
    "a fault in on_start": (in_code("self.prices: dict", "self.price = self.parms.value\n        self.prices: dict"),
                            "strategies.my_first: on_start raised AttributeError: 'MyFirstStrategy' object has no attribute 'parms' "
                            "(my_first_strategy.py:26): mend it, or write 'active: no'; nothing was traded"),
    "an instrument by another name": (in_yaml("XBTZAR.luno", "BTC/ZAR"),
                                      "@/configs/global_strategy_config.yaml:2: strategies.my_first.instruments: 'BTC/ZAR' is not traded at any "
                                      "broker of ours, did you mean XBTZAR.luno?"),
    "a misspelt name": (in_yaml("my_first", "my_frist"),
                        "@/configs/global_strategy_config.yaml:2: strategies.my_frist: there is no such file as "
                        "@/strategies/my_frist_strategy.py, did you mean my_first_strategy.py?"),
    "a param that is not there": (in_yaml("}}", "}, params: {windw: 3}}"),
                                  "@/configs/global_strategy_config.yaml:2: strategies.my_first.params.windw: unknown key 'windw', "
                                  "did you mean 'window'?"),
    "a param of the wrong type": (in_yaml("}}", "}, params: {window: few}}"),
                                  "@/configs/global_strategy_config.yaml:2: strategies.my_first.params.window: expected a whole number, found 'few'"),
    "more money than there is": (in_yaml("10000", "5000000"),
                                 "@/configs/global_strategy_config.yaml:2: strategies: together they own 5000000 ZAR, the account at luno "
                                 "holds 1000000; lower a capital or fund the account"),
}


@pytest.mark.parametrize("slip", BROKEN)
def test_what_a_newcomer_breaks_is_told_in_one_line(newcomer: Newcomer, slip: str) -> None:
    breaks, expected = BROKEN[slip]
    code_before, yaml_before = newcomer.file.read_text(), newcomer.yaml.read_text()
    try:
        breaks(newcomer)
        code, _, err = newcomer.main("--for", "2s")
        assert err.replace(str(newcomer.folder), "@").splitlines() == [expected]
        assert code == 2
        assert not (newcomer.folder / "var").exists()
    finally:
        newcomer.file.write_text(code_before)
        newcomer.yaml.write_text(yaml_before)
