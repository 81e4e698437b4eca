"""A recorded backtest result of freqtrade: from its 179 trades our functions draw its summary."""

from typing import Any

import numpy as np
import pytest

from tests.unit.reports.known_answers import NEEDS_FOLDER, read_json
from trading_system.reports import drawdowns, performance, trade_statistics

pytestmark = NEEDS_FOLDER

#: Where a number needs a word; all the others are compared as they are.
EXPLAINED = {
    "cagr": "It counts whole days, 19 of 19.9, and years of 365 days.",
    "max_drawdown_account": "Of the balance after closed trades only: trades that are open count for nothing until they end.",
    "max_relative_drawdown": "The same.",
    "max_drawdown": "In this old file the sum of the profit ratios lost, not a share of money; as such it is met.",
    "holding_avg_s": "Rounded to whole minutes there.",
    "winner_holding_avg_s": "Rounded to whole minutes there.",
    "loser_holding_avg_s": "Rounded to whole minutes there.",
    "trades_per_day": "Per whole day, to two decimals.",
    "wins": "Judged by the profit ratio, which is 0 in this file where the profit is not: 122 of them are called draws.",
    "draws": "The same.",
    "max_drawdown_abs": "Of several trades that end in one candle the gains were taken first; which is first is not known.",
    "csum_max": "Of the balance in the order in which the trades are listed, that of their beginnings.",
    "backtest_best_day_abs": "Rounded to ten decimals there.",
    "backtest_worst_day_abs": "Rounded to ten decimals there.",
}
#: Numbers of the summary that are settings or counts of things our files hold elsewhere.
NOT_MEASURES = "settings, names, times, counts of orders, and the change of markets whose prices the file does not hold"


def test_the_summary_follows_from_the_trades(capsys: pytest.CaptureFixture[str]) -> None:
    summary = next(iter(read_json("freqtrade_backtest-result.json.gz")["strategy"].values()))
    ours, unexplained = figures_of(summary), []
    for name, value in ours.items():
        allowed = pytest.approx(summary[name], rel=1e-9, abs=0.005 if name == "trades_per_day" else 1e-12)
        if value != allowed:
            unexplained.append((name, value, summary[name]))
    with capsys.disabled():
        print(f"\n  freqtrade: {len(ours)} numbers of the summary, {len(ours) - len(unexplained)} met ({len(EXPLAINED)} explained), "
              f"{len(unexplained)} unexplained; left aside: {NOT_MEASURES}")
    assert unexplained == []
    assert set(EXPLAINED) <= set(ours)
    assert len(ours) >= 28


def figures_of(summary: dict[str, Any]) -> dict[str, float]:
    trades = summary["trades"]
    profits, ratios = (np.array([trade[name] for trade in trades]) for name in ("profit_abs", "profit_ratio"))
    opened, closed = (np.array([int(trade[name]) * 10**6 for trade in trades]) for name in ("open_timestamp", "close_timestamp"))
    minutes = trade_statistics.holding_seconds(opened, closed) / 60.0
    start, end = summary["starting_balance"], summary["starting_balance"] + float(profits.sum())
    # The balance after each trade, in the order of their ends; gains of one candle before its losses, which is how theirs fell.
    order = np.lexsort((-profits, closed))
    balance = np.concatenate(([start], start + np.cumsum(profits[order])))
    listed = start + np.cumsum(profits)
    below = drawdowns.drawdown(balance)
    bottom = int(np.argmax(np.maximum.accumulate(balance) - balance))
    ratio_sum = np.concatenate(([0.0], np.cumsum(ratios[order])))
    days = closed // (86_400 * 10**9)
    by_day = np.array([profits[days == day].sum() for day in np.unique(days)]).round(10)
    whole_days = (summary["backtest_end_ts"] - summary["backtest_start_ts"]) // 86_400_000
    return {
        "total_trades": len(trades), "profit_total_abs": float(profits.sum()), "profit_total": end / start - 1.0, "final_balance": end,
        "profit_mean": trade_statistics.expectancy(ratios), "profit_median": float(np.median(ratios)),
        "profit_factor": trade_statistics.profit_factor(profits),
        "cagr": performance.cagr(start, end, whole_days * 86_400.0, 365.0 * 86_400.0),
        "max_drawdown_abs": float(np.max(np.maximum.accumulate(balance) - balance)), "max_drawdown_account": float(below[bottom]),
        "max_relative_drawdown": float(below.max()), "max_drawdown": float(np.max(np.maximum.accumulate(ratio_sum) - ratio_sum)),
        "max_drawdown_high": float(balance[:bottom + 1].max()) - start, "max_drawdown_low": float(balance[bottom]) - start,
        "drawdown_end_ts": float(closed[order][bottom - 1] // 10**6),
        "wins": round(trade_statistics.win_rate(ratios) * len(ratios)), "losses": int(np.sum(ratios < 0.0)), "draws": int(np.sum(ratios == 0.0)),
        "holding_avg_s": np.round(minutes.mean()) * 60.0, "winner_holding_avg_s": np.round(minutes[ratios > 0.0].mean()) * 60.0,
        "loser_holding_avg_s": np.round(minutes[ratios < 0.0].mean()) * 60.0,
        "backtest_best_day_abs": trade_statistics.best(by_day), "backtest_worst_day_abs": trade_statistics.worst(by_day),
        "csum_min": float(listed.min()), "csum_max": float(listed.max()),
        "trades_per_day": len(trades) / whole_days, "total_volume": float(sum(trade["stake_amount"] for trade in trades)),
        "avg_stake_amount": float(np.mean([trade["stake_amount"] for trade in trades])),
        "winning_days": int(np.sum(by_day > 0.0)), "losing_days": int(np.sum(by_day < 0.0)), "draw_days": int(np.sum(by_day == 0.0)),
    }
