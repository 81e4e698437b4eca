"""The way of one symbol's market data: the view first, then the bars, then the hooks."""

import math

from tests.hand_cranked_runtime import SECOND, START_NS
from tests.unit.engine.small_house import SYMBOL, instrument
from trading_system.core.clock import Clock
from trading_system.core.market_data import Bar, Book, Tick, Trade
from trading_system.engine.bar_builder import BarBuilder
from trading_system.engine.route import Route
from trading_system.strategy_host.market_view import MarketView

FIVE = 5 * SECOND
assert START_NS % FIVE == 0


class Way:
    """A route with a clock of its own and a list of what came out of it."""

    def __init__(self, *bar_lengths: int) -> None:
        self.clock = Clock(START_NS)
        self.view = MarketView(instrument(), self.clock)
        self.bars: list[tuple[int, Bar]] = []
        self.seen: list[object] = []
        self.route = Route(self.view, self.clock, lambda bar, bar_ns: self.bars.append((bar_ns, bar)))
        self.route.builders = [BarBuilder(SYMBOL, length) for length in bar_lengths]

    def tick(self, second: float, bid: float = 99.0, ask: float = 101.0, last: float = math.nan, venue_ns: int | None = None) -> None:
        self.clock.now_ns = START_NS + int(second * SECOND)
        self.route.tick(Tick(SYMBOL, self.clock.now_ns if venue_ns is None else venue_ns, bid, ask, last))


def test_a_hook_finds_the_tick_it_is_given_already_in_the_view() -> None:
    way = Way()
    way.route.tick_hooks = (lambda tick: way.seen.append((tick, way.view.tick, way.view.mark, way.view.age_seconds)),)
    way.tick(3)
    tick = Tick(SYMBOL, START_NS + 3 * SECOND, 99.0, 101.0)
    ((seen, known, mark, age),) = way.seen
    assert (seen.time_ns, known) == (tick.time_ns, seen)
    assert (mark, age) == (100.0, 0.0)


def test_every_hook_sees_the_tick_in_the_order_in_which_the_strategies_joined() -> None:
    way = Way()
    way.route.tick_hooks = (lambda tick: way.seen.append("first"), lambda tick: way.seen.append("second"))
    way.tick(0)
    assert way.seen == ["first", "second"]


def test_a_tick_older_by_the_venues_time_is_dropped_and_counted() -> None:
    way = Way(FIVE)
    way.route.tick_hooks = (way.seen.append,)
    way.tick(1, venue_ns=100)
    way.tick(2, bid=1.0, venue_ns=99)
    way.tick(3, venue_ns=100)
    assert len(way.seen) == 2
    assert (way.route.late, way.route.ticks) == (1, 2)
    assert way.view.tick is not None
    assert way.view.tick.bid == 99.0


def test_the_age_is_counted_from_when_we_received_it_and_not_from_the_venues_time() -> None:
    way = Way()
    way.tick(0, venue_ns=1)
    way.clock.now_ns += 7 * SECOND
    assert way.view.age_seconds == 7.0


def test_before_any_market_data_there_is_no_price_and_no_age() -> None:
    view = Way().view
    assert math.isnan(view.mark)
    assert view.age_seconds == math.inf


def test_bars_are_built_from_the_last_trade_where_the_venue_tells_it_and_from_the_middle_otherwise() -> None:
    way = Way(FIVE)
    way.tick(0, last=98.0)
    way.tick(1)
    way.tick(5)
    ((_, bar),) = way.bars
    assert (bar.open, bar.close) == (98.0, 100.0)


