"""The points of the little curves."""

from trading_system.console.equity_history import EquityHistory


def picture(beat, **equities):
    return {"beats": beat, "strategies": {name: {"equity": equity, "currency": "ZAR"} for name, equity in equities.items()}}


def test_a_beat_gives_one_point_however_often_its_picture_is_seen() -> None:
    history = EquityHistory()
    for beat in (1, 1, 2, 2, 2):
        history.add(picture(beat, a=float(beat), b=10.0))
    assert history.strategies == {"a": [1.0, 2.0], "b": [10.0, 10.0]}
    assert history.totals == {"ZAR": [11.0, 12.0]}


def test_a_total_is_not_known_while_one_of_its_parts_is_not() -> None:
    history = EquityHistory()
    history.add(picture(1, a=None, b=10.0))
    history.add(picture(2, a=float("nan"), b=10.0))
    assert history.totals == {"ZAR": [None, None]}


def test_capital_that_waits_for_its_first_price_is_not_shown_as_a_profit() -> None:
    history = EquityHistory()
    row = {"equity": 20.0, "currency": "ZAR", "pending_capital": {"XRP": "500"}}
    history.add({"beats": 1, "strategies": {"a": row}})
    assert history.strategies == {"a": [None]}


def test_a_long_run_is_kept_whole_in_bounded_room() -> None:
    history = EquityHistory(capacity=64)
    for beat in range(1, 10_001):
        history.add(picture(beat, a=float(beat)))
        assert len(history.strategies["a"]) < 64
        assert len(history.strategies["a"]) == len(history.totals["ZAR"])
    points = history.strategies["a"]
    assert points == sorted(points)
    assert points[0] < 1_000
    assert points[-1] > 9_000


def test_an_empty_picture_adds_nothing() -> None:
    history = EquityHistory()
    history.add({})
    assert history.strategies == {}
