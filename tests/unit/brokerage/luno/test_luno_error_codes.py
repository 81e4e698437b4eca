"""Every code of Luno's, one by one: what it makes of an order that was to be placed, of a cancel, and of a question."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from brokerage.luno.client import LunoClient
from brokerage.luno.error_codes import REACTIONS
from tests.unit.brokerage.fake_runtime import FakeRuntime
from tests.unit.brokerage.fake_transport import FakeTransport, replying
from tests.unit.brokerage.luno.luno_rows import ERROR, luno_client
from trading_system.core.errors import AccessDenied, BrokerError, OrderRefused, OutcomeUnknown, TryAgain

#: Codes by what they make of an order, written down a second time: reason, or the error itself.
OF_A_CREATION = {
    "access denied": "ErrUnauthorised ErrApiKeyRevoked ErrInsufficientPerms ErrIncorrectPin ErrAccountIsMigrating ErrUpdateRequired "
                     "ErrUserNotVerifiedForCurrency ErrVerificationLevelTooLow",
    "unknown": "ErrDuplicateClientOrderID ErrDuplicateClientMoveID ErrDuplicateExternalID ErrIdempotencyKeyConflict ErrDeadlineExceeded "
               "ErrIdempotencyKeyRequestMismatch ErrInternal ErrNotFound ErrOrderNotFound ErrCannotStopUnknownOrNonPendingOrder",
    "rate": "ErrTooManyRequests ErrConvertRateLimited ErrAddressCreateRateLimitReached",
    "market_closed": "ErrUnderMaintenance ErrPostOnlyMode ErrMarketUnavailable",
    "would_cross": "ErrOrderCanceled",
    "insufficient_balance": "ErrInsufficientBalance ErrInsufficientFunds",
    "too_small": "ErrVolumeTooLow ErrAmountTooSmall",
    "price_out_of_range": "ErrPriceTooHigh ErrPriceTooLow ErrStopPriceTooHigh ErrStopPriceTooLow",
}
NAMED = {code: what for what, codes in OF_A_CREATION.items() for code in codes.split()}


@pytest.fixture(params=sorted(REACTIONS))
def code(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def outcome(code: str, status: int, call: Callable[[LunoClient], object]) -> object:
    """Return what one call makes of an answer: its error, or what it returned."""
    transport = FakeTransport()
    transport.on_any(replying({**ERROR, "error_code": code}, status))
    raised = None
    try:
        returned = call(luno_client(transport, FakeRuntime()))
    except BrokerError as error:
        raised = error
    assert len(transport.requests) == 1
    if raised is None:
        return returned
    assert raised.evidence is not None
    assert (raised.evidence.code, raised.evidence.status) == (code, status)
    assert code in raised.reason
    return raised


def place(client: LunoClient) -> object:
    return client.postorder(
        pair="XBTZAR", is_buy=True, volume=Decimal(1), price=Decimal(1), client_order_id="ours-1", timestamp_ms=1, ttl_ms=5000)


def test_the_reason_of_a_refused_order_is_one_of_ours(code: str) -> None:
    said = outcome(code, 400, place)
    expected = NAMED.get(code, "other")
    if expected == "access denied":
        assert type(said) is AccessDenied
    elif expected == "unknown":
        assert type(said) is OutcomeUnknown
    else:
        assert isinstance(said, OrderRefused)
        assert said.refusal.value == expected


def test_a_server_s_fault_leaves_an_order_in_doubt_whatever_code_it_carries(code: str) -> None:
    for status in (500, 502, 504):
        refused = code == "ErrUnderMaintenance"
        assert type(outcome(code, status, place)) is (OrderRefused if refused else OutcomeUnknown)


def test_a_cancel_is_done_or_in_doubt_and_never_refused_for_good(code: str) -> None:
    said = outcome(code, 400, lambda client: client.stoporder("BX1").body["success"])
    if code in ("ErrCannotStopUnknownOrNonPendingOrder", "ErrOrderNotFound"):
        assert said is False
    elif NAMED.get(code) == "access denied":
        assert type(said) is AccessDenied
    elif code == "ErrTooManyRequests":
        assert type(said) is TryAgain
    else:
        assert type(said) is OutcomeUnknown


def test_a_question_may_be_asked_again_unless_our_key_is_refused(code: str) -> None:
    expected = AccessDenied if NAMED.get(code) == "access denied" else TryAgain
    for read in (lambda client: client.balance(), lambda client: client.tickers(), lambda client: client.listorders()):
        assert type(outcome(code, 400, read)) is expected


def test_a_code_that_nobody_knows_proves_nothing() -> None:
    for status in (400, 404, 409, 422, 500):
        assert type(outcome("ErrInvalidMarketRequest", status, place)) is OutcomeUnknown
        assert type(outcome("ErrInvalidMarketRequest", status, lambda client: client.stoporder("BX1"))) is OutcomeUnknown
        assert type(outcome("ErrInvalidMarketRequest", status, lambda client: client.balance())) is TryAgain


def test_every_code_named_here_is_in_the_table() -> None:
    assert NAMED.keys() <= REACTIONS.keys()
    assert len(REACTIONS) >= 95
