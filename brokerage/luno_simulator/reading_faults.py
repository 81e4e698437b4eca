"""The kinds of faults of reads that tell of another time: a replica that lags, a history that is gone. They must never change
what is true."""

from brokerage.luno_simulator.fault_kind import FaultKind, KindTable, Option, RuleOptions
from brokerage.luno_simulator.faulty_call import FaultyCall


def _is_read(call: FaultyCall, options: RuleOptions) -> bool:
    return call.is_read


def _is_private_read(call: FaultyCall, options: RuleOptions) -> bool:
    return call.is_read and not call.is_market_data


def _follows_an_acknowledgement(call: FaultyCall, options: RuleOptions) -> bool:
    since_ms = call.exchange.now_ms - call.acknowledged_ms
    return _is_private_read(call, options) and call.acknowledged_ms > 0 and since_ms <= options.seconds("seconds") * 1000


def _lag(call: FaultyCall, options: RuleOptions) -> bool:
    return _show(call, call.exchange.now_ms - int(options.seconds("seconds") * 1000))


def _forget_acknowledged(call: FaultyCall, options: RuleOptions) -> bool:
    return _show(call, call.acknowledged_ms - 1)


def _show(call: FaultyCall, at_ms: int) -> bool:
    call.as_of_ms = at_ms if call.as_of_ms is None else min(call.as_of_ms, at_ms)
    return True


def _prune(call: FaultyCall, options: RuleOptions) -> bool:
    call.oldest_ms = max(call.oldest_ms or 0, call.exchange.now_ms - int(options.seconds("seconds") * 1000))
    return True


READING_FAULTS: KindTable = {
    "lag": FaultKind(
        client="A read as it would have been answered so much earlier.",
        exchange="Is further already. Only reads are hit.",
        options=(Option("seconds", 3.0),),
        fits=_is_read,
        before=_lag,
    ),
    "before_ack": FaultKind(
        client="A private read from just before the last order or cancel that was acknowledged: the new order is missing, the "
        "canceled one is open.",
        exchange="Has carried out what it acknowledged. Only reads within `seconds` of an acknowledgement are hit.",
        options=(Option("seconds", 5.0),),
        fits=_follows_an_acknowledgement,
        before=_forget_acknowledged,
    ),
    "pruned": FaultKind(
        client="Orders that ended, and trades that happened, more than so long ago are in no list and under no id.",
        exchange="Still knows them: money and client order ids are as ever. Only private reads are hit.",
        options=(Option("seconds", 60.0),),
        fits=_is_private_read,
        before=_prune,
    ),
}
