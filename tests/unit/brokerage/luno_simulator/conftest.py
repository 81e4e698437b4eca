"""An in-process simulator for the tests of this folder: no files, no threads, and a clock that the test moves."""

import base64
import json
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from brokerage.luno_simulator.account_list import account_id_of
from brokerage.luno_simulator.api import Answer, LunoApi
from brokerage.luno_simulator.delivery import Delivery
from brokerage.luno_simulator.exchange import GENESIS_NS, Exchange
from brokerage.luno_simulator.faults import Faults
from brokerage.luno_simulator.order import CROWD, Kind, Order, Side, TimeInForce

SECOND_NS = 1_000_000_000
TRADING_BITS = 1 | 2 | 32 | 64


class ApiCaller:
    """Calls a `LunoApi` as a client would, with a clock of its own."""

    def __init__(self, exchange: Exchange, rate_limit: int | None = None, has_control: bool = False) -> None:
        keys = {"trader": ("secret", TRADING_BITS), "reader": ("secret", 32), "owner": ("secret", TRADING_BITS | 16)}
        self.exchange = exchange
        self.api = LunoApi(exchange, keys=keys, rate_limit=rate_limit, has_control=has_control)
        self.now_ns = exchange.now_ns
        self.authorization = basic("trader", "secret")

    def wait(self, seconds: float) -> None:
        self.now_ns += int(seconds * SECOND_NS)

    def answer(self, method: str, path: str, form: bool = False, **parameters: object) -> Answer:
        pairs = [(name, str(value)) for name, value in parameters.items()]
        headers = {"Authorization": self.authorization} if self.authorization else {}
        query, body = ([], pairs) if form else (pairs, [])
        return self.api.handle(method, path, query, body, headers, self.now_ns)

    def get(self, path: str, **parameters: object) -> Any:
        return self._body(self.answer("GET", path, **parameters))

    def post(self, path: str, **parameters: object) -> Any:
        return self._body(self.answer("POST", path, **parameters))

    def refusal(self, method: str, path: str, **parameters: object) -> tuple[int, str]:
        """Return status and code of a call that must be refused."""
        answer = self.answer(method, path, **parameters)
        body = json.loads(answer.body)
        assert set(body) == {"error", "error_code"}
        return answer.status, body["error_code"]

    def limit(self, side: str, price: object, volume: object, pair: str = "ETHZAR", **more: object) -> str:
        body = self.post("/api/1/postorder", pair=pair, type=side, price=price, volume=volume, **more)
        return str(body["order_id"])

    def order(self, order_id: str) -> Any:
        return self.get("/api/exchange/3/order", id=order_id)

    def old_order(self, order_id: str) -> Any:
        return self.get(f"/api/1/orders/{order_id}")

    def rows(self, currency: str, min_row: int = -1000, max_row: int = 0) -> list[Any]:
        """Return the rows of an account's statement, oldest first."""
        path = f"/api/1/accounts/{account_id_of(currency)}/transactions"
        return list(reversed(self.get(path, min_row=min_row, max_row=max_row)["transactions"]))

    def balances(self) -> dict[str, Mapping[str, str]]:
        return {row["asset"]: row for row in self.get("/api/1/balance")["balance"]}

    def best(self, pair: str = "ETHZAR") -> tuple[Decimal, Decimal]:
        ticker = self.get("/api/1/ticker", pair=pair)
        return Decimal(ticker["bid"]), Decimal(ticker["ask"])

    @staticmethod
    def _body(answer: Answer) -> Any:
        assert answer.status == 200, answer.body
        return json.loads(answer.body)


class FaultyCaller(ApiCaller):
    """Calls through fault rules with `deliver`, and past them, as one who sees the truth, with everything else."""

    def __init__(self, exchange: Exchange, *rules: str, seed: int = 0, faults: Faults | None = None) -> None:
        super().__init__(exchange)
        self.faults = faults or Faults(rules, seed)

    def deliver(self, method: str, path: str, headers: Mapping[str, str] | None = None, **parameters: object) -> Answer | Delivery:
        pairs = [(name, str(value)) for name, value in parameters.items()]
        headers = {"authorization": self.authorization} if headers is None else headers
        return self.faults.deliver(self.api, method, path, pairs, [], headers, self.now_ns)

    def hit(self, method: str, path: str, **parameters: object) -> Delivery:
        """Return the delivery of a call that a fault must hit."""
        delivery = self.deliver(method, path, **parameters)
        assert isinstance(delivery, Delivery)
        return delivery

    def place(self, name: str = "", side: str = "BID", price: object = 50000, volume: object = "0.1", **more: object) -> Answer | Delivery:
        named = {"client_order_id": name} if name else {}
        return self.deliver("POST", "/api/1/postorder", pair="ETHZAR", type=side, price=price, volume=volume, **named, **more)

    def cancel(self, order_id: str) -> Answer | Delivery:
        return self.deliver("POST", "/api/1/stoporder", order_id=order_id)

    def pass_time(self, seconds: float) -> None:
        """Let time pass for the exchange and for what the faults still have in hand."""
        self.wait(seconds)
        self.faults.advance(self.api, self.now_ns)

    def names(self) -> list[str]:
        """Return the names of all orders there are, oldest first."""
        return [order.client_order_id for order in self.api.exchange.register.newest_first(None)][::-1]


def basic(key_id: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{key_id}:{secret}".encode()).decode()


@pytest.fixture
def exchange() -> Exchange:
    """An exchange with a crowd, two seconds old."""
    exchange = Exchange(7)
    exchange.advance(GENESIS_NS + 2 * SECOND_NS)
    return exchange


@pytest.fixture
def empty_exchange() -> Exchange:
    """An exchange on which the customer is alone."""
    return Exchange(7, has_crowd=False)


@pytest.fixture
def api(exchange: Exchange) -> ApiCaller:
    return ApiCaller(exchange)


@pytest.fixture(scope="session")
def make_api() -> type[ApiCaller]:
    return ApiCaller


@pytest.fixture
def faulty(exchange: Exchange) -> Any:
    """Return a function that puts rules in front of the exchange with the crowd."""
    return partial(FaultyCaller, exchange)


@pytest.fixture
def lonely_faulty(empty_exchange: Exchange) -> Any:
    """Return a function that puts rules in front of the exchange on which the customer is alone."""
    return partial(FaultyCaller, empty_exchange)


@pytest.fixture(scope="session")
def make_faulty() -> type[FaultyCaller]:
    return FaultyCaller


@pytest.fixture
def make_authorization() -> Any:
    return basic


@pytest.fixture
def quote_on() -> Any:
    """Return a function that lets somebody else quote on an exchange."""

    def place(exchange: Exchange, pair: str, side: Side, price: str, volume: str) -> Order:
        market = exchange.floor(pair).market
        order = exchange.new_crowd_order(market, side, Decimal(price), Decimal(volume), TimeInForce.GTC)
        assert order.owner == CROWD
        assert order.kind is Kind.LIMIT
        exchange.floor(pair).execute(order, exchange.now_ms)
        return order

    return place


@pytest.fixture
def quote(empty_exchange: Exchange, quote_on: Any) -> Any:
    """Return a function that lets somebody else quote on the otherwise empty exchange."""
    return partial(quote_on, empty_exchange)


@pytest.fixture
def lonely(empty_exchange: Exchange) -> ApiCaller:
    """An API on which only `quote` puts something into the books."""
    return ApiCaller(empty_exchange)
