"""What each error code of Luno means to us, as one table, and the three readings of a failed call: creating, canceling, reading. Used by
`client.py` only.

The rule of doubt: an order is refused only on a 4xx status *and* a code from this table, or on Luno's own words about its rate or its
maintenance; whatever else happens, the order may exist.
"""

from enum import Enum
from typing import Any

from trading_system.core.errors import AccessDenied, BrokerError, OrderRefused, OutcomeUnknown, RefusalReason, TryAgain
from trading_system.core.order_update import Evidence


class Reaction(Enum):
    """What a code asks for when it is no plain refusal of an order."""

    ACCESS_DENIED = "our key or account may not do this"
    ASK = "the order may exist"
    NOTHING_TO_CANCEL = "it cannot be canceled"
    NOT_FOUND = "no such order"


_R = RefusalReason

#: Luno's codes that concern trading. A code that is not here proves nothing.
REACTIONS: dict[str, Reaction | RefusalReason] = {
    "ErrUnauthorised": Reaction.ACCESS_DENIED,
    "ErrApiKeyRevoked": Reaction.ACCESS_DENIED,
    "ErrInsufficientPerms": Reaction.ACCESS_DENIED,
    "ErrAccountIsMigrating": Reaction.ACCESS_DENIED,
    "ErrUserNotVerifiedForCurrency": Reaction.ACCESS_DENIED,
    "ErrVerificationLevelTooLow": Reaction.ACCESS_DENIED,
    "ErrUpdateRequired": Reaction.ACCESS_DENIED,
    # The first request with this name did arrive.
    "ErrDuplicateClientOrderID": Reaction.ASK,
    # Not processed before timestamp + ttl, says one server; whether another had it in hand is not promised.
    "ErrDeadlineExceeded": Reaction.ASK,
    "ErrInternal": Reaction.ASK,
    "ErrCannotStopUnknownOrNonPendingOrder": Reaction.NOTHING_TO_CANCEL,
    "ErrOrderNotFound": Reaction.NOT_FOUND,
    "ErrTooManyRequests": _R.RATE,
    "ErrUnderMaintenance": _R.MARKET_CLOSED,
    "ErrPostOnlyMode": _R.MARKET_CLOSED,
    "ErrMarketUnavailable": _R.MARKET_CLOSED,
    "ErrOrderCanceled": _R.WOULD_CROSS,
    "ErrInsufficientBalance": _R.INSUFFICIENT_BALANCE,
    "ErrInsufficientFunds": _R.INSUFFICIENT_BALANCE,
    "ErrVolumeTooLow": _R.TOO_SMALL,
    "ErrPriceTooHigh": _R.PRICE_OUT_OF_RANGE,
    "ErrPriceTooLow": _R.PRICE_OUT_OF_RANGE,
    "ErrStopPriceTooHigh": _R.PRICE_OUT_OF_RANGE,
    "ErrStopPriceTooLow": _R.PRICE_OUT_OF_RANGE,
    "ErrVolumeTooHigh": _R.OTHER,
    "ErrValueTooHigh": _R.OTHER,
    "ErrNotEnoughLiquidity": _R.OTHER,
    "ErrMarketNotAllowed": _R.OTHER,
    "ErrPostOnlyNotAllowed": _R.OTHER,
    "ErrCannotTradeWhileQuoteActive": _R.OTHER,
    "ErrPriceDenominationNotAllowed": _R.OTHER,
    "ErrVolumeDenominationNotAllowed": _R.OTHER,
    "ErrCounterDenominationNotAllowed": _R.OTHER,
    "ErrInvalidPrice": _R.OTHER,
    "ErrInvalidVolume": _R.OTHER,
    "ErrInvalidBaseVolume": _R.OTHER,
    "ErrInvalidCounterVolume": _R.OTHER,
    "ErrInvalidOrderSide": _R.OTHER,
    "ErrInvalidArguments": _R.OTHER,
    "ErrInvalidParameters": _R.OTHER,
    "ErrInvalidMarketPair": _R.OTHER,
    "ErrInvalidAccount": _R.OTHER,
    "ErrInvalidAccountID": _R.OTHER,
    "ErrAccountNotFound": _R.OTHER,
    "ErrInvalidAmount": _R.OTHER,
    "ErrInvalidCurrency": _R.OTHER,
    "ErrInvalidClientOrderId": _R.OTHER,
    "ErrInvalidStopPrice": _R.OTHER,
    "ErrInvalidStopDirection": _R.OTHER,
    "ErrNoTradesToInferStopDirection": _R.OTHER,
}



class OrderNotFound(Exception):
    """Luno says, in its own words, that it holds no such order."""

    def __init__(self, evidence: Evidence) -> None:
        super().__init__(evidence.code)
        self.evidence = evidence


def code_of(body: Any) -> str:
    """Return the `error_code` of a parsed body, empty where there is none."""
    code = body.get("error_code") if isinstance(body, dict) else None
    return code if isinstance(code, str) else ""


def creation_error(evidence: Evidence, words: str) -> BrokerError:
    """Return what an answer to a creating call, other than an order's id, means."""
    reaction = REACTIONS.get(evidence.code)
    if reaction is Reaction.ASK:
        return OutcomeUnknown(words, evidence)
    # Maintenance is answered with 503, by the venue itself.
    if isinstance(reaction, RefusalReason) and (_is_client_error(evidence) or evidence.code == "ErrUnderMaintenance"):
        return OrderRefused(reaction, words, evidence)
    return _denial(evidence, words) or OutcomeUnknown(words, evidence)


def cancel_error(evidence: Evidence, words: str) -> BrokerError | None:
    """Return what a failed cancel means; None when Luno says there is nothing to cancel."""
    if REACTIONS.get(evidence.code) in (Reaction.NOTHING_TO_CANCEL, Reaction.NOT_FOUND) and _is_client_error(evidence):
        return None
    if evidence.status == 429 or (evidence.code == "ErrTooManyRequests" and _is_client_error(evidence)):
        return TryAgain(words, evidence)
    return _denial(evidence, words) or OutcomeUnknown(words, evidence)


def reading_error(evidence: Evidence, words: str) -> BrokerError:
    """Return what a failed question means: a question changes nothing, so it may be asked again unless our key is refused."""
    return _denial(evidence, words) or TryAgain(words, evidence)


def is_not_found(evidence: Evidence) -> bool:
    """Tell whether Luno itself says there is no such order; a bare 404 may come from anything on the way."""
    return REACTIONS.get(evidence.code) is Reaction.NOT_FOUND and _is_client_error(evidence)


def _denial(evidence: Evidence, words: str) -> AccessDenied | None:
    is_denied = evidence.status in (401, 403) or (REACTIONS.get(evidence.code) is Reaction.ACCESS_DENIED and _is_client_error(evidence))
    return AccessDenied(words, evidence) if is_denied else None


def _is_client_error(evidence: Evidence) -> bool:
    return 400 <= evidence.status < 500
