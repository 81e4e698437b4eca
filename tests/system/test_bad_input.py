"""Everything people get wrong, each with the exact words they read: exit code 2, no traceback, nothing started, nothing made.

Most cases run `main.main` in this process, where starting a child would be noticed; what only the venue can tell runs as a process.
"""

import subprocess
from pathlib import Path
from typing import Any

import pytest

import main
from tests.system.bot_process import FAST, WATCHER, Bot

GLOBAL, SYSTEM = "configs/global_strategy_config.yaml", "configs/system_config.yaml"
GOOD = "  good: {instruments: [XBTZAR.luno], capital: {ZAR: 1000}}\n"
STRATEGY = """from trading_system import StrategyBase, Tick


class GoodStrategy(StrategyBase):
    class Params(StrategyBase.Params):
        size: float = 0.5
        count: int = 3
        is_bold: bool = False

    params: Params

    def on_tick(self, tick: Tick) -> None:
        pass
"""
HEAD = "from trading_system import StrategyBase\n\n\nclass OtherStrategy(StrategyBase):\n"
OTHER = "strategies:\n  other: {instruments: [XBTZAR.luno], capital: {ZAR: 1}}\n"


def good(extra: str) -> dict[str, str]:
    """Return the strategies' file with more settings for `good`, on line 2."""
    return {GLOBAL: f"strategies:\n  good: {{instruments: [XBTZAR.luno], capital: {{ZAR: 1000}}, {extra}}}\n"}


def trades(*symbols: str) -> dict[str, str]:
    """Return the strategies' file in which `good` trades these, on line 2."""
    return {GLOBAL: f"strategies:\n  good: {{instruments: [{', '.join(symbols)}], capital: {{ZAR: 1000}}}}\n"}


def has(amount: str, extra: str = "") -> dict[str, str]:
    """Return the strategies' file in which `good` has this amount, on line 2."""
    return {GLOBAL: f"strategies:\n  good: {{instruments: [XBTZAR.luno], capital: {{ZAR: {amount}}}{extra}}}\n"}


def other(text: str) -> dict[str, str]:
    """Return a strategy file of this text, and the configuration that trades it."""
    return {GLOBAL: OTHER, "strategies/other_strategy.py": text}


def system(text: str) -> dict[str, str]:
    """Return the system's file."""
    return {SYSTEM: text}


