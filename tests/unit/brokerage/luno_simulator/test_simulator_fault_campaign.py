"""Every kind of fault at once, some hundred calls, many seeds: money is conserved, every order comes to be once, and the same seed
gives the same story."""

import json
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from brokerage.luno_simulator.delivery import Delivery
from brokerage.luno_simulator.exchange import GENESIS_NS, Exchange
from brokerage.luno_simulator.fault_kinds import FAULT_KINDS
from brokerage.luno_simulator.order import CUSTOMER, Side, Status

SECOND_NS = 1_000_000_000
CALLS = 400
# Those that last are rarer and shorter, or nothing else would happen.
LASTING = {"ban": "ban=4s", "maintenance": "maintenance=4s", "restart": "restart=3s:acts=yes", "refused": "refused=3s"}
RULES = [f"all:{LASTING.get(kind, kind)}:p={'0.01' if kind in LASTING else '0.05'}" for kind in FAULT_KINDS if kind != "huge"]
RULES += ["all:huge=1:p=0.05", "place:duplicated:p=0.3", "place:late=6s:p=0.2", "cancel:cancel_race:p=0.5", "place:partial_fill:p=0.3", "place:trade_with_self:p=0.2"]


class Client:
    """Places orders with a name each, and repeats a call under the same name for as long as it does not know."""

    def __init__(self, caller: Any, seed: int) -> None:
        self.caller = caller
        self.random = Random(f"client {seed}")
        self.story: list[Any] = []
        self.named = 0
        self.kinds: set[str] = set()

    def call(self, method: str, path: str, **parameters: object) -> tuple[int, Any]:
        answer = self.caller.deliver(method, path, **parameters)
        heard = answer.body
        if isinstance(answer, Delivery):
            self.kinds.update(answer.kinds)
            heard = b"" if answer.lose_reply else answer.sent_body
        self.story.append((path, answer.status, heard[:2000]))
        try:
            return answer.status, json.loads(heard)
        except ValueError:
            return 0, None

    def place(self) -> None:
        self.named += 1
        price = self.random.choice([48000, 55000, 59950, 60050, 65000])
        order = {"pair": "ETHZAR", "type": self.random.choice(["BID", "ASK"]), "price": price, "volume": "0.05", "client_order_id": f"n{self.named}"}
        if self.random.random() < 0.3:
            order["post_only"] = "true"
        for _ in range(4):
            status, told = self.call("POST", "/api/1/postorder", **order)
            if status in (200, 409) and told is not None:
                break
            self.caller.wait(self.random.random() * 3)

    def step(self) -> None:
        draw = self.random.random()
        if draw < 0.35:
            self.place()
        elif draw < 0.55:
            opened = self.caller.api.exchange.register.open_orders()
            if opened:
                self.call("POST", "/api/1/stoporder", order_id=self.random.choice(opened).order_id)
        else:
            path, parameters = self.random.choice(
                [
                    ("/api/1/balance", {}),
                    ("/api/exchange/2/listorders", {}),
                    ("/api/exchange/2/listorders", {"closed": "true"}),
                    ("/api/1/listtrades", {"pair": "ETHZAR"}),
                    ("/api/exchange/3/order", {"client_order_id": f"n{self.named}"}),
                    ("/api/1/ticker", {"pair": "ETHZAR"}),
                    ("/api/1/orderbook_top", {"pair": "ETHZAR"}),
                    ("/api/1/trades", {"pair": "ETHZAR"}),
                ]
            )
            self.call("GET", path, **parameters)
        self.caller.wait(self.random.random())


def check(exchange: Exchange, opening: dict[str, Decimal]) -> None:
    accounts, register = exchange.accounts, exchange.register
    for currency in exchange.currencies:
        assert accounts.sum_of(currency) == opening[currency]
        assert accounts.available(CUSTOMER, currency) >= 0
        assert accounts.reserved(CUSTOMER, currency) == sum(order.reserve for order in register.open_orders() if order.paid_in == currency)
        assert accounts.statement.balances(currency) == (accounts.total(CUSTOMER, currency), accounts.available(CUSTOMER, currency))
    resting = {order.order_id for floor in exchange.floors.values() for side in Side for order in floor.book.orders(side)}
    for order in register.newest_first(None):
        assert (order.order_id in resting) is (order.status is Status.PENDING)
        fills = register.trades_of(order.order_id)
        assert (sum(fill.base for fill in fills), sum(fill.counter for fill in fills)) == (order.base, order.counter)
        assert order.base <= order.limit_volume or order.is_market_buy
    for floor in exchange.floors.values():
        bid, ask = floor.book.best_price(Side.BID), floor.book.best_price(Side.ASK)
        assert not bid or not ask or bid < ask


def run(make_faulty: Any, seed: int) -> Client:
    exchange = Exchange(seed)
    exchange.advance(GENESIS_NS + 2 * SECOND_NS)
    caller = make_faulty(exchange, *RULES, seed=seed)
    opening = {currency: exchange.accounts.sum_of(currency) for currency in exchange.currencies}
    client = Client(caller, seed)
    while len(client.story) < CALLS:
        client.step()
        if client.named % 3 == 0:
            check(caller.api.exchange, opening)
    caller.pass_time(120)
    check(caller.api.exchange, opening)
    return client


@pytest.fixture(scope="module")
def clients(make_faulty: Any) -> list[Client]:
    return [run(make_faulty, seed) for seed in range(4)]


@pytest.mark.parametrize("seed", range(4))
def test_money_is_conserved_and_every_order_comes_to_be_once(clients: list[Client], seed: int) -> None:
    client = clients[seed]
    names = client.caller.names()
    own = [name for name in names if name]
    assert len(own) == len(set(own))
    assert set(own) <= {f"n{number}" for number in range(1, client.named + 1)}
    assert len(own) > client.named / 2 > 10
    # What has no name was placed by hand.
    by_hand = sum(one.hits for one in client.caller.faults.rules if one.rule.kind in ("stranger_order", "stranger_trade", "trade_with_self"))
    assert len(names) - len(own) == by_hand


def test_between_them_the_seeds_meet_every_kind(clients: list[Client]) -> None:
    assert set().union(*(client.kinds for client in clients)) == set(FAULT_KINDS)


def test_the_same_seed_tells_the_same_story(clients: list[Client], make_faulty: Any) -> None:
    again = run(make_faulty, 1)
    assert again.story == clients[1].story != clients[2].story
    assert again.caller.faults.hits() == clients[1].caller.faults.hits()
