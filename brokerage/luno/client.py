"""Luno's REST calls, one method each: plain values in, parsed JSON out, errors of `core/errors.py`. Used by `broker.py` and `feed.py`; it
never repeats a call and never interprets a row.

Sources: luno.com/en/developers/api (OpenAPI 1.2.5) and the official clients luno-go and luno-python.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from brokerage.luno.errors import OrderNotFound, cancel_error, code_of, creation_error, is_not_found, reading_error
from brokerage.luno.settings import LunoSettings
from brokerage.rate_limiter import Purpose
from brokerage.rest_client import CallFailed, RestCall, RestClient
from trading_system.core.errors import OrderRefused, OutcomeUnknown, RefusalReason, TryAgain
from trading_system.core.order_update import Evidence

Fields = dict[str, Any]

#: Luno's largest page of orders and of our own trades, and what one call for public trades brings at most.
PAGE_ROWS = 1000
PUBLIC_TRADES = 100


class LunoReply(msgspec.Struct, frozen=True):
    """A reply in the shape that was asked for: a JSON object, and the evidence of it."""

    body: Fields
    evidence: Evidence


class LunoClient:
    """Speaks Luno's REST dialect through a `RestClient`.

    Reading methods raise TryAgain or AccessDenied; creating ones OrderRefused, OutcomeUnknown, AccessDenied or TryAgain (never sent).
    """

    def __init__(self, rest: RestClient, settings: LunoSettings) -> None:
        self.rest = rest
        self._settings = settings
        # Numbers that are written as JSON numbers keep their digits.
        self._decode = msgspec.json.Decoder(float_hook=Decimal).decode

    @property
    def has_credentials(self) -> bool:
        """Tell whether private calls can be made."""
        return self.rest.has_credentials

    def tickers(self, pairs: Sequence[str]) -> LunoReply:
        """GET the tickers of `pairs` (all when empty); pairs Luno does not know are missing from the reply."""
        return self._rows("/api/1/tickers", [("pair", pair) for pair in pairs], "tickers", Purpose.POLL, is_private=False)

    def orderbook_top(self, pair: str) -> LunoReply:
        """GET the best 100 levels of each side."""
        reply = self._read("/api/1/orderbook_top", [("pair", pair)], Purpose.LOOK_UP, is_private=False)
        return self._with_rows(self._with_rows(reply, "bids"), "asks")

    def trades(self, pair: str, since_ms: int) -> LunoReply:
        """GET at most the 100 newest public trades at or after `since_ms`, which must be younger than 24 hours; newest first."""
        return self._rows("/api/1/trades", [("pair", pair), ("since", str(since_ms))], "trades", Purpose.LOOK_UP, is_private=False)

    def markets(self) -> LunoReply:
        """GET the grids and states of all markets."""
        return self._rows("/api/exchange/1/markets", [], "markets", Purpose.LOOK_UP, is_private=False)

    def balance(self) -> LunoReply:
        """GET the balances of all accounts."""
        return self._rows("/api/1/balance", [], "balance", Purpose.LOOK_UP)

    def fee_info(self, pair: str) -> LunoReply:
        """GET our own fee rates on `pair`."""
        return self._read("/api/1/fee_info", [("pair", pair)], Purpose.LOOK_UP)

    def listorders(self, created_before_ms: int = 0, is_closed: bool = False, limit: int = PAGE_ROWS) -> LunoReply:
        """GET a page of open orders (or closed ones instead), newest first, created before `created_before_ms` when it is not 0."""
        parameters = [("closed", "true" if is_closed else "false"), ("limit", str(limit))]
        if created_before_ms:
            parameters.append(("created_before", str(created_before_ms)))
        return self._rows("/api/exchange/2/listorders", parameters, "orders", Purpose.POLL)

    def order(self, client_order_id: str = "", order_id: str = "") -> LunoReply:
        """GET one order by our name for it or else by Luno's. Raises OrderNotFound when Luno says that it holds none."""
        parameter = ("client_order_id", client_order_id) if client_order_id else ("id", order_id)
        reply = self._read("/api/exchange/3/order", [parameter], Purpose.LOOK_UP, token=client_order_id or order_id, may_be_missing=True)
        if not isinstance(reply.body.get("order_id"), str) or not reply.body["order_id"]:
            raise TryAgain("the reply is not an order", reply.evidence)
        return reply

    def listtrades(self, pair: str, since_ms: int = 0, after_sequence: int = 0) -> LunoReply:
        """GET a page of our own trades, oldest first: from `since_ms` on, or from trade `after_sequence` on when that is not 0."""
        parameters = [("pair", pair), ("limit", str(PAGE_ROWS))]
        if after_sequence:
            parameters.append(("after_seq", str(after_sequence)))
        elif since_ms:
            parameters.append(("since", str(since_ms)))
        return self._rows("/api/1/listtrades", parameters, "trades", Purpose.LOOK_UP)

    def postorder(
        self, *, pair: str, is_buy: bool, volume: Decimal, price: Decimal, client_order_id: str, timestamp_ms: int, ttl_ms: int,
        time_in_force: str = "GTC", post_only: bool = False, stop_price: Decimal | None = None, stop_direction: str = "",
    ) -> LunoReply:
        """POST a limit order, or a stop-limit order when `stop_price` and `stop_direction` (ABOVE, BELOW) are given."""
        parameters = [
            ("pair", pair), ("type", "BID" if is_buy else "ASK"), ("volume", _plain(volume)), ("price", _plain(price)),
            ("time_in_force", time_in_force), ("post_only", "true" if post_only else "false"),
        ]
        if stop_price is not None:
            parameters += [("stop_price", _plain(stop_price)), ("stop_direction", stop_direction)]
        return self._create("/api/1/postorder", parameters, client_order_id, timestamp_ms, ttl_ms)

    def marketorder(
        self, *, pair: str, client_order_id: str, timestamp_ms: int, ttl_ms: int,
        counter_volume: Decimal | None = None, base_volume: Decimal | None = None,
    ) -> LunoReply:
        """POST a market order: a buy of `counter_volume` or a sell of `base_volume`, exactly one of them."""
        if counter_volume is not None and base_volume is None:
            amount = [("type", "BUY"), ("counter_volume", _plain(counter_volume))]
        elif base_volume is not None and counter_volume is None:
            amount = [("type", "SELL"), ("base_volume", _plain(base_volume))]
        else:
            raise ValueError("a market order at Luno buys a counter volume or sells a base volume")
        return self._create("/api/1/marketorder", [("pair", pair), *amount], client_order_id, timestamp_ms, ttl_ms)

    def stoporder(self, order_id: str, token: str = "") -> LunoReply:
        """POST a cancel; the body's `success` is False too where Luno answers that there is nothing to cancel. `token` is for `abort`.

        Raises TryAgain (nothing was done), AccessDenied or OutcomeUnknown.
        """
        try:
            body, evidence = self._call(
                "POST", "/api/1/stoporder", [("order_id", order_id)], Purpose.CANCEL, token=token,
                queue_seconds=self._settings.order_deadline_seconds / 2, deadline_seconds=self._settings.order_deadline_seconds,
            )
        except CallFailed as failure:
            error = OutcomeUnknown if failure.was_sent else TryAgain
            raise error(failure.reason, failure.evidence) from None
        if evidence.status == 200 and isinstance(body, dict) and isinstance(body.get("success"), bool):
            return LunoReply(body, evidence)
        trouble = cancel_error(evidence, _words(body, evidence))
        if trouble is not None:
            raise trouble
        return LunoReply({"success": False}, evidence)

    def _create(self, path: str, parameters: list[tuple[str, str]], client_order_id: str, timestamp_ms: int, ttl_ms: int) -> LunoReply:
        parameters += [("client_order_id", client_order_id), ("timestamp", str(timestamp_ms)), ("ttl", str(ttl_ms))]
        try:
            body, evidence = self._call(
                "POST", path, parameters, Purpose.ORDER, token=client_order_id,
                queue_seconds=self._settings.order_deadline_seconds / 2, deadline_seconds=self._settings.order_deadline_seconds,
            )
        except CallFailed as failure:
            if failure.was_sent:
                raise OutcomeUnknown(failure.reason, failure.evidence) from None
            raise OrderRefused(RefusalReason.NOT_SENT, f"not sent: {failure.reason}", failure.evidence) from None
        if evidence.status == 200 and isinstance(body, dict) and isinstance(body.get("order_id"), str) and body["order_id"]:
            return LunoReply(body, evidence)
        raise creation_error(evidence, _words(body, evidence))

    def _rows(
        self, path: str, parameters: list[tuple[str, str]], key: str, purpose: Purpose, is_private: bool = True
    ) -> LunoReply:
        return self._with_rows(self._read(path, parameters, purpose, is_private), key)

    def _with_rows(self, reply: LunoReply, key: str) -> LunoReply:
        rows = reply.body.get(key, False)
        if rows is None:
            # Old servers wrote null for an empty list.
            return LunoReply({**reply.body, key: []}, reply.evidence)
        if not isinstance(rows, list):
            raise TryAgain(f"the reply has no list of {key}", reply.evidence)
        return reply

    def _read(
        self, path: str, parameters: list[tuple[str, str]], purpose: Purpose, is_private: bool = True, token: str = "",
        may_be_missing: bool = False,
    ) -> LunoReply:
        seconds = self._settings.read_deadline_seconds
        try:
            body, evidence = self._call("GET", path, parameters, purpose, seconds / 2, seconds, is_private, token)
        except CallFailed as failure:
            raise TryAgain(failure.reason, failure.evidence) from None
        if evidence.status == 200 and isinstance(body, dict):
            return LunoReply(body, evidence)
        if may_be_missing and is_not_found(evidence):
            raise OrderNotFound(evidence)
        raise reading_error(evidence, _words(body, evidence))

    def _call(
        self, method: str, path: str, parameters: list[tuple[str, str]], purpose: Purpose, queue_seconds: float, deadline_seconds: float,
        is_private: bool = True, token: str = "",
    ) -> tuple[Any, Evidence]:
        call = RestCall(method, path, purpose, queue_seconds, deadline_seconds, tuple(parameters), is_private, token)
        reply = self.rest.call(call)
        try:
            body = self._decode(reply.body)
        except (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError):
            body = None
        return body, msgspec.structs.replace(reply.evidence, code=code_of(body))


def _plain(number: Decimal) -> str:
    # Luno refuses exponents such as 1e-05.
    return format(number, "f")


def _words(body: Any, evidence: Evidence) -> str:
    text = body.get("error") if isinstance(body, dict) else None
    said = f"{evidence.code}: {text}"[:200] if evidence.code else "an answer that is not in Luno's shape"
    return f"HTTP {evidence.status} {said}"
