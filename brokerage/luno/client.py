"""Luno's REST calls behind one door, one method each: plain values in, parsed JSON out, errors of `core/errors.py`. Used by `broker.py` and
`feed.py`; it never repeats a call and never interprets a row.

Sources: luno.com/en/developers/api (OpenAPI 1.2.5) and the official clients luno-go and luno-python.
"""

from brokerage.luno.account_client import AccountClient
from brokerage.luno.market_client import MarketClient
from brokerage.luno.order_client import OrderClient


class LunoClient(MarketClient, AccountClient, OrderClient):
    """All calls of Luno that trading needs.

    Reading methods raise TryAgain or AccessDenied; creating ones OrderRefused, OutcomeUnknown, AccessDenied or TryAgain (never sent).
    """
