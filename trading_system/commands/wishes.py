"""How a wish of the operator's reaches a house that runs: `run.json` says where its door is. Used by `pause`, `resume` and `settle`."""

import argparse
from pathlib import Path

import msgspec

from trading_system.collectors.operator_door import OperatorDoor, ask_house
from trading_system.commands.past_state import state_of
from trading_system.commands.state_folder import holder_of
from trading_system.core.errors import ConfigError
from trading_system.core.ports import Runtime
from trading_system.engine.operator import Operator, Wish
from trading_system.storage.atomic_file import write_atomically

_FILE = "run.json"


class Answer(msgspec.Struct, frozen=True):
    """What the house says to a wish."""

    is_done: bool
    said: str


class _Running(msgspec.Struct, frozen=True):
    door: str


class Door:
    """The operator's door of a house that runs, and the file that says where it is."""

    def __init__(self, runtime: Runtime, state: Path, operator: Operator) -> None:
        self._door = OperatorDoor(runtime, state, lambda question: _answer(operator, question))
        self._file = state / _FILE

    def open(self) -> None:
        """Let wishes in from now on. Raises OSError where this state folder cannot have a door."""
        self._door.start()
        write_atomically(self._file, msgspec.json.encode(_Running(str(self._door.path))))

    def close(self) -> None:
        """Let nothing in any more; without having been open this does nothing."""
        self._door.stop()
        self._file.unlink(missing_ok=True)


def add_wish_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that every wish has."""
    parser.add_argument("--by", required=True, metavar="NAME", help="who wants it; the journal keeps it")
    parser.add_argument("--reason", default="", metavar="TEXT", help="why; the journal keeps it")


def carry(wish: Wish, state: Path) -> Answer | None:
    """Carry a wish to the house that runs in `state` and return what it says; None when none runs there. Raises ConfigError."""
    holder = holder_of(state)
    if not holder:
        return None
    try:
        running = msgspec.json.decode((state / _FILE).read_bytes(), type=_Running)
        return msgspec.json.decode(ask_house(Path(running.door), msgspec.json.encode(wish)), type=Answer)
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigError(f"{state}: the house there ({holder}) cannot be reached: {error}; it may be starting or stopping: "
                          "try again in a moment") from None


def carry_or_refuse(wish: Wish, arguments: argparse.Namespace, root: Path) -> int:
    """Carry a wish that only a running house can fulfil and print what it says; return the exit code. Raises ConfigError."""
    state = state_of(arguments, root)
    answer = carry(wish, state)
    if answer is None:
        raise ConfigError(f"{state}: nothing runs there: start it with 'python main.py', or name another state folder with --state")
    if not answer.is_done:
        raise ConfigError(answer.said)
    print(answer.said)
    return 0


def _answer(operator: Operator, question: bytes) -> bytes:
    try:
        answer = Answer(True, operator.obey(msgspec.json.decode(question, type=Wish)))
    except (ValueError, msgspec.MsgspecError) as error:
        answer = Answer(False, str(error))
    return msgspec.json.encode(answer)
