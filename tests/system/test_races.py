"""The races between a house and a venue that lies: each is reached at least fifty times, and the books come out true every time.

The whole house, hand-cranked, against the simulated exchange behind a transport that loses, delays, doubles and shows old or half-written
rows for 40 seconds, then tells the truth for 22. Run with -s to see the table.
"""

import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from brokerage.luno_simulator.api import LunoApi
from brokerage.luno_simulator.exchange import OPENING_BALANCES, Exchange
from brokerage.luno_simulator.order import Side as VenueSide
from brokerage.luno_simulator.order import Status
from brokerage.luno_simulator.quirks import STANDARD, Quirks
from tests.hand_cranked_runtime import SECOND, HandCrankedRuntime
from tests.system.lying_transport import LaggingRows, LyingTransport
from tests.system.test_hand_cranked_house import House
from trading_system.core.events import OpenOrdersEvent
from trading_system.core.order import CancelState, Order, OrderState
from trading_system.core.order_update import Answer, OrderUpdate
from trading_system.engine.books import Books
from trading_system.oms.order_manager import Change
from trading_system.strategy_host.desk import Desk

RACES = ("list older than ack", "older snapshot after newer", "fee without quantity", "cancel before id", "COMPLETE with lagging totals",
         "order 1,001 in the list")
SEEDS = range(4)
_LIES_SECONDS, _RUN_SECONDS = 40, 62
_STRANGERS_FROM, _STRANGERS = 12.0, 1000
_NEVER_WAITING = 60         # more than are done in the last seconds, far less than all
_STRATEGIES = Path(__file__).parent / "strategies"
_CAPITAL = {"ZAR": Decimal(100_000), "XRP": Decimal(3_000), "ETH": Decimal(3)}
_CONFIG = """mode: simulate
strategies:
  restless: {instruments: [XRPZAR.luno, ETHZAR.luno], capital: {ZAR: 100000, XRP: 3000, ETH: 3}}
"""
_RATES = {"calls_per_second": "100", "burst": "100", "polls_per_second": "20", "cancels_per_second": "20"}
_RULES = (
    "place:delayed=1500ms:p=0.45", "place:reply_lost:ending=close:p=0.1", "place:request_lost:ending=reset:p=0.05",
    "place:late=3s:ending=close:p=0.05", "place:duplicated:p=0.05", "place:error_after:p=0.05", "place_limit:partial_fill:p=0.3",
    "open_orders:delayed=700ms:p=0.7", "open_orders:before_ack:p=0.2", "private_reads:lag=2s:p=0.15", "private_reads:error_before:p=0.03",
    "cancel:cancel_race=0.5:p=0.2", "cancel:cancel_race:p=0.1", "cancel:reply_lost:ending=close:p=0.1",
)
_QUIRKS = (STANDARD, Quirks(order_visible_after_ms=1500), Quirks(trades_lag_ms=1500), Quirks(fee_currency="counter"))


class RaceCounter:
    """Sees every answer before and after it is applied, and every list, and counts the races."""

    kinds: tuple[type, ...] = (OpenOrdersEvent,)

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter(dict.fromkeys(RACES, 0))

    def stand_before(self, books: Books) -> None:
        """Look at every answer on its way into `books`."""
        apply = books.apply

        def counted(desk: Desk, order: Order, update: OrderUpdate, now_ns: int) -> Change:
            is_unnamed, was_done, known = not order.venue_order_id, order.is_done, order.exact.filled_quantity
            was_wanted = order.cancel is CancelState.WANTED
            change = apply(desk, order, update, now_ns)
            if is_unnamed and order.venue_order_id and was_wanted:
                self.counts["cancel before id"] += 1
            if update.totals is not None and (update.totals.filled_quantity < known or (was_done and update.answer is Answer.OPEN)):
                self.counts["older snapshot after newer"] += 1
            if change.fill is not None and not change.fill.exact.quantity:
                self.counts["fee without quantity"] += 1
            if was_done and change.fill is not None and change.fill.exact.quantity:
                self.counts["COMPLETE with lagging totals"] += 1
            return change

        books.apply = counted  # type: ignore[method-assign]
        self._books = books

    def notice(self, event: Any, actions: Any) -> None:
        """See a list of open orders that was just handled."""
        listed = [update.client_order_id for update in event.updates]
        missing = [order for _, order in self._books.open_orders(event.broker) if order.venue_order_id and order.client_order_id not in listed]
        self.counts["list older than ack"] += any(order.acknowledged_ns >= event.asked_ns for order in missing)
        self.counts["order 1,001 in the list"] += any(self._books.find(name) is not None for name in listed[1000:])


