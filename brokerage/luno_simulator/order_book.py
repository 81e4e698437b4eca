"""The limit order book of one market, by price and then by time; called by `trading_floor.py`. It decides who trades
with whom at which price, and must never touch money."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from brokerage.luno_simulator.order import ZERO, Order, Side


@dataclass(frozen=True, slots=True)
class Match:
    """A taker and a maker agree on a base volume at the maker's price."""

    maker: Order
    price: Decimal
    base: Decimal
    counter: Decimal


class OrderBook:
    """The resting orders of one market, best price first and, at one price, oldest first."""

    def __init__(self) -> None:
        # Prices ascend on both sides: the best ask is the first, the best bid the last. A dict keeps the order of
        # arrival.
        self._prices: dict[Side, list[Decimal]] = {Side.BID: [], Side.ASK: []}
        self._levels: dict[Side, dict[Decimal, dict[str, Order]]] = {Side.BID: {}, Side.ASK: {}}

    def add(self, order: Order) -> None:
        """Let an order rest behind those that lie at its price. It must not cross the other side."""
        levels = self._levels[order.side]
        level = levels.get(order.limit_price)
        if level is None:
            level = levels[order.limit_price] = {}
            insort(self._prices[order.side], order.limit_price)
        level[order.order_id] = order

    def remove(self, order: Order) -> None:
        """Take an order out of the book; raise KeyError when it is not in it."""
        levels = self._levels[order.side]
        level = levels[order.limit_price]
        del level[order.order_id]
        if not level:
            del levels[order.limit_price]
            prices = self._prices[order.side]
            del prices[bisect_left(prices, order.limit_price)]

    def best_price(self, side: Side) -> Decimal:
        """Return the best price of a side; zero when the side is empty, as the venue writes it."""
        prices = self._prices[side]
        if not prices:
            return ZERO
        return prices[-1] if side is Side.BID else prices[0]

    def orders(self, side: Side) -> Iterator[Order]:
        """Yield the resting orders of a side in the order in which they would trade."""
        prices = self._prices[side]
        for price in reversed(prices) if side is Side.BID else iter(prices):
            yield from self._levels[side][price].values()

    def levels(self, side: Side) -> Iterator[tuple[Decimal, Decimal]]:
        """Yield price and total remaining volume of each level of a side, best first."""
        prices = self._prices[side]
        for price in reversed(prices) if side is Side.BID else iter(prices):
            yield price, sum((order.remaining for order in self._levels[side][price].values()), ZERO)

    def rows(self, side: Side) -> Iterator[tuple[Decimal, Decimal]]:
        """Yield price and remaining volume of each order of a side, best first."""
        for order in self.orders(side):
            yield order.limit_price, order.remaining

    def crosses(self, order: Order) -> bool:
        """Tell whether the order would trade if it came in now."""
        best = self.best_price(order.side.opposite)
        return best > 0 and order.accepts(best)

    def can_fill(self, order: Order, self_trade: str = "allow") -> bool:
        """Tell whether the book could fill the whole of an order that has not traded yet, within its limit.

        For a market buy: whether the asks are worth at least the amount it spends. Orders of the same owner count only
        where `self_trade` allows it; with "cancel_taker" nothing behind the first of them is reached.
        """
        missing = order.counter_budget if order.is_market_buy else order.remaining
        for maker in self.orders(order.side.opposite):
            if missing <= 0 or not order.accepts(maker.limit_price):
                break
            if self_trade != "allow" and maker.owner == order.owner:
                if self_trade == "cancel_taker":
                    break
                continue
            missing -= maker.limit_price * maker.remaining if order.is_market_buy else maker.remaining
        return missing <= 0

    def match(self, taker: Order) -> Iterator[Match]:
        """Yield, best price first, each trade of an incoming order.

        Both orders' totals must have been raised by the caller before the next one is asked for. A maker that is
        filled by it leaves the book; the taker never enters it here.
        """
        other = taker.side.opposite
        prices = self._prices[other]
        while prices:
            price = prices[-1] if other is Side.BID else prices[0]
            wanted = taker.wanted_at(price) if taker.accepts(price) else ZERO
            if wanted <= 0:
                return
            maker = next(iter(self._levels[other][price].values()))
            base = min(wanted, maker.remaining)
            yield Match(maker, price, base, price * base)
            if maker.remaining <= 0:
                self.remove(maker)
