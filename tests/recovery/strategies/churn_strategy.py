"""Orders and cancels without rest while its gate is open, and writes down by itself what it meant to do: a ledger nobody else touches."""

import os
import time

from trading_system import StrategyBase, Tick


class ChurnStrategy(StrategyBase):
    """Keeps orders of one kind around the price, on both sides; many fill in part, some at once, some never."""

    class Params(StrategyBase.Params, frozen=True):
        """`kind` is limit, quote (post-only, and now and then immediate-or-cancel) or market; at most `count` orders of `size` base units
        stand, `pace` of them are placed a tick. It trades while the file `gate` exists; every start and every intent is a line of the file
        `diary`."""

        kind: str = "limit"
        size: float = 1.0
        count: int = 10
        pace: int = 3
        gate: str = ""
        diary: str = ""

    params: Params

    def on_start(self) -> None:
        """Write down that we are back."""
        self.placed = 0
        self.started_ns = time.time_ns()
        self.diary = os.open(self.params.diary, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.write("started", str(self.started_ns))

    def on_tick(self, tick: Tick) -> None:
        """Withdraw some, place some."""
        if not os.path.exists(self.params.gate) or not 0 < tick.bid <= tick.ask:
            return
        standing = list(self.orders)
        if len(standing) >= self.params.count:
            for order in standing[::3]:
                self.cancel(order)
        for _ in range(min(self.params.pace, self.params.count - len(standing))):
            self.place(tick)

    def place(self, tick: Tick) -> None:
        """Place the next order: sides take turns, and so do prices that trade at once, in part, or later."""
        self.placed += 1
        tag = f"{self.name}.{self.started_ns}.{self.placed}"
        verb, toward = (self.buy, 1) if self.placed % 2 else (self.sell, -1)
        quantity = self.params.size * (1 + self.placed % 3)
        near, far = (tick.ask, tick.bid) if toward > 0 else (tick.bid, tick.ask)
        self.write("intent", tag)
        if self.params.kind == "market":
            verb(tick.symbol, quantity, tag=tag)
        elif self.params.kind == "quote" and self.placed % 4 == 0:
            verb(tick.symbol, quantity, limit=near, time_in_force="IOC", tag=tag)
        elif self.params.kind == "quote":
            verb(tick.symbol, quantity, limit=far, post_only=True, tag=tag)
        elif self.placed % 4 < 2:
            verb(tick.symbol, quantity, limit=near, tag=tag)                # meets what stands there, and rests with what is left
        else:
            verb(tick.symbol, quantity, limit=far * (1 - toward * 0.0003 * (self.placed % 5)), tag=tag)

    def write(self, what: str, text: str) -> None:
        """Append a line that a kill cannot take back."""
        os.write(self.diary, f"{what} {self.name} {text}\n".encode())
