"""What every broker must do, whatever its venue: the `Broker` port of `core/ports.py` as tests, run against each account."""

import itertools
import time
from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

import msgspec
import pytest

from tests.contract.accounts import Account
from trading_system.core.errors import OrderRefused, OutcomeUnknown, RefusalReason
from trading_system.core.events import OpenOrdersEvent
from trading_system.core.instrument import Instrument
from trading_system.core.market_data import Tick
from trading_system.core.order import OrderKind, OrderRequest, TimeInForce
from trading_system.core.order_update import Answer, Evidence, OrderUpdate, Totals, VenueTrade
from trading_system.core.side import Side

T = TypeVar("T")
NUMBERS = itertools.count(1)


class Desk:
    """An account with the small talk taken out of the tests."""

    def __init__(self, account: Account) -> None:
        self.broker, self.feed, self.symbol = account
        self.instrument: Instrument = next(one for one in self.broker.instruments() if one.symbol == self.symbol)

    def tick(self) -> Tick:
        return wait_for(lambda: self.feed.poll([self.symbol]), bool)[0]

    def small(self) -> Decimal:
        """Return three times the smallest quantity that may be ordered."""
        return self.instrument.min_quantity * 3

    def far(self, side: Side, factor: float = 0.5) -> Decimal:
        """Return a price that nobody will take for a while."""
        return self.instrument.price(self.tick().mid * (factor if side is Side.BUY else 1 / factor), side)

    def limit(self, side: Side, limit: Decimal, quantity: Decimal | None = None, **more: object) -> OrderRequest:
        return self.order(OrderKind.LIMIT, side, limit=limit, quantity=quantity or self.small(), **more)

    def market_buy(self) -> OrderRequest:
        return self.order(OrderKind.MARKET, Side.BUY, value=self.instrument.value(float(self.small()) * self.tick().ask))

    def market_sell(self) -> OrderRequest:
        return self.order(OrderKind.MARKET, Side.SELL, quantity=self.small())

    def order(self, kind: OrderKind, side: Side, **more: object) -> OrderRequest:
        return OrderRequest(f"abcdef-contract-t1x2y3-{next(NUMBERS)}", "contract", self.symbol, side, kind, 0, **more)  # type: ignore[arg-type]

    def placed(self, request: OrderRequest) -> OrderUpdate:
        update = self.broker.place_order(request)
        assert (update.client_order_id, update.answer) == (request.client_order_id, Answer.ACCEPTED)
        assert update.venue_order_id
        assert_evidence(update.evidence)
        return update

    def until(self, request: OrderRequest, *answers: Answer) -> OrderUpdate:
        return wait_for(lambda: self.broker.look_up(request), lambda update: update.answer in answers)

    def done(self, request: OrderRequest) -> tuple[OrderUpdate, Totals]:
        self.placed(request)
        update = self.until(request, Answer.FILLED, Answer.CANCELED, Answer.EXPIRED)
        assert update.totals is not None
        return update, update.totals

    def listed(self, request: OrderRequest) -> OrderUpdate | None:
        event = self.broker.open_orders()
        assert event.is_complete
        return next((update for update in event.updates if update.client_order_id == request.client_order_id), None)

    def cancel(self, request: OrderRequest, venue_order_id: str) -> None:
        assert self.broker.cancel_order(request, venue_order_id).answer is Answer.CANCEL_ACCEPTED
        self.until(request, Answer.CANCELED)

    def fills(self, request: OrderRequest, quantity: Decimal) -> list[VenueTrade]:
        """Return the trades of one order, once the list, which may lag behind, tells `quantity`."""
        return wait_for(
            lambda: [one for one in self.broker.fills_since(self.symbol, 0) if one.client_order_id == request.client_order_id],
            lambda fills: sum(fill.quantity for fill in fills) == quantity,
        )


def wait_for(ask: Callable[[], T], is_enough: Callable[[T], object], seconds: float = 15.0) -> T:
    deadline = time.monotonic() + seconds
    while not is_enough(answer := ask()):
        assert time.monotonic() < deadline, answer
        time.sleep(0.005)
    return answer


def assert_evidence(evidence: Evidence | None) -> None:
    assert evidence is not None
    assert evidence.endpoint
    assert 0 < evidence.asked_ns <= evidence.answered_ns <= time.time_ns()


@pytest.fixture
def desk(account: Account) -> Desk:
    return Desk(account)


def test_every_instrument_has_a_grid_and_the_broker_s_name(desk: Desk) -> None:
    instruments = desk.broker.instruments()
    assert len({one.symbol for one in instruments}) == len(instruments) > 0
    for one in instruments:
        assert one.broker == desk.broker.name
        assert min(one.price_step, one.quantity_step, one.value_step, one.min_quantity) > 0
        assert one.max_quantity > one.min_quantity
        assert one.max_price > one.min_price >= 0
        assert one.base != one.counter
        assert one.min_quantity % one.quantity_step == 0


