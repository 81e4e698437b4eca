"""The strategies whose runs backtesting.py published, written for our engine from the rules that stand beside their results.

Two things of that engine are no orders of ours, so the strategies are told of them. It decides how many units to trade when an order fills,
from the price it fills at: `opens` holds the open of every bar, and the units are reckoned from the next one. And it closes what is open at
the end at the open of the last bar: the same trade is ordered here one bar before.
"""

import math

from trading_system.core.market_data import Bar
from trading_system.core.order import Fill
from trading_system.strategy_host.strategy_base import StrategyBase


class Published(StrategyBase):
    """Keeps the bars, the curve and the units; `decide` is the strategy's own rule. A stop and a target end each other."""

    class Params(StrategyBase.Params, kw_only=True):
        opens: list[float]
        fee: float = 0.0
        size: float = 1.0

    def on_start(self) -> None:
        self.closes: list[float] = []
        self.highs: list[float] = []
        self.lows: list[float] = []
        self.curve: list[float] = []
        self.stop = self.target = math.nan

    def on_bar(self, bar: Bar) -> None:
        self.closes.append(bar.close)
        self.highs.append(bar.high)
        self.lows.append(bar.low)
        self.curve.append(self.equity)
        left = len(self.params.opens) - len(self.closes)
        if left == 1:
            self.close()
        elif left:
            self.decide(bar)

    def decide(self, bar: Bar) -> None:
        """Order what the rule says."""
        raise NotImplementedError

    def on_fill(self, fill: Fill) -> None:
        if fill.tag != "entry":
            # What guarded the trade is over; the entry that turns round may fill at this very open.
            for order in self.orders:
                if order.tag != "entry":
                    self.cancel(order)
            return
        exit_way = self.sell if fill.quantity * fill.side > 0 else self.buy
        if self.stop == self.stop:
            exit_way(fill.symbol, fill.quantity, stop=self.stop)
        if self.target == self.target:
            exit_way(fill.symbol, fill.quantity, limit=self.target)

    @property
    def held(self) -> float:
        return self.positions[self.symbols[0]].quantity

    def close(self) -> None:
        """Leave at the next open, without what waits to end the trade."""
        self.cancel_all()
        if self.held:
            (self.sell if self.held > 0 else self.buy)(self.symbols[0], abs(self.held))

    def enter(self, sign: int, stop: float = math.nan, target: float = math.nan) -> None:
        """Trade as many units at the next open as the size's share of what is owned pays for there, fee included."""
        price = self.params.opens[len(self.closes)]
        self.stop, self.target = stop, target
        owned = self.equity + self.held * (price - self.closes[-1])
        self.order(sign, owned, price, None)

    def order(self, sign: int, owned: float, price: float, limit: float | None) -> None:
        """Order whole units."""
        units = owned * self.params.size // (price * (1.0 + self.params.fee))
        (self.buy if sign > 0 else self.sell)(self.symbols[0], units, limit=limit, tag="entry")


def mean(values: list[float], count: int, back: int = 0) -> float:
    """Return the mean of the last `count` values, `back` values ago; nan without enough."""
    end = len(values) - back
    return math.fsum(values[end - count:end]) / count if end >= count else math.nan


class SmaCross(Published):
    """Turns round whenever the fast average crosses the slow one."""

    class Params(Published.Params, kw_only=True):
        fast: int
        slow: int

    def cross(self) -> int:
        """Return 1 or -1 where the averages crossed with this bar, else 0."""
        fast, slow = self.params.fast, self.params.slow
        before = mean(self.closes, fast, 1) - mean(self.closes, slow, 1)
        now = mean(self.closes, fast) - mean(self.closes, slow)
        return (before < 0 < now) - (before > 0 > now)

    def decide(self, bar: Bar) -> None:
        cross = self.cross()
        if cross:
            self.close()
            self.enter(cross)


class SmaBracket(SmaCross):
    """Enters at a cross with a stop and a target around the close."""

    class Params(SmaCross.Params, kw_only=True):
        sl: float
        tp: float

    def decide(self, bar: Bar) -> None:
        cross = self.cross()
        if cross and not self.held:
            self.enter(cross, bar.close * (1 - cross * self.params.sl), bar.close * (1 + cross * self.params.tp))


class Breakout(Published):
    """Enters beyond the range of the last n bars with a stop at its other end, and leaves when a close is beyond that."""

    class Params(Published.Params, kw_only=True):
        n: int

    def decide(self, bar: Bar) -> None:
        n = self.params.n
        if len(self.closes) <= n:
            return
        top, bottom = max(self.highs[-n - 1:-1]), min(self.lows[-n - 1:-1])
        if not self.held:
            if bar.close > top:
                self.enter(1, bottom)
            elif bar.close < bottom:
                self.enter(-1, top)
        elif (self.held > 0 and bar.close < bottom) or (self.held < 0 and bar.close > top):
            self.close()


class LimitDip(Published):
    """Bids below the average when flat, anew with each bar; sells after `hold` bars."""

    class Params(Published.Params, kw_only=True):
        n: int
        off: float
        hold: int

    def on_start(self) -> None:
        super().on_start()
        self.entered = 0

    def on_fill(self, fill: Fill) -> None:
        # The bar that fills is not among the closes yet.
        self.entered = len(self.closes)

    def decide(self, bar: Bar) -> None:
        self.cancel_all()
        if self.held:
            if len(self.closes) - 1 - self.entered >= self.params.hold:
                self.close()
        elif len(self.closes) > self.params.n:
            limit = mean(self.closes, self.params.n) * (1 - self.params.off)
            self.order(1, self.equity, min(limit, self.params.opens[len(self.closes)]), limit)
