"""The numbers the paper venue answers by, and the named sets of them. Converted from the configuration by the house, read by the pits."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

Execution = Literal["next_event", "next_open", "this_close"]
LimitFills = Literal["through", "queue", "touch"]
MidBar = Literal["unfavorable", "whole_range", "nothing"]


class FillModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How fills are assumed to be; what is not said is pessimistic. A tick here is the instrument's price step, "against us" is up for a
    buy and down for a sale."""

    latency_seconds: Annotated[float, msgspec.Meta(ge=0, le=3600, description="from the event that caused an order or a cancel until the "
                                                   "venue has it; what happens before does not meet it")] = 0.05
    slippage_ticks: Annotated[float, msgspec.Meta(ge=0, le=10_000, description="price steps by which whoever takes, pays more")] = 1.0
    spread_ticks: Annotated[float, msgspec.Meta(ge=0, le=10_000, description="price steps between bid and ask where the data has only "
                                                "prices of trades (bars, trades)")] = 1.0
    spread_share: Annotated[float, msgspec.Meta(ge=0, le=0.5, description="the same as a share of the price; both are added")] = 0.0005
    volume_share: Annotated[float, msgspec.Meta(gt=0, le=1, description="share of the volume of a bar or a trade that our buys, and that "
                                                "our sales, may take; null does not limit")] | None = 0.1
    limit_fills: Annotated[LimitFills, msgspec.Meta(description="when a resting limit fills: through = the price went beyond it; queue = "
                                                    "that, or more traded at it than stood before us; touch = the price reached it")] = "queue"
    is_improved_by_gap: Annotated[bool, msgspec.Meta(description="a resting limit that a bar opens beyond fills at the open instead of at "
                                                     "its own price")] = False
    execution: Annotated[Execution, msgspec.Meta(description="next_event = the first event after the latency; next_open = the next bar's "
                                                 "open whatever the latency; this_close = the very event the order was decided on")] = "next_event"
    reached_first: Annotated[Literal["stops", "limits"], msgspec.Meta(description="what a bar reaches first where it reaches both")] = "stops"
    mid_bar: Annotated[MidBar, msgspec.Meta(description="what an order meets of a bar it came into the middle of: unfavorable = as a stop "
                                            "the whole range, as a limit the close only; whole_range; nothing = it waits for the next")] = "unfavorable"
    same_bar_follow_ups: Annotated[bool, msgspec.Meta(description="an order placed in answer to a fill meets, without latency, what is "
                                                      "left of the bar that filled")] = False


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
                           limit_fills="touch", is_improved_by_gap=True, execution="next_open", mid_bar="whole_range",
                           same_bar_follow_ups=True),
}


def fill_model(name: str = "pessimistic", changes: Mapping[str, Any] | None = None) -> FillModel:
    """Return the set called `name` with single numbers changed.

    Raises ValueError for a name that is not in `NAMED`, for an unknown setting and for a number out of its bounds.
    """
    if name not in NAMED:
        raise ValueError(f"assumptions {name!r} are not known; known are {', '.join(NAMED)}")
    return msgspec.convert({**msgspec.structs.asdict(NAMED[name]), **(changes or {})}, FillModel, strict=False)