def test_the_fees_of_a_traded_instrument_are_known(desk: Desk) -> None:
    assert 0 < desk.instrument.taker_fee >= desk.instrument.maker_fee


def test_a_far_limit_order_rests_is_listed_and_can_be_canceled(desk: Desk) -> None:
    request = desk.limit(Side.BUY, desk.far(Side.BUY))
    venue_order_id = desk.placed(request).venue_order_id
    resting = desk.until(request, Answer.OPEN)
    listed = wait_for(lambda: desk.listed(request), bool)
    for update in (resting, listed):
        assert update is not None
        assert (update.answer, update.venue_order_id, update.totals) == (Answer.OPEN, venue_order_id, Totals())
        assert (update.symbol, update.side, update.quantity) == (desk.symbol, Side.BUY, request.quantity)
        assert_evidence(update.evidence)

    heard = desk.broker.cancel_order(request, venue_order_id)
    assert (heard.client_order_id, heard.answer) == (request.client_order_id, Answer.CANCEL_ACCEPTED)
    assert_evidence(heard.evidence)
    over = desk.until(request, Answer.CANCELED)
    assert (over.venue_order_id, over.totals) == (venue_order_id, Totals())
    wait_for(lambda: desk.listed(request) is None, bool)


def test_the_list_of_open_orders_says_when_it_was_asked(desk: Desk) -> None:
    before_ns = time.time_ns()
    event: OpenOrdersEvent = desk.broker.open_orders()
    assert event.broker == desk.broker.name
    assert before_ns <= event.asked_ns <= event.answered_ns <= time.time_ns()


def test_a_market_order_by_value_fills_and_its_totals_are_the_sum_of_its_fills(desk: Desk) -> None:
    request = desk.market_buy()
    assert request.value is not None
    update, totals = desk.done(request)
    assert update.answer is Answer.FILLED
    assert totals.filled_quantity > 0
    assert 0 < totals.filled_value <= request.value
    assert_totals_are_sum(totals, desk.fills(request, totals.filled_quantity), Side.BUY)


def test_a_market_order_by_quantity_sells_it(desk: Desk) -> None:
    request = desk.market_sell()
    update, totals = desk.done(request)
    assert (update.answer, totals.filled_quantity) == (Answer.FILLED, request.quantity)
    assert_totals_are_sum(totals, desk.fills(request, totals.filled_quantity), Side.SELL)


def assert_totals_are_sum(totals: Totals, fills: list[VenueTrade], side: Side) -> None:
    assert {fill.side for fill in fills} == {side}
    assert sum(fill.value for fill in fills) == totals.filled_value
    currencies = {currency for fill in fills for currency in fill.fees}
    assert {currency: sum(fill.fees.get(currency, Decimal(0)) for fill in fills) for currency in currencies} == totals.fees
    assert [fill.sequence for fill in fills] == sorted({fill.sequence for fill in fills})


def test_fills_are_told_from_a_moment_on_oldest_first(desk: Desk) -> None:
    first, second = desk.market_sell(), desk.market_sell()
    old = desk.fills(first, desk.done(first)[1].filled_quantity)
    desk.fills(second, desk.done(second)[1].filled_quantity)
    fills = desk.broker.fills_since(desk.symbol, old[-1].time_ns + 1_000_000)
    assert [fill.time_ns for fill in fills] == sorted(fill.time_ns for fill in fills)
    assert all(fill.time_ns > old[-1].time_ns for fill in fills)


@pytest.mark.parametrize("side", Side)
def test_an_immediate_limit_order_through_the_book_fills_within_its_limit(desk: Desk, side: Side) -> None:
    tick = desk.tick()
    limit = desk.instrument.price(tick.ask * 1.02 if side is Side.BUY else tick.bid * 0.98, side)
    request = desk.limit(side, limit, time_in_force=TimeInForce.IOC)
    update, totals = desk.done(request)
    assert (update.answer, totals.filled_quantity) == (Answer.FILLED, request.quantity)
    assert (limit - totals.filled_value / totals.filled_quantity) * side >= 0


@pytest.mark.parametrize("time_in_force", [TimeInForce.IOC, TimeInForce.FOK])
def test_an_immediate_order_that_nobody_takes_is_over_without_a_fill(desk: Desk, time_in_force: TimeInForce) -> None:
    update, totals = desk.done(desk.limit(Side.BUY, desk.far(Side.BUY), time_in_force=time_in_force))
    assert update.answer in (Answer.CANCELED, Answer.EXPIRED)
    assert totals == Totals()


def test_what_a_fill_moved_is_what_the_balances_say(desk: Desk) -> None:
    before = desk.broker.balances()
    request = desk.market_buy()
    _, totals = desk.done(request)
    base, counter = desk.instrument.base, desk.instrument.counter
    wait_for(
        lambda: {one: held.total - before[one].total for one, held in desk.broker.balances().items() if one in (base, counter)},
        lambda moved: moved == {
            base: totals.filled_quantity - totals.fees.get(base, Decimal(0)),
            counter: -totals.filled_value - totals.fees.get(counter, Decimal(0)),
        },
    )


