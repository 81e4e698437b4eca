"""What is wrong right now, each with the next safe thing to do, in words. Pure; the worst comes first."""

import re
from typing import Any

import msgspec

from trading_system.console.figures import age, clean, number
from trading_system.console.scene import Scene

_SILENT_SECONDS = 3.0
_OLD_PRICE_SECONDS = 10.0
_MANY_WAITING = 1_000

#: What a warning's text is about, and what can safely be done.
_ACTIONS = (
    (r"is lost", "look for it on the venue's own page; its funds stay reserved"),
    (r"not ours is open", "leave it, or cancel it on the venue's own page if nobody wants it"),
    (r"is set apart|is heard of again|has turned up|although it was", "compare it with the venue's own page before you go on"),
    (r"fault of the adapter", "Ctrl-C stops in order; please report the line with the log of today"),
    (r"no snapshot could be", "make room on the disk if it is short of it"),
    (r"no new orders: the clock of", "set this machine's clock; orders go on by themselves, cancels and look-ups never stopped"),
)
_PAUSE = re.compile(r"^\w+ is paused: ")       # that is told by the strategy's own row
_IN_LOG = "nothing is asked of you; the log of today has all of it"


class Advice(msgspec.Struct, frozen=True):
    """What is wrong and what to do about it; `is_bad` when it stops something from trading."""

    what: str
    do: str
    is_bad: bool = False


def advise(scene: Scene) -> list[Advice]:
    """Return what people should look at, the worst first; nothing while there is no picture."""
    if not scene.picture:
        return []
    found = [*_engine(scene), *_halt(scene), *_strategies(scene), *_orders(scene), *_prices(scene), *_load(scene), *_texts(scene)]
    return sorted(found, key=lambda advice: not advice.is_bad)


def _engine(scene: Scene) -> list[Advice]:
    if scene.picture_age <= _SILENT_SECONDS or scene.picture.get("phase") == "stopped":
        return []
    return [Advice(f"no news from the engine for {age(scene.picture_age)}: a strategy may be hanging",
                   "wait, its call is broken off by itself; Ctrl-C twice leaves at once", True)]


def _halt(scene: Scene) -> list[Advice]:
    reason = clean(scene.picture.get("halted") or "")
    if not reason:
        return []
    waiting = int(scene.picture.get("records_not_on_disk") or 0)
    return [Advice(f"halted: {reason}; {waiting:,} record{'s' * (waiting != 1)} only in memory",
                   "make room on the disk: it goes on by itself, only cancels leave till then", True)]


def _strategies(scene: Scene) -> list[Advice]:
    found = []
    for name, row in scene.strategies.items():
        state = clean(row.get("state", ""))
        if state.startswith("paused"):
            orders = "kept" if row.get("on_stop") == "keep" else "canceled"
            found.append(Advice(f"{clean(name)} is {state}",
                                f"position kept, orders {orders}: mend it, then Ctrl-C and start again", True))
    return found


def _orders(scene: Scene) -> list[Advice]:
    doubtful = int(scene.picture.get("orders_in_doubt") or 0)
    if not doubtful:
        return []
    what = f"{doubtful} order{'s' * (doubtful > 1)} may or may not have arrived"
    return [Advice(what, "do not place again by hand: the venue is being asked", True)]


def _prices(scene: Scene) -> list[Advice]:
    old = []
    for symbol, row in scene.market.items():
        seconds = number(row.get("age_seconds"))
        if seconds is not None and float(seconds) + scene.picture_age > _OLD_PRICE_SECONDS:
            old.append((float(seconds) + scene.picture_age, clean(symbol)))
    if not old or scene.picture.get("phase") != "running":
        return []
    oldest, symbol = max(old)
    more = f" and {len(old) - 1} more" if len(old) > 1 else ""
    return [Advice(f"no new price of {symbol}{more} for {age(oldest)}",
                   "check the network; nothing is ordered on an old price, it asks on", True)]


def _load(scene: Scene) -> list[Advice]:
    waiting = int(scene.picture.get("queue_depth") or 0)
    if waiting < _MANY_WAITING:
        return []
    return [Advice(f"{waiting:,} events wait for the engine", "run fewer strategies or longer bars if it stays so")]


def _texts(scene: Scene) -> list[Advice]:
    picture = scene.picture
    errors = [text for text in _newest(picture, "error_texts") if not _is_of_paused(text, scene)]
    warnings = [text for text in _newest(picture, "warning_texts") if not _PAUSE.match(text)]
    return [Advice(text, _action(text), text in errors) for text in (*errors, *warnings)]


def _newest(picture: dict[str, Any], key: str) -> list[str]:
    return list(dict.fromkeys(clean(text) for text in reversed(picture.get(key) or ())))


def _is_of_paused(text: str, scene: Scene) -> bool:
    row = scene.strategies.get(text.partition(":")[0])
    return row is not None and str(row.get("state", "")).startswith("paused")


def _action(text: str) -> str:
    return next((action for pattern, action in _ACTIONS if re.search(pattern, text)), _IN_LOG)
