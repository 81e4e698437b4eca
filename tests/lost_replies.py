"""The show of lost replies: `python -m tests.lost_replies` lays 1,000 intents with every reply lost, 1,000 with every request lost, and as many
with everything at once, in the hand-cranked house; a short slice is among the ordinary tests.

At the end each intent has exactly one order at the exchange, no order was closed without proof, nothing is reserved, and the strategy's
ledger is what the account holds.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from tests.faulty_house import SECOND, TEST_STRATEGIES, WITHOUT_LIMITS, FaultyHouse
from trading_system.core.events import OrderEvent, OrderUpdateEvent
from trading_system.core.order import OrderState
from trading_system.core.order_update import Answer

#: What goes wrong in each part of the show. Times are below the shortened ttl (0.5 s) and settle time (1.5 s), as the usual ones are below
#: the usual ttl.
SHOWS: dict[str, tuple[str, ...]] = {
    "every reply lost": ("place:reply_lost=silence:every=10", "place:reply_lost=close:every=3", "place:reply_lost=reset"),
    "every request lost": ("place:request_lost=silence:every=10", "place:request_lost=close:every=3", "place:request_lost=reset"),
    "half of all replies lost": ("place:reply_lost=reset:p=0.5",),
    "replies of cancels and look-ups lost too": ("writes:reply_lost=reset:p=0.5", "private_reads:reply_lost=reset:p=0.2"),
    "5xx after acting": ("place:error_after:p=0.5", "cancel:error_after=500:p=0.3"),
    "duplicates": ("place:duplicated:p=0.4", "place:duplicated=first:p=0.2", "cancel:duplicated:p=0.3"),
    "delayed and still honored": ("place:late=300ms:p=0.3", "place:late=400ms:ending=reset:p=0.2"),
    "reads that lag": ("place:reply_lost=reset:p=0.5", "private_reads:lag=1s:p=0.3", "order_lists:before_ack:p=0.3"),
    "all of it": (
        "place:reply_lost=reset:p=0.3", "place:reply_lost=silence:p=0.02", "place:request_lost=reset:p=0.1", "place:error_after:p=0.1",
        "place:error_before:p=0.05", "place:duplicated:p=0.15", "place:late=300ms:p=0.1", "place:partial_fill:p=0.2",
        "cancel:reply_lost=reset:p=0.3", "cancel:cancel_race=0.5:p=0.3", "cancel:request_lost=reset:p=0.1", "cancel:duplicated:p=0.1",
        "private_reads:lag=1s:p=0.2", "order_lists:before_ack:p=0.2", "private_reads:error_before:p=0.05", "private_reads:truncated:p=0.05",
        "order:wrong_types:p=0.05"),
}
_NEVER_LIVED = (OrderState.NOT_PLACED, OrderState.DENIED, OrderState.REJECTED)


class Figures(msgspec.Struct):
    """What one show came to; `wrong` are sentences about what must never be."""

    show: str
    seed: int
    intents: int
    orders: int = 0
    in_doubt: int = 0
    proved_absent: int = 0
    lost: int = 0
    fills: int = 0
    look_ups: int = 0
    virtual_seconds: float = 0.0
    seconds: float = 0.0
    wrong: list[str] = msgspec.field(default_factory=list)


def run_show(show: str, intents: int, seed: int, folder: Path, rules: Sequence[str] = ()) -> Figures:
    """Run one show whole and return its figures; `rules` stand in the place of the show's own when given."""
    began = time.perf_counter()
    is_about_requests = show == "every request lost"
    house = FaultyHouse(
        folder, seed, f"intents: {{instruments: [XBTZAR.luno], capital: {{ZAR: 900000, XBT: 1.5}}, "
        f"params: {{intents: {intents}, at_once: 60, repeats: {'no' if is_about_requests else 'yes'}}}}}",
        WITHOUT_LIMITS, rules or SHOWS[show], TEST_STRATEGIES, preemption=0.02)
    desk = house.system.engine.books.desks["intents"]
    strategy: Any = desk.strategy

    def is_done() -> bool:
        if not desk.is_started:
            return False
        if is_about_requests and not strategy.wanted and not len(desk.orders) and not strategy.may_repeat:
            # Every first request was lost, and proved to be: what the strategy decides now arrives.
            house.faults.clear(house.api, house.runtime.now_ns())
            strategy.may_repeat = True
        return bool(strategy.is_finished) or desk.is_paused

    house.run_until(is_done, 3600)
    figures = Figures(show, seed, intents)
    _count(house, figures)
    _judge(house, figures)
    figures.virtual_seconds = house.runtime.monotonic_ns() / SECOND
    figures.seconds = round(time.perf_counter() - began, 1)
    return figures


