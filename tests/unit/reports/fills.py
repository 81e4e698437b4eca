"""Instruments and fills for the tests of reports, as short as they can be written."""

from decimal import Decimal
from typing import Any

from trading_system.core.instrument import Instrument
from trading_system.core.order import Fill, FillAmounts
from trading_system.core.side import Side

D = Decimal
XBTZAR, ETHXBT, ETHZAR, GOLD = "XBTZAR.exchange", "ETHXBT.exchange", "ETHZAR.exchange", "GOLD.exchange"
DAY = 86_400 * 10**9


def instrument(symbol: str, base: str, counter: str, **more: Any) -> Instrument:
    return Instrument(symbol, base, counter, D("0.01"), D("1e-8"), D("0.0005"), D(10**6), D("0.01"), D(10**9), **more)


INSTRUMENTS = {
    XBTZAR: instrument(XBTZAR, "XBT", "ZAR"),
    ETHXBT: instrument(ETHXBT, "ETH", "XBT"),
    ETHZAR: instrument(ETHZAR, "ETH", "ZAR"),
    GOLD: instrument(GOLD, "GOLD", "ZAR", multiplier=D(5), is_spot=False),
}


def fill(side: Side, quantity: str, price: str, time_ns: int = 1, symbol: str = XBTZAR, strategy: str = "naive", order: str = "",
         **fees: str) -> Fill:
    amounts = FillAmounts(D(quantity), D(quantity) * D(price), {currency: D(fee) for currency, fee in fees.items()})
    return Fill(order or f"order-{time_ns}", strategy, symbol, side, time_ns, amounts)


def buy(quantity: str, price: str, time_ns: int = 1, symbol: str = XBTZAR, strategy: str = "naive", order: str = "", **fees: str) -> Fill:
    return fill(Side.BUY, quantity, price, time_ns, symbol, strategy, order, **fees)


def sell(quantity: str, price: str, time_ns: int = 1, symbol: str = XBTZAR, strategy: str = "naive", order: str = "", **fees: str) -> Fill:
    return fill(Side.SELL, quantity, price, time_ns, symbol, strategy, order, **fees)
