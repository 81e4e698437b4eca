"""The limits a strategy's orders are judged by. Written in the configuration, read by the risk manager."""

from typing import Annotated

import msgspec


class RiskLimits(msgspec.Struct, frozen=True):
    """Limits of one strategy."""

    max_open_orders: Annotated[int, msgspec.Meta(ge=1, le=10_000, description="orders that are not over, at most")] = 50
    max_orders_per_event: Annotated[int, msgspec.Meta(ge=1, le=10_000, description="orders in answer to one event; more pause it")] = 100
    stale_price_seconds: Annotated[float, msgspec.Meta(gt=0, le=3600, description="no order on a price received longer ago")] = 10.0
