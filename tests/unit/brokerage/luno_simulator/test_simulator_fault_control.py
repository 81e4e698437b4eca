"""Faults made and ended by a call while the exchange runs; and that there is no such call unless it was asked for."""

import json
from typing import Any

import pytest

from brokerage.luno_simulator.delivery import Delivery
from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.fault_control import ControlledFaults
from brokerage.luno_simulator.server_options import parse_options

FAULTS = "/simulator/faults"


@pytest.fixture
def controlled(exchange: Exchange, make_faulty: Any) -> Any:
    return make_faulty(exchange, faults=ControlledFaults())


def change(caller: Any, *pairs: tuple[str, str]) -> Any:
    answer = caller.faults.deliver(caller.api, "POST", FAULTS, [], pairs, {}, caller.now_ns)
    return answer.status, json.loads(answer.body)


def test_the_call_does_not_exist_unless_it_was_asked_for(faulty: Any) -> None:
    for caller in (faulty(), faulty("balance:reset")):
        for method in ("GET", "POST"):
            answer = caller.deliver(method, FAULTS, rule="balance:reset")
            assert (answer.status, answer.body) == (404, b"")
        assert len(caller.faults.rules) == len(caller.faults.hits()) <= 1


def test_by_default_a_server_has_neither_faults_nor_the_call() -> None:
    options = parse_options(["--state", "x"])
    assert (list(options.faults), options.has_control) == ([], False)
    options = parse_options(["--state", "x", "--fault", "place:reply_lost", "--fault", "balance:lag=3s", "--fault-seed", "7"])
    assert ([rule.kind for rule in options.faults], options.fault_seed, options.has_control) == (["reply_lost", "lag"], 7, False)


def test_rules_are_made_and_counted_and_taken_away(controlled: Any) -> None:
    assert change(controlled, ("rule", "balance:reset:nth=2"), ("rule", "ticker:delayed=2s"), ("seed", "9")) == (
        200,
        {
            "seed": 9,
            "rules": [
                {"rule": "balance:reset:nth=2", "endpoint": "balance", "kind": "reset", "calls": 0, "hits": 0},
                {"rule": "ticker:delayed=2s", "endpoint": "ticker", "kind": "delayed", "calls": 0, "hits": 0},
            ],
        },
    )
    assert [isinstance(controlled.deliver("GET", "/api/1/balance"), Delivery) for _ in range(3)] == [False, True, False]
    answer = controlled.deliver("GET", FAULTS, headers={})
    assert [(row["calls"], row["hits"]) for row in json.loads(answer.body)["rules"]] == [(3, 1), (0, 0)]
    assert change(controlled, ("clear", "true")) == (200, {"seed": 9, "rules": []})
    assert not isinstance(controlled.deliver("GET", "/api/1/ticker", pair="ETHZAR"), Delivery)


def test_rules_come_as_json_too(controlled: Any) -> None:
    status, told = change(controlled, ("rules", json.dumps([{"kind": "lag", "endpoint": "reads", "seconds": 3}, "place:reset"])))
    assert (status, [row["kind"] for row in told["rules"]]) == (200, ["lag", "reset"])


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([("rule", "place:reset"), ("rule", "place:rest")], "did you mean reset?"),
        ([("rules", "[")], "no JSON"),
        ([("rule", "place:reset"), ("seed", "x")], "seed"),
        ([("clear", "perhaps")], "clear"),
    ],
)
def test_a_wrong_change_changes_nothing(controlled: Any, pairs: list[tuple[str, str]], words: str) -> None:
    change(controlled, ("rule", "balance:reset"))
    status, told = change(controlled, *pairs)
    assert (status, told["error_code"]) == (400, "ErrInvalidArguments")
    assert words in told["error"]
    assert [one.rule.text for one in controlled.faults.rules] == ["balance:reset"]


@pytest.mark.parametrize("rule", ["ban=1h", "restart=1h", "refused=1h", "maintenance=1h"])
def test_clearing_ends_what_the_rules_began_and_no_fault_hits_the_call_itself(controlled: Any, rule: str) -> None:
    change(controlled, ("rule", f"all:{rule}:nth=1"))
    controlled.deliver("GET", "/api/1/balance")
    controlled.wait(1)
    assert controlled.place("a").status != 200
    assert change(controlled, ("clear", "true"))[0] == 200
    assert controlled.place("a").status == 200
    assert controlled.names() == ["a"]
