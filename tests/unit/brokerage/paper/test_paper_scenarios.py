"""What becomes of an order in a market, as a table: what was assumed, what was ordered and what the market did, what was answered."""

from typing import Any

import pytest

from brokerage.paper.fill_model import NAMED
from tests.unit.brokerage.paper.paper_stories import PLAIN, Canceled, bar, book, buy, changed, play, sell, tick, trade
from trading_system.core.order import TimeInForce

IOC, FOK = {"time_in_force": TimeInForce.IOC}, {"time_in_force": TimeInForce.FOK}
UP = bar(1, 100, 110, 95, 105)      # opens at 100, was at 110 and at 95, ends at 105
CALM = bar(0, 100, 100, 100, 100)
STILL = bar(1, 100, 100, 100, 100)
UP_LATER = bar(2, 100, 110, 95, 105)
T0 = tick(0, 99.5, 100)
TOUCH, GAP = {"limit_fills": "touch"}, {"is_improved_by_gap": True}
QUEUE, SLIP = {"limit_fills": "queue"}, {"slippage_ticks": 1.0}
OWN = {"marketable_limits": "own_price"}
FOLLOW = {"same_bar_follow_ups": True}

BARS: dict[str, tuple[dict[str, Any], list[Any], list[str]]] = {
    "a market order fills at the next open": ({}, [CALM, buy("b"), UP], ["2: b filled 1 at 100"]),
    "whoever takes pays slippage": (SLIP, [CALM, buy("b"), sell("s"), UP], ["2: b filled 1 at 100.5", "2: s filled 1 at 99.5"]),
    "and half the assumed spread": ({"spread_ticks": 2.0}, [CALM, buy("b"), sell("s"), UP], ["2: b filled 1 at 100.5", "2: s filled 1 at 99.5"]),
    "a spread as a share is rounded against us": ({"spread_share": 0.001}, [CALM, buy("b"), sell("s"), UP],
                                                  ["2: b filled 1 at 100.5", "2: s filled 1 at 99.5"]),
    "an order half a bar late has paid half the way to the bad end": ({"latency_seconds": 30.0}, [CALM, buy("b"), sell("s"), UP],
                                                                     ["2: b filled 1 at 105", "2: s filled 1 at 97.5"]),
    "or, less strictly, half the way to the close": ({"latency_seconds": 30.0, "mid_bar": "whole_range"}, [CALM, buy("b"), sell("s"), UP],
                                                     ["2: b filled 1 at 102.5", "2: s filled 1 at 102.5"]),
    "an order that is a bar late meets the one after": ({"latency_seconds": 60.0}, [CALM, buy("b"), UP, bar(2, 107, 107, 107, 107)],
                                                        ["3: b filled 1 at 107"]),
    "next_open knows no latency": ({"latency_seconds": 30.0, "execution": "next_open"}, [CALM, buy("b"), UP], ["2: b filled 1 at 100"]),
    "this_close fills where it was decided and says so later": ({"execution": "this_close"}, [CALM, buy("b"), UP], ["2: b filled 1 at 100"]),
    "this_close is the close, not the next open": ({"execution": "this_close"}, [UP, buy("b"), bar(2, 120, 120, 120, 120)],
                                                   ["2: b filled 1 at 105"]),
    "a limit above the open takes at the open": (SLIP, [CALM, buy("b", limit=103), UP], ["2: b filled 1 at 100.5"]),
    "slippage never goes beyond the limit": (SLIP, [CALM, buy("b", limit=100), UP], ["2: b filled 1 at 100"]),
    "or, with own_price, pays its own price": (OWN, [CALM, buy("b", limit=103), sell("s", limit=97), UP], ["2: b filled 1 at 103", "2: s filled 1 at 97"]),
    "but no more than the bar's range": (OWN, [CALM, buy("b", limit=120), sell("s", limit=90), UP], ["2: b filled 1 at 110", "2: s filled 1 at 95"]),
    "nor does spread or slippage go beyond it": ({**OWN, **SLIP, "spread_ticks": 8.0}, [CALM, buy("b", limit=103), buy("c", limit=101), UP],
                                                 ["2: b filled 1 at 103", "2: c filled 1 at 101"]),
    "with own_price a market order pays the open": (OWN, [CALM, buy("b"), UP], ["2: b filled 1 at 100"]),
    "and a bar that opens beyond a resting limit fills it in its range": (
        {**OWN, **GAP}, [CALM, buy("b", limit=98), buy("c", limit=90.5), STILL, bar(2, 90, 91, 89, 90)],
        ["2: b accepted", "2: c accepted", "3: b filled 1 at 91", "3: c filled 1 at 90.5"]),
    "a limit that was passed fills at its price": ({}, [CALM, buy("b", limit=96), sell("s", limit=109), UP],
                                                   ["2: b filled 1 at 96", "2: s filled 1 at 109"]),
    "a limit that was only touched does not fill": ({}, [CALM, buy("b", limit=95), sell("s", limit=110), UP], ["2: b accepted", "2: s accepted"]),
    "unless touching is enough": (TOUCH, [CALM, buy("b", limit=95), sell("s", limit=110), UP], ["2: b filled 1 at 95", "2: s filled 1 at 110"]),
    "a bar that opens beyond a resting limit still pays only the limit": ({}, [CALM, buy("b", limit=98), STILL, bar(2, 90, 91, 89, 90)],
                                                                          ["2: b accepted", "3: b filled 1 at 98"]),
    "or its open": (GAP, [CALM, buy("b", limit=98), STILL, bar(2, 90, 91, 89, 90)], ["2: b accepted", "3: b filled 1 at 90"]),
    "a late limit meets only the close under the strict rule": ({"latency_seconds": 30.0}, [CALM, buy("b", limit=96), sell("s", limit=104.5), UP],
                                                                ["2: b accepted", "2: s filled 1 at 104.5"]),
    "and the whole range under the other": ({"latency_seconds": 30.0, "mid_bar": "whole_range"}, [CALM, buy("b", limit=96), UP],
                                            ["2: b filled 1 at 96"]),
    "by color, a bar that closed towards the limit is met whole": (
        {"latency_seconds": 30.0, "mid_bar": "by_color"}, [CALM, sell("s", limit=109), UP], ["2: s filled 1 at 109"]),
    "and of one that closed away from it only the close": (
        {"latency_seconds": 30.0, "mid_bar": "by_color"}, [CALM, buy("b", limit=96), UP, bar(2, 100, 101, 95, 97)],
        ["2: b accepted", "3: b filled 1 at 96"]),
    "50 ms late is right after the open": ({"latency_seconds": 0.05}, [CALM, buy("b", limit=96), UP], ["2: b filled 1 at 96"]),
    "a stop fills at its price": ({}, [CALM, buy("b", stop=108), sell("s", stop=96), UP], ["2: b filled 1 at 108", "2: s filled 1 at 96"]),
    "a stop that a bar opens beyond fills at the open": (SLIP, [CALM, sell("s", stop=96), STILL, bar(2, 90, 91, 89, 90)],
                                                         ["2: s accepted", "3: s filled 1 at 89.5"]),
    "a stop is triggered by a touch": ({}, [CALM, sell("s", stop=95), UP], ["2: s filled 1 at 95"]),
    "a stop out of reach waits": ({}, [CALM, sell("s", stop=94.5), UP, bar(2, 105, 105, 105, 105)], ["2: s accepted"]),
    "a stop-limit takes within its limit": ({}, [CALM, buy("b", stop=108, limit=109), UP], ["2: b filled 1 at 108"]),
    "a stop-limit whose limit was not there rests": (SLIP, [CALM, buy("b", stop=108, limit=104), bar(1, 100, 110, 95, 105), bar(2, 105, 106, 103, 106)],
                                                     ["2: b open", "3: b filled 1 at 104"]),
    "and fills in the same bar only when its close proves it": ({}, [CALM, buy("b", stop=108, limit=106), UP], ["2: b filled 1 at 106"]),
    "a stop is met before a limit": ({}, [CALM, sell("target", limit=109), sell("stop", stop=96), UP], ["2: stop filled 1 at 96", "2: target filled 1 at 109"]),
    "or after it": ({"reached_first": "limits"}, [CALM, sell("stop", stop=96), sell("target", limit=109), UP],
                    ["2: target filled 1 at 109", "2: stop filled 1 at 96"]),
    "our side takes its share of the volume and works on": ({"volume_share": 0.1}, [CALM, buy("b", 3), bar(1, 100, 100, 100, 100, 20),
                                                                                 bar(2, 110, 110, 110, 110, 20)],
                                                            ["2: b open 2.0 at 100", "3: b filled 3.0 at 103.3333"]),
    "two of our orders share it": ({"volume_share": 0.1}, [CALM, buy("a", 1.5), buy("b", 1.5), sell("s", 1.5), bar(1, 100, 100, 100, 100, 20)],
                                   ["2: a filled 1.5 at 100", "2: b open 0.5 at 100", "2: s filled 1.5 at 100"]),
    "where nobody traded nothing fills": ({"volume_share": 0.1}, [CALM, buy("b"), bar(1, 100, 100, 100, 100, 0)], ["2: b accepted"]),
    "an immediate order keeps what it got": ({"volume_share": 0.1}, [CALM, buy("b", 3, limit=101, **IOC), bar(1, 100, 100, 100, 100, 20)],
                                             ["2: b canceled 2.0 at 100"]),
    "one that is wholly or not at all gets nothing": ({"volume_share": 0.1}, [CALM, buy("b", 3, limit=101, **FOK), bar(1, 100, 100, 100, 100, 20)],
                                                      ["2: b canceled"]),
    "an immediate order away from the market is over": ({}, [CALM, buy("b", limit=99, **IOC), UP], ["2: b canceled"]),
    "post-only is refused where it would take": ({}, [CALM, buy("b", limit=101, post_only=True), UP], ["2: b rejected would_cross"]),
    "an assumed spread does not let it in": ({"spread_ticks": 4.0}, [CALM, buy("b", limit=100.5, post_only=True), UP], ["2: b rejected would_cross"]),
    "an order by value buys whole steps": ({}, [CALM, buy("b", value=1049.9), UP], ["2: b filled 10.4 at 100"]),
    "a value that buys nothing is canceled": ({}, [CALM, buy("b", value=9), UP], ["2: b canceled too_small"]),
    "too small is refused": ({}, [CALM, buy("b", 0.05), UP], ["2: b rejected too_small"]),
    "a cancel that was there before the bar comes first": ({}, [CALM, buy("b", limit=96), STILL, Canceled("b"), UP_LATER],
                                                           ["2: b accepted", "3: b canceled"]),
    "a cancel on its way while the bar runs comes too late": ({"latency_seconds": 5.0}, [CALM, buy("b", limit=90), UP, Canceled("b"),
                                                                                      bar(2, 95, 95, 89, 90)],
                                                              ["2: b accepted", "3: b filled 1 at 90"]),
    "or ends it after the bar": ({"latency_seconds": 5.0}, [CALM, buy("b", limit=90), UP, Canceled("b"), bar(2, 95, 95, 91, 92)],
                                 ["2: b accepted", "3: b canceled"]),
}
TICKS: dict[str, tuple[dict[str, Any], list[Any], list[str]]] = {
    "a buy pays the ask, a sale gets the bid": ({}, [T0, buy("b"), sell("s"), tick(1, 101, 102)], ["2: b filled 1 at 102", "2: s filled 1 at 101"]),
    "what comes before the latency is over does not meet it": ({"latency_seconds": 0.05}, [T0, buy("b"), tick(0.04, 90, 91), tick(0.05, 99, 100)],
                                                               ["3: b filled 1 at 100"]),
    "a limit needs the other side beyond it": ({}, [T0, buy("b", limit=99), tick(1, 99, 99.5), tick(2, 98, 99), tick(3, 97, 98)],
                                               ["2: b accepted", "4: b filled 1 at 99"]),
    "or at it": (TOUCH, [T0, buy("b", limit=99), tick(1, 99, 99.5), tick(2, 98, 99)], ["2: b accepted", "3: b filled 1 at 99"]),
    "a stop is triggered by the side it takes": (SLIP, [T0, buy("b", stop=101), tick(1, 100, 100.5), tick(2, 100.5, 102)],
                                                 ["2: b accepted", "3: b filled 1 at 102.5"]),
    "a side that is not there fills nothing": ({}, [T0, buy("b"), tick(1, 100, float("nan")), tick(2, 100, 101)], ["3: b filled 1 at 101"]),
    "a cancel that is late loses to the tick before it": ({"latency_seconds": 1.0}, [T0, buy("b", limit=99), tick(1, 99, 100), Canceled("b"),
                                                                                  tick(1.5, 97, 98), tick(3, 96, 97)],
                                                          ["2: b accepted", "3: b filled 1 at 99"]),
    "a cancel that is there before the tick comes first": ({}, [T0, buy("b", limit=99), tick(1, 99, 100), Canceled("b"), tick(2, 97, 98)],
                                                           ["2: b accepted", "3: b canceled"]),
    "a cancel without our id is not heard": ({}, [T0, buy("b", limit=99), Canceled("b"), tick(1, 99, 100)], ["2: b accepted"]),
    "a post-only order rests": ({}, [T0, buy("b", limit=99, post_only=True), tick(1, 99, 100), tick(2, 98, 98.5)], ["2: b accepted", "3: b filled 1 at 99"]),
}
TRADES: dict[str, tuple[dict[str, Any], list[Any], list[str]]] = {
    "a trade is a quote with a spread around it": ({"spread_ticks": 2.0}, [trade(0, 100, 1, True), buy("b"), trade(1, 101, 5, False)],
                                                   ["2: b filled 1 at 101.5"]),
    "no more fills than was traded": ({"volume_share": 1.0}, [trade(0, 100, 1, True), buy("b", 3), trade(1, 101, 2, True), trade(2, 102, 2, True)],
                                      ["2: b open 2.0 at 101", "3: b filled 3.0 at 101.3333"]),
    "a trade at our price serves those before us, whom nobody knows": (QUEUE, [trade(0, 100, 1, True), buy("b", limit=99), trade(1, 99.5, 1, False),
                                                                              trade(2, 99, 1000, False), trade(3, 98.5, 1, False)],
                                                                       ["2: b accepted", "4: b filled 1 at 99"]),
    "where a book told who stands before us, the rest is ours": (
        QUEUE, [book(0, [(99, 4)], [(100, 1)]), buy("b", 3, limit=99), book(1, [(99, 4)], [(100, 1)]), trade(2, 99, 3, False), trade(3, 99, 9, True),
                trade(4, 99, 2, False), trade(5, 99, 5, False)],
        ["2: b accepted", "5: b open 1.0 at 99", "6: b filled 3.0 at 99"]),
    "who leaves before us moves us up": (
        QUEUE, [book(0, [(99, 4)], [(100, 1)]), buy("b", limit=99), book(1, [(99, 4)], [(100, 1)]), book(2, [(99, 1)], [(100, 1)]), trade(3, 99, 2, False)],
        ["2: b accepted", "4: b filled 1 at 99"]),
}
BOOKS: dict[str, tuple[dict[str, Any], list[Any], list[str]]] = {
    "a large order walks up the book": ({}, [book(0, [(99, 1)], [(100, 1)]), buy("b", 3), book(1, [(99, 1)], [(100, 1), (101, 1), (102, 5)])],
                                        ["2: b filled 3.0 at 101"]),
    "up to its limit, and the rest rests": ({}, [book(0, [(99, 1)], [(100, 1)]), buy("b", 3, limit=101),
                                                book(1, [(99, 1)], [(100, 1), (101, 1), (102, 5)])], ["2: b open 2.0 at 100.5"]),
    "a level that we took is not there twice": ({}, [book(0, [(99, 1)], [(100, 1)]), buy("a"), book(1, [(99, 1)], [(100, 1), (103, 1)]), buy("b"),
                                                    book(2, [(99, 1)], [(100, 1), (103, 1)])], ["2: a filled 1 at 100", "3: b filled 1 at 103"]),
    "until it went away and came back": ({}, [book(0, [(99, 1)], [(100, 1)]), buy("a"), book(1, [(99, 1)], [(100, 1)]),
                                             book(2, [(99, 1)], [(101, 1)]), buy("b"), book(3, [(99, 1)], [(100, 1), (103, 1)])],
                                         ["2: a filled 1 at 100", "4: b filled 1 at 100"]),
    "wholly or not at all looks at all levels within the limit": (
        {}, [book(0, [(99, 1)], [(100, 1)]), buy("a", 2, limit=101, **FOK), buy("b", 3, limit=101, **FOK), book(1, [(99, 1)], [(100, 1), (101, 1), (102, 5)])],
        ["2: a filled 2.0 at 100.5", "2: b canceled"]),
}
ALL = {**BARS, **TICKS, **TRADES, **BOOKS}


