"""A smoke test of placing orders: it buys, places, cancels and sells by a fixed script and says what came of each step.

It trades the first of its instruments and knows nothing of markets: use it to see that a broker, a key and a configuration work.
"""

from collections.abc import Callable

from trading_system import Order, OrderState, StrategyBase, Tick


class NaiveTestStrategy(StrategyBase):
    """Runs six steps, one every few ticks, and is then finished: market buys, limit buys, cancels, a sale."""

    class Params(StrategyBase.Params):
        """`quantity` is in base units; the venue's smallest order is taken where that is larger. `every_ticks` is the pace."""

        quantity: float = 0.001
        every_ticks: int = 2

    params: Params
    is_finished: bool = False

    def on_start(self) -> None:
        """Clear away what an earlier run left standing, and lay the script ready."""
        self.symbol = self.symbols[0]
        self.step = 0
        self.ticks_in_step = 0
        self.placed: list[Order] = []
        self.far_orders: list[Order] = []
        self.script: list[Callable[[Tick], str]] = [
            self.buy_by_quantity, self.buy_by_value, self.place_far_below, self.cancel_one, self.cancel_the_rest, self.sell_all,
        ]
        self.cancel_all()
        self.is_step_over: Callable[[], bool] = self.has_nothing_open

    def on_tick(self, tick: Tick) -> None:
        """Take the next step when the last one is over, or was given long enough."""
        if self.is_finished or tick.symbol != self.symbol or not 0 < tick.bid <= tick.ask:
            return
        self.ticks_in_step += 1
        is_last = self.step == len(self.script)
        # An answer takes a tick or two. Selling all may need two of them: the rest is canceled first, then the sale goes out.
        patience = self.params.every_ticks + (4 if is_last else 2)
        if self.ticks_in_step < (self.params.every_ticks if self.is_step_over() else patience):
            return
        self.ticks_in_step = 0
        if is_last:
            self.is_finished = True
            self.notify(f"script finished: {self.situation()}")
            return
        what = self.script[self.step](tick)
        self.step += 1
        self.notify(f"step {self.step} of {len(self.script)}: {what}; {self.situation()}")

    def on_order(self, order: Order) -> None:
        """Say why an order came to nothing; the script goes on."""
        if order.state in (OrderState.DENIED, OrderState.REJECTED, OrderState.NOT_PLACED):
            self.notify(f"an order came to nothing ({order.state.name.lower()}): {order.reason}")

    # The six steps. Each does one thing, lays down how to see that it is over, and says what it did.

    def buy_by_quantity(self, tick: Tick) -> str:
        """Buy a quantity at the market."""
        order = self.remember(self.buy(self.symbol, self.quantity))
        self.is_step_over = lambda: order.is_done
        return f"buying {self.quantity:g} {self.base} at the market"

    def buy_by_value(self, tick: Tick) -> str:
        """Buy for an amount of money, worth about the same."""
        # One percent more, so that at the smallest order rounding does not make it too small.
        value = self.quantity * tick.ask * 1.01
        order = self.remember(self.buy(self.symbol, value=value))
        self.is_step_over = lambda: order.is_done
        return f"buying for {value:.2f} {self.counter} at the market"

    def place_far_below(self, tick: Tick) -> str:
        """Place two limit orders that nobody will trade with."""
        self.far_orders = [self.remember(self.buy(self.symbol, self.quantity, limit=tick.bid * share)) for share in (0.90, 0.88)]
        self.is_step_over = lambda: all(order.is_done or order.state is OrderState.OPEN for order in self.far_orders)
        return "placing two buys, 10 % and 12 % below the market"

    def cancel_one(self, tick: Tick) -> str:
        """Cancel the first of the two."""
        order = self.far_orders[0]
        self.cancel(order)
        self.is_step_over = lambda: order.is_done
        return "canceling one of them"

    def cancel_the_rest(self, tick: Tick) -> str:
        """Cancel whatever still stands."""
        self.cancel_all()
        self.is_step_over = self.has_nothing_open
        return "canceling the rest"

    def sell_all(self, tick: Tick) -> str:
        """Sell what was bought. A fee taken in base leaves dust that no order is small enough for: that counts as flat."""
        self.flatten(self.symbol)
        self.is_step_over = lambda: self.has_nothing_open() and self.positions[self.symbol].is_flat
        return "selling what we hold"

    # What the steps share.

    @property
    def quantity(self) -> float:
        """Return the quantity of every order, in base units."""
        return max(self.params.quantity, float(self.instrument(self.symbol).min_quantity))

    @property
    def base(self) -> str:
        """Return the currency that is bought."""
        return self.instrument(self.symbol).base

    @property
    def counter(self) -> str:
        """Return the currency that is paid with."""
        return self.instrument(self.symbol).counter

    def remember(self, order: Order) -> Order:
        """Keep an order, to count later what became of it."""
        self.placed.append(order)
        return order

    def has_nothing_open(self) -> bool:
        """Tell whether every order of ours is over."""
        return not len(self.orders)

    def situation(self) -> str:
        """Return orders, position, cash and profit in words."""
        canceled = sum(order.state is OrderState.CANCELED for order in self.placed)
        return (f"open orders {len(self.orders)}, canceled {canceled}, position {self.positions[self.symbol].quantity:.8f} {self.base}, "
                f"free cash {self.cash(self.counter):.2f} {self.counter}, profit {self.equity - self.capital:.2f} {self.counter}")
