"""The names by which a fault rule speaks of the venue's calls, one by one and in groups; read by `fault_rule.py` and
`faults.py`. It must never look at an answer."""

from collections.abc import Mapping, Sequence

from brokerage.luno_simulator.parameters import Parameters

# By method and path; a path that ends in "/" stands for all that begin with it.
_PATHS: Mapping[str, Sequence[tuple[str, str]]] = {
    "place_limit": [("POST", "/api/1/postorder")],
    "place_market": [("POST", "/api/1/marketorder")],
    "cancel": [("POST", "/api/1/stoporder")],
    "order": [("GET", "/api/exchange/3/order"), ("GET", "/api/exchange/2/orders/"), ("GET", "/api/1/orders/")],
    "open_orders": [("GET", "/api/exchange/2/listorders"), ("GET", "/api/1/listorders")],
    "own_trades": [("GET", "/api/1/listtrades")],
    "balance": [("GET", "/api/1/balance")],
    "transactions": [("GET", "/api/1/accounts/")],
    "open_account": [("POST", "/api/1/accounts")],
    "fees": [("GET", "/api/1/fee_info")],
    "networks": [("GET", "/api/1/send/networks")],
    "ticker": [("GET", "/api/1/ticker")],
    "tickers": [("GET", "/api/1/tickers")],
    "order_book": [("GET", "/api/1/orderbook_top"), ("GET", "/api/1/orderbook")],
    "trades": [("GET", "/api/1/trades")],
    "candles": [("GET", "/api/exchange/1/candles")],
    "markets": [("GET", "/api/exchange/1/markets")],
}
#: Every single name. A list of orders that asks for closed ones is `closed_orders`.
ENDPOINTS = (*_PATHS, "closed_orders")
MARKET_DATA = ("ticker", "tickers", "order_book", "trades", "candles", "markets")
_WRITES = ("place_limit", "place_market", "cancel", "open_account")
GROUPS: Mapping[str, Sequence[str]] = {
    "all": ENDPOINTS,
    "place": ("place_limit", "place_market"),
    "order_lists": ("open_orders", "closed_orders"),
    "market_data": MARKET_DATA,
    "private_reads": tuple(name for name in ENDPOINTS if name not in (*MARKET_DATA, *_WRITES)),
    "reads": tuple(name for name in ENDPOINTS if name not in _WRITES),
    "writes": _WRITES,
}


def endpoint_of(method: str, path: str, parameters: Parameters) -> str:
    """Return the name of the called endpoint, or an empty text when there is none."""
    for name, calls in _PATHS.items():
        for its_method, its_path in calls:
            if method == its_method and (path == its_path or (its_path.endswith("/") and path.startswith(its_path))):
                wants_closed = parameters.text("closed").lower() in ("true", "1") or parameters.text("state") == "COMPLETE"
                return "closed_orders" if name == "open_orders" and wants_closed else name
    return ""


def is_meant(endpoint: str, wanted: str) -> bool:
    """Tell whether a called endpoint is the one, or in the group, that a rule names."""
    return endpoint == wanted or endpoint in GROUPS.get(wanted, ())
