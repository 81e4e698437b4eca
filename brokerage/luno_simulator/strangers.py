"""What other people do at the worst moment: trade with exactly this order, be quicker, use the customer's account by hand;
called by the kinds of faults. Every trade goes the exchange's own way, so no coin is made or lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.market_status import MarketStatus
from brokerage.luno_simulator.order import ZERO, Order, Side, Status, TimeInForce, whole_lots
from brokerage.luno_simulator.trading_floor import TradingFloor


def trade_with(exchange: Exchange, order: Order, base: Decimal) -> bool:
    """Let somebody trade `base` with an order that rests, at its price, ahead of all others; tell whether it came to that."""
    floor = exchange.floors[order.market.pair]
    base = min(_lots(order, base), order.remaining)
    if order.status is not Status.PENDING or floor.status is not MarketStatus.ACTIVE or base <= 0:
        return False
    traded_before = order.base
    with _first_in_line(exchange, floor, order):
        other = exchange.new_crowd_order(order.market, order.side.opposite, order.limit_price, base, TimeInForce.IOC)
        floor.execute(other, exchange.now_ms)
    return order.base > traded_before


def trade_with_oneself(exchange: Exchange, order: Order, base: Decimal) -> bool:
    """Let the customer's own hand place the other side of an order that rests, ahead of all others; tell whether it could.

    What comes of it is the quirk `self_trade`'s business. Raise Rejection when the hand's order is refused.
    """
    floor = exchange.floors[order.market.pair]
    base = min(max(_lots(order, base), order.market.min_volume), order.remaining)
    if order.status is not Status.PENDING or floor.status is not MarketStatus.ACTIVE or base < order.market.min_volume:
        return False
    with _first_in_line(exchange, floor, order):
        exchange.place_limit(order.market.pair, order.side.opposite, order.limit_price, base, time_in_force=TimeInForce.IOC)
    return True


def be_quicker(exchange: Exchange, pair: str, side: Side, price: Decimal, left: Decimal) -> bool:
    """Take what an order of this side and price would meet, but for `left` of base; tell whether anything was taken."""
    floor = exchange.floors[pair]
    reach = [
        volume
        for level, volume in floor.book.levels(side.opposite)
        if (level <= price if side.is_buy else level >= price)
    ]
    taken = sum(reach, ZERO) - left
    if taken <= 0 or floor.status is not MarketStatus.ACTIVE:
        return False
    floor.execute(exchange.new_crowd_order(floor.market, side, price, taken, TimeInForce.IOC), exchange.now_ms)
    return True


def quote_for_a_moment(exchange: Exchange, pair: str, side: Side, price: Decimal) -> Order:
    """Put somebody's quote into the book without letting it trade; it must be taken out again before anything else happens."""
    market = exchange.floors[pair].market
    order = exchange.new_crowd_order(market, side, price, market.min_volume, TimeInForce.GTC)
    exchange.floors[pair].book.add(order)
    return order


def order_by_hand(exchange: Exchange, pair: str, side: Side, is_market: bool) -> Order:
    """Place a small order on the customer's account that no program knows of: at the market, or resting one percent away.

    Raise Rejection when it is refused.
    """
    floor = exchange.floor(pair)
    market = floor.market
    # Some more than the smallest, so that a part of it is still an order.
    volume = market.min_volume * 10
    best = floor.book.best_price(side.opposite) or floor.tape.last_price
    if is_market:
        amount = (volume * best).quantize(Decimal("0.01")) if side.is_buy else volume
        return exchange.place_market(pair, side, amount)
    price = whole_lots(best * (Decimal("0.99") if side.is_buy else Decimal("1.01")), market.tick)
    return exchange.place_limit(pair, side, price, volume)


@contextmanager
def _first_in_line(exchange: Exchange, floor: TradingFloor, order: Order) -> Iterator[None]:
    ahead = []
    for other in floor.book.orders(order.side):
        if other is order:
            break
        ahead.append(other)
    for other in ahead:
        floor.book.remove(other)
    try:
        yield
    finally:
        for other in ahead:
            # Not simply added: a stop order that was set off meanwhile may lie across from it.
            floor.execute(other, exchange.now_ms)


def _lots(order: Order, base: Decimal) -> Decimal:
    return max(whole_lots(base, order.market.lot), order.market.lot)
