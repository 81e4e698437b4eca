"""One state folder from its first run to its end: the bot is started on it, killed, and started again, and each time all is proved."""

import json
import os
import shutil
import signal
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.recovery.kill_plan import Kill
from tests.recovery.live_exchange import LiveExchange
from tests.recovery.proof import Proof, prove
from tests.recovery.workload import NAMES, STRATEGIES, diary, gate, strategy_lines, system_lines
from tests.system.bot_process import Bot
from tests.system.ledger_check import replayed
from trading_system.core.order import OrderState
from trading_system.fail_points import VARIABLE

_START_SECONDS = 60.0
_PROOF_SECONDS = 20.0
_STOP_SECONDS = 30.0
_LOOK_EVERY = 0.02
_IN_DOUBT = (OrderState.SENT, OrderState.UNKNOWN, OrderState.LOST)


@dataclass
class Restart:
    """What became of one start: how long until the strategies were back, and what the proof behind it found."""

    seconds: float | None = None            #: until every strategy without a doubtful order was back; None where there was none, or a kill came
    all_seconds: float | None = None        #: until every strategy was back
    open_orders: int = 0                    #: not over when the start began
    doubtful: int = 0                       #: of these: perhaps sent
    load: float = 0.0                       #: of the machine, over the last minute: what the seconds were measured under
    findings: list[str] = field(default_factory=list)
    totals: dict[str, int] = field(default_factory=dict)


@dataclass
class Death:
    """One kill as it happened: `way` is the step, the signal, or that the run came to an orderly end before; `phase` how far it had come."""

    kill: Kill
    way: str
    phase: str
    restart: Restart

    def row(self) -> dict[str, Any]:
        """Return it as a line of the progress file."""
        return {"kill": asdict(self.kill), "way": self.way, "phase": self.phase, "restart": asdict(self.restart)}


