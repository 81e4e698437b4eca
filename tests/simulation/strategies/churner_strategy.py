"""Orders, changes its mind and orders again, near the limit of its money; it keeps its own count of what it holds, to hold it against ours."""

from decimal import Decimal

from trading_system import Fill, Order, StrategyBase, Tick


class ChurnerStrategy(StrategyBase):
    """Keeps orders around the price on both sides, whatever state the others are in. `held` is its own count of what it holds of
    the symbols in `counted`; `rounded_up` tells of an order for more than was asked for."""

    class Params(StrategyBase.Params, frozen=True):
        """`kind` is limit, quote, market or all; at most `count` orders of about `size` base units stand, `pace` are placed a tick."""

        kind: str = "all"
        size: float = 1.0
        count: int = 6
        pace: int = 2

    class State(StrategyBase.State):
        """How many fills were heard of, over all lives."""

        heard: int = 0

    params: Params
    state: State

    def on_start(self) -> None:
        """Begin to count from what is there."""
        self.turn = 0
        self.rounded_up = ""
        self.counted: set[str] = set()
        self.held = {symbol: position.exact.quantity for symbol, position in self.positions.items()}

    def on_tick(self, tick: Tick) -> None:
        """Withdraw some, place some."""
        if not 0 < tick.bid <= tick.ask:
            return
        if tick.symbol not in self.counted:
            # Capital in coins becomes a position at the first price: from here on only fills change it.
            self.counted.add(tick.symbol)
            self.held[tick.symbol] = self.positions[tick.symbol].exact.quantity
        standing = [order for order in self.orders if order.symbol == tick.symbol]
        self.turn += 1
        for place, order in enumerate(standing):
            if (place + self.turn) % 4 == 0 and not order.is_canceling:
                self.cancel(order)
        for _ in range(min(self.params.pace, self.params.count - len(standing))):
            self.turn += 1
            order = self.place(tick, self.turn, quantity := self.quantity(tick.symbol))
            if order.request.quantity is not None and order.request.quantity > Decimal(repr(quantity)):
                self.rounded_up = f"{quantity} was asked for and {order.client_order_id} is for {order.request.quantity}"

    def quantity(self, symbol: str) -> float:
        """Return what to order, a little beside the grid so that it has to be rounded."""
        return (float(self.instrument(symbol).min_quantity) + self.params.size * (1 + self.turn % 3) / 2) * 1.0000007

    def place(self, tick: Tick, turn: int, quantity: float) -> Order:
        """Place the next order: sides take turns, and so do prices that trade at once, in part, later or never."""
        verb, toward = (self.buy, 1) if turn % 2 else (self.sell, -1)
        near, far = (tick.ask, tick.bid) if toward > 0 else (tick.bid, tick.ask)
        kind = self.params.kind if self.params.kind != "all" else ("limit", "quote", "market")[turn // 2 % 3]
        tag = f"{self.name}.{turn}"
        if kind == "market" and turn % 4 == 1:
            return self.buy(tick.symbol, value=quantity * tick.ask, tag=tag)
        if kind == "market":
            return verb(tick.symbol, quantity, tag=tag)
        if kind == "quote" and turn % 4 == 0:
            return verb(tick.symbol, quantity, limit=near, time_in_force="IOC", tag=tag)
        if kind == "quote":
            return verb(tick.symbol, quantity, limit=far, post_only=True, tag=tag)
        if turn // 2 % 3 == 0:
            return verb(tick.symbol, quantity, limit=near * (1 + toward * 0.002), tag=tag)
        if turn // 2 % 3 == 1:
            return verb(tick.symbol, quantity, limit=near, tag=tag)
        return verb(tick.symbol, quantity, limit=far * (1 - toward * 0.004 * (turn % 5)), tag=tag)

    def on_fill(self, fill: Fill) -> None:
        """Go on with our own count of what we hold."""
        self.state.heard += 1
        base, amounts = self.instrument(fill.symbol).base, fill.exact
        self.held[fill.symbol] = self.held.get(fill.symbol, 0) + int(fill.side) * amounts.quantity - amounts.fees.get(base, 0)
