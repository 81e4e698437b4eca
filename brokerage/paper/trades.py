"""How orders meet public trades: a trade's price is a quote with an assumed spread around it, and what it moves is all there is to take."""

from brokerage.paper.pit import Pit
from brokerage.paper.quotes import meet_quote
from brokerage.paper.working_order import Stage, WorkingOrder
from trading_system.core.market_data import Trade

_RESTING = Stage.RESTING


def meet_trade(pit: Pit, trade: Trade) -> None:
    """Let every order that has arrived meet a trade. Where ticks or books come too, takers and stops wait for those."""
    price = trade.price
    if price != price:
        return
    pit.limit_volume(trade.quantity)
    for order in pit.orders:
        if order.arrives_ns > trade.time_ns:
            continue
        if order.stage is _RESTING and order.limit == order.limit:
            _meet_maker(pit, order, trade)
        elif not pit.is_quoted:
            meet_quote(pit, order, pit.quote(price, order.sign), price)


def _meet_maker(pit: Pit, order: WorkingOrder, trade: Trade) -> None:
    beyond = (order.limit - trade.price) * order.sign
    if beyond > 0 or (beyond == 0 and pit.is_touch_enough):
        pit.make(order)
    elif beyond == 0 and pit.has_queue and trade.is_buy is (order.sign < 0):
        # The taker came to our side at our price: who stood before us was served first.
        if order.ahead >= trade.quantity:
            order.ahead -= trade.quantity
        else:
            reaches_us, order.ahead = trade.quantity - order.ahead, 0.0
            pit.make(order, reaches_us)
