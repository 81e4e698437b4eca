"""The average cross in backtrader, on a preloaded frame; the loop is `Cerebro.run`."""

from time import process_time
from typing import Any

import backtrader
import pandas as pd

from benchmarks.peers.averages import Holder
from benchmarks.peers.told import arguments, columns, tell


class Cross(backtrader.Strategy):
    """Orders one unit at the market, filled at the next bar's open."""

    def __init__(self) -> None:
        self.holder = Holder()
        self.fills = 0

    def notify_order(self, order: Any) -> None:
        self.fills += order.status == order.Completed

    def next(self) -> None:
        wish = self.holder.wish(self.data.close[0])
        if wish > 0:
            self.buy(size=1)
        elif wish < 0:
            self.sell(size=1)


def main() -> None:
    """Load, run, and tell."""
    options = arguments()
    table = columns(options)
    frame = pd.DataFrame({name: table[name] for name in ("open", "high", "low", "close", "volume")},
                         index=pd.to_datetime(table["timestamp_ns"]))
    cerebro = backtrader.Cerebro(stdstats=False)
    cerebro.broker.setcash(1e8)
    cerebro.broker.setcommission(0.001)
    cerebro.adddata(backtrader.feeds.PandasData(dataname=frame, openinterest=None))
    cerebro.addstrategy(Cross)
    began = process_time()
    strategy = cerebro.run()[0]
    tell("backtrader", len(frame), process_time() - began, strategy.holder.orders, strategy.fills)


if __name__ == "__main__":
    main()
