"""The lanes: every answer of a broker becomes the right event, every deadline is kept, nothing is ever sent twice."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.hand_cranked_runtime import SECOND, HandCrankedRuntime
from trading_system.core.actions import CancelOrder, LookUpOrders, PlaceOrder
from trading_system.core.errors import AccessDenied, HeldBack, OrderRefused, OutcomeUnknown, RefusalReason, TryAgain
from trading_system.core.events import ConnectionEvent, LookUpFailedEvent, OpenOrdersEvent, OrderUpdateEvent, WarningEvent
from trading_system.core.order import OrderKind, OrderRequest
from trading_system.core.order_update import Answer, Evidence, OrderUpdate, VenueTrade
from trading_system.core.side import Side
from trading_system.executors.broker_lanes import BrokerLanes, LaneSettings

PROOF = Evidence("/api/1/postorder", 5, 6, 400, "ErrInsufficientBalance")


def request(number: int = 1) -> OrderRequest:
    return OrderRequest(f"abcdef-naive-1-{number}", "naive", "XBTZAR.luno", Side.BUY, OrderKind.LIMIT, 1, Decimal(1), limit=Decimal(1))


class ScriptedBroker:
    """Does what `script` says for each call, after `seconds`; `calls` is what reached it."""

    name = "luno"

    def __init__(self, runtime: HandCrankedRuntime) -> None:
        self.runtime = runtime
        self.seconds: dict[str, float] = {}
        self.script: Callable[[str, str], Any] = lambda call, name: None
        self.calls: list[tuple[str, str]] = []
        self.shown = Answer.OPEN
        self.trades: list[VenueTrade] = []

    def _do(self, call: str, name: str, answer: Answer) -> OrderUpdate:
        self.calls.append((call, name))
        seconds = self.seconds.get(name, self.seconds.get(call, 0.0))
        if seconds:
            self.runtime.sleep_until(self.runtime.monotonic_ns() + int(seconds * SECOND))
        error = self.script(call, name)
        if error is not None:
            raise error
        return OrderUpdate(name, answer, PROOF, "V1")

    def place_order(self, request: OrderRequest) -> OrderUpdate:
        return self._do("place", request.client_order_id, Answer.ACCEPTED)

    def cancel_order(self, request: OrderRequest, venue_order_id: str) -> OrderUpdate:
        return self._do("cancel", request.client_order_id, Answer.CANCEL_ACCEPTED)

    def look_up(self, request: OrderRequest, venue_order_id: str = "") -> OrderUpdate:
        return self._do("look_up", request.client_order_id, self.shown)

    def fills_since(self, symbol: str, since_ns: int) -> list[VenueTrade]:
        self._do("trades", f"{symbol} since {since_ns}", Answer.OPEN)
        return self.trades

    def open_orders(self) -> OpenOrdersEvent:
        self._do("list", "", Answer.OPEN)
        return OpenOrdersEvent("luno", (), 1, 2)


class House:
    """Lanes at work, and what they laid."""

    def __init__(self, **settings: Any) -> None:
        self.runtime = HandCrankedRuntime()
        self.broker = ScriptedBroker(self.runtime)
        self.laid: list[Any] = []
        self.aborted: list[str] = []
        self.lanes = BrokerLanes(self.broker, self.laid.append, self.laid.append, self.runtime, self.abort, LaneSettings(**settings))  # type: ignore[arg-type]
        self.lanes.start()
        self.runtime.run_until_idle()

    def abort(self, name: str) -> int:
        self.aborted.append(name)
        return 0

    def execute(self, *actions: Any) -> None:
        for action in actions:
            self.lanes.execute(action)
        self.runtime.run_until_idle()

    def wait(self, seconds: float) -> None:
        self.runtime.run_until(self.runtime.monotonic_ns() + int(seconds * SECOND))

    def check(self) -> None:
        self.lanes.check_deadlines(self.runtime.monotonic_ns())
        self.runtime.run_until_idle()

    @property
    def answers(self) -> list[tuple[str, str]]:
        """Return what was said about orders: the order's number and the answer."""
        return [(event.update.client_order_id.rpartition("-")[2], event.update.answer.name)
                for event in self.laid if isinstance(event, OrderUpdateEvent)]

    def others(self) -> list[Any]:
        return [event for event in self.laid if not isinstance(event, OrderUpdateEvent)]


