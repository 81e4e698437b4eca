"""Every failure of a call and what it means: the rule of doubt, code by code and status by status."""

from decimal import Decimal

import pytest

from brokerage.luno.caller import LunoReply
from brokerage.luno.client import LunoClient
from brokerage.luno.error_codes import REACTIONS, Reaction
from brokerage.luno.errors import OrderNotFound
from brokerage.transport import ConnectionBroken, ConnectionNotMade, HttpReply
from tests.unit.brokerage.fake_runtime import FakeRuntime
from tests.unit.brokerage.fake_transport import FakeTransport, replying
from tests.unit.brokerage.luno.luno_rows import ERROR, luno_client
from trading_system.core.errors import AccessDenied, BrokerError, OrderRefused, OutcomeUnknown, RefusalReason, TryAgain

REFUSALS = [code for code, reaction in REACTIONS.items() if isinstance(reaction, RefusalReason)]
DENIALS = [code for code, reaction in REACTIONS.items() if reaction is Reaction.ACCESS_DENIED]
HTML = b"<html><body>Bad gateway</body></html>"
NONSENSE = [b"", HTML, b"{", b"null", b"[]", b"7", b"\xff\xfe", b"[" * 100_000, b'{"order_id":""}', b'{"order_id":7}', b'{"success":1}']


def coded(code: str, status: int) -> HttpReply:
    return replying({**ERROR, "error_code": code}, status)


def outcome(answer: HttpReply | Exception, what: str) -> BrokerError | OrderNotFound | bool:
    transport = FakeTransport()
    client = luno_client(transport, FakeRuntime())
    for path in ("/api/1/marketorder", "/api/1/stoporder", "/api/exchange/3/order", "/api/1/balance"):
        transport.on(path, answer)
    try:
        return bool(CALLS[what](client).body.get("success"))
    except (BrokerError, OrderNotFound) as raised:
        error = raised
    assert len(transport.requests) == 1
    evidence = error.evidence
    assert evidence is not None
    assert evidence.endpoint
    assert evidence.answered_ns >= evidence.asked_ns > 0
    return error


CALLS = {
    "create": lambda client: create(client),
    "cancel": lambda client: client.stoporder("BX1"),
    "look up": lambda client: client.order("ours-1"),
    "read": lambda client: client.balance(),
}


def create(client: LunoClient) -> LunoReply:
    return client.marketorder(pair="XBTZAR", client_order_id="ours-1", timestamp_ms=1, ttl_ms=5000, base_volume=Decimal(1))


@pytest.mark.parametrize("code", REFUSALS)
@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 429])
def test_a_refusal_takes_a_client_error_and_a_code_of_the_table(code: str, status: int) -> None:
    refused = outcome(coded(code, status), "create")
    assert isinstance(refused, OrderRefused)
    assert refused.refusal is REACTIONS[code]
    assert refused.evidence is not None
    assert (refused.evidence.code, refused.evidence.status) == (code, status)
    assert code in refused.reason


@pytest.mark.parametrize("code", REFUSALS)
@pytest.mark.parametrize("status", [200, 201, 302, 500, 502, 503])
def test_the_same_code_on_another_status_proves_nothing_but_maintenance(code: str, status: int) -> None:
    expected = OrderRefused if code == "ErrUnderMaintenance" else OutcomeUnknown
    assert type(outcome(coded(code, status), "create")) is expected


@pytest.mark.parametrize("code", DENIALS)
@pytest.mark.parametrize("what", CALLS)
def test_a_key_or_account_that_may_not_is_access_denied_whatever_was_asked(code: str, what: str) -> None:
    for status in (400, 401, 403):
        assert type(outcome(coded(code, status), what)) is AccessDenied
    assert type(outcome(coded(code, 500), what)) is not AccessDenied


@pytest.mark.parametrize("what", CALLS)
@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("body", [b"", HTML, b'{"error":"no","error_code":"ErrNobodyKnows"}'])
def test_401_and_403_are_access_denied_with_or_without_a_body(what: str, status: int, body: bytes) -> None:
    # An order may exist behind a code that nobody knows.
    expected = OutcomeUnknown if what == "create" and b"ErrNobodyKnows" in body else AccessDenied
    assert type(outcome(replying(body, status), what)) is expected


