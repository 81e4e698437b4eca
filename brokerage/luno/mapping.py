"""Luno's JSON rows in the house's words: pure functions, used by `broker.py` and `feed.py`. Whatever makes no sense is refused with a
ValueError that says which field or what is wrong.
"""

import math
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from brokerage.luno.fields import Row, amount, flag, positive, signed, text, time_ns, whole
from trading_system.core.events import Balance
from trading_system.core.instrument import FeeCurrency, Instrument, MarketStatus
from trading_system.core.market_data import Bar, Book, Tick, Trade
from trading_system.core.order_update import ZERO, Answer, Evidence, OrderUpdate, Totals, VenueTrade
from trading_system.core.side import Side

#: Currencies with two decimals in practice, whatever the price scale of their markets.
_FIAT = frozenset(("AUD", "EUR", "GBP", "IDR", "KES", "MYR", "NGN", "SGD", "UGX", "USD", "ZAR"))
_CENT = Decimal("0.01")

# The ticker and the stream write POSTONLY and DISABLED, the markets call POST_ONLY and SUSPENDED.
_STATUS = {
    "ACTIVE": MarketStatus.ACTIVE, "POST_ONLY": MarketStatus.POST_ONLY, "POSTONLY": MarketStatus.POST_ONLY,
    "SUSPENDED": MarketStatus.HALTED, "DISABLED": MarketStatus.HALTED, "UNKNOWN": MarketStatus.UNKNOWN,
}
_SIDES = {"BUY": Side.BUY, "BID": Side.BUY, "SELL": Side.SELL, "ASK": Side.SELL}


class Market(msgspec.Struct, frozen=True):
    """A pair's two currencies: Luno's names are four letters at times, so a pair cannot be split."""

    base: str
    counter: str


def market(row: Row) -> tuple[str, Market]:
    """Return the pair of a row of the markets call with its two currencies."""
    return text(row, "market_id"), Market(text(row, "base_currency"), text(row, "counter_currency"))


def market_status(word: object) -> MarketStatus:
    """Return a market's state from any of its spellings: the ticker's, the markets call's, the stream's. A new word is UNKNOWN."""
    return _STATUS.get(word, MarketStatus.UNKNOWN) if isinstance(word, str) else MarketStatus.UNKNOWN


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
        status=market_status(text(row, "trading_status")),
    )


def tick(row: Row, broker: str) -> Tick:
    """Return a ticker as a tick; a side that is empty (Luno writes 0.00) or crossed is refused, and so is a market in a state that nobody
    knows. `time_ns` is the book's last change."""
    if text(row, "status") not in _STATUS:
        raise ValueError(f"status is {row['status']!r:.60}, no state of a market that is known")
    bid, ask, last = amount(row, "bid"), amount(row, "ask"), amount(row, "last_trade")
    if not bid or not ask:
        raise ValueError("empty side")
    if bid > ask:
        raise ValueError("crossed book")
    return Tick(f"{text(row, 'pair')}.{broker}", time_ns(row, "timestamp"), float(bid), float(ask), float(last) if last else math.nan)


def book(body: Row, symbol: str) -> Book:
    """Return an orderbook_top reply as a book, best levels first."""
    sides = [tuple((float(positive(row, "price")), float(positive(row, "volume"))) for row in body[side]) for side in ("bids", "asks")]
    bids, asks = tuple(sorted(sides[0], reverse=True)), tuple(sorted(sides[1]))
    if bids and asks and bids[0][0] >= asks[0][0]:
        raise ValueError("crossed book")
    return Book(symbol, time_ns(body, "timestamp"), bids, asks)


def trade(row: Row, symbol: str) -> Trade:
    """Return a row of the public trades."""
    return Trade(
        symbol, time_ns(row, "timestamp"), float(positive(row, "price")), float(positive(row, "volume")), flag(row, "is_buy"),
        whole(row, "sequence"),
    )


