"""The kinds of faults of the way between caller and exchange: what is lost, late, doubled, cut or slow. They must never change
what an answer says."""

from brokerage.luno_simulator.delivery import Ending
from brokerage.luno_simulator.fault_kind import FaultKind, KindTable, Option, RuleOptions
from brokerage.luno_simulator.faulty_call import FaultyCall

_SECOND = 1_000_000_000
_ENDING = Option("ending", Ending.SILENCE.value, (Ending.SILENCE.value, Ending.CLOSE.value, Ending.RESET.value))


def _lose_request(call: FaultyCall, options: RuleOptions) -> bool:
    call.acts = 0
    call.end(Ending(options.word("ending")))
    return True


def _lose_reply(call: FaultyCall, options: RuleOptions) -> bool:
    call.end(Ending(options.word("ending")))
    return True


def _delay(call: FaultyCall, options: RuleOptions) -> bool:
    call.delay_seconds += options.seconds("seconds")
    return True


def _act_late(call: FaultyCall, options: RuleOptions) -> bool:
    call.acts = 0
    call.act_after_seconds = options.seconds("seconds")
    call.end(Ending(options.word("ending")))
    return True


def _double(call: FaultyCall, options: RuleOptions) -> bool:
    if not call.acts:
        return False
    call.acts = 2
    call.keeps_first_answer = options.word("answer") == "first"
    return True


def _cut(call: FaultyCall, options: RuleOptions) -> bool:
    call.cut_share = options.seconds("share")
    return bool(call.answer and call.answer.body)


def _drip_headers(call: FaultyCall, options: RuleOptions) -> bool:
    call.drip_headers_seconds = options.seconds("seconds")
    return True


def _drip_body(call: FaultyCall, options: RuleOptions) -> bool:
    call.drip_body_seconds = options.seconds("seconds")
    return True


def _refuse(call: FaultyCall, options: RuleOptions) -> bool:
    call.acts = 0
    call.end(Ending.REFUSE)
    call.offline_seconds = options.seconds("seconds")
    call.outages.go_offline(call.exchange.now_ns + int(call.offline_seconds * _SECOND))
    return True


def _reset(call: FaultyCall, options: RuleOptions) -> bool:
    call.acts = 0
    call.end(Ending.RESET)
    return True


TRANSPORT_FAULTS: KindTable = {
    "request_lost": FaultKind(
        client="No answer; the connection stays silent, is closed or is reset.",
        exchange="Never hears of the call.",
        options=(_ENDING,),
        before=_lose_request,
    ),
    "reply_lost": FaultKind(
        client="No answer; the connection stays silent, is closed or is reset.",
        exchange="Acts.",
        options=(_ENDING,),
        before=_lose_reply,
    ),
    "delayed": FaultKind(
        client="The right answer, so much later.", exchange="Acts at once.", options=(Option("seconds", 2.0),), before=_delay
    ),
    "late": FaultKind(
        client="No answer.",
        exchange="Acts so much later, when the caller has given up: the request lay somewhere on the way and is still honored, "
        "unless the exchange is offline then.",
        options=(Option("seconds", 10.0), _ENDING),
        before=_act_late,
    ),
    "duplicated": FaultKind(
        client="The answer to the second request, as behind a proxy that lost the first and tried again; or the first.",
        exchange="Acts twice. A repeated client order id is refused as ever; an order without one is placed twice.",
        options=(Option("answer", "second", ("second", "first")),),
        before=_double,
    ),
    "cut": FaultKind(
        client="Headers with the whole length, a part of the body, and the end of the connection.",
        exchange="Acts.",
        options=(Option("share", 0.5, least=0, most=0.99),),
        after=_cut,
    ),
    "drip_headers": FaultKind(
        client="Status line and headers byte by byte, with so much time after each.",
        exchange="Acts.",
        options=(Option("seconds", 1.0),),
        before=_drip_headers,
    ),
    "drip_body": FaultKind(
        client="The body byte by byte, with so much time after each.",
        exchange="Acts.",
        options=(Option("seconds", 1.0),),
        before=_drip_body,
    ),
    "refused": FaultKind(
        client="No connection: nothing was sent. A connection that is open already is reset. With `seconds`, nobody can connect "
        "for so long, whatever is called.",
        exchange="Never hears of the call, goes on trading, and comes back.",
        options=(Option("seconds", 0.0),),
        before=_refuse,
    ),
    "reset": FaultKind(
        client="The connection is reset instead of an answer.", exchange="Never hears of the call.", before=_reset
    ),
}
