"""Turns figures into Markdown: the page docs/benchmarks.md and the block between the markers in README.md."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from benchmarks.figure import Figure
from benchmarks.goals import FAILED, GOALS, NOT_MEASURED, Goal, shown
from benchmarks.measures.growth import Cell

BEGIN, END = "<!-- benchmarks summary -->", "<!-- end of benchmarks summary -->"
_IN_SUMMARY = ("G1 vnpy", "G2 backtesting", "G2 nautilus_trader", "G2 backtrader", "G4 peak memory", "G7 with journal", "G11 help")


class Conditions(msgspec.Struct, frozen=True):
    """What a run was made under. `slowest_share` is the calibration loop's slowest moment over its quickest."""

    command: str
    machine: str
    day: str
    rounds: int
    is_quick: bool
    slowest_share: float
    load: float
    versions: Mapping[str, str] = {}


def page(figures: Iterable[Figure], cells: Sequence[Cell], conditions: Conditions) -> str:
    """Return the whole page."""
    known = {figure.goal: figure for figure in figures}
    parts = [
        "# Benchmarks",
        "Written by one command; where a ratio says anything, a figure is a ratio within one run, so that any machine can check it:",
        f"```sh\npython -m benchmarks.peers install\n{conditions.command}\n```",
        *([_PROVISIONAL] if conditions.is_quick else []),
        _conditions(conditions),
        "## Goals",
        "\n".join(["| goal | | must | aim | measured | verdict |", "|---|---|---|---|---|---|",
                   *(_row(goal, known.get(goal.name)) for goal in GOALS.values())]),
        _tally(known),
        "## What the figures are made of",
        "\n".join(_line(goal, known.get(goal.name)) for goal in GOALS.values()),
    ]
    if cells:
        parts += ["## Growth", _GROWTH, _growth(cells)]
    return "\n\n".join(parts) + "\n"


def summary(figures: Iterable[Figure], conditions: Conditions) -> str:
    """Return the short block for the README, markers included; goals that failed are in it whatever they are."""
    known = {figure.goal: figure for figure in figures}
    rows = []
    for goal in GOALS.values():
        figure = known.get(goal.name)
        if figure is not None and figure.value is not None and (goal.name in _IN_SUMMARY or goal.verdict(figure) == FAILED):
            rows.append(f"| {goal.what} | {_marked(goal, figure)} | {_bound(goal, goal.must)} | {goal.verdict(figure)} |")
    note = " Provisional: a quick run over little data." if conditions.is_quick else ""
    return "\n".join([BEGIN, "| what | measured | must | verdict |", "|---|---|---|---|", *rows, "",
                      f"`{conditions.command}`, {conditions.day}, {conditions.machine}.{note} "
                      "All of it: [docs/benchmarks.md](docs/benchmarks.md).",
                      END])


def put_between_markers(text: str, block: str) -> str:
    """Return `text` with what stands between the markers, and these, replaced by `block`. Raises ValueError where they are missing."""
    before, has_begin, rest = text.partition(BEGIN)
    _, has_end, after = rest.partition(END)
    if not has_begin or not has_end:
        raise ValueError(f"write the lines {BEGIN} and {END} where the summary belongs")
    return before + block + after


def table(figures: Iterable[Figure]) -> str:
    """Return the measured goals as plain lines for a terminal."""
    lines = []
    for figure in figures:
        goal = GOALS[figure.goal]
        if figure.value is None:
            lines.append(f"{goal.name:<20} {NOT_MEASURED}: {figure.reason}")
        else:
            verdict = goal.verdict(figure).strip("*")
            bounds = f"must {_bound(goal, goal.must)}, aim {_bound(goal, goal.aim)}"
            lines += [f"{goal.name:<20} {_marked(goal, figure):>12}  {bounds}: {verdict}", f"{'':20} {figure.detail}"]
    return "\n".join(lines)


_PROVISIONAL = ("> **Provisional.** These figures come from a quick run over little data, not made on a quiet machine. "
                "They prove that the command works and nothing else.")
_GROWTH = ("The engine's loop alone, in processor time: the data's bars dealt out to the instruments in turn, every strategy on every "
           "instrument; each line is a process of its own. The peak memory holds the whole data file in columns, 56 bytes a bar.")


def _conditions(conditions: Conditions) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in sorted(conditions.versions.items())) or "none"
    return "\n".join([
        f"- {conditions.day}, {conditions.machine}.",
        f"- Versions: {versions}. Every peer ran in an environment of its own (`benchmarks/peers/pins.py`), over the same bars, with "
        "the same running sums and market orders for one unit.",
        f"- {conditions.rounds} interleaved round{'s' * (conditions.rounds != 1)} a goal, medians. A fixed loop is timed before and after "
        "each; a round around which it took over 15 % longer than at its quickest is noisy: it is run again (never in a quick run), and "
        "the figure is marked with ~ where that did not help.",
        f"- That loop's slowest moment took {conditions.slowest_share:.2f} times its quickest; the load at the end was "
        f"{conditions.load:.1f}.",
    ])


def _row(goal: Goal, figure: Figure | None) -> str:
    short = goal.name.split()[0]
    cells = (short, goal.what, _bound(goal, goal.must), _bound(goal, goal.aim), _marked(goal, figure), goal.verdict(figure))
    return f"| {' | '.join(cells)} |"


def _line(goal: Goal, figure: Figure | None) -> str:
    if figure is None:
        told = "not asked for in this run"
    elif figure.value is None:
        told = f"not measured: {figure.reason}"
    else:
        noise = f"; {figure.noisy} of {figure.rounds} rounds noisy" if figure.noisy else ""
        told = f"{figure.detail}{noise}"
    return f"- **{goal.name}**: {goal.how}. *{told}.*"


def _marked(goal: Goal, figure: Figure | None) -> str:
    if figure is None or figure.value is None:
        return "-"
    return shown(figure.value, goal.unit) + (" ~" if figure.noisy else "")


def _bound(goal: Goal, value: float) -> str:
    return ("≤ " if goal.is_less_better else "≥ ") + (f"{value:.3g}x" if goal.unit == "x" else f"{value:.3g} {goal.unit}")


def _tally(known: Mapping[str, Figure]) -> str:
    verdicts = [goal.verdict(known.get(goal.name)).strip("*") for goal in GOALS.values()]
    counted = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in sorted(set(verdicts)))
    failed = [goal.name for goal in GOALS.values() if goal.verdict(known.get(goal.name)) == FAILED]
    return f"{counted}." + (f" Failed: {', '.join(failed)}." if failed else "")


def _growth(cells: Sequence[Cell]) -> str:
    rows = ["| bars | strategies | instruments | ns per event | ns per strategy and event | peak memory | orders |",
            "|---:|---:|---:|---:|---:|---:|---:|"]
    rows += [f"| {cell.bars:,} | {cell.strategies} | {cell.instruments} | {cell.ns_per_event:,.0f}{' ~' * cell.is_noisy} | "
             f"{cell.ns_per_event / cell.strategies:,.0f} | {cell.peak_mb:,.0f} MB | {cell.orders:,} |" for cell in cells]
    return "\n".join(rows)
