"""How orders meet ticks and books: whoever takes pays the other side, a resting limit fills when the other side comes to it."""

import math

from brokerage.paper.pit import Pit
from brokerage.paper.working_order import Stage, WorkingOrder
from trading_system.core.market_data import Book, Tick

_NEW, _WAITING, _RESTING, _OVER = Stage


def meet_tick(pit: Pit, tick: Tick) -> None:
    """Let every order that has arrived meet the best bid and ask, which fill any size."""
    pit.is_quoted = True
    pit.left = [0.0, math.inf, math.inf]
    time_ns, ask, bid = tick.time_ns, tick.ask, tick.bid
    for order in pit.orders:
        quote = ask if order.sign > 0 else bid
        if order.arrives_ns <= time_ns and quote == quote:
            meet_quote(pit, order, quote, quote)


def meet_quote(pit: Pit, order: WorkingOrder, quote: float, mark: float) -> None:
    """Let one order meet what a taker is quoted; stops look at `mark`."""
    stage = order.stage
    if stage is _NEW:
        pit.enter(order, quote, mark)
    elif stage is _WAITING:
        if (mark - order.stop) * order.sign >= 0:
            pit.trade(order, quote)
    elif stage is _RESTING:
        limit = order.limit
        if limit != limit:
            pit.take(order, quote)
        elif (beyond := (limit - quote) * order.sign) > 0 or (pit.is_touch_enough and beyond == 0):
            pit.make(order)


def meet_book(pit: Pit, book: Book) -> None:
    """Let every order that has arrived meet the levels shown, less what we took of them while they stood."""
    pit.is_quoted = True
    pit.left = [0.0, math.inf, math.inf]
    levels = pit.levels = [[], _less(book.asks, pit.taken[1]), _less(book.bids, pit.taken[-1])]
    # What stands before us at our price is at most what the book shows there.
    own_sides = [(), book.bids, book.asks]
    for order in pit.orders:
        if order.arrives_ns > book.time_ns or order.stage is _OVER:
            continue
        sign = order.sign
        side = levels[sign]
        if side and (order.stage is not _RESTING or order.limit != order.limit):
            meet_quote(pit, order, side[0][0], side[0][0])
        elif side:
            _meet_levels(pit, order, side)
        if pit.has_queue and order.stage is _RESTING and order.limit == order.limit:
            _see_queue(order, own_sides[sign])
    pit.levels = None


def _meet_levels(pit: Pit, order: WorkingOrder, side: list[list[float]]) -> None:
    for level in side:
        price, available = level
        beyond = (order.limit - price) * order.sign
        if order.stage is _OVER or beyond < 0 or (beyond == 0 and not pit.is_touch_enough):
            return
        if available > 0:
            before = order.filled
            pit.make(order, available)
            pit.use(order.sign, level, float(order.filled - before))


def _less(shown: tuple[tuple[float, float], ...], taken: dict[float, float]) -> list[list[float]]:
    if taken:
        # A level that went away and comes back is a new one.
        prices = {price for price, _ in shown}
        for price in [price for price in taken if price not in prices]:
            del taken[price]
    left = [[price, quantity - taken.get(price, 0.0)] for price, quantity in shown]
    return [level for level in left if level[1] > 0]


def _see_queue(order: WorkingOrder, shown: tuple[tuple[float, float], ...]) -> None:
    if shown and (order.limit - shown[-1][0]) * order.sign >= 0:
        order.ahead = min(order.ahead, sum(quantity for price, quantity in shown if price == order.limit))
