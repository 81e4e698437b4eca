"""Wants a number of orders to come about, each exactly once, and decides afresh only where one is proved never to have lived."""

from collections import deque

from trading_system import Order, StrategyBase

_NEVER_LIVED = ("NOT_PLACED", "DENIED", "REJECTED")


class IntentsStrategy(StrategyBase):
    """Lays intent after intent, numbered by the tag: buys and sales at the market, and limit orders far from it that are canceled later."""

    class Params(StrategyBase.Params, frozen=True):
        """How many `intents`, how many orders `at_once`; without `repeats` it decides afresh only when somebody sets `may_repeat`."""

        intents: int = 100
        at_once: int = 20
        repeats: bool = True

    params: Params

    def on_start(self) -> None:
        """Begin with the first intent."""
        self.wanted = deque(range(self.params.intents))
        self.again: deque[int] = deque()
        self.over = 0
        self.may_repeat = self.params.repeats

    def on_heartbeat(self) -> None:
        """Order what is still wanted; cancel what stands far from the market."""
        symbol = self.symbols[0]
        if self.market[symbol].tick is None:
            return
        for order in list(self.orders):
            if order.state.name == "OPEN" and not order.is_canceling:
                self.cancel(order)
        while len(self.orders) < self.params.at_once and (number := self._next()) is not None:
            if self._lay(symbol, number).is_done:
                break                       # denied: there is another beat

    def on_order(self, order: Order) -> None:
        """Take an intent up again whose order never lived."""
        if order.is_done and order.state.name in _NEVER_LIVED:
            self.again.append(int(order.tag))
        elif order.is_done:
            self.over += 1

    @property
    def is_finished(self) -> bool:
        """Tell whether nothing is wanted any more and no order is open."""
        return not self.wanted and not self.again and not len(self.orders)

    def _next(self) -> int | None:
        if self.wanted:
            return self.wanted.popleft()
        return self.again.popleft() if self.again and self.may_repeat else None

    def _lay(self, symbol: str, number: int) -> Order:
        smallest, tick, tag = self.instrument(symbol).min_quantity, self.market[symbol].tick, str(number)
        quantity = smallest * (1 + number % 7)
        kind = number % 4
        if kind == 0:
            return self.buy(symbol, quantity, tag=tag)
        if kind == 1:
            return self.sell(symbol, quantity, limit=tick.bid * 0.98, time_in_force="IOC", tag=tag)
        if kind == 2:
            return self.buy(symbol, quantity, limit=tick.bid * 0.9, tag=tag)
        return self.sell(symbol, quantity, limit=tick.ask * 1.1, tag=tag)
