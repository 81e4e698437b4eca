"""Bring events in: the heartbeat and the pollers of market data."""
