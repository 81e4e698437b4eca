"""The paper venue beside its prices: when it must be heard, what it says of an order, fees, refusals, the account, the named sets."""

from decimal import Decimal

import msgspec
import pytest

from brokerage.paper.account import PaperAccount
from brokerage.paper.fill_model import NAMED, fill_model
from brokerage.paper.venue import FillVenue
from tests.unit.brokerage.paper.paper_stories import INSTRUMENT, PLAIN, SYMBOL, Desk, bar, buy, changed, sell, tick
from trading_system.core.actions import LookUpOrders
from trading_system.core.instrument import FeeCurrency
from trading_system.core.order_update import Answer, Totals
from trading_system.core.ports import PaperVenue
from trading_system.core.side import Side

D = Decimal


def test_it_is_the_venue_of_the_house_and_busy_only_while_something_works() -> None:
    desk = Desk()
    venue: PaperVenue = desk.venue
    assert not venue.is_busy
    desk.order(buy("b", limit=90))
    assert venue.is_busy
    assert venue.hear(msgspec.structs.replace(tick(1, 99, 100), symbol="OTHER.paper")) == ()
    desk.hear(tick(2, 99, 100))
    assert venue.is_busy
    desk.hear(tick(3, 88, 89))
    assert not venue.is_busy
    assert FillVenue([INSTRUMENT], changed(PLAIN, execution="this_close")).is_busy


def test_an_event_that_changes_nothing_is_answered_by_nothing_and_hands_out_no_list_of_its_own() -> None:
    desk = Desk()
    desk.order(buy("b", limit=90))
    desk.hear(tick(1, 99, 100))
    heard = desk.venue.hear(tick(2, 99, 100))
    desk.order(buy("too_small", D("0.05")))
    assert list(heard) == []
    assert [event.update.answer for event in desk.venue.hear(tick(3, 99, 100))] == [Answer.REJECTED]


@pytest.mark.parametrize(("fee_currency", "fees"), [(FeeCurrency.COUNTER, {"EUR": D("20.03")}), (FeeCurrency.BASE, {"XBT": D("0.2002")})])
def test_who_takes_pays_the_takers_fee_in_the_currency_of_the_venue(fee_currency: FeeCurrency, fees: dict[str, Decimal]) -> None:
    instrument = msgspec.structs.replace(INSTRUMENT, fee_currency=fee_currency, taker_fee=D("0.002"))
    desk = Desk(instrument=instrument)
    desk.order(buy("b", D("100.1")))
    desk.hear(tick(1, 99.5, 100))
    totals = desk.updates[-1].update.totals
    assert totals is not None
    assert totals == Totals(D("100.1"), D("10010.00"), {"EUR": D("20.02")} if fee_currency is FeeCurrency.COUNTER else fees)


def test_a_resting_order_pays_the_makers_fee_and_a_fee_is_rounded_up_at_the_eighth_decimal() -> None:
    desk = Desk(instrument=msgspec.structs.replace(INSTRUMENT, maker_fee=D("0.000000001")))
    desk.order(buy("b", limit=99))
    desk.hear(tick(1, 99, 100))
    desk.hear(tick(2, 98, 98.5))
    assert desk.updates[-1].update.totals == Totals(D(1), D(99), {"EUR": D("0.0000001")})
    desk.order(buy("c", D("0.1"), limit=98))
    desk.hear(tick(3, 98, 100))
    desk.hear(tick(4, 97, 97.5))
    assert desk.updates[-1].update.totals == Totals(D("0.1"), D("9.8"), {"EUR": D("0.00000001")})


def test_a_multiplier_counts_in_the_fee_but_not_in_the_value() -> None:
    desk = Desk(instrument=msgspec.structs.replace(INSTRUMENT, multiplier=D(50), is_spot=False))
    desk.order(sell("s"))
    desk.hear(tick(1, 100, 100.5))
    assert desk.updates[-1].update.totals == Totals(D(1), D(100), {"EUR": D(10)})


