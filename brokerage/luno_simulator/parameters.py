"""The parameters of one call, query string and form body taken together, read by type; used by the routes. Nothing
that a stranger may send must get past it unchecked: what is not plainly right is a Rejection with the venue's
code."""

import re
from collections.abc import Sequence
from decimal import Decimal

from brokerage.luno_simulator.rejection import Rejection

# Plain fixed-point only: the venue refuses 1e-05, and NaN, infinities, signs and other scripts' digits with it.
_DECIMAL = re.compile(r"[0-9]{1,15}(\.[0-9]{1,18})?", re.ASCII)
_INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_CLIENT_ORDER_ID = re.compile(r"[0-9a-zA-Z_;,.\-]{1,255}", re.ASCII)
_ORDER_ID = re.compile(r"[0-9A-Z]{1,32}", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3,5}", re.ASCII)
_TRUTH = {"true": True, "1": True, "false": False, "0": False}
_TIME_TO_LIVE_MS = 10_000


def invalid_arguments(name: str) -> Rejection:
    """Make the venue's general refusal, naming the parameter."""
    return Rejection("ErrInvalidArguments", f"One or more arguments are invalid: {name}.", name)


class Parameters:
    """Named texts of one call. An empty value counts as not given; of a repeated name the first value counts."""

    def __init__(self, query: Sequence[tuple[str, str]], form: Sequence[tuple[str, str]], path_id: str = "") -> None:
        """Merge both sources. `path_id` is the id inside the path; it goes before one that is repeated in the query."""
        given = [("id", path_id), *query, *form]
        self._values = [(name, value) for name, value in given if value]

    def text(self, name: str) -> str:
        """Return a value, or an empty text."""
        return next((value for given, value in self._values if given == name), "")

    def texts(self, name: str) -> list[str]:
        """Return all values of a repeated parameter."""
        return [value for given, value in self._values if given == name]

    def currencies(self, name: str) -> list[str]:
        """Return the currency codes of a repeated parameter. A list with commas is refused, as the venue does."""
        codes = self.texts(name)
        if not all(_CURRENCY.fullmatch(code) for code in codes):
            raise invalid_arguments(name)
        return codes

    def choice(self, name: str, choices: Sequence[str], code: str, default: str = "") -> str:
        """Return a value that must be one of `choices`; raise Rejection with `code` otherwise."""
        value = self.text(name) or default
        if value not in choices:
            raise Rejection(code, f"The parameter {name} must be one of {', '.join(choices)}.")
        return value

    def decimal(self, name: str, code: str) -> Decimal:
        """Return a number that must be given; raise Rejection with `code` when it is no plain decimal."""
        value = self.text(name)
        if not _DECIMAL.fullmatch(value):
            raise Rejection(code, f"The parameter {name} must be a decimal number.")
        # Trailing zeros are no decimals: "0.10000" fits a scale of one.
        return Decimal(value.rstrip("0").rstrip(".") if "." in value else value)

    def integer(self, name: str, default: int) -> int:
        """Return a whole number of up to 64 bits."""
        value = self.text(name)
        if not value:
            return default
        if not _INTEGER.fullmatch(value) or abs(int(value)) >= 2**63:
            raise invalid_arguments(name)
        return int(value)

    def needed_integer(self, name: str) -> int:
        """Return a whole number that must be given."""
        if not self.text(name):
            raise invalid_arguments(name)
        return self.integer(name, 0)

    def boolean(self, name: str) -> bool:
        """Return a truth value, in any case of letters; false when not given."""
        value = self.text(name)
        if not value:
            return False
        if value.lower() not in _TRUTH:
            raise invalid_arguments(name)
        return _TRUTH[value.lower()]

    def limit(self) -> int:
        """Return how many rows are wanted: 1 to 1000, by default 100."""
        try:
            limit = self.integer("limit", 100)
        except Rejection:
            limit = 0
        if not 1 <= limit <= 1000:
            raise Rejection("ErrLimitOutOfRange", "The limit must be from 1 to 1000.")
        return limit

    def order_id(self, name: str) -> str:
        """Return the venue's id of an order, which must be given."""
        value = self.text(name)
        if not _ORDER_ID.fullmatch(value):
            raise Rejection("ErrInvalidOrderRef", "The order id is malformed.")
        return value

    def client_order_id(self) -> str:
        """Return the client's name for an order, or an empty text."""
        value = self.text("client_order_id")
        if value and not _CLIENT_ORDER_ID.fullmatch(value):
            raise Rejection("ErrInvalidClientOrderId", "A client order id has up to 255 of 0-9 a-z A-Z _ ; , . -")
        return value

    def check_deadline(self, now_ms: int) -> None:
        """Refuse a call whose `timestamp` plus `ttl`, in milliseconds, has passed.

        Without a timestamp there is no deadline.
        """
        time_to_live_ms = self.integer("ttl", _TIME_TO_LIVE_MS)
        if not 1 <= time_to_live_ms <= _TIME_TO_LIVE_MS:
            raise invalid_arguments("ttl")
        if now_ms > self.integer("timestamp", now_ms) + time_to_live_ms:
            raise Rejection("ErrDeadlineExceeded", "The request was not processed before its deadline.")
