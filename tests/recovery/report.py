"""The table at the end of a campaign, from its progress file alone."""

import os
from collections.abc import Sequence
from typing import Any

from trading_system.fail_points import POINTS

GOAL_SECONDS = 3.0
_COUNTED = ("orders", "trades", "unknowns")
_NEVER = ("lost", "doubled", "orphaned", "different")


def figures(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what a campaign comes to. `lost` and its neighbors count what any proof found, `findings` is each in words."""
    killed = [row for row in rows if "kill" in row]
    restarts = [row["restart"] for row in rows]
    by_life: dict[int, dict[str, int]] = {}
    for row in rows:
        if row["restart"]["totals"]:
            by_life[row["kill"]["life"] if "kill" in row else row["end"]] = row["restart"]["totals"]
    points: dict[str, list[int]] = {}
    for row in killed:
        kill = row["kill"]
        counted = points.setdefault(kill["point"] or ("a moment of a start" if kill["from_start"] else "a moment"), [0, 0, 0, 0])
        is_at_step = row["way"] == "step"
        counted[0] += 1
        counted[1] += is_at_step or not kill["point"]
        counted[2] += row["phase"] == "recovering"
        counted[3] += bool(kill["faults"])
    # The first run of a state folder is no restart.
    firsts = {min((row["kill"]["number"] for row in killed if row["kill"]["life"] == life), default=0)
              for life in {row["kill"]["life"] for row in killed}}
    again = [row["restart"] for row in rows if "end" in row or row["kill"]["number"] not in firsts]
    return {
        "kills": sum(row["way"] in ("step", "signal") for row in killed), "planned": len(killed), "lives": len(by_life), "points": points,
        **{name: sum(totals[name] for totals in by_life.values()) for name in _COUNTED},
        **{name: sum(restart["totals"].get(name, 0) for restart in restarts) for name in _NEVER},
        "proofs": sum(bool(restart["totals"]) for restart in restarts),
        "most_open": max((restart["open_orders"] for restart in restarts), default=0),
        "seconds": sorted(restart["seconds"] for restart in again if restart["seconds"] is not None),
        "all_seconds": sorted(restart["all_seconds"] for restart in again if restart["all_seconds"] is not None),
        "load": sum(restart.get("load", 0.0) for restart in again) / max(1, len(again)),
        "findings": [finding for restart in restarts for finding in restart["findings"]],
        "unreached": sorted(POINTS.keys() - {row["kill"]["point"] for row in killed if row["way"] == "step"}),
    }


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return the figures as people read them."""
    told = figures(rows)
    lines = [f"{'killed at':28} {'planned':>8} {'reached':>8} {'recovering':>11} {'with faults':>12}"]
    lines += [f"{name:28} {planned:8} {reached:8} {recovering:11} {faulty:12}"
              for name, (planned, reached, recovering, faulty) in sorted(told["points"].items())]
    lines += [
        "",
        f"kills                 {told['kills']} of {told['planned']} planned, in {told['lives']} state folders",
        f"proofs                {told['proofs']}: journal, exchange and the strategies' own diary side by side",
        f"orders                {told['orders']}, at most {told['most_open']} open at a restart",
        f"fills                 {told['trades']}",
        f"outcomes unknown      {told['unknowns']}",
        f"lost, doubled, orphaned, different   {told['lost']}, {told['doubled']}, {told['orphaned']}, {told['different']}",
        f"restart, strategies without doubt    {_quantiles(told['seconds'])}, the goal is a p99 below {GOAL_SECONDS:g} s",
        f"restart, every strategy              {_quantiles(told['all_seconds'])}",
        f"measured under a load of             {told['load']:.1f} on {os.cpu_count()} cores",
    ]
    if told["unreached"]:
        lines.append(f"never died at         {', '.join(told['unreached'])}")
    lines += [f"FOUND {finding}" for finding in told["findings"][:50]]
    return "\n".join(lines)


def _quantiles(ordered: Sequence[float]) -> str:
    if not ordered:
        return "none"
    return f"p50 {_quantile(ordered, 0.5):.2f} s, p99 {_quantile(ordered, 0.99):.2f} s of {len(ordered)}"


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
