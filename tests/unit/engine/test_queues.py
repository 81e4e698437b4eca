"""The two queues and their bell: nothing is lost but ticks that a newer one replaced, and nobody sleeps while a paper waits."""

import threading

import pytest

from tests.hand_cranked_runtime import SECOND, HandCrankedRuntime, NobodyCanRun
from trading_system.core.events import CommandEvent, WarningEvent
from trading_system.core.market_data import Bar, Book, Tick, Trade
from trading_system.core.runtime import ThreadRuntime
from trading_system.engine.queues import Queues


@pytest.fixture
def queues() -> Queues:
    return Queues(HandCrankedRuntime().mailbox())


def tick(symbol: str = "XBTZAR.luno", time_ns: int = 1) -> Tick:
    return Tick(symbol, time_ns, 1.0, 2.0)


def trade(number: int, symbol: str = "XBTZAR.luno") -> Trade:
    return Trade(symbol, number, 1.0, 1.0, True, number)


def answer(text: str) -> WarningEvent:
    return WarningEvent(text)


def command(text: str) -> CommandEvent:
    return CommandEvent("pause", text)


def drained(queues: Queues) -> list[object]:
    taken: list[object] = []
    queues.drain(taken.append, lambda: False)
    return taken


def test_actions_are_taken_before_market_data_and_commands_before_answers(queues: Queues) -> None:
    queues.lay_market(tick())
    queues.lay_answer(answer("a"))
    queues.lay_command(command("c"))
    queues.consequences.append(answer("own"))
    assert drained(queues) == [answer("own"), command("c"), answer("a"), tick()]


def test_each_lane_keeps_its_order(queues: Queues) -> None:
    for number in range(20):
        queues.lay_answer(answer(str(number)))
        queues.lay_market(trade(number))
    taken = drained(queues)
    assert [paper.text for paper in taken if isinstance(paper, WarningEvent)] == [str(number) for number in range(20)]
    assert [paper.time_ns for paper in taken if isinstance(paper, Trade)] == list(range(20))


def test_a_consequence_laid_while_handling_comes_before_everything_that_waits(queues: Queues) -> None:
    taken: list[object] = []

    def handle(paper: object) -> None:
        taken.append(paper)
        if paper == answer("first"):
            queues.consequences.append(answer("its consequence"))
    queues.lay_answer(answer("first"))
    queues.lay_answer(answer("second"))
    queues.lay_command(command("stop"))
    queues.lay_market(tick())
    queues.drain(handle, lambda: False)
    assert taken == [command("stop"), answer("first"), answer("its consequence"), answer("second"), tick()]


def test_after_at_most_256_actions_one_market_event_is_taken(queues: Queues) -> None:
    for number in range(600):
        queues.lay_answer(answer(str(number)))
    for number in range(3):
        queues.lay_market(trade(number))
    places = [place for place, paper in enumerate(drained(queues)) if isinstance(paper, Trade)]
    assert places == [256, 513, 602]


def test_endless_consequences_do_not_keep_market_data_out(queues: Queues) -> None:
    taken: list[object] = []

    def handle(paper: object) -> None:
        taken.append(paper)
        queues.consequences.append(answer("again"))
    queues.lay_market(tick())
    queues.lay_answer(answer("first"))
    queues.drain(handle, lambda: any(isinstance(paper, Tick) for paper in taken))
    assert len(taken) == 257


def test_the_newest_tick_wins_and_what_it_replaced_is_counted(queues: Queues) -> None:
    for number in range(1, 6):
        queues.lay_market(tick(time_ns=number))
    queues.lay_market(tick("ETHZAR.luno"))
    assert drained(queues) == [tick(time_ns=5), tick("ETHZAR.luno")]
    assert queues.conflated == {"XBTZAR.luno": 4}


def test_a_tick_that_was_taken_is_not_counted_as_replaced(queues: Queues) -> None:
    for number in range(1, 6):
        queues.lay_market(tick(time_ns=number))
        assert drained(queues) == [tick(time_ns=number)]
    assert queues.conflated == {}


def test_a_symbol_keeps_its_place_in_the_line_when_a_newer_tick_replaces_the_waiting_one(queues: Queues) -> None:
    queues.lay_market(tick("AAAZAR.luno", 1))
    queues.lay_market(tick("BBBZAR.luno", 1))
    queues.lay_market(tick("AAAZAR.luno", 2))
    assert [paper.symbol for paper in drained(queues)] == ["AAAZAR.luno", "BBBZAR.luno"]


def test_a_book_does_not_replace_a_tick(queues: Queues) -> None:
    book = Book("XBTZAR.luno", 1, ((1.0, 1.0),), ((2.0, 1.0),))
    queues.lay_market(tick())
    queues.lay_market(book)
    assert drained(queues) == [tick(), book]


