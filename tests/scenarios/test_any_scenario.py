"""Scenarios made up from seeds come out alike live and in history: what nobody thought of when the files were written."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.scenarios.any_scenario import any_scenario
from tests.scenarios.facts import Facts
from tests.scenarios.houses import play_history, play_live
from tests.scenarios.scenario import scenario_of

SEEDS = range(20)
_ON_ITS_WAY = "pending_new"


def comparable(facts: Facts, past: Facts) -> dict[str, Any]:
    """Return all facts but two: what was ordered last in history met nothing any more, so nobody knows of it; and of orders that filled at
    one event no first and last is compared."""
    unheard = [order["final"] == _ON_ITS_WAY for order in past.orders]
    orders: Sequence[Any] = facts.orders
    if len(orders) == len(unheard):
        orders = [{**order, "final": _ON_ITS_WAY} if is_unheard and order["final"] in ("open", "waiting") else order
                  for order, is_unheard in zip(facts.orders, unheard, strict=True)]
    return {**facts._asdict(), "orders": orders, "fills": sorted(facts.fills, key=lambda fill: str(fill["order"]))}


def test_whatever_is_ordered_both_houses_tell_the_same_story(tmp_path: Path) -> None:
    seen = Counter[str]()
    for seed in SEEDS:
        scenario = scenario_of(f"seed {seed}", any_scenario(seed))
        live, past = play_live(scenario, tmp_path / f"live {seed}"), play_history(scenario, tmp_path / f"history {seed}")
        for name in past:
            assert comparable(live[name], past[name]) == comparable(past[name], past[name]), f"seed {seed}, {name}"
            seen["fills"] += len(past[name].fills)
            seen["paused"] += bool(past[name].paused)
            seen.update(f"{order['kind']} {order['final']}" for order in past[name].orders)
    expected = ("market filled", "limit filled", "limit canceled", "limit open", "limit denied", "stop filled", "stop waiting",
                "stop_limit filled", "stop_limit open", "fills", "paused")
    assert not [what for what in expected if not seen[what]], seen
