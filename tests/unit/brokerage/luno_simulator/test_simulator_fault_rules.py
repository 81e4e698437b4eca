"""Fault rules as a person writes them, and when they hit: which calls, how often, with which chance, at which time."""

import json
from typing import Any

import pytest

from brokerage.luno_simulator.delivery import Delivery
from brokerage.luno_simulator.fault_kinds import FAULT_KINDS
from brokerage.luno_simulator.fault_rule import FaultRule, read_rule, read_rules_from_json
from brokerage.luno_simulator.manual import manual_text
from brokerage.luno_simulator.server_options import parse_options


def seen(rule: FaultRule) -> tuple[Any, ...]:
    return rule.endpoint, rule.kind, rule.options.values, rule.nth, rule.every, rule.probability, rule.count, rule.after_seconds, rule.until_seconds


def test_a_rule_is_an_endpoint_a_kind_with_its_value_and_conditions() -> None:
    rule = read_rule("open_orders:lag=250ms:every=5:p=0.5:count=2:after=1m:until=2h")
    assert seen(rule) == ("open_orders", "lag", {"seconds": 0.25}, 0, 5, 0.5, 2, 60.0, 7200.0)
    assert seen(read_rule("reply_lost")) == seen(read_rule("all:reply_lost:ending=silence"))
    assert seen(read_rule("lag=2")) == seen(read_rule("all:lag:seconds=2s"))
    assert read_rule("/api/1/balance:clock_offset=-5s").options.seconds("offset") == -5
    assert read_rule("place:html=502:acts=yes").options.values == {"status": 502, "acts": True}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("place:reply_lots", "there is no kind 'reply_lots'; did you mean reply_lost?"),
        ("plce:reply_lost", "there is no endpoint 'plce'; did you mean place?"),
        ("lagg", "there is no kind 'lagg'; did you mean lag?"),
        ("open_orders:lag=soon", "seconds=soon is not a number, or a length of time such as 250ms, 3s, 2m"),
        ("open_orders:lag=-1s", "seconds=-1s is not between 0 and 1e+09"),
        ("open_orders:lag=3s:evry=5", "lag has no 'evry'; did you mean every?"),
        ("place:reset=1", "reset takes no value"),
        ("place:lag=3s:seconds=2", "seconds is given twice"),
        ("place:reply_lost:every", "write every=value"),
        ("place:reply_lost:ending=clos", "is not one of silence, close, reset; did you mean close?"),
        ("place:reply_lost:p=1.5", "p=1.5 is not between 0 and 1"),
        ("place:reply_lost:p=often", "p=often is not a decimal number"),
        ("place:reply_lost:nth=0", "nth=0 is not between 1"),
        ("place:reply_lost:nth=one", "nth=one is not a whole number"),
        ("place:html:acts=perhaps", "acts=perhaps is not yes or no"),
        ("place:error_before=404", "status=404 is not between 500 and 599"),
        ("place:reply_lost:after=5s:until=2s", "until is not later than after"),
    ],
)
def test_a_wrong_rule_is_one_clear_error_with_the_nearest_spelling(text: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError) as error:
        read_rule(text)
    assert words in str(error.value)
    assert text in str(error.value)
    with pytest.raises(SystemExit) as ended:
        parse_options(["--state", "x", "--fault", text])
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_json_says_the_same_as_text() -> None:
    texts = ["place:reply_lost:p=0.1", "open_orders:lag=3s:every=5", "all:html=502:acts=yes"]
    objects = [
        {"endpoint": "place", "kind": "reply_lost", "p": 0.1},
        {"endpoint": "open_orders", "kind": "lag", "seconds": 3, "every": 5},
        {"kind": "html", "status": 502, "acts": True},
    ]
    wanted = [seen(read_rule(text)) for text in texts]
    for given in (objects, texts, {"rules": objects}):
        assert [seen(rule) for rule in read_rules_from_json(json.dumps(given))] == wanted
    assert [seen(rule) for rule in read_rules_from_json(json.dumps(objects[0]))] == wanted[:1]
    # What it was read from can be read again.
    assert [seen(read_rule(rule.text)) for rule in read_rules_from_json(json.dumps(objects))] == wanted


@pytest.mark.parametrize(
    ("text", "words"),
    [("[", "no JSON"), ("[3]", "a text or an object with a kind"), ('[{"kind": "lagg"}]', "did you mean lag?"), ('[{"endpoint": "place"}]', "with a kind"), ("{}", "with a kind")],
)
def test_wrong_json_is_a_clear_error(text: str, words: str) -> None:
    with pytest.raises(ValueError) as error:
        read_rules_from_json(text)
    assert words in str(error.value)


