"""Buy or sell, as the sign that a fill gives a position."""

from enum import IntEnum


class Side(IntEnum):
    """The direction of an order or a fill; quantities are always positive, the side says which way."""

    BUY = 1
    SELL = -1

    __hash__ = int.__hash__         # an Enum's own is Python code, and sides are keys