# What it is called: the files that are written (None: taken away), the words of the command line, what is said.
# In what is said, @ is the folder, G the strategies' file, S the system's file, P other_strategy.py.
CASES: dict[str, tuple[dict[str, Any], str, list[str]]] = {
    "config missing": ({GLOBAL: None}, '', [
        'G: there is no such file: create it, or name the right folder with --config',
    ]),
    "config folder missing": ({}, 'run|--config|@/nowhere', [
        '@/nowhere: there is no such folder: name the folder of the configuration files with --config',
    ]),
    "config folder is a file": ({}, 'run|--config|@/strategies/good_strategy.py', [
        '@/strategies/good_strategy.py: this is not a folder: name the folder of the configuration files with --config',
    ]),
    "config is a folder": ({GLOBAL: ()}, '', [
        'G: this is not a file: a settings file is expected here',
    ]),
    "config empty": ({GLOBAL: ''}, '', [
        "G:1: the file is empty: write settings as 'key: value'",
    ]),
    "config not UTF-8": ({GLOBAL: b'mode: simulate\n# caf\xe9\n'}, '', [
        'G:2: the file is not UTF-8 text: save it as UTF-8',
    ]),
    "YAML syntax": ({GLOBAL: 'strategies:\n  good: {instruments: [XBTZAR.luno}\n'}, '', [
        "G:2: this is not YAML: expected ',' or ']', but got '}' (while parsing a flow sequence that begins on line 2); check the indentation, brackets and quotes here and on the line before",
    ]),
    "YAML tab": ({GLOBAL: 'strategies:\n\tgood: {}\n'}, '', [
        'G:2: a tab stands where YAML wants spaces: indent with spaces',
    ]),
    "same name twice": ({GLOBAL: 'strategies:\n' + GOOD + GOOD}, '', [
        "G:3: strategies: the key 'good' is written twice, first on line 2: keep one of them",
    ]),
    "duplicate key": (system('heartbeat_seconds: 1\nheartbeat_seconds: 2\n'), '', [
        "S:2: system: the key 'heartbeat_seconds' is written twice, first on line 1: keep one of them",
    ]),
    "unknown key": ({GLOBAL: 'strategies:\n' + GOOD + 'mod: simulate\n'}, '', [
        "G:3: mod: unknown key 'mod', did you mean 'mode'?",
    ]),
    "unknown key of a strategy": (good('bar: 1m'), '', [
        "G:2: strategies.good.bar: unknown key 'bar', did you mean 'bars'?",
    ]),
    "unknown key with nothing near": (good('leverage: 5'), '', [
        "G:2: strategies.good.leverage: unknown key 'leverage'; known here: file, instruments, capital, params, risk, bars, active, on_stop, currency, adopt",
    ]),
    "unknown key of the system": (system('heartbeat_secs: 1\n'), '', [
        "S:1: system.heartbeat_secs: unknown key 'heartbeat_secs', did you mean 'heartbeat_seconds'?",
    ]),
    "unknown mode": ({GLOBAL: 'mode: simulator\nstrategies:\n' + GOOD}, '', [
        "G:1: mode: expected simulate, paper, live or backtest, found 'simulator': did you mean 'simulate'?",
    ]),
    "mode not open yet": ({GLOBAL: 'mode: live\nstrategies:\n' + GOOD}, '', [
        "G:1: mode: live is closed until the risk limits and the kill switch are built: write 'mode: simulate'; nothing was started",
    ]),
    "wrong type": (good('active: maybe'), '', [
        "G:2: strategies.good.active: expected yes or no (also true/false, on/off), found 'maybe'",
    ]),
    "negative capital": (has('-5'), '', [
        "G:2: strategies.good.capital.ZAR: expected a number (at least 0, at most 1e15), found '-5'",
    ]),
    "absurd capital": (has('1e300'), '', [
        "G:2: strategies.good.capital.ZAR: expected a number (at least 0, at most 1e15), found '1e300'",
    ]),
    "NaN capital": (has('.nan'), '', [
        "G:2: strategies.good.capital.ZAR: expected a number (at least 0, at most 1e15), found '.nan': it must be finite",
    ]),
    "infinite capital": (has('inf'), '', [
        "G:2: strategies.good.capital.ZAR: expected a number (at least 0, at most 1e15), found 'inf': it must be finite",
    ]),
    "capital with thousands": (has("'50,000'"), '', [
        "G:2: strategies.good.capital.ZAR: expected a number (at least 0, at most 1e15), found '50,000': write 50000",
    ]),
    "capital missing a space": ({GLOBAL: 'strategies:\n  good: {instruments: [XBTZAR.luno], capital: {ZAR:5}}\n'}, '', [
        "G:2: strategies.good.capital: a space is missing after the colon of 'ZAR:5': write 'ZAR: 5'",
    ]),
    "zero heartbeat": (system('heartbeat_seconds: 0\n'), '', [
        "S:1: system.heartbeat_seconds: expected a duration such as 5s, 500ms, 2m, 1h or 1d (above 0, at most 7d), found '0'",
    ]),
    "absurd heartbeat": (system('heartbeat_seconds: 1e9\n'), '', [
        "S:1: system.heartbeat_seconds: expected a duration such as 5s, 500ms, 2m, 1h or 1d (above 0, at most 7d), found '1e9'",
    ]),
    "NaN limit": (good('risk: {stale_price_seconds: nan}'), '', [
        "G:2: strategies.good.risk.stale_price_seconds: expected a number (above 0, at most 3600), found 'nan': it must be finite",
    ]),
    "half an order": (good('risk: {max_open_orders: 2.5}'), '', [
        "G:2: strategies.good.risk.max_open_orders: expected a whole number (at least 1, at most 10000), found '2.5'",
    ]),
    "clock time for a duration": (good('bars: 1:30'), '', [
        "G:2: strategies.good.bars: expected a duration such as 5s, 500ms, 2m, 1h or 1d (above 0, at most 7d), found '1:30'",
    ]),
    "percentage": (system('market_order_collar: 2%\n'), '', [
        "S:1: system.market_order_collar: expected a number (above 0, at most 0.5), found '2%': write 0.02",
    ]),
    "alias": ({GLOBAL: 'strategies:\n  good: &g {instruments: [XBTZAR.luno], capital: {ZAR: 1000}}\n  twin: *g\n'}, '', [
        "G:2: strategies.good: anchors are not accepted: remove '&g'",
        "G:3: strategies.twin: aliases such as '*g' are not accepted: write the value out here",
    ]),
    "tag": (good('bars: !!float 5'), '', [
        "G:2: strategies.good.bars: tags are not accepted: remove '!!float'",
    ]),
    "no strategy": ({GLOBAL: 'mode: simulate\nstrategies: {}\n'}, '', [
        "G:2: strategies: there is none: add one, such as 'naive_test: {instruments: [XBTZAR.luno], capital: {ZAR: 50000}}'",
    ]),
    "no active strategy": (good('active: no'), '', [
        "G:2: strategies: none of them is active: take an 'active: no' away",
    ]),
    "BTC/ZAR": (trades('BTC/ZAR'), '', [
        "G:2: strategies.good.instruments: 'BTC/ZAR' is not traded at any broker of ours, did you mean XBTZAR.luno?",
    ]),
    "BTCZAR.luno": (trades('BTCZAR.luno'), '', [
        "G:2: strategies.good.instruments: 'BTCZAR.luno' is not traded at any broker of ours, did you mean XBTZAR.luno?",
    ]),
    "lower case": (trades('xbtzar.luno'), '', [
        "G:2: strategies.good.instruments: 'xbtzar.luno' is not traded at any broker of ours, did you mean XBTZAR.luno?",
    ]),
    "no broker": (trades('XBTZAR'), '', [
        "G:2: strategies.good.instruments: 'XBTZAR' is not traded at any broker of ours, did you mean XBTZAR.luno?",
    ]),
    "misspelt broker": (trades('XBTZAR.lunoo'), '', [
        "G:2: strategies.good.instruments: 'XBTZAR.lunoo' is not traded at any broker of ours, did you mean XBTZAR.luno?",
    ]),
    "misspelt instrument": (trades('XBTZRA.luno'), '', [
        "G:2: strategies.good.instruments: 'XBTZRA.luno' is not traded at any broker of ours, did you mean XBTZAR.luno?",
    ]),
    "nothing like it": (trades('AAPL.nasdaq'), '', [
        "G:2: strategies.good.instruments: 'AAPL.nasdaq' is not traded at any broker of ours; there are ETHXBT.luno, ETHZAR.luno, XBTMYR.luno, XBTZAR.luno, XRPZAR.luno",
    ]),
    "instrument listed twice": (trades('XBTZAR.luno', 'XBTZAR.luno'), '', [
        "G:2: strategies.good.instruments.1: 'XBTZAR.luno' is listed twice: keep one of them",
    ]),
    "instruments on lines of their own": ({GLOBAL: 'strategies:\n  good:\n    capital: {ZAR: 5}\n    instruments:\n      - XBTZAR.luno\n      - ETH-ZAR\n'}, '', [
        "G:6: strategies.good.instruments: 'ETH-ZAR' is not traded at any broker of ours, did you mean ETHZAR.luno?",
    ]),
    "broker with an exchange that runs elsewhere": ({**trades('XBTZAR.lunoo'), **system('simulator: {url: "http://127.0.0.1:1"}\n')}, '', [
        "G:2: strategies.good.instruments: 'XBTZAR.lunoo' names no broker of ours (luno): did you mean XBTZAR.luno?",
    ]),
    "unknown adapter": (system('brokers: {luno: {adapter: lunno}}\n'), '', [
        "S:1: system.brokers.luno.adapter: there is no adapter 'lunno', did you mean 'luno'?",
    ]),
    "unknown setting of an adapter": (system('brokers: {luno: {adapter: luno, calls_per_secnd: 1}}\n'), '', [
        "S:1: system.brokers.luno.calls_per_secnd: unknown key 'calls_per_secnd', did you mean 'calls_per_second'?",
    ]),
    "adapter settings that contradict": (system('brokers: {luno: {adapter: luno, calls_per_second: 1}}\n'), '', [
        'S:1: system.brokers.luno: polls_per_second and cancels_per_second together must be below calls_per_second, or no order could leave',
    ]),
    "currency of no use": ({GLOBAL: 'strategies:\n  good: {instruments: [XBTZAR.luno], capital: {ZAR: 1, EUR: 5}}\n'}, '', [
        'G:2: strategies.good.capital.EUR: EUR is of no use for its instruments, which trade XBT, ZAR',
    ]),
    "BTC for XBT in capital": ({GLOBAL: 'strategies:\n  good: {instruments: [XBTZAR.luno], capital: {ZAR: 1, BTC: 5}}\n'}, '', [
        'G:2: strategies.good.capital.BTC: BTC is of no use for its instruments, which trade XBT, ZAR, did you mean XBT?',
    ]),
    "two counter currencies": ({GLOBAL: 'strategies:\n  good: {instruments: [XBTZAR.luno, XBTMYR.luno], capital: {ZAR: 1}}\n'}, '', [
        'G:2: strategies.good: its instruments are priced in MYR and ZAR; say which one its profit is told in, such as currency: MYR',
    ]),
    "currency of the profit": (good('currency: USD'), '', [
        'G:2: strategies.good.currency: USD is of no use for its instruments, which trade XBT, ZAR',
    ]),
    "strategy file missing": ({GLOBAL: 'strategies:\n  goood: {instruments: [XBTZAR.luno], capital: {ZAR: 1}}\n'}, '', [
        'G:2: strategies.goood: there is no such file as @/strategies/goood_strategy.py, did you mean good_strategy.py?',
    ]),
    "strategy file named wrongly": (good('file: god_strategy.py'), '', [
        'G:2: strategies.good.file: there is no such file as @/strategies/god_strategy.py, did you mean good_strategy.py?',
    ]),
    "strategy file missing with nothing near": ({GLOBAL: 'strategies:\n  zebra: {instruments: [XBTZAR.luno], capital: {ZAR: 1}}\n'}, '', [
        'G:2: strategies.zebra: there is no such file as @/strategies/zebra_strategy.py: write it, python main.py new-strategy zebra begins it for you',
    ]),
    "bad name of a strategy": ({GLOBAL: 'strategies:\n  My-Bot: {instruments: [XBTZAR.luno], capital: {ZAR: 1}}\n'}, '', [
        "G:2: strategies.My-Bot: expected the name of a strategy, found 'My-Bot': a small letter first, then small letters, digits and _, at most 31 characters",
    ]),
    "syntax error": (other(HEAD + '    def on_tick(self, tick)\n        pass\n'), '', [
        "P:5: this is not Python: expected ':'",
    ]),
    "indentation": (other(HEAD + '    def on_tick(self, tick):\n    pass\n'), '', [
        'P:6: this is not Python: expected an indented block after function definition on line 5',
    ]),
    "missing module": (other('import pandsa\n' + HEAD + '    pass\n'), '', [
        "P:1: there is no module 'pandsa': install it with 'pip install pandsa', or take the import out",
    ]),
    "misspelt import of ours": (other('from trading_system import StrategyBase, Tik\n'), '', [
        "P:1: trading_system has no 'Tik', did you mean Tick?",
    ]),
    "no strategy class": (other('VALUE = 1\n'), '', [
        "P:1: no class derives from StrategyBase, such as 'class Some(StrategyBase):'; a strategy file holds exactly one",
    ]),
    "two strategy classes": (other(HEAD + '    pass\n\n\nclass Second(StrategyBase):\n    pass\n'), '', [
        'P:8: more than one strategy: OtherStrategy, Second; a strategy file holds exactly one',
    ]),
    "misspelt hook": (other(HEAD + '    def on_tikc(self, tick):\n        pass\n'), '', [
        'P:5: on_tikc is not a hook, did you mean on_tick?',
    ]),
    "wrong signature": (other(HEAD + '    def on_tick(self):\n        pass\n'), '', [
        'P:5: on_tick must take (self, tick)',
    ]),
    "async hook": (other(HEAD + '    async def on_tick(self, tick):\n        pass\n'), '', [
        'P:5: on_tick must be a plain function, not async and without yield',
    ]),
    "a verb written anew": (other(HEAD + '    def buy(self):\n        pass\n'), '', [
        'P:5: buy is a verb of every strategy and cannot be written anew; choose another name',
    ]),
    "unknown param": (good('params: {siz: 1}'), '', [
        "G:2: strategies.good.params.siz: unknown key 'siz', did you mean 'size'?",
    ]),
    "wrong type of a param": (good('params: {count: many}'), '', [
        "G:2: strategies.good.params.count: expected a whole number, found 'many'",
    ]),
    "NaN param": (good('params: {size: nan}'), '', [
        "G:2: strategies.good.params.size: expected a number, found 'nan': it must be finite",
    ]),
    "param that is missing": (other(HEAD + '    class Params(StrategyBase.Params):\n        size: float\n'), '', [
        "G:2: strategies.other.params: the key 'size' is missing: write a number",
    ]),
    "broken annotation": (other(HEAD + '    class Params(StrategyBase.Params):\n        size: \'Decimal\' = 1\n'), '', [
        "P:6: a type in Params cannot be read: name 'Decimal' is not defined: import it, or write bool, int, float or str",
    ]),
    "Params of another kind": (other(HEAD + '    class Params:\n        size = 1\n'), '', [
        "P:5: Params must be written 'class Params(StrategyBase.Params):'",
    ]),
    "__init__ that raises": (other(HEAD + '    def __init__(self):\n        self.size = self.params.size\n'), '', [
        "P:6: __init__ raised AttributeError: 'OtherStrategy' object has no attribute 'params'; self.params, self.market and the rest are there from on_start on",
    ]),
    "a file that ends the program": (other(HEAD + '    pass\n\n\nraise SystemExit(0)\n'), '', [
        'P:8: SystemExit: 0',
    ]),
    "bars are missing": (other(HEAD + '    def on_bar(self, bar):\n        pass\n'), '', [
        "G:2: strategies.other: it works on bars: say how long they are, such as 'bars: 1m'",
    ]),
    "bad timeframe": (other(HEAD + '    timeframe = "5 minutes"\n\n    def on_bar(self, bar):\n        pass\n'), '', [
        "P: timeframe of OtherStrategy: expected a duration such as 5s, 500ms, 2m, 1h or 1d, found '5 minutes'",
    ]),
    "unknown path of --set": ({}, '--set|strategies.good.params.siz=1', [
        "--set: strategies.good.params.siz: unknown key 'siz', did you mean 'size'?",
    ]),
    "unknown root of --set": ({}, '--set|stratgies.good.active=no', [
        "--set: stratgies.good.active: there is no such setting, did you mean 'strategies.good.active'?",
    ]),
    "unknown strategy of --set": ({}, '--set|strategies.gold.active=no', [
        "--set: strategies.gold.active: there is no such setting, did you mean 'strategies.good.active'?",
    ]),
    "--set without =": ({}, '--set|strategies.good.active', [
        "--set: expected path=value such as strategies.naive_test.active=no, found 'strategies.good.active'",
    ]),
    "wrong value of --set": ({}, '--set|strategies.good.params.count=1.5', [
        "--set: strategies.good.params.count: expected a whole number, found '1.5'",
    ]),
    "unknown command": ({}, 'stat', [
        "main.py: there is no command 'stat', did you mean 'status'?",
    ]),
    "unknown command with nothing near": ({}, 'xyzzy', [
        f"main.py: there is no command 'xyzzy'; there are {', '.join(main.COMMANDS)}",
    ]),
    "command not first": ({}, '--for|5s|status', [
        "main.py run: 'status' is one word too many; the command comes first",
    ]),
    "unknown option": ({}, 'run|--sett|x=1', [
        "main.py run: there is no option '--sett', did you mean '--set'?",
    ]),
    "option without its value": ({}, '--for|5s|--set', [
        "main.py run: argument --set: expected one argument; 'main.py run --help' tells what there is",
    ]),
    "--for nonsense": ({}, '--for|soon', [
        "--for: expected a duration such as 5s, 500ms, 2m, 1h or 1d, found 'soon'",
    ]),
    "--for zero": ({}, '--for|0', [
        "--for: expected a time above zero and at most 3650d, found '0': write it such as 60s or 5m",
    ]),
    "--for negative": ({}, '--for=-5s', [
        "--for: expected a time above zero and at most 3650d, found '-5s': write it such as 60s or 5m",
    ]),
    "--for infinite": ({}, '--for|inf', [
        "--for: expected a duration such as 5s, 500ms, 2m, 1h or 1d, found 'inf': it must be finite",
    ]),
    "state folder is a file": ({'state': 'x'}, '', [
        '@/state: this is not a folder, so the state cannot be kept in @/state: choose another folder with --state',
    ]),
    "state folder below a file": ({'file': 'x'}, '--state|@/file/state', [
        '@/file: this is not a folder, so the state cannot be kept in @/file/state: choose another folder with --state',
    ]),
    "state folder not writable": ({}, '--state|/proc/state', [
        '/proc: nothing can be written here, so the state cannot be kept in /proc/state: choose another folder with --state, or give yourself the right to write',
    ]),
    "port nonsense": ({}, 'simulate|--port|http', [
        "--port: expected a whole number, found 'http'",
    ]),
    "port too large": ({}, 'simulate|--port|70000', [
        "--port: expected a port from 0 to 65535, found '70000'",
    ]),
    "status without a run": ({}, 'status', [
        '@/state/status.json: no run has left a status there; start one, or name its folder with --state',
    ]),
    ".env not UTF-8": ({'.env': b'LUNO_API_KEY_ID=\xff'}, '', [
        '@/.env: the file is not UTF-8 text: save it as UTF-8',
    ]),
    ".env is a folder": ({'.env': ()}, '', [
        '@/.env: the file cannot be read: Is a directory',
    ]),
    ".env with a broken line": ({'.env': 'A=1\nLUNO_API_KEY_SECRET="never closed\n'}, '', [
        '@/.env:2: expected NAME=value, a comment or nothing: mend this line',
    ]),
    "everything at once": ({GLOBAL: 'strategies:\n  good: {instruments: [BTC/ZAR], capitol: {ZAR: 1}, params: {siz: 1}, bars: soon}\n  other: {instruments: [XBTZAR.lun], capital: {ZAR: 1}}\n', 'strategies/other_strategy.py': HEAD + '    def on_tikc(self, tick):\n        pass\n', **system('heartbeat_secs: 1\nbrokers: {luno: {adapter: luno}}\n')}, '--for|soon|--set|x|--state|/proc/state', [
        "--set: expected path=value such as strategies.naive_test.active=no, found 'x'",
        "G:2: strategies.good.capitol: unknown key 'capitol', did you mean 'capital'?",
        "G:2: strategies.good.bars: expected a duration such as 5s, 500ms, 2m, 1h or 1d (above 0, at most 7d), found 'soon'",
        "G:2: strategies.good.params.siz: unknown key 'siz', did you mean 'size'?",
        "G:2: strategies.good.instruments: 'BTC/ZAR' is not traded at any broker of ours, did you mean XBTZAR.luno?",
        "G:3: strategies.other.instruments: 'XBTZAR.lun' is not traded at any broker of ours, did you mean XBTZAR.luno?",
        "S:1: system.heartbeat_secs: unknown key 'heartbeat_secs', did you mean 'heartbeat_seconds'?",
        'P:5: on_tikc is not a hook, did you mean on_tick?',
        "--for: expected a duration such as 5s, 500ms, 2m, 1h or 1d, found 'soon'",
        '/proc: nothing can be written here, so the state cannot be kept in /proc/state: choose another folder with --state, or give yourself the right to write',
    ]),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("configs", "strategies"):
        (tmp_path / name).mkdir()
    (tmp_path / GLOBAL).write_text("strategies:\n" + GOOD)
    (tmp_path / "strategies" / "good_strategy.py").write_text(STRATEGY)
    monkeypatch.chdir(tmp_path)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a child process was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    return tmp_path


def lay(folder: Path, files: dict[str, Any]) -> None:
    """Write what stands in `files`: text, bytes, None to take a file away, () for a folder in its place."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.unlink()
        elif content == ():
            path.unlink(missing_ok=True)
            path.mkdir()
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())


def said(folder: Path, words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str], str]:
    """Run `main.py` with these words; return the code, the complaints with short names, and what was printed besides."""
    argv = [word.replace("@", str(folder)) for word in words.split("|")] if words else []
    if not argv or argv[0].startswith("-") or argv[0] in main.COMMANDS:
        argv += ["--strategies", str(folder / "strategies")]
        argv += [] if "--config" in argv else ["--config", str(folder / "configs")]
        argv += [] if "--state" in argv else ["--state", str(folder / "state")]
    code = main.main(argv)
    told = capsys.readouterr()
    short = told.err
    for name, letter in ((GLOBAL, "G"), (SYSTEM, "S"), ("strategies/other_strategy.py", "P")):
        short = short.replace(f"{folder}/{name}", letter)
    return code, short.replace(str(folder), "@").splitlines(), told.out


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_is_told_in_these_words_and_nothing_is_started(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files, words, expected = CASES[name]
    lay(folder, files)
    code, complaints, out = said(folder, words, capsys)
    assert complaints == expected
    assert code == 2
    assert out == ""
    assert not (folder / "state").exists() or "state" in files


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 45


def test_what_people_write_is_read_as_they_mean_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lay(folder, {GLOBAL: "strategies:\n  good: {instruments: [XBTZAR.luno], capital: {ZAR: 1e3}, bars: 90s, "
                         "params: {size: .5, count: 012, is_bold: Yes}}\n  idle: {active: no, instruments: [XBTZAR.luno], capital: {ZAR: 1_000}}\n"})
    code, complaints, out = said(folder, "--dry", capsys)
    assert (code, complaints) == (0, [])
    assert "good: GoodStrategy in good_strategy.py, capital 1000 ZAR, bars of 90 s" in out
    assert "params size=0.5, count=12, is_bold=True" in out
    assert "idle" not in out
    assert out.splitlines()[-1] == "nothing was started (--dry)"
    assert not (folder / "state").exists()


def test_a_settings_file_that_may_not_be_read_is_told(folder: Path, capsys: pytest.CaptureFixture[str],
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    really_open = Path.open

    def refuse(self: Path, *arguments: Any, **more: Any) -> Any:
        if self.name in (".env", "system_config.yaml"):
            raise PermissionError(13, "Permission denied")
        return really_open(self, *arguments, **more)

    lay(folder, {SYSTEM: "", ".env": "A=1"})
    monkeypatch.setattr(Path, "open", refuse)
    code, complaints, _ = said(folder, "", capsys)
    assert complaints == ["S: the file cannot be read: Permission denied", "@/.env: the file cannot be read: Permission denied"]
    assert code == 2


# What only a start can tell, or only a process can show.

def refused(bot: Bot, *words: str) -> list[str]:
    """Run the bot; return what it complained about, with @ for the folder."""
    assert bot.run("--for", "2s", *words, seconds=30) == 2, bot.told
    assert "Traceback" not in bot.err
    return bot.err.replace(str(bot.folder), "@").splitlines()


def test_capital_above_the_balance_is_told_and_leaves_nothing_behind(tmp_path: Path) -> None:
    bot = Bot(tmp_path, "watcher: {instruments: [ETHZAR.luno], capital: {ZAR: 2000000, ETH: 1e6}}", FAST)
    assert refused(bot) == [
        "@/configs/global_strategy_config.yaml:3: strategies: together they own 1000000 ETH, the account at luno holds 20; "
        "lower a capital or fund the account",
        "@/configs/global_strategy_config.yaml:3: strategies: together they own 2000000 ZAR, the account at luno holds 1000000; "
        "lower a capital or fund the account",
    ]
    assert not bot.state.exists()
    assert bot.out == ""


def test_a_fresh_start_that_is_refused_puts_the_old_state_back(tmp_path: Path) -> None:
    bot = Bot(tmp_path, "watcher: {instruments: [ETHZAR.luno], capital: {ZAR: 2000000}}", FAST)
    (bot.state / "log").mkdir(parents=True)
    (bot.state / "log" / "old").write_text("kept")
    refused(bot, "--fresh")
    assert (bot.state / "log" / "old").read_text() == "kept"
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["configs", "state", "strategies"]


def test_on_start_that_raises_is_told_with_its_line_and_nothing_is_traded(tmp_path: Path) -> None:
    bot = Bot(tmp_path, f"{WATCHER}\nother: {{instruments: [XBTZAR.luno], capital: {{ZAR: 50000}}}}", FAST)
    (bot.strategies / "other_strategy.py").write_text(
        HEAD + "    def on_start(self):\n        self.buy(self.symbols[0], 0.001)\n        1 / 0\n")
    assert refused(bot) == ["strategies.other: on_start raised ZeroDivisionError: division by zero (other_strategy.py:7): "
                            "mend it, or write 'active: no'; nothing was traded"]
    assert not bot.state.exists()


def test_an_address_where_nothing_answers_is_told(tmp_path: Path) -> None:
    bot = Bot(tmp_path, WATCHER, "simulator: {url: 'http://127.0.0.1:9'}\nvenue_patience_seconds: 500ms\n")
    assert refused(bot) == [
        "@/configs/system_config.yaml:1: system.simulator.url: http://127.0.0.1:9 does not answer as an exchange does "
        "(ConnectionRefusedError: [Errno 111] Connection refused): start one with 'python main.py simulate', or take the setting away"]
    assert not bot.state.exists()


def test_a_damaged_exchange_is_told_and_not_touched(tmp_path: Path) -> None:
    bot = Bot(tmp_path, WATCHER, FAST)
    (bot.state / "exchange").mkdir(parents=True)
    (bot.state / "exchange" / "facts.jsonl").write_text("nonsense\nmore nonsense\n")
    (complaint,) = refused(bot)
    assert complaint.startswith("@/state/exchange: The exchange simulator did not start.")
    assert complaint.endswith(": look into it, or begin anew with --fresh")
    assert (bot.state / "exchange" / "facts.jsonl").read_text() == "nonsense\nmore nonsense\n"


def test_a_state_folder_in_use_and_a_port_in_use_name_who_has_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bot = Bot(tmp_path, WATCHER, FAST).start()
    try:
        bot.wait(lambda: bot.url, 10)
        folders = ["--config", str(bot.config), "--strategies", str(bot.strategies)]
        assert main.main(["run", *folders, "--state", str(bot.state), "--set", "strategies.watcher.capital.ZAR=x"]) == 2
        assert bot.process is not None
        wrong, used = capsys.readouterr().err.replace(str(bot.state), "@").splitlines()
        assert wrong.startswith("--set: strategies.watcher.capital.ZAR: expected a number")
        assert used.startswith(f"@: in use by process {bot.process.pid}, started ")
        assert used.endswith(": stop that run, or choose another folder with --state")
        port = bot.url.rpartition(":")[2]
        assert main.main(["simulate", *folders, "--state", str(tmp_path / "elsewhere"), "--port", port]) == 2
        assert capsys.readouterr().err == (f"--port: port {port} of this machine cannot be had (Address already in use): "
                                           "stop what listens there, or choose another, such as 0 for any free one\n")
        assert not (tmp_path / "elsewhere").exists()
    finally:
        bot.end()
