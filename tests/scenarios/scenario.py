"""Reads a scenario: a YAML file that a trader can read, with what the market did, what strategies ordered and what must come out.

Every number stays the text that was written, so that it becomes an exact Decimal. README.md beside this file explains the format.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from brokerage.paper.fill_model import FillModel, fill_model
from tests.backtest_house import PLAIN, SECOND, START_NS, instrument
from trading_system.core.instrument import FeeCurrency, Instrument
from trading_system.core.market_data import Tick, Trade

BROKER = "paper"
#: Events come at multiples of this: the live house shows each to the strategies a little after the venue met it.
GRID_SECONDS = Decimal("0.5")
_KEYS = {"about", "market", "instruments", "fills", "strategies", "expect"}
_EXPECTED = {"orders", "fills", "position", "money", "paused", "said"}
_NEEDED = {"orders", "fills", "position", "money"}
_COLUMNS = {"ticks": ["second", "bid", "ask"], "trades": ["second", "price", "quantity", "taker"]}

Row = Mapping[str, str]


class Scenario(NamedTuple):
    """`market` is in order of time; `strategies` and `expect` are as they were written."""

    name: str
    market: Sequence[Tick | Trade]
    instruments: Mapping[str, Instrument]
    model: FillModel
    strategies: Mapping[str, Mapping[str, Any]]
    expect: Mapping[str, Mapping[str, Any]]

    @property
    def end_seconds(self) -> float:
        """Return the moment, in seconds, at which it is over: one after the last event."""
        return (self.market[-1].time_ns - START_NS) / SECOND + 1


def read_scenario(path: Path) -> Scenario:
    """Read one file. Raises ValueError for whatever is not in the format: a word that nobody looks at proves nothing."""
    return scenario_of(path.stem, path.read_text())


def scenario_of(name: str, text: str) -> Scenario:
    """Read a scenario's text."""
    written = yaml.load(text, yaml.BaseLoader)
    _refuse_others(name, written, _KEYS)
    if not written.get("about", "").strip():
        raise ValueError(f"{name}: it does not say what it is about")
    market = [event for symbol, tables in written["market"].items() for event in _events(name, full(symbol), tables)]
    market.sort(key=lambda event: event.time_ns)
    own = written.get("instruments", {})
    _refuse_others(f"{name}: instruments", own, set(written["market"]))
    instruments = {full(symbol): _instrument(full(symbol), own.get(symbol, {})) for symbol in written["market"]}
    changes = {key: None if value == "none" else value for key, value in written.get("fills", {}).items()}
    _check_expectations(name, written["strategies"], written["expect"])
    return Scenario(name, market, instruments, fill_model("pessimistic", {**PLAIN, **changes}), written["strategies"], written["expect"])


def table(text: str) -> list[dict[str, str]]:
    """Return the rows of a table whose first line names the columns; `-` is an empty cell."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    wrong = [line for line in lines if len(line) != len(lines[0])]
    if wrong:
        raise ValueError(f"the row {' '.join(wrong[0])!r} has not the columns {' '.join(lines[0])!r}")
    return [{column: "" if cell == "-" else cell for column, cell in zip(lines[0], line, strict=True)} for line in lines[1:]]


def same(expected: str, found: object) -> bool:
    """Tell whether a cell says what was found: numbers by their exact value, everything else by its text."""
    try:
        return Decimal(expected) == Decimal(str(found))
    except InvalidOperation:
        return expected == str(found)


def full(symbol: str) -> str:
    """Return a market's whole name."""
    return f"{symbol}.{BROKER}"


def _events(name: str, symbol: str, tables: Mapping[str, str]) -> list[Tick | Trade]:
    _refuse_others(f"{name}: market {symbol}", tables, set(_COLUMNS))
    events = list[Tick | Trade]()
    for kind, text in tables.items():
        for number, row in enumerate(table(text), 1):
            if list(row) != _COLUMNS[kind]:
                raise ValueError(f"{name}: {kind} have the columns {' '.join(_COLUMNS[kind])}")
            second = Decimal(row["second"])
            if second % GRID_SECONDS:
                raise ValueError(f"{name}: {second} is not a multiple of {GRID_SECONDS} s")
            time_ns = START_NS + int(second * SECOND)
            if kind == "ticks":
                events.append(Tick(symbol, time_ns, float(row["bid"]), float(row["ask"])))
            else:
                events.append(Trade(symbol, time_ns, float(row["price"]), float(row["quantity"]), row["taker"] == "buys", number))
    return events


def _instrument(symbol: str, written: Mapping[str, str]) -> Instrument:
    changes: dict[str, Any] = {}
    for key, value in written.items():
        if key == "fee_currency":
            changes[key] = FeeCurrency(value)
        else:
            changes[key] = value == "yes" if value in ("yes", "no") else Decimal(value)
    return instrument(symbol, **changes)


def _check_expectations(name: str, strategies: Mapping[str, Any], expect: Mapping[str, Mapping[str, Any]]) -> None:
    if expect.keys() != strategies.keys():
        raise ValueError(f"{name}: what must come out is to be said for each strategy")
    for strategy, words in expect.items():
        _refuse_others(f"{name}: expect {strategy}", words, _EXPECTED)
        if _NEEDED - words.keys():
            raise ValueError(f"{name}: expect {strategy}: {', '.join(sorted(_NEEDED - words.keys()))} is missing")


def _refuse_others(where: str, written: Mapping[str, Any], known: set[str]) -> None:
    if written.keys() - known:
        raise ValueError(f"{where}: {', '.join(sorted(written.keys() - known))} is not known; known are {', '.join(sorted(known))}")
