"""A backtest laid together for a test: strategies as classes, market data as rows, the real assembly, engine and paper venue.

Times in rows are seconds after `START_NS`; whatever is not said costs nothing and takes no time.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from brokerage.paper.fill_model import fill_model
from brokerage.paper.venue import FillVenue
from trading_system.backtest_assembly import Backtest, BacktestPlan, build_backtest
from trading_system.collectors.history import History
from trading_system.core.instrument import FeeCurrency, Instrument
from trading_system.enrollment import Enrolled
from trading_system.risk.limits import RiskLimits
from trading_system.settings.load import load_settings
from trading_system.strategy_host.strategy_base import StrategyBase

SECOND = 1_000_000_000
#: 2024-01-01, a multiple of every length of bars.
START_NS = 1_704_067_200 * SECOND
SYMBOL = "XBTZAR.luno"
COLUMNS = {"quotes": "bid,ask", "trades": "price,quantity,side", "bars": "open,high,low,close,volume"}
PLAIN: Mapping[str, Any] = {"latency_seconds": 0, "slippage_ticks": 0, "spread_ticks": 0, "spread_share": 0, "volume_share": None}


def instrument(symbol: str = SYMBOL, **changes: Any) -> Instrument:
    """Return a market with a price step of 1, a quantity step of 0.001, no fees and every kind of order."""
    fields: dict[str, Any] = dict(
        symbol=symbol, base=symbol[:3], counter=symbol[3:6], price_step=Decimal(1), quantity_step=Decimal("0.001"),
        min_quantity=Decimal("0.001"), max_quantity=Decimal(1000), min_price=Decimal(1), max_price=Decimal(10_000_000),
        fee_currency=FeeCurrency.COUNTER, has_market_orders_by_quantity=True, has_stop_orders=True, has_stop_limit_orders=True)
    return Instrument(**{**fields, **changes})


def history(folder: Path, rows: Sequence[Sequence[Any]], kind: str = "quotes", symbol: str = SYMBOL, bar_seconds: float = 0) -> History:
    """Write rows (seconds, then the columns of their kind) to a file and open it; the time of a bar is its beginning."""
    lines = [",".join(map(str, (START_NS + round(row[0] * SECOND), *row[1:]))) for row in rows]
    path = folder / f"{symbol}_{kind}.csv"
    path.write_text(f"timestamp,{COLUMNS[kind]}\n" + "\n".join(lines) + "\n")
    return History.open(symbol, path, bar_ns=int(bar_seconds * SECOND))


def enrolled_strategies(folder: Path, strategies: Mapping[str, type[StrategyBase]], symbols: Sequence[str], capital: Mapping[str, Any],
                        bar_seconds: float = 0) -> tuple[Any, list[Enrolled]]:
    """Return settings, and these classes enrolled under these names, each with the same symbols and capital."""
    configs = folder / "configs"
    configs.mkdir(exist_ok=True)
    money = ", ".join(f"{currency}: {amount}" for currency, amount in capital.items())
    lines = [f"  {name}: {{instruments: [{', '.join(symbols)}], capital: {{{money}}}}}" for name in strategies]
    (configs / "global_strategy_config.yaml").write_text("strategies:\n" + "\n".join(lines) + "\n")
    settings = load_settings(configs, (), {})
    own = settings.global_settings.strategies
    return settings, [Enrolled(name, own[name], kind, kind.Params(), RiskLimits(stale_price_seconds=86_400), int(bar_seconds * SECOND))
                      for name, kind in strategies.items()]


def backtest(folder: Path, strategies: Mapping[str, type[StrategyBase]], histories: Sequence[History], *,
             capital: Mapping[str, Any] | None = None, bar_seconds: float = 0, from_seconds: float | None = None,
             to_seconds: float | None = None, instruments: Sequence[Instrument] = (), **changes: Any) -> Backtest:
    """Lay a backtest of these strategies over these histories together; `changes` are the fill model's."""
    symbols = list(dict.fromkeys(one.symbol for one in histories))
    known = {one.symbol: one for one in instruments or [instrument(symbol) for symbol in symbols]}
    settings, enrolled = enrolled_strategies(folder, strategies, symbols, {"ZAR": 1_000_000} if capital is None else capital, bar_seconds)
    venue = FillVenue(known.values(), fill_model("pessimistic", {**PLAIN, **changes}))
    bounds = [None if one is None else START_NS + int(one * SECOND) for one in (from_seconds, to_seconds)]
    return build_backtest(BacktestPlan(settings, enrolled, known, venue, histories, *bounds))


def run(house: Backtest) -> Backtest:
    """Run it to the end."""
    house.run(lambda batch: None)
    return house