def test_an_order_is_said_to_be_sent_before_its_answer_comes() -> None:
    house = House()
    house.execute(PlaceOrder(request()))
    assert house.answers == [("1", "SENT"), ("1", "ACCEPTED")]
    assert house.broker.calls == [("place", request().client_order_id)]
    assert house.lanes.depth == 0


@pytest.mark.parametrize(("error", "answer", "code"), [
    (HeldBack("stale", "it waited 3 s"), Answer.DENIED, "stale"),
    (OrderRefused(RefusalReason.INSUFFICIENT_BALANCE, "not enough ZAR", PROOF), Answer.REJECTED, "insufficient_balance"),
    (TryAgain("no connection stood"), Answer.REJECTED, "not_sent"),
    (AccessDenied("the key is not valid", PROOF), Answer.REJECTED, ""),
    (AccessDenied("a page of somebody in between", Evidence("post", 1, 2, 403)), Answer.OUTCOME_UNKNOWN, ""),
    (AccessDenied("nobody says why"), Answer.OUTCOME_UNKNOWN, ""),
    (OutcomeUnknown("the reply never came", PROOF), Answer.OUTCOME_UNKNOWN, ""),
])
def test_what_a_broker_raises_for_an_order_is_told_as_what_it_proves(error: Any, answer: Answer, code: str) -> None:
    house = House()
    house.broker.script = lambda call, name: error
    house.execute(PlaceOrder(request()))
    update = house.laid[-1 if not isinstance(error, AccessDenied) else -2].update
    assert update.answer is answer
    assert (update.reason, update.code) == (error.reason, code)
    if error.evidence is not None:
        assert update.evidence == error.evidence
    assert [event for event in house.others() if not isinstance(event, ConnectionEvent)] == []


def test_a_venue_that_refuses_our_key_is_told_as_a_connection_that_is_down() -> None:
    house = House()
    house.broker.script = lambda call, name: AccessDenied("the key is not valid")
    house.execute(PlaceOrder(request()))
    assert house.others() == [ConnectionEvent("luno", "orders", False, "the key is not valid", is_passing=True)]


def test_a_fault_of_the_adapter_leaves_an_order_in_doubt_and_warns_people() -> None:
    house = House()
    house.broker.script = lambda call, name: KeyError("order_id")
    house.execute(PlaceOrder(request()))
    assert house.answers == [("1", "SENT"), ("1", "OUTCOME_UNKNOWN")]
    (warning,) = house.others()
    assert isinstance(warning, WarningEvent)
    assert warning.text == "luno: KeyError: 'order_id' (a fault of the adapter; please report it)"


def test_a_fault_of_the_adapter_does_not_cost_a_worker() -> None:
    house = House(order_workers=1)
    house.broker.script = lambda call, name: KeyError("order_id") if name.endswith("-1") else None
    house.execute(PlaceOrder(request(1)), PlaceOrder(request(2)))
    assert house.answers[-1] == ("2", "ACCEPTED")


@pytest.mark.parametrize("error", [OutcomeUnknown("cut"), TryAgain("no room"), AccessDenied("no"), KeyError("bug")])
def test_a_cancel_without_a_proper_answer_is_unknown(error: Exception) -> None:
    house = House()
    house.broker.script = lambda call, name: error
    house.execute(CancelOrder(request(), "V1"))
    assert house.answers == [("1", "CANCEL_UNKNOWN")]


def test_a_cancel_and_a_look_up_are_answered() -> None:
    house = House()
    house.execute(CancelOrder(request(), "V1"), LookUpOrders("luno", request(), "V1"), LookUpOrders("luno"))
    assert sorted(house.answers) == [("1", "CANCEL_ACCEPTED"), ("1", "OPEN")]
    assert house.others() == [OpenOrdersEvent("luno", (), 1, 2)]


