"""Why an order is what it is: its life told from the journal's records, in a trader's words, one line for everything that was heard of it.

Pure: records in, text out. The orders are kept by the same order manager that keeps them while the house runs.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from trading_system.core.events import CancelEvent, OrderEvent, OrderUpdateEvent
from trading_system.core.order import CancelState, Fill, Order, OrderState
from trading_system.core.order_update import ZERO, Answer, Evidence, OrderUpdate
from trading_system.core.order_words import order_words, plain
from trading_system.core.records import OrderAdopted, OrderSent, Record
from trading_system.oms.order_manager import OrderManager

#: The code of an order that failed before a connection stood.
NOT_SENT = "not_sent"

_HEARD = {
    Answer.SENT: "it was written down and let go",
    Answer.WAITING: "it waits at the venue, outside the book", Answer.OPEN: "it stands in the book",
    Answer.FILLED: "the venue says that it is filled", Answer.CANCELED: "it is canceled", Answer.EXPIRED: "it has expired",
    Answer.OUTCOME_UNKNOWN: "whether it arrived is not known: the venue is asked, nothing is sent again",
    Answer.NOT_FOUND: "the venue does not know it", Answer.NOT_PLACED: "it is proved that it never arrived: its funds are free again",
    Answer.LOST: "it could not be resolved in time; its funds stay reserved and asking goes on",
    Answer.CANCEL_ACCEPTED: "the venue took the cancel", Answer.CANCEL_REFUSED: "the venue had nothing to cancel: the order is looked up",
    Answer.CANCEL_UNKNOWN: "whether the cancel arrived is not known: the order is looked up",
}
_NOW = {
    OrderState.PENDING_NEW: "it was decided and has not left the house",
    OrderState.SENT: "it is on its way to the venue",
    OrderState.UNKNOWN: "it may stand at the venue or not: its funds stay reserved, and the venue is asked until it is certain",
    OrderState.LOST: "it could not be resolved: its funds stay reserved; look for it on the venue's own page",
    OrderState.WAITING: "it waits at the venue for its stop",
    OrderState.OPEN: "it stands in the book",
    OrderState.FILLED: "it is filled",
    OrderState.CANCELED: "it is canceled",
    OrderState.EXPIRED: "it has expired",
    OrderState.REJECTED: "the venue refused it",
    OrderState.DENIED: "it never left the house",
    OrderState.NOT_PLACED: "it never arrived at the venue",
}
_WISHES = {CancelState.WANTED: "its cancel is under way", CancelState.SENT: "its cancel is under way",
           CancelState.UNKNOWN: "whether its cancel arrived is being asked"}


class Line(msgspec.Struct, frozen=True):
    """One thing that happened: when the engine took it (UTC nanoseconds), and what it was."""

    time_ns: int
    text: str


class OrderStory(msgspec.Struct):
    """An order's life: what it is now and how it came to that. `fills` are the differences its answers added."""

    order: Order
    lines: list[Line]
    fills: list[Fill]

    @property
    def heading(self) -> str:
        """Return the order's name and what was asked for."""
        return f"{self.order.client_order_id}: {order_words(self.order.request)}"

    @property
    def outcome(self) -> str:
        """Return what the order is now, with what was filled."""
        order = self.order
        now = "it could not be sent" if order.code == NOT_SENT else _NOW[order.state]
        parts = [now + (f": {order.reason}" if order.reason and order.state >= OrderState.REJECTED else "")]
        if order.exact.filled_quantity:
            of = f" of {plain(order.request.quantity)}" if order.request.quantity is not None else ""
            filled = f"filled {plain(order.exact.filled_quantity)}{of}"
            parts.append(f"{filled} at {order.average_price:.10g} on average{_fees(order.exact.fees)}")
        if order.cancel is not CancelState.NONE:
            is_named = order.venue_order_id or order.state < OrderState.SENT
            parts.append(_WISHES[order.cancel] if is_named else "its cancel leaves as soon as the venue's name of it is known")
        if order.is_quarantined:
            parts.append("it is set apart until people have compared it with the venue's own page")
        return "; ".join(parts)


