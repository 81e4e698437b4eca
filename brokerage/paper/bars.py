"""How orders meet a bar: at its open first, then what its range reaches, in the order that the fill model assumes.

A bar tells four prices and not its path; every place where a path is assumed stands here.
"""

import math
from decimal import Decimal

from brokerage.paper.assumptions import EARLY_SHARE
from brokerage.paper.pit import Pit
from brokerage.paper.working_order import Stage, WorkingOrder
from trading_system.core.market_data import Bar

_NEW, _WAITING, _RESTING, _OVER = Stage
#: What a bar still holds for an order: all of it, all but its open, what `mid_bar` says, or its close only.
_WHOLE, _AFTER_OPEN, _MIDDLE, _CLOSE_ONLY = range(4)


def arrival_price(pit: Pit, order: WorkingOrder, bar: Bar) -> float:
    """Return the price a bar is at, before spread and slippage, when an order arrives; nan when it does not arrive in it.

    Before the bar it is the open. Who arrives while the bar runs pays for its way from there, in proportion to the time passed: to the
    unfavorable end or, less strictly, to the close.
    """
    passed_ns = order.arrives_ns - bar.start_ns
    if passed_ns <= 0:
        return bar.open
    if order.arrives_ns >= bar.time_ns or not pit.meets_late:
        return math.nan
    if pit.model.mid_bar == "unfavorable":
        end = bar.high if order.sign > 0 else bar.low
    else:
        end = bar.close
    return bar.open + (end - bar.open) * (passed_ns / (bar.time_ns - bar.start_ns))


class BarMeeting:
    """One bar being met. `is_stepwise` lets `run` return after each order that filled, so that answers to the fill can meet the rest.

    `place` is the price at which the last fill happened, before spread and slippage.
    """

    def __init__(self, pit: Pit, bar: Bar, is_stepwise: bool) -> None:
        self._pit = pit
        self._bar = bar
        self._is_stepwise = is_stepwise
        self._is_inside = False
        self._mid_bar = pit.model.mid_bar
        self._has_own_price = pit.model.marketable_limits == "own_price"
        self._early_ns = bar.start_ns + int((bar.time_ns - bar.start_ns) * EARLY_SHARE)
        self.place = bar.open
        pit.limit_volume(bar.volume)
        pit.cancel(bar.start_ns + 1)

    def run(self) -> bool:
        """Meet the bar until an order fills and the meeting is stepwise; tells whether something may be left to meet."""
        if not self._is_inside:
            if self._at_open():
                return True
            self._is_inside = True
            self._pit.cancel(self._early_ns + 1)
            if self._late_arrivals():
                return True
        limits_first = self._pit.model.reached_first == "limits"
        for meet in (self._limits, self._stops) if limits_first else (self._stops, self._limits):
            if meet():
                return True
        self._pit.cancel(self._bar.time_ns + 1)
        return False

    def join(self) -> bool:
        """Let the orders placed in answer to the last fill come in at its place; tells whether one of them filled."""
        reach = _MIDDLE if self._is_inside else _AFTER_OPEN
        return any(self._enter(order, self.place, reach) for order in self._pit.orders if order.stage is _NEW and order.is_follow_up)

    def _at_open(self) -> bool:
        pit, bar = self._pit, self._bar
        price, start_ns = bar.open, bar.start_ns
        if price != price:
            return False
        for order in pit.orders:
            stage, sign = order.stage, order.sign
            if stage is _OVER or order.entered == pit.events:
                continue
            before, place = order.filled, price
            if stage is _NEW:
                if order.is_follow_up or order.arrives_ns > start_ns:
                    continue
                if self._enter(order, price, _WHOLE):
                    return True
            elif stage is _WAITING:
                if (price - order.stop) * sign >= 0:
                    self._trigger(order, price, _AFTER_OPEN)
            elif order.limit != order.limit:
                pit.take(order, pit.quote(price, sign))
            elif (beyond := (order.limit - price) * sign) > 0 or (pit.is_touch_enough and beyond == 0):
                if self._has_own_price:
                    place = self._own_price(order, price)
                    pit.make(order, price=place)
                elif pit.model.is_improved_by_gap:
                    pit.make(order, price=price)
                else:
                    pit.make(order)
            if self._has_filled(order, before, place):
                return True
        return False

    def _late_arrivals(self) -> bool:
        for order in self._pit.orders:
            if order.stage is not _NEW or order.is_follow_up or order.arrives_ns <= self._bar.start_ns:
                continue
            price = arrival_price(self._pit, order, self._bar)
            if price == price and self._enter(order, price, _AFTER_OPEN if order.arrives_ns <= self._early_ns else _MIDDLE):
                return True
        return False

    def _enter(self, order: WorkingOrder, price: float, reach: int) -> bool:
        before, sign = order.filled, order.sign
        order.reach = reach
        quote, place = self._pit.quote(price, sign), price
        if self._has_own_price and (order.limit - quote) * sign > 0:
            quote = place = self._own_price(order, quote)
        self._pit.enter(order, quote, price)
        return self._has_filled(order, before, place)

    def _own_price(self, order: WorkingOrder, quote: float) -> float:
        # As far from the market towards its limit as the bar went: the worst that its owner agreed to and the bar saw.
        if order.sign > 0:
            return min(order.limit, max(self._bar.high, quote))
        return max(order.limit, min(self._bar.low, quote))

    def _trigger(self, order: WorkingOrder, price: float, reach: int) -> None:
        order.entered, order.reach = self._pit.events, reach
        self._pit.trade(order, self._pit.quote(price, order.sign))

    def _has_filled(self, order: WorkingOrder, before: Decimal, place: float) -> bool:
        if order.filled is before or not self._is_stepwise:
            return False
        self.place = place
        return True

    def _reach(self, order: WorkingOrder) -> int:
        return order.reach if order.entered == self._pit.events else _WHOLE

    def _stops(self) -> bool:
        bar = self._bar
        for order in self._pit.orders:
            if order.stage is not _WAITING or (self._mid_bar == "nothing" and self._reach(order) == _MIDDLE):
                continue
            if ((bar.high if order.sign > 0 else bar.low) - order.stop) * order.sign >= 0:
                before = order.filled
                # Where a stop-limit comes to rest behind the market, only the close tells whether the price came back to it.
                self._trigger(order, order.stop, _CLOSE_ONLY)
                if self._has_filled(order, before, order.stop) or (order.stage is _RESTING and self._limit(order)):
                    return True
        return False

    def _limits(self) -> bool:
        return any(self._limit(order) for order in self._pit.orders if order.stage is _RESTING)

    def _limit(self, order: WorkingOrder) -> bool:
        reach, bar = self._reach(order), self._bar
        if reach == _MIDDLE and self._mid_bar == "nothing":
            return False
        if reach == _CLOSE_ONLY or (reach == _MIDDLE and self._is_close_all(order.sign)):
            extreme = bar.close
        else:
            extreme = bar.low if order.sign > 0 else bar.high
        beyond = (order.limit - extreme) * order.sign
        if not (beyond > 0 or (self._pit.is_touch_enough and beyond == 0)):
            return False
        before = order.filled
        self._pit.make(order)
        return self._has_filled(order, before, order.limit)

    def _is_close_all(self, sign: int) -> bool:
        # Whether of a bar that an order came into the middle of only the close is sure to have come after it.
        bar = self._bar
        return self._mid_bar == "unfavorable" or (self._mid_bar == "by_color" and (bar.close - bar.open) * sign > 0)
