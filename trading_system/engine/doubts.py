"""Orders whose outcome is unknown: when to ask for each again, and what counts as proof that one never arrived.

The engine asks it at every beat and tells it every "not found"; it changes no order itself.
"""

import msgspec

from trading_system.core.order_update import Evidence

SECOND = 1_000_000_000


class DoubtSettings(msgspec.Struct, frozen=True):
    """Seconds: an order cannot arrive any more after `settle_seconds` (the request's own validity plus a margin)."""

    settle_seconds: float = 6.0
    lost_seconds: float = 120.0
    needed_not_founds: int = 3
    ask_every_seconds: float = 1.0


class _Doubt(msgspec.Struct):
    since_ns: int
    asked_ns: int = 0
    not_founds: int = 0
    is_lost: bool = False


class Doubts:
    """One entry per order in doubt. `since_ns` is the latest moment at which its request can have left."""

    def __init__(self, settings: DoubtSettings | None = None) -> None:
        self._settings = settings or DoubtSettings()
        self._doubts: dict[str, _Doubt] = {}

    def __len__(self) -> int:
        return len(self._doubts)

    def begin(self, client_order_id: str, since_ns: int) -> None:
        """Begin to doubt; a doubt that stands keeps its evidence."""
        self._doubts.setdefault(client_order_id, _Doubt(since_ns))

    def end(self, client_order_id: str) -> None:
        """Forget the doubt: the order was heard of."""
        self._doubts.pop(client_order_id, None)

    def due(self, now_ns: int) -> list[str]:
        """Return the orders to ask for now; a lost one is asked for ten times more rarely, and for ever."""
        every_ns = int(self._settings.ask_every_seconds * SECOND)
        names = []
        for name, doubt in self._doubts.items():
            if now_ns - doubt.asked_ns >= every_ns * (10 if doubt.is_lost else 1):
                doubt.asked_ns = now_ns
                names.append(name)
        return names

    def not_found(self, client_order_id: str, evidence: Evidence) -> bool:
        """Count a "not found"; return True when absence is proved: enough of them, all asked after the request could still arrive."""
        doubt = self._doubts.get(client_order_id)
        if doubt is None or evidence.asked_ns < doubt.since_ns + int(self._settings.settle_seconds * SECOND):
            return False
        doubt.not_founds += 1
        return doubt.not_founds >= self._settings.needed_not_founds

    def lost(self, now_ns: int) -> list[str]:
        """Return the orders that were not resolved in time, each once."""
        limit_ns = int(self._settings.lost_seconds * SECOND)
        names = [name for name, doubt in self._doubts.items() if not doubt.is_lost and now_ns - doubt.since_ns > limit_ns]
        for name in names:
            self._doubts[name].is_lost = True
        return names
