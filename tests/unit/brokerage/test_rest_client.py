"""The REST client: one call, once, within the rate, with its evidence."""

import logging

import pytest

from brokerage.credentials import Credentials
from brokerage.rate_limiter import Purpose, RateLimiter
from brokerage.rest_client import CallFailed, RestCall, RestClient
from brokerage.transport import ConnectionBroken, ConnectionNotMade, HttpReply
from tests.unit.brokerage.fake_runtime import START_NS, FakeRuntime
from tests.unit.brokerage.fake_transport import FakeTransport, replying
from trading_system.core.errors import TryAgain

HIDDEN = "hidden-7f3a"
PLACE = RestCall("POST", "/place", Purpose.ORDER, queue_seconds=2, deadline_seconds=10, parameters=(("a", "1"),), token="name")
ASK = RestCall("GET", "/ask", Purpose.LOOK_UP, queue_seconds=1, deadline_seconds=5, parameters=(("a", "1"),), is_private=False)


@pytest.fixture
def transport() -> FakeTransport:
    made = FakeTransport()
    made.on("/place", replying({}))
    made.on("/ask", replying({}))
    return made


@pytest.fixture
def runtime() -> FakeRuntime:
    return FakeRuntime()


@pytest.fixture
def rest(runtime: FakeRuntime, transport: FakeTransport) -> RestClient:
    return RestClient("https://venue/", transport, runtime, RateLimiter(runtime), Credentials(HIDDEN, HIDDEN))


def test_parameters_go_where_the_method_wants_them_and_the_key_only_to_private_calls(rest: RestClient, transport: FakeTransport) -> None:
    rest.call(PLACE)
    rest.call(ASK)
    place, ask = transport.requests
    assert (place.form, place.query, place.token, place.base_url) == ((("a", "1"),), (), "name", "https://venue")
    assert (ask.form, ask.query) == ((), (("a", "1"),))
    assert place.credentials is not None
    assert ask.credentials is None


def test_the_evidence_says_when_it_was_asked_after_the_wait_for_the_rate(
    rest: RestClient, runtime: FakeRuntime, transport: FakeTransport
) -> None:
    def answer(request: object) -> HttpReply:
        runtime.time_ns += 70
        return replying(b"what", 418)
    transport.on("/place", answer)
    for _ in range(3):
        reply = rest.call(PLACE)
    assert reply.body == b"what"
    evidence = reply.evidence
    assert (evidence.endpoint, evidence.status, evidence.answered_ns - evidence.asked_ns) == ("POST /place", 418, 70)
    assert evidence.asked_ns >= START_NS + 250_000_000 - 140
    # The deadline counts from the moment of asking, not from the moment the rate let it go.
    assert transport.deadlines[-1] == 10 * 10**9 + 140


def test_calls_are_counted_by_endpoint_whatever_becomes_of_them(rest: RestClient, transport: FakeTransport) -> None:
    transport.on("/ask", replying({}), ConnectionBroken("x"))
    rest.call(ASK)
    with pytest.raises(CallFailed):
        rest.call(ASK)
    assert rest.calls == {"GET /ask": 2}


@pytest.mark.parametrize(("error", "was_sent"), [(ConnectionNotMade("no"), False), (ConnectionBroken("cut"), True)])
def test_a_failed_call_is_made_once_and_says_whether_it_was_sent(
    rest: RestClient, transport: FakeTransport, error: Exception, was_sent: bool
) -> None:
    transport.on("/place", error)
    with pytest.raises(CallFailed) as failure:
        rest.call(PLACE)
    assert failure.value.was_sent is was_sent
    assert failure.value.evidence.endpoint == "POST /place"
    assert len(transport.requests) == 1


def test_without_room_in_the_rate_nothing_is_sent(rest: RestClient, transport: FakeTransport, runtime: FakeRuntime) -> None:
    hurried = RestCall("POST", "/place", Purpose.ORDER, queue_seconds=0.1, deadline_seconds=10)
    for _ in range(2):
        rest.call(hurried)
    with pytest.raises(TryAgain, match="rate limit"):
        rest.call(hurried)
    assert len(transport.requests) == 2
    assert rest.calls == {"POST /place": 2}
    assert runtime.time_ns == 0


def test_a_purpose_that_waited_at_the_last_door_does_not_wait_again(runtime: FakeRuntime, transport: FakeTransport) -> None:
    limiter = RateLimiter(runtime)
    rest = RestClient("https://venue", transport, runtime, limiter, None, {Purpose.ORDER})
    before = limiter.left()
    for _ in range(4):
        rest.call(PLACE)
    assert limiter.left() == before
    rest.call(ASK)
    assert limiter.left().shared == before.shared - 1


def test_the_venues_clock_is_read_from_the_date_header(rest: RestClient, transport: FakeTransport) -> None:
    assert rest.clock_offset_seconds is None
    for useless in ({}, {"date": "yesterday"}):
        transport.on("/ask", HttpReply(200, useless, b""))
        rest.call(ASK)
        assert rest.clock_offset_seconds is None
    # START_NS is 2026-09-21 14:13:20 UTC; the header is cut to the second.
    transport.on("/ask", HttpReply(200, {"date": "Mon, 21 Sep 2026 14:13:25 GMT"}, b""))
    rest.call(ASK)
    assert rest.clock_offset_seconds == pytest.approx(5.5, abs=1)


def test_keys_are_in_no_error_repr_or_log(rest: RestClient, transport: FakeTransport, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    transport.on("/place", ConnectionBroken("cut"))
    with pytest.raises(CallFailed) as failure:
        rest.call(PLACE)
    shown = repr(failure.value) + str(failure.value) + repr(vars(rest)) + repr(transport.requests) + caplog.text
    assert HIDDEN not in shown
    assert failure.value.__context__ is None or HIDDEN not in repr(failure.value.__context__)
