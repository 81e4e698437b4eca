"""How often a hook ran and how long it took. Written by the guard, read by the board."""


class HookTimes:
    """Calls, and nanoseconds in total and at most."""

    __slots__ = ("calls", "most_ns", "total_ns")

    def __init__(self) -> None:
        self.calls = 0
        self.total_ns = 0
        self.most_ns = 0

    def add(self, took_ns: int) -> None:
        """Count a call of `took_ns` nanoseconds."""
        self.calls += 1
        self.total_ns += took_ns
        if took_ns > self.most_ns:
            self.most_ns = took_ns