def test_trades_and_bars_are_never_replaced(queues: Queues) -> None:
    bar = Bar("XBTZAR.luno", 0, 1, 1.0, 1.0, 1.0, 1.0)
    papers = [trade(1), bar, trade(2), bar]
    for paper in papers:
        queues.lay_market(paper)
    assert drained(queues) == papers


def test_trades_beyond_the_bound_are_refused_and_counted_and_those_within_are_kept() -> None:
    queues = Queues(HandCrankedRuntime().mailbox(), market_bound=3)
    for number in range(5):
        queues.lay_market(trade(number))
    queues.lay_market(tick())
    assert queues.refused == {"XBTZAR.luno": 2}
    assert drained(queues) == [trade(0), trade(1), trade(2), tick()]


def test_ticks_that_are_conflated_away_are_kept_for_those_who_build_bars(queues: Queues) -> None:
    queues.keep_for_bars("XBTZAR.luno")
    for number in range(1, 4):
        queues.lay_market(tick(time_ns=number))
        queues.lay_market(tick("ETHZAR.luno", number))
    assert list(queues.skipped["XBTZAR.luno"]) == [tick(time_ns=1), tick(time_ns=2)]
    assert "ETHZAR.luno" not in queues.skipped


def test_the_depth_counts_all_that_waits(queues: Queues) -> None:
    queues.lay_market(tick())
    queues.lay_market(trade(1))
    queues.lay_answer(answer("a"))
    queues.lay_command(command("c"))
    queues.consequences.append(answer("own"))
    assert queues.depth == 5
    drained(queues)
    assert queues.depth == 0


def test_market_data_thrown_away_leaves_the_actions(queues: Queues) -> None:
    queues.lay_market(tick())
    queues.lay_market(trade(1))
    queues.lay_answer(answer("a"))
    queues.discard_market()
    assert drained(queues) == [answer("a")]


def test_waiting_ends_at_its_deadline_when_nothing_comes() -> None:
    runtime = HandCrankedRuntime()
    Queues(runtime.mailbox()).wait(3 * SECOND)
    assert runtime.monotonic_ns() == 3 * SECOND


def produce(queues: Queues, number: int, count: int) -> None:
    for one in range(count):
        match one % 3:
            case 0:
                queues.lay_answer(answer(f"{number}-{one}"))
            case 1:
                queues.lay_command(command(f"{number}-{one}"))
            case _:
                queues.lay_market(trade(one, f"S{number}"))


def taken_by(queues: Queues, expected: int) -> list[object]:
    """Take like the engine does, only ever sleeping on the bell without a deadline."""
    taken: list[object] = []
    while len(taken) < expected:
        queues.wait()
        queues.drain(taken.append, lambda: False)
    return taken


def check_complete(taken: list[object], producers: int, count: int) -> None:
    for number in range(producers):
        answers = [paper.text for paper in taken if isinstance(paper, WarningEvent) and paper.text.startswith(f"{number}-")]
        commands = [paper.by for paper in taken if isinstance(paper, CommandEvent) and paper.by.startswith(f"{number}-")]
        trades = [paper.time_ns for paper in taken if isinstance(paper, Trade) and paper.symbol == f"S{number}"]
        assert answers == [f"{number}-{one}" for one in range(0, count, 3)]
        assert commands == [f"{number}-{one}" for one in range(1, count, 3)]
        assert trades == list(range(2, count, 3))


def test_no_paper_of_four_threads_is_lost_and_no_wake_up_is_missed() -> None:
    queues, count, taken = Queues(ThreadRuntime().mailbox(), 10**9), 6_000, list[object]()
    engine = threading.Thread(target=lambda: taken.extend(taken_by(queues, 4 * count)), daemon=True)
    producers = [threading.Thread(target=produce, args=(queues, number, count), daemon=True) for number in range(4)]
    for thread in (engine, *producers):
        thread.start()
    engine.join(30)
    assert not engine.is_alive(), f"the engine sleeps while {queues.depth} papers wait"
    check_complete(taken, 4, count)


def explore(kind: type[Queues], seeds: range) -> None:
    for seed in seeds:
        runtime = HandCrankedRuntime(seed, preemption=0.5)
        queues = kind(runtime.mailbox())
        for number in range(4):
            runtime.spawn(f"producer-{number}", lambda number=number: produce(queues, number, 6))
        check_complete(taken_by(queues, 24), 4, 6)


def test_no_wake_up_is_missed_in_any_of_many_schedules() -> None:
    explore(Queues, range(200))


def test_a_bell_rung_before_the_paper_is_laid_would_be_found_out() -> None:
    class RingsFirst(Queues):
        def lay_market(self, event: object) -> None:
            if self._is_silent():
                self._ring(None)
            self.lossless.append(event)
    with pytest.raises(NobodyCanRun):
        explore(RingsFirst, range(200))