@pytest.mark.parametrize(
    "code", ["ErrDuplicateClientOrderID", "ErrDeadlineExceeded", "ErrInternal", "ErrNobodyKnows", "ErrOrderNotFound", ""]
)
@pytest.mark.parametrize("status", [400, 404, 409, 500])
def test_a_creation_with_any_other_code_may_have_happened(code: str, status: int) -> None:
    assert type(outcome(coded(code, status), "create")) is OutcomeUnknown


@pytest.mark.parametrize("status", [401, 403])
def test_a_name_used_before_is_in_doubt_even_where_the_status_speaks_of_access(status: int) -> None:
    assert type(outcome(coded("ErrDuplicateClientOrderID", status), "create")) is OutcomeUnknown


@pytest.mark.parametrize("status", [200, 400, 404, 409, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("body", NONSENSE)
def test_without_luno_s_own_words_a_creation_is_in_doubt_a_read_is_not(status: int, body: bytes) -> None:
    reply = replying(body, status)
    assert type(outcome(reply, "create")) is OutcomeUnknown
    assert type(outcome(reply, "read")) is TryAgain
    assert type(outcome(reply, "look up")) is TryAgain
    assert type(outcome(reply, "cancel")) is (TryAgain if status == 429 else OutcomeUnknown)


def test_a_connection_that_was_not_made_is_a_refusal_of_an_order_and_no_harm_to_others() -> None:
    refused = outcome(ConnectionNotMade("refused"), "create")
    assert isinstance(refused, OrderRefused)
    assert refused.refusal is RefusalReason.NOT_SENT
    assert "not sent" in refused.reason
    for what in ("cancel", "look up", "read"):
        assert type(outcome(ConnectionNotMade("refused"), what)) is TryAgain


def test_a_connection_that_broke_leaves_writes_in_doubt() -> None:
    for what in ("create", "cancel"):
        assert type(outcome(ConnectionBroken("cut"), what)) is OutcomeUnknown
    for what in ("look up", "read"):
        assert type(outcome(ConnectionBroken("cut"), what)) is TryAgain


@pytest.mark.parametrize("code", ["ErrCannotStopUnknownOrNonPendingOrder", "ErrOrderNotFound"])
def test_a_cancel_of_what_is_not_there_is_answered_no(code: str) -> None:
    for status in (400, 404, 409):
        assert outcome(coded(code, status), "cancel") is False
    assert type(outcome(coded(code, 500), "cancel")) is OutcomeUnknown


def test_a_cancel_is_answered_by_its_success() -> None:
    assert outcome(replying({"success": True}), "cancel") is True
    assert outcome(replying({"success": False}), "cancel") is False


@pytest.mark.parametrize("code", ["ErrInternal", "ErrUnderMaintenance", "ErrInvalidArguments", "ErrNobodyKnows"])
def test_any_other_answer_leaves_a_cancel_in_doubt(code: str) -> None:
    assert type(outcome(coded(code, 400), "cancel")) is OutcomeUnknown


def test_a_cancel_over_the_rate_was_not_done() -> None:
    assert type(outcome(coded("ErrTooManyRequests", 429), "cancel")) is TryAgain
    assert type(outcome(replying(b"", 429), "cancel")) is TryAgain


def test_not_found_takes_luno_s_own_code() -> None:
    for status in (400, 404):
        assert type(outcome(coded("ErrOrderNotFound", status), "look up")) is OrderNotFound
        assert type(outcome(coded("ErrNotFound", status), "look up")) is TryAgain
    assert type(outcome(coded("ErrOrderNotFound", 500), "look up")) is TryAgain
    assert type(outcome(coded("ErrOrderNotFound", 404), "read")) is TryAgain


@pytest.mark.parametrize("code", REFUSALS)
def test_no_code_makes_a_read_anything_but_try_again(code: str) -> None:
    assert type(outcome(coded(code, 429), "read")) is TryAgain
