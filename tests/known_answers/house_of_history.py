"""Runs one small strategy over one file of bars through the real backtest: the house that all comparisons with other engines share."""

import csv
import gzip
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from brokerage.paper.fill_model import FillModel
from brokerage.paper.venue import FillVenue
from trading_system.backtest_assembly import BacktestPlan, build_backtest
from trading_system.backtest_results import Reckoning
from trading_system.collectors.history import History
from trading_system.core.instrument import FeeCurrency, Instrument
from trading_system.enrollment import Enrolled
from trading_system.reports.results import Results
from trading_system.risk.limits import RiskLimits
from trading_system.settings.backtest_settings import BacktestSettings
from trading_system.settings.environment import Environment
from trading_system.settings.house_settings import GlobalSettings, StrategySettings, SystemSettings
from trading_system.settings.load import Settings
from trading_system.settings.located import default_mapping
from trading_system.strategy_host.strategy_base import StrategyBase

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
ANSWERS = DATA / "known_answers"
SYMBOL = "KNOWN.test"

needs_shared_data = pytest.mark.skipif(not ANSWERS.is_dir(), reason=f"the recorded data is not at {DATA}")


class Run(NamedTuple):
    """What a run came to: the results as people see them, and the strategy with whatever it noted."""

    results: Results
    strategy: Any


def instrument(fee: str = "0", quantity_step: str = "1") -> Instrument:
    """Return a market where everything can be sold short, with prices fine enough for any average, fees being a share of the value."""
    step, rate = Decimal(quantity_step), Decimal(fee)
    return Instrument(
        SYMBOL, "KNOWN", "USD", Decimal("1e-12"), step, step, Decimal(10**9), Decimal("1e-12"), Decimal(10**9), rate, rate,
        FeeCurrency.COUNTER, is_spot=False, has_market_orders_by_quantity=True, has_stop_orders=True, has_stop_limit_orders=True)


def trade_through(kind: type[StrategyBase], params: Mapping[str, Any], bars: Path, model: FillModel, market: Instrument, capital: str) -> Run:
    """Let a strategy trade through a file of bars; whatever pauses it fails the test."""
    history = History.open(SYMBOL, bars)
    written = StrategySettings(name="known", file="known_strategy.py", instruments=[SYMBOL], capital={"USD": Decimal(capital)},
                               params=default_mapping("strategies.known.params", {}), risk=default_mapping("strategies.known.risk", {}))
    settings = Settings(GlobalSettings(strategies={"known": written}), SystemSettings(),
                        BacktestSettings(fills=default_mapping("backtest.fills", {})), [], Environment({}))
    enrolled = Enrolled("known", written, kind, kind.Params(**params), RiskLimits(), history.bar_ns)
    backtest = build_backtest(BacktestPlan(settings, [enrolled], {SYMBOL: market}, FillVenue([market], model), [history]))
    reckoning = Reckoning(backtest)
    backtest.run(reckoning.add)
    results = reckoning.results(0.0)
    assert not results.strategies[0].trouble, results.strategies[0].trouble
    assert "DENIED" not in results.strategies[0].orders, results.strategies[0].orders
    return Run(results, backtest.engine.books.desks["known"].strategy)


def read_json(name: str) -> Any:
    """Return a file of known answers."""
    return json.loads((ANSWERS / name).read_text())


def read_columns(path: Path) -> dict[str, list[str]]:
    """Return the columns of a packed CSV file, as they are written."""
    with gzip.open(path, "rt") as file:
        rows = list(csv.DictReader(file))
    return {name: [row[name] for row in rows] for name in rows[0]}
