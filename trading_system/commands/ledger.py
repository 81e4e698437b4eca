"""`python main.py ledger [VIEW]`: what the strategies ordered, filled, hold and earned, read from the journal alone.

Works beside a running house and after it; no venue, configuration or strategy is asked, and nothing is changed. `--json` prints one object:

    {"schema": 1, "view": "profit", "state": "var/simulate", "is_running": false, "mode": "simulate", "records": 812, "house": "tjgqhp",
     "from": "2026-01-31T08:00:00.000000000Z", "to": "...", "since": null, "strategy": null, "guessed_instruments": [],
     "runs": [{"epoch": 1, "mode": "simulate", "started": "...", "ended": "... or null", "reason": "..."}],
     "tables": {"profit": [{"strategy": "naive_test", "currency": "ZAR", "realized": "-1.5", "fees": "43.1", ...}]},
     "totals": {"profit": [{"strategy": "together", ...}]}, "orders": {"FILLED": 2, "OPEN": 1}, "fills": 3,
     "adds_up": true, "does_not_add_up": []}

`tables` has one entry per table of the view (without a view: positions and profit) with a row per order, fill, position, strategy and
currency, or broker and currency. Amounts are text with every digit, in the unit named by the row's base, counter or currency; times are
ISO-8601 UTC with nanoseconds; fees are an object of amounts per currency; null is what is not known. Only prices that are quotients
(average_price, price, last_price) are rounded, to 12 digits, and the open profit they value, to 8 decimals. `--csv` prints the same keys
and values, one table, without totals; fees there read `0.1 XBT; 2 ZAR`.
"""

import argparse
import json
import shutil
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

from trading_system.commands.ledger_views import (
    balances_table,
    books_table,
    counts,
    does_not_add_up,
    fills_table,
    orders_table,
    positions_table,
    profit_table,
)
from trading_system.commands.past_state import open_journal, read_books, state_of
from trading_system.commands.state_folder import holder_of
from trading_system.commands.written_times import read_since_ns
from trading_system.console.exact_table import ExactTable, csv_text, json_rows, table_lines, time_text
from trading_system.console.plain_lines import print_line
from trading_system.core.errors import ConfigError
from trading_system.core.venues import Venues
from trading_system.engine.past_books import PastBooks
from trading_system.storage.journal_format import JournalDamaged
from trading_system.storage.journal_reader import JournalReader

VIEWS = ("orders", "fills", "positions", "profit", "balances")
_SUMMARY = ("positions", "profit")
_WIDEST = 160
_EXIT_WRONG = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("view", nargs="?", choices=VIEWS, metavar="VIEW", help=f"{', '.join(VIEWS)} (default: positions and profit)")
    parser.add_argument("--strategy", metavar="NAME", help="only this one")
    parser.add_argument("--since", metavar="TIME", help="only what came after, such as 2024-01-31, 2024-01-31T12:00:00Z, 30m, 2h or 1d ago")
    formats = parser.add_mutually_exclusive_group()
    formats.add_argument("--json", action="store_true", help="print it as JSON")
    formats.add_argument("--csv", action="store_true", help="print one view as CSV")
    parser.add_argument("--verify", action="store_true", help="walk along the journal's chain of hashes and say whether it is whole")


def run(arguments: argparse.Namespace, root: Path, venues: Venues) -> int:
    """Print the view; return the exit code, 1 when the journal is damaged or a ledger does not add up. Raises ConfigError."""
    _check(arguments)
    since_ns = read_since_ns("--since", arguments.since, time.time_ns())
    state = state_of(arguments, root)
    reader = open_journal(state)
    if arguments.verify:
        return _verify(reader, state, arguments.json)
    try:
        books = read_books(reader, state, since_ns)
    except JournalDamaged as error:
        print(f"the journal cannot be trusted: {error}", file=sys.stderr)
        return _EXIT_WRONG
    strategy = books.desk(arguments.strategy).name if arguments.strategy else None
    tables = {view: _table(view, books, strategy, since_ns) for view in ([arguments.view] if arguments.view else _SUMMARY)}
    broken, counted = does_not_add_up(books), counts(books, strategy, since_ns or 0)
    if arguments.json:
        print_line(json.dumps(_picture(arguments, books, state, strategy, since_ns, tables, counted, broken), indent=2))
    elif arguments.csv:
        print_line(csv_text(tables[arguments.view]).rstrip("\n"))
    else:
        for line in _lines(books, state, tables, "" if arguments.view else _counted(*counted), broken):
            print_line(line)
    for sentence in broken:
        print(sentence, file=sys.stderr)
    return _EXIT_WRONG if broken else 0


def _check(arguments: argparse.Namespace) -> None:
    view = arguments.view
    if arguments.verify and (view or arguments.csv or arguments.since or arguments.strategy):
        raise ConfigError("--verify looks at the whole journal: leave the view, --strategy, --since and --csv out")
    if arguments.csv and not view:
        raise ConfigError(f"--csv prints one table: name one of {', '.join(VIEWS)}")
    if arguments.since and view in ("positions", "balances"):
        raise ConfigError(f"--since: {view} are as of the last record; it goes with orders, fills and profit")
    if arguments.strategy and view == "balances":
        raise ConfigError("--strategy: balances are those of the whole account, which all strategies share; leave it out")