def test_a_look_up_tells_what_is_held_and_a_list_is_not_answered() -> None:
    desk = Desk()
    resting, stop = desk.order(buy("b", limit=90)), desk.order(sell("s", stop=80))
    desk.hear(tick(1, 99, 100))
    desk.venue.put((), (LookUpOrders("paper"), LookUpOrders("paper", resting), LookUpOrders("paper", stop),
                        LookUpOrders("paper", msgspec.structs.replace(resting, client_order_id="nobody"))))
    updates = [event.update for event in desk.venue.hear(tick(2, 99, 100))]
    assert [(one.client_order_id, one.answer) for one in updates] == [("b", Answer.OPEN), ("s", Answer.WAITING), ("nobody", Answer.NOT_FOUND)]
    assert (updates[0].totals, updates[0].symbol, updates[0].side, updates[0].quantity) == (Totals(), SYMBOL, Side.BUY, D(1))


@pytest.mark.parametrize(("order", "code"), [
    (buy("b", D("0.05")), "too_small"), (buy("b", limit=2_000_000), "price_out_of_range"), (buy("b", stop=D("0.1")), "price_out_of_range"),
    (buy("b", limit=D("100.3")), "other"), (buy("b", D("0.15")), "other"), (buy("b", 200_000), "other"),
    (buy("b", limit=99, stop=100, post_only=True), "other"),
])
def test_what_makes_no_order_is_refused_with_a_reason(order: object, code: str) -> None:
    desk = Desk()
    desk.order(order)  # type: ignore[arg-type]
    assert desk.hear(tick(1, 99, 100)) == [f"b rejected {code}"]
    assert desk.updates[-1].update.reason
    assert not desk.venue.is_busy


def test_an_account_pays_no_more_than_it_holds() -> None:
    account = PaperAccount({"EUR": D(150), "XBT": D(1)})
    desk = Desk(instrument=msgspec.structs.replace(INSTRUMENT, maker_fee=D(0), taker_fee=D(0)), account=account)
    desk.order(buy("b", 2))
    assert desk.hear(tick(1, 99.5, 100)) == ["b canceled 1.5 at 100 insufficient_balance"]
    assert {one: held.total for one, held in account.balances().items()} == {"EUR": D(0), "XBT": D("2.5")}


def test_the_rest_of_a_bar_that_nobody_asked_for_is_met_before_the_next_event() -> None:
    desk = Desk(changed(PLAIN, same_bar_follow_ups=True))
    desk.order(buy("b"))
    desk.order(buy("late", limit=96))
    first = desk.venue.hear(bar(1, 100, 110, 95, 105))
    assert desk.venue.goes_on
    assert [event.update.client_order_id for event in first] == ["b"]
    rest = desk.venue.hear(bar(2, 105, 105, 105, 105))
    assert [(event.update.client_order_id, event.update.answer) for event in rest] == [("late", Answer.FILLED)]
    assert not desk.venue.is_busy


def test_a_named_set_takes_changes_and_refuses_nonsense() -> None:
    assert fill_model() == NAMED["pessimistic"]
    model = fill_model("base", {"latency_seconds": "0.3", "volume_share": None})
    assert (model.latency_seconds, model.volume_share, model.is_improved_by_gap) == (0.3, None, True)
    for name, changes in (("rosy", {}), ("base", {"latency": 1}), ("base", {"slippage_ticks": -1}), ("base", {"mid_bar": "best"}),
                          ("freqtrade", {"execution": "this_close"})):
        with pytest.raises(ValueError):
            fill_model(name, changes)


def test_the_assumptions_are_sentences_that_say_what_the_numbers_are() -> None:
    for name, model in NAMED.items():
        told = FillVenue([], model).assumptions()
        assert all(sentence.endswith(".") and sentence[0].isupper() for sentence in told), name
    told = " ".join(FillVenue([], fill_model("pessimistic", {"latency_seconds": 0.25, "slippage_ticks": 3, "volume_share": 0.07})).assumptions())
    assert "250 ms after the event" in told
    assert "pays 3 price steps more" in told
    assert "at most 7 % of the volume" in told
    assert "only touched does not fill" in told
    assert "only touched fills" in " ".join(FillVenue([], NAMED["optimistic"]).assumptions())
