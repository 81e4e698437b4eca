"""The engine: one thread that takes the next paper and decides, remembers, acts, tells."""
