"""The hand-cranked runtime: the same seed leaves the same trace, time moves only when everybody waits, nothing fails silently."""

import inspect
from pathlib import Path
from random import Random

import pytest

from tests.hand_cranked_disk import HandCrankedDisk, PowerCut
from tests.hand_cranked_runtime import SECOND, START_NS, HandCrankedRuntime, NobodyCanRun, TaskFailed
from trading_system.core import files, ports


def chatter(runtime: HandCrankedRuntime, heard: list[str]) -> None:
    """Spawn three senders and two readers that talk through one mailbox and sleep a little."""
    box = runtime.mailbox()

    def send(name: str) -> None:
        for number in range(3):
            runtime.sleep_until(runtime.monotonic_ns() + int(runtime.random() * SECOND))
            box.put(f"{name}{number}")

    def read(name: str) -> None:
        while True:
            heard.append(f"{name}<{box.take()}")

    for name in "abc":
        runtime.spawn(f"sender-{name}", lambda name=name: send(name))
    for name in "xy":
        runtime.spawn(f"reader-{name}", lambda name=name: read(name))


def test_tasks_that_are_ready_run_in_the_order_in_which_they_became_ready() -> None:
    runtime, said = HandCrankedRuntime(), list[str]()
    for name in "abc":
        runtime.spawn(name, lambda name=name: said.append(name))
    runtime.run_until_idle()
    assert said == ["a", "b", "c"]
    assert runtime.trace == [(0, "a"), (1, "b"), (2, "c")]


def test_a_spawned_task_does_not_run_before_its_spawner_waits() -> None:
    runtime, said = HandCrankedRuntime(), list[str]()
    runtime.spawn("a", lambda: said.append("a"))
    assert not said


@pytest.mark.parametrize("preemption", [0.0, 0.5])
def test_the_same_seed_leaves_the_same_trace(preemption: float) -> None:
    def once(seed: int) -> tuple[list[tuple[int, str]], list[str]]:
        runtime, heard = HandCrankedRuntime(seed, preemption=preemption), list[str]()
        chatter(runtime, heard)
        runtime.run_until(10 * SECOND)
        return runtime.trace, heard
    assert once(1) == once(1)
    assert len({tuple(once(seed)[0]) for seed in range(8)}) > 4


def test_nothing_that_is_put_is_lost_or_doubled_in_any_order() -> None:
    for seed in range(30):
        runtime, heard = HandCrankedRuntime(seed, preemption=0.5), list[str]()
        chatter(runtime, heard)
        runtime.run_until(10 * SECOND)
        assert sorted(item.partition("<")[2] for item in heard) == sorted(f"{name}{number}" for name in "abc" for number in range(3))


def test_a_sleeper_wakes_exactly_when_it_asked_to_and_both_clocks_agree() -> None:
    runtime, woke = HandCrankedRuntime(), list[int]()

    def body() -> None:
        for _ in range(3):
            runtime.sleep_until(runtime.monotonic_ns() + 7 * SECOND)
            woke.append(runtime.monotonic_ns())
    runtime.spawn("sleeper", body)
    runtime.run_until(lambda: len(woke) == 3)
    assert woke == [7 * SECOND, 14 * SECOND, 21 * SECOND]
    assert runtime.now_ns() == START_NS + 21 * SECOND


def test_a_sleep_that_has_passed_returns_at_once_and_lets_nobody_run() -> None:
    runtime, said = HandCrankedRuntime(), list[str]()
    runtime.spawn("other", lambda: said.append("other"))
    runtime.sleep_until(0)
    assert not said


def test_time_stands_still_while_somebody_is_ready() -> None:
    runtime, times = HandCrankedRuntime(), list[int]()
    runtime.spawn("sleeper", lambda: runtime.sleep_until(SECOND))
    for _ in range(5):
        runtime.spawn("busy", lambda: times.append(runtime.monotonic_ns()))
    runtime.run_until(SECOND)
    assert times == [0] * 5