@pytest.mark.parametrize("name", ALL)
def test_what_becomes_of_an_order(name: str) -> None:
    changes, story, expected = ALL[name]
    assert play(changed(PLAIN, **changes), story) == expected


ENTRY_AT_OPEN = [sell("stop", stop=96), sell("target", limit=109)]
FOLLOW_UPS: dict[str, tuple[str, list[Any], dict[str, list[Any]], list[str]]] = {
    "by default what answers a fill meets the next bar": (
        "pessimistic", [CALM, buy("b", limit=98), UP, bar(2, 105, 105, 100, 105)], {"b": [sell("stop", stop=96)]},
        ["2: b filled 1 at 98", "3: stop accepted"]),
    "after a fill at the open the whole bar is still to come, the stop first": (
        "freqtrade", [CALM, buy("b"), UP], {"b": ENTRY_AT_OPEN, "stop": [Canceled("target")]},
        ["2: b filled 1 at 100", "2: target accepted", "2: stop filled 1 at 96", "2: target canceled"]),
    "and so it is in backtesting.py": (
        "backtesting_py", [CALM, buy("b"), UP], {"b": [sell("target", limit=109)]}, ["2: b filled 1 at 100", "2: target filled 1 at 109"]),
    "where an answer to a fill inside a bar waits for the next": (
        "backtesting_py", [CALM, buy("b", limit=98), UP, bar(2, 105, 105, 95, 105)], {"b": [sell("stop", stop=96)]},
        ["2: b filled 1 at 98", "2: stop accepted", "3: stop filled 1 at 96"]),
}


