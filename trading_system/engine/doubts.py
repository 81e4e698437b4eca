"""Orders whose outcome is unknown: when to ask for each again, and what counts as proof that one never arrived.

The engine asks it at every beat and tells it every "not found"; it changes no order itself.
"""

from collections.abc import Callable

import msgspec

from trading_system.core.order_update import Evidence

SECOND = 1_000_000_000


class DoubtSettings(msgspec.Struct, frozen=True):
    """Seconds: an order cannot arrive any more after `settle_seconds` (the request's own validity plus a margin of 1 s) and the clocks'
    difference. Absence is proved by `needed_not_founds` asked after that, one of them with our own trades searched."""

    settle_seconds: float = 6.0
    lost_seconds: float = 120.0
    needed_not_founds: int = 3
    ask_every_seconds: float = 1.0


class _Doubt(msgspec.Struct):
    since_ns: int
    asked_ns: int = 0
    counted_ns: int = 0
    not_founds: int = 0
    is_searched: bool = False
    is_lost: bool = False


class Doubts:
    """One entry per order in doubt. `since_ns` is the latest moment at which its request can have left.

    `clock_offset_seconds` returns how far the venue's clock and ours are apart, in either direction: the venue judges by its own clock
    until when it takes a request.
    """

    def __init__(self, settings: DoubtSettings | None = None, clock_offset_seconds: Callable[[], float] = lambda: 0.0) -> None:
        self._settings = settings or DoubtSettings()
        self._clock_offset_seconds = clock_offset_seconds
        self._doubts: dict[str, _Doubt] = {}
        self.names = self._doubts.keys()        # of the orders in doubt

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

    def wants_search(self, client_order_id: str, now_ns: int) -> bool:
        """Tell whether the next "not found" would be the proof, were our own trades searched with it."""
        doubt = self._doubts.get(client_order_id)
        if doubt is None or doubt.is_searched or now_ns < self._settled_ns(doubt):
            return False
        return doubt.not_founds >= self._settings.needed_not_founds - 1

    def not_found(self, client_order_id: str, evidence: Evidence, has_trades: bool = False) -> bool:
        """Count a "not found"; `has_trades` says that our own trades were searched too, in vain. Return True when absence is proved:
        enough of them, each asked by itself after the request could still arrive, and the trades searched."""
        doubt = self._doubts.get(client_order_id)
        if doubt is None or evidence.asked_ns < self._settled_ns(doubt):
            return False
        if evidence.asked_ns > doubt.counted_ns:
            doubt.counted_ns = evidence.asked_ns
            doubt.not_founds += 1
        doubt.is_searched = doubt.is_searched or has_trades
        return doubt.is_searched and doubt.not_founds >= self._settings.needed_not_founds

    def lost(self, now_ns: int) -> list[str]:
        """Return the orders that were not resolved in time, each once."""
        limit_ns = int(self._settings.lost_seconds * SECOND)
        names = [name for name, doubt in self._doubts.items() if not doubt.is_lost and now_ns - doubt.since_ns > limit_ns]
        for name in names:
            self._doubts[name].is_lost = True
        return names

    def _settled_ns(self, doubt: _Doubt) -> int:
        return doubt.since_ns + int((self._settings.settle_seconds + abs(self._clock_offset_seconds())) * SECOND)
