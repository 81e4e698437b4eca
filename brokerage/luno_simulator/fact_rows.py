"""Orders and own trades as compact rows of a fact, and back; used by `ledger.py`. What is written must read back
equal."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from brokerage.luno_simulator.market import Market
from brokerage.luno_simulator.order import CUSTOMER, Kind, Order, OwnTrade, Side, Status, TimeInForce


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
    ]


def order_from_row(row: list[Any], markets: Mapping[str, Market]) -> Order:
    """Read an order of the customer; raise KeyError when its market is no longer simulated."""
    return Order(
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
