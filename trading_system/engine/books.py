"""All desks, and whose order is whose. Live answers and the journal's records are applied here by the same few lines.

The engine and recovery call it; it decides nothing, calls no hook and asks no clock.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from msgspec import structs

from trading_system.core.events import BalanceEvent
from trading_system.core.order import Order, OrderRequest, OrderState
from trading_system.core.order_update import ZERO, OrderUpdate
from trading_system.oms.order_manager import Change
from trading_system.strategy_host.desk import Desk


class Books:
    """The desks by name. An order's name carries the house and the strategy: `<house>-<strategy>-<run>-<n>`.

    `adopted` leads from a strategy's former name to the one whose desk has its orders now. `numbers` holds the last number that the
    journal knows of each earlier run of each strategy, by all that stands before it in the name: an order up to it is known, even when it
    has been over for so long that nobody keeps it any more. `accounts` holds per broker the last balances of which it was known what our
    own trading had to do with them, and until when all of our trades there are booked.
    """

    def __init__(self, house: str, desks: Mapping[str, Desk], adopted: Mapping[str, str] | None = None) -> None:
        self.house = house
        self.desks = dict(desks)
        self._adopted = adopted or {}
        self.numbers: dict[str, int] = {}
        self.accounts: dict[str, BalanceEvent] = {}
        self._runs: dict[str, Desk] = {}

    def desk(self, strategy: str) -> Desk:
        """Return the desk of a strategy, under its own name or a former one. Raises KeyError for one that was never heard of."""
        for _ in range(len(self._adopted)):
            if strategy in self.desks:
                break
            strategy = self._adopted[strategy]
        return self.desks[strategy]

    def find(self, client_order_id: str) -> tuple[Desk, Order] | None:
        """Return the desk and the order of that name; None when it is a stranger's, or long over."""
        run = client_order_id.rpartition("-")[0]
        desk = self._runs.get(run) or self._desk_of(run)
        if desk is None:
            return None
        order = desk.orders.open.get(client_order_id) or desk.orders.done.get(client_order_id)
        return (desk, order) if order is not None else None

    def _desk_of(self, run: str) -> Desk | None:
        parts = run.split("-")
        if len(parts) != 3 or parts[0] != self.house:
            return None
        try:
            desk = self._runs[run] = self.desk(parts[1])
        except KeyError:
            return None
        return desk

    def apply(self, desk: Desk, order: Order, update: OrderUpdate, now_ns: int) -> Change:
        """Apply an answer: the order, its fill in the ledger, its reservation. The same answer twice changes nothing the second time."""
        change = desk.orders.apply(order, update, now_ns)
        fill = change.fill
        if fill is not None:
            if fill.exact.quantity:
                desk.positions.apply(fill)
                desk.fills += 1
            else:
                desk.positions.apply(fill, correction_price(order))
        return change

    def adopt(self, request: OrderRequest) -> Order:
        """Take in an order that the venue has and the journal does not know; what became of it comes as an update."""
        order = self.desk(request.strategy).orders.add(request, request.limit or ZERO)
        order.state = OrderState.UNKNOWN            # should the update behind it be lost, it is asked for
        return order

    def note_number(self, client_order_id: str) -> None:
        """Remember that the journal knows an order of this name, whose number is the last of its run so far."""
        run, _, number = client_order_id.rpartition("-")
        if number.isdecimal():
            self.numbers[run] = max(int(number), self.numbers.get(run, 0))

    def is_known(self, client_order_id: str) -> bool:
        """Tell whether the journal of earlier runs knows an order of this name, also one that is long over."""
        run, _, number = client_order_id.rpartition("-")
        return number.isdecimal() and int(number) <= self.numbers.get(run, 0)

    def note_account(self, event: BalanceEvent) -> None:
        """Keep what is said of an account, and what it does not say as it was known before."""
        known = self.accounts.get(event.broker)
        if event.traded is not None or known is None:
            self.accounts[event.broker] = event
        elif event.reconciled_ns:
            self.accounts[event.broker] = structs.replace(known, reconciled_ns=event.reconciled_ns)

    def open_orders(self, broker: str = "") -> Iterator[tuple[Desk, Order]]:
        """Return every order that is not over, of one broker or of all."""
        suffix = "." + broker
        for desk in self.desks.values():
            for order in desk.orders:
                if not broker or order.symbol.endswith(suffix):
                    yield desk, order


def correction_price(order: Order) -> Decimal:
    """Return the price that a correction of an order's fees in base is valued at, counter per base: the average of what was filled."""
    filled = order.exact
    # Without a fill, the price the order was decided on is the nearest known.
    return filled.filled_value / filled.filled_quantity if filled.filled_quantity else order.reference