def candle(row: Row, symbol: str, length_ns: int) -> Bar:
    """Return a candle of `length_ns` as a bar; one without a trade is flat and has no volume. Luno does not tell how many trades it had."""
    first, high, low, last = (float(positive(row, name)) for name in ("open", "high", "low", "close"))
    if not low <= min(first, last) <= max(first, last) <= high:
        raise ValueError("high and low do not span the candle")
    start_ns = time_ns(row, "timestamp")
    if start_ns % length_ns:
        raise ValueError("candle between two steps of the clock")
    return Bar(symbol, start_ns, start_ns + length_ns, first, high, low, last, float(amount(row, "volume")))


def order_update(row: Row, market: Market, broker: str, evidence: Evidence) -> OrderUpdate:
    """Return an order of the v2 and v3 calls as an update with its totals; an empty `client_order_id` is a stranger's order.

    Luno has no state for canceled: COMPLETE with less than the limit volume is one. A market order never rests, so it is FILLED when it
    traded at all; a market buy names no base quantity.
    """
    side = _SIDES.get(text(row, "side"))
    if side is None:
        raise ValueError(f"side is {row['side']!r:.60}, not BUY or SELL")
    kind, status = text(row, "type"), text(row, "status")
    if kind == "MARKET":
        has_quantity = side is Side.SELL and row.get("limit_volume") not in (None, "")
        quantity = (amount(row, "limit_volume") or None) if has_quantity else None
    elif kind in ("LIMIT", "STOP_LIMIT"):
        quantity = positive(row, "limit_volume")
    else:
        raise ValueError(f"type is {kind!r:.60}, not LIMIT, MARKET or STOP_LIMIT")
    filled, value = amount(row, "base"), amount(row, "counter")
    if value and not filled:
        raise ValueError(f"counter is {value}, with nothing traded in base")
    client_order_id = row.get("client_order_id") or ""
    if not isinstance(client_order_id, str):
        raise ValueError(f"client_order_id is {client_order_id!r:.60}, not a text")
    return OrderUpdate(
        client_order_id=client_order_id,
        answer=_answer(status, kind, filled, quantity),
        evidence=evidence,
        venue_order_id=text(row, "order_id"),
        totals=Totals(filled, value, _fees(row, market)),
        symbol=f"{text(row, 'pair')}.{broker}",
        side=side,
        quantity=quantity,
        limit=_limit(row, kind),
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
        time_ns=time_ns(row, "timestamp"),
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


def _answer(status: str, kind: str, filled: Decimal, quantity: Decimal | None) -> Answer:
    if status == "AWAITING":
        # Just posted, or a stop order that was not yet triggered.
        return Answer.WAITING if kind == "STOP_LIMIT" else Answer.OPEN
    if status == "PENDING":
        return Answer.OPEN
    if status != "COMPLETE":
        raise ValueError(f"status is {status!r:.60}, not AWAITING, PENDING or COMPLETE")
    is_filled = bool(filled) if kind == "MARKET" or quantity is None else filled >= quantity
    return Answer.FILLED if is_filled else Answer.CANCELED


def _limit(row: Row, kind: str) -> Decimal | None:
    # Only an order that nobody remembers is rebuilt from it: a row that does not say it is as good as ever.
    return amount(row, "limit_price") or None if kind != "MARKET" and row.get("limit_price") not in (None, "") else None


def _fees(row: Row, market: Market) -> dict[str, Decimal]:
    # Either field, or both at once; a maker's rebate is negative.
    fees = {market.base: signed(row, "fee_base"), market.counter: signed(row, "fee_counter")}
    return {currency: fee for currency, fee in fees.items() if fee}


def _rate(fees: Row, name: str) -> Decimal:
    # The side-specific fields are newer than the plain one; the dearer side is the one to reckon with.
    sides = [signed(fees, field) for field in (f"{name}_buy", f"{name}_sell") if fees.get(field) not in (None, "")]
    return max(sides) if sides else signed(fees, name)
