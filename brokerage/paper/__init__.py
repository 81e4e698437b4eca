"""The paper venue: answers orders from market data."""
"""The paper venue: orders answered from market data, for backtests and for paper trading."""
