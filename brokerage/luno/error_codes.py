"""What each error code of Luno's means to us, as one table. Read by `errors.py`; a code that is not here proves nothing.

Source: the list of codes on luno.com/en/developers/api, and those that ccxt and luno-go know besides.
"""

from enum import Enum

from trading_system.core.errors import RefusalReason


class Reaction(Enum):
    """What a code asks for when it is no plain refusal of an order."""

    ACCESS_DENIED = "our key or account may not do this"
    ASK = "the order may exist"
    NOTHING_TO_CANCEL = "it cannot be canceled"
    NOT_FOUND = "no such order"


_GROUPS: tuple[tuple[Reaction | RefusalReason, str], ...] = (
    (Reaction.ACCESS_DENIED, """
        ErrUnauthorised ErrApiKeyRevoked ErrInsufficientPerms ErrIncorrectPin ErrAccountIsMigrating ErrUserNotVerifiedForCurrency
        ErrVerificationLevelTooLow ErrUpdateRequired"""),
    # A name or key was used before: the first request did arrive.
    (Reaction.ASK, """
        ErrDuplicateClientOrderID ErrDuplicateClientMoveID ErrDuplicateExternalID ErrIdempotencyKeyConflict
        ErrIdempotencyKeyRequestMismatch"""),
    # Not processed before timestamp + ttl, says one server; whether another had it in hand is not promised. A fault proves nothing, nor
    # does "nothing there" where nothing was looked for.
    (Reaction.ASK, "ErrDeadlineExceeded ErrInternal ErrNotFound"),
    (Reaction.NOTHING_TO_CANCEL, "ErrCannotStopUnknownOrNonPendingOrder"),
    (Reaction.NOT_FOUND, "ErrOrderNotFound"),
    (RefusalReason.RATE, "ErrTooManyRequests ErrConvertRateLimited ErrAddressCreateRateLimitReached"),
    (RefusalReason.MARKET_CLOSED, "ErrUnderMaintenance ErrPostOnlyMode ErrMarketUnavailable"),
    (RefusalReason.WOULD_CROSS, "ErrOrderCanceled"),
    (RefusalReason.INSUFFICIENT_BALANCE, "ErrInsufficientBalance ErrInsufficientFunds"),
    (RefusalReason.TOO_SMALL, "ErrVolumeTooLow ErrAmountTooSmall"),
    (RefusalReason.PRICE_OUT_OF_RANGE, "ErrPriceTooHigh ErrPriceTooLow ErrStopPriceTooHigh ErrStopPriceTooLow"),
    # About orders: the order as it was asked for cannot be.
    (RefusalReason.OTHER, """
        ErrVolumeTooHigh ErrValueTooHigh ErrAmountTooBig ErrNotEnoughLiquidity ErrMarketNotAllowed ErrPostOnly ErrPostOnlyNotAllowed
        ErrCannotTradeWhileQuoteActive ErrPriceDenominationNotAllowed ErrVolumeDenominationNotAllowed ErrCounterDenominationNotAllowed
        ErrInvalidPrice ErrInvalidVolume ErrInvalidBaseVolume ErrInvalidCounterVolume ErrInvalidOrderSide ErrInvalidArguments
        ErrInvalidParameters ErrInvalidMarketPair ErrInvalidAccount ErrInvalidAccountID ErrAccountNotFound ErrInvalidAmount
        ErrInvalidCurrency ErrInvalidClientOrderId ErrInvalidOrderRef ErrInvalidStopPrice ErrInvalidStopDirection
        ErrNoTradesToInferStopDirection ErrLimitOutOfRange ErrTooManyRowsRequested"""),
    # About moving money, which we never do: an order that is refused with one of them is refused all the same.
    (RefusalReason.OTHER, """
        ErrAccountLimit ErrAccountsNotDifferent ErrActiveCryptoRequestExists ErrAddressLimitReached ErrBeneficiaryNotFound
        ErrBlockedSendsCurrency ErrConvertPairNotSupported ErrCreditAccountNotTransactional ErrCustomRefNotAllowed
        ErrDebitAccountNotTransactional ErrDescriptionTooLong ErrDifferentCurrencies ErrDisallowedTarget ErrERC20AddressAlreadyAssigned
        ErrERC20AssignNonDefault ErrFundsMoveNotFound ErrIncompatibleBeneficiary ErrInvalidAccountNumber ErrInvalidBranchCode
        ErrInvalidDetails ErrInvalidRequestType ErrInvalidSourceAccount ErrMaxActiveFiatRequestsExists ErrMissingIdempotencyKey
        ErrNoAddressesAssigned ErrRejectedBeneficiary ErrRequestTypeDoesNotSupportFastWithdrawals ErrTravelRule
        ErrUserBlockedForCancelWithdrawal ErrWithdrawalBlocked ErrWithdrawalNotFound"""),
)

#: The table: what each known code asks for.
REACTIONS: dict[str, Reaction | RefusalReason] = {code: reaction for reaction, codes in _GROUPS for code in codes.split()}
