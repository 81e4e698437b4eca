"""The average cross in nautilus_trader's backtest engine with a Python strategy on bars; the loop is `BacktestEngine.run`."""

from time import process_time

import pandas as pd
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, StrategyConfig
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.events import OrderFilled
from nautilus_trader.model.identifiers import TraderId, Venue
from nautilus_trader.model.objects import Money, Quantity
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy

from benchmarks.peers.averages import Holder
from benchmarks.peers.told import arguments, columns, tell

INSTRUMENT = TestInstrumentProvider.ethusdt_perp_binance()
BARS = BarType.from_str(f"{INSTRUMENT.id}-1-MINUTE-LAST-EXTERNAL")


class Cross(Strategy):
    """Orders one unit at the market."""

    def __init__(self) -> None:
        super().__init__(StrategyConfig(strategy_id="CROSS-001"))
        self.holder = Holder()
        self.fills = 0
        self.unit = Quantity.from_str("1.000")

    def on_start(self) -> None:
        self.subscribe_bars(BARS)

    def on_bar(self, bar: Bar) -> None:
        wish = self.holder.wish(bar.close.as_double())
        if wish:
            side = OrderSide.BUY if wish > 0 else OrderSide.SELL
            self.submit_order(self.order_factory.market(INSTRUMENT.id, side, self.unit))

    def on_order_filled(self, event: OrderFilled) -> None:
        self.fills += 1


def main() -> None:
    """Load, run, and tell."""
    options = arguments()
    table = columns(options)
    engine = BacktestEngine(BacktestEngineConfig(trader_id=TraderId("BENCH-001"), logging=LoggingConfig(bypass_logging=True)))
    engine.add_venue(Venue("BINANCE"), OmsType.NETTING, AccountType.MARGIN, [Money(100_000_000, USDT)])
    engine.add_instrument(INSTRUMENT)
    # A bar is stamped at its end: that is when its close is known.
    frame = pd.DataFrame({name: table[name] for name in ("open", "high", "low", "close", "volume")},
                         index=pd.to_datetime(table["timestamp_ns"] + 60_000_000_000, utc=True))
    data = BarDataWrangler(BARS, INSTRUMENT).process(frame)
    engine.add_data(data)
    strategy = Cross()
    engine.add_strategy(strategy)
    began = process_time()
    engine.run()
    tell("nautilus_trader", len(data), process_time() - began, strategy.holder.orders, strategy.fills)


if __name__ == "__main__":
    main()
