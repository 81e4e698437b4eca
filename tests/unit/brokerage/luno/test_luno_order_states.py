"""The states Luno does not have: every combination of what an order is, how it was meant and what it traded, and what we call it."""

from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from brokerage.luno import mapping
from brokerage.luno.mapping import Market
from tests.unit.brokerage.luno.luno_rows import EVIDENCE, order_row
from trading_system.core.order_update import Answer, OrderUpdate

ASKED = "0.01"
TRADED = {"nothing": ("0.00", "0.00"), "a part": ("0.004", "4800.00"), "all but the last step": ("0.009999", "11998.8"),
          "all": ("0.0100000", "12000.00")}


def heard(**changes: Any) -> OrderUpdate:
    return mapping.order_update(order_row(**changes), Market("XBT", "ZAR"), "luno", EVIDENCE)


def expected(status: str, kind: str, traded: str) -> Answer:
    """Say the rule a second time, as a trader would."""
    if status == "AWAITING":
        return Answer.WAITING if kind == "STOP_LIMIT" else Answer.OPEN
    if status == "PENDING":
        return Answer.OPEN
    has_done_its_work = traded != "nothing" if kind == "MARKET" else traded == "all"
    return Answer.FILLED if has_done_its_work else Answer.CANCELED


@pytest.mark.parametrize(
    ("status", "kind", "time_in_force", "side", "traded"),
    list(product(("AWAITING", "PENDING", "COMPLETE"), ("LIMIT", "MARKET", "STOP_LIMIT"), ("GTC", "IOC", "FOK"), ("BUY", "SELL"), TRADED)),
)
def test_an_order_is_called_what_it_is(status: str, kind: str, time_in_force: str, side: str, traded: str) -> None:
    base, counter = TRADED[traded]
    for cancel_asked_ms in (0, 1789999902000):
        update = heard(status=status, type=kind, time_in_force=time_in_force, side=side, base=base, counter=counter, limit_volume=ASKED,
                       expiration_timestamp=cancel_asked_ms)
        assert update.answer is expected(status, kind, traded)
        assert update.totals is not None
        assert (update.totals.filled_quantity, update.totals.filled_value) == (Decimal(base), Decimal(counter))
        # A market buy names an amount of counter: its limit volume, whatever it holds, is no base quantity.
        assert update.quantity == (None if (kind, side) == ("MARKET", "BUY") else Decimal(ASKED))


@pytest.mark.parametrize(("side", "limit_volume"), list(product(("BUY", "SELL"), ("0.00", "", None, "5000.00"))))
def test_a_market_order_is_filled_when_it_traded_at_all_whatever_its_limit_volume_says(side: str, limit_volume: str | None) -> None:
    row = {"type": "MARKET", "side": side, "limit_volume": limit_volume, "status": "COMPLETE", "limit_price": "0.00"}
    assert heard(**row, base="0.004", counter="4800.00").answer is Answer.FILLED
    assert heard(**row).answer is Answer.CANCELED


@pytest.mark.parametrize("stop", [{"stop_price": "0.00", "stop_direction": "ABOVE"}, {"stop_price": "", "stop_direction": ""},
                                  {"stop_price": None, "stop_direction": None}, {"stop_price": "9", "stop_direction": "BELOW"}])
def test_the_stop_fields_of_a_plain_order_are_not_looked_at(stop: dict[str, Any]) -> None:
    assert heard(status="AWAITING", **stop).answer is Answer.OPEN


@pytest.mark.parametrize("changes", [{"limit_volume": "0.00"}, {"limit_volume": None}, {"type": "STOP_LIMIT", "limit_volume": ""},
                                     {"type": "STOP"}, {"type": "ICEBERG"}, {"status": "CANCELLED"}, {"counter": "4800.00"}])
def test_an_order_that_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    field = list(changes)[-1]
    with pytest.raises(ValueError, match=f"^{field} is "):
        heard(**changes)
