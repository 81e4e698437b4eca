"""One REST call of Luno's: sent, answered, and its answer read as JSON or as one of our errors. The clients of each subject stand on it; it
never repeats a call and never interprets a row.
"""

from decimal import Decimal
from typing import Any

import msgspec

from brokerage.luno.errors import OrderNotFound, code_of, is_not_found, reading_error
from brokerage.luno.settings import LunoSettings
from brokerage.rate_limiter import Purpose
from brokerage.rest_client import CallFailed, RestCall, RestClient
from trading_system.core.errors import TryAgain
from trading_system.core.order_update import Evidence

Fields = dict[str, Any]
Parameters = list[tuple[str, str]]


class LunoReply(msgspec.Struct, frozen=True):
    """A reply in the shape that was asked for: a JSON object, and the evidence of it."""

    body: Fields
    evidence: Evidence


class LunoCaller:
    """Speaks Luno's REST dialect through a `RestClient`. Reading raises TryAgain or AccessDenied."""

    def __init__(self, rest: RestClient, settings: LunoSettings) -> None:
        self.rest = rest
        self._settings = settings
        # Numbers that are written as JSON numbers keep their digits.
        self._decode = msgspec.json.Decoder(float_hook=Decimal).decode

    @property
    def has_credentials(self) -> bool:
        """Tell whether private calls can be made."""
        return self.rest.has_credentials

    def rows(
        self, path: str, parameters: Parameters, key: str, purpose: Purpose, is_private: bool = True, path_id: str = ""
    ) -> LunoReply:
        """GET an object whose `key` is a list; null counts as an empty one."""
        return with_rows(self.read(path, parameters, purpose, is_private, path_id=path_id), key)

    def read(
        self, path: str, parameters: Parameters, purpose: Purpose, is_private: bool = True, token: str = "", path_id: str = "",
        may_be_missing: bool = False,
    ) -> LunoReply:
        """GET an object; where it `may_be_missing`, Luno's own word for that raises OrderNotFound."""
        seconds = self._settings.read_deadline_seconds
        call = RestCall("GET", path, purpose, seconds / 2, seconds, tuple(parameters), is_private, token, path_id)
        try:
            body, evidence = self.ask(call)
        except CallFailed as failure:
            raise TryAgain(failure.reason, failure.evidence) from None
        if evidence.status == 200 and isinstance(body, dict):
            return LunoReply(body, evidence)
        if may_be_missing and is_not_found(evidence):
            raise OrderNotFound(evidence)
        raise reading_error(evidence, words_of(body, evidence))

    def write(self, path: str, parameters: Parameters, purpose: Purpose, token: str) -> tuple[Any, Evidence]:
        """POST; returns the parsed body (None where it is no JSON) whatever the status. Raises CallFailed and TryAgain (never sent)."""
        seconds = self._settings.order_deadline_seconds
        return self.ask(RestCall("POST", path, purpose, seconds / 2, seconds, tuple(parameters), True, token))

    def ask(self, call: RestCall) -> tuple[Any, Evidence]:
        """Make one call; returns its parsed body (None where it is no JSON) with Luno's code in the evidence."""
        reply = self.rest.call(call)
        try:
            body = self._decode(reply.body)
        except (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError):
            body = None
        return body, msgspec.structs.replace(reply.evidence, code=code_of(body))


def with_rows(reply: LunoReply, key: str) -> LunoReply:
    """Return the reply with a list under `key`. Raises TryAgain where something else is there."""
    rows = reply.body.get(key, False)
    if rows is None:
        # Old servers wrote null for an empty list.
        return LunoReply({**reply.body, key: []}, reply.evidence)
    if not isinstance(rows, list):
        raise TryAgain(f"the reply has no list of {key}", reply.evidence)
    return reply


def words_of(body: Any, evidence: Evidence) -> str:
    """Return what a failed call answered, for people."""
    text = body.get("error") if isinstance(body, dict) else None
    said = f"{evidence.code}: {text}"[:200] if evidence.code else "an answer that is not in Luno's shape"
    return f"HTTP {evidence.status} {said}"


def given(*parameters: tuple[str, object]) -> Parameters:
    """Return the parameters that are given (not None, empty or a whole number of 0), as Luno wants them written: no exponents such as
    1e-05, truth in small letters."""
    return [(name, _plain(value)) for name, value in parameters if not _is_left_out(value)]


def _is_left_out(value: object) -> bool:
    # A Decimal of 0 is an amount, and False is a wish.
    return value is None or value == "" or (type(value) is int and not value)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value)