@pytest.mark.parametrize("error", [TryAgain("cut"), AccessDenied("cut"), KeyError("bug")])
@pytest.mark.parametrize("asked", [None, request()])
def test_a_question_without_an_answer_is_told_so_that_it_can_be_asked_again(error: Exception, asked: OrderRequest | None) -> None:
    house = House()
    house.broker.script = lambda call, name: error
    house.execute(LookUpOrders("luno", asked))
    failed = house.others()[0]
    assert isinstance(failed, LookUpFailedEvent)
    assert (failed.broker, failed.client_order_id) == ("luno", asked.client_order_id if asked else "")


def test_an_order_withdrawn_in_time_never_reaches_the_broker() -> None:
    house = House(order_workers=1)
    house.broker.seconds = {"place": 1.0}
    house.execute(PlaceOrder(request(1)), PlaceOrder(request(2)))
    assert house.lanes.depth == 1
    house.execute(CancelOrder(request(2), ""))
    house.wait(5)
    assert house.broker.calls == [("place", request(1).client_order_id)]
    assert house.answers == [("1", "SENT"), ("2", "DENIED"), ("1", "ACCEPTED")]
    assert house.lanes.depth == 0


def test_an_order_already_on_its_way_cannot_be_withdrawn() -> None:
    house = House()
    house.broker.seconds = {"place": 1.0}
    house.execute(PlaceOrder(request(1)))
    house.execute(CancelOrder(request(1), ""))
    house.wait(5)
    assert house.answers == [("1", "SENT"), ("1", "ACCEPTED")]


def test_an_order_is_withdrawn_once() -> None:
    house = House(order_workers=1)
    house.broker.seconds = {"place": 1.0}
    house.execute(PlaceOrder(request(1)), PlaceOrder(request(2)), CancelOrder(request(2), ""), CancelOrder(request(2), ""))
    assert house.answers.count(("2", "DENIED")) == 1


def test_a_cancel_never_waits_behind_orders_and_a_question_never_behind_either() -> None:
    house = House()
    house.broker.seconds = {"place": 100.0}
    house.execute(*(PlaceOrder(request(number)) for number in range(10)))
    house.execute(CancelOrder(request(50), "V50"), LookUpOrders("luno"))
    assert ("50", "CANCEL_ACCEPTED") in house.answers
    assert OpenOrdersEvent("luno", (), 1, 2) in house.laid


def test_three_orders_are_under_way_at_once_and_no_more() -> None:
    house = House()
    house.broker.seconds = {"place": 1.0}
    house.execute(*(PlaceOrder(request(number)) for number in range(7)))
    assert len(house.broker.calls) == 3
    house.wait(1)
    assert len(house.broker.calls) == 6


def hung() -> House:
    """A house whose only order worker hangs in the call for order 1 for 60 s."""
    house = House(order_workers=1)
    house.broker.seconds = {request(1).client_order_id: 60.0}
    house.execute(PlaceOrder(request(1)), PlaceOrder(request(2)))
    return house


def test_a_call_that_takes_too_long_is_given_up_as_unknown_at_its_deadline_and_not_before() -> None:
    house = hung()
    house.wait(14.9)
    house.check()
    assert house.answers == [("1", "SENT")]
    house.wait(0.1)
    house.check()
    assert ("1", "OUTCOME_UNKNOWN") in house.answers
    assert house.lanes.replaced_workers == 1
    assert house.aborted == [request(1).client_order_id]


def test_a_fresh_worker_goes_on_with_what_waited_behind_a_call_that_was_given_up() -> None:
    house = hung()
    house.wait(15)
    house.check()
    assert house.answers[-2:] == [("2", "SENT"), ("2", "ACCEPTED")]


def test_a_late_answer_is_still_laid_and_its_worker_takes_nothing_more() -> None:
    house = hung()
    house.wait(15)
    house.check()
    house.wait(60)
    assert house.answers[-1] == ("1", "ACCEPTED")
    house.broker.seconds = {"place": 1.0}
    house.execute(PlaceOrder(request(3)), PlaceOrder(request(4)))
    assert house.lanes.depth == 1, "there is one worker again, not two"


def test_a_call_is_given_up_once() -> None:
    house = hung()
    house.wait(15)
    for _ in range(3):
        house.check()
    house.wait(15)
    house.check()
    assert house.answers.count(("1", "OUTCOME_UNKNOWN")) == 1
    assert house.lanes.replaced_workers == 1


