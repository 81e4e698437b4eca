"""The paper venue: orders answered from market data, for backtests and for paper trading."""