def test_a_take_gives_up_at_its_deadline_and_not_before() -> None:
    runtime = HandCrankedRuntime()
    assert runtime.mailbox().take(3 * SECOND) is None
    assert runtime.monotonic_ns() == 3 * SECOND


def test_a_take_wakes_for_an_item_long_before_its_deadline() -> None:
    runtime = HandCrankedRuntime()
    box = runtime.mailbox()

    def body() -> None:
        runtime.sleep_until(SECOND)
        box.put("paper")
    runtime.spawn("sender", body)
    assert box.take(100 * SECOND) == "paper"
    assert runtime.monotonic_ns() == SECOND


def test_a_deadline_that_was_not_needed_wakes_nobody_later() -> None:
    runtime, taken = HandCrankedRuntime(), list[object]()
    box = runtime.mailbox()

    def body() -> None:
        taken.append(box.take(5 * SECOND))
        taken.append(box.take(9 * SECOND))
    runtime.spawn("taker", body)
    runtime.run_until_idle()
    box.put("early")
    runtime.run_until(6 * SECOND)
    assert taken == ["early"]
    runtime.run_until(9 * SECOND)
    assert taken == ["early", None]


def test_an_item_goes_to_one_taker_only_and_the_first_come_is_the_first_served() -> None:
    runtime, taken = HandCrankedRuntime(), list[tuple[str, object]]()
    box = runtime.mailbox()
    for name in "ab":
        runtime.spawn(name, lambda name=name: taken.append((name, box.take())))
    runtime.run_until_idle()
    box.put(1)
    runtime.run_until_idle()
    assert taken == [("a", 1)]
    box.put(2)
    runtime.run_until_idle()
    assert taken == [("a", 1), ("b", 2)]


def test_a_taker_that_gave_up_does_not_swallow_an_item() -> None:
    runtime, taken = HandCrankedRuntime(), list[object]()
    box = runtime.mailbox()
    runtime.spawn("impatient", lambda: box.take(SECOND))
    runtime.spawn("patient", lambda: taken.append(box.take()))
    runtime.run_until(2 * SECOND)
    box.put("paper")
    runtime.run_until_idle()
    assert taken == ["paper"]
    assert box.empty()


def test_the_main_task_takes_its_turn_among_the_others() -> None:
    runtime, box = HandCrankedRuntime(), None
    box = runtime.mailbox()
    runtime.spawn("first", lambda: box.put(1))
    runtime.spawn("second", lambda: None)
    assert box.take() == 1
    assert [name for _, name in runtime.trace] == ["first", "second", "main"]


def test_the_main_task_that_waits_for_ever_says_who_else_waits() -> None:
    runtime = HandCrankedRuntime()
    box = runtime.mailbox()
    runtime.spawn("reader", box.take)
    with pytest.raises(NobodyCanRun, match="reader"):
        runtime.mailbox().take()


def test_a_condition_that_nobody_can_bring_about_is_an_error() -> None:
    runtime = HandCrankedRuntime()
    with pytest.raises(AssertionError, match="nobody can run"):
        runtime.run_until(lambda: False)


def test_a_condition_that_never_holds_ends_at_the_limit_of_the_virtual_clock() -> None:
    runtime, beats = HandCrankedRuntime(), list[int]()

    def body() -> None:
        while True:
            runtime.sleep_until(runtime.monotonic_ns() + SECOND)
            beats.append(runtime.monotonic_ns())
    runtime.spawn("clockwork", body)
    with pytest.raises(AssertionError, match="not within 60 s"):
        runtime.run_until(lambda: False, 60)
    assert len(beats) == 60


def test_running_until_a_time_runs_all_that_is_due_then_and_nothing_later() -> None:
    runtime, beats = HandCrankedRuntime(), list[int]()
    for due in (1, 2, 3):
        def body(due: int = due) -> None:
            runtime.sleep_until(due * SECOND)
            beats.append(due)
        runtime.spawn(str(due), body)
    runtime.run_until(2 * SECOND)
    assert beats == [1, 2]
    assert runtime.monotonic_ns() == 2 * SECOND


