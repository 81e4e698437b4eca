"""What every feed must do, whatever its venue: the `Feed` port of `core/ports.py` as tests, run against each account."""

import math
import time

import pytest

from tests.contract.accounts import Account
from trading_system.core.instrument import MarketStatus
from trading_system.core.market_data import Tick

SECOND = 10**9


@pytest.fixture
def tick(account: Account) -> Tick:
    deadline = time.monotonic() + 15
    while not (ticks := account.feed.poll([account.symbol])):
        assert time.monotonic() < deadline
    return ticks[0]


def test_a_tick_has_two_sane_sides_and_a_time(account: Account, tick: Tick) -> None:
    assert tick.symbol == account.symbol
    assert 0 < tick.bid <= tick.ask < math.inf
    assert 0 < tick.time_ns < time.time_ns() + 60 * SECOND


def test_what_the_venue_does_not_know_is_left_out(account: Account, tick: Tick) -> None:
    unknown = f"NOPENOPE.{account.broker.name}"
    assert account.feed.poll([]) == []
    assert account.feed.poll([unknown]) == []
    assert [one.symbol for one in account.feed.poll([unknown, account.symbol])] == [account.symbol]


def test_a_book_has_its_best_levels_first_and_is_not_crossed(account: Account, tick: Tick) -> None:
    book = account.feed.book(account.symbol)
    assert book.symbol == account.symbol
    bids, asks = [price for price, _ in book.bids], [price for price, _ in book.asks]
    assert bids == sorted(set(bids), reverse=True)
    assert asks == sorted(set(asks))
    assert bids[0] < asks[0]
    assert all(quantity > 0 for _, quantity in book.bids + book.asks)


def test_trades_come_oldest_first_and_not_from_before(account: Account, tick: Tick) -> None:
    trades = account.feed.trades(account.symbol, 0)
    assert [(one.time_ns, one.venue_sequence) for one in trades] == sorted((one.time_ns, one.venue_sequence) for one in trades)
    assert all(one.price > 0 and one.quantity > 0 for one in trades)
    if trades:
        middle = trades[len(trades) // 2].time_ns
        later = account.feed.trades(account.symbol, middle)
        assert later
        assert later[0].time_ns >= middle


@pytest.mark.parametrize("bar_seconds", [5, 60, 120, 300])
def test_history_has_whole_aligned_bars_oldest_first(account: Account, tick: Tick, bar_seconds: int) -> None:
    bar_ns = bar_seconds * SECOND
    bars = account.feed.history(account.symbol, bar_ns, 30)
    assert len(bars) <= 30
    starts = [bar.start_ns for bar in bars]
    assert starts == sorted(set(starts))
    for bar in bars:
        assert bar.symbol == account.symbol
        assert bar.start_ns % bar_ns == 0
        assert bar.time_ns == bar.start_ns + bar_ns <= time.time_ns()
        assert 0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        # Where a venue tells of times without a trade they are flat; how many trades there were not every venue tells.
        assert bar.volume > 0 or bar.low == bar.high
        assert bar.count >= 0


def test_longer_bars_are_made_of_the_shorter_ones(account: Account, tick: Tick) -> None:
    longer = {bar.start_ns: bar for bar in account.feed.history(account.symbol, 300 * SECOND, 6)}
    minutes = account.feed.history(account.symbol, 60 * SECOND, 60)
    for start_ns, bar in longer.items():
        parts = [one for one in minutes if start_ns <= one.start_ns < start_ns + 300 * SECOND]
        # A minute without a trade is flat at the price before it, which no trade of the longer bar needs to have met.
        if len(parts) == 5 and all(one.volume for one in parts):
            assert (bar.open, bar.close) == (parts[0].open, parts[-1].close)
            assert (bar.high, bar.low) == (max(one.high for one in parts), min(one.low for one in parts))


def test_the_state_of_a_polled_market_is_told(account: Account, tick: Tick) -> None:
    account.feed.poll([account.symbol])
    assert account.feed.statuses() == {account.symbol: MarketStatus.ACTIVE}