@pytest.mark.parametrize("name", FOLLOW_UPS)
def test_what_becomes_of_an_answer_to_a_fill(name: str) -> None:
    model, story, in_answer, expected = FOLLOW_UPS[name]
    assert play(changed(NAMED[model], spread_ticks=0.0, spread_share=0.0, volume_share=None, latency_seconds=0.0), story, in_answer) == expected


STRICT = changed(PLAIN, **FOLLOW)


def test_an_entry_and_its_stop_in_one_bar_is_a_loss_but_its_target_is_not_a_gain() -> None:
    both = {"b": [sell("stop", stop=96), sell("target", limit=109)]}
    assert play(STRICT, [CALM, buy("b", limit=98), UP], both) == [
        "2: b filled 1 at 98", "2: target accepted", "2: stop filled 1 at 96"]
    assert play(STRICT, [CALM, buy("b", limit=98), UP], {"b": [sell("target", limit=104)]}) == ["2: b filled 1 at 98", "2: target filled 1 at 104"]


def test_a_stop_that_filled_lets_its_target_be_canceled_before_the_bar_goes_on() -> None:
    story = [CALM, sell("stop", stop=96), sell("target", limit=109), STILL, UP_LATER]
    assert play(STRICT, story, {"stop": [Canceled("target")]}) == [
        "2: stop accepted", "2: target accepted", "3: stop filled 1 at 96", "3: target canceled"]


def test_what_fills_at_an_open_ends_what_was_ordered_with_it_before_anybody_knew_its_id() -> None:
    story = [CALM, sell("stop", stop=96), sell("target", limit=109), bar(1, 90, 110, 89, 105), UP_LATER]
    assert play(STRICT, story, {"stop": [Canceled("target")]}) == ["2: stop filled 1 at 90", "2: target canceled"]


def test_a_cancel_right_after_its_order_ends_it_before_the_next_bar() -> None:
    assert play(STRICT, [CALM, buy("b"), Canceled("b"), UP]) == ["2: b canceled"]


def test_a_market_order_in_answer_to_a_fill_trades_where_the_fill_was() -> None:
    assert play(STRICT, [CALM, buy("b", stop=108), UP], {"b": [sell("out")]}) == ["2: b filled 1 at 108", "2: out filled 1 at 108"]


def test_a_limit_that_came_to_rest_at_the_open_is_not_met_by_that_open_once_more() -> None:
    model = changed(STRICT, spread_ticks=4.0, **GAP)
    assert play(model, [CALM, buy("limit", limit=100.5), buy("market"), bar(1, 100, 110, 100, 105)]) == [
        "2: limit accepted", "2: market filled 1 at 101", "2: limit filled 1 at 100.5"]
