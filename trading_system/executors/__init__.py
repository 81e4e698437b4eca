"""Carry actions out: the outbox that remembers before it acts, and the lanes to the brokers."""
