"""After a 429: reads stay away for 1 s, doubled each time up to 60 s; orders and cancels still go; nobody waits inside a lock."""

import pytest

from brokerage.rate_limiter import Purpose, RateLimiter
from brokerage.rest_client import Pauses, RestCall, RestClient
from brokerage.transport import ConnectionBroken, HttpReply
from tests.unit.brokerage.fake_runtime import FakeRuntime
from tests.unit.brokerage.fake_transport import FakeTransport, replying
from trading_system.core.errors import TryAgain

SECOND = 10**9
BARE = HttpReply(429, {}, b"")
SHAPED = replying({"error": "slow down", "error_code": "ErrTooManyRequests"}, 429)
POLL = RestCall("GET", "/poll", Purpose.POLL, 2.5, 5)
ASK = RestCall("GET", "/ask", Purpose.LOOK_UP, 2.5, 5)


@pytest.fixture
def runtime() -> FakeRuntime:
    return FakeRuntime()


@pytest.fixture
def transport() -> FakeTransport:
    made = FakeTransport()
    made.on_any(replying({}))
    return made


@pytest.fixture
def rest(runtime: FakeRuntime, transport: FakeTransport) -> RestClient:
    return RestClient("https://venue", transport, runtime, RateLimiter(runtime, 1000.0, 1000, 400.0, 100.0))


def pause_seconds(pauses: Pauses, runtime: FakeRuntime) -> float:
    """Return how long the pause that is on still lasts, and let it pass."""
    begun_ns = runtime.time_ns
    assert pauses.wait(begun_ns + 3600 * SECOND)
    return (runtime.time_ns - begun_ns) / SECOND


@pytest.mark.parametrize("answer", [BARE, SHAPED])
def test_polls_are_skipped_until_the_pause_is_over(
    rest: RestClient, runtime: FakeRuntime, transport: FakeTransport, answer: HttpReply
) -> None:
    transport.on("/poll", answer, replying({}))
    rest.call(POLL)
    for _ in range(3):
        with pytest.raises(TryAgain, match="429"):
            rest.call(POLL)
    assert runtime.time_ns == 0
    assert len(transport.requests) == 1
    assert rest.calls == {"GET /poll": 1}
    runtime.time_ns = 1_250_000_000
    assert rest.call(POLL).evidence.status == 200
    assert rest.throttled == 1


def test_a_look_up_waits_for_the_end_of_a_short_pause_and_not_for_a_long_one(
    rest: RestClient, runtime: FakeRuntime, transport: FakeTransport
) -> None:
    transport.on("/ask", BARE, BARE, BARE, replying({}))
    for _ in range(3):
        rest.call(ASK)
    # Pauses of 1 and 2 s, each an eighth longer by the chance of the test's runtime; the third, of 4.5 s, is too long to wait for.
    assert runtime.time_ns == 3_375_000_000
    with pytest.raises(TryAgain, match="429"):
        rest.call(ASK)
    assert runtime.time_ns == 3_375_000_000
    assert len(transport.requests) == 3


def test_orders_and_cancels_still_go_and_their_answers_do_not_end_the_pause(
    rest: RestClient, runtime: FakeRuntime, transport: FakeTransport
) -> None:
    transport.on("/ask", BARE)
    rest.call(ASK)
    for purpose in (Purpose.ORDER, Purpose.CANCEL):
        rest.call(RestCall("POST", "/write", purpose, 2, 10))
    assert [sent.path for sent in transport.requests] == ["/ask", "/write", "/write"]
    with pytest.raises(TryAgain):
        rest.call(POLL)
    assert runtime.time_ns == 0


def test_pauses_double_up_to_a_minute_and_begin_anew_after_an_answer(runtime: FakeRuntime) -> None:
    pauses = Pauses(runtime)
    lengths = []
    for _ in range(9):
        pauses.heard(429)
        lengths.append(pause_seconds(pauses, runtime))
    assert lengths == [1.125, 2.25, 4.5, 9.0, 18.0, 36.0, 60.0, 60.0, 60.0]
    pauses.heard(503)
    pauses.heard(429)
    assert pause_seconds(pauses, runtime) == 60.0
    pauses.heard(200)
    pauses.heard(429)
    assert pause_seconds(pauses, runtime) == 1.125
    assert pauses.count == 11


def test_the_length_of_a_pause_is_never_less_than_told_and_differs_by_chance(
    runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths = []
    for chance in (0.0, 0.999):
        monkeypatch.setattr(runtime, "random", lambda chance=chance: chance)
        pauses = Pauses(runtime)
        pauses.heard(429)
        lengths.append(pause_seconds(pauses, runtime))
    assert lengths[0] == 1.0
    assert 1.2 < lengths[1] <= 1.25


def test_several_429s_at_once_are_one_pause(runtime: FakeRuntime) -> None:
    pauses = Pauses(runtime)
    for _ in range(5):
        pauses.heard(429)
    assert (pause_seconds(pauses, runtime), pauses.count) == (1.125, 5)


def test_those_who_wait_wait_on_when_the_pause_grew_meanwhile(runtime: FakeRuntime) -> None:
    pauses = Pauses(runtime)
    pauses.heard(429)
    awake: list[int] = []

    def waiting() -> None:
        assert pauses.wait(10 * SECOND)
        awake.append(runtime.time_ns)
    runtime.spawn("first", waiting)
    runtime.spawn("second", lambda: pauses.heard(429), at_ns=1_125_000_000)
    runtime.spawn("third", waiting, at_ns=SECOND)
    runtime.run()
    # The next pause began in the moment the first one ended.
    assert awake == [1_125_000_000 + 2_250_000_000] * 2


def test_nobody_sleeps_inside_a_lock(transport: FakeTransport) -> None:
    class Watched(FakeRuntime):
        held = 0

        def lock(self) -> "Watched":
            return self

        def __enter__(self) -> None:
            self.held += 1

        def __exit__(self, *error: object) -> None:
            self.held -= 1

        def sleep_until(self, monotonic_ns: int) -> None:
            assert not self.held
            super().sleep_until(monotonic_ns)

    runtime = Watched()
    rest = RestClient("https://venue", transport, runtime, RateLimiter(runtime))
    transport.on("/ask", BARE, replying({}))
    rest.call(ASK)
    rest.call(ASK)
    assert runtime.time_ns == 1_125_000_000


def test_a_call_that_broke_says_nothing_about_the_rate(rest: RestClient, transport: FakeTransport, runtime: FakeRuntime) -> None:
    transport.on("/ask", ConnectionBroken("cut"), replying({}))
    with pytest.raises(Exception, match="cut"):
        rest.call(ASK)
    rest.call(ASK)
    assert (rest.throttled, runtime.time_ns) == (0, 0)
