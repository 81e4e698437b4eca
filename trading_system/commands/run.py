"""`python main.py` and `python main.py run`: trade until told to stop."""

import argparse
import gc
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from trading_system.assembly import Plan, build_house
from trading_system.commands.misbehavior import misbehavior_of
from trading_system.commands.plan import plan_lines
from trading_system.commands.preparation import Prepared, prepare
from trading_system.commands.state_folder import check_state_folder
from trading_system.commands.wishes import Door
from trading_system.console.plain_lines import PlainLines, print_line
from trading_system.console.strategy_rows import strategy_cells
from trading_system.core.errors import BrokerError, ConfigError, InvariantBroken, TryAgain
from trading_system.core.order import Order
from trading_system.core.order_words import order_words
from trading_system.core.runtime import ThreadRuntime
from trading_system.core.venues import Exchange, Venue, Venues
from trading_system.engine.operator import Operator
from trading_system.engine.trading_system import TradingSystem
from trading_system.enrollment import Enrolled
from trading_system.fail_points import VARIABLE, FailPoints
from trading_system.settings.problems import Problems, shown
from trading_system.settings.scalars import UnreadableText, read_seconds
from trading_system.storage.atomic_file import write_atomically
from trading_system.storage.journal_reader import JournalReader
from trading_system.storage.run_lock import RunLock

if TYPE_CHECKING:
    from trading_system.console.live_screen import LiveScreen

_CLOSED = {
    "paper": "paper is closed until the risk limits are built: write 'mode: simulate'; nothing was started",
    "live": "live is closed until the risk limits and the kill switch are built: write 'mode: simulate'; nothing was started",
    "backtest": "backtest has no driver yet: write 'mode: simulate'; nothing was started",
}
_EXIT_WRONG = 1
_EXIT_HANGING = 3
_LONGEST_SECONDS = 3650 * 86400.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("--for", dest="for_seconds", metavar="TIME",
                        help="stop by itself after this long, such as 60s or 5m, from the first beat")
    parser.add_argument("--fresh", action="store_true", help="move the state folder aside and begin anew")
    parser.add_argument("--dry", action="store_true", help="check everything, show what would run, and start nothing")


def run(arguments: argparse.Namespace, root: Path, venues: Venues) -> int:
    """Trade; return the exit code. Raises ConfigError for what the user must mend."""
    prepared = prepare(arguments, root, venues)
    for_seconds = _seconds(arguments.for_seconds, prepared.problems)
    if prepared.mode in _CLOSED:
        prepared.problems.add_at(*prepared.settings.file_and_line("mode"), "mode", _CLOSED[prepared.mode])
    check_state_folder(prepared.state, prepared.problems)
    prepared.problems.raise_if_any()
    if arguments.dry:
        print("\n".join(plan_lines(prepared, arguments.fresh, for_seconds)))
        return 0
    return _Run(arguments, prepared, venues).trade(prepared.enrolled, for_seconds)


