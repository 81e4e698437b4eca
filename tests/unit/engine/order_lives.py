"""Orders' lives as a journal holds them, for the tests of the words they are told in. One second passes between two records."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from trading_system.core.events import CancelEvent, OrderEvent, OrderUpdateEvent, Verdict, VerdictNumbers
from trading_system.core.order import OrderKind, OrderRequest, TimeInForce
from trading_system.core.order_update import Answer, Evidence, OrderUpdate, Totals
from trading_system.core.records import OrderAdopted, OrderSent, Record, RecordBody
from trading_system.core.side import Side

NAME = "abcdef-naive-t3k2p1-7"
SECOND = 1_000_000_000
_START_NS = 1_790_000_000_000_000_000


def request(side: Side = Side.BUY, quantity: str | None = "0.01", **more: Any) -> OrderRequest:
    """Return a limit order at 1000000 unless `more` says otherwise."""
    fields: dict[str, Any] = dict(limit=Decimal(1_000_000), tag="")
    fields.update(more)
    kind = OrderKind.MARKET if fields["limit"] is None else OrderKind.LIMIT
    return OrderRequest(fields.pop("name", NAME), "naive", "XBTZAR.luno", side, fields.pop("kind", kind), _START_NS,
                        Decimal(quantity) if quantity else None, **fields)


def ordered(wanted: OrderRequest | None = None, price: str = "1000100", age_seconds: float = 0.25) -> OrderEvent:
    """Return the order with risk's yes."""
    verdict = Verdict(True, numbers=VerdictNumbers("ZAR", Decimal("10010.00000000"), Decimal("50000.00"), 1))
    return OrderEvent(wanted or request(), verdict, Decimal(price), _START_NS - int(age_seconds * 1e9))