def test_timers_become_late_while_somebody_computes() -> None:
    runtime, woke = HandCrankedRuntime(), list[int]()

    def sleeper() -> None:
        runtime.sleep_until(SECOND)
        woke.append(runtime.monotonic_ns())
    runtime.spawn("sleeper", sleeper)
    runtime.spawn("busy", lambda: runtime.advance(5 * SECOND))
    runtime.run_until(lambda: bool(woke))
    assert woke == [5 * SECOND]


def test_a_rush_lets_time_pass_while_somebody_is_ready_but_never_beyond_the_end() -> None:
    def times(seed: int) -> tuple[int, ...]:
        runtime, seen = HandCrankedRuntime(seed, rush=0.3), list[int]()
        for due in (1, 2, 3):
            runtime.spawn("sleeper", lambda due=due: runtime.sleep_until(due * SECOND))

        def busy() -> None:
            box = runtime.mailbox()
            for _ in range(4):
                box.put(1)
                box.take()
                seen.append(runtime.monotonic_ns())
                runtime.spawn("other", lambda: None).join()
        runtime.spawn("busy", busy)
        runtime.run_until(2 * SECOND)
        assert runtime.monotonic_ns() == 2 * SECOND
        return tuple(seen)
    assert times(5) == times(5)
    assert len({times(seed) for seed in range(20)}) > 3


def test_joining_waits_for_the_end_of_a_task_and_no_longer_than_its_deadline() -> None:
    runtime = HandCrankedRuntime()
    task = runtime.spawn("sleeper", lambda: runtime.sleep_until(5 * SECOND))
    task.join(2 * SECOND)
    assert task.is_alive()
    assert runtime.monotonic_ns() == 2 * SECOND
    task.join()
    assert not task.is_alive()
    assert runtime.monotonic_ns() == 5 * SECOND
    task.join()


def fail() -> None:
    raise ValueError("a fault")


def test_a_task_that_raises_is_reported_by_name() -> None:
    told = list[tuple[str, str]]()
    runtime = HandCrankedRuntime(on_failure=lambda name, error: told.append((name, str(error))))
    task = runtime.spawn("poller", fail)
    runtime.run_until_idle()
    assert told == [("poller", "a fault")]
    assert [name for name, _ in runtime.failures] == ["poller"]
    assert not task.is_alive()


def test_a_task_that_raises_while_nobody_listens_stops_the_crank() -> None:
    runtime = HandCrankedRuntime()
    runtime.spawn("poller", fail)
    with pytest.raises(TaskFailed, match="poller: ValueError: a fault"):
        runtime.run_until_idle()
    runtime.spawn("poller", fail)
    with pytest.raises(TaskFailed):
        runtime.sleep_until(SECOND)


class Broken(BaseException):
    pass


def land() -> None:
    raise Broken


def test_an_interrupt_breaks_the_main_task_out_of_its_sleep() -> None:
    runtime = HandCrankedRuntime()
    runtime.on_interrupt(land)

    def shooter() -> None:
        runtime.sleep_until(SECOND)
        runtime.interrupt()
    runtime.spawn("watchdog", shooter)
    with pytest.raises(Broken):
        runtime.sleep_until(60 * SECOND)
    assert runtime.monotonic_ns() == SECOND
    assert runtime.interrupts == 1


def test_a_wait_that_was_broken_off_neither_takes_an_item_nor_wakes_the_main_task_again() -> None:
    runtime = HandCrankedRuntime()
    runtime.on_interrupt(land)
    box, other = runtime.mailbox(), runtime.mailbox()

    def shooter() -> None:
        runtime.interrupt()
        box.put("paper")
    runtime.spawn("watchdog", shooter)
    with pytest.raises(Broken):
        box.take()
    assert other.take(SECOND) is None
    assert runtime.monotonic_ns() == SECOND
    assert box.take(SECOND) == "paper"


