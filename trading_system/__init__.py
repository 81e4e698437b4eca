"""The trading system."""
