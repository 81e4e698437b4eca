"""After a refusal of our access: what stays closed until people say so, what opens by itself, and when."""

from tests.hand_cranked_runtime import SECOND
from tests.unit.engine.small_house import SmallHouse
from trading_system.core.actions import LookUpOrders
from trading_system.core.events import CheckOrderStatusEvent, CommandEvent, ConnectionEvent, LookUpFailedEvent, OpenOrdersEvent
from trading_system.core.order import OrderState

_PAGE = ConnectionEvent("luno", "orders", False, "403: Access denied", True)
_WORDS = ConnectionEvent("luno", "orders", False, "ErrInsufficientPerms")
_LIST = LookUpOrders("luno")


def is_open(house: SmallHouse) -> bool:
    """Tell whether risk lets an order leave now, without leaving one."""
    return "luno" not in house.service.broken


def answers(house: SmallHouse) -> None:
    """The venue lists our open orders, asked for just now."""
    house.listing()


def after(house: SmallHouse, seconds: float) -> list[object]:
    """Let time pass; return what the beat that follows asks."""
    house.pass_seconds(seconds)
    return list(house.tell(CheckOrderStatusEvent("luno")))


def told(house: SmallHouse) -> list[bool]:
    """Return how the connection was remembered, oldest first: down is False."""
    return [event.is_up for event in house.bodies(ConnectionEvent)]


def test_a_ban_that_passed_opens_with_a_list_that_was_asked_for_half_a_minute_later_and_is_told_once() -> None:
    house = SmallHouse()
    house.tell(_PAGE)
    assert house.buy().reason.startswith("luno refuses us: 403: Access denied; orders leave again by themselves")
    assert after(house, 29) == []
    answers(house)
    assert not is_open(house), "a list that came too early opened it"
    assert after(house, 1) == [_LIST], "a venue that nobody asks can never be seen to answer again"
    answers(house)
    answers(house)
    assert told(house) == [False, True]
    assert house.buy().state is OrderState.PENDING_NEW


def test_an_answer_to_a_question_from_before_the_half_minute_does_not_open_it() -> None:
    house = SmallHouse()
    house.tell(_PAGE)
    asked_ns = house.runtime.now_ns() + 29 * SECOND
    after(house, 40)
    house.tell(OpenOrdersEvent("luno", (), asked_ns, house.runtime.now_ns()))
    assert not is_open(house)


def test_a_list_of_another_broker_opens_nothing() -> None:
    house = SmallHouse()
    house.tell(_PAGE)
    house.pass_seconds(60)
    house.tell(OpenOrdersEvent("kraken", (), house.runtime.now_ns(), house.runtime.now_ns()))
    assert not is_open(house)


def test_while_questions_are_refused_too_it_stays_closed_and_is_asked_every_ten_seconds() -> None:
    house = SmallHouse()
    house.tell(_PAGE)
    after(house, 29)
    asked = []
    for _ in range(30):
        asked.append(after(house, 1) == [_LIST])
        house.tell(LookUpFailedEvent("luno", "", "the key is not valid"))
    assert asked == [number % 10 == 0 for number in range(30)]
    assert not is_open(house)


def test_what_the_venue_refuses_in_its_own_words_opens_only_when_people_resume() -> None:
    house = SmallHouse()
    house.tell(_WORDS)
    assert house.buy().reason == "luno refuses us: ErrInsufficientPerms; mend that at the venue, then 'resume'"
    for _ in range(100):
        assert after(house, 10) == []
        answers(house)
    assert told(house) == [False]
    house.tell(CommandEvent("resume", "ann"))
    assert told(house) == [False, True]
    assert house.buy().state is OrderState.PENDING_NEW


def test_the_venues_own_words_outweigh_a_page_before_them_and_one_behind_them() -> None:
    house = SmallHouse()
    for event in (_PAGE, _WORDS, _PAGE):
        house.tell(event)
    after(house, 60)
    answers(house)
    assert not is_open(house)


def test_reads_that_work_while_orders_are_refused_open_it_more_and_more_rarely_until_people_resume() -> None:
    house = SmallHouse()
    waits = []
    for _ in range(9):
        house.tell(_PAGE)
        waited = 0
        while not is_open(house):
            after(house, 10)
            answers(house)
            waited += 10
        waits.append(waited)
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    house.tell(_PAGE)
    house.tell(CommandEvent("resume", "ann"))
    house.tell(_PAGE)
    after(house, 30)
    answers(house)
    assert is_open(house), "after people said that it is mended it waits as at first"


def test_a_ban_long_after_the_last_one_is_a_ban_of_its_own() -> None:
    house = SmallHouse()
    for _ in range(3):
        house.tell(_PAGE)
        after(house, 30)
        answers(house)
        assert is_open(house)
        after(house, 3600)


def test_market_data_that_goes_closes_nothing() -> None:
    house = SmallHouse()
    house.tell(ConnectionEvent("luno", "market_data", False, "no answer"))
    assert is_open(house)
