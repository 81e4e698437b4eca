"""The way to the exchange in one simulated world: requests that are on it when the bot dies may still arrive, and all is seen by the checks.

The way itself, its delays and its faults are those of the faulty house; here is only what outlives a bot, and who looks on.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from brokerage.luno_simulator.api import Answer, LunoApi
from brokerage.luno_simulator.delivery import Delivery
from brokerage.luno_simulator.faults import Faults
from brokerage.transport import HttpReply, HttpRequest
from tests.faulty_house import FaultyTransport
from tests.simulation.mortal_runtime import MortalRuntime
from tests.system.lying_transport import LaggingRows

#: Method, path, query, form and headers of a request that has left.
Sent = tuple[str, str, Sequence[tuple[str, str]], Sequence[tuple[str, str]], Mapping[str, str]]


class WatchedFaults(Faults):
    """The world's faults, over all lives; `kinds` counts those that hit. `on_arrival` is called before a request is carried out."""

    def __init__(self, rules: Sequence[str], seed: int) -> None:
        super().__init__(rules, seed)
        self.kinds: Counter[str] = Counter()
        self.on_arrival: Callable[[], None] = lambda: None

    def deliver(self, api: LunoApi, method: str, path: str, query: Sequence[tuple[str, str]], form: Sequence[tuple[str, str]],
                headers: Mapping[str, str], now_ns: int) -> Answer | Delivery:
        """Carry out one request, and count what hit it."""
        self.on_arrival()
        told = super().deliver(api, method, path, query, form, headers, now_ns)
        if isinstance(told, Delivery):
            self.kinds.update(told.kinds)
        return told


class Wire(FaultyTransport):
    """The transport of one life. `departed(request)` is told before a request leaves; `on_the_way` are those the exchange has not got yet."""

    def __init__(self, api: LunoApi, faults: WatchedFaults, runtime: MortalRuntime, seed: int, rows: LaggingRows | None,
                 departed: Callable[[HttpRequest], None]) -> None:
        super().__init__(api, faults, runtime, seed)
        self._mortal = runtime
        self._rows = rows
        self._departed = departed
        self.on_the_way: dict[str, Sent] = {}
        self.overtaken = self.sends = 0
        faults.on_arrival = self._arrived

    def send(self, request: HttpRequest, deadline_ns: int) -> HttpReply:
        """Carry a request there and its answer back; the machine may stop before, between and after."""
        runtime = self._mortal
        runtime.point("send")
        self._departed(request)
        headers = {"authorization": request.credentials.authorization()} if request.credentials is not None else {}
        me, step = runtime.current.name, len(runtime.trace)
        self.on_the_way[me] = (request.method, request.path, request.query, request.form, headers)
        try:
            reply = super().send(request, deadline_ns)
        finally:
            if not runtime.is_dead:
                self.on_the_way.pop(me, None)
            self.sends += 1
            self.overtaken += any(name != me for _, name in runtime.trace[step:])
        runtime.point("reply")
        if self._rows is not None and reply.status == 200 and "order" in request.path and request.method == "GET":
            return HttpReply(reply.status, reply.headers, self._show(reply.body, runtime.now_ns()))
        return reply

    def _show(self, body: bytes, now_ns: int) -> bytes:
        try:
            return self._rows.show(body, now_ns) if self._rows is not None else body
        except (ValueError, KeyError, TypeError, AttributeError):
            return body                     # a fault has made it no list of orders: there is nothing to age

    def _arrived(self) -> None:
        runtime: Any = self._mortal
        self.on_the_way.pop(runtime.current.name, None)
