"""Rows in the shapes of Luno's REST replies, with figures of our own, and a client over a scripted transport."""

from decimal import Decimal
from typing import Any

from brokerage.credentials import Credentials
from brokerage.luno.client import LunoClient
from brokerage.luno.settings import LunoSettings
from brokerage.rate_limiter import RateLimiter
from brokerage.rest_client import RestClient
from tests.unit.brokerage.fake_runtime import FakeRuntime
from tests.unit.brokerage.fake_transport import FakeTransport
from trading_system.core.order import OrderKind, OrderRequest
from trading_system.core.order_update import Evidence
from trading_system.core.side import Side

EVIDENCE = Evidence("GET /thing", 1, 2, 200)
ERROR = {"error": "words that may be localized", "error_action": {}}


def luno_client(transport: FakeTransport, runtime: FakeRuntime, has_key: bool = True) -> LunoClient:
    limiter = RateLimiter(runtime, 1000.0, 1000, 400.0, 100.0)
    credentials = Credentials("id", "secret") if has_key else None
    return LunoClient(RestClient("https://venue", transport, runtime, limiter, credentials), LunoSettings())


def market_row(**changes: Any) -> dict[str, Any]:
    return {
        "market_id": "XBTZAR", "trading_status": "ACTIVE", "base_currency": "XBT", "counter_currency": "ZAR", "min_volume": "0.0005",
        "max_volume": "100.00", "volume_scale": 6, "min_price": "10.00", "max_price": "9000000.00", "price_scale": 0, "fee_scale": 8,
        **changes,
    }


def fee_row(**changes: Any) -> dict[str, Any]:
    return {"maker_fee": "0.004", "taker_fee": "0.006", "thirty_day_volume": "0.00", **changes}


def ticker_row(**changes: Any) -> dict[str, Any]:
    return {
        "pair": "XBTZAR", "timestamp": 1789999901388, "bid": "1200100.00000000", "ask": "1200300.00000000", "last_trade": "1200200.00",
        "rolling_24_hour_volume": "3.5", "status": "ACTIVE", **changes,
    }


def order_row(**changes: Any) -> dict[str, Any]:
    return {
        "order_id": "BXAAAAAAAAAAAA1", "client_order_id": "ours-1", "pair": "XBTZAR", "side": "BUY", "type": "LIMIT", "status": "PENDING",
        "limit_price": "1200000.00", "limit_volume": "0.01", "stop_price": "0.00", "stop_direction": "", "base": "0.00", "counter": "0.00",
        "fee_base": "0.00", "fee_counter": "0.00", "creation_timestamp": 1789999901388, "completed_timestamp": 0,
        "expiration_timestamp": 0, "base_account_id": 8203463422864003664, "counter_account_id": 8203463422864003665,
        "time_in_force": "GTC", **changes,
    }


def own_trade_row(**changes: Any) -> dict[str, Any]:
    return {
        "pair": "XBTZAR", "sequence": 7, "order_id": "BXAAAAAAAAAAAA1", "type": "BID", "timestamp": 1789999901388, "price": "1200000.00",
        "volume": "0.01", "base": "0.01", "counter": "12000.00", "fee_base": "0.00006", "fee_counter": "0.00", "is_buy": True,
        "client_order_id": "ours-1", **changes,
    }


def trade_row(**changes: Any) -> dict[str, Any]:
    return {"sequence": 5, "timestamp": 1789999901388, "price": "1200000.00", "volume": "0.02", "is_buy": False, **changes}


def request(kind: OrderKind = OrderKind.LIMIT, side: Side = Side.BUY, **changes: Any) -> OrderRequest:
    given = {"quantity": Decimal("0.01"), "limit": Decimal("1200000")} if kind is OrderKind.LIMIT else {}
    return OrderRequest("ours-1", "naive", "XBTZAR.luno", side, kind, 0, **{**given, **changes})
