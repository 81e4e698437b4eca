"""The kinds of faults that last: a ban, markets that stand still, a restart. They begin what `outages.py` keeps."""

from brokerage.luno_simulator.answer_faults import page
from brokerage.luno_simulator.delivery import Ending
from brokerage.luno_simulator.fault_kind import FaultKind, KindTable, Option, RuleOptions
from brokerage.luno_simulator.faulty_call import FaultyCall
from brokerage.luno_simulator.market_status import MarketStatus

_SECOND = 1_000_000_000
_STATUSES = tuple(status.value for status in MarketStatus if status is not MarketStatus.ACTIVE)


def _ban(call: FaultyCall, options: RuleOptions) -> bool:
    answer = page(call, options.whole("status"), options.word("body"))
    call.reply_instead(answer)
    call.outages.ban(answer, _end_ns(call, options))
    return True


def _close_market(call: FaultyCall, options: RuleOptions) -> bool:
    pair = options.word("pair")
    if pair and pair not in call.exchange.floors:
        return False
    call.outages.close_market(call.exchange, pair, MarketStatus(options.word("status")), _end_ns(call, options))
    return True


def _restart(call: FaultyCall, options: RuleOptions) -> bool:
    call.acts = call.acts if options.is_on("acts") else 0
    call.end(Ending.RESET)
    call.restart_seconds = options.seconds("seconds")
    return True


def _end_ns(call: FaultyCall, options: RuleOptions) -> int:
    return call.exchange.now_ns + int(options.seconds("seconds") * _SECOND)


OUTAGE_FAULTS: KindTable = {
    "ban": FaultKind(
        client="This status for every call, from this one on, for so long.",
        exchange="Hears of none of these calls and goes on trading.",
        options=(Option("seconds", 60.0), Option("status", 403, least=400, most=599), Option("body", "html", ("html", "empty"))),
        before=_ban,
    ),
    "maintenance": FaultKind(
        client="Orders and cancels refused in the venue's own shape, and the markets' status, for so long; this call included.",
        exchange="Closes one market or all, with one of the statuses of the simulator's own calls, and opens them again.",
        options=(Option("seconds", 30.0), Option("status", MarketStatus.MAINTENANCE.value, _STATUSES), Option("pair", "")),
        before=_close_market,
    ),
    "restart": FaultKind(
        client="A reset connection, then for so long nobody to connect to.",
        exchange="Ends without carrying out the call, or (`acts`) right after it, and comes back with what its memory holds: orders, "
        "trades, balances. The crowd's quotes are new ones, markets are open, and no time has passed for the crowd.",
        options=(Option("seconds", 0.0), Option("acts", False)),
        before=_restart,
    ),
}
