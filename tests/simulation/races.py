"""The races that a campaign must reach, each by its name, and how often a seed did."""

from collections import Counter

from tests.system.test_races import RACES as VENUE_RACES
from tests.system.test_races import RaceCounter
from trading_system.core.order import CancelState, Order, OrderState
from trading_system.core.order_update import OrderUpdate
from trading_system.engine.books import Books
from trading_system.oms.order_manager import Change
from trading_system.strategy_host.desk import Desk

#: A thousand strangers on the list have a test of their own.
RACES = (
    *(race for race in VENUE_RACES if race != "order 1,001 in the list"),
    "a fill before the acknowledgement", "a fill while a cancel is out", "a fill after the order looked done", "an outcome that was unknown and then known",
    "a crash while it started", "a crash while it stopped", "a crash with a request on its way",
    "a request that arrived after its sender had died", "an order that filled while nobody was there")


class Races(RaceCounter):
    """Counts, over all lives of a world, the races between answers and what our own house and its deaths add."""

    def __init__(self) -> None:
        super().__init__()
        self.counts = Counter(dict.fromkeys(RACES, 0))

    def stand_before(self, books: Books) -> None:
        """Look at every answer on its way into the books of a life."""
        super().stand_before(books)
        apply = books.apply

        def counted(desk: Desk, order: Order, update: OrderUpdate, now_ns: int) -> Change:
            state, cancel, was_named = order.state, order.cancel, bool(order.venue_order_id)
            change = apply(desk, order, update, now_ns)
            if change.fill is not None:
                self.counts["a fill before the acknowledgement"] += not was_named
                self.counts["a fill while a cancel is out"] += cancel in (CancelState.SENT, CancelState.UNKNOWN)
                self.counts["a fill after the order looked done"] += state >= OrderState.FILLED
            self.counts["an outcome that was unknown and then known"] += state is OrderState.UNKNOWN and order.state is not state
            return change
        books.apply = counted  # type: ignore[method-assign]
