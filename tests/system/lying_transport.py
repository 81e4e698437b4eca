"""A way to the simulated exchange that loses, delays and doubles, and a venue whose rows are whole only some time after they are true.

Faults are the simulator's own rules. What it does not know, rows that tell the end of an order before its totals and a quantity before its
fee, is done here to the answers on their way back; the exchange's own truth stays what it is.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from brokerage.luno_simulator.api import Answer, LunoApi
from brokerage.luno_simulator.delivery import Delivery, Ending
from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.faults import Faults
from brokerage.transport import ConnectionBroken, ConnectionNotMade, HttpReply, HttpRequest
from tests.hand_cranked_runtime import SECOND, HandCrankedRuntime

_TOTALS, _FEES = ("base", "counter", "fee_base", "fee_counter"), ("fee_base", "fee_counter")


class LaggingRows:
    """Shows the old totals of every other order for `seconds` after it is COMPLETE, and any quantity's fee so much later than itself."""

    def __init__(self, seconds: float, until_ns: int) -> None:
        self._lag_ns = int(seconds * SECOND)
        self._until_ns = until_ns
        self._whole: dict[str, dict[str, Any]] = {}
        self._completed_ns: dict[str, int] = {}
        self._quantity_ns: dict[tuple[str, str], int] = {}

    def show(self, body: bytes, now_ns: int) -> bytes:
        """Return an answer with orders in it as it is shown at a time."""
        value = json.loads(body)
        rows = value.get("orders") or [value] if isinstance(value, dict) else []
        for row in rows:
            if isinstance(row, dict) and "limit_volume" in row:
                self._age(row, now_ns)
        return json.dumps(value).encode()

    def _age(self, row: dict[str, Any], now_ns: int) -> None:
        if now_ns >= self._until_ns:
            return
        name = row["order_id"]
        before = self._whole.get(name, dict.fromkeys(_TOTALS, "0"))
        is_slow = sum(name.encode()) % 2 == 0
        if is_slow and row["status"] == "COMPLETE" and now_ns < self._completed_ns.setdefault(name, now_ns) + self._lag_ns:
            row.update(before)
        elif now_ns < self._quantity_ns.setdefault((name, row["base"]), now_ns) + self._lag_ns:
            row.update({field: before[field] for field in _FEES})
        elif row["status"] != "COMPLETE":
            self._whole[name] = {field: row[field] for field in _TOTALS}


class LyingTransport:
    """Implements `Transport`. `happen(exchange, seconds)` is called before each request: what people do there meanwhile."""

    def __init__(self, api: LunoApi, runtime: HandCrankedRuntime, seed: int, rules: Sequence[str], rows: LaggingRows | None = None,
                 happen: Callable[[Exchange, float], None] = lambda exchange, seconds: None) -> None:
        self._api = api
        self._runtime = runtime
        self._faults = Faults(rules, seed)
        self._rows = rows
        self._happen = happen

    def send(self, request: HttpRequest, deadline_ns: int) -> HttpReply:
        """Carry a request there and its answer back, or lose either."""
        runtime = self._runtime
        self._pass(0.01 + runtime.random() * 0.05)
        self._happen(self._api.exchange, runtime.monotonic_ns() / SECOND)
        headers = {"authorization": request.credentials.authorization()} if request.credentials is not None else {}
        outcome = self._faults.deliver(self._api, request.method, request.path, request.query, request.form, headers, runtime.now_ns())
        self._pass(0.01 + runtime.random() * 0.05)
        if isinstance(outcome, Delivery):
            self._pass(outcome.total_seconds)
            if outcome.ending is Ending.SILENCE:
                runtime.sleep_until(deadline_ns)
            if outcome.ending is Ending.REFUSE:
                raise ConnectionNotMade("nobody listens")
            if outcome.ending is not Ending.ANSWER or outcome.cut_at is not None or runtime.monotonic_ns() > deadline_ns:
                raise ConnectionBroken("no whole answer came")
        answer: Answer = outcome.answer if isinstance(outcome, Delivery) else outcome
        body = answer.body
        if self._rows is not None and answer.status == 200 and "order" in request.path and request.method == "GET":
            body = self._rows.show(body, runtime.monotonic_ns())
        return HttpReply(answer.status, dict(answer.headers), body)

    def abort(self, token: str | None = None) -> int:
        """End nothing: calls end at their deadline."""
        return 0

    def _pass(self, seconds: float) -> None:
        self._runtime.sleep_until(self._runtime.monotonic_ns() + int(seconds * SECOND))