def test_an_interrupt_whose_handler_does_not_raise_lets_the_sleep_go_on() -> None:
    runtime, landed = HandCrankedRuntime(), list[int]()
    runtime.on_interrupt(lambda: landed.append(runtime.monotonic_ns()))
    runtime.spawn("watchdog", runtime.interrupt)
    runtime.sleep_until(SECOND)
    assert landed == [0]
    assert runtime.monotonic_ns() == SECOND


def test_an_interrupt_by_the_main_task_itself_lands_at_once() -> None:
    runtime = HandCrankedRuntime()
    runtime.on_interrupt(land)
    with pytest.raises(Broken):
        runtime.interrupt()


def test_chance_and_names_come_from_the_seed_and_not_from_the_schedule() -> None:
    def draw(runtime: HandCrankedRuntime) -> tuple[float, str]:
        return runtime.random(), runtime.new_id(6)
    busy = HandCrankedRuntime(3)
    chatter(busy, [])
    runtime = HandCrankedRuntime(3)
    first = draw(runtime)
    assert first == draw(HandCrankedRuntime(3)) != draw(HandCrankedRuntime(4))
    assert 0 <= first[0] < 1
    assert len(first[1]) == 6
    assert first[1].isalpha()
    assert first[1].islower()


def test_a_power_cut_loses_exactly_what_was_not_synced() -> None:
    disk = HandCrankedDisk()
    file = HandCrankedRuntime(disk=disk).files.open_append("journal/1")
    file.append(b"kept")
    file.sync()
    file.append(b"lost")
    assert disk.read("journal/1") == b"keptlost"
    disk.cut_power()
    assert disk.read("journal/1") == b"kept"
    again = HandCrankedRuntime(disk=disk).files.open_append("journal/1")
    again.append(b"torn")
    disk.cut_power(kept=2)
    assert disk.read("journal/1") == b"keptto"


def test_a_disk_with_an_error_refuses_everything_and_loses_nothing() -> None:
    runtime = HandCrankedRuntime()
    file = runtime.files.open_append("journal/1")
    file.append(b"one")
    runtime.disk.error = OSError(28, "No space left on device")
    for attempt in (lambda: file.append(b"two"), file.sync, lambda: runtime.files.open_append("journal/2")):
        with pytest.raises(OSError, match="No space left"):
            attempt()
    runtime.disk.error = None
    file.sync()
    assert runtime.disk.synced == {"journal/1": b"one"}


FOLDER = Path("journal")


def test_a_name_survives_only_when_its_folder_was_synced() -> None:
    def left(sync: bool, luck: int) -> list[str]:
        disk = HandCrankedDisk()
        disk.make_folder(FOLDER)
        disk.open_append(FOLDER / "a").sync()
        disk.sync_folder(FOLDER)
        disk.rename(FOLDER / "a", FOLDER / "b")
        disk.open_append(FOLDER / "c").sync()
        if sync:
            disk.sync_folder(FOLDER)
        disk.cut_power(chance=Random(luck))
        return sorted(disk.names(FOLDER))
    assert {tuple(left(True, luck)) for luck in range(20)} == {("b", "c")}
    assert {tuple(left(False, luck)) for luck in range(50)} == {("a",), ("b",), ("a", "c"), ("b", "c")}


def test_an_unlucky_cut_leaves_any_prefix_of_each_file_on_its_own() -> None:
    def left(luck: int) -> tuple[bytes, bytes]:
        disk = HandCrankedDisk()
        for name in "ab":
            file = disk.open_append(name)
            disk.sync_folder(Path("."))
            file.append(b"12")
            file.append(b"34")
        disk.cut_power(chance=Random(luck))
        return disk.read("a"), disk.read("b")
    seen = {left(luck) for luck in range(400)}
    assert {first for first, _ in seen} == {b"", b"1", b"12", b"123", b"1234"}
    assert (b"", b"1234") in seen
    assert (b"1234", b"") in seen


