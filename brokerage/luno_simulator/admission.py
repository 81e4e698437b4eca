"""What a market takes at all before an order's own numbers are looked at: its status and the sense of a stop; asked by
`exchange.py`. It must never change anything."""

from decimal import Decimal
from typing import NamedTuple

from brokerage.luno_simulator.market_status import MarketStatus
from brokerage.luno_simulator.order import StopDirection
from brokerage.luno_simulator.quirks import Quirks
from brokerage.luno_simulator.rejection import Rejection
from brokerage.luno_simulator.trading_floor import TradingFloor


class Stop(NamedTuple):
    """What makes an order a stop-limit order. Without a direction it is inferred from the last trade."""

    price: Decimal
    direction: StopDirection | None


def check_status(floor: TradingFloor, quirks: Quirks, is_post_only: bool) -> None:
    """Raise Rejection when the market does not take such an order now."""
    if floor.status is MarketStatus.ACTIVE:
        return
    check_maintenance(floor)
    if floor.status is MarketStatus.HALTED and not quirks.suspended_takes_post_only:
        raise Rejection("ErrMarketUnavailable", "Market not available")
    if not is_post_only:
        raise Rejection("ErrPostOnlyMode", "The market takes only post-only orders now.")


def check_maintenance(floor: TradingFloor) -> None:
    """Raise Rejection when the market is under maintenance."""
    if floor.status is MarketStatus.MAINTENANCE:
        raise Rejection("ErrUnderMaintenance", "The market is under maintenance.")


def stop_direction_of(stop: Stop, floor: TradingFloor, quirks: Quirks) -> StopDirection:
    """Return the direction of a stop, inferred where none is given; raise Rejection when the stop makes no sense here.

    Which stop prices the venue calls too high or too low is not known: here the bounds of a limit price, and, by a
    quirk, those that the last trade has passed already.
    """
    market, last = floor.market, floor.tape.last_price
    market.check_stop_price(stop.price)
    direction = stop.direction
    if direction is None:
        if not floor.tape.recent(0, 1):
            raise Rejection("ErrNoTradesToInferStopDirection", "There are no trades to infer a stop direction from.")
        direction = StopDirection.ABOVE if last < stop.price else StopDirection.BELOW
    if quirks.passed_stop == "refuse":
        if direction is StopDirection.ABOVE and last >= stop.price:
            raise Rejection("ErrStopPriceTooLow", "The last trade is above the stop price already.")
        if direction is StopDirection.BELOW and last <= stop.price:
            raise Rejection("ErrStopPriceTooHigh", "The last trade is below the stop price already.")
    return direction
