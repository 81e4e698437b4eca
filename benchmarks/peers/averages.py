"""The arithmetic of everybody's strategy, ours and the peers': importable without the project."""

from collections import deque

FAST, SLOW = 20, 100


class Averages:
    """Two running averages of closing prices; `update` returns 1 or -1 where the fast one crosses the slow one, else 0."""

    def __init__(self) -> None:
        self.window: deque[float] = deque(maxlen=SLOW)
        self.fast = self.slow = 0.0
        self.seen = self.state = 0

    def update(self, close: float) -> int:
        """Add a closing price."""
        window = self.window
        seen = self.seen = self.seen + 1
        if seen > SLOW:
            self.slow += close - window[0]
            self.fast += close - window[-FAST]
            window.append(close)
        else:
            self.slow += close
            self.fast += close - (window[-FAST] if seen > FAST else 0.0)
            window.append(close)
            if seen < SLOW:
                return 0
        state = 1 if self.fast * SLOW > self.slow * FAST else -1
        if state == self.state:
            return 0
        self.state = state
        return state


class Holder:
    """What every peer's strategy decides with: `wish` returns 1 to buy, -1 to sell, 0 to do nothing, and counts the orders."""

    def __init__(self) -> None:
        self.update = Averages().update
        self.is_long = False
        self.orders = 0

    def wish(self, close: float) -> int:
        """See a closing price."""
        cross = self.update(close)
        if (cross > 0 and not self.is_long) or (cross < 0 and self.is_long):
            self.is_long = not self.is_long
            self.orders += 1
            return cross
        return 0