class Life:
    """A bot and its exchange below `folder`, made anew; `with Life(...) as life`."""

    def __init__(self, folder: Path, seed: int) -> None:
        """Start the exchange; the bot is started by each `die`."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.folder = folder
        self.exchange = LiveExchange(folder / "exchange", seed)
        self.bot = Bot(folder, strategy_lines(folder), system_lines(self.exchange.url))
        for file in STRATEGIES.glob("*_strategy.py"):
            shutil.copy(file, self.bot.strategies)
        diary(folder).touch()

    def __enter__(self) -> "Life":
        return self

    def __exit__(self, *error: object) -> None:
        self.bot.end()
        self.exchange.stop()

    def die(self, kill: Kill) -> Death:
        """Start the bot, prove what it recovered, let it trade, and have it killed."""
        restart = self._start(kill, {VARIABLE: f"{kill.point}:{kill.nth}"} if kill.point else {})
        phase = "recovering"
        if self._wait_for_strategies(restart, kill.after_seconds if kill.from_start else _START_SECONDS):
            phase = "trading"
            self._prove(restart)
        self._trade(kill, phase)
        way = self._end(kill)
        if phase == "trading":
            restart.findings += [f"when it was killed {text}" for text in self._paused()]
        self._settle_down()
        return Death(kill, way, phase, restart)

    def conclude(self) -> Restart:
        """Start once more, prove, stop in order, and prove again."""
        restart = self._start(Kill(is_calm=True), {})
        if not self._wait_for_strategies(restart, _START_SECONDS):
            restart.findings.append(f"it did not come back within {_START_SECONDS:g} s{self._last_words()}")
            return restart
        self._prove(restart)
        self.bot.interrupt()
        if self.bot.finish(_STOP_SECONDS) != 0:
            restart.findings.append(f"the last stop was not in order{self._last_words()}")
        self._prove(restart)
        return restart

    # One start.

    def _start(self, kill: Kill, environment: dict[str, str]) -> Restart:
        restart = Restart(load=os.getloadavg()[0])
        if self.bot.runs:
            self._count_what_is_open(restart)
        if kill.is_calm:
            self.exchange.halt()
        self._lines = self._diary_lines()
        self._started_ns = time.time_ns()
        self.bot.start(environment=environment)
        return restart

    def _count_what_is_open(self, restart: Restart) -> None:
        # Read before the start, from what the kill has left.
        self._doubted: set[str] = set()
        if not (self.bot.state / "journal").exists():
            return
        for name, desk in replayed(self.bot.state, self.exchange.url).books.desks.items():
            for order in desk.orders.open.values():
                restart.open_orders += 1
                if order.state in _IN_DOUBT:
                    restart.doubtful += 1
                    self._doubted.add(name)

    def _wait_for_strategies(self, restart: Restart, seconds: float) -> bool:
        # Tells whether all came back; a run that is killed first, or is to be, did not.
        doubted = self._doubted if self.bot.runs > 1 else set()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            back = {line.split()[1]: int(line.split()[2]) for line in self._diary_lines()[len(self._lines):] if line.startswith("started ")}
            sure = [back[name] for name in NAMES if name in back and name not in doubted]
            if len(back) == len(NAMES):
                restart.all_seconds = (max(back.values()) - self._started_ns) / 1e9
                restart.seconds = (max(sure) - self._started_ns) / 1e9 if sure else None
                return True
            if not self._is_running:
                return False
            time.sleep(_LOOK_EVERY)
        return False

    def _prove(self, restart: Restart) -> None:
        # With the market halted both sides must come to the same story; answers that are still on their way may take a moment.
        self.exchange.halt()
        until = time.monotonic() + _PROOF_SECONDS
        while True:
            was_running = self._is_running
            proof = prove(self.folder, self.bot.state, self.exchange, self._picture)
            if not proof.findings or time.monotonic() > until or not was_running:
                break
            time.sleep(0.1)
        if was_running or (self.bot.process is not None and self.bot.process.returncode == 0):
            restart.findings += proof.findings + self._paused()
            restart.totals = _totals(proof)

    @property
    def _picture(self) -> dict[str, Any]:
        # The picture of this very run; empty until it has drawn one.
        picture = self.bot.status
        return picture if picture and datetime.fromisoformat(picture["start"]).timestamp() * 1e9 >= self._started_ns - 1e6 else {}

    def _paused(self) -> list[str]:
        rows = self.bot.status.get("strategies", {})
        return [f"{name} is {row['state']}" for name, row in rows.items() if row["state"] != "running"]

    # One end.

    def _trade(self, kill: Kill, phase: str) -> None:
        self.exchange.trade()
        if phase != "trading" or kill.from_start:
            return
        self.exchange.misbehave(kill.faults, kill.fault_seed)
        gate(self.folder).touch()
        self._wait_for_death(kill.after_seconds)

    def _end(self, kill: Kill) -> str:
        if self._is_running and kill.stops:
            self.bot.send(signal.SIGINT)
            self._wait_for_death(_STOP_SECONDS)
        way = "signal" if self._is_running else "step" if self._exit_code == -signal.SIGKILL else f"ended with code {self._exit_code}"
        if way.startswith("ended") and self._exit_code:
            way += f": {self.bot.out.strip().splitlines()[-1]}"
        self.bot.end()
        return way

    def _settle_down(self) -> None:
        gate(self.folder).unlink(missing_ok=True)
        self.exchange.misbehave((), 0)

    def _wait_for_death(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while self._is_running and time.monotonic() < until:
            time.sleep(_LOOK_EVERY)

    @property
    def _is_running(self) -> bool:
        return self.bot.process is not None and self.bot.process.poll() is None

    @property
    def _exit_code(self) -> int | None:
        return None if self.bot.process is None else self.bot.process.returncode

    def _diary_lines(self) -> Sequence[str]:
        return diary(self.folder).read_text().splitlines()

    def _last_words(self) -> str:
        return f": {json.dumps(self.bot.told[-1500:])}" if os.path.exists(self.folder / f"run{self.bot.runs}.out") else ""


def _totals(proof: Proof) -> dict[str, int]:
    return {"orders": proof.orders, "open": proof.open_orders, "trades": proof.trades, "unknowns": proof.unknowns,
            "lost": len(proof.lost), "doubled": len(proof.doubled), "orphaned": len(proof.orphaned), "different": len(proof.differences)}
