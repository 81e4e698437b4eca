"""Every kind of fault once at every call the bot makes: it does not crash, does not hang, and no order is lost, doubled or forgotten."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from brokerage.luno_simulator.fault_endpoints import GROUPS
from brokerage.luno_simulator.fault_kinds import FAULT_KINDS, KIND_TABLES
from tests.faulty_house import SECOND, TEST_STRATEGIES, WITHOUT_LIMITS, FaultyHouse
from trading_system.core.events import CommandEvent, ConnectionEvent, OrderEvent, WarningEvent
from trading_system.core.order import OrderState

_STRATEGY = "busy: {instruments: [XBTZAR.luno], capital: {ZAR: 400000, XBT: 0.5}, params: {most: 40}}"
#: What the bot calls to start; what it calls besides is found out by a run.
_STARTING = ("markets", "fees", "balance", "candles")
_PRIVATE_READS = GROUPS["private_reads"]
#: A part of all orders never arrives, so that the proof of their absence is hit by every fault too.
_ALWAYS = "place:request_lost=reset:after=2s:p=0.1"
#: Kinds that speak of some calls only.
_ONLY = {
    "partial_fill": ("place_limit",), "cancel_race": ("cancel",), "post_only_refused": ("place_limit",), "trade_with_self": ("place_limit",),
    "lag": GROUPS["reads"], "before_ack": ("order", "open_orders", "own_trades"), "pruned": _PRIVATE_READS,
}
#: What lasts is short here, and a ban is one that ends: 403 says that our key is refused for good.
_OPTIONS = {"ban": "ban=1s:status=418", "maintenance": "maintenance=1s", "restart": "restart=1s:acts=yes", "refused": "refused=1s",
            "huge": "huge=9", "lag": "lag=1s", "late": "late=300ms", "withdrawal": "withdrawal=10", "cancel_race": "cancel_race=0.5"}
#: Longer than the proof takes that an order never arrived: its 0.5 s and a margin, then three questions; meanwhile its side stands still.
_PROOF_SECONDS = 6
_NEVER_LIVED = (OrderState.NOT_PLACED, OrderState.DENIED, OrderState.REJECTED)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return what the bot calls while it runs, by the names that rules use."""
    house = FaultyHouse(tmp_path_factory.mktemp("running"), 1, _STRATEGY, WITHOUT_LIMITS, [_ALWAYS], TEST_STRATEGIES)
    started = dict(house.transport.calls)
    assert set(started) <= set(_STARTING)
    house.run(15)
    found = sorted(name for name, count in house.transport.calls.items() if count > started.get(name, 0))
    assert {"place_limit", "place_market", "cancel", "order", "open_orders", "tickers", "order_book", "trades"} <= set(found)
    return found


def rules_of(title: str, running: Sequence[str]) -> Iterator[str]:
    """Yield one rule for each kind of a table and each call it may hit while the bot runs, one after the other in time."""
    apart = 2.5 if title == "Outages" else 0.4
    at = 3.0
    for kind in KIND_TABLES[title]:
        for endpoint in running:
            if endpoint in _ONLY.get(kind, running):
                yield f"{endpoint}:{_OPTIONS.get(kind, kind)}:after={at:.1f}s:count=1"
                at += apart


def wrongs_of(house: FaultyHouse) -> list[str]:
    """Return what must not be after a run in which others may have used the account: an order lost, doubled, or counted differently."""
    desk, register, wrong = house.system.engine.books.desks["busy"], house.exchange.register, []
    names = set()
    for event in house.trace.of(OrderEvent):
        name = event.request.client_order_id
        order, there = desk.orders.get(name), register.find_by_client_order_id(name)
        names.add(name)
        if order is None or not order.is_done:
            wrong.append(f"{name} is {order.state.name if order else 'forgotten'} at the end")
        elif (order.state in _NEVER_LIVED) is (there is not None):
            wrong.append(f"{name} is {order.state.name} ({order.reason}) and {'is' if there else 'is not'} at the exchange")
        elif there is not None and order.exact.filled_quantity != there.base:
            wrong.append(f"{name} filled {order.exact.filled_quantity}, at the exchange {there.base}")
    for order in register.newest_first(None):
        if order.client_order_id and order.client_order_id not in names:
            wrong.append(f"{order.client_order_id} is at the exchange and was never ordered")
    wrong += [f"{currency} is reserved at the end" for currency in ("ZAR", "XBT") if desk.reservations.reserved(currency)]
    wrong += [f"the strategy is {desk.pause_reason}"] * desk.is_paused
    wrong += [event.text for event in house.trace.of(WarningEvent) if "fault of the adapter" in event.text]
    return [*wrong, *house.system.parts.sources.errors, *house.gave_up, *(f"unconfirmed {one}" for one in house.system.unconfirmed)]


def missed(house: FaultyHouse) -> list[str]:
    """Return the rules that hit nothing."""
    return [rule for rule, hits in house.faults.hits().items() if not hits]


