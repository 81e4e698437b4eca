"""Luno's calls that place, cancel and tell of orders and of our own trades. A part of `LunoClient`."""

from decimal import Decimal
from enum import StrEnum

from brokerage.luno.caller import LunoCaller, LunoReply, Parameters, given, words_of
from brokerage.luno.errors import cancel_error, creation_error
from brokerage.rate_limiter import Purpose
from brokerage.rest_client import CallFailed
from trading_system.core.errors import OrderRefused, OutcomeUnknown, RefusalReason, TryAgain

#: Luno's largest page of orders and of our own trades.
PAGE_ROWS = 1000


class StopDirection(StrEnum):
    """Which way the last trade must go past the stop price; RELATIVE_LAST_TRADE lets Luno infer it from where the last trade is."""

    ABOVE = "ABOVE"
    BELOW = "BELOW"
    RELATIVE_LAST_TRADE = "RELATIVE_LAST_TRADE"


class OrderClient(LunoCaller):
    """One method for each call about orders. Creating raises OrderRefused, OutcomeUnknown, AccessDenied or TryAgain (never sent)."""

    def postorder(
        self, *, pair: str, is_buy: bool, volume: Decimal, price: Decimal, client_order_id: str, timestamp_ms: int, ttl_ms: int,
        time_in_force: str = "GTC", post_only: bool = False, stop_price: Decimal | None = None,
        stop_direction: StopDirection | None = None, base_account_id: int = 0, counter_account_id: int = 0,
    ) -> LunoReply:
        """POST a limit order, or a stop-limit order when `stop_price` and `stop_direction` are given; account 0 is the default one."""
        if (stop_price is None) is not (stop_direction is None):
            raise ValueError("a stop-limit order at Luno needs a stop price and its direction")
        parameters = given(
            ("pair", pair), ("type", "BID" if is_buy else "ASK"), ("volume", volume), ("price", price), ("time_in_force", time_in_force),
            ("post_only", post_only), ("stop_price", stop_price), ("stop_direction", stop_direction),
            ("base_account_id", base_account_id), ("counter_account_id", counter_account_id),
        )
        return self._create("/api/1/postorder", parameters, client_order_id, timestamp_ms, ttl_ms)

    def marketorder(
        self, *, pair: str, client_order_id: str, timestamp_ms: int, ttl_ms: int, counter_volume: Decimal | None = None,
        base_volume: Decimal | None = None, base_account_id: int = 0, counter_account_id: int = 0,
    ) -> LunoReply:
        """POST a market order: a buy of `counter_volume` or a sell of `base_volume`, exactly one of them."""
        if (counter_volume is None) is (base_volume is None):
            raise ValueError("a market order at Luno buys a counter volume or sells a base volume")
        parameters = given(
            ("pair", pair), ("type", "SELL" if counter_volume is None else "BUY"), ("counter_volume", counter_volume),
            ("base_volume", base_volume), ("base_account_id", base_account_id), ("counter_account_id", counter_account_id),
        )
        return self._create("/api/1/marketorder", parameters, client_order_id, timestamp_ms, ttl_ms)

    def stoporder(self, order_id: str, token: str = "") -> LunoReply:
        """POST a cancel; the body's `success` is False too where Luno answers that there is nothing to cancel. `token` is for `abort`.

        Raises TryAgain (nothing was done), AccessDenied or OutcomeUnknown.
        """
        try:
            body, evidence = self.write("/api/1/stoporder", [("order_id", order_id)], Purpose.CANCEL, token)
        except CallFailed as failure:
            error = OutcomeUnknown if failure.was_sent else TryAgain
            raise error(failure.reason, failure.evidence) from None
        if evidence.status == 200 and isinstance(body, dict) and isinstance(body.get("success"), bool):
            return LunoReply(body, evidence)
        trouble = cancel_error(evidence, words_of(body, evidence))
        if trouble is not None:
            raise trouble
        return LunoReply({"success": False}, evidence)

    def listorders(self, created_before_ms: int = 0, is_closed: bool = False, limit: int = PAGE_ROWS, pair: str = "") -> LunoReply:
        """GET a page of open orders (or closed ones instead), newest first, created before `created_before_ms` when it is not 0."""
        parameters = given(("pair", pair), ("closed", is_closed), ("limit", limit), ("created_before", created_before_ms))
        return self.rows("/api/exchange/2/listorders", parameters, "orders", Purpose.POLL)

    def listorders_v1(self, state: str = "", pair: str = "", created_before_ms: int = 0, limit: int = PAGE_ROWS) -> LunoReply:
        """GET a page of orders in the old shape, newest first; `state` is PENDING, COMPLETE or empty for both. Our names are not in it."""
        parameters = given(("state", state), ("pair", pair), ("created_before", created_before_ms), ("limit", limit))
        return self.rows("/api/1/listorders", parameters, "orders", Purpose.LOOK_UP)

    def order(self, client_order_id: str = "", order_id: str = "") -> LunoReply:
        """GET one order by our name for it or by Luno's, exactly one of them. Raises OrderNotFound when Luno says that it holds none."""
        if bool(client_order_id) is bool(order_id):
            raise ValueError("an order is looked up by our name for it or by Luno's")
        return self._one_order("/api/exchange/3/order", given(("client_order_id", client_order_id), ("id", order_id)), client_order_id)

    def order_v2(self, order_id: str) -> LunoReply:
        """GET one order by Luno's id: the same object as `order`. Raises OrderNotFound."""
        return self._one_order("/api/exchange/2/orders/{id}", [], path_id=order_id)

    def order_v1(self, order_id: str) -> LunoReply:
        """GET one order in the old shape, its trades with it; our name is not in it. Raises OrderNotFound."""
        return self._one_order("/api/1/orders/{id}", [], path_id=order_id)

    def listtrades(
        self, pair: str, since_ms: int = 0, after_sequence: int = 0, *, before_ms: int = 0, before_sequence: int = 0,
        newest_first: bool = False, limit: int = PAGE_ROWS,
    ) -> LunoReply:
        """GET a page of our own trades, oldest first: on or after `since_ms`, from trade `after_sequence` on, before `before_ms`, and below
        `before_sequence`, where these are not 0. With `before_ms` Luno lists the newest first in any case."""
        parameters = given(
            ("pair", pair), ("limit", limit), ("since", since_ms), ("before", before_ms), ("after_seq", after_sequence),
            ("before_seq", before_sequence), *([("sort_desc", True)] if newest_first else []),
        )
        return self.rows("/api/1/listtrades", parameters, "trades", Purpose.LOOK_UP)

    def _one_order(self, path: str, parameters: Parameters, name: str = "", path_id: str = "") -> LunoReply:
        token = name or path_id or dict(parameters).get("id", "")
        if not token:
            raise ValueError("an order is looked up by its id")
        reply = self.read(path, parameters, Purpose.LOOK_UP, token=token, path_id=path_id, may_be_missing=True)
        if not isinstance(reply.body.get("order_id"), str) or not reply.body["order_id"]:
            raise TryAgain("the reply is not an order", reply.evidence)
        return reply

    def _create(self, path: str, parameters: Parameters, client_order_id: str, timestamp_ms: int, ttl_ms: int) -> LunoReply:
        parameters += [("client_order_id", client_order_id), ("timestamp", str(timestamp_ms)), ("ttl", str(ttl_ms))]
        try:
            body, evidence = self.write(path, parameters, Purpose.ORDER, client_order_id)
        except CallFailed as failure:
            if failure.was_sent:
                raise OutcomeUnknown(failure.reason, failure.evidence) from None
            raise OrderRefused(RefusalReason.NOT_SENT, f"not sent: {failure.reason}", failure.evidence) from None
        if evidence.status == 200 and isinstance(body, dict) and isinstance(body.get("order_id"), str) and body["order_id"]:
            return LunoReply(body, evidence)
        raise creation_error(evidence, words_of(body, evidence))
