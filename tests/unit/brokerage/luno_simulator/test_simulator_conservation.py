"""No sequence of calls creates or loses a coin, overdraws the customer, or leaves a reservation behind."""

from contextlib import suppress
from decimal import Decimal

import hypothesis.strategies as st
from hypothesis import given, settings

from brokerage.luno_simulator.exchange import GENESIS_NS, Exchange
from brokerage.luno_simulator.order import CUSTOMER, Order, Side, TimeInForce
from brokerage.luno_simulator.rejection import Rejection

PAIRS = ("ETHZAR", "XRPZAR", "ETHXBT", "XBTMYR")

limits = st.tuples(
    st.just("limit"),
    st.sampled_from(PAIRS),
    st.sampled_from(Side),
    st.integers(-30, 30),
    st.integers(1, 400),
    st.sampled_from(TimeInForce),
    st.booleans(),
)
markets = st.tuples(st.just("market"), st.sampled_from(PAIRS), st.sampled_from(Side), st.integers(1, 400))
cancels = st.tuples(st.just("cancel"), st.integers(0, 50))
waits = st.tuples(st.just("wait"), st.integers(1, 3_000))


def carry_out(exchange: Exchange, placed: list[Order], call: tuple) -> None:  # type: ignore[type-arg]
    if call[0] == "wait":
        exchange.advance(exchange.now_ns + call[1] * 1_000_000)
    elif call[0] == "cancel" and placed:
        exchange.cancel(placed[call[1] % len(placed)].order_id)
    elif call[0] == "limit":
        _, pair, side, steps, size, time_in_force, is_post_only = call
        market = exchange.floor(pair).market
        price = market.start_price + steps * max(market.tick, market.start_price / 2000).quantize(market.tick)
        volume = market.min_volume * size
        placed.append(
            exchange.place_limit(
                pair, side, price, volume, time_in_force=time_in_force, is_post_only=is_post_only and steps > 0
            )
        )
    elif call[0] == "market":
        _, pair, side, size = call
        market = exchange.floor(pair).market
        amount = market.min_volume * size
        if side is Side.BID:
            amount = (amount * market.start_price).quantize(Decimal("0.01"))
        placed.append(exchange.place_market(pair, side, amount))


@settings(max_examples=60, deadline=None)
@given(
    calls=st.lists(st.one_of(limits, markets, cancels, waits), min_size=5, max_size=60),
    seed=st.integers(0, 5),
    has_crowd=st.booleans(),
    poor=st.booleans(),
)
def test_money_is_conserved_and_reservations_are_those_of_the_open_orders(
    calls: list[tuple],
    seed: int,
    has_crowd: bool,
    poor: bool,  # type: ignore[type-arg]
) -> None:
    purse = Decimal("0.5") if poor else Decimal(30)
    balances = {"ZAR": 20_000 * purse, "MYR": 5_000 * purse, "XBT": purse / 10, "ETH": purse, "XRP": 500 * purse}
    exchange = Exchange(seed, has_crowd=has_crowd, balances=balances)
    assert exchange.now_ns == GENESIS_NS
    opening = {currency: exchange.accounts.sum_of(currency) for currency in exchange.currencies}
    placed: list[Order] = []
    for call in calls:
        with suppress(Rejection):
            carry_out(exchange, placed, call)
        for currency in exchange.currencies:
            assert exchange.accounts.sum_of(currency) == opening[currency]
            held = sum(
                order.reserve
                for order in exchange.register.open_orders()
                if order.market.currency_reserved_by(order.side.is_buy) == currency
            )
            assert exchange.accounts.reserved(CUSTOMER, currency) == held
            assert exchange.accounts.available(CUSTOMER, currency) >= 0
    for order in placed:
        fills = [t for t in exchange.register.trades(order.market.pair, 0) if t.order_id == order.order_id]
        assert sum(fill.base for fill in fills) == order.base
        assert sum(fill.counter for fill in fills) == order.counter
        assert sum(fill.fee_base for fill in fills) == order.fee_base
        assert sum(fill.fee_counter for fill in fills) == order.fee_counter
        assert order.base <= order.limit_volume or order.is_market_buy
        assert order.counter <= order.counter_budget or not order.is_market_buy