class _Run:
    def __init__(self, arguments: argparse.Namespace, prepared: Prepared, venues: Venues) -> None:
        self._settings = prepared.settings
        self._state = prepared.state
        self._venues = venues
        self._is_fresh = arguments.fresh
        self._house: TradingSystem | None = None
        self._opened: dict[str, Venue] = {}
        self._signals = 0
        self._runtime = ThreadRuntime(self._thread_died)
        self._fail_points = self._armed(self._settings.environment.get(VARIABLE))
        self._console = self._open_console()

    def trade(self, enrolled: Sequence[Enrolled], for_seconds: float | None) -> int:
        signal.signal(signal.SIGINT, self._on_signal)
        signal.signal(signal.SIGTERM, self._on_signal)
        aside = self._move_aside() if self._is_fresh and self._state.exists() else None
        made = [folder for folder in (self._state, *self._state.parents) if not folder.exists()]
        with RunLock(self._state, self._runtime.now_ns()) as lock:
            if lock.taken_over:
                self._console.say("house", f"the run before this one ({lock.taken_over}) did not stop in order: the journal tells what it "
                                           "knew, and the venue is asked for the rest")
            try:
                return self._with_exchange(enrolled, for_seconds)
            except (ConfigError, InvariantBroken):
                # Nothing was traded: what this start made goes, what it moved aside comes back.
                if made:
                    shutil.rmtree(self._state, ignore_errors=True)
                for folder in made[1:]:
                    with suppress(OSError):
                        folder.rmdir()
                if aside is not None:
                    aside.rename(self._state)
                    print_line(f"nothing was started: the state of earlier runs is back in {self._state}")
                raise

    def _with_exchange(self, enrolled: Sequence[Enrolled], for_seconds: float | None) -> int:
        JournalReader(self._state / "journal").scan()
        exchange, url = self._exchange()
        try:
            return self._trade(enrolled, url, for_seconds)
        except BrokerError as error:
            raise ConfigError(self._unusable(url, error.reason)) from None
        finally:
            self._console.leave()
            if exchange is not None:
                exchange.stop()

    def _trade(self, enrolled: Sequence[Enrolled], url: str, for_seconds: float | None) -> int:
        symbols = sorted({symbol for one in enrolled for symbol in one.settings.instruments})
        for name, node in self._settings.system.brokers.items():
            venue = self._opened[name] = self._venues.open(name, node, symbols, self._runtime, url)
            if self._fail_points is not None:
                venue.broker = self._fail_points.broker(venue.broker)
        house = self._house = self._build(Plan(
            self._settings, enrolled, self._opened, self._runtime, self._state, self._console.say, self._give_up, (self._console,)))
        self._greet(house, url)
        sys.setswitchinterval(0.0001)         # a busy neighbor thread then delays the engine by 0.2 ms instead of 12
        self._console.start()
        gc.collect()
        gc.freeze()                           # what was built so far lives as long as the house: the collector need not look at it again
        door = Door(self._runtime, self._state, Operator(self._runtime, house.engine.books, house.parts.queues.lay_command,
                                                         house.engine.flow.missing.is_gone))
        try:
            door.open()
        except OSError as error:
            print_line(f"no door for pause, resume and settle can be made in {self._state} ({error}): everything else works")
        try:
            house.run(for_seconds)
        except ConfigError:
            self._console.stop()
            raise
        except Exception as error:
            # Better to stop than to go on wrong. The next start replays the journal and asks for every order that is not over.
            self._console.stop()
            traceback.print_exc()
            self._leave(f"the house has broken: {error!r}", _EXIT_WRONG)
        finally:
            door.close()
        self._console.stop()
        return self._conclude(house)

    def _armed(self, text: str | None) -> FailPoints | None:
        if text is None:
            return None
        points = FailPoints(text)
        self._runtime.files = points.files()
        print_line(f"{VARIABLE}: this run is killed at {text}")
        return points

    def _build(self, plan: Plan) -> TradingSystem:
        # A venue that is down when we start may be back in a moment; until then no strategy is started.
        patience, runtime = self._settings.system.venue_patience_seconds, self._runtime
        until_ns = runtime.monotonic_ns() + int(patience * 1e9)
        is_told = False
        while True:
            try:
                return build_house(plan)
            except TryAgain as error:
                if runtime.monotonic_ns() >= until_ns:
                    raise
                if not is_told:
                    is_told = True
                    print_line(f"the venue does not answer ({error.reason}); waiting up to {patience:g} s, no strategy is started")
                runtime.sleep_until(min(until_ns, runtime.monotonic_ns() + 1_000_000_000))

    def _open_console(self) -> "PlainLines | LiveScreen":
        environment = self._settings.environment
        if not sys.stdout.isatty() or environment.get("TERM", "dumb") == "dumb":
            return PlainLines(self._runtime)
        from trading_system.console.live_screen import LiveScreen
        return LiveScreen(self._runtime, self._picture, not environment.has("NO_COLOR"), self._settings.system.stop_deadline_seconds)

    def _move_aside(self) -> Path:
        state, number = self._state, 1
        while (aside := state.with_name(f"{state.name}.{number}")).exists():
            number += 1
        with RunLock(state, self._runtime.now_ns()):
            state.rename(aside)
        print_line(f"the state of earlier runs is in {aside} now")
        return aside

    def _exchange(self) -> tuple[Exchange | None, str]:
        simulator = self._settings.system.simulator
        if simulator.url is not None:
            return None, simulator.url
        limit = None if simulator.rate_limit == "off" else simulator.rate_limit
        try:
            exchange = self._venues.simulate(str(self._state), simulator.seed, limit, misbehavior_of(simulator))
        except RuntimeError as error:
            raise ConfigError(f"{self._state / 'exchange'}: {error}: look into it, or begin anew with --fresh") from None
        return exchange, exchange.url

    def _unusable(self, url: str, reason: str) -> str:
        if self._settings.system.simulator.url is None:
            return f"the venue cannot be used: {reason}"
        place = self._settings.place("system.simulator.url")
        return (f"{place}: system.simulator.url: {url} does not answer as an exchange does ({reason}): "
                "start one with 'python main.py simulate', or take the setting away")

    def _greet(self, house: TradingSystem, url: str) -> None:
        names = ", ".join(house.engine.books.desks)
        print_line(f"Simulated exchange at {url}: no key, no real money. State in {_from_here(self._state)}. Ctrl-C stops in order.")
        print_line(f"Strategies: {names}")
        if faults := self._settings.system.simulator.faults:
            print_line(f"The exchange misbehaves as it was asked to: {', '.join(faults)}")

    def _on_signal(self, number: int, frame: object) -> None:
        self._signals += 1
        if self._house is None:
            # Nothing trades yet; a simulated exchange ends with us.
            print("stopped while starting; nothing was sent", file=sys.stderr, flush=True)
            os._exit(_EXIT_WRONG)
        if self._signals > 1:
            self._console.leave()
            print("left at once; orders may still be open at the venue, the next start asks for them", file=sys.stderr, flush=True)
            os._exit(_EXIT_WRONG)
        self._house.request_stop("operator", signal.Signals(number).name)

    def _thread_died(self, name: str, error: BaseException) -> None:
        if self._house is None:
            print(f"the thread {name} died: {error!r}", file=sys.stderr, flush=True)
            return
        self._house.parts.sources.errors.append(f"the thread {name} died: {error!r}")
        self._house.request_stop("house", f"the thread {name} died: {error!r}")

    def _give_up(self, reason: str) -> None:
        # The engine's thread hangs inside a strategy and cannot be freed.
        self._leave(reason, _EXIT_HANGING)

    def _leave(self, reason: str, code: int) -> NoReturn:
        try:
            self._console.leave()
            print(f"{reason}; canceling the house's orders and leaving", file=sys.stderr, flush=True)
            for failure in self._house.cancel_without_engine() if self._house is not None else ():
                print(failure, file=sys.stderr, flush=True)
        finally:
            os._exit(code)

    def _picture(self) -> dict[str, Any]:
        return self._house.parts.board.picture if self._house is not None else {}

    def _conclude(self, house: TradingSystem) -> int:
        picture = house.picture()
        write_atomically(self._state / "last_run.json", msgspec.json.format(msgspec.json.encode(picture), indent=2))
        print_line()
        for name, row in picture["strategies"].items():
            position, opened, orders, fills, profit, _ = strategy_cells(row, picture["market"])
            print_line(f"{name:<22} position {position}; profit {profit} (open {opened}); {fills} fills; {orders} orders open")
        for order in house.unconfirmed:
            print_line(f"not confirmed canceled: {_at_venue(order)}")
        wrong = list(picture["error_texts"])
        if house.unconfirmed:
            wrong.append(f"{len(house.unconfirmed)} orders are not confirmed canceled; the next start asks for them")
        if wrong:
            print_line(f"something was wrong: {wrong[-1]}")
            return _EXIT_WRONG
        print_line(f"stopped in order after {picture['beats']} beats; figures in {_from_here(self._state / 'last_run.json')}")
        return 0


def _from_here(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _at_venue(order: Order) -> str:
    return f"{order.venue_order_id or 'no id yet'} {order.client_order_id} {order.state.name} {order_words(order.request)}"


def _seconds(text: str | None, problems: Problems) -> float | None:
    if text is None:
        return None
    try:
        seconds = read_seconds(text)
    except UnreadableText as error:
        problems.add_at("--for", 0, "", str(error))
        return None
    if not 0 < seconds <= _LONGEST_SECONDS:
        problems.add_at("--for", 0, "", f"expected a time above zero and at most 3650d, found {shown(text)}: write it such as 60s or 5m")
    return seconds