def denied(code: str, sentence: str, wanted: OrderRequest | None = None, price: str = "1000100") -> OrderEvent:
    """Return the order with risk's no."""
    numbers = VerdictNumbers("ZAR", Decimal("10010"), Decimal("50.5"), 0)
    return OrderEvent(wanted or request(), Verdict(False, code, sentence, numbers), Decimal(price), _START_NS - SECOND // 4)


def sent() -> OrderSent:
    """Return what is written with the batch that releases the order."""
    return OrderSent(NAME)


def canceled(by: str = "") -> CancelEvent:
    """Return the wish to cancel."""
    return CancelEvent(NAME, "naive", by)


def heard(answer: Answer, filled: str = "", value: str = "", *, venue: str = "", reason: str = "", code: str = "", endpoint: str = "",
          status: int = 0, **fees: str) -> OrderUpdateEvent:
    """Return an answer; with `endpoint` and `status` it came from a call that took 120 ms."""
    totals = Totals(Decimal(filled), Decimal(value), {name: Decimal(fee) for name, fee in fees.items()}) if filled else None
    evidence = Evidence(endpoint or "test", _START_NS, _START_NS + 120_000_000, status)
    return OrderUpdateEvent(OrderUpdate(NAME, answer, evidence, venue, totals, reason, code))


def records(*bodies: RecordBody) -> list[Record]:
    """Return records a second apart."""
    return [Record(_START_NS + number * SECOND, body) for number, body in enumerate(bodies)]


A = Answer
_TAKEN = heard(A.ACCEPTED, venue="BXM1", endpoint="POST /api/1/postorder", status=200)
_MARKET = request(limit=None)
_STOP = request(Side.SELL, stop=Decimal(900_000), limit=Decimal(890_000), kind=OrderKind.STOP_LIMIT)

#: What happened -> the records of it.
LIVES: dict[str, Callable[[], list[Record]]] = {
    "decided only": lambda: records(ordered()),
    "on its way": lambda: records(ordered(), sent()),
    "taken": lambda: records(ordered(request(tag="fast above slow")), sent(), _TAKEN),
    "filled at once": lambda: records(ordered(), sent(), heard(A.FILLED, "0.01", "10000", venue="BXM1", XBT="0.00001")),
    "filled in two parts": lambda: records(ordered(), sent(), _TAKEN, heard(A.OPEN, "0.004", "4000", ZAR="4"),
                                           heard(A.FILLED, "0.01", "9999", ZAR="10")),
    "sold": lambda: records(ordered(request(Side.SELL)), sent(), heard(A.FILLED, "0.01", "10000", venue="BXM1")),
    "market": lambda: records(ordered(_MARKET), sent(), heard(A.FILLED, "0.01", "10005", venue="BXM1")),
    "by value": lambda: records(ordered(request(quantity=None, value=Decimal(500), limit=None)), sent(),
                                heard(A.FILLED, "0.0005", "500", venue="BXM1")),
    "immediate or cancel": lambda: records(ordered(request(time_in_force=TimeInForce.IOC)), sent(), _TAKEN,
                                           heard(A.CANCELED, "0.003", "3000")),
    "post-only": lambda: records(ordered(request(post_only=True)), sent(),
                                 heard(A.REJECTED, reason="it would take from the book", code="post_only_would_take")),
    "stop": lambda: records(ordered(_STOP), sent(), heard(A.WAITING, venue="BXM1")),
    "denied for funds": lambda: records(denied("funds", "it needs 10010 ZAR, 50.5 are free")),
    "denied for size": lambda: records(denied("too_small", "0.0001 XBT is less than the smallest order, 0.0005")),
    "denied for its price's age": lambda: records(denied("stale_price", "the last price of XBTZAR.luno is 12.0 s old, 10 s are allowed")),
    "denied without a price": lambda: records(denied("no_price", "no price of XBTZAR.luno was received yet", price="0")),
    "denied while stopping": lambda: records(denied("closed", "the house is stopping")),
    "denied for a flood": lambda: records(denied("flood", "it ordered more than 20 times in answer to one event")),
    "held back by the rate": lambda: records(ordered(), sent(), heard(
        A.DENIED, reason="it could not leave within 2 s of its decision: the venue's rate is used up", code="stale")),
    "held back by the journal": lambda: records(ordered(), heard(A.DENIED, reason="the journal cannot write: No space left on device",
                                                                 code="journal")),
    "refused": lambda: records(ordered(), sent(), heard(A.REJECTED, reason="not enough ZAR", code="funds",
                                                        endpoint="POST /api/1/postorder", status=400)),
    "never sent": lambda: records(ordered(), sent(), heard(A.REJECTED, reason="no connection stood", code="not_sent")),
    "canceled": lambda: records(ordered(), sent(), _TAKEN, canceled(), heard(A.CANCEL_ACCEPTED), heard(A.CANCELED)),
    "canceled by the stop": lambda: records(ordered(), sent(), _TAKEN, canceled("stop")),
    "withdrawn": lambda: records(ordered(), canceled(), heard(A.DENIED, reason="canceled before sending", code="withdrawn")),
    "a cancel that came too late": lambda: records(ordered(), sent(), _TAKEN, canceled(), heard(A.CANCEL_REFUSED),
                                                   heard(A.FILLED, "0.01", "10000")),
    "a cancel in doubt": lambda: records(ordered(), sent(), _TAKEN, canceled(), heard(A.CANCEL_UNKNOWN, reason="timed out")),
    "wanted canceled before it has a name": lambda: records(ordered(), sent(), canceled()),
    "unknown": lambda: records(ordered(), sent(), heard(A.OUTCOME_UNKNOWN, reason="timed out after 10 s",
                                                        endpoint="POST /api/1/postorder")),
    "unknown and found": lambda: records(ordered(), sent(), heard(A.OUTCOME_UNKNOWN), heard(A.OPEN, venue="BXM1")),
    "proved absent": lambda: records(ordered(), sent(), heard(A.OUTCOME_UNKNOWN), heard(
        A.NOT_PLACED, reason="the venue was asked often enough and never heard of it")),
    "lost": lambda: records(ordered(), sent(), heard(A.OUTCOME_UNKNOWN), heard(A.LOST, reason="not resolved in time")),
    "turned up": lambda: records(ordered(), sent(), heard(A.OUTCOME_UNKNOWN), heard(A.NOT_PLACED), heard(A.OPEN, venue="BXM1")),
    "filled after it was canceled": lambda: records(ordered(), sent(), _TAKEN, heard(A.CANCELED), heard(A.FILLED, "0.01", "10000")),
    "more than was asked for": lambda: records(ordered(), sent(), _TAKEN, heard(A.OPEN, "0.02", "20000")),
    "a fee that came later": lambda: records(ordered(), sent(), heard(A.FILLED, "0.01", "10000", venue="BXM1"),
                                             heard(A.FILLED, "0.01", "10000", XBT="0.00001")),
    "adopted": lambda: records(OrderAdopted(request()), heard(A.OPEN, "0.004", "4000", venue="BXM1"), canceled("reconciliation"),
                               heard(A.CANCELED, "0.004", "4000")),
    "expired": lambda: records(ordered(), sent(), _TAKEN, heard(A.EXPIRED)),
}