def test_what_a_failed_sync_should_have_saved_is_not_saved_by_the_next_one() -> None:
    disk = HandCrankedDisk()
    file = disk.open_append("a")
    file.append(b"lost")
    disk.failing_syncs = 1
    with pytest.raises(OSError, match="Input/output"):
        file.sync()
    file.append(b"kept")
    file.sync()
    assert disk.read("a") == b"lostkept"
    disk.cut_power()
    assert disk.read("a") == bytes(4) + b"kept"


def test_what_is_cut_off_and_written_again_is_saved_after_a_failed_sync() -> None:
    disk = HandCrankedDisk()
    file = disk.open_append("a")
    file.append(b"data")
    disk.failing_syncs = 1
    with pytest.raises(OSError, match="Input/output"):
        file.sync()
    disk.truncate(Path("a"), 0)
    file.append(b"data")
    file.sync()
    disk.cut_power()
    assert disk.read("a") == b"data"


def test_a_full_disk_takes_what_there_is_room_for() -> None:
    disk = HandCrankedDisk()
    file = disk.open_append("a")
    disk.room = 6
    file.append(b"four")
    with pytest.raises(OSError, match="No space left"):
        file.append(b"more")
    assert disk.read("a") == b"fourmo"


def test_the_machine_stops_at_the_operation_that_was_named_and_stays_off() -> None:
    disk = HandCrankedDisk()
    disk.stop_at = 2
    file = disk.open_append("a")
    file.append(b"1")
    for attempt in (file.sync, lambda: disk.remove(Path("a")), lambda: file.append(b"2")):
        with pytest.raises(PowerCut):
            attempt()
    assert disk.log == ["create a", "append a"]
    disk.cut_power(kept=1)
    assert disk.read("a") == b"1"


def test_waiting_while_holding_a_lock_fails_loudly() -> None:
    runtime = HandCrankedRuntime()
    with pytest.raises(AssertionError, match="waits while it holds a lock"), runtime.lock():
        runtime.sleep_until(SECOND)


def test_a_lock_is_free_again_after_its_block_even_when_that_raises() -> None:
    runtime = HandCrankedRuntime()
    lock = runtime.lock()
    with pytest.raises(ValueError, match="a fault"), lock:
        fail()
    with lock:
        pass
    runtime.sleep_until(SECOND)


def test_closing_ends_every_task_and_runs_what_they_left_to_clean_up() -> None:
    runtime, cleaned = HandCrankedRuntime(), list[str]()

    def body() -> None:
        try:
            runtime.mailbox().take()
        finally:
            cleaned.append("done")
    task = runtime.spawn("reader", body)
    runtime.run_until_idle()
    never = runtime.spawn("never-run", fail)
    runtime.close()
    assert cleaned == ["done"]
    assert not task.is_alive()
    assert not never.is_alive()
    assert not runtime.failures


def test_preemption_lets_others_run_between_two_puts_of_one_task() -> None:
    def order(seed: int) -> str:
        runtime, heard = HandCrankedRuntime(seed, preemption=0.5), list[str]()
        box = runtime.mailbox()
        runtime.spawn("reader", lambda: [heard.append(box.take()) for _ in range(2)])

        def body() -> None:
            box.put("1")
            heard.append("-")
            box.put("2")
        runtime.spawn("sender", body)
        runtime.run_until_idle()
        return "".join(heard)
    assert {order(seed) for seed in range(40)} == {"-12", "1-2"}


@pytest.mark.parametrize("kind", [ports.Runtime, ports.Mailbox, ports.Task, files.Files, files.AppendFile])
def test_it_offers_everything_that_the_house_may_ask_of_a_runtime(kind: type) -> None:
    runtime = HandCrankedRuntime()
    offered = {ports.Runtime: runtime, ports.Mailbox: runtime.mailbox(), ports.Task: runtime.spawn("task", lambda: None),
               files.Files: runtime.files, files.AppendFile: runtime.files.open_append("file")}[kind]
    asked = {name: member for name, member in vars(kind).items() if inspect.isfunction(member) and not name.startswith("_")}
    assert asked
    for name, member in asked.items():
        assert list(inspect.signature(getattr(offered, name)).parameters) == list(inspect.signature(member).parameters)[1:], name
