"""Seeded runs for the tests of the tear sheet: three strategies, two instruments, two currencies, as many trades as asked for."""

import math
from random import Random

import msgspec

from trading_system.reports.results import (
    ClosedTrade,
    CurrencyResult,
    DataNote,
    FillPoint,
    InstrumentResult,
    Results,
    Series,
    StrategyResult,
)

SECOND = 10**9
DAY = 86_400 * SECOND
START = 1_704_067_200 * SECOND     # 2024-01-01T00:00:00Z
LENGTH = 400 * DAY
SYMBOLS = {"XBTZAR.exchange": ("ZAR", 1_200_000.0, 0.002), "ETHUSD.exchange": ("USD", 2_300.0, 0.4)}
STRATEGIES = {"trend_follower": ("XBTZAR.exchange", 20_000.0), "mean_reversion": ("XBTZAR.exchange", 50_000.0), "breakout": ("ETHUSD.exchange", 10_000.0)}


def make_run(trades: int = 300, seed: int = 7, points: int = 1_500) -> Results:
    """Return a plausible run; the strategies' equity is their capital and the profit of their trades."""
    random = Random(seed)
    prices = {symbol: _walk(random, start, points) for symbol, (_, start, _) in SYMBOLS.items()}
    closed, fills = list[ClosedTrade](), list[FillPoint]()
    for _ in range(trades):
        name = random.choice(list(STRATEGIES))
        symbol = STRATEGIES[name][0]
        first = random.randrange(points - 30)
        last = first + random.randrange(1, 30)
        is_long = random.random() < 0.7
        series, quantity = prices[symbol], SYMBOLS[symbol][2] * random.choice((1, 2, 3))
        entry, leave = series.values[first], series.values[last]
        fees = 0.001 * quantity * (entry + leave)
        profit = (leave - entry) * quantity * (1 if is_long else -1) - fees
        closed.append(ClosedTrade(name, symbol, is_long, quantity, series.times_ns[first], series.times_ns[last], entry, leave, profit, fees))
        fills.append(FillPoint(name, symbol, is_long, series.times_ns[first], entry, quantity, random.choice(("", "entry", "entry on the third touch"))))
        fills.append(FillPoint(name, symbol, not is_long, series.times_ns[last], leave, quantity, random.choice(("", "stop", "target"))))
    closed.sort(key=lambda trade: trade.exit_ns)
    fills.sort(key=lambda fill: fill.time_ns)
    strategies = [_strategy(name, [trade for trade in closed if trade.strategy == name], points) for name in STRATEGIES]
    return Results(
        "backtest", START, START + LENGTH, 1_234_567, 12.5, strategies,
        [_together(currency, [one for one in strategies if one.currency == currency]) for currency in ("ZAR", "USD")],
        [InstrumentResult(symbol, counter, prices[symbol]) for symbol, (counter, _, _) in SYMBOLS.items()], closed, fills,
        ["Limit orders fill when the price trades through them, not when it touches.", "Market orders pay half the spread and 0.02 % slippage."],
        [DataNote(symbol, f"data/{symbol}.csv.gz", "bars of 1 min", 576_000, START, START + LENGTH, ["3 gaps, the longest 42 min."][:index])
         for index, symbol in enumerate(SYMBOLS)],
    )


def one_trade_run() -> Results:
    """Return a run of one strategy with one trade, a few seconds long, whose ratios are not defined."""
    whole = make_run(1, seed=3, points=60)
    name = whole.trades[0].strategy
    one = next(strategy for strategy in whole.strategies if strategy.name == name)
    one = msgspec.structs.replace(one, figures={"max_drawdown": None, "sharpe": None, "profit_factor": math.nan, "trades": 1.0})
    return msgspec.structs.replace(
        whole, strategies=[one], together=[CurrencyResult(one.currency, one.capital, one.equity, one.figures, one.curve, one.drawdown, {})],
        instruments=[instrument for instrument in whole.instruments if instrument.symbol == whole.trades[0].symbol], assumptions=[], data=[])


