"""The errors of the house, named by the reaction they ask for.

Adapters translate whatever their venue says into one of these at their edge; nothing above `brokerage/` sees an HTTP status.
"""

from enum import StrEnum

from trading_system.core.order_update import Evidence


class ConfigError(Exception):
    """Something the user wrote must be mended; nothing was started. `problems` holds one finished sentence each."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class InvariantBroken(Exception):
    """The house found itself in a state that must never be: stop rather than go on wrong."""


class BrokerError(Exception):
    """What every broker may raise; `evidence` says which endpoint answered what, and when it was asked."""

    def __init__(self, reason: str, evidence: Evidence | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.evidence = evidence


class AccessDenied(BrokerError):
    """The venue refuses our key: stop entries there and tell people. The call had no effect."""


class TryAgain(BrokerError):
    """Nothing happened; the same question may be asked later."""


class RefusalReason(StrEnum):
    """Why a venue refused an order: the closed list that adapters map their codes to."""

    WOULD_CROSS = "would_cross"
    INSUFFICIENT_BALANCE = "insufficient_balance"
    TOO_SMALL = "too_small"
    PRICE_OUT_OF_RANGE = "price_out_of_range"
    MARKET_CLOSED = "market_closed"
    RATE = "rate"
    NOT_SENT = "not_sent"
    OTHER = "other"


class OrderRefused(BrokerError):
    """The venue refused with proof, or the request never left: the order does not exist and never will."""

    def __init__(self, refusal: RefusalReason, reason: str, evidence: Evidence | None = None) -> None:
        super().__init__(reason, evidence)
        self.refusal = refusal


class HeldBack(BrokerError):
    """Our own last door held the order back: it never left the house. `code` says why in one word: stale or killed."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class OutcomeUnknown(BrokerError):
    """It may have happened: ask the venue, never repeat."""
