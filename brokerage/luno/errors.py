"""The three readings of a failed call of Luno's: creating, canceling, reading. Used by the clients only; the table of codes is in
`error_codes.py`.

The rule of doubt: an order is refused only on a 4xx status *and* a code from the table, or on Luno's own words about its maintenance;
whatever else happens, the order may exist.
"""

from typing import Any

from brokerage.luno.error_codes import REACTIONS, Reaction
from trading_system.core.errors import AccessDenied, BrokerError, OrderRefused, OutcomeUnknown, RefusalReason, TryAgain
from trading_system.core.order_update import Evidence


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
    if evidence.code and reaction is not Reaction.ACCESS_DENIED:
        # A word that nobody knows proves nothing, whatever the status says of access.
        return OutcomeUnknown(words, evidence)
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