def test_bars_of_several_lengths_are_built_side_by_side() -> None:
    way = Way(FIVE, 2 * FIVE)
    for second in range(0, 21):
        way.tick(second)
    assert [(length // SECOND, (bar.start_ns - START_NS) // SECOND) for length, bar in way.bars] == [
        (5, 0), (5, 5), (10, 0), (5, 10), (5, 15), (10, 10)]


def test_a_beat_closes_a_bar_whose_end_has_passed_without_a_tick() -> None:
    way = Way(FIVE)
    way.tick(0)
    way.route.close_bars(START_NS + 4 * SECOND)
    assert not way.bars
    way.route.close_bars(START_NS + FIVE)
    assert len(way.bars) == 1


def test_a_bar_that_was_built_goes_to_those_who_asked_for_its_length_only() -> None:
    way = Way()
    way.route.bar_hooks = {FIVE: (lambda bar: way.seen.append("five"),), SECOND: (lambda bar: way.seen.append("one"),)}
    way.route.built_bar(Bar(SYMBOL, 0, FIVE, 1.0, 1.0, 1.0, 1.0), FIVE)
    assert way.seen == ["five"]
    assert way.view.bar is not None


def test_the_first_mark_is_told_before_the_hooks_run() -> None:
    way = Way()
    way.route.on_first_mark = lambda symbol, mark: way.seen.append((symbol, mark))
    way.route.tick_hooks = (lambda tick: way.seen.append("hook"),)
    way.tick(0)
    assert way.seen == [(SYMBOL, 100.0), "hook"]


def test_an_older_book_is_dropped_and_counted() -> None:
    way = Way()
    way.route.book_hooks = (way.seen.append,)
    for time_ns in (5, 4, 6):
        way.route.book(Book(SYMBOL, time_ns, ((1.0, 1.0),), ((2.0, 1.0),)))
    assert [book.time_ns for book in way.seen if isinstance(book, Book)] == [5, 6]
    assert way.route.late == 1


def test_where_only_trades_come_the_newest_one_is_the_mark_and_its_age_is_known() -> None:
    way = Way()
    for number, price in enumerate([100.0, 120.0], 1):
        way.clock.now_ns = START_NS + number * SECOND
        way.route.trade(Trade(SYMBOL, way.clock.now_ns, price, 1.0, True, number))
    assert way.view.mark == 120.0
    assert way.view.age_seconds == 0.0


def test_a_trade_does_not_push_a_tick_away() -> None:
    way = Way()
    way.tick(0)
    way.route.trade(Trade(SYMBOL, START_NS + 1, 500.0, 1.0, True, 1))
    assert way.view.mark == 100.0


MINUTE = 60 * SECOND
WHOLE_NS = START_NS - START_NS % (6 * MINUTE)


def of_bars(*lengths: int) -> Way:
    """Return a route whose market data is bars of a minute; the longer ones are built from them."""
    way = Way(*lengths)
    way.route.bars_from, way.route.source_bar_ns = Bar, MINUTE
    return way


def minute(way: Way, number: int, close: float = 100.0) -> Bar:
    """Deliver the bar of a minute as the driver of history does: at its end, after what was due before it."""
    begin_ns = WHOLE_NS + number * MINUTE
    bar = Bar(SYMBOL, begin_ns, begin_ns + MINUTE, 100.0, max(100.0, close), min(100.0, close), close, 1.0, 1)
    way.clock.now_ns = bar.time_ns
    way.route.close_bars(bar.time_ns)
    way.route.bar(bar)
    return bar


def test_longer_bars_are_laid_with_the_last_of_their_shorter_ones_each_to_its_own_length() -> None:
    way = of_bars(2 * MINUTE, 3 * MINUTE)
    for number in range(6):
        minute(way, number, 100.0 + number)
    assert [(bar_ns // MINUTE, (bar.start_ns - WHOLE_NS) // MINUTE, bar.close) for bar_ns, bar in way.bars] == [
        (2, 0, 101.0), (3, 0, 102.0), (2, 2, 103.0), (2, 4, 105.0), (3, 3, 105.0)]


def test_a_longer_bar_does_not_end_before_the_shorter_one_that_ends_with_it_has_come() -> None:
    way = of_bars(2 * MINUTE)
    minute(way, 0)
    way.route.close_bars(WHOLE_NS + 2 * MINUTE)
    assert way.bars == []
    minute(way, 1, 107.0)
    ((_, bar),) = way.bars
    assert (bar.close, bar.volume) == (107.0, 2.0)


def test_a_longer_bar_whose_last_part_never_came_ends_with_the_next_moment() -> None:
    way = of_bars(2 * MINUTE)
    minute(way, 0)
    way.route.close_bars(WHOLE_NS + 2 * MINUTE + 1)
    ((_, bar),) = way.bars
    assert (bar.time_ns, bar.volume) == (WHOLE_NS + 2 * MINUTE, 1.0)


def test_bars_of_the_files_length_go_to_who_asked_for_it_before_the_longer_ones_are_laid() -> None:
    way = of_bars(2 * MINUTE)
    way.route.bar_hooks = {MINUTE: (lambda bar: way.seen.append((bar, len(way.bars), way.view.mark)),)}
    bars = [minute(way, number, 101.0) for number in range(2)]
    assert way.seen == [(bars[0], 0, 101.0), (bars[1], 0, 101.0)]
    assert len(way.bars) == 1


def test_where_bars_come_as_market_data_ticks_build_none() -> None:
    way = of_bars(2 * MINUTE)
    for second in (0, 60, 121):
        way.tick(second)
    assert way.bars == []
