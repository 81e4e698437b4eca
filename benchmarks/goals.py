"""The goals: what must be reached and what is aimed at, each a ratio within one run where a ratio says anything."""

import msgspec

from benchmarks.figure import Figure

AIM, MUST, FAILED, NOT_MEASURED = "aim met", "must met", "**failed**", "not measured"


class Goal(msgspec.Struct, frozen=True):
    """One line of the table. `unit` is "x" for ratios; where `is_less_better` a figure must not exceed `must`, else not fall below."""

    name: str
    what: str
    must: float
    aim: float
    how: str
    unit: str = "x"
    is_less_better: bool = False

    def verdict(self, figure: Figure | None) -> str:
        """Tell whether a figure reaches the aim, the must, neither, or was not measured."""
        if figure is None or figure.value is None:
            return NOT_MEASURED
        sign = -1 if self.is_less_better else 1
        value = figure.value * sign
        if not value >= self.must * sign:          # also where the figure is no number
            return FAILED
        return AIM if value >= self.aim * sign else MUST


_LOOP = "processor time of the loop over the bars, each program in a process of its own, medians of interleaved rounds"
_LIVE = "a house as assembly builds it, real threads; laid in the queue by one thread, stamped where the order is handed to the executor"

GOALS = {goal.name: goal for goal in (
    Goal("G1 vnpy", "backtest loop, times as fast as vnpy", 1.5, 2.5, _LOOP),
    Goal("G2 backtesting", "backtest loop, times as fast as backtesting.py", 5, 10, _LOOP),
    Goal("G2 nautilus_trader", "backtest loop, times as fast as nautilus_trader on bars", 20, 40, _LOOP),
    Goal("G2 backtrader", "backtest loop, times as fast as backtrader", 50, 100, _LOOP),
    Goal("G3 whole process", "start, load, run, report: time against the better of vnpy and backtesting.py", 0.25, 1 / 6,
         "wall time of the whole process, from outside", is_less_better=True),
    Goal("G4 peak memory", "peak memory of a backtest", 200, 110,
         "highest resident set of the whole process, as the kernel counts it", "MB", True),
    Goal("G5 engine cost", "engine per bar against the same feed and averages with no engine", 3, 2,
         "both ways in turn in one process", is_less_better=True),
    Goal("G6 ten strategies", "time per strategy and bar with 10 strategies against 1", 0.75, 0.6,
         "the same engine loop with 10 desks on one feed and with 1, in turn in one process", is_less_better=True),
    Goal("G7 without journal", "tick to order handed over, p50, against two queues between three threads", 2, 1.25,
         _LIVE + "; the journal's file forgets", is_less_better=True),
    Goal("G7 with journal", "tick to order handed over, p50, against that chain with one bare synced append", 1.5, 1.1,
         _LIVE + "; every record synced on this disk", is_less_better=True),
    Goal("G8 burst", "200 ticks that all order, journal on: last order handed over", 10, 1.2,
         "200 symbols, one tick each, laid back to back; from the first tick laid, median of the bursts", "ms", True),
    Goal("G10 flood", "events a second thread to thread, dispatched, against vnpy's EventEngine", 4, 15,
         "public trades through queue, engine and guard to a strategy's hook; vnpy: a queue and one handler"),
    Goal("G11 help", "`main.py --help` against `python -c pass`", 5, 3, "whole processes in turn", is_less_better=True),
    Goal("G11 import", "import of the live core", 200, 120, "assembly, the run command and the registry in a fresh process", "ms", True),
    Goal("G12 lateness", "heartbeat: lateness, p99", 20, 2, "the house's own heartbeat with the engine answering", "ms", True),
    Goal("G12 drift", "heartbeat: lateness of the last tenth of the beats less that of the first (medians)", 1, 1,
         "the same beats; no drift means under 1 ms; a skipped beat counts as a whole period", "ms", True),
    Goal("G13 busy neighbor", "tick to order handed over, p99, with a thread that computes without end, screen on", 5, 1,
         _LIVE + "; switch interval 0.1 ms as the run command sets it, screen on a pseudo-terminal, the journal's file forgets",
         "ms", True),
)}


def shown(value: float, unit: str) -> str:
    """Return a figure for people, three digits that count."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    text = f"{value:.{digits}f}"
    return f"{text}x" if unit == "x" else f"{text} {unit}"
