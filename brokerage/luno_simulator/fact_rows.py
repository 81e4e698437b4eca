"""Orders, own trades and movements of money as compact rows of a fact, and back; used by `ledger.py`. What is written must read back
equal."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from brokerage.luno_simulator.market import Market
from brokerage.luno_simulator.order import (
    CUSTOMER,
    ZERO,
    Kind,
    Order,
    OwnTrade,
    Side,
    Status,
    StopDirection,
    TimeInForce,
)
from brokerage.luno_simulator.statement import EntryKind, Movement

# Rows that were written before there were stop orders end here.
_FIRST_LENGTH = 18


def order_to_row(order: Order) -> list[object]:
    """Write an order of the customer; its id comes first."""
    return [
        order.order_id,
        order.number,
        order.market.pair,
        order.side,
        order.kind,
        str(order.limit_price),
        str(order.limit_volume),
        order.time_in_force,
        order.created_ms,
        str(order.counter_budget),
        order.client_order_id,
        order.status,
        str(order.base),
        str(order.counter),
        str(order.fee_base),
        str(order.fee_counter),
        order.completed_ms,
        order.canceled_ms,
        order.is_post_only,
        str(order.stop_price),
        order.stop_direction,
        str(order.reserve),
        str(order.fee_margin),
    ]


def order_from_row(row: list[Any], markets: Mapping[str, Market]) -> Order:
    """Read an order of the customer; raise KeyError when its market is no longer simulated."""
    order = Order(
        order_id=row[0],
        number=row[1],
        owner=CUSTOMER,
        market=markets[row[2]],
        side=Side(row[3]),
        kind=Kind(row[4]),
        limit_price=Decimal(row[5]),
        limit_volume=Decimal(row[6]),
        time_in_force=TimeInForce(row[7]),
        created_ms=row[8],
        counter_budget=Decimal(row[9]),
        client_order_id=row[10],
        status=Status(row[11]),
        base=Decimal(row[12]),
        counter=Decimal(row[13]),
        fee_base=Decimal(row[14]),
        fee_counter=Decimal(row[15]),
        completed_ms=row[16],
        canceled_ms=row[17],
    )
    if len(row) > _FIRST_LENGTH:
        order.is_post_only = row[18]
        order.stop_price = Decimal(row[19])
        order.stop_direction = StopDirection(row[20]) if row[20] else None
        order.reserve = Decimal(row[21])
        order.fee_margin = Decimal(row[22])
    elif order.status is Status.PENDING:
        order.reserve = order.reserve_of(order.remaining, ZERO)
    return order


def trade_to_row(trade: OwnTrade) -> list[object]:
    """Write one of the customer's fills."""
    return [
        trade.pair,
        trade.sequence,
        trade.order_id,
        trade.side,
        trade.timestamp_ms,
        str(trade.price),
        str(trade.base),
        str(trade.counter),
        str(trade.fee_base),
        str(trade.fee_counter),
        trade.is_buy,
        trade.client_order_id,
    ]


def trade_from_row(row: list[Any]) -> OwnTrade:
    """Read one of the customer's fills."""
    return OwnTrade(
        pair=row[0],
        sequence=row[1],
        order_id=row[2],
        side=Side(row[3]),
        timestamp_ms=row[4],
        price=Decimal(row[5]),
        base=Decimal(row[6]),
        counter=Decimal(row[7]),
        fee_base=Decimal(row[8]),
        fee_counter=Decimal(row[9]),
        is_buy=row[10],
        client_order_id=row[11],
    )


def movement_to_row(movement: Movement) -> list[object]:
    """Write a movement on the customer's statement."""
    return [
        movement.currency,
        movement.timestamp_ms,
        str(movement.balance_delta),
        str(movement.available_delta),
        movement.kind,
        movement.description,
        movement.reference,
        movement.pair,
        str(movement.price),
        str(movement.volume),
        movement.sequence,
    ]


def movement_from_row(row: list[Any]) -> Movement:
    """Read a movement on the customer's statement."""
    return Movement(
        currency=row[0],
        timestamp_ms=row[1],
        balance_delta=Decimal(row[2]),
        available_delta=Decimal(row[3]),
        kind=EntryKind(row[4]),
        description=row[5],
        reference=row[6],
        pair=row[7],
        price=Decimal(row[8]),
        volume=Decimal(row[9]),
        sequence=row[10],
    )
