"""The other people on one simulated market: makers who keep a ladder of orders around a drifting fair price, and
takers who trade with whatever rests there. `exchange.py` wakes them; they must never learn whose orders they meet."""

import math
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Protocol

from brokerage.luno_simulator.market import Market
from brokerage.luno_simulator.order import Order, Side, Status, whole_lots

NANOSECONDS = 1_000_000_000
LADDER = 30

_REVERSION_PER_SECOND = 9e-5
_LARGEST_DEVIATION = 0.06
_GAP = 0.00035
_TAKER_REACH = 0.004


class CrowdDesk(Protocol):
    """What the crowd may do on its market."""

    def quote(self, side: Side, price: Decimal, volume: Decimal) -> Order:
        """Place a limit order that may rest."""

    def withdraw(self, order: Order) -> None:
        """Cancel an order of the crowd's own that rests."""

    def take(self, side: Side, price: Decimal, volume: Decimal) -> None:
        """Trade at once up to a price; the rest is dropped."""


@dataclass(frozen=True, slots=True)
class _Phase:
    """How lively the crowd is: acts a second, the share that take, the size of price moves and of the spread."""

    mean_seconds: float
    acts_per_second: float
    taking_share: float
    deviation_per_square_root_second: float
    half_spread: float


_CALM = _Phase(80.0, 2.0, 0.25, 0.00012, 0.0003)
_LIVELY = _Phase(50.0, 5.0, 0.40, 0.00030, 0.0005)


@dataclass(slots=True)
class _Rung:
    """One place on the ladder: how far from the fair price it belongs, and the order that stands there."""

    side: Side
    depth: int
    jitter: float
    price: float = 0.0
    order: Order | None = None


class Crowd:
    """The makers and takers of one market, driven by one seeded generator.

    The fair price is a mean-reverting walk around the market's start price, with a standard deviation of about two
    percent over many hours and never more than six percent: an order twenty percent away is not reached.
    """

    def __init__(self, market: Market, random: Random, desk: CrowdDesk, fair_price: Decimal) -> None:
        self._market = market
        self._random = random
        self._desk = desk
        self._anchor = float(market.start_price)
        self._deviation = math.log(float(fair_price) / self._anchor)
        self._scale = 10**market.price_scale
        # On a coarse grid a few rungs share a price, so that one taker seldom empties it.
        self._gap = max(_GAP, float(market.tick) / self._anchor / 3)
        self._phase = _CALM
        self._phase_end_ns = 0
        self._last_act_ns = 0
        self.next_act_ns = 0
        self._rungs = [
            _Rung(side, depth, random.uniform(-0.3, 0.3)) for depth in range(LADDER) for side in (Side.BID, Side.ASK)
        ]

    def open(self, now_ns: int) -> None:
        """Put up the first ladder and set the time of the first act."""
        self._last_act_ns = now_ns
        self._begin_phase(_CALM if self._random.random() < 0.6 else _LIVELY, now_ns)
        self._tend_ladder(chance_of_moving=1.0)
        self._plan_next(now_ns)

    def act(self) -> None:
        """Do the one thing that is due at `next_act_ns`, and set the time of the next."""
        now_ns = self.next_act_ns
        self._drift((now_ns - self._last_act_ns) / NANOSECONDS)
        self._last_act_ns = now_ns
        if now_ns >= self._phase_end_ns:
            self._begin_phase(_LIVELY if self._phase is _CALM else _CALM, now_ns)
        if self._random.random() < self._phase.taking_share:
            self._take()
        else:
            self._tend_ladder(chance_of_moving=0.4)
        self._plan_next(now_ns)

    def postpone(self, duration_ns: int) -> None:
        """Shift everything that is planned: a time in which nothing happens has passed."""
        self._last_act_ns += duration_ns
        self.next_act_ns += duration_ns
        self._phase_end_ns += duration_ns

    def _fair_price(self) -> float:
        return self._anchor * math.exp(self._deviation)

    def _begin_phase(self, phase: _Phase, now_ns: int) -> None:
        self._phase = phase
        self._phase_end_ns = now_ns + int(self._random.expovariate(1.0 / phase.mean_seconds) * NANOSECONDS)

    def _plan_next(self, now_ns: int) -> None:
        self.next_act_ns = now_ns + 1 + int(self._random.expovariate(self._phase.acts_per_second) * NANOSECONDS)

    def _drift(self, seconds: float) -> None:
        self._deviation *= math.exp(-_REVERSION_PER_SECOND * seconds)
        step = self._phase.deviation_per_square_root_second * math.sqrt(seconds)
        self._deviation += self._random.gauss(0.0, step)
        self._deviation = min(max(self._deviation, -_LARGEST_DEVIATION), _LARGEST_DEVIATION)

    def _tend_ladder(self, chance_of_moving: float) -> None:
        fair = self._fair_price()
        stale: list[tuple[_Rung, float]] = []
        for rung in self._rungs:
            distance = self._phase.half_spread + self._gap * max(rung.depth + rung.jitter, 0.0)
            target = fair * (1.0 - distance if rung.side is Side.BID else 1.0 + distance)
            if rung.order is None or rung.order.status is Status.COMPLETE:
                stale.append((rung, target))
                continue
            # The deeper an order lies, the less exactly its owner watches it.
            slack = fair * self._gap * (0.4 + 0.15 * rung.depth)
            strayed = abs(rung.price - target)
            if strayed > 2 * slack or (strayed > slack and self._random.random() < chance_of_moving):
                self._desk.withdraw(rung.order)
                stale.append((rung, target))
        # All that strayed is withdrawn before the first new order goes in, so that the crowd seldom trades with
        # itself here.
        for rung, target in stale:
            rung.price = target
            rung.order = self._desk.quote(rung.side, self._on_grid(target, rung.side), self._size(rung.depth))

    def _take(self) -> None:
        side = Side.BID if self._random.random() < 0.5 else Side.ASK
        fair = self._fair_price()
        reach = max(_TAKER_REACH * fair, 2.0 / self._scale)
        limit = fair + reach if side is Side.BID else fair - reach
        size = self._random.lognormvariate(-0.7, 0.9) * float(self._market.typical_volume)
        self._desk.take(side, self._on_grid(limit, side), self._snapped(size))

    def _size(self, depth: int) -> Decimal:
        size = self._random.lognormvariate(0.0, 0.6) * (1.0 + 0.2 * depth) * float(self._market.typical_volume)
        return self._snapped(size)

    def _snapped(self, size: float) -> Decimal:
        volume = whole_lots(Decimal(size), self._market.lot)
        return min(max(volume, self._market.min_volume), self._market.max_volume)

    def _on_grid(self, price: float, side: Side) -> Decimal:
        # Buyers round down and sellers up, so that both sides of the ladder never meet.
        steps = math.floor(price * self._scale) if side is Side.BID else math.ceil(price * self._scale)
        return Decimal(steps).scaleb(-self._market.price_scale)
