"""The average cross in backtesting.py; the loop ends where its statistics begin."""

import warnings
from time import process_time
from typing import Any

import backtesting.backtesting as inside
import pandas as pd
from backtesting import Backtest, Strategy

from benchmarks.peers.averages import Holder
from benchmarks.peers.told import arguments, columns, tell

_HOLDERS: list[Holder] = []


class Cross(Strategy):
    """Orders one unit at the market, filled at the next bar's open."""

    def init(self) -> None:
        self.holder = Holder()
        _HOLDERS.append(self.holder)

    def next(self) -> None:
        wish = self.holder.wish(self.data.Close[-1])
        if wish > 0:
            self.buy(size=1)
        elif wish < 0:
            self.position.close()


def main() -> None:
    """Load, run, report as a user would, and tell."""
    warnings.filterwarnings("ignore")
    options = arguments()
    table = columns(options)
    frame = pd.DataFrame({name.title(): table[name] for name in ("open", "high", "low", "close", "volume")},
                         index=pd.to_datetime(table["timestamp_ns"]))
    test = Backtest(frame, Cross, cash=1e8, commission=0.001, finalize_trades=True)
    compute, ended = inside.compute_stats, [0.0]

    def noting(*given: Any, **named: Any) -> Any:
        ended[0] = process_time()
        return compute(*given, **named)

    inside.compute_stats = noting
    began = process_time()
    results = test.run()
    tell("backtesting", len(frame), ended[0] - began, _HOLDERS[-1].orders, 2 * int(results["# Trades"]))


if __name__ == "__main__":
    main()
