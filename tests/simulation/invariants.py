"""What must hold whatever happens, as code: looked at when a request leaves and arrives, when an answer is applied, and behind each event.

The exchange of the simulation is the truth. Each invariant counts how often it had something to look at; the first one that is broken ends
its world on the spot.
"""

from collections import Counter, deque
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from brokerage.luno_simulator.order import Order as VenueOrder
from brokerage.luno_simulator.order import Status
from brokerage.transport import HttpRequest
from tests.simulation.invariant_table import INVARIANTS
from trading_system.core.events import FillEvent, HeartbeatEvent, OpenOrdersEvent, OrderEvent, OwnTradesEvent
from trading_system.core.order import Order, OrderRequest, OrderState
from trading_system.core.order_update import OrderUpdate, Totals
from trading_system.core.records import Record
from trading_system.strategy_host.desk import Desk

if TYPE_CHECKING:
    from tests.simulation.world import Life, World

_NEVER_LIVED = (OrderState.REJECTED, OrderState.DENIED, OrderState.NOT_PLACED)
_LIVES = (OrderState.OPEN, OrderState.WAITING)
_ENDED_THERE = (OrderState.FILLED, OrderState.CANCELED, OrderState.EXPIRED)
_WINDOW_NS = 10_000_000_000


class Checks:
    """The checks of one world, over all its lives. `violation` is the first sentence that was not true, "" while all are."""

    kinds: tuple[type, ...] = (OrderEvent, FillEvent, HeartbeatEvent, OpenOrdersEvent, OwnTradesEvent)

    def __init__(self, world: "World") -> None:
        self.world = world
        self.counts: Counter[str] = Counter()
        self.violation = ""
        self.placed: dict[str, int] = {}
        self.acknowledged: list[bytes] = []
        self._kept: list[bytes] = []
        self._by_strategy: dict[str, list[str]] = {}
        self._sent_ns: deque[int] = deque()
        self._encode = msgspec.msgpack.Encoder().encode

    def that(self, name: str, holds: bool, sentence: str) -> None:
        """Count an invariant; end the world with `sentence` where it does not hold."""
        self.counts[name] += 1
        if not holds and not self.violation:
            life = self.world.life
            self.violation = (f"{name} ({INVARIANTS[name]}) is broken in life {life.number} at step {len(life.runtime.trace)}, "
                              f"{self.world.seconds():.3f} s: {sentence}")
            life.runtime.die("violation")

    def truth(self, name: str) -> VenueOrder | None:
        """Return what the exchange holds under a name of ours."""
        return self.world.api.exchange.register.find_by_client_order_id(name)

    # Where a life begins.

    def begin(self) -> None:
        """Forget what a new life cannot know."""
        self._sent_ns.clear()
        self._kept.clear()

    def attend(self, life: "Life") -> None:
        """Look on from now on; what the life has read back must be true already."""
        books, journal = life.system.engine.books, life.system.parts.journal
        apply, append, try_again = books.apply, journal.append, journal.try_again

        def watched_apply(desk: Desk, order: Order, update: OrderUpdate, now_ns: int) -> Any:
            before = order.state, order.exact, order.is_quarantined
            change = apply(desk, order, update, now_ns)
            self._applied(order, update, before, change.alarm)
            return change

        def watched_append(records: Any, releases: Any = ()) -> None:
            kept = [self._encode(record) for record in records]
            try:
                append(records, releases)
            except OSError:
                self._kept += kept
                raise
            self.acknowledged += kept + [self._encode(record) for record in releases]

        def watched_again() -> bool:
            if not try_again():
                return False
            self.acknowledged += self._kept
            self._kept.clear()
            return True

        for owner, seam, watched in ((books, "apply", watched_apply), (journal, "append", watched_append), (journal, "try_again", watched_again)):
            setattr(owner, seam, watched)
        for desk in books.desks.values():
            self._positions_are_fills(desk)
            for order in (*desk.orders.open.values(), *desk.orders.done.values()):
                self._is_not_more_than_true(order)

    def remembers(self, records: list[Record]) -> None:
        """Hold what a journal tells after a power cut against what it had taken."""
        told = [self._encode(record) for record in records]
        taken = self.acknowledged
        if taken:
            missing = next((place for place, record in enumerate(taken) if place >= len(told) or told[place] != record), None)
            self.that("I13", missing is None, f"record {missing} of {len(taken)} that the journal took is not there any more: "
                                              f"{taken[missing][:120]!r}" if missing is not None else "")
        # What was written and never acknowledged may be there too, and is true from now on.
        self.acknowledged = told

    # Requests.

    def departed(self, request: HttpRequest) -> None:
        """See a request before it leaves."""
        world, life = self.world, self.world.life
        now_ns, sent_ns = life.runtime.monotonic_ns(), self._sent_ns
        sent_ns.append(now_ns)
        while sent_ns[0] <= now_ns - _WINDOW_NS:
            sent_ns.popleft()
        most = world.calls_per_second * 10 + world.burst
        self.that("I11", len(sent_ns) <= most + 1, f"{len(sent_ns)} calls left within 10 s, {most:g} are allowed")
        if request.path not in ("/api/1/postorder", "/api/1/marketorder"):
            return
        form = dict(request.form)
        name, symbol = form["client_order_id"], f"{form['pair']}.luno"
        self.that("I02", name not in self.placed, f"{name} leaves a second time")
        self.placed[name] = len(life.runtime.trace)
        times = world.disk.times_durable(world.state / "journal", _packed(name))
        self.that("I01", times >= 2, f"{name} leaves and is {times} times on disk: its intent and its release should be")
        if world.is_killed:
            self.that("I10", False, f"{name} leaves although the house was killed {world.seconds() - world.killed_at:.3f} s ago")
        if life.has_past:
            self.that("I14", life.is_listed and symbol in life.traded, f"{name} leaves, and of the earlier runs "
                      f"{'the list of open orders' if not life.is_listed else 'our trades of ' + symbol} was not heard of")

    def carried_out(self, path: str, form: Mapping[str, str]) -> None:
        """See what the exchange has made of an order."""
        name = form.get("client_order_id", "")
        there = self.truth(name) if name and path in ("/api/1/postorder", "/api/1/marketorder") else None
        if there is None or len(name.split("-")) != 4:
            return
        strategy = name.split("-")[1]
        known = self._by_strategy.setdefault(strategy, [])
        if name not in known:
            known.append(name)
        system = self.world.life.maybe_system
        found = system.engine.books.find(name) if system is not None else None
        if found is not None:
            state = found[1].state
            self.that("I08", state not in _NEVER_LIVED, f"{name} has just been accepted, and the house believes that it is {state.name}")
        if self.world.rows is None:
            # A venue that calls an order over before its totals are whole makes the house free what is spent: booked late, and told.
            self._owns_enough(strategy, there)

    def _owns_enough(self, strategy: str, newest: VenueOrder) -> None:
        market, capital = newest.market, self.world.capital.get(strategy, {})
        counter, base = capital.get(market.counter, Decimal(0)), capital.get(market.base, Decimal(0))
        for name in self._by_strategy[strategy]:
            there = self.truth(name)
            if there is None or there.market.pair != market.pair:
                continue
            rest = there.remaining if there.status is not Status.COMPLETE else Decimal(0)
            if there.side.is_buy:
                counter, base = counter - there.counter - rest * there.limit_price, base + there.base
            else:
                counter, base = counter + there.counter, base - there.base - rest
        self.that("I09", counter >= 0 and base >= 0, f"with {newest.client_order_id} {strategy} has promised more than it owns: "
                  f"{counter} {market.counter} and {base} {market.base} would be left")

    # Answers.

    def _applied(self, order: Order, update: OrderUpdate, before: tuple[OrderState, Totals, bool], alarm: str) -> None:
        state, exact, was_quarantined = before
        name, after = order.client_order_id, order.state
        there = self.truth(name)
        if after is not state:
            is_legal = (not state.is_done and not (state in _LIVES and after not in (*_LIVES, *_ENDED_THERE))) or (
                after is OrderState.FILLED and state in (OrderState.CANCELED, OrderState.EXPIRED)) or (
                state is OrderState.NOT_PLACED and bool(alarm))
            self.that("I06", is_legal, f"{name} was {state.name} and is {after.name} ({update.answer.name})")
            if after in _NEVER_LIVED:
                self.that("I08", there is None, f"{name} is {after.name} ({update.answer.name}: {update.reason}) and stands at the exchange")
            elif after in _ENDED_THERE:
                self.that("I08", there is not None and there.status is Status.COMPLETE,
                          f"{name} is {after.name} and at the exchange it is {there.status if there else 'unknown'}")
                if after is OrderState.CANCELED and there is not None and self.world.rows is None:
                    self.that("I08", not there.limit_volume or there.base < there.limit_volume, f"{name} is CANCELED and was filled whole")
            elif after in _LIVES:
                self.that("I08", there is not None, f"{name} is {after.name} and the exchange has never heard of it")
        if order.is_quarantined and not was_quarantined:
            self.that("I06", False, f"{name} was set apart: {alarm}")
        if order.exact is not exact:
            asked = order.request.quantity
            self.that("I07", order.exact.filled_quantity >= exact.filled_quantity and (asked is None or order.exact.filled_quantity <= asked),
                      f"{name} had filled {exact.filled_quantity} and now {order.exact.filled_quantity} of {asked}")
            self._is_not_more_than_true(order)
        elif update.totals is not None and update.totals.filled_quantity < exact.filled_quantity:
            self.that("I17", order.exact == exact, f"{name} had filled {exact}, an older answer makes it {order.exact}")
        if after is OrderState.FILLED and order.request.quantity is not None:
            self.that("I08", order.exact.filled_quantity == order.request.quantity or there is None or there.base == order.request.quantity,
                      f"{name} is FILLED with {order.exact.filled_quantity} of {order.request.quantity}")

    def _is_not_more_than_true(self, order: Order) -> None:
        if not order.exact.filled_quantity and not order.exact.fees:
            return
        there, exact = self.truth(order.client_order_id), order.exact
        if there is None:
            self.that("I03", False, f"{order.client_order_id} has {exact} booked and the exchange has never heard of it")
            return
        fees = {there.market.base: there.fee_base, there.market.counter: there.fee_counter}
        is_true = exact.filled_quantity <= there.base and exact.filled_value <= there.counter and all(
            fee <= fees.get(currency, 0) for currency, fee in exact.fees.items())
        self.that("I03", is_true, f"{order.client_order_id} has {exact} booked, at the exchange it has {there.base} for {there.counter}, fees {fees}")

    # Behind an event.

    def notice(self, event: Any, actions: Any) -> None:
        """See an event that was handled."""
        life = self.world.life
        if type(event) is OrderEvent:
            if event.verdict.is_accepted:
                age = (life.system.engine.clock.now_ns - event.reference_ns) / 1e9
                self.that("I12", age <= 10.0, f"{event.request.client_order_id} was decided on a price of {age:.1f} s ago")
                self._does_nothing_twice(life, event.request)
        elif type(event) is FillEvent:
            found = life.system.engine.books.find(event.fill.client_order_id)
            if found is not None:
                self._positions_are_fills(found[0])
        elif type(event) is OpenOrdersEvent:
            life.is_listed = True
        elif type(event) is OwnTradesEvent:
            life.traded.add(event.symbol)
        else:
            self._at_a_beat(life)

    def _does_nothing_twice(self, life: "Life", request: OrderRequest) -> None:
        for order in life.system.engine.books.desk(request.strategy).orders.open.values():
            if order.state in (OrderState.UNKNOWN, OrderState.LOST) and (order.symbol, order.side) == (request.symbol, request.side):
                self.that("I08", False, f"{request.client_order_id} was accepted while {order.client_order_id} is {order.state.name}")

    def _at_a_beat(self, life: "Life") -> None:
        queues = life.system.parts.queues
        self.that("I16", len(queues.lossless) <= 4096 and queues.depth < 10_000, f"{queues.depth} papers wait for the engine")
        if self.world.is_killed:
            self.counts["I10"] += 1
        for desk in life.system.engine.books.desks.values():
            self.that("I16", len(desk.orders.open) <= self.world.max_open_orders + 1, f"{desk.name} has {len(desk.orders.open)} open orders")
            for order in desk.orders.open.values():
                self.that("I09", desk.reservations.holds(order.client_order_id),
                          f"{order.client_order_id} is {order.state.name} and its funds are free")
            self._shows_what_it_told(life, desk)

    def _shows_what_it_told(self, life: "Life", desk: Desk) -> None:
        # A strategy that is paused hears of no fill: from then on its own count is another. After a halt it is told what it missed.
        if desk.is_paused and not desk.is_held:
            life.paused.add(desk.name)
        strategy: Any = desk.strategy
        if desk.is_held or desk.name in life.paused or not desk.is_started:
            return
        if desk.orders.done:
            self.that("I19", not strategy.rounded_up, strategy.rounded_up)
        for symbol in strategy.counted:
            held, shown = strategy.held[symbol], desk.positions.positions[symbol].exact.quantity
            self.that("I26", shown == held, f"{desk.name} is shown {shown} of {symbol}, the fills it was told come to {held}")

    def _positions_are_fills(self, desk: Desk) -> None:
        owned = dict(self.world.capital.get(desk.name, {}))
        for order in (*desk.orders.open.values(), *desk.orders.done.values()):
            base, counter = _currencies(order.symbol)
            exact, side = order.exact, int(order.side)
            owned[base] = owned.get(base, Decimal(0)) + side * exact.filled_quantity
            owned[counter] = owned.get(counter, Decimal(0)) - side * exact.filled_value
            for currency, fee in exact.fees.items():
                owned[currency] = owned.get(currency, Decimal(0)) - fee
        for currency, amount in owned.items():
            held = desk.positions.holdings(currency)
            self.that("I04", held == amount, f"{desk.name} holds {held} {currency}, its fills come to {amount}")


def _currencies(symbol: str) -> tuple[str, str]:
    return symbol[:3], symbol[3:6]


def _packed(text: str) -> bytes:
    return msgspec.msgpack.encode(text)
