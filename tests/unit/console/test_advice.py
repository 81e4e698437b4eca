"""What people should look at, and the next safe thing to do."""

from tests.unit.console.scenes import recorded, with_row
from trading_system.console.advice import advise
from trading_system.console.scene import Scene


def test_a_quiet_house_and_an_empty_picture_ask_for_nothing() -> None:
    assert advise(recorded()) == []
    assert advise(Scene(0)) == []


def test_a_paused_strategy_says_why_and_what_to_do() -> None:
    (found,) = advise(with_row(state="paused: on_tick raised ValueError: no"))
    assert "on_tick raised ValueError: no" in found.what
    assert "orders canceled" in found.do
    assert "start again" in found.do
    assert "orders kept" in advise(with_row(state="paused: no", on_stop="keep"))[0].do


def test_a_pause_is_told_once() -> None:
    scene = with_row(state="paused: on_tick raised")
    name = next(iter(scene.strategies))
    scene.picture["warning_texts"] = [f"{name} is paused: on_tick raised"]
    scene.picture["error_texts"] = [f"{name}: on_tick raised"]
    assert len(advise(scene)) == 1


def test_a_halted_house_says_what_is_not_on_disk_and_that_it_goes_on_by_itself() -> None:
    scene = with_row(state="halted: the journal cannot write (No space left on device)")
    scene.picture.update(halted="journal: the journal cannot write (No space left on device)", records_not_on_disk=12)
    (found,) = advise(scene)
    assert found.what == "halted: journal: the journal cannot write (No space left on device); 12 records only in memory"
    assert found.is_bad
    assert "goes on by itself" in found.do
    assert len(found.do) <= 74


def test_an_order_in_doubt_is_not_to_be_placed_again() -> None:
    scene = recorded()
    scene.picture["orders_in_doubt"] = 2
    (found,) = advise(scene)
    assert found.what.startswith("2 orders may or may not have arrived")
    assert "do not place again" in found.do


def test_old_prices_are_said_with_the_time_that_passed_since_the_picture() -> None:
    scene = recorded()
    for row in scene.picture["market"].values():
        row["age_seconds"] = 9.5
    scene.now_ns += 1_000_000_000
    assert "no new price of" in advise(scene)[0].what


def test_an_engine_that_says_nothing_is_noticed() -> None:
    scene = recorded()
    scene.now_ns += 5_000_000_000
    assert "no news from the engine" in advise(scene)[0].what
    scene.picture["phase"] = "stopped"
    assert advise(scene) == []


def test_what_is_bad_comes_before_what_is_only_worth_knowing_and_each_text_once() -> None:
    scene = recorded()
    scene.picture.update(warning_texts=["no snapshot could be written (x)", "x", "x"], error_texts=["order a-b-c-1 is lost: no"])
    found = advise(scene)
    assert [advice.what for advice in found] == ["order a-b-c-1 is lost: no", "x", "no snapshot could be written (x)"]
    assert all(0 < len(advice.do) <= 74 for advice in found), "it must fit on 80 columns"
    assert "venue's own page" in found[0].do


def test_a_backlog_is_said() -> None:
    scene = recorded()
    scene.picture["queue_depth"] = 5_000
    assert advise(scene)[0].what == "5,000 events wait for the engine"