def _table(view: str, books: PastBooks, strategy: str | None, since_ns: int | None) -> ExactTable:
    if view == "orders":
        return orders_table(books, strategy, since_ns or 0)
    if view == "fills":
        return fills_table(books, strategy, since_ns or 0)
    if view == "positions":
        return positions_table(books, strategy)
    if view == "balances":
        return balances_table(books)
    return profit_table(books, strategy, f"{time_text(since_ns)[:19]}Z" if since_ns is not None else "")


def _counted(states: dict[str, int], fills: int) -> str:
    orders = ", ".join(f"{count} {state}" for state, count in states.items()) or "none"
    return f"Orders: {orders}. Fills: {fills or 'none'}."


def _lines(books: PastBooks, state: Path, tables: dict[str, ExactTable], counted: str, broken: list[str]) -> list[str]:
    width = min(shutil.get_terminal_size((100, 24)).columns, _WIDEST)
    lines = textwrap.wrap(_headline(books, state), width, break_on_hyphens=False)
    lines += ["", *textwrap.wrap(counted, width)] if counted else []
    for table in tables.values():
        lines += ["", *table_lines(table, width)]
    if "profit" in tables and len(tables) == 1 and books.earlier == {}:
        lines += ["", *table_lines(books_table(tables["profit"]), width)]
    notes = []
    if any(column.key == "open_profit" for table in tables.values() for column in table.columns):
        seen = [row["last_price_time"] for row in tables["positions"].rows if row["last_price_time"]] if "positions" in tables else []
        oldest = f"; the oldest is of {time_text(min(seen))[:19]}Z" if seen else ""
        notes.append(f"What is open is valued, before fees, at the last prices that orders and fills saw{oldest}.")
    if "balances" in tables and any(row["external"] < 0 for row in tables["balances"].rows):
        notes.append("Below zero, of nobody: the strategies owned more than the account held when it was asked.")
    if "profit" in tables and not broken:
        notes.append("In every ledger capital + realized - fees = cash + cost, exactly.")
    if books.guessed:
        notes.append(f"An earlier version wrote no instruments: the currencies of {', '.join(books.guessed)} are read out of the names.")
    lines += [""] if notes else []
    for note in notes:
        lines += textwrap.wrap(note, width, break_on_hyphens=False)
    return lines


def _headline(books: PastBooks, state: Path) -> str:
    last = books.runs[-1]
    if holder_of(state):
        ended = "is running"
    else:
        ended = f"ended: {last.reason}" if last.ended_ns else "was broken off"
    runs = f"{len(books.runs)} run{'s' * (len(books.runs) != 1)}"
    records = f"{books.records} record{'s' * (books.records != 1)}"
    return f"{state}: mode {last.mode}, {runs}, {records} up to {time_text(books.last_ns)[:19]}Z; the last run {ended}"


def _picture(arguments: argparse.Namespace, books: PastBooks, state: Path, strategy: str | None, since_ns: int | None,
             tables: dict[str, ExactTable], counted: tuple[dict[str, int], int], broken: list[str]) -> dict[str, Any]:
    return {
        "schema": 1, "view": arguments.view or "summary", "state": str(state), "is_running": bool(holder_of(state)),
        "mode": books.runs[-1].mode, "records": books.records, "house": books.past.house, "from": time_text(books.first_ns),
        "to": time_text(books.last_ns), "since": time_text(since_ns) if since_ns is not None else None, "strategy": strategy,
        "guessed_instruments": list(books.guessed),
        "runs": [{"epoch": one.epoch, "mode": one.mode, "started": time_text(one.started_ns),
                  "ended": time_text(one.ended_ns) if one.ended_ns else None, "reason": one.reason} for one in books.runs],
        "tables": {view: json_rows(table.columns, table.rows) for view, table in tables.items()},
        "totals": {view: json_rows(table.columns, table.totals) for view, table in tables.items() if table.totals},
        "orders": counted[0], "fills": counted[1], "adds_up": not broken, "does_not_add_up": broken,
    }


def _verify(reader: JournalReader, state: Path, is_json: bool) -> int:
    found = reader.verify()
    if is_json:
        print_line(json.dumps({
            "schema": 1, "state": str(state), "is_sound": found.is_sound, "records": found.records, "segments": found.segments,
            "compressed": found.compressed, "snapshots": found.snapshots, "damage": found.damage, "file": found.file,
            "offset": found.offset, "cut_bytes": found.cut_bytes, "cut_reason": found.cut_reason}, indent=2))
    else:
        parts = [f"{found.records} record{'s' * (found.records != 1)} in {found.segments} segment{'s' * (found.segments != 1)}"]
        parts += [f"{found.compressed} of them compressed"] if found.compressed else []
        parts += [f"{found.snapshots} snapshot{'s' * (found.snapshots != 1)}"] if found.snapshots else []
        print_line(f"{state / 'journal'}: {', '.join(parts)}")
        if not found.is_sound:
            print_line(f"what was read up to there is sound, the rest cannot be trusted: {found.damage}")
        else:
            print_line("every checksum and the chain of hashes are sound")
            if found.cut_reason:
                who = "which is perhaps being written now" if holder_of(state) else "torn when the last run was broken off"
                print_line(f"but for the last batch, {who}: {found.cut_reason}")
    return 0 if found.is_sound else _EXIT_WRONG