def empty_run() -> Results:
    """Return a run in which nothing happened, of a strategy that was paused at its first tick."""
    none = StrategyResult("naive", "ZAR", 1_000.0, 1_000.0, {}, Series(), Series(), {}, {}, 0, {}, "paused: on_tick raised ValueError: no price")
    return Results("run", START, START, 0, 0.0, [none], [], [InstrumentResult("XBTZAR.exchange", "ZAR", Series())], [], [], [], [])


def _walk(random: Random, price: float, points: int) -> Series:
    values = []
    for _ in range(points):
        price *= math.exp(random.gauss(0.0004, 0.012))
        values.append(price)
    return Series([START + index * LENGTH // (points - 1) for index in range(points)], values)


def _strategy(name: str, trades: list[ClosedTrade], points: int) -> StrategyResult:
    symbol, capital = STRATEGIES[name]
    currency = SYMBOLS[symbol][0]
    times = [START + index * LENGTH // (points - 1) for index in range(points)]
    equity, values, waiting = capital, [], list(trades)
    for time_ns in times:
        while waiting and waiting[0].exit_ns <= time_ns:
            equity += waiting.pop(0).profit
        values.append(equity)
    realized, fees = sum(trade.profit + trade.fees for trade in trades), sum(trade.fees for trade in trades)
    realized_text, fees_text = f"{realized:.8f}", f"{fees:.8f}"
    cash = f"{capital + float(realized_text) - float(fees_text):.8f}"
    won = [trade.profit for trade in trades if trade.profit > 0]
    lost = -sum(trade.profit for trade in trades if trade.profit <= 0)
    curve, drawdown = Series(times, values), _drawdown(times, values)
    figures = {
        "total_return": equity / capital - 1, "max_drawdown": -min(drawdown.values), "sharpe": 1.234, "sortino": None,
        "trades": float(len(trades)), "win_rate": len(won) / len(trades) if trades else None, "profit_factor": sum(won) / lost if lost else None,
        "fees": fees, "average_holding_seconds": 7_432.0,
    }
    return StrategyResult(
        name, currency, capital, equity, figures, curve, drawdown, _monthly(times, values), {"FILLED": 2 * len(trades), "CANCELED": 12}, 2 * len(trades),
        {"capital": {currency: f"{capital:.2f}"}, "realized": {currency: realized_text}, "fees": {currency: fees_text}, "cash": {currency: cash},
         "cost": {currency: "0"}},
        "paused: a hook took longer than 2 s" if name == "breakout" else "")


def _together(currency: str, strategies: list[StrategyResult]) -> CurrencyResult:
    times = strategies[0].curve.times_ns
    values = [sum(points) for points in zip(*(one.curve.values for one in strategies), strict=True)]
    capital, drawdown = sum(one.capital for one in strategies), _drawdown(times, values)
    figures = {"total_return": values[-1] / capital - 1, "max_drawdown": -min(drawdown.values), "sharpe": 1.5,
               "trades": float(sum(one.fills // 2 for one in strategies))}
    return CurrencyResult(currency, capital, values[-1], figures, Series(times, values), drawdown, _monthly(times, values))


def _drawdown(times: list[int], values: list[float]) -> Series:
    high, below = values[0], []
    for value in values:
        high = max(high, value)
        below.append(value / high - 1)
    return Series(times, below)


def _monthly(times: list[int], values: list[float]) -> dict[str, float]:
    returns, first = dict[str, float](), values[0]
    months = [(time_ns - START) // (30 * DAY) for time_ns in times]
    for index, month in enumerate(months):
        if index + 1 == len(months) or months[index + 1] != month:
            returns[f"{2024 + month // 12}-{month % 12 + 1:02}"] = values[index] / first - 1
            first = values[index]
    return returns
