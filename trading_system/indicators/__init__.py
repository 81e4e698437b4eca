"""Streaming indicators for strategies."""
