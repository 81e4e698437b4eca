"""Offers to buy a little below the middle of the market and to sell a little above it, and lives on the difference.

Each of its instruments has at most one bid and one ask; new ones are placed only when the old ones are certainly gone.
"""

from trading_system import Fill, Order, Side, StrategyBase, Tick

NANOSECONDS = 1_000_000_000
LONGEST_REFRESH_SECONDS = 60.0
# The codes of an order that did not go out because too many calls wanted to.
TOO_MANY_CALLS = ("stale", "rate")


class MarketMakingStrategy(StrategyBase):
    """Quotes both sides around the mid, and leans them against its inventory. Give it capital in both currencies."""

    class Params(StrategyBase.Params):
        """`spread` is the distance from bid to ask as a share of the mid, `size` the base units of a quote. `target` is the share of
        its funds that it wants to hold in base. `skew` says how far the quotes move for a wrong inventory: as many spreads, when all it
        has is on one side. Quotes live `refresh_seconds`, and are withdrawn when no price came for `stale_seconds`."""

        spread: float = 0.004
        size: float = 20.0
        skew: float = 0.5
        target: float = 0.5
        refresh_seconds: float = 8.0
        stale_seconds: float = 5.0

    params: Params

    def on_start(self) -> None:
        """Withdraw what an earlier run left standing."""
        self.refresh_seconds = self.params.refresh_seconds
        self.quoted_ns: dict[str, int] = {}
        self.introduced: set[str] = set()
        self.was_held_up = False
        self.cancel_all()

    def on_tick(self, tick: Tick) -> None:
        """Withdraw quotes that are old; when none is left and it is time, quote around the new mid."""
        if not 0 < tick.bid <= tick.ask:
            return                  # an empty side of the market: there is no middle
        age_ns = self.now_ns - self.quoted_ns.get(tick.symbol, 0)
        if age_ns < self.refresh_seconds * NANOSECONDS:
            return
        if self.quotes(tick.symbol):
            self.withdraw(tick.symbol)
        else:
            self.quote(tick)

    def on_heartbeat(self) -> None:
        """Withdraw the quotes of a market that fell silent: nobody knows whether their prices are still good."""
        for symbol in self.symbols:
            silence = self.market[symbol].age_seconds
            if silence <= self.params.stale_seconds or not self.quotes(symbol):
                continue
            self.withdraw(symbol)
            if self.quoted_ns.get(symbol):
                self.quoted_ns[symbol] = 0      # due at the first new price, once the old ones are gone
                self.notify(f"{symbol}: no price for {silence:.1f} s, quotes withdrawn until there is one")

    def on_order(self, order: Order) -> None:
        """Quote less often when our orders come back unsent. Any other refusal (it would have crossed) waits for the next refresh."""
        if self.was_held_up or order.code not in TOO_MANY_CALLS:
            return
        self.was_held_up = True     # both quotes of a round may come back: that is one reason to slow down, not two
        if self.refresh_seconds < LONGEST_REFRESH_SECONDS:
            self.refresh_seconds = min(2 * self.refresh_seconds, LONGEST_REFRESH_SECONDS)
            self.notify(f"refresh widened to {self.refresh_seconds:.0f} s: {order.reason}")

    def on_fill(self, fill: Fill) -> None:
        """Say what was traded; a fee that is corrected later is a fill of nothing."""
        if fill.quantity:
            verb = "bought" if fill.side is Side.BUY else "sold"
            self.notify(f"{fill.symbol}: {verb} {fill.quantity:g} at {fill.price:.8g}, now {self.positions[fill.symbol].quantity:.8g}")

    def quote(self, tick: Tick) -> None:
        """Place a bid and an ask around the mid, each where there are funds for it."""
        symbol, instrument = tick.symbol, self.instrument(tick.symbol)
        if not self.was_held_up:
            # Every round that went through brings the pace back a little.
            self.refresh_seconds = max(self.params.refresh_seconds, 0.9 * self.refresh_seconds)
        self.was_held_up = False
        self.quoted_ns[symbol] = self.now_ns
        center = tick.mid * (1 - self.params.spread * self.params.skew * self.imbalance(tick))
        half = tick.mid * self.params.spread / 2
        bid, ask = center - half, center + half
        quantity = max(self.params.size, float(instrument.min_quantity))
        with_fee = quantity * (1 + max(0.0, float(instrument.taker_fee)))      # whichever currency the venue takes its fee in
        words = []
        if bid > 0 and with_fee * bid <= self.cash(instrument.counter):
            order = self.buy(symbol, quantity, limit=bid, post_only=True, tag="bid")
            words.append(f"bid {order.quantity:g} at {order.limit:.8g}")
        else:
            words.append(f"no bid (not enough {instrument.counter})")
        if with_fee <= self.cash(instrument.base):
            order = self.sell(symbol, quantity, limit=ask, post_only=True, tag="ask")
            words.append(f"ask {order.quantity:g} at {order.limit:.8g}")
        else:
            words.append(f"no ask (not enough {instrument.base})")
        if symbol not in self.introduced:
            self.introduced.add(symbol)
            self.notify(f"{symbol}: first quotes around {tick.mid:.8g}: {', '.join(words)}")

    def imbalance(self, tick: Tick) -> float:
        """Return how far our inventory is from its target: 0 on it, 1 when all we have is base, -1 when none is (at a target of a half)."""
        instrument = self.instrument(tick.symbol)
        in_base = self.positions[tick.symbol].quantity * tick.mid
        funds = in_base + self.cash(instrument.counter)
        target = self.params.target
        return (in_base / funds - target) / max(target, 1 - target) if funds > 0 else 0.0

    def quotes(self, symbol: str) -> list[Order]:
        """Return our orders of a symbol that may still fill."""
        return [order for order in self.orders if order.symbol == symbol]

    def withdraw(self, symbol: str) -> None:
        """Cancel our orders of a symbol; one that is being canceled already is left alone."""
        for order in self.quotes(symbol):
            self.cancel(order)
