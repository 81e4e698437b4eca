"""A fill model in plain sentences: what a reader of a result must know of how it came about. Pure."""

from collections.abc import Sequence

from brokerage.paper.fill_model import FillModel

#: An order that arrives in this share of a bar's time meets all of it but its open.
EARLY_SHARE = 0.01

_EXECUTION = {
    "next_event": "an order meets the first event that comes after its latency",
    "next_open": "an order meets the open of the next bar, whatever the latency",
    "this_close": "an order fills at the close of the very bar it was decided on, a price nobody could still have had",
}
_LIMIT_FILLS = {
    "through": "a limit that is only touched does not fill: the price must go beyond it",
    "queue": "a limit that is only touched does not fill, unless more was traded at its price than a book had shown before us",
    "touch": "a limit that is only touched fills, as if nobody stood before us",
}
_MID_BAR = {
    "unfavorable": "an order that comes into the middle of a bar pays for its way to the unfavorable end in proportion to the time passed; "
                   "as a stop it still meets the whole range, as a limit only the close",
    "by_color": "an order that comes into the middle of a bar as a stop meets the whole range, and as a limit too, but only the close of a "
                "bar that closed away from the limit",
    "whole_range": "an order that comes into the middle of a bar pays a price between open and close in proportion to the time passed, "
                   "and meets the whole range",
    "nothing": "an order that comes into the middle of a bar as a stop or a limit waits for the next one",
}


def sentences(model: FillModel) -> Sequence[str]:
    """Return what fills are assumed to be like, a sentence each, the weightiest first."""
    is_first_stops = model.reached_first == "stops"
    found = [
        _EXECUTION[model.execution],
        f"latency is {model.latency_seconds * 1000:g} ms after the event that caused the order or the cancel"
        if model.execution == "next_event" else "latency is not assumed for orders",
        f"whoever takes pays {_steps(model.slippage_ticks)} more" if model.slippage_ticks else "there is no slippage",
        _spread(model),
        "ticks fill any size, a book fills what it shows, each level once",
        f"our orders of one side take at most {model.volume_share * 100:g} % of the volume of a bar or a trade; where it is not known it "
        "does not limit" if model.volume_share is not None else "volume does not limit what fills",
        _LIMIT_FILLS[model.limit_fills],
        *_gaps(model),
        "a stop fills at its price or, where a bar opens beyond it, at the open",
        f"where a bar reaches both, {'stops fill before limits' if is_first_stops else 'limits fill before stops'}",
        _MID_BAR[model.mid_bar],
        f"what arrives in the first {EARLY_SHARE * 100:g} % of a bar's time counts as come right after its open",
        "a cancel that arrives while a bar runs comes after the bar's fills",
        "an order placed in answer to a fill meets the rest of the same bar" if model.same_bar_follow_ups
        else "an order placed in answer to a fill meets nothing of the bar that filled",
        "fees are the instrument's, for makers and takers, each fill's rounded up to 8 decimals",
        "our orders move no price and nobody reacts to them",
    ]
    return tuple(sentence[0].upper() + sentence[1:] + "." for sentence in found)


def _gaps(model: FillModel) -> tuple[str, ...]:
    if model.marketable_limits == "own_price":
        return ("a limit that a bar is beyond, when it comes or at the open, pays its own price, or the end of the bar's range where that "
                "is better",)
    return ("a resting limit that a bar opens beyond fills at " + ("the open" if model.is_improved_by_gap else "its own price"),)


def _spread(model: FillModel) -> str:
    parts = [_steps(model.spread_ticks)] if model.spread_ticks else []
    parts += [f"{model.spread_share * 100:g} % of the price"] if model.spread_share else []
    return f"bars and trades have a spread of {' and '.join(parts)}" if parts else "bars and trades have no spread"


def _steps(count: float) -> str:
    return f"{count:g} price step{'s' * (count != 1)}"
