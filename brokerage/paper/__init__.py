"""The paper venue: answers orders from market data, in a backtest and on paper."""
