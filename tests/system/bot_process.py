"""The bot as a process: tests start `main.py` with their own configuration and strategies, watch what it leaves behind, and send it signals.

Nothing here looks inside the process: what a test knows, it knows from files, from what was printed, and from the exchange.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import requests

from brokerage.luno_simulator.launcher import SimulatorProcess
from brokerage.registry import SIMULATOR_KEY

ROOT = Path(__file__).resolve().parents[2]
STRATEGIES = Path(__file__).parent / "strategies"
#: No process of a test lives longer than this, whatever happens.
HARD_LIMIT_SECONDS = 75.0
_SEED = 1
#: A house that beats four times a second and a venue that allows forty calls: what takes seconds otherwise is over at once.
FAST = """heartbeat_seconds: 0.25
brokers:
  luno: {adapter: luno, calls_per_second: 40, burst: 40, polls_per_second: 15, cancels_per_second: 5}
simulator: {rate_limit: off}
"""
WATCHER = "watcher: {instruments: [ETHZAR.luno], capital: {ZAR: 10}}"


def wait_until(condition: Callable[[], Any], seconds: float, what: str = "it did not happen") -> Any:
    """Return the first truthy value of `condition`; fail with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} within {seconds:g} s"
        time.sleep(0.02)
    return value


def is_running(process_id: int) -> bool:
    """Tell whether a process is there and not only its corpse."""
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


class Bot:
    """One configuration with one state folder below `folder`, and the process that runs on it, if one does."""

    def __init__(self, folder: Path, strategies: str, system: str = "", mode: str = "simulate") -> None:
        """Write the configuration: `strategies` are the lines below `strategies:`, `system` is the whole other file."""
        self.folder = folder
        self.config, self.strategies, self.state = folder / "configs", folder / "strategies", folder / "state"
        for directory in (self.config, self.strategies):
            directory.mkdir(parents=True, exist_ok=True)
        for file in (*STRATEGIES.glob("*_strategy.py"), *(ROOT / "strategies").glob("*_strategy.py")):
            shutil.copy(file, self.strategies)
        self.configure(strategies, system, mode)
        self.runs = 0
        self.process: subprocess.Popen[bytes] | None = None
        self.started = self.started_wall = 0.0

    def configure(self, strategies: str, system: str = "", mode: str = "simulate") -> None:
        """Write the configuration anew."""
        lines = "\n".join("  " + line for line in strategies.strip().splitlines())
        (self.config / "global_strategy_config.yaml").write_text(f"mode: {mode}\nstrategies:\n{lines}\n")
        (self.config / "system_config.yaml").write_text(system or "brokers:\n  luno: {adapter: luno}\n")

    def command(self, *words: str) -> list[str]:
        """Return a command line of `main.py` with our folders."""
        command = [sys.executable, str(ROOT / "main.py"), *words]
        return [*command, "--config", str(self.config), "--state", str(self.state), "--strategies", str(self.strategies)]

    def start(self, *words: str, stdout: Any = None, environment: Mapping[str, str] | None = None) -> "Bot":
        """Start a run in a process group of its own, as a shell does, with more in its environment where asked for. What it prints goes to
        files of ours."""
        self.runs += 1
        self.started, self.started_wall = time.monotonic(), time.time()
        with self._file("out").open("wb") as out, self._file("err").open("wb") as err:
            self.process = subprocess.Popen(self.command("run", *words), stdin=subprocess.DEVNULL, stdout=stdout or out, stderr=err,
                                            cwd=self.folder, start_new_session=True, env={**os.environ, **(environment or {})})
        return self

    def finish(self, seconds: float = HARD_LIMIT_SECONDS) -> int:
        """Return the exit code; a run that does not end in time is killed and the test fails."""
        assert self.process is not None
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the run did not end within {seconds:g} s\n{self.told}") from None

    def run(self, *words: str, seconds: float = HARD_LIMIT_SECONDS) -> int:
        """Run to the end and return the exit code."""
        return self.start(*words).finish(seconds)

    def interrupt(self) -> None:
        """Press Ctrl-C: the terminal sends SIGINT to the whole group."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGINT)

    def send(self, number: signal.Signals) -> None:
        """Send the bot alone a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """Kill the bot with SIGKILL and wait until it and the exchange, its child, are gone."""
        assert self.process is not None
        children = self.children
        self.process.kill()
        self.process.wait()
        wait_until(lambda: not any(map(is_running, children)), 5.0, "the exchange outlived the bot")

    def end(self) -> None:
        """Kill the run if it is still there."""
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def wait(self, condition: Callable[[], Any], seconds: float, what: str = "it did not happen") -> Any:
        """Return the first truthy value of `condition`; fail when it does not come or the run ends first."""
        def look() -> Any:
            assert self.process is not None
            return condition() or (self.process.poll() is not None and self._ended(condition, what))
        try:
            return wait_until(look, seconds, what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.told}") from None

    def _ended(self, condition: Callable[[], Any], what: str) -> Any:
        value = condition()
        assert value, f"the run has ended and {what}"
        return value

    @property
    def children(self) -> list[int]:
        """Return the processes that the bot has started."""
        assert self.process is not None
        try:
            return [int(word) for task in Path(f"/proc/{self.process.pid}/task").iterdir()
                    for word in (task / "children").read_text().split()]
        except FileNotFoundError:
            return []

    @property
    def out(self) -> str:
        """Return what the last run printed."""
        return self._file("out").read_text()

    @property
    def err(self) -> str:
        """Return what the last run complained about."""
        return self._file("err").read_text()

    @property
    def told(self) -> str:
        """Return all that helps to see why a test failed."""
        return f"--- stdout\n{self.out[-6000:]}\n--- stderr\n{self.err[-3000:]}"

    @property
    def status(self) -> dict[str, Any]:
        """Return the newest picture; empty while there is none."""
        return _json(self.state / "status.json")

    @property
    def last_run(self) -> dict[str, Any]:
        """Return the figures of the last run that came to its end."""
        return _json(self.state / "last_run.json")

    def log(self, event: str, **fields: Any) -> list[dict[str, Any]]:
        """Return the fields of all log lines of a kind, of all runs, where `fields` are as given."""
        found = []
        for file in sorted((self.state / "log").glob("*.jsonl")):
            for line in file.read_text().splitlines(keepends=True):
                if line.endswith("\n"):
                    row = json.loads(line)
                    if row["event"] == event and all(row["fields"].get(name) == value for name, value in fields.items()):
                        found.append(row["fields"])
        return found

    def answers(self, answer: str) -> list[dict[str, Any]]:
        """Return every answer of a kind (such as ACCEPTED) that the log tells of."""
        from trading_system.core.order_update import Answer

        return [row["update"] for row in self.log("OrderUpdateEvent") if row["update"]["answer"] in (answer, Answer[answer].value)]

    @property
    def url(self) -> str:
        """Return where the exchange of the run listens; empty before it says so."""
        found = re.search(r"exchange at (http://\S+?):? ", self.out)
        return found[1].rstrip(":") if found else ""

    def _file(self, kind: str) -> Path:
        return self.folder / f"run{self.runs}.{kind}"


