"""Whatever a market does, the paper venue fills nobody better than its rules allow, and money neither appears nor goes."""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from brokerage.paper.account import PaperAccount
from brokerage.paper.fill_model import NAMED, FillModel
from tests.unit.brokerage.paper.paper_stories import INSTRUMENT, MINUTE, SYMBOL, Canceled, Desk, Ordered, buy, changed, sell
from trading_system.core.instrument import FeeCurrency
from trading_system.core.market_data import Bar, Book, MarketData, Tick, Trade
from trading_system.core.order import TimeInForce
from trading_system.core.order_update import Answer, Totals
from trading_system.core.side import Side

D = Decimal
SETS = ("pessimistic", "base", "optimistic")
prices = st.integers(180, 220).map(lambda steps: steps / 2)
volumes = st.sampled_from((0.0, 0.4, 3.0, 25.0, 1000.0, float("nan")))
sizes = st.sampled_from((0.3, 1.0, 4.0))
models = st.sampled_from(tuple(NAMED)).flatmap(
    lambda name: st.fixed_dictionaries({}, optional={
        "latency_seconds": st.sampled_from((0.0, 0.5, 20.0, 90.0)), "slippage_ticks": st.sampled_from((0.0, 0.3, 2.0)),
        "volume_share": st.sampled_from((None, 0.05, 1.0)), "mid_bar": st.sampled_from(("unfavorable", "by_color", "whole_range", "nothing")),
        "marketable_limits": st.sampled_from(("market", "own_price")),
        "execution": st.sampled_from(("next_event", "next_open", "this_close")), "same_bar_follow_ups": st.booleans(),
        "limit_fills": st.sampled_from(("through", "queue", "touch")),
    }).filter(lambda more: more.get("execution", NAMED[name].execution) != "this_close" or not more.get("same_bar_follow_ups", NAMED[name].same_bar_follow_ups))
    .map(lambda more: changed(NAMED[name], **more)))


@st.composite
def events(draw: st.DrawFn, number: int, kinds: Sequence[str] = ("tick", "trade", "bar", "book")) -> MarketData:
    kind, at_ns = draw(st.sampled_from(kinds)), (number + 1) * MINUTE
    one = draw(prices)
    if kind == "tick":
        return Tick(SYMBOL, at_ns, one, one + draw(st.sampled_from((0.5, 2.0))))
    if kind == "trade":
        return Trade(SYMBOL, at_ns, one, draw(sizes), draw(st.booleans()))
    if kind == "book":
        return Book(SYMBOL, at_ns, tuple((one - step / 2, draw(sizes)) for step in range(1, 4)), tuple((one + step / 2, draw(sizes)) for step in range(3)))
    rest = sorted((draw(prices), draw(prices), one, draw(prices)))
    opened, close = draw(st.permutations(rest[1:3]))
    return Bar(SYMBOL, at_ns - MINUTE, at_ns, opened, rest[3], rest[0], close, draw(volumes))


@st.composite
def orders(draw: st.DrawFn, name: str) -> Ordered:
    more: dict[str, Any] = {}
    kind = draw(st.sampled_from(("market", "market", "limit", "limit", "stop", "stop_limit", "value")))
    if kind in ("limit", "stop_limit"):
        more["limit"] = draw(prices)
    if kind in ("stop", "stop_limit"):
        more["stop"] = draw(prices)
    if kind == "value":
        more["value"] = draw(st.sampled_from((5, 333, 2500)))
    more["time_in_force"] = draw(st.sampled_from(TimeInForce))
    if kind == "limit" and more["time_in_force"] is TimeInForce.GTC:
        more["post_only"] = draw(st.booleans())
    return draw(st.sampled_from((buy, sell)))(name, draw(st.sampled_from(("0.1", "1", "7.5"))), **more)


@st.composite
def stories(draw: st.DrawFn) -> list[list[Any]]:
    """Return for each of a few events the event, and what is ordered and canceled after it."""
    story: list[list[Any]] = []
    names: list[str] = []
    for number in range(draw(st.integers(2, 6))):
        steps: list[Any] = [draw(events(number))]
        for _ in range(draw(st.integers(0, 2))):
            names.append(f"o{len(names)}")
            steps.append(draw(orders(names[-1])))
        if names and draw(st.booleans()):
            steps.append(Canceled(draw(st.sampled_from(names))))
        story.append(steps)
    return story


