"""How a thread that writes takes its work: everything that waits at once, so that one write or one sync does for all of it."""

from typing import Any

from trading_system.core.ports import Mailbox


def take_waiting(mailbox: Mailbox, first: Any, end: object) -> tuple[list[Any], bool]:
    """Return `first`, already taken, and all that waits behind it, up to `end`; and whether `end` was met. Never waits.

    Only for a mailbox with one taker: what it calls not empty must still be there a moment later.
    """
    items: list[Any] = []
    while first is not end:
        items.append(first)
        if mailbox.empty():
            return items, False
        first = mailbox.take()
    return items, True