class ExchangeAccount:
    """What the simulated exchange itself tells of our account, asked over HTTP with the key that the house uses."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.auth = SIMULATOR_KEY

    def get(self, path: str, **parameters: str) -> Any:
        """Return the answer to one call."""
        answer = self._session.get(self._url + path, params=parameters, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    @property
    def open_orders(self) -> list[Mapping[str, Any]]:
        """Return the orders that still stand."""
        return list(self.get("/api/exchange/2/listorders", limit="1000")["orders"])

    @property
    def orders(self) -> list[Mapping[str, Any]]:
        """Return every order that was ever accepted."""
        return self.open_orders + list(self.get("/api/exchange/2/listorders", closed="true", limit="1000")["orders"])


class ExchangeOf:
    """The exchange of a state folder, started again without a bot: `with ExchangeOf(state) as account`."""

    def __init__(self, state: Path) -> None:
        self._state = state

    def __enter__(self) -> ExchangeAccount:
        self._process = SimulatorProcess.start(self._state, _SEED, None, *SIMULATOR_KEY)
        return ExchangeAccount(self._process.url)

    def __exit__(self, *error: object) -> None:
        self._process.stop()


def run_command(words: Sequence[str], folder: Path, seconds: float = 20.0) -> "subprocess.CompletedProcess[str]":
    """Run a command line to its end."""
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=folder, timeout=seconds, check=False)


def _json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return {}
