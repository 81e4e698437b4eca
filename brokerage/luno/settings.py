"""What a user may say about Luno in the configuration. Filled by the settings room, read by whoever builds the Luno broker and feed."""

from typing import Annotated

import msgspec


class LunoSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How we speak to Luno. The documented limit is 300 calls a minute per account, so 4 a second leave a margin.

    Of `calls_per_second`, `polls_per_second` and `cancels_per_second` are reserved. A deadline is for a whole call, its waiting for the
    rate included; `ttl_seconds` is how long Luno may still accept it.
    `balance_includes_reserved` says how the field `balance` is read: as everything held (what most clients assume) or as what is left
    beside the reserved amount. Confirm it with one real call before going live.
    """

    url: Annotated[str, msgspec.Meta(pattern=r"^https?://[^/\s]+$")] = "https://api.luno.com"
    calls_per_second: Annotated[float, msgspec.Meta(ge=0.5, le=1000.0)] = 4.0
    burst: Annotated[int, msgspec.Meta(ge=3, le=1000)] = 5
    polls_per_second: Annotated[float, msgspec.Meta(ge=0.1, le=500.0)] = 2.0
    cancels_per_second: Annotated[float, msgspec.Meta(ge=0.1, le=500.0)] = 0.5
    order_deadline_seconds: Annotated[float, msgspec.Meta(ge=0.5, le=60.0)] = 10.0
    read_deadline_seconds: Annotated[float, msgspec.Meta(ge=0.5, le=60.0)] = 5.0
    ttl_seconds: Annotated[float, msgspec.Meta(ge=0.5, le=10.0)] = 5.0
    balance_includes_reserved: bool = True

    def __post_init__(self) -> None:
        """Refuse shares that leave nothing for orders, with ValueError."""
        if self.polls_per_second + self.cancels_per_second >= self.calls_per_second:
            raise ValueError("polls_per_second and cancels_per_second together must be below calls_per_second, or no order could leave")
