"""What freqtrade does with a position by rules over whole candles, done with orders: entry, stop, trailing stop, targets by time, exits.

Used by the comparison with freqtrade's own cases; a strategy here sees a candle when it has ended, and orders meet the next one.
"""

import math
from typing import Any

from trading_system.core.market_data import Bar
from trading_system.core.order import Fill
from trading_system.strategy_host.strategy_base import StrategyBase

_MINUTES = 60
#: Columns of a case's candle; cases without shorts have no columns for them.
_ENTER_LONG, _EXIT_LONG, _ENTER_SHORT, _EXIT_SHORT = 6, 7, 8, 9


def stop_price(case: dict[str, Any], entry: float, sign: int, best: float) -> tuple[float, bool]:
    """Return where a case's stop stands when `best` is the best price since the entry, and whether it has trailed away from its beginning."""
    distance = -case["stop_loss"] / case.get("leverage", 1.0)
    initial = entry * (1 - sign * distance)
    stops = [initial]
    if case.get("use_custom_stoploss"):
        # The cases' own stop function answers the stop's distance, which freqtrade takes from the best price.
        stops.append(best * (1 - sign * distance))
    if case.get("trailing_stop"):
        offset, positive = case.get("trailing_stop_positive_offset", 0.0), case.get("trailing_stop_positive")
        is_reached = sign * (best / entry - 1) >= offset
        if is_reached or not case.get("trailing_only_offset_is_reached"):
            stops.append(best * (1 - sign * (positive if positive and is_reached else distance)))
    price = max(stops) if sign > 0 else min(stops)
    return price, price != initial


def target_price(case: dict[str, Any], entry: float, sign: int, minutes: int) -> tuple[float, bool] | None:
    """Return the price of the target in force so many minutes after the entry, and whether it came into force at that very moment."""
    steps = [(int(after), share) for after, share in case["roi"].items() if int(after) <= minutes]
    if not steps:
        return None
    after, share = steps[-1]
    target = entry * (1 + sign * share / case.get("leverage", 1.0))
    # Freqtrade leaves when the profit is more than the target, not when it is as much.
    return math.nextafter(target, sign * math.inf), after == minutes > 0


class CandleTrader(StrategyBase):
    """Follows the signals of a case's candles. `exits` are the reasons of its exits, `began` the candles its entries were ordered for."""

    class Params(StrategyBase.Params):
        case: dict[str, Any]

    params: Params

    def on_start(self) -> None:
        self.case = self.params.case
        self.at = -1
        self.entry = self.best = 0.0
        self.sign = self.entered_at = 0
        self.waits_for = ""
        self.exits: list[str] = []
        self.began: list[int] = []

    def on_bar(self, bar: Bar) -> None:
        self.at += 1
        row = [*self.case["data"][self.at], 0, 0]
        if self.positions[bar.symbol].quantity:
            self.best = max(self.best, bar.high) if self.sign > 0 else min(self.best, bar.low)
            self.hold(bar, bool(self.case.get("use_exit_signal") and row[_EXIT_LONG if self.sign > 0 else _EXIT_SHORT]))
        elif self.waits_for == "entry":
            if "adjust_entry_price" in self.case:
                self.cancel_all()
                self.waits_for = ""
                if self.case["adjust_entry_price"] is not None:
                    self.order(self.sign, bar.symbol, "entry", limit=self.case["adjust_entry_price"])
        elif row[_ENTER_LONG] or row[_ENTER_SHORT]:
            self.sign = 1 if row[_ENTER_LONG] else -1
            self.began.append(self.at + 1)
            self.order(self.sign, bar.symbol, "entry", limit=self.case.get("custom_entry_price"))

    def on_fill(self, fill: Fill) -> None:
        self.waits_for = ""
        if fill.tag == "entry":
            self.entry = self.best = fill.price
            # The clock stands at the end of the candle that filled, the last one seen is the one before.
            self.entered_at = self.at + 1
            self.guard(fill.symbol, fill.price, 0)
        else:
            self.exits.append(fill.tag)
            self.cancel_all()

    def hold(self, bar: Bar, has_exit_signal: bool) -> None:
        """Decide at the end of a candle how the position meets the next one."""
        is_last = self.at == len(self.case["data"]) - 2
        if self.waits_for == "exit_signal":
            if is_last:
                self.cancel_all()
                self.order(-self.sign, bar.symbol, "force_exit")
        elif has_exit_signal:
            self.cancel_all()
            self.order(-self.sign, bar.symbol, "exit_signal", limit=self.case.get("custom_exit_price"))
        else:
            self.cancel_all()
            self.guard(bar.symbol, bar.close, _MINUTES * (self.at + 1 - self.entered_at))

    def guard(self, symbol: str, mark: float, minutes: int) -> None:
        """Place the stop and the target as they are for what comes next; `mark` is the price now."""
        stop, is_trailed = stop_price(self.case, self.entry, self.sign, self.best)
        found = target_price(self.case, self.entry, self.sign, minutes)
        if found is not None and found[1] and (mark - found[0]) * self.sign > 0:
            # A target that comes into force where the market is beyond it already needs no limit.
            self.order(-self.sign, symbol, "roi")
            return
        self.order(-self.sign, symbol, "trailing_stop_loss" if is_trailed else "stop_loss", stop=stop)
        if found is not None:
            self.order(-self.sign, symbol, "roi", limit=max(found[0], float(self.instrument(symbol).min_price)))

    def order(self, sign: int, symbol: str, tag: str, limit: float | None = None, stop: float | None = None) -> None:
        if tag in ("entry", "exit_signal"):
            self.waits_for = tag
        (self.buy if sign > 0 else self.sell)(symbol, 1, limit=limit, stop=stop, tag=tag)
