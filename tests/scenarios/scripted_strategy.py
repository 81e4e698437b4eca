"""A strategy that does what a scenario's lines say: when something happens, one verb each.

`at 3: buy 2 limit 99 as entry`, `on fill of entry: sell 2`, `every 5: flatten`, `at 4: cancel entry`, `at 5: raise some words`.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from tests.backtest_house import SECOND, START_NS
from tests.scenarios.scenario import full
from trading_system import Fill, Order, StrategyBase, Tick
from trading_system.core.market_data import Trade

_WHEN = re.compile(r"at (?P<second>[\d.]+)|on fill of (?P<fill>\w+)|every (?P<every>[\d.]+)")
_ORDER = re.compile(
    r"(?P<side>buy|sell) (?P<value>value )?(?P<amount>[\d.]+)(?: (?P<symbol>[A-Z]{6}))?(?: stop (?P<stop>[\d.]+))?(?: limit (?P<limit>[\d.]+))?"
    r"(?P<post_only> post-only)?(?: (?P<time_in_force>IOC|FOK))? as (?P<tag>\w+)")
_CANCEL = re.compile(r"cancel (\w+)")
_REPLACE = re.compile(r"replace (\w+) limit ([\d.]+)")
_RAISE = re.compile(r"raise (.+)")


class ScriptedStrategy(StrategyBase):
    """`script` are the lines; it is set on a class made for one scenario by `scripted`."""

    script: Sequence[tuple[re.Match[str], str]] = ()

    def on_start(self) -> None:
        self.placed: dict[str, Order] = {}
        self.left = [(START_NS + int(Decimal(when["second"]) * SECOND), what) for when, what in self.script if when["second"]]
        for when, what in self.script:
            if when["every"]:
                self.every(float(when["every"]), partial(self.do, what))

    def on_tick(self, tick: Tick) -> None:
        self.look(tick.time_ns)

    def on_fill(self, fill: Fill) -> None:
        for when, what in self.script:
            if when["fill"] and when["fill"] == fill.tag:
                self.do(what)

    def look(self, time_ns: int) -> None:
        """Do what is to be done at this moment, once, in the order in which it was written."""
        due = [what for at_ns, what in self.left if at_ns == time_ns]
        self.left = [one for one in self.left if one[0] != time_ns]
        for what in due:
            self.do(what)

    def do(self, what: str) -> None:
        """Carry out one verb."""
        if found := _ORDER.fullmatch(what):
            self.place(found)
        elif found := _CANCEL.fullmatch(what):
            self.cancel(self.placed[found[1]])
        elif found := _REPLACE.fullmatch(what):
            self.replace(self.placed[found[1]], limit=Decimal(found[2]))
        elif found := _RAISE.fullmatch(what):
            raise RuntimeError(found[1])
        else:
            self.flatten()

    def place(self, words: re.Match[str]) -> None:
        """Order what the words say, in the first of our markets where they name none."""
        symbol = full(words["symbol"]) if words["symbol"] else self.symbols[0]
        more: dict[str, Any] = {name: Decimal(words[name]) for name in ("limit", "stop") if words[name]}
        more["value" if words["value"] else "quantity"] = Decimal(words["amount"])
        verb = self.buy if words["side"] == "buy" else self.sell
        self.placed[words["tag"]] = verb(symbol, post_only=bool(words["post_only"]), time_in_force=words["time_in_force"] or "GTC",
                                         tag=words["tag"], **more)


class TradeWatchingStrategy(ScriptedStrategy):
    """The same, seeing public trades as well."""

    def on_trade(self, trade: Trade) -> None:
        self.look(trade.time_ns)


def scripted(name: str, lines: Sequence[Mapping[str, str]], has_trades: bool) -> type[ScriptedStrategy]:
    """Return a class that does these lines. Raises ValueError for one that cannot be read."""
    script = []
    for line in lines:
        (when, what), = line.items()
        found = _WHEN.fullmatch(when)
        if found is None or not any(pattern.fullmatch(what) for pattern in (_ORDER, _CANCEL, _REPLACE, _RAISE, re.compile("flatten"))):
            raise ValueError(f"{name}: the line '{when}: {what}' cannot be read")
        script.append((found, what))
    return type("Scripted", (TradeWatchingStrategy if has_trades else ScriptedStrategy,), {"script": script})
