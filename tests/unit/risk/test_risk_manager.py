"""Risk's controls one by one, at their edges, with the sentences people read."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.unit.engine.small_house import SYMBOL, instrument
from trading_system.core.events import VerdictNumbers
from trading_system.core.instrument import FeeCurrency, MarketStatus
from trading_system.core.order import OrderKind, OrderRequest
from trading_system.core.side import Side
from trading_system.risk.limits import RiskLimits
from trading_system.risk.risk_manager import RiskManager, Situation


def request(**changes: Any) -> OrderRequest:
    made = OrderRequest("abcdef-naive-1-1", "naive", SYMBOL, Side.BUY, OrderKind.LIMIT, 1, Decimal("0.01"), limit=Decimal(100))
    return msgspec.structs.replace(made, **changes)


def situation(**changes: Any) -> Situation:
    made = Situation(instrument(), RiskLimits(), "", Decimal(100), 1.0, 0, 1, "ZAR", Decimal(1), Decimal(1000))
    return msgspec.structs.replace(made, **changes)


def judged(asked: OrderRequest, at: Situation) -> tuple[str, str]:
    verdict = RiskManager().judge(asked, at)
    assert verdict.is_accepted is (verdict.code == "")
    return verdict.code, verdict.sentence


def test_an_order_that_nobody_objects_to_is_accepted() -> None:
    assert judged(request(), situation()) == ("", "")


@pytest.mark.parametrize(("asked", "at", "code", "sentence"), [
    (request(), situation(closed_reason="the house is stopping"), "closed", "the house is stopping"),
    (request(), situation(instrument=instrument(status=MarketStatus.HALTED)), "market_closed", f"{SYMBOL} is halted at the venue"),
    (request(), situation(instrument=instrument(status=MarketStatus.POST_ONLY)), "market_closed", f"{SYMBOL} is post_only at the venue"),
    (request(), situation(reference=Decimal(0)), "no_price", f"no price of {SYMBOL} was received yet"),
    (request(), situation(price_age_seconds=10.26), "stale_price", f"the last price of {SYMBOL} is 10.3 s old, 10 s are allowed"),
    (request(), situation(price_age_seconds=3.0, limits=RiskLimits(stale_price_seconds=2.5)), "stale_price",
     f"the last price of {SYMBOL} is 3.0 s old, 2.5 s are allowed"),
    (request(quantity=Decimal("0.0004")), situation(), "too_small", "0.0004 XBT is less than the smallest order, 0.0005"),
    (request(quantity=Decimal("100.0001")), situation(), "too_large", "100.0001 XBT is more than the largest order, 100"),
    (request(quantity=None, value=Decimal("0.04"), limit=None), situation(), "too_small",
     "0.0004 XBT is less than the smallest order, 0.0005"),
    (request(limit=Decimal(9)), situation(), "price_out_of_range", "a price of 9 is outside 10 to 10000000"),
    (request(limit=Decimal(10_000_001)), situation(), "price_out_of_range", "a price of 10000001 is outside 10 to 10000000"),
    (request(), situation(open_orders=50), "open_orders", "50 orders are open already, 50 are allowed"),
    (request(), situation(open_orders=3, limits=RiskLimits(max_open_orders=3)), "open_orders", "3 orders are open already, 3 are allowed"),
    (request(), situation(needed=Decimal("1000.01")), "funds", "it needs 1000.01 ZAR, 1000 are free"),
    (request(side=Side.SELL), situation(instrument=instrument(taker_fee=Decimal("0.01"), fee_currency=FeeCurrency.BASE), currency="XBT",
                                        needed=Decimal("1.01"), free=Decimal("1.00")), "funds", "it needs 1.01 XBT with its fee, 1 are free"),
])
def test_an_order_is_denied_with_a_code_and_a_sentence(asked: OrderRequest, at: Situation, code: str, sentence: str) -> None:
    assert judged(asked, at) == (code, sentence)


@pytest.mark.parametrize(("asked", "at"), [
    (request(post_only=True), situation(instrument=instrument(status=MarketStatus.POST_ONLY))),
    (request(), situation(price_age_seconds=10.0)),
    (request(quantity=Decimal("0.0005")), situation()),
    (request(quantity=Decimal(100)), situation()),
    (request(limit=Decimal(10)), situation()),
    (request(limit=Decimal(10_000_000)), situation()),
    (request(quantity=None, value=Decimal("0.05"), limit=None), situation()),
    (request(), situation(open_orders=49)),
    (request(), situation(needed=Decimal(1000))),
])
def test_at_its_very_limit_an_order_is_accepted(asked: OrderRequest, at: Situation) -> None:
    assert judged(asked, at) == ("", "")


def test_the_verdict_keeps_the_numbers_it_was_judged_by() -> None:
    for needed in (Decimal(1), Decimal(2000)):
        assert RiskManager().judge(request(), situation(needed=needed)).numbers == VerdictNumbers("ZAR", needed, Decimal(1000), 0)


def test_the_first_control_that_objects_decides_and_denials_are_counted_by_code() -> None:
    risk = RiskManager()
    risk.judge(request(limit=Decimal(9)), situation(closed_reason="the house is stopping", open_orders=99))
    risk.judge(request(), situation(open_orders=99))
    risk.judge(request(), situation(open_orders=99))
    assert risk.denied == {"closed": 1, "open_orders": 2}


def test_a_flood_of_orders_in_answer_to_one_event_is_denied() -> None:
    assert judged(request(), situation(orders_in_a_row=100)) == ("", "")
    assert judged(request(), situation(orders_in_a_row=101)) == ("flood", "it ordered more than 100 times in answer to one event")
