"""Requests and replies that are lost, late, doubled, cut or slow: what the caller gets, and what the exchange did."""

import json
from typing import Any

import pytest

from brokerage.luno_simulator.delivery import Delivery, Ending


def test_a_lost_request_does_nothing(faulty: Any) -> None:
    caller = faulty("place:request_lost")
    delivery = caller.place("a")
    assert (delivery.ending, delivery.acts, delivery.lose_reply) == (Ending.SILENCE, 0, True)
    caller.pass_time(60)
    assert caller.names() == []


@pytest.mark.parametrize("ending", ["silence", "close", "reset"])
def test_a_lost_reply_leaves_an_order(faulty: Any, ending: str) -> None:
    caller = faulty(f"place:reply_lost={ending}")
    delivery = caller.place("a")
    assert (delivery.ending.value, delivery.acts) == (ending, 1)
    assert caller.names() == ["a"]


def test_a_delayed_reply_is_the_right_one_and_the_order_is_there_at_once(faulty: Any) -> None:
    caller = faulty("place:delayed=5s")
    delivery = caller.place("a")
    assert caller.names() == ["a"]
    assert (delivery.delay_seconds, delivery.is_whole, delivery.total_seconds) == (5.0, True, 5.0)
    assert caller.order(json.loads(delivery.body)["order_id"])["client_order_id"] == "a"


def test_a_late_request_is_honored_after_the_caller_gave_up(faulty: Any) -> None:
    caller = faulty("place:late=10s:nth=1")
    delivery = caller.place("a")
    assert (delivery.lose_reply, delivery.acts, delivery.act_after_seconds) == (True, 0, 10.0)
    caller.pass_time(9.9)
    assert caller.names() == []
    placed_ms = caller.now_ns // 1_000_000 + 100
    caller.pass_time(30)
    assert caller.names() == ["a"]
    # It came when it came, not when somebody looked.
    (order,) = caller.api.exchange.register.newest_first(None)
    assert order.created_ms == placed_ms


def test_a_late_request_that_was_repeated_meets_the_rule_of_names(faulty: Any) -> None:
    caller = faulty("place:late=10s:nth=1")
    caller.place("a")
    caller.wait(5)
    assert caller.place("a").status == 200
    caller.pass_time(10)
    assert caller.names() == ["a"]


def test_a_late_request_past_its_own_deadline_is_refused(faulty: Any) -> None:
    caller = faulty("place:late=10s:nth=1")
    caller.place("a", timestamp=caller.now_ns // 1_000_000, ttl=5000)
    caller.pass_time(20)
    assert caller.names() == []


def test_late_requests_come_in_the_order_of_their_time(faulty: Any) -> None:
    caller = faulty("place:late=10s:nth=1", "place:late=3s:nth=2")
    caller.place("slow")
    caller.place("fast")
    caller.pass_time(60)
    assert caller.names() == ["fast", "slow"]


def test_a_doubled_order_meets_its_own_name(faulty: Any) -> None:
    caller = faulty("place:duplicated:nth=1", "place:duplicated=first:nth=2")
    second = caller.place("a")
    assert (second.status, json.loads(second.body)["error_code"], second.acts) == (409, "ErrDuplicateClientOrderID", 2)
    first = caller.place("b")
    assert (first.status, first.acts) == (200, 2)
    assert caller.names() == ["a", "b"]


def test_a_doubled_order_without_a_name_is_placed_twice(faulty: Any) -> None:
    caller = faulty("place:duplicated")
    assert caller.place().status == 200
    assert caller.names() == ["", ""]


def test_a_doubled_cancel_finds_nothing_the_second_time(faulty: Any) -> None:
    caller = faulty("cancel:duplicated")
    order_id = caller.limit("BID", 50000, "0.1")
    assert json.loads(caller.cancel(order_id).body)["error_code"] == "ErrCannotStopUnknownOrNonPendingOrder"
    assert caller.order(order_id)["status"] == "COMPLETE"


def test_a_cut_body_is_shorter_than_its_length_says(faulty: Any) -> None:
    caller = faulty("place:cut=0.5")
    delivery = caller.place("a")
    assert f"content-length: {len(delivery.body)}\r\n".encode() in delivery.head
    assert delivery.sent_body == delivery.body[: len(delivery.body) // 2] != delivery.body
    assert not delivery.is_whole
    assert caller.names() == ["a"]


@pytest.mark.parametrize("part", ["headers", "body"])
def test_dripped_bytes_take_their_time(faulty: Any, part: str) -> None:
    caller = faulty(f"place:drip_{part}=1s")
    delivery = caller.place("a")
    dripped = len(delivery.head) if part == "headers" else len(delivery.body)
    assert delivery.total_seconds == pytest.approx(dripped)
    assert delivery.header_seconds == pytest.approx(dripped if part == "headers" else 0.0)
    assert (delivery.sent_body, caller.names()) == (delivery.body, ["a"])


def test_a_refused_connection_was_never_used(faulty: Any) -> None:
    caller = faulty("place:refused:nth=1")
    delivery = caller.place("a")
    assert (delivery.ending, delivery.acts, delivery.status) == (Ending.REFUSE, 0, 0)
    assert caller.names() == []
    assert caller.place("a").status == 200


def test_nobody_listens_for_a_while_and_the_exchange_goes_on(faulty: Any) -> None:
    caller = faulty("place:refused=30s:nth=1")
    assert caller.place("a").offline_seconds == 30.0
    before = {pair: mark.last_sequence for pair, mark in caller.api.exchange.marks().items()}
    caller.wait(29)
    assert caller.hit("GET", "/api/1/balance").ending is Ending.REFUSE
    caller.wait(2)
    assert not isinstance(caller.deliver("GET", "/api/1/balance"), Delivery)
    after = {pair: mark.last_sequence for pair, mark in caller.api.exchange.marks().items()}
    assert any(after[pair] > before[pair] for pair in before)


def test_a_reset_keeps_the_request_from_the_exchange(faulty: Any) -> None:
    caller = faulty("place:reset")
    delivery = caller.place("a")
    assert (delivery.ending, delivery.acts, caller.names()) == (Ending.RESET, 0, [])


def test_where_one_rule_loses_the_request_no_other_lets_it_act(faulty: Any) -> None:
    for rules in (("place:duplicated", "place:request_lost"), ("place:request_lost", "place:duplicated")):
        caller = faulty(*rules)
        assert caller.place("a").acts == 0
        assert caller.names() == []
