"""The shelf of indicators: `from trading_system import indicators`, then `indicators.SMA(20)`; docs/indicators.md tells of each."""

from trading_system.indicators.accumulation import OBV, AccumulationDistribution
from trading_system.indicators.extremes import Donchian, Highest, Lowest, Stochastic, WilliamsR
from trading_system.indicators.momentum import MACD, ROC, RSI, Cross, Momentum
from trading_system.indicators.moving_averages import EMA, RMA, SMA, VWMA, WMA
from trading_system.indicators.standard_deviation import Bollinger, StandardDeviation
from trading_system.indicators.true_range import ADX, ATR, Keltner, TrueRange
from trading_system.indicators.typical_price import CCI, MFI
from trading_system.indicators.vwap import VWAP

__all__ = [
    "ADX", "ATR", "CCI", "EMA", "MACD", "MFI", "OBV", "RMA", "ROC", "RSI", "SMA", "VWAP", "VWMA", "WMA",
    "AccumulationDistribution", "Bollinger", "Cross", "Donchian", "Highest", "Keltner", "Lowest", "Momentum", "StandardDeviation",
    "Stochastic", "TrueRange", "WilliamsR",
]