def tell(desk: Desk, story: list[list[Any]]) -> list[list[str]]:
    told = []
    for event, *steps in story:
        told.append(desk.hear(event))
        for step in steps:
            desk.do(step)
    return told


def assert_price_is_allowed(desk: Desk, name: str, before: Totals, after: Totals, event: MarketData, model: FillModel) -> None:
    request = desk.requests[name]
    value, quantity = after.filled_value - before.filled_value, after.filled_quantity - before.filled_quantity
    sign = int(request.side)
    if request.limit is not None:
        assert (request.limit * quantity - value) * sign >= 0, "worse than its limit"
    if isinstance(event, Bar) and model.execution != "this_close":
        best = D(str(event.low if sign > 0 else event.high))
        assert (value - best * quantity) * sign >= 0, "better than anything the bar saw"
    if isinstance(event, Tick) and request.limit is None:
        quote = D(str(event.ask if sign > 0 else event.bid))
        assert (value - quote * quantity) * sign >= 0 or model.execution == "this_close", "better than the quote"


@settings(max_examples=400, deadline=None, database=None)
@given(stories(), models, st.sampled_from(FeeCurrency))
def test_totals_only_grow_stay_within_the_order_and_prices_within_the_rules(story: list[list[Any]], model: FillModel, fees: FeeCurrency) -> None:
    instrument = msgspec.structs.replace(INSTRUMENT, fee_currency=fees)
    desk = Desk(model, instrument)
    known: dict[str, Totals] = {}
    for event, *steps in story:
        heard = len(desk.updates)
        desk.hear(event)        # checks each answer against the table of order states
        for answered in desk.updates[heard:]:
            update = answered.update
            if update.totals is None:
                continue
            name, totals, request = update.client_order_id, update.totals, desk.requests[update.client_order_id]
            before = known.get(name, Totals())
            assert totals.filled_quantity >= before.filled_quantity
            assert totals.filled_quantity % instrument.quantity_step == 0
            if request.quantity is not None:
                assert totals.filled_quantity <= request.quantity
            else:
                assert request.value is not None
                assert totals.filled_value <= request.value
            taken = totals.filled_quantity if fees is FeeCurrency.BASE else totals.filled_value
            paid = sum(totals.fees.values(), D(0))
            assert instrument.maker_fee * taken <= paid <= instrument.taker_fee * taken + D("1e-7")
            if totals.filled_quantity > before.filled_quantity:
                assert_price_is_allowed(desk, name, before, totals, event, model)
            known[name] = totals
        for step in steps:
            desk.do(step)


@settings(max_examples=200, deadline=None, database=None)
@given(stories(), models, st.data())
def test_what_comes_later_changes_nothing_that_was_answered(story: list[list[Any]], model: FillModel, data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(story)))
    other = [[data.draw(events(number)), *story[number][1:]] for number in range(cut, len(story))]
    assert tell(Desk(model), story)[:cut] == tell(Desk(model), story[:cut] + other)[:cut]


@settings(max_examples=300, deadline=None, database=None)
@given(stories(), models, st.sampled_from(FeeCurrency))
def test_no_money_appears(story: list[list[Any]], model: FillModel, fees: FeeCurrency) -> None:
    begin = {"EUR": D(700), "XBT": D(5)}
    instrument = msgspec.structs.replace(INSTRUMENT, fee_currency=fees)
    account = PaperAccount(begin)
    desk = Desk(model, instrument, account)
    # What was filled at the very event it was decided on is told at the next one.
    tell(desk, [*story, [Tick(SYMBOL, 100 * MINUTE, math.nan, math.nan)]])
    ends: dict[str, Totals] = {event.update.client_order_id: event.update.totals for event in desk.updates if event.update.totals is not None}
    moved = {"EUR": D(0), "XBT": D(0)}
    for name, totals in ends.items():
        sign = int(desk.requests[name].side)
        moved["XBT"] += sign * totals.filled_quantity
        moved["EUR"] -= sign * totals.filled_value
        for currency, fee in totals.fees.items():
            moved[currency] -= fee
    balances = account.balances()
    assert {one: held.total - begin[one] for one, held in balances.items()} == moved
    # Only the fee of a sale in counter, or of a buy in base, is taken from what the same fill brought.
    assert all(held.total >= 0 for held in balances.values())
    assert sum((one.quantity * one.side for one in account.trades), D(0)) == sum((ends[name].filled_quantity * desk.requests[name].side for name in ends), D(0))