def tell(records: Iterable[Record], client_order_id: str) -> OrderStory | None:
    """Return the story of an order by the name we gave it; None when the records do not know it."""
    story: OrderStory | None = None
    orders = OrderManager("")
    for record in records:
        body = record.body
        if isinstance(body, OrderEvent) and body.request.client_order_id == client_order_id:
            order = orders.add(body.request, body.reference_price, body.verdict)
            story = OrderStory(order, [Line(record.taken_ns, text) for text in _decision(body)], [])
        elif isinstance(body, OrderAdopted) and body.request.client_order_id == client_order_id:
            order = orders.add(body.request, body.request.limit or ZERO)
            order.state = OrderState.UNKNOWN
            text = "the venue had it, and the journal, whose end must have been lost, did not: it belongs to its strategy again"
            story = OrderStory(order, [Line(record.taken_ns, text)], [])
        elif story is None:
            continue
        elif isinstance(body, OrderSent) and body.client_order_id == client_order_id:
            sent = OrderUpdate(client_order_id, Answer.SENT, Evidence("journal", record.taken_ns, record.taken_ns))
            _hear(story, orders, sent, record.taken_ns)
        elif isinstance(body, CancelEvent) and body.client_order_id == client_order_id:
            orders.want_cancel(story.order)
            wish = f"it shall be canceled ({body.by})" if body.by else f"{body.strategy} wants it canceled"
            story.lines.append(Line(record.taken_ns, wish))
        elif isinstance(body, OrderUpdateEvent) and body.update.client_order_id == client_order_id:
            _hear(story, orders, body.update, record.taken_ns)
    return story


def find_orders(records: Iterable[Record], word: str) -> list[str]:
    """Return the orders that `word` can mean: our name of one, the venue's, or a number ("#7"), which means those of the newest run."""
    requests: list[tuple[str, str]] = []
    by_venue: dict[str, str] = {}
    for record in records:
        body = record.body
        if isinstance(body, (OrderEvent, OrderAdopted)):
            name = body.request.client_order_id
            requests.append((name, name.split("-")[-2] if name.count("-") == 3 else ""))
        elif isinstance(body, OrderUpdateEvent) and body.update.venue_order_id:
            by_venue[body.update.venue_order_id] = body.update.client_order_id
    names = [name for name, _ in requests]
    if word in names:
        return [word]
    if word in by_venue:
        return [by_venue[word]]
    number = word.removeprefix("#")
    alike = [(name, run) for name, run in requests if name.endswith(f"-{number}")] if number.isdecimal() else []
    return [name for name, run in alike if run == alike[-1][1]]


def _decision(event: OrderEvent) -> Sequence[str]:
    request, verdict, price = event.request, event.verdict, event.reference_price
    age = (request.created_ns - event.reference_ns) / 1e9
    seen = f"the price was {plain(price)}, received {age:.3f} s before" if price else "no price was known"
    tag = f" because of {request.tag!r}" if request.tag else ""
    lines = [f"{seen}; {request.strategy} wanted to {order_words(msgspec.structs.replace(request, tag=''))}{tag}"]
    numbers = verdict.numbers
    judged = ""
    if numbers is not None:
        judged = (f" (it may take {plain(numbers.needed)} {numbers.currency}; {plain(numbers.free)} were free, "
                  f"{numbers.open_orders} order{'' if numbers.open_orders == 1 else 's'} open)")
    if not verdict.is_accepted:
        judged = f" ({verdict.code}): {verdict.sentence}"
    lines.append(f"risk said {'yes' if verdict.is_accepted else 'no'}{judged}")
    return lines


def _hear(story: OrderStory, orders: OrderManager, update: OrderUpdate, taken_ns: int) -> None:
    order = story.order
    had_name = order.venue_order_id
    change = orders.apply(order, update, taken_ns)
    parts = [_heard(update)]
    if order.venue_order_id and not had_name:
        parts.append(f"the venue calls it {order.venue_order_id}")
    fill = change.fill
    if fill is not None:
        story.fills.append(fill)
        parts.append(_fill(fill))
    if change.alarm:
        parts.append(change.alarm)
    story.lines.append(Line(taken_ns, "; ".join(parts) + _evidence(update)))


def _heard(update: OrderUpdate) -> str:
    if update.answer is Answer.ACCEPTED:
        return "the venue took it"
    if update.answer is Answer.DENIED:
        return f"it was held back: {update.reason}"
    if update.answer is Answer.REJECTED:
        return f"the venue refused it: {update.reason}" if update.code != NOT_SENT else f"it could not be sent: {update.reason}"
    return _HEARD[update.answer] + (f" ({update.reason})" if update.reason else "")


def _fill(fill: Fill) -> str:
    if not fill.exact.quantity:
        return f"its fees were corrected by{_fees(fill.exact.fees, '')}"
    verb = "bought" if fill.side > 0 else "sold"
    return f"{verb} {plain(fill.exact.quantity)} at {fill.price:.10g}{_fees(fill.exact.fees)}"


def _fees(fees: dict[str, Decimal], lead: str = ", fee") -> str:
    told = " and ".join(f"{plain(amount)} {currency}" for currency, amount in fees.items() if amount)
    return f"{lead} {told}" if told else ""


def _evidence(update: OrderUpdate) -> str:
    # Where an answer comes from a call to the venue: which one, and how long it took.
    evidence = update.evidence
    if not evidence.status:
        return ""
    took = (evidence.answered_ns - evidence.asked_ns) / 1e6
    code = f" {evidence.code}" if evidence.code else ""
    return f" [{evidence.endpoint}: {evidence.status}{code}, {took:.0f} ms]"
