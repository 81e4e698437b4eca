"""Luno's JSON rows in the house's words: pure functions, used by `broker.py` and `feed.py`. Whatever is missing, not finite or negative is
refused with a ValueError that names the field; nothing is guessed.
"""

import math
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from trading_system.core.events import Balance
from trading_system.core.instrument import FeeCurrency, Instrument, MarketStatus
from trading_system.core.market_data import Book, Tick, Trade
from trading_system.core.order_update import ZERO, Answer, Evidence, OrderUpdate, Totals
from trading_system.core.ports import VenueTrade
from trading_system.core.side import Side

Row = dict[str, Any]

_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,40})?", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,19}", re.ASCII)
_MILLISECOND = 1_000_000
#: What a Decimal computes with; a number with more digits would be rounded silently.
_MOST_DIGITS = 28
#: Currencies with two decimals in practice, whatever the price scale of their markets.
_FIAT = frozenset(("AUD", "EUR", "GBP", "IDR", "KES", "MYR", "NGN", "SGD", "UGX", "USD", "ZAR"))
_CENT = Decimal("0.01")

# The ticker, the markets call and the stream spell the states differently.
_STATUS = {
    "ACTIVE": MarketStatus.ACTIVE, "POST_ONLY": MarketStatus.POST_ONLY, "POSTONLY": MarketStatus.POST_ONLY,
    "SUSPENDED": MarketStatus.HALTED, "DISABLED": MarketStatus.HALTED,
}
_SIDES = {"BUY": Side.BUY, "BID": Side.BUY, "SELL": Side.SELL, "ASK": Side.SELL}


class Market(msgspec.Struct, frozen=True):
    """A pair's two currencies: Luno's names are four letters at times, so a pair cannot be split."""

    base: str
    counter: str


def signed(row: Row, field: str) -> Decimal:
    """Return a decimal field, written as text or as a JSON number, of either sign."""
    value = _field(row, field)
    if isinstance(value, Decimal):
        # A JSON number such as 1e-05; an exponent out of all proportion is refused before it is written out.
        text = format(value, "f") if value.is_finite() and abs(value.adjusted()) < 40 else "?"
    elif isinstance(value, int) and not isinstance(value, bool):
        text = str(value)
    else:
        text = value if isinstance(value, str) else "?"
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{field} is {value!r:.60}, not a decimal number")
    if "." in text:
        # Luno pads some numbers to 18 decimals.
        text = text.rstrip("0").rstrip(".")
    number = Decimal(text)
    if len(number.as_tuple().digits) > _MOST_DIGITS:
        raise ValueError(f"{field} is {value!r:.60}, more digits than can be computed with")
    return number if number else ZERO


def amount(row: Row, field: str) -> Decimal:
    """Return a decimal field that is zero or more."""
    number = signed(row, field)
    if number < 0:
        raise ValueError(f"{field} is {number}, less than zero")
    return number


def whole(row: Row, field: str) -> int:
    """Return a whole number of zero or more, written as a JSON number or as text."""
    value = _field(row, field)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    raise ValueError(f"{field} is {value!r:.60}, not a whole number")


def text(row: Row, field: str) -> str:
    """Return a text field that is not empty."""
    value = _field(row, field)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{field} is {value!r:.60}, not a text")
    return value


def market(row: Row) -> tuple[str, Market]:
    """Return the pair of a row of the markets call with its two currencies."""
    return text(row, "market_id"), Market(text(row, "base_currency"), text(row, "counter_currency"))


def instrument(row: Row, fees: Row | None, broker: str) -> Instrument:
    """Return a row of the markets call as an instrument, with our fee rates where `fees` (a fee_info reply) is given."""
    price_scale, volume_scale = whole(row, "price_scale"), whole(row, "volume_scale")
    if max(price_scale, volume_scale) > 18:
        raise ValueError(f"price_scale or volume_scale is more than 18 decimals: {price_scale}, {volume_scale}")
    price_step = Decimal(1).scaleb(-price_scale)
    counter = text(row, "counter_currency")
    return Instrument(
        symbol=f"{text(row, 'market_id')}.{broker}",
        base=text(row, "base_currency"),
        counter=counter,
        price_step=price_step,
        quantity_step=Decimal(1).scaleb(-volume_scale),
        min_quantity=amount(row, "min_volume"),
        max_quantity=amount(row, "max_volume"),
        min_price=amount(row, "min_price"),
        max_price=amount(row, "max_price"),
        maker_fee=ZERO if fees is None else _rate(fees, "maker_fee"),
        taker_fee=ZERO if fees is None else _rate(fees, "taker_fee"),
        # Every capture shows the fee in base, on buys and on sells.
        fee_currency=FeeCurrency.BASE,
        # Luno publishes no scale for counter amounts. Too fine is refused, too coarse never: cents for state money, and for other counters
        # a price step, which is an amount of counter too, or a cent where prices are coarser than that.
        value_step=_CENT if counter in _FIAT else min(price_step, _CENT),
        status=_STATUS.get(text(row, "trading_status"), MarketStatus.UNKNOWN),
    )


def tick(row: Row, broker: str) -> Tick:
    """Return a ticker as a tick; a side that is empty (Luno writes 0.00) or crossed is refused. `time_ns` is the book's last change."""
    bid, ask, last = amount(row, "bid"), amount(row, "ask"), amount(row, "last_trade")
    if not bid or not ask:
        raise ValueError("empty side")
    if bid > ask:
        raise ValueError("crossed book")
    return Tick(f"{text(row, 'pair')}.{broker}", _time_ns(row, "timestamp"), float(bid), float(ask), float(last) if last else math.nan)


