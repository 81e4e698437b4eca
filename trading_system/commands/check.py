"""`python main.py check`: what a start would find, one line a thing: fine, wrong with its mend, or not checked with the reason.

Only looks: it starts nothing but a simulated exchange of its own in a folder that is thrown away, and never says OK of what it did not see.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from trading_system.commands.preparation import Prepared, prepare
from trading_system.commands.state_folder import check_state_folder, holder_of
from trading_system.core.errors import BrokerError, ConfigError, InvariantBroken
from trading_system.core.order_words import plain
from trading_system.core.records import RunEnded, RunStarted
from trading_system.core.runtime import ThreadRuntime
from trading_system.core.venues import Venues
from trading_system.risk.clock_guard import ClockGuard
from trading_system.risk.kill_latch import KillLatch
from trading_system.settings.located import DEFAULT, place_of
from trading_system.settings.problems import Problems
from trading_system.storage.journal_reader import JournalReader

OK, WRONG, NOT_CHECKED = "ok", "wrong", "not checked"
_EXIT_WRONG = 1


class Finding(msgspec.Struct):
    """One line: what was looked at, how it is (`ok`, `wrong` or `not checked`), and in words what was seen and the mend."""

    subject: str
    state: str
    text: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def run(arguments: argparse.Namespace, root: Path, venues: Venues) -> int:
    """Print what was found; return 0 when all is fine, else 1. Raises ConfigError for a configuration that cannot be read."""
    prepared = prepare(arguments, root, venues)
    prepared.problems.raise_if_any()
    findings = [*_strategies(prepared), *_keys(prepared, venues), *_state(prepared), *_venue(prepared, venues)]
    rows = list(_settings(prepared))
    is_fine = all(finding.state != WRONG for finding in findings)
    if arguments.json:
        print(json.dumps({"is_fine": is_fine, "settings": rows, "findings": [msgspec.to_builtins(one) for one in findings]}, indent=2))
        return 0 if is_fine else _EXIT_WRONG
    texts = [f"  {row['path']} = {_in_words(row['value'])}" for row in rows]
    width = min(max(map(len, texts)), 90) + 2
    for row, text in zip(rows, texts, strict=True):
        print(f"{text:<{width}}{row['from']}")
    print()
    for finding in findings:
        print(f"{finding.state:<12} {finding.subject}: {finding.text}")
    wrong = [finding.subject for finding in findings if finding.state == WRONG]
    print(f"wrong: {', '.join(wrong)}" if wrong else "nothing is wrong with what was checked")
    return 0 if is_fine else _EXIT_WRONG


def _settings(prepared: Prepared) -> Iterator[dict[str, Any]]:
    settings = prepared.settings
    limits = {one.name: one.limits for one in prepared.enrolled}
    for source in settings.sources:
        value, place = source.value, _short(source.place)
        first, _, rest = source.path.partition(".")
        name, _, below = rest.partition(".")
        if first == "strategies" and below.startswith("risk.") and source.file == DEFAULT and name in limits:
            # What a strategy's own risk does not say is what the house says for all.
            limit = below.removeprefix("risk.")
            value, place = getattr(limits[name], limit), f"system.{limit}, {_short(settings.place(f'system.{limit}'))}"
        yield {"path": source.path, "value": _plain(value), "from": place}
    for node in settings.system.brokers.values():
        for key, entry in node.entries.items():
            yield {"path": node.path_of(key), "value": entry.plain(), "from": _short(place_of(entry.file, entry.line))}


def _strategies(prepared: Prepared) -> Iterator[Finding]:
    enrolled = {one.name: one for one in prepared.enrolled}
    for name, settings in prepared.settings.global_settings.strategies.items():
        one = enrolled.get(name)
        if one is None:
            yield Finding(f"strategy {name}", NOT_CHECKED, "it is not active")
        else:
            # on_start runs at a start only: it may look at prices and at its own past.
            where = f"{one.kind.__name__} in {settings.file} on {', '.join(settings.instruments)}"
            yield Finding(f"strategy {name}", OK, f"{where}: file, hooks, params and limits fit; on_start runs at the start only")


def _keys(prepared: Prepared, venues: Venues) -> Iterator[Finding]:
    environment = prepared.settings.environment
    for name, node in prepared.settings.system.brokers.items():
        needs = venues.key_needs(name, node)
        there = ", ".join(f"{one} is {'set' if environment.has(one) else 'not set'}" for one in needs.names)
        subject = f"key of {name}"
        if prepared.mode != "live":
            yield Finding(subject, NOT_CHECKED, f"mode {prepared.mode} needs none ({there})")
        elif all(environment.has(one) for one in needs.names):
            yield Finding(subject, NOT_CHECKED, f"{there}; whether it may {needs.permissions} is seen at the start")
        else:
            yield Finding(subject, WRONG, f"{there}: write it into .env; it needs the permissions to {needs.permissions}")


def _state(prepared: Prepared) -> Iterator[Finding]:
    state, problems = prepared.state, Problems()
    check_state_folder(state, problems)
    for sentence in problems:
        yield Finding("state folder", WRONG, sentence)
    if not state.is_dir():
        if not problems:
            yield Finding("state folder", OK, f"{state} is not there yet and can be made")
        yield Finding("journal", NOT_CHECKED, "there is none yet")
        yield Finding("last run", NOT_CHECKED, "there was none")
        return
    if not problems:
        yield Finding("state folder", OK, f"{state} can be written and nobody uses it")
    if KillLatch(state).is_set():
        yield Finding("kill latch", WRONG, f"{state / 'killed'} stands: no order leaves; take the file away when you know why it is there")
    yield _journal(state)
    yield _last_run(state)


def _journal(state: Path) -> Finding:
    reader = JournalReader(state / "journal")
    runs = count = 0
    ended = ""
    try:
        end = reader.scan()
        for record in reader.read():
            count += 1
            if isinstance(record.body, RunStarted):
                runs, ended = record.body.epoch, ""
            elif isinstance(record.body, RunEnded):
                ended = "the last one came to its end"
    except (InvariantBroken, ConfigError, OSError) as error:
        return Finding("journal", WRONG, str(error))
    if not count:
        return Finding("journal", NOT_CHECKED, "there is none yet")
    torn = f"; its last {end.cut_bytes} bytes are torn ({end.cut_reason}) and will be cut off" if end.cut_reason else ""
    return Finding("journal", OK, f"{count} records of {runs} run{'s' * (runs != 1)}, every checksum and the chain are sound; "
                                  f"{ended or ('the last one runs now' if holder_of(state) else 'the last one was broken off')}{torn}")


def _last_run(state: Path) -> Finding:
    try:
        picture = json.loads((state / "last_run.json").read_bytes())
        words = (f"the last that came to its end: {picture['start']} to {picture['end']}, {picture['beats']} beats, "
                 f"{picture['errors']} errors")
        errors = picture["error_texts"]
    except FileNotFoundError:
        return Finding("last run", NOT_CHECKED, "none came to its end")
    except (ValueError, KeyError, TypeError, OSError) as error:
        return Finding("last run", WRONG, f"{state / 'last_run.json'} cannot be read ({error!r}): remove it")
    return Finding("last run", WRONG if errors else OK, words + (f"; {errors[-1]}" if errors else ""))


def _venue(prepared: Prepared, venues: Venues) -> Iterator[Finding]:
    if prepared.mode != "simulate":
        yield Finding("venue", NOT_CHECKED, f"mode {prepared.mode} is closed yet")
        return
    simulator = prepared.settings.system.simulator
    if simulator.url is not None:
        yield from _asked(prepared, venues, simulator.url, "account", is_new=False)
        return
    with tempfile.TemporaryDirectory(prefix="check-") as folder:
        try:
            exchange = venues.simulate(folder, simulator.seed, None)
        except RuntimeError as error:
            yield Finding("simulated exchange", WRONG, str(error))
            return
        try:
            yield from _asked(prepared, venues, exchange.url, "capital", is_new=not (prepared.state / "exchange").exists())
        finally:
            exchange.stop()


def _asked(prepared: Prepared, venues: Venues, url: str, subject: str, is_new: bool) -> Iterator[Finding]:
    runtime = ThreadRuntime(lambda name, error: None)
    wanted = [symbol for one in prepared.enrolled for symbol in one.settings.instruments]
    for name, node in prepared.settings.system.brokers.items():
        try:
            venue = venues.open(name, node, [], runtime, url)
            broker = venue.broker
            listed = {instrument.symbol for instrument in broker.instruments()}
            balances = broker.balances()
        except BrokerError as error:
            yield Finding(f"venue {name}", WRONG, f"{url} does not answer as an exchange does ({error.reason}): "
                                                  "start one with 'python main.py simulate', or take system.simulator.url away")
            continue
        missing = [symbol for symbol in wanted if symbol.endswith(f".{name}") and symbol not in listed]
        if missing:
            yield Finding(f"venue {name}", WRONG, f"{url} does not trade {', '.join(missing)}; it trades {', '.join(sorted(listed))}")
        else:
            yield Finding(f"venue {name}", OK, f"a simulated exchange answers with {len(listed)} instruments and {len(balances)} balances")
        if is_new:
            yield _capital(prepared, {currency: balance.total for currency, balance in balances.items()})
        else:
            yield Finding(subject, NOT_CHECKED, "what the strategies own already is counted at the start")
        clock = ClockGuard(name, venue.clock_offset_seconds, prepared.settings.system.max_clock_offset_seconds)
        if (offset := venue.clock_offset_seconds()) is None:
            yield Finding(f"clock of {name}", NOT_CHECKED, "it does not say what time it is")
        else:
            yield Finding(f"clock of {name}", WRONG if clock.trouble() else OK, clock.trouble() or f"{offset:+.1f} s from ours")


def _capital(prepared: Prepared, balances: dict[str, Decimal]) -> Finding:
    wanted: dict[str, Decimal] = {}
    for one in prepared.enrolled:
        for currency, amount in one.settings.capital.items():
            wanted[currency] = wanted.get(currency, Decimal(0)) + amount
    beyond = [f"{plain(amount)} {currency} of {plain(balances.get(currency, Decimal(0)))}" for currency, amount in sorted(wanted.items())
              if amount > balances.get(currency, Decimal(0))]
    if beyond:
        return Finding("capital", WRONG, f"the strategies are given more than the account holds: {', '.join(beyond)}; lower a capital")
    words = ", ".join(f"{plain(amount)} {currency} of {plain(balances[currency])}" for currency, amount in sorted(wanted.items()))
    return Finding("capital", OK, f"the strategies are given {words}")


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    return value if isinstance(value, (str, int, float, bool, list, dict, type(None))) else str(value)


def _in_words(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)


def _short(place: str) -> str:
    return place.removeprefix(f"{Path.cwd()}/")
