"""The paper venue: answers orders from market data."""