@settings(max_examples=400, deadline=None, database=None)
@given(st.data(), st.sampled_from((0.0, 0.05, 25.0)), st.sampled_from(("tick", "trade", "bar", "book")))
def test_the_pessimist_is_never_better_off_than_the_others_with_one_order_at_one_event(data: st.DataObject, latency: float, kind: str) -> None:
    order, first, event = data.draw(orders("o")), data.draw(events(0, [kind])), data.draw(events(1, [kind]))
    # A post-only order may be better off refused: the price that moves against a taker moves out of its way.
    order.more.pop("post_only", None)
    filled, costs = [], []
    for name in SETS:
        desk = Desk(changed(NAMED[name], latency_seconds=latency))
        tell(desk, [[first, order], [event]])
        totals = desk.updates[-1].update.totals if desk.updates else None
        filled.append(totals.filled_quantity if totals else D(0))
        costs.append(totals.filled_value / totals.filled_quantity * order.side if totals and totals.filled_quantity else None)
    if "value" not in order.more or order.side is Side.BUY:
        assert filled[0] <= filled[1] <= filled[2]
    known = [cost for cost in costs if cost is not None]
    if kind != "book":      # in a book the smaller part of an order is the cheaper one
        assert known == sorted(known, reverse=True)


@settings(max_examples=300, deadline=None, database=None)
@given(st.data(), st.sampled_from(SETS), st.sampled_from((0.0, 0.05, 25.0)))
def test_the_short_way_of_a_market_order_says_what_the_long_way_says(data: st.DataObject, name: str, latency: float) -> None:
    order = data.draw(st.sampled_from((buy, sell)))("o", data.draw(st.sampled_from(("0.1", "7.5"))))
    story = [[data.draw(events(number, ["tick", "bar"]))] for number in range(3)]
    story[0].append(order)
    short, long = (Desk(changed(NAMED[name], latency_seconds=latency)) for _ in range(2))
    long.venue._is_plain = False
    assert tell(short, story) == tell(long, story)
    assert [one.update for one in short.updates] == [one.update for one in long.updates]
    assert short.venue.is_busy is long.venue.is_busy


@settings(max_examples=600, deadline=None, database=None)
@given(st.lists(st.sampled_from(("tick", "trade", "bar", "bar")), min_size=2, max_size=5), st.data(), models, st.booleans())
def test_where_orders_meet_the_rest_of_a_bar_a_stop_and_a_target_that_fill_whole_never_both_do(
        kinds: list[str], data: st.DataObject, model: FillModel, is_laid_with_the_entry: bool) -> None:
    low, high = sorted((data.draw(prices), data.draw(prices)))
    bracket = data.draw(st.permutations([sell("stop", stop=low), sell("target", limit=high + 0.5)]))
    entry = data.draw(st.sampled_from((buy("entry"), buy("entry", limit=data.draw(prices)), buy("entry", stop=data.draw(prices)))))
    execution = "next_open" if model.execution == "this_close" else model.execution
    desk = Desk(changed(model, execution=execution, same_bar_follow_ups=True, latency_seconds=0.0, volume_share=None))
    in_answer: dict[str, list[Ordered | Canceled]] = {
        "entry": [] if is_laid_with_the_entry else bracket, "stop": [Canceled("target")], "target": [Canceled("stop")]}
    for number, kind in enumerate(kinds):
        desk.hear(data.draw(events(number, [kind])), in_answer)
        if number == 0:
            for step in (entry, *(bracket if is_laid_with_the_entry else ())):
                desk.do(step)
    filled = [one.update.client_order_id for one in desk.updates if one.update.answer is Answer.FILLED]
    assert not {"stop", "target"} <= set(filled)
