"""What a measure returns, and the two statistics everything is told in: medians over rounds, percentiles within one."""

from collections.abc import Sequence

import msgspec


class Figure(msgspec.Struct, frozen=True):
    """One measured goal. `goal` is its name in `goals.py`; `value` is None where `reason` says why it was not measured.

    `detail` holds what the ratio was made from; `noisy` of `rounds` rounds ran while the machine was busy with something else.
    """

    goal: str
    value: float | None
    detail: str = ""
    reason: str = ""
    rounds: int = 0
    noisy: int = 0


def not_measured(goal: str, reason: str) -> Figure:
    """Return the figure of a goal that could not be measured here."""
    return Figure(goal, None, reason=reason)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` (0 to 1) of the values lie, by the nearest rank. Raises ValueError for no values."""
    if not values:
        raise ValueError("there are no values")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
