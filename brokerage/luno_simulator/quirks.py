"""What nobody has verified about the real venue, each point as a switch with a sentence and the section of the API notes
it comes from; read by every part of the simulator and by `manual.py`. A fact that is established must never become one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any


def _quirk(default: Any, section: str, sentence: str, *choices: str) -> Any:
    return field(default=default, metadata={"section": section, "sentence": sentence, "choices": choices})


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirks:
    """One choice for each point on which the sources contradict each other or say nothing.

    The defaults are what the API notes suggest; a trading program should come out the same with any other. Raise
    ValueError for a value that is none of a field's choices.
    """

    business_error_status: int = _quirk(400, "4", "HTTP status of a business error that has no status of its own.")
    order_not_found_status: int = _quirk(404, "4", "HTTP status of ErrOrderNotFound.")
    permission_status: int = _quirk(
        403, "2", "HTTP status when the key lacks a permission or the market is not allowed."
    )
    maintenance_status: int = _quirk(503, "4", "HTTP status of ErrUnderMaintenance.")
    unauthorized_body: str = _quirk("json", "2", "What a 401 carries as its body.", "json", "text", "empty")
    networks_permission: int = _quirk(
        0, "2", "Permission bits that the list of sending networks asks for; 0 is any valid key."
    )
    rate_limit_body: str = _quirk("json", "3", "What a 429 carries as its body.", "json", "text", "empty")
    rate_limit_scope: str = _quirk("key", "3", "Whether each key has its own allowance or all share one.", "key", "all")
    rate_limit_window_seconds: int = _quirk(60, "3", "The sliding window over which the allowed calls are counted.")
    retry_after_seconds: int = _quirk(0, "3", "What a 429 says in `Retry-After`; 0 sends no such header.")
    error_action: bool = _quirk(False, "4", "Errors of private calls carry an empty `error_action` beside the code.")
    lists_invalid_fields: bool = _quirk(False, "4", "ErrInvalidArguments names the wrong parameters in `fields`.")
    empty_lists_are_null: bool = _quirk(False, "7.5", "An empty list of orders or trades is null instead of [].")
    old_since_code: str = _quirk(
        "ErrInvalidArguments", "5.5", "Error code when public trades are asked for from before the last 24 hours."
    )
    both_ids_code: str = _quirk(
        "ErrInvalidArguments", "7.8", "Error code when an order is asked for by both its names, or by none."
    )
    shows_unfinished_candle: bool = _quirk(True, "5.6", "The candles end with the one that is not over yet.")
    trades_lag_ms: int = _quirk(0, "7.9", "How far the lists of public and own trades lag behind the orders' totals.")
    extra_decimals: int = _quirk(
        0, "9", "Decimals that prices and volumes have beyond the assumed scales (most scales are unknown)."
    )
    balance_meaning: str = _quirk(
        "total", "6.1", "Whether `balance` includes what is reserved.", "total", "available"
    )
    transactions_newest_first: bool = _quirk(True, "6.3", "Transactions are listed from the newest to the oldest row.")
    fee_currency: str = _quirk(
        "base", "8.3", "What fees are taken in: base, counter, or whatever the order receives.", "base", "counter", "received"
    )
    fee_without_cover: str = _quirk(
        "other",
        "8.3",
        "When the free balance cannot cover the fee: take it in the pair's other currency, or refuse the order.",
        "other",
        "refuse",
    )
    fee_rounding: str = _quirk("half_up", "8.3", "How a fee is rounded to eight decimals.", "half_up", "up", "down")
    reserves_fees: bool = _quirk(False, "8.7", "An open order reserves its fee too, at the taker's rate.")
    order_visible_after_ms: int = _quirk(0, "12", "For so long after its placing an order cannot be read yet.")
    awaiting_in_v1: str = _quirk(
        "PENDING", "8.1", "How the v1 calls show an order that is not in the book yet.", "PENDING", "AWAITING"
    )
    stop_fields_on_plain_orders: str = _quirk(
        "zero", "7.7", "What an order without a stop shows in the stop fields.", "zero", "empty", "null", "absent"
    )
    market_buy_limit_volume: str = _quirk(
        "zero", "7.6", "What `limit_volume` holds for a market buy: 0.00, or the base it bought.", "zero", "base"
    )
    market_beyond_book: str = _quirk(
        "refuse", "8.4", "A market order larger than the book is refused whole, or filled in part.", "refuse", "fill_part"
    )
    market_reach_percent: int = _quirk(
        0, "8.4", "How far from the best price, in percent of it, a market order may trade; 0 is no bound."
    )
    market_buy_fee: str = _quirk(
        "on_top", "8.4", "A fee in counter comes on top of a market buy's amount, or out of it.", "on_top", "inside"
    )
    post_only_cross: str = _quirk(
        "error", "8.2", "A post-only order that would trade is an error, or ends COMPLETE and empty.", "error", "complete"
    )
    self_trade: str = _quirk(
        "allow",
        "8.2",
        "When both sides are the customer's: trade, cancel the incoming order, or cancel the resting one.",
        "allow",
        "cancel_taker",
        "cancel_maker",
    )
    stop_reserves: bool = _quirk(True, "8.6", "A stop-limit order reserves its funds while it waits.")
    stop_triggers_at_equality: bool = _quirk(True, "8.6", "A trade exactly at the stop price sets the order off.")
    passed_stop: str = _quirk(
        "trigger",
        "4",
        "A stop price that the last trade has passed already sets the order off at once, or refuses it.",
        "trigger",
        "refuse",
    )
    suspended_takes_post_only: bool = _quirk(
        True, "5.7", "A suspended market still takes post-only orders, as the markets call says and the ticker does not."
    )

    def __post_init__(self) -> None:
        for one in fields(self):
            value, choices = getattr(self, one.name), one.metadata["choices"]
            if type(value) is not type(one.default) or (choices and value not in choices):
                raise ValueError(f"quirk {one.name}: {value!r} is not {_expected(one.default, choices)}")
            if isinstance(value, int) and value < 0:
                raise ValueError(f"quirk {one.name}: {value} is less than zero")

    @staticmethod
    def parse(texts: Iterable[str]) -> "Quirks":
        """Return the quirks of `name=value` texts; raise ValueError that says what is wrong and what was meant."""
        defaults = {one.name: one.default for one in fields(Quirks)}
        given: dict[str, Any] = {}
        for text in texts:
            name, separator, value = text.partition("=")
            if name not in defaults:
                near = get_close_matches(name, defaults, 1)
                raise ValueError(f"there is no quirk {name!r}" + (f"; did you mean {near[0]}?" if near else ""))
            if not separator:
                raise ValueError(f"quirk {name}: write {name}=value")
            given[name] = _read(name, value, defaults[name])
        return Quirks(**given)


def _read(name: str, text: str, default: Any) -> Any:
    if isinstance(default, str):
        return text
    try:
        if isinstance(default, bool):
            return _TRUTH[text.lower()]
        return int(text)
    except (KeyError, ValueError):
        raise ValueError(f"quirk {name}: {text!r} is not {_expected(default, ())}") from None


def _expected(default: Any, choices: tuple[str, ...]) -> str:
    return f"one of {', '.join(choices)}" if choices else _KINDS[type(default)]


_TRUTH: Mapping[str, bool] = {"true": True, "1": True, "false": False, "0": False}
_KINDS: Mapping[type, str] = {bool: "true or false", int: "a whole number", str: "a text"}

#: The suggested choice everywhere.
STANDARD = Quirks()
