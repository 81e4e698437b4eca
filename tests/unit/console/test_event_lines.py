"""The lines of the screen: an order's line follows its state."""

from decimal import Decimal

from trading_system.console.event_lines import EventLines
from trading_system.core.events import (
    ACCEPTED,
    CancelEvent,
    CommandEvent,
    ConnectionEvent,
    FillEvent,
    OrderEvent,
    OrderUpdateEvent,
    Verdict,
    WarningEvent,
)
from trading_system.core.order import Fill, FillAmounts, OrderKind, OrderRequest
from trading_system.core.order_update import Answer, Evidence, OrderUpdate
from trading_system.core.side import Side

NAME = "abcdef-naive-run1-7"


def order(name=NAME, verdict=ACCEPTED) -> OrderEvent:
    return OrderEvent(OrderRequest(name, "naive", "XBTZAR.luno", Side.BUY, OrderKind.LIMIT, 1, Decimal("0.5"), None, Decimal(100)), verdict)


def answer(what: Answer, reason="", name=NAME) -> OrderUpdateEvent:
    return OrderUpdateEvent(OrderUpdate(name, what, Evidence("test", 1, 1), reason=reason))


def fill(quantity="0.2", name=NAME) -> FillEvent:
    return FillEvent(Fill(name, "naive", "XBTZAR.luno", Side.BUY, 1, FillAmounts(Decimal(quantity), Decimal(quantity) * 100, {})))


def told(*events) -> list[tuple[str, str]]:
    lines = EventLines()
    for event in events:
        lines.add(1, event)
    return [(line.text, line.state) for line in lines.newest(10)]


def test_the_line_of_an_order_follows_its_state() -> None:
    text = "#7 buy 0.5 XBTZAR.luno at 100"
    assert told(order()) == [(text, "to be sent")]
    assert told(order(), answer(Answer.SENT)) == [(text, "sent")]
    assert told(order(), answer(Answer.SENT), answer(Answer.ACCEPTED)) == [(text, "open")]
    assert told(order(), answer(Answer.SENT), answer(Answer.ACCEPTED), CancelEvent(NAME, "naive")) == [(text, "canceling")]
    assert told(order(), answer(Answer.SENT), answer(Answer.ACCEPTED), answer(Answer.CANCELED)) == [(text, "canceled")]


def test_a_fill_has_a_line_of_its_own_and_shows_at_the_order() -> None:
    found = told(order(), answer(Answer.ACCEPTED), fill())
    assert found == [("#7 buy 0.5 XBTZAR.luno at 100", "partly filled"), ("bought 0.2 XBTZAR.luno at 100", "")]
    assert told(order(), fill("0.5"), answer(Answer.FILLED))[0][1] == "filled"


def test_a_correction_of_fees_is_no_line() -> None:
    assert told(fill("0")) == []


def test_a_refusal_and_a_doubt_say_why() -> None:
    assert told(order(), answer(Answer.REJECTED, "too small"))[-1] == ("order #7 was refused: too small", "")
    assert told(order(), answer(Answer.OUTCOME_UNKNOWN))[0][1] == "asking venue"
    assert told(order(verdict=Verdict(False, "cash", "not enough ZAR"))) == [("#7 buy 0.5 XBTZAR.luno at 100: not enough ZAR", "denied")]


def test_an_answer_about_an_order_of_an_earlier_run_has_a_line() -> None:
    assert told(answer(Answer.CANCELED)) == [("order #7 is canceled", "")]
    assert told(CancelEvent(NAME, "naive")) == [("cancel order #7", "")]


def test_commands_connections_warnings_and_our_own_words_are_lines() -> None:
    found = told(CommandEvent("stop", "operator"), ConnectionEvent("luno", "market_data", False, "refused"), WarningEvent("look"), ("house", "hello"))
    assert [text for text, _ in found] == ["stop by operator", "luno market data is down: refused", "WARNING look", "hello"]


def test_memory_is_bounded_and_an_answer_to_a_forgotten_order_does_no_harm() -> None:
    lines = EventLines(keep=3)
    for number in range(100):
        lines.add(number, order(f"abcdef-naive-run1-{number}"))
    lines.add(101, answer(Answer.ACCEPTED, name="abcdef-naive-run1-0"))
    assert [line.time_ns for line in lines.newest(100)] == [98, 99]
    assert len(lines._orders) <= 3