class Crowd:
    """People who place a thousand small orders by hand on our account, so that ours are on the list's second page; every other seed."""

    def __init__(self, seed: int) -> None:
        self._left = _STRANGERS if seed % 2 else 0

    def happen(self, exchange: Exchange, seconds: float) -> None:
        """Place some of them when it is time; not all, for one page cannot tell a thousand of the same millisecond apart."""
        if not self._left or seconds < _STRANGERS_FROM:
            return
        self._left -= _STRANGERS // 10
        market = exchange.floor("XRPZAR").market
        price = (market.start_price / 2).quantize(Decimal(1))
        for _ in range(_STRANGERS // 10):
            exchange.place_limit("XRPZAR", VenueSide.BID, price, market.min_volume)


def house_of(folder: Path, seed: int, races: RaceCounter) -> House:
    crowd = Crowd(seed)

    def transport(api: LunoApi, runtime: HandCrankedRuntime, seed: int) -> LyingTransport:
        rules = [f"{rule}:after=3s:until={_LIES_SECONDS}s" for rule in _RULES]
        return LyingTransport(api, runtime, seed, rules, LaggingRows(2.0, _LIES_SECONDS * SECOND), crowd.happen)

    house = House(folder, seed, _CONFIG, _STRATEGIES, _QUIRKS[seed % len(_QUIRKS)], transport, watchers=(races,), rate_limit=None, **_RATES)
    races.stand_before(house.system.engine.books)
    return house


def differences(house: House) -> Iterator[str]:
    """Yield in words whatever the house believes and the exchange does not."""
    engine, exchange = house.system.engine, house.exchange
    desk, = engine.books.desks.values()
    at_venue = {order.client_order_id: order for order in exchange.register.newest_first(None) if order.client_order_id}
    ours = {**desk.orders.open, **desk.orders.done}
    if at_venue.keys() - ours.keys():
        yield f"orders at the exchange that we do not know: {at_venue.keys() - ours.keys()}"
    for name, order in ours.items():
        there = at_venue.get(name)
        if not order.is_done:
            yield f"{name} is {order.state.name}"
        if there is None:
            if order.state not in (OrderState.DENIED, OrderState.REJECTED, OrderState.NOT_PLACED):
                yield f"{name} is {order.state.name} and the exchange has never heard of it"
            continue
        fees = {code: fee for code, fee in ((there.market.base, there.fee_base), (there.market.counter, there.fee_counter)) if fee}
        exact = order.exact
        if (exact.filled_quantity, exact.filled_value, exact.fees) != (there.base, there.counter, fees):
            yield f"{name} {order.state.name}: we booked {exact}, the exchange {there.base} {there.counter} {fees}"
        if there.status is not Status.COMPLETE:
            yield f"{name} is {order.state.name} and open at the exchange"
    if desk.reservations.count:
        yield f"{desk.reservations.count} orders still hold funds"
    for currency, opening in OPENING_BALANCES.items():
        owned = desk.positions.holdings(currency) - _CAPITAL.get(currency, Decimal(0))
        if exchange.accounts.total("customer", currency) != opening + owned:
            yield f"{currency}: we own {owned} more than at the start, the account holds {exchange.accounts.total('customer', currency) - opening} more"


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> tuple[Counter[str], list[str], str]:
    """Run all seeds once; return how often each race was reached, what did not come out true, and the table."""
    races, wrong = RaceCounter(), list[str]()
    orders: Counter[str] = Counter()
    started = time.perf_counter()
    for seed in SEEDS:
        house = house_of(tmp_path_factory.mktemp(f"seed{seed}") / "house", seed, races)
        house.run(_RUN_SECONDS)
        wrong.extend(f"seed {seed}: {text}" for text in differences(house))
        desk, = house.system.engine.books.desks.values()
        late = house.system.engine.flow.second_looks
        if late is None or len(late) > _NEVER_WAITING:
            wrong.append(f"seed {seed}: orders that look done are not looked at again: {late and len(late)} wait")
        if desk.is_paused or house.gave_up:
            wrong.append(f"seed {seed}: {desk.pause_reason} {house.gave_up}")
        orders.update(desk.orders.counts)
    lines = [f"{count:7,d}  {race}" for race, count in races.counts.items()]
    ends = ", ".join(f"{count:,} {state}" for state, count in sorted(orders.items()) if count)
    table = "\n".join(["", f"races reached in {len(SEEDS)} runs ({time.perf_counter() - started:.0f} s), orders that ended {ends}:", *lines])
    print(table)
    return races.counts, wrong, table


@pytest.mark.parametrize("race", RACES)
def test_each_race_is_reached_at_least_fifty_times(campaign: tuple[Counter[str], list[str], str], race: str) -> None:
    counts, _, table = campaign
    assert counts[race] >= 50, table


def test_after_all_races_orders_totals_fees_funds_and_balances_are_those_of_the_exchange(
        campaign: tuple[Counter[str], list[str], str]) -> None:
    _, wrong, table = campaign
    assert not wrong, "\n".join([*wrong[:20], table])
