"""The engine's stamp: the moment of the event being handled. Strategies, risk, timers and bars read it; only the engine sets it."""


class Clock:
    """`now_ns` is UTC nanoseconds."""

    __slots__ = ("now_ns",)

    def __init__(self, now_ns: int = 0) -> None:
        self.now_ns = now_ns
