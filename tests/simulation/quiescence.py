"""What must hold when the faults have stopped: the house and the exchange tell the same story, and at the end so does the journal."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from brokerage import registry
from brokerage.luno_simulator.order import Order as VenueOrder
from brokerage.luno_simulator.order import Status
from trading_system.core.events import OrderEvent, OrderUpdateEvent
from trading_system.core.order import CancelState, OrderState
from trading_system.core.records import OrderAdopted, OrderSent, RunStarted
from trading_system.storage.journal_reader import JournalReader

if TYPE_CHECKING:
    from tests.simulation.world import Life, World

_IN_DOUBT = (OrderState.PENDING_NEW, OrderState.SENT, OrderState.UNKNOWN, OrderState.LOST)
_NEVER_LIVED = (OrderState.REJECTED, OrderState.DENIED, OrderState.NOT_PLACED)
Finding = tuple[str, bool, str]


def ours(world: "World") -> dict[str, VenueOrder]:
    """Return the orders at the exchange that have a name of the house, by that name."""
    return {order.client_order_id: order for order in world.api.exchange.register.newest_first(None) if order.client_order_id}


def at_rest(world: "World", life: "Life") -> Iterator[Finding]:
    """Yield, for each invariant that speaks of rest, whether it holds and what is wrong."""
    engine, there = life.system.engine, ours(world)
    flow = engine.flow
    waits = [f"{len(flow.doubts)} in doubt"] * bool(len(flow.doubts)) + ["it still asks for what earlier runs left"] * flow.is_reconciling
    yield "I24", not waits, f"the house does not come to rest: {', '.join(waits)}"
    known = {}
    for desk in engine.books.desks.values():
        known.update(desk.orders.open)
        known.update(desk.orders.done)
    for name, row in there.items():
        yield "I01", name in known, f"{name} ({row.status}) is at the exchange and not in the books"
    for name, order in known.items():
        row, exact = there.get(name), order.exact
        yield "I08", order.state not in _IN_DOUBT, f"{name} is {order.state.name}"
        if row is None:
            yield "I08", order.state in _NEVER_LIVED, f"{name} is {order.state.name} and the exchange has never heard of it"
            continue
        yield "I08", order.state not in _NEVER_LIVED, f"{name} is {order.state.name} and at the exchange it is {row.status}"
        yield "I08", order.is_done is (row.status is Status.COMPLETE), f"{name} is {order.state.name} and at the exchange it is {row.status}"
        yield "I08", order.is_done or order.cancel is CancelState.NONE, f"{name} is {order.state.name} and its cancel is {order.cancel.name}"
        if order.is_done:
            is_whole = row.base >= row.limit_volume if row.limit_volume else bool(row.base)
            yield "I08", (order.state is OrderState.FILLED) is is_whole, f"{name} is {order.state.name} with {row.base} of {row.limit_volume} filled"
        fees = {code: fee for code, fee in ((row.market.base, row.fee_base), (row.market.counter, row.fee_counter)) if fee}
        yield ("I03", (exact.filled_quantity, exact.filled_value, exact.fees) == (row.base, row.counter, fees),
               f"{name} has {exact} booked, at the exchange it has {row.base} for {row.counter}, fees {fees}")
    yield from _money(world, life, there)


def _money(world: "World", life: "Life", there: dict[str, VenueOrder]) -> Iterator[Finding]:
    for desk in life.system.engine.books.desks.values():
        owned, bases = dict(world.capital[desk.name]), set()
        for name, row in there.items():
            if name.split("-")[1] != desk.name:
                continue
            market, sign = row.market, 1 if row.side.is_buy else -1
            bases.add(market.base)
            for currency, change in ((market.base, sign * row.base - row.fee_base), (market.counter, -sign * row.counter - row.fee_counter)):
                owned[currency] = owned.get(currency, Decimal(0)) + change
        for currency, amount in owned.items():
            held = desk.positions.holdings(currency)
            yield "I04" if currency in bases else "I05", held == amount, f"{desk.name} holds {held} {currency}, by the exchange it is {amount}"


def after_the_stop(world: "World", life: "Life") -> Iterator[Finding]:
    """Yield what must hold when the house has stopped in order."""
    system, there = life.system, ours(world)
    unconfirmed = {order.client_order_id for order in system.unconfirmed}
    for desk in system.engine.books.desks.values():
        if desk.on_stop == "cancel":
            left = [name for name, row in there.items() if name.split("-")[1] == desk.name and row.status is not Status.COMPLETE]
            yield "I27", set(left) <= unconfirmed, f"{desk.name} has left {', '.join(left)} standing, and nobody was told"
    beats, seconds = system.engine.beats, life.runtime.monotonic_ns() / 1e9
    if seconds > 10 and not life.was_halted:
        yield "I20", beats >= (seconds - life.recovered_seconds - 8) / world.heartbeat_seconds * 0.7, f"{beats} beats in {seconds:.0f} s"
    yield from _journal(world)
    secret = registry.SIMULATOR_KEY[1].encode()
    for path, data in world.disk.everything().items():
        yield "I21", secret not in data, f"the key's secret is in {path}"


def _journal(world: "World") -> Iterator[Finding]:
    reader = JournalReader(world.state / "journal", world.disk)
    verified = reader.verify()
    yield "I25", verified.is_sound, f"the journal is not sound: {verified.damage}"
    wanted, released, heard, hashes = set(), set(), set(), set()
    for record in reader.read():
        body = record.body
        if (isinstance(body, OrderEvent) and body.verdict.is_accepted) or isinstance(body, OrderAdopted):
            wanted.add(body.request.client_order_id)
        elif isinstance(body, OrderSent):
            released.add(body.client_order_id)
        elif isinstance(body, OrderUpdateEvent):
            heard.add(body.update.client_order_id)
        elif isinstance(body, RunStarted):
            hashes.add(body.config_hash)
    for name in world.checks.placed:
        yield "I25", name in wanted and name in released and name in heard, (
            f"{name} left, and the journal has {'its' if name in wanted else 'no'} intent, {'its' if name in released else 'no'} release and "
            f"{'an' if name in heard else 'no'} answer")
    yield "I28", len(hashes) == 1 and "" not in hashes, f"one configuration, and the runs tell of {sorted(hashes)}"