def _count(house: FaultyHouse, figures: Figures) -> None:
    answers = Counter(event.update.answer for event in house.trace.of(OrderUpdateEvent))
    orders = house.system.engine.books.desks["intents"].orders
    figures.orders = len(house.trace.of(OrderEvent))
    figures.in_doubt = len({event.update.client_order_id for event in house.trace.of(OrderUpdateEvent)
                            if event.update.answer is Answer.OUTCOME_UNKNOWN})
    figures.proved_absent = orders.counts.get("NOT_PLACED", 0)
    figures.lost = answers[Answer.LOST]
    figures.fills = house.system.engine.books.desks["intents"].fills
    figures.look_ups = sum(count for endpoint, count in house.venue.calls().items() if endpoint.endswith("/order"))


def _judge(house: FaultyHouse, figures: Figures) -> None:
    desk, register, wrong = house.system.engine.books.desks["intents"], house.exchange.register, figures.wrong
    effective: Counter[int] = Counter()
    settle_ns = int(house.venue.settle_seconds * SECOND)
    for event in house.trace.of(OrderEvent):
        name, number = event.request.client_order_id, int(event.request.tag)
        order, there = desk.orders.get(name), register.find_by_client_order_id(name)
        effective[number] += there is not None
        if order is None or not order.is_done:
            wrong.append(f"{name} is {order.state.name if order else 'forgotten'} at the end")
            continue
        if (order.state in _NEVER_LIVED) is (there is not None):
            wrong.append(f"{name} is {order.state.name} and {'is' if there else 'is not'} at the exchange")
        if there is not None and order.exact.filled_quantity != there.base:
            wrong.append(f"{name} filled {order.exact.filled_quantity}, at the exchange {there.base}")
        if order.state is OrderState.NOT_PLACED and not _is_proved(house, name, settle_ns):
            wrong.append(f"{name} was closed without proof")
    wrong += [f"intent {number} has {effective[number]} orders at the exchange" for number in range(figures.intents)
              if effective[number] != 1]
    wrong += [f"{count} orders at the exchange, {figures.intents} intents" for count in [sum(1 for _ in register.newest_first(None))]
              if count != figures.intents]
    wrong += [f"{desk.reservations.reserved(currency)} {currency} is reserved at the end" for currency in ("ZAR", "XBT")
              if desk.reservations.reserved(currency) != Decimal(0)]
    wrong += [f"{desk.reservations.count} reservations at the end"] * bool(desk.reservations.count)
    wrong += [f"{currency}: the account holds {there}, by the ledger {ours}" for currency, (there, ours) in house.differences().items()]
    wrong += [f"the strategy is {desk.pause_reason}"] * desk.is_paused
    wrong += house.system.parts.sources.errors + house.gave_up


def _is_proved(house: FaultyHouse, name: str, settle_ns: int) -> bool:
    updates = [event.update for event in house.trace.of(OrderUpdateEvent, lambda event: event.update.client_order_id == name)]
    sent_ns = max((update.evidence.asked_ns for update in updates if update.answer is Answer.SENT), default=0)
    return sum(update.answer is Answer.NOT_FOUND and update.evidence.asked_ns >= sent_ns + settle_ns for update in updates) >= 3


def main() -> int:
    """Run the shows and print their figures; return 1 when something that must never be has been."""
    parser = argparse.ArgumentParser(prog="python -m tests.lost_replies", description=__doc__)
    parser.add_argument("--intents", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=1, help="so many seeds, from 1 on")
    parser.add_argument("--show", action="append", choices=SHOWS)
    given = parser.parse_args()
    wrong = 0
    for seed in range(1, given.seeds + 1):
        for show in given.show or SHOWS:
            with tempfile.TemporaryDirectory(prefix="lost-replies-") as folder:
                figures = run_show(show, given.intents, seed, Path(folder))
            wrong += len(figures.wrong)
            print(f"{show}, seed {seed}: {figures.intents} intents, {figures.orders} orders, {figures.in_doubt} in doubt, "
                  f"{figures.proved_absent} proved absent, {figures.lost} lost, {figures.fills} fills, {figures.look_ups} look-ups, "
                  f"{figures.virtual_seconds:.0f} s of the virtual clock in {figures.seconds} s; {len(figures.wrong)} wrong", flush=True)
            for sentence in figures.wrong[:10]:
                print(f"  {sentence}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