@pytest.mark.parametrize("side", Side)
def test_a_resting_order_reserves_what_it_may_cost_and_gives_it_back(desk: Desk, side: Side) -> None:
    currency = desk.instrument.counter if side is Side.BUY else desk.instrument.base
    before = desk.broker.balances()[currency]
    request = desk.limit(side, desk.far(side))
    assert request.quantity is not None
    assert request.limit is not None
    cost = request.quantity * request.limit if side is Side.BUY else request.quantity
    venue_order_id = desk.placed(request).venue_order_id
    during = wait_for(lambda: desk.broker.balances()[currency], lambda held: held.reserved != before.reserved)
    # Some venues reserve the fee too.
    assert cost <= during.reserved - before.reserved <= cost * Decimal("1.02")
    assert during.total == before.total
    desk.cancel(request, venue_order_id)
    wait_for(lambda: desk.broker.balances()[currency], lambda held: held == before)


def test_an_unknown_name_is_not_found(desk: Desk) -> None:
    update = desk.broker.look_up(desk.market_sell())
    assert (update.answer, update.totals, update.venue_order_id) == (Answer.NOT_FOUND, None, "")
    assert_evidence(update.evidence)


@pytest.mark.parametrize("reason", ["insufficient_balance", "too_small", "would_cross", "price_out_of_range"])
def test_a_refused_order_says_why_and_does_not_exist(desk: Desk, reason: str) -> None:
    instrument, tick = desk.instrument, desk.tick()
    free = desk.broker.balances()[instrument.counter].total
    price = desk.far(Side.BUY)
    quantity = instrument.quantity(free / price * 3)
    request = {
        "insufficient_balance": lambda: desk.limit(Side.BUY, price, min(quantity, instrument.max_quantity)),
        "too_small": lambda: desk.limit(Side.BUY, price, instrument.quantity_step),
        "would_cross": lambda: desk.limit(Side.BUY, instrument.price(tick.ask * 1.02, Side.BUY), post_only=True),
        "price_out_of_range": lambda: desk.limit(Side.SELL, instrument.max_price + instrument.price_step),
    }[reason]()
    with pytest.raises(OrderRefused) as refused:
        desk.broker.place_order(request)
    assert refused.value.refusal is RefusalReason(reason)
    assert refused.value.reason
    assert_evidence(refused.value.evidence)
    assert desk.broker.look_up(request).answer is Answer.NOT_FOUND
    assert desk.listed(request) is None


def test_a_name_that_was_refused_may_be_used_again(desk: Desk) -> None:
    request = desk.limit(Side.BUY, desk.far(Side.BUY), desk.instrument.quantity_step)
    with pytest.raises(OrderRefused):
        desk.broker.place_order(request)
    mended = desk.limit(Side.BUY, desk.far(Side.BUY))
    again = msgspec.structs.replace(mended, client_order_id=request.client_order_id)
    desk.cancel(again, desk.placed(again).venue_order_id)


def test_the_same_name_twice_is_in_doubt_and_one_order_exists(desk: Desk) -> None:
    request = desk.limit(Side.BUY, desk.far(Side.BUY))
    venue_order_id = desk.placed(request).venue_order_id
    with pytest.raises(OutcomeUnknown) as doubt:
        desk.broker.place_order(request)
    assert_evidence(doubt.value.evidence)
    names = [update.client_order_id for update in desk.broker.open_orders().updates]
    assert names.count(request.client_order_id) == 1
    assert desk.broker.look_up(request).venue_order_id == venue_order_id
    desk.cancel(request, venue_order_id)


def test_what_is_over_cannot_be_canceled(desk: Desk) -> None:
    filled, canceled = desk.market_sell(), desk.limit(Side.BUY, desk.far(Side.BUY))
    venue_order_id = desk.done(filled)[0].venue_order_id
    refused = desk.broker.cancel_order(filled, venue_order_id)
    assert (refused.client_order_id, refused.answer) == (filled.client_order_id, Answer.CANCEL_REFUSED)
    assert desk.broker.look_up(filled).answer is Answer.FILLED
    venue_order_id = desk.placed(canceled).venue_order_id
    desk.cancel(canceled, venue_order_id)
    assert desk.broker.cancel_order(canceled, venue_order_id).answer is Answer.CANCEL_REFUSED


def test_several_resting_orders_are_all_listed_once(desk: Desk) -> None:
    requests = [desk.limit(Side.BUY, desk.far(Side.BUY, 0.4 + 0.01 * number)) for number in range(5)]
    placed = {request.client_order_id: desk.placed(request).venue_order_id for request in requests}
    event = desk.broker.open_orders()
    listed = {update.client_order_id: update.venue_order_id for update in event.updates}
    assert {name: listed[name] for name in placed} == placed
    assert len(listed) == len(event.updates)
    for request in requests:
        desk.cancel(request, placed[request.client_order_id])
