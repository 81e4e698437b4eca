"""The average cross in vnpy's CTA backtester: bar objects laid into its history, the loop is `run_backtesting`."""

from datetime import UTC, datetime
from time import process_time

from vnpy.trader.constant import Exchange, Interval
from vnpy.trader.object import BarData
from vnpy_ctastrategy import CtaTemplate
from vnpy_ctastrategy.backtesting import BacktestingEngine

from benchmarks.peers.averages import Holder
from benchmarks.peers.told import arguments, columns, tell


class Cross(CtaTemplate):
    """Orders one unit at a limit 5 % through the market, which this backtester fills at the next bar's open."""

    def on_init(self) -> None:
        self.holder = Holder()
        self.fills = 0

    def on_start(self) -> None:
        pass

    def on_stop(self) -> None:
        pass

    def on_bar(self, bar: BarData) -> None:
        wish = self.holder.wish(bar.close_price)
        if wish > 0:
            self.buy(bar.close_price * 1.05, 1)
        elif wish < 0:
            self.sell(bar.close_price * 0.95, 1)

    def on_trade(self, trade: object) -> None:
        self.fills += 1


def main() -> None:
    """Load, run, report as a user would, and tell."""
    options = arguments()
    table = columns(options)
    engine = BacktestingEngine()
    engine.output = lambda text: None
    engine.set_parameters(vt_symbol="BENCH.SMART", interval=Interval.MINUTE, start=datetime(2020, 1, 1), rate=0.001, slippage=0, size=1,
                          pricetick=0.01, capital=100_000_000)
    engine.add_strategy(Cross, {})
    rows = zip(*(table[name].tolist() for name in ("timestamp_ns", "open", "high", "low", "close", "volume")), strict=True)
    engine.history_data = [
        BarData(gateway_name="BENCH", symbol="BENCH", exchange=Exchange.SMART, datetime=datetime.fromtimestamp(start_ns / 1e9, UTC),
                interval=Interval.MINUTE, volume=volume, open_price=opened, high_price=high, low_price=low, close_price=close)
        for start_ns, opened, high, low, close, volume in rows]
    began = process_time()
    engine.run_backtesting()
    took = process_time() - began
    engine.calculate_result()
    engine.calculate_statistics(output=False)
    tell("vnpy", len(table["open"]), took, engine.strategy.holder.orders, engine.strategy.fills)


if __name__ == "__main__":
    main()
