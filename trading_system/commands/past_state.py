"""Finds the state folder that a command looks at, and what its journal tells, without any run. Changes nothing in it."""

import argparse
from pathlib import Path

from trading_system.core.errors import ConfigError
from trading_system.engine.past_books import PastBooks
from trading_system.settings.load import load_settings
from trading_system.storage.journal_reader import JournalReader


def state_of(arguments: argparse.Namespace, root: Path) -> Path:
    """Return the folder named by `--state`, else that of the configured mode. Raises ConfigError when the mode cannot be read."""
    if arguments.state:
        return Path(arguments.state)
    return root / "var" / load_settings(Path(arguments.config), arguments.set or ()).global_settings.mode


def open_journal(state: Path) -> JournalReader:
    """Return a reader of a state folder's journal. Raises ConfigError where there is none."""
    journal = state / "journal"
    if not journal.is_dir():
        what = "there is no journal in it" if state.is_dir() else "there is no such state folder"
        raise ConfigError(f"{state}: {what}: start a run with 'python main.py', or name the folder of another one with --state")
    return JournalReader(journal)


def read_books(reader: JournalReader, state: Path, since_ns: int | None = None) -> PastBooks:
    """Rebuild the books of a state folder. Raises ConfigError where no run has written anything, JournalDamaged, OSError."""
    try:
        return PastBooks.read(reader, since_ns)
    except ConfigError as error:
        raise ConfigError(*(problem if str(state) in problem else f"{state}: {problem}" for problem in error.problems)) from None
