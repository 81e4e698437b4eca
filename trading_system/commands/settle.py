"""`python main.py settle ORDER`: say what became of an order that nobody else can know of; journaled with who said it and why.

It works beside a house that runs and, under the lock of the state folder, on one that does not.
"""

import argparse
from pathlib import Path

from trading_system.commands.past_state import open_journal, read_books, state_of
from trading_system.commands.wishes import Answer, add_wish_arguments, carry
from trading_system.core.errors import ConfigError
from trading_system.core.events import OrderUpdateEvent
from trading_system.core.records import Record
from trading_system.core.runtime import ThreadRuntime
from trading_system.core.venues import Venues
from trading_system.engine.operator import Wish, command_of
from trading_system.storage.journal import Journal
from trading_system.storage.run_lock import RunLock


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("order", metavar="ORDER", help="our whole name of the order, as 'ledger orders' shows it")
    parser.add_argument("--outcome", required=True, choices=("filled", "canceled", "not-placed"), help="what became of it")
    parser.add_argument("--filled", default="", metavar="QUANTITY", help="how much of it was filled altogether, in base units")
    parser.add_argument("--value", default="", metavar="AMOUNT", help="what that came to altogether, in counter currency")
    parser.add_argument("--fee", nargs=2, action="append", default=[], metavar=("AMOUNT", "CURRENCY"), help="the fee altogether")
    add_wish_arguments(parser)


def run(arguments: argparse.Namespace, root: Path, venues: Venues) -> int:
    """Settle it and print what it is now; return the exit code. Raises ConfigError where it cannot be done."""
    fees = tuple(f"{amount} {currency}" for amount, currency in arguments.fee)
    wish = Wish("settle", arguments.by, arguments.reason, "", arguments.order, arguments.outcome, arguments.filled, arguments.value, fees)
    state = state_of(arguments, root)
    answer = carry(wish, state) or _settle_here(wish, state)
    if not answer.is_done:
        raise ConfigError(answer.said)
    print(answer.said)
    return 0


def _settle_here(wish: Wish, state: Path) -> Answer:
    reader = open_journal(state)
    runtime = ThreadRuntime()
    now_ns = runtime.now_ns()
    with RunLock(state, now_ns):
        books = read_books(reader, state).books
        try:
            command = command_of(wish, books, now_ns)
        except ValueError as error:
            return Answer(False, str(error))
        assert command.update is not None, "a settlement says what became of the order"
        records = [Record(now_ns, command), Record(now_ns, OrderUpdateEvent(command.update))]
        journal = Journal(runtime, state / "journal")
        try:
            journal.append(records)
        finally:
            journal.close()
    found = read_books(reader, state).books.find(wish.order)
    return Answer(True, f"order {wish.order} is {found[1].state.name} now" if found is not None else f"order {wish.order} is settled")