def book(body: Row, symbol: str) -> Book:
    """Return an orderbook_top reply as a book, best levels first."""
    sides = [tuple((float(_positive(row, "price")), float(_positive(row, "volume"))) for row in body[side]) for side in ("bids", "asks")]
    bids = tuple(sorted(sides[0], reverse=True))
    return Book(symbol, _time_ns(body, "timestamp"), bids, tuple(sorted(sides[1])))


def trade(row: Row, symbol: str) -> Trade:
    """Return a row of the public trades."""
    return Trade(
        symbol, _time_ns(row, "timestamp"), float(_positive(row, "price")), float(_positive(row, "volume")), _flag(row, "is_buy"),
        whole(row, "sequence"),
    )


def order_update(row: Row, market: Market, broker: str, evidence: Evidence) -> OrderUpdate:
    """Return an order of the v2 and v3 calls as an update with its totals; an empty `client_order_id` is a stranger's order.

    Luno has no state for canceled: COMPLETE with less than the limit volume is one. A market buy names no base quantity; it is FILLED when
    it bought anything.
    """
    side = _SIDES.get(text(row, "side"))
    if side is None:
        raise ValueError(f"side is {row['side']!r:.60}, not BUY or SELL")
    kind, status = text(row, "type"), text(row, "status")
    filled = amount(row, "base")
    if kind == "MARKET" and (side is Side.BUY or row.get("limit_volume") in (None, "")):
        quantity = None
    else:
        quantity = amount(row, "limit_volume") or None
    client_order_id = row.get("client_order_id") or ""
    if not isinstance(client_order_id, str):
        raise ValueError(f"client_order_id is {client_order_id!r:.60}, not a text")
    return OrderUpdate(
        client_order_id=client_order_id,
        answer=_answer(status, kind, filled, quantity),
        evidence=evidence,
        venue_order_id=text(row, "order_id"),
        totals=Totals(filled, amount(row, "counter"), _fees(row, market)),
        symbol=f"{text(row, 'pair')}.{broker}",
        side=side,
        quantity=quantity,
    )


def venue_trade(row: Row, market: Market, broker: str) -> VenueTrade:
    """Return a row of listtrades; its `type` is the side of our order, `is_buy` would be the taker's."""
    side = _SIDES.get(text(row, "type"))
    if side is None:
        raise ValueError(f"type is {row['type']!r:.60}, not BID or ASK")
    return VenueTrade(
        symbol=f"{text(row, 'pair')}.{broker}",
        sequence=whole(row, "sequence"),
        venue_order_id=text(row, "order_id"),
        client_order_id=str(row.get("client_order_id") or ""),
        side=side,
        time_ns=_time_ns(row, "timestamp"),
        quantity=amount(row, "base"),
        value=amount(row, "counter"),
        fees=_fees(row, market),
    )


def balances(rows: Iterable[Row], includes_reserved: bool) -> dict[str, Balance]:
    """Return what is held per currency, summed over its accounts; `includes_reserved` is the contested reading of `balance`."""
    held: dict[str, Balance] = {}
    for row in rows:
        currency = text(row, "asset")
        balance, reserved = amount(row, "balance"), amount(row, "reserved")
        before = held.get(currency, Balance(ZERO, ZERO))
        total = balance if includes_reserved else balance + reserved
        held[currency] = Balance(before.total + total, before.reserved + reserved)
    return held


def _field(row: Row, field: str) -> Any:
    if not isinstance(row, dict):
        raise ValueError(f"row is {row!r:.60}, not an object")
    return row.get(field)


def _answer(status: str, kind: str, filled: Decimal, quantity: Decimal | None) -> Answer:
    if status == "AWAITING":
        # Just posted, or a stop order that was not yet triggered.
        return Answer.WAITING if kind == "STOP_LIMIT" else Answer.OPEN
    if status == "PENDING":
        return Answer.OPEN
    if status != "COMPLETE":
        raise ValueError(f"status is {status!r:.60}, not AWAITING, PENDING or COMPLETE")
    if quantity is None:
        return Answer.FILLED if filled else Answer.CANCELED
    return Answer.FILLED if filled >= quantity else Answer.CANCELED


def _fees(row: Row, market: Market) -> dict[str, Decimal]:
    # Either field, or both at once; a maker's rebate is negative.
    fees = {market.base: signed(row, "fee_base"), market.counter: signed(row, "fee_counter")}
    return {currency: fee for currency, fee in fees.items() if fee}


def _rate(fees: Row, name: str) -> Decimal:
    # The side-specific fields are newer than the plain one; the dearer side is the one to reckon with.
    sides = [signed(fees, field) for field in (f"{name}_buy", f"{name}_sell") if fees.get(field) not in (None, "")]
    return max(sides) if sides else signed(fees, name)


def _positive(row: Row, field: str) -> Decimal:
    number = amount(row, field)
    if not number:
        raise ValueError(f"{field} is zero")
    return number


def _flag(row: Row, field: str) -> bool:
    value = _field(row, field)
    if not isinstance(value, bool):
        raise ValueError(f"{field} is {value!r:.60}, neither true nor false")
    return value


def _time_ns(row: Row, field: str) -> int:
    milliseconds = whole(row, field)
    if not milliseconds:
        raise ValueError(f"{field} is zero")
    return milliseconds * _MILLISECOND
