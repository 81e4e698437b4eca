"""The way of one symbol's market data: first what is known of it, then the bars, then the hooks of the strategies that wrote one.

The engine's thread only. Laid again whenever a strategy joins.
"""

from collections.abc import Callable, Mapping, Sequence

from trading_system.core.clock import Clock
from trading_system.core.market_data import Bar, Book, MarketData, Tick, Trade
from trading_system.engine.bar_builder import BarBuilder
from trading_system.engine.timers import NEVER_NS
from trading_system.strategy_host.hook_guard import ContainedHook
from trading_system.strategy_host.market_view import MarketView

Hook = Callable[..., None]


class Route:
    """One symbol's view, bar builders and hooks. `late` counts data older by the venue's time than what was accepted before.

    `bars_from` is the kind of market data that bars are built from; bars that come as market data are `source_bar_ns` long.
    """

    def __init__(self, view: MarketView, clock: Clock, lay_bar: Callable[[Bar, int], None]) -> None:
        self.view = view
        self.late = 0
        self.ticks = 0
        self.bars_from: type[MarketData] = Tick
        self.source_bar_ns = 0
        self.builders: list[BarBuilder] = []
        self.tick_hooks: Sequence[Hook] = ()
        self.trade_hooks: Sequence[Hook] = ()
        self.book_hooks: Sequence[Hook] = ()
        self.bar_hooks: dict[int, Sequence[Hook]] = {}
        self.on_first_mark: Callable[[str, float], None] | None = None
        self._clock = clock
        self._lay_bar = lay_bar

    def add_hooks(self, hooks: Mapping[str, Hook], bar_ns: int) -> None:
        """Add a strategy's hooks; bars of `bar_ns` nanoseconds go to its `on_bar`."""
        self.tick_hooks = (*self.tick_hooks, *_of(hooks, "on_tick"))
        self.trade_hooks = (*self.trade_hooks, *_of(hooks, "on_trade"))
        self.book_hooks = (*self.book_hooks, *_of(hooks, "on_book"))
        self.bar_hooks[bar_ns] = (*self.bar_hooks.get(bar_ns, ()), *_of(hooks, "on_bar"))

    def tick(self, tick: Tick) -> None:
        """Deliver a tick."""
        view = self.view
        if view.tick is not None and tick.time_ns < view.tick.time_ns:
            self.late += 1
            return
        self.ticks += 1
        view.tick = view.last = tick
        view.taken_ns = self._clock.now_ns
        if self.on_first_mark is not None:
            self.on_first_mark(tick.symbol, tick.mark)
        if self.builders:
            self.feed_bars(tick)
        for hook in self.tick_hooks:
            hook(tick)

    def trade(self, trade: Trade) -> None:
        """Deliver a public trade."""
        view = self.view
        view.trade = trade
        if view.tick is None and view.bar is None:
            view.last = trade           # where nothing better comes, the last trade is the price
            view.taken_ns = self._clock.now_ns
            if self.on_first_mark is not None:
                self.on_first_mark(trade.symbol, trade.price)
        if self.builders and self.bars_from is Trade:
            self._build(trade.price, trade.quantity)
        for hook in self.trade_hooks:
            hook(trade)

    def book(self, book: Book) -> None:
        """Deliver the best levels."""
        view = self.view
        if view.book is not None and book.time_ns < view.book.time_ns:
            self.late += 1
            return
        view.book = book
        for hook in self.book_hooks:
            hook(book)

    def bar(self, bar: Bar) -> None:
        """Deliver a bar that came as market data: it is the newest price, and longer bars are built from it."""
        view = self.view
        view.bar = bar
        if view.tick is None:
            view.last = bar
            view.taken_ns = self._clock.now_ns
        if self.on_first_mark is not None:
            self.on_first_mark(bar.symbol, bar.close)
        for hook in self.bar_hooks.get(self.source_bar_ns, ()):
            hook(bar)
        for builder in self.builders:
            for ended in builder.add_bar(bar):
                self._lay_bar(ended, builder.bar_ns)

    def built_bar(self, bar: Bar, bar_ns: int) -> None:
        """Deliver a bar that we built ourselves to the strategies that asked for its length."""
        self.view.bar = bar
        for hook in self.bar_hooks.get(bar_ns, ()):
            hook(bar)

    def feed_bars(self, tick: Tick) -> None:
        """Let the builders see a tick, where bars are built from ticks: the last trade where the venue tells it, the mid otherwise."""
        if self.bars_from is Tick:
            self._build(tick.last if tick.last == tick.last else tick.mid)

    def close_bars(self, now_ns: int) -> None:
        """Deliver bars whose end has passed without a further tick. Of shorter bars, the one that ends now may yet come."""
        if self.bars_from is Bar:
            now_ns -= 1
        for builder in self.builders:
            ended = builder.close_due(now_ns)
            if ended is not None:
                self._lay_bar(ended, builder.bar_ns)

    @property
    def bar_end_ns(self) -> int:
        """Return when the next running bar ends; far beyond all history when none runs."""
        return min((builder.end_ns for builder in self.builders), default=NEVER_NS)

    def direct(self, kind: type[MarketData]) -> Hook:
        """Return the shortest way that market data of one kind can take now: for a driver of history that nobody watches.

        It holds until a strategy joins or the first mark was told.
        """
        if kind is Bar and not self.builders and self.on_first_mark is None and self.view.tick is None:
            return self._direct_bar(self.bar_hooks.get(self.source_bar_ns, ()))
        ways: dict[type[MarketData], Hook] = {Tick: self.tick, Trade: self.trade, Bar: self.bar, Book: self.book}
        return ways[kind]

    def _direct_bar(self, hooks: Sequence[Hook]) -> Hook:
        view = self.view
        if len(hooks) != 1:
            return self.bar
        contained = getattr(hooks[0], "__self__", None)
        return contained.behind(view) if isinstance(contained, ContainedHook) else self.bar

    def _build(self, price: float, *quantity: float) -> None:
        for builder in self.builders:
            ended = builder.add(self._clock.now_ns, price, *quantity)
            if ended is not None:
                self._lay_bar(ended, builder.bar_ns)


def _of(hooks: Mapping[str, Hook], name: str) -> tuple[Hook, ...]:
    return (hooks[name],) if name in hooks else ()
