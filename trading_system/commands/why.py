"""`python main.py why [ORDER]`: the story of an order, or why each strategy has not traded lately. Read from the state folder alone."""

import argparse
import json
import shutil
import textwrap
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trading_system.commands.past_state import open_journal, state_of
from trading_system.commands.state_folder import holder_of
from trading_system.console.exact_table import time_text
from trading_system.console.plain_lines import print_line
from trading_system.core.errors import ConfigError
from trading_system.core.venues import Venues
from trading_system.engine.idle_reasons import Quiet, idle_reasons
from trading_system.engine.order_story import OrderStory, find_orders, tell

_WIDEST = 160


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("order", nargs="?", metavar="ORDER",
                        help="our name of the order, the venue's, or its number on the screen (of each strategy's order of that number "
                             "in the newest run the story is told); without it: why nobody traded")
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def run(arguments: argparse.Namespace, root: Path, venues: Venues) -> int:
    """Tell it; return the exit code. Raises ConfigError when there is no such order or no journal, JournalDamaged."""
    state = state_of(arguments, root)
    reader = open_journal(state)
    width = min(shutil.get_terminal_size((100, 24)).columns, _WIDEST)
    if arguments.order is None:
        quiets = idle_reasons(reader.read(), _picture(state), is_running=bool(holder_of(state)))
        lines = _quiet_lines(quiets, time.time_ns())
        picture: Any = [{"strategy": quiet.strategy, "reasons": quiet.reasons, "last_order": quiet.last_order or None,
                         "last_order_at": _time(quiet.last_order_ns), "last_fill_at": _time(quiet.last_fill_ns)} for quiet in quiets]
    else:
        found = _found(find_orders(reader.read(), arguments.order), arguments, state)
        stories = [story for name in found if (story := tell(reader.read(), name)) is not None]
        lines = [line for number, story in enumerate(stories) for line in ([""] if number else []) + _story_lines(story)]
        picture = _story_picture(stories[0])
    if arguments.json:
        print_line(json.dumps(picture, indent=2))
        return 0
    for line in lines:
        indent = " " * (len(line) - len(line.lstrip()) + 4)
        for part in textwrap.wrap(line, width, subsequent_indent=indent, break_on_hyphens=False, drop_whitespace=True) or [""]:
            print_line(part)
    return 0


def _found(found: Sequence[str], arguments: argparse.Namespace, state: Path) -> Sequence[str]:
    word = arguments.order
    if not found:
        raise ConfigError(f"{state}: its journal knows no order {word!r}; 'python main.py ledger orders' lists those there are")
    # Each strategy counts its own orders, so one number may mean several. People read them all; a program wants the one it named.
    if len(found) > 1 and arguments.json:
        raise ConfigError(f"{word!r} can mean {', '.join(found)}: write one of these names")
    return found


def _story_picture(story: OrderStory) -> dict[str, Any]:
    return {"order": story.order.client_order_id, "state": story.order.state.name, "outcome": story.outcome,
            "venue_order_id": story.order.venue_order_id or None,
            "story": [{"time": _time(line.time_ns), "text": line.text} for line in story.lines]}


def _story_lines(story: OrderStory) -> list[str]:
    lines, day = [story.heading], ""
    for line in story.lines:
        date, clock = time_text(line.time_ns)[:10], time_text(line.time_ns)[11:23]
        if date != day:
            day = date
            lines.append(f"  {day} UTC")
        lines.append(f"  {clock}  {line.text}")
    return [*lines, f"Now: {story.outcome}."]


def _quiet_lines(quiets: Sequence[Quiet], now_ns: int) -> list[str]:
    if not quiets:
        return ["no run has written of any strategy yet: start one with python main.py"]
    lines = []
    for quiet in quiets:
        filled = f"filled last {_ago(now_ns - quiet.last_fill_ns)} ago" if quiet.last_fill_ns else "no fill yet"
        lines.append(f"{quiet.strategy}: {filled}")
        if quiet.last_order:
            lines.append(f"    its last order, {_ago(now_ns - quiet.last_order_ns)} ago: {quiet.last_order}")
        lines += [f"    {reason}" for reason in quiet.reasons]
    return lines


def _ago(nanoseconds: int) -> str:
    seconds = max(nanoseconds, 0) / 1e9
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' * (count > 1)}"
    return f"{seconds:.0f} s"


def _picture(state: Path) -> dict[str, Any] | None:
    try:
        picture = json.loads((state / "status.json").read_bytes())
    except (OSError, ValueError):
        return None
    return picture if isinstance(picture, dict) else None


def _time(time_ns: int) -> str | None:
    return time_text(time_ns) if time_ns else None
