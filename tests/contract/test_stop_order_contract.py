"""Stop orders at every broker that takes them: they wait outside the book, are listed, and can be canceled."""

import pytest

from tests.contract.accounts import Account
from tests.contract.test_broker_contract import Desk, wait_for
from trading_system.core.errors import OutcomeUnknown
from trading_system.core.order import OrderKind, OrderRequest
from trading_system.core.order_update import Answer, Totals
from trading_system.core.side import Side


@pytest.fixture
def desk(account: Account) -> Desk:
    return Desk(account)


def stop_of(desk: Desk, side: Side) -> OrderRequest:
    """Return a stop order far from the market, on the side of the loss: a buy's above, a sell's below."""
    stop = desk.instrument.price(desk.tick().mid * (2 if side is Side.BUY else 0.5), side)
    return desk.order(OrderKind.STOP_LIMIT, side, quantity=desk.small(), stop=stop, limit=stop)


@pytest.mark.parametrize("side", Side)
def test_a_stop_order_waits_is_listed_and_can_be_canceled(desk: Desk, side: Side) -> None:
    request = stop_of(desk, side)
    venue_order_id = desk.placed(request).venue_order_id
    waiting = desk.until(request, Answer.WAITING)
    listed = wait_for(lambda: desk.listed(request), bool)
    for update in (waiting, listed):
        assert update is not None
        assert (update.answer, update.venue_order_id, update.totals) == (Answer.WAITING, venue_order_id, Totals())
        assert (update.symbol, update.side, update.quantity) == (desk.symbol, side, request.quantity)
    desk.cancel(request, venue_order_id)
    wait_for(lambda: desk.listed(request) is None, bool)


def test_a_waiting_stop_order_is_not_placed_a_second_time_under_its_name(desk: Desk) -> None:
    request = stop_of(desk, Side.SELL)
    venue_order_id = desk.placed(request).venue_order_id
    with pytest.raises(OutcomeUnknown):
        desk.broker.place_order(request)
    assert desk.broker.look_up(request).venue_order_id == venue_order_id
    desk.cancel(request, venue_order_id)