@pytest.mark.parametrize("title", KIND_TABLES)
def test_the_bot_survives_each_kind_at_each_call_it_makes(tmp_path: Path, running: list[str], title: str) -> None:
    rules = [_ALWAYS, *rules_of(title, running)]
    house = FaultyHouse(tmp_path, 1, _STRATEGY, WITHOUT_LIMITS, rules, TEST_STRATEGIES)
    hit_ns = 0

    def is_done() -> bool:
        nonlocal hit_ns
        if not hit_ns and not missed(house):
            hit_ns = house.runtime.now_ns()
        return bool(hit_ns) and house.runtime.now_ns() > hit_ns + 2 * _PROOF_SECONDS * SECOND
    house.run_until(is_done, 400)
    assert missed(house) == []
    assert wrongs_of(house) == []
    picture = house.system.picture()
    assert picture["beats"] >= house.runtime.monotonic_ns() / SECOND * 4 * 0.9 - 8, "the house hung for a while"
    assert picture["strategies"]["busy"]["orders"]["FILLED"] > 5
    sent = house.trace.of(OrderEvent, lambda event: event.verdict.is_accepted)
    assert sent[-1].request.created_ns > hit_ns + _PROOF_SECONDS * SECOND, "it did not go on ordering"


@pytest.mark.parametrize("kind", FAULT_KINDS)
def test_a_start_survives_each_kind_at_each_call_it_makes(tmp_path: Path, kind: str) -> None:
    # Candles are left out of a start that has just been told to wait, so they have one of their own.
    for number, some in enumerate((_STARTING[:-1], _STARTING[-1:])):
        rules = [f"{endpoint}:{_OPTIONS.get(kind, kind)}:count=1" for endpoint in some if endpoint in _ONLY.get(kind, _STARTING)]
        house = FaultyHouse(tmp_path / str(number), 1, _STRATEGY, WITHOUT_LIMITS, rules, TEST_STRATEGIES)
        house.run(2)
        assert missed(house) == []
        assert wrongs_of(house) == []
        assert house.trace.of(OrderEvent)


@pytest.mark.parametrize("rule", ["place:html=403", "place:html=403:acts=yes", "place:html=401:acts=yes", "place:error_code=ErrInsufficientPerms"])
def test_a_key_that_is_refused_stops_orders_and_nothing_else(tmp_path: Path, rule: str) -> None:
    # Whether the page of somebody in between hides an order is found out by asking.
    house = FaultyHouse(tmp_path, 1, _STRATEGY, WITHOUT_LIMITS, [f"{rule}:after=5s:count=1"], TEST_STRATEGIES)
    house.run(12)
    assert missed(house) == []
    assert wrongs_of(house) == []
    denied = [event for event in house.trace.of(OrderEvent) if "refuses us" in event.verdict.sentence]
    assert len(denied) > 10
    assert house.venue.calls()["POST /api/1/stoporder"] > 5
    assert "refuses us" in house.system.picture()["venues"]["luno"]["no_orders_because"]


def orders_of(house: FaultyHouse, from_seconds: float) -> int:
    """Return how many orders left the strategy, with risk's yes, so long after the start of the run or later."""
    from_ns = house.runtime.now_ns() - house.runtime.monotonic_ns() + int(from_seconds * SECOND)
    return len(house.trace.of(OrderEvent, lambda event: event.verdict.is_accepted and event.request.created_ns > from_ns))


def connections(house: FaultyHouse) -> list[bool]:
    """Return what was told of orders being taken or not, oldest first."""
    return [event.is_up for event in house.trace.of(ConnectionEvent, lambda event: event.channel == "orders")]


@pytest.mark.parametrize("rule", ["place:html=403", "place:html=403:acts=yes"])
def test_after_a_ban_that_passed_orders_leave_again_and_that_is_told_once(tmp_path: Path, rule: str) -> None:
    house = FaultyHouse(tmp_path, 1, _STRATEGY, WITHOUT_LIMITS, [f"{rule}:after=5s:count=1"], TEST_STRATEGIES)
    house.run(60)
    assert missed(house) == []
    assert wrongs_of(house) == []
    assert connections(house) == [False, True]
    assert orders_of(house, 40) > 10
    assert house.system.picture()["venues"]["luno"]["no_orders_because"] == ""


def test_a_permission_that_is_missing_is_not_tried_again_until_people_resume(tmp_path: Path) -> None:
    rules = ["place:error_code=ErrInsufficientPerms:after=5s:count=1"]
    house = FaultyHouse(tmp_path, 1, _STRATEGY, WITHOUT_LIMITS, rules, TEST_STRATEGIES)

    def mend() -> None:
        house.runtime.sleep_until(120 * SECOND)
        assert (connections(house), orders_of(house, 10)) == ([False], 0)
        house.system.parts.queues.lay_command(CommandEvent("resume", "ann"))
    house.runtime.spawn("ann", mend)
    house.run(130)
    assert wrongs_of(house) == []
    assert connections(house) == [False, True]
    assert orders_of(house, 120) > 10


def test_no_kind_was_left_out(running: list[str]) -> None:
    tried = {rule.split(":")[1].partition("=")[0] for title in KIND_TABLES for rule in rules_of(title, running)}
    assert tried == set(FAULT_KINDS)
