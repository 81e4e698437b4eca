"""The kinds of faults of trading: what other people, or the customer's own hand, do at the worst moment. They change the exchange
only in ways that could happen there, so money is conserved."""

import json
from decimal import Decimal

from brokerage.luno_simulator import strangers
from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.fault_kind import FaultKind, KindTable, Option, RuleOptions
from brokerage.luno_simulator.faulty_call import FaultyCall
from brokerage.luno_simulator.order import Order, Side, whole_lots
from brokerage.luno_simulator.rejection import Rejection

_SHARE = Option("share", Decimal("0.5"), least=0.01, most=1)
_WHOLE = Option("share", Decimal(1), least=0.01, most=1)
_PAIR = Option("pair", "")


def _is_order(call: FaultyCall, options: RuleOptions) -> bool:
    return call.endpoint in ("place_limit", "place_market")


def _is_limit_order(call: FaultyCall, options: RuleOptions) -> bool:
    return call.endpoint == "place_limit"


def _is_post_only(call: FaultyCall, options: RuleOptions) -> bool:
    return call.endpoint == "place_limit" and call.request.parameters.text("post_only").lower() in ("true", "1")


def _is_cancel(call: FaultyCall, options: RuleOptions) -> bool:
    return call.endpoint == "cancel"


def _thin_out(call: FaultyCall, options: RuleOptions) -> bool:
    try:
        pair, side, price, volume = _wanted(call)
    except Rejection:
        return False
    parameters = call.request.parameters
    if call.acts and not parameters.text("post_only") and not parameters.text("stop_price"):
        lot = call.exchange.floors[pair].market.lot
        strangers.be_quicker(call.exchange, pair, side, price, whole_lots(volume * options.amount("share"), lot))
    return True


def _fill_part(call: FaultyCall, options: RuleOptions) -> bool:
    order = _placed(call)
    if order is None:
        return False
    missing = order.limit_volume * options.amount("share") - order.base
    if missing > 0:
        strangers.trade_with(call.exchange, order, missing)
    return 0 < order.base < order.limit_volume


def _fill_first(call: FaultyCall, options: RuleOptions) -> bool:
    order = call.exchange.register.find(call.request.parameters.text("order_id"))
    return order is not None and strangers.trade_with(call.exchange, order, order.remaining * options.amount("share"))


def _meet_post_only(call: FaultyCall, options: RuleOptions) -> bool:
    try:
        pair, side, price, _ = _wanted(call)
    except Rejection:
        return False
    book = call.exchange.floors[pair].book
    quote = strangers.quote_for_a_moment(call.exchange, pair, side.opposite, price)
    call.clean_up.append(lambda: book.remove(quote))
    return True


def _trade_with_oneself(call: FaultyCall, options: RuleOptions) -> bool:
    order = _placed(call)
    try:
        return order is not None and strangers.trade_with_oneself(call.exchange, order, order.remaining * options.amount("share"))
    except Rejection:
        return False


def _order_by_hand(call: FaultyCall, options: RuleOptions) -> bool:
    return _use_the_account(call, options, is_market=False)


def _trade_by_hand(call: FaultyCall, options: RuleOptions) -> bool:
    return _use_the_account(call, options, is_market=True)


def _use_the_account(call: FaultyCall, options: RuleOptions, is_market: bool) -> bool:
    pair = options.word("pair") or call.request.parameters.text("pair")
    side = call.random.choice(list(Side))
    try:
        strangers.order_by_hand(call.exchange, pair if pair in call.exchange.floors else _first_pair(call.exchange), side, is_market)
    except Rejection:
        return False
    return True


def _deposit(call: FaultyCall, options: RuleOptions) -> bool:
    return _transfer(call, options, 1)


def _withdraw(call: FaultyCall, options: RuleOptions) -> bool:
    return _transfer(call, options, -1)


def _transfer(call: FaultyCall, options: RuleOptions, sign: int) -> bool:
    currency, exchange = options.word("currency"), call.exchange
    if currency not in exchange.currencies:
        return False
    try:
        exchange.accounts.transfer(currency, sign * options.amount("amount"), exchange.now_ms)
    except Rejection:
        return False
    return True


def _wanted(call: FaultyCall) -> tuple[str, Side, Decimal, Decimal]:
    parameters = call.request.parameters
    pair = call.exchange.floor(parameters.text("pair")).market.pair
    side = Side(parameters.choice("type", list(Side), "ErrInvalidOrderSide"))
    return pair, side, parameters.decimal("price", "ErrInvalidPrice"), parameters.decimal("volume", "ErrInvalidVolume")


def _placed(call: FaultyCall) -> Order | None:
    try:
        told = json.loads(call.answer.body) if call.answer is not None else {}
    except ValueError:
        return None
    return call.exchange.register.find(str(told.get("order_id", ""))) if isinstance(told, dict) else None


def _first_pair(exchange: Exchange) -> str:
    return next(iter(exchange.floors))


TRADING_FAULTS: KindTable = {
    "partial_fill": FaultKind(
        client="A limit order of which at most this share, and at least something, is filled for now.",
        exchange="Acts; somebody was quicker to what the order would have met, and somebody trades a part of what rests.",
        options=(_SHARE,),
        fits=_is_limit_order,
        before=_thin_out,
        after=_fill_part,
    ),
    "cancel_race": FaultKind(
        client="A cancel that comes too late: the order was filled just before (with a smaller share: in part).",
        exchange="Fills the order, then carries out the cancel, which it refuses if nothing is left.",
        options=(_WHOLE,),
        fits=_is_cancel,
        before=_fill_first,
    ),
    "post_only_refused": FaultKind(
        client="A post-only order that would have traded: an error, or by the quirk `post_only_cross` an order that ended at once.",
        exchange="Acts; somebody's quote was across from the order for that moment. Only post-only orders are hit.",
        fits=_is_post_only,
        before=_meet_post_only,
    ),
    "trade_with_self": FaultKind(
        client="A resting limit order that trades with the same account's own hand.",
        exchange="Acts; then an order without a name is placed on the account across from the new one. The quirk `self_trade` decides "
        "what comes of it.",
        options=(_WHOLE,),
        fits=_is_limit_order,
        after=_trade_with_oneself,
    ),
    "stranger_order": FaultKind(
        client="An open order on the account that it never placed.",
        exchange="Places a small order without a name, one percent away, on the call's market or this one, before it acts.",
        options=(_PAIR,),
        before=_order_by_hand,
    ),
    "stranger_trade": FaultKind(
        client="A trade, and balances that moved, on the account.",
        exchange="Carries out a small market order without a name before it acts.",
        options=(_PAIR,),
        before=_trade_by_hand,
    ),
    "deposit": FaultKind(
        client="A balance that grew.",
        exchange="Books money from outside before it acts.",
        options=(Option("amount", Decimal(1000), least=0.00000001), Option("currency", "ZAR")),
        before=_deposit,
    ),
    "withdrawal": FaultKind(
        client="A balance that shrank.",
        exchange="Sends free money outside before it acts; where there is not enough, nothing happens and nothing is counted.",
        options=(Option("amount", Decimal(1000), least=0.00000001), Option("currency", "ZAR")),
        before=_withdraw,
    ),
}
