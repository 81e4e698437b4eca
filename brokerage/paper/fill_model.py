"""The numbers the paper venue answers by, and the named sets of them. Converted from the configuration by the house, read by the pits."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

Execution = Annotated[Literal["next_event", "next_open", "this_close"], msgspec.Meta(
    description="next_event = the first event after the latency; next_open = the next bar's open whatever the latency; this_close = the "
                "very event the order was decided on")]
LimitFills = Annotated[Literal["through", "queue", "touch"], msgspec.Meta(
    description="when a resting limit fills: through = the price went beyond it; queue = that, or more traded at it than stood before us; "
                "touch = the price reached it")]
MarketableLimits = Annotated[Literal["market", "own_price"], msgspec.Meta(
    description="what a limit pays that the market is beyond when it comes into a bar: market = what the market is at; own_price = its own "
                "price, or the end of the bar's range where that is better, and the same where a bar opens beyond a resting limit")]
MidBar = Annotated[Literal["unfavorable", "by_color", "whole_range", "nothing"], msgspec.Meta(
    description="what an order meets of a bar it came into the middle of: unfavorable = as a stop the whole range, as a limit its close; "
                "by_color = as unfavorable in a bar that closed away from its limit, else whole_range; whole_range; nothing = it waits for "
                "the next bar")]
Ticks = Annotated[float, msgspec.Meta(ge=0, le=10_000, description="in price steps of the instrument")]
Latency = Annotated[float, msgspec.Meta(
    ge=0, le=3600, description="from the event that caused an order or a cancel until the venue has it; nothing before that meets it")]
SpreadShare = Annotated[float, msgspec.Meta(ge=0, le=0.5, description="spread as a share of the price, added to spread_ticks")]
VolumeShare = Annotated[float, msgspec.Meta(
    gt=0, le=1, description="share of the volume of a bar or a trade that our buys, and that our sales, may take; null does not limit")]
ImprovedByGap = Annotated[bool, msgspec.Meta(
    description="yes: a resting limit that a bar opens beyond fills at the open instead of at its own price")]
SameBarFollowUps = Annotated[bool, msgspec.Meta(
    description="yes: an order placed in answer to a fill meets, without latency, what is left of the bar that filled")]
ReachedFirst = Annotated[Literal["stops", "limits"], msgspec.Meta(description="what a bar reaches first where it reaches both")]


class FillModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How fills are assumed to be; what is not said is pessimistic.

    Whoever takes pays `slippage_ticks` more, and `spread_ticks` and `spread_share` stand between bid and ask where the data has only prices
    of trades (bars, trades).
    """

    latency_seconds: Latency = 0.05
    slippage_ticks: Ticks = 1.0
    spread_ticks: Ticks = 1.0
    spread_share: SpreadShare = 0.0005
    volume_share: VolumeShare | None = 0.1
    limit_fills: LimitFills = "queue"
    is_improved_by_gap: ImprovedByGap = False
    marketable_limits: MarketableLimits = "market"
    execution: Execution = "next_event"
    reached_first: ReachedFirst = "stops"
    mid_bar: MidBar = "unfavorable"
    same_bar_follow_ups: SameBarFollowUps = False

    def __post_init__(self) -> None:
        """Raise ValueError for settings that contradict each other."""
        if self.same_bar_follow_ups and self.execution == "this_close":
            # A stop that filled at a close would be heard of too late to end the target that the next bar fills.
            raise ValueError("same_bar_follow_ups does not go with execution: this_close, where a fill is heard of only at the next event")


#: The last two answer the way other engines do, where their results are to be compared: backtesting.py 0.6.6 and freqtrade. Fees are the
#: instrument's: theirs are a share of the value in counter, on both sides.
NAMED: dict[str, FillModel] = {
    "pessimistic": FillModel(),
    "base": FillModel(latency_seconds=0.02, slippage_ticks=0.0, spread_share=0.0002, volume_share=0.25, is_improved_by_gap=True,
                      mid_bar="whole_range"),
    "optimistic": FillModel(latency_seconds=0.0, slippage_ticks=0.0, spread_ticks=0.0, spread_share=0.0, volume_share=None,
                            limit_fills="touch", is_improved_by_gap=True, reached_first="limits", mid_bar="whole_range"),
    "backtesting_py": FillModel(latency_seconds=0.0, slippage_ticks=0.0, spread_ticks=0.0, spread_share=0.0, volume_share=None,
                                limit_fills="touch", is_improved_by_gap=True, execution="next_open", mid_bar="nothing",
                                same_bar_follow_ups=True),
    "freqtrade": FillModel(latency_seconds=0.0, slippage_ticks=0.0, spread_ticks=0.0, spread_share=0.0, volume_share=None,
                           limit_fills="touch", marketable_limits="own_price", execution="next_open", mid_bar="by_color",
                           same_bar_follow_ups=True),
}


def fill_model(name: str = "pessimistic", changes: Mapping[str, Any] | None = None) -> FillModel:
    """Return the set called `name` with single numbers changed.

    Raises ValueError for a name that is not in `NAMED`, for an unknown setting and for a number out of its bounds.
    """
    if name not in NAMED:
        raise ValueError(f"assumptions {name!r} are not known; known are {', '.join(NAMED)}")
    return msgspec.convert({**msgspec.structs.asdict(NAMED[name]), **(changes or {})}, FillModel, strict=False)
