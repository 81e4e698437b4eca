"""One frame at many sizes: nothing wraps, what matters less goes first. Draw the expected ones again with
`python -m tests.unit.console.record_picture 0` and look at them before you commit."""

from typing import Any

import pytest

from tests.unit.console.scenes import SIZES, golden, many, recorded, text, with_row
from trading_system.console.frame import draw
from trading_system.console.scene import Line, Scene

HOSTILE = "\x1b[2J\x1b[31m[red]bold[/red] \u202e\x07\n" + "日本語" * 40 + "e\u0301" * 40


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_recorded_scene_looks_as_expected(width, height) -> None:
    assert text(recorded(), width, height) == golden(width, height).read_text()


@pytest.mark.parametrize("width", [1, 2, 10, 20, 39, 60, 79, 80, 81, 100, 120, 200, 300])
@pytest.mark.parametrize("height", [1, 2, 3, 5, 8, 12, 24, 45, 100])
def test_a_frame_fills_its_size_and_never_breaks_it(width, height) -> None:
    for scene in (recorded(), many(50), Scene(0), with_row(state=f"paused: {HOSTILE}")):
        text(scene, width, height)


def test_the_first_line_says_what_this_is_and_the_second_which_keys_there_are() -> None:
    first, second, *_ = text(recorded(), 80, 24).splitlines()
    assert "simulated exchange: no key, no real money" in first
    assert "Ctrl-C stops in order, again leaves at once" in second


def test_live_says_that_it_is_real_money() -> None:
    scene = recorded()
    scene.picture["mode"] = "live"
    assert "real money" in text(scene, 80, 24).splitlines()[0]
    assert "no real money" not in text(scene, 80, 24).splitlines()[0]


def test_with_more_room_there_is_more_to_see() -> None:
    small, large = text(recorded(), 80, 24), text(recorded(), 140, 45)
    for heading in ("position", "open", "realized", "fees", "equity", "orders"):
        assert heading in small
    for heading in ("cost", "profit", "fills", "equity so far"):
        assert f" {heading}" not in small.splitlines()[5]
        assert heading in large


def test_the_newest_events_are_at_the_bottom_and_the_last_line_is_the_newest() -> None:
    scene = recorded()
    scene.lines = [Line(scene.now_ns, "house", f"line {number}") for number in range(300)]
    lines = text(scene, 80, 24).splitlines()
    assert lines[-1].endswith("line 299")
    assert lines[-2].endswith("line 298")


def test_fifty_strategies_show_those_that_fit_and_say_how_many_more() -> None:
    shown = text(many(50), 80, 24)
    names = sum(line.startswith("strategy_") for line in shown.splitlines())
    assert names >= 4
    assert f"… {50 - names} more" in shown
    assert "total ZAR" in shown
    assert "orders and fills" in shown
    assert "more" not in text(many(50), 140, 90)


def test_of_fifty_strategies_the_paused_one_is_shown() -> None:
    scene = many(50)
    scene.picture["strategies"]["strategy_49"]["state"] = "paused: it raised"
    shown = text(scene, 80, 24)
    assert "strategy_49" in [line.split()[0] for line in shown.splitlines() if line.startswith("strategy_")]
    assert "→" in shown


def test_a_strategy_says_what_it_waits_for() -> None:
    assert "waiting for 8 bars, 3 so far" in text(with_row(last_decision="", waits_for="8 bars, 3 so far"), 80, 24)
    assert "paused: it raised" in text(with_row(state="paused: it raised"), 80, 24)


def test_stopping_counts_down_and_says_what_it_waits_for() -> None:
    scene = recorded()
    scene.stopping_ns = scene.now_ns - 4_000_000_000
    second = text(scene, 80, 24).splitlines()[1]
    assert "stopping: waiting for 2 orders to be canceled, at most 26 s more. Ctrl-C again" in second


def test_an_empty_picture_shows_that_it_starts() -> None:
    shown = text(Scene(0, lines=[Line(0, "house", "asking for 2 orders of an earlier run")], is_utc=True), 80, 24)
    assert "starting" in shown
    assert "asking for 2 orders" in shown


@pytest.mark.parametrize("nothing", [None, float("nan"), float("inf"), "", "nonsense"])
def test_what_is_not_known_is_a_dash(nothing: Any) -> None:
    scene = with_row(equity=nothing, open={"ZAR": nothing}, realized={"ZAR": nothing}, fees={"ZAR": nothing})
    for row in scene.picture["market"].values():
        row.update(bid=nothing, ask=nothing, last=nothing, age_seconds=nothing)
    shown = text(scene, 140, 45)
    assert "\u2013 / \u2013" in shown
    assert "no price yet" in shown
    assert "nan" not in shown.lower()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (140, 45)])
def test_hostile_text_is_shown_and_does_nothing(width, height) -> None:
    scene = with_row(last_decision=HOSTILE, currency="[blink]")
    rows = list(scene.picture["strategies"].items())
    scene.picture["strategies"] = {f"{name}{HOSTILE}": row for name, row in rows}
    scene.picture["market"] = {f"{HOSTILE}{symbol}": {**row, "status": HOSTILE} for symbol, row in scene.picture["market"].items()}
    scene.picture.update(mode=HOSTILE, phase=HOSTILE, warning_texts=[HOSTILE], error_texts=[HOSTILE], venues={HOSTILE: {}})
    scene.lines = [Line(0, HOSTILE[:60], "[red]not markup[/red]")]
    shown = text(scene, width, height)
    assert "\x1b" not in shown
    assert "[red]" in shown


def test_profits_are_green_and_losses_red_and_nothing_else_of_them_is() -> None:
    lines = draw(recorded(), 140, 45)
    row = next(line for line in lines if line.plain.startswith("market_making"))
    styles = {row.plain[span.start:span.end]: str(span.style) for span in row.spans}
    assert styles["+12.50"] == "green"
    total = next(line for line in lines if line.plain.startswith("total"))
    assert all(str(span.style) == "red" for span in total.spans if total.plain[span.start:span.end].startswith("-"))