def hits(caller: Any, count: int, gap: float = 0.0, path: str = "/api/1/balance") -> list[int]:
    """Return the numbers, from 1, of the calls that were hit."""
    found = []
    for number in range(1, count + 1):
        if isinstance(caller.deliver("GET", path), Delivery):
            found.append(number)
        caller.wait(gap)
    return found


@pytest.mark.parametrize(
    ("conditions", "wanted"),
    [
        ("", [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (":nth=3", [3]),
        (":every=4", [4, 8]),
        (":count=2", [1, 2]),
        (":every=2:count=3", [2, 4, 6]),
        (":after=2s", [3, 4, 5, 6, 7, 8, 9]),
        (":until=2s", [1, 2, 3]),
        (":after=2s:until=6s:every=2", [4, 6]),
        (":after=3s:nth=1", [4]),
        (":p=0", []),
    ],
)
def test_conditions_choose_the_calls(faulty: Any, conditions: str, wanted: list[int]) -> None:
    caller = faulty(f"balance:reset{conditions}")
    assert hits(caller, 9, gap=1.0) == wanted
    assert caller.faults.hits() == {f"balance:reset{conditions}": len(wanted)}


def test_only_calls_of_the_endpoint_count(faulty: Any) -> None:
    caller = faulty("balance:reset:nth=2", "market_data:reset:nth=1", "/api/1/fee:reset")
    assert not isinstance(caller.deliver("GET", "/api/1/balance"), Delivery)
    assert isinstance(caller.deliver("GET", "/api/1/ticker", pair="ETHZAR"), Delivery)
    assert isinstance(caller.deliver("GET", "/api/1/balance"), Delivery)
    assert isinstance(caller.deliver("GET", "/api/1/fee_info", pair="ETHZAR"), Delivery)
    assert [(one.calls, one.hits) for one in caller.faults.rules] == [(2, 1), (1, 1), (1, 1)]


@pytest.mark.parametrize(("closed", "endpoint"), [("false", "open_orders"), ("true", "closed_orders")])
def test_a_list_of_orders_is_open_or_closed_by_what_it_asks_for(faulty: Any, closed: str, endpoint: str) -> None:
    caller = faulty(f"{endpoint}:reset")
    assert isinstance(caller.deliver("GET", "/api/exchange/2/listorders", closed=closed), Delivery)
    other = "true" if closed == "false" else "false"
    assert not isinstance(caller.deliver("GET", "/api/exchange/2/listorders", closed=other), Delivery)


def test_the_same_seed_gives_the_same_faults_and_another_seed_others(faulty: Any) -> None:
    first, again, other = (hits(faulty("balance:reset:p=0.3", seed=seed), 200) for seed in (1, 1, 2))
    assert first == again != other
    assert 40 <= len(first) <= 80


def test_other_rules_do_not_change_a_rule_s_chance(faulty: Any) -> None:
    alone = faulty("balance:delayed=1s:p=0.3", seed=5)
    together = faulty("balance:delayed=1s:p=0.3", "balance:delayed=2s:p=0.5", seed=5)
    wanted, found = hits(alone, 100), []
    for number in range(1, 101):
        answer = together.deliver("GET", "/api/1/balance")
        if isinstance(answer, Delivery) and answer.delay_seconds in (1.0, 3.0):
            found.append(number)
    assert found == wanted


def test_several_rules_hit_one_call_each_doing_its_part(faulty: Any) -> None:
    caller = faulty("balance:delayed=1s", "all:delayed=2s", "balance:cut=0.25", "balance:drip_body=10ms")
    delivery = caller.hit("GET", "/api/1/balance")
    assert (delivery.delay_seconds, delivery.drip_body_seconds, delivery.cut_at) == (3.0, 0.01, len(delivery.body) // 4)
    assert delivery.kinds == ("delayed", "delayed", "cut", "drip_body")
    assert delivery.total_seconds == pytest.approx(3.0 + 0.01 * (len(delivery.body) // 4))


def test_without_rules_the_interface_is_called_as_ever(faulty: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    caller = faulty()
    monkeypatch.setattr(caller.faults, "advance", None)
    assert caller.deliver("GET", "/api/1/balance").body == caller.answer("GET", "/api/1/balance").body


def test_the_manual_names_every_kind_with_its_options() -> None:
    lines = manual_text().splitlines()
    for name, kind in FAULT_KINDS.items():
        (line,) = [line for line in lines if line.startswith(f"| `{name}` | {kind.client} | {kind.exchange} |")]
        assert all(f"`{option.name}=" in line for option in kind.options)