def test_a_cancel_that_takes_too_long_is_unknown() -> None:
    house = House()
    house.broker.seconds = {"cancel": 60.0}
    house.execute(CancelOrder(request(), "V1"))
    house.wait(15)
    house.check()
    assert house.answers == [("1", "CANCEL_UNKNOWN")]


@pytest.mark.parametrize("asked", [None, request()])
def test_a_question_that_takes_too_long_may_be_asked_again_after_twelve_seconds(asked: OrderRequest | None) -> None:
    house = House()
    house.broker.seconds = {"list": 60.0, "look_up": 60.0}
    house.execute(LookUpOrders("luno", asked))
    house.wait(11.9)
    house.check()
    assert not house.laid
    house.wait(0.1)
    house.check()
    assert house.laid == [LookUpFailedEvent("luno", asked.client_order_id if asked else "", "no answer within the deadline")]


def test_nothing_is_ever_sent_twice() -> None:
    house = House()
    house.broker.script = lambda call, name: [OutcomeUnknown("cut"), TryAgain("busy"), None][int(name[-1]) % 3]
    house.execute(*(PlaceOrder(request(number)) for number in range(9)))
    house.wait(100)
    house.check()
    assert sorted(house.broker.calls) == [("place", request(number).client_order_id) for number in range(9)]


TRADE = VenueTrade("XBTZAR.luno", 1, "V1", request().client_order_id, Side.BUY, 5, Decimal("0.4"), Decimal(40), {})


def look_up(house: House, shown: Answer, **more: Any) -> list[str]:
    """Ask for order 1 with its trades since 77; return which calls reached the broker."""
    house.broker.shown = shown
    house.execute(LookUpOrders("luno", request(), "V1", trades_since_ns=77, **more))
    return [call for call, _ in house.broker.calls]


def test_a_doubtful_order_that_is_not_found_is_searched_for_among_our_trades() -> None:
    house = House()
    assert look_up(house, Answer.NOT_FOUND, is_doubtful=True) == ["look_up", "trades"]
    assert house.broker.calls[-1] == ("trades", "XBTZAR.luno since 77")
    update = house.laid[-1].update
    assert (update.answer, update.has_trades) == (Answer.NOT_FOUND, True)


def test_a_doubtful_order_that_is_among_our_trades_is_told_as_found() -> None:
    house = House()
    house.broker.trades = [TRADE]
    look_up(house, Answer.NOT_FOUND, is_doubtful=True)
    update = house.laid[-1].update
    assert update.answer is Answer.OPEN
    assert update.totals.filled_quantity == Decimal("0.4")


def test_a_doubtful_order_that_is_found_needs_no_search() -> None:
    house = House()
    assert look_up(house, Answer.OPEN, is_doubtful=True) == ["look_up"]
    assert not house.laid[-1].update.has_trades


def test_an_order_that_looks_done_is_compared_with_its_trades() -> None:
    house = House()
    house.broker.trades = [TRADE]
    assert look_up(house, Answer.CANCELED) == ["look_up", "trades"]
    assert house.laid[-1].update.totals.filled_quantity == Decimal("0.4")


@pytest.mark.parametrize(("shown", "heard"), [(Answer.NOT_FOUND, []), (Answer.CANCELED, [("1", "CANCELED")])])
def test_without_the_trades_not_found_is_no_answer_and_what_was_found_still_is_one(shown: Answer, heard: list[tuple[str, str]]) -> None:
    house = House()
    house.broker.script = lambda call, name: TryAgain("the list could not be had") if call == "trades" else None
    look_up(house, shown)
    assert house.answers == heard
    assert house.others() == [LookUpFailedEvent("luno", request().client_order_id, "the list could not be had")]


def test_a_question_that_still_waits_is_not_laid_twice_while_a_venue_is_slow() -> None:
    house = House(look_up_workers=1)
    house.broker.seconds["look_up"] = 10.0
    first, second = LookUpOrders("luno", request(1), "V1"), LookUpOrders("luno", request(2), "V2")
    house.execute(first)
    for _ in range(5):
        house.execute(first, second)
    house.wait(100)
    assert house.broker.calls == [("look_up", request(number).client_order_id) for number in (1, 1, 2)]
    house.execute(first)
    house.wait(10)
    assert len(house.broker.calls) == 4
