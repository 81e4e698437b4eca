"""The kinds of faults of the answer itself: refusals, errors, pages of a proxy, bodies that are broken or of other types. They
must never touch the exchange."""

import json
from email.utils import formatdate

from brokerage.luno_simulator.api import Answer
from brokerage.luno_simulator.fault_kind import FaultKind, KindTable, Option, RuleOptions
from brokerage.luno_simulator.faulty_call import FaultyCall
from brokerage.luno_simulator.rejection import Rejection
from brokerage.luno_simulator.wrong_types import MANNERS, mistype, shift_clock, shifted_parameters

_SECOND = 1_000_000_000
_MEGABYTE = 1_000_000
_PAGE = "<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center><hr><center>edge</center></body></html>\r\n"
_TITLES = {
    200: "Just a moment...",
    403: "Access denied",
    429: "429 Too Many Requests",
    500: "500 Internal Server Error",
    502: "502 Bad Gateway",
    503: "503 Service Temporarily Unavailable",
    504: "504 Gateway Time-out",
}
_BODIES = ("html", "empty", "json")


def page(call: FaultyCall, status: int, body: str) -> Answer:
    """Return what something in front of the exchange says: a page of HTML, nothing, or the venue's own error."""
    headers = {"date": formatdate(call.exchange.now_ns // _SECOND, usegmt=True)}
    if body == "empty":
        return Answer(status, headers, b"")
    if body == "json":
        text = json.dumps({"error": "Internal error.", "error_code": "ErrInternal"})
        return Answer(status, {**headers, "content-type": "application/json"}, text.encode())
    text = _PAGE.format(title=_TITLES.get(status, str(status)))
    return Answer(status, {**headers, "content-type": "text/html"}, text.encode())


def _refuse_rate(call: FaultyCall, options: RuleOptions) -> bool:
    return _refuse_as(call, Rejection("ErrTooManyRequests", "You are exceeding the allowed request rate limit."))


def _refuse_as(call: FaultyCall, rejection: Rejection) -> bool:
    call.refusal = call.refusal or rejection
    return bool(call.acts)


def _tell_to_wait(call: FaultyCall, options: RuleOptions) -> bool:
    if call.answer is not None and call.answer.status == 429 and options.whole("retry_after"):
        headers = {**call.answer.headers, "retry-after": str(options.whole("retry_after"))}
        call.answer = Answer(429, headers, call.answer.body)
    return True


def _refuse_with_code(call: FaultyCall, options: RuleOptions) -> bool:
    return _refuse_as(call, Rejection(options.word("code"), "The exchange refused the call."))


def _bare_429(call: FaultyCall, options: RuleOptions) -> bool:
    call.reply_instead(page(call, 429, options.word("body")))
    return True


def _error_before(call: FaultyCall, options: RuleOptions) -> bool:
    call.reply_instead(page(call, options.whole("status"), options.word("body")))
    return True


def _error_after(call: FaultyCall, options: RuleOptions) -> bool:
    if not call.acts:
        return False
    call.answer = page(call, options.whole("status"), options.word("body"))
    return True


def _html(call: FaultyCall, options: RuleOptions) -> bool:
    if not options.is_on("acts"):
        call.reply_instead(page(call, options.whole("status"), "html"))
    return True


def _html_after(call: FaultyCall, options: RuleOptions) -> bool:
    if options.is_on("acts"):
        call.answer = page(call, options.whole("status"), "html")
    return True


def _truncate(call: FaultyCall, options: RuleOptions) -> bool:
    body = _json_of(call)
    if len(body) < 2:
        return False
    return _say(call, body[: max(int(len(body) * options.seconds("share")), 1)])


def _inflate(call: FaultyCall, options: RuleOptions) -> bool:
    body = _json_of(call)
    # White space after a value is still that value: only the size is wrong.
    return bool(body) and _say(call, body.ljust(options.whole("megabytes") * _MEGABYTE))


def _mistype(call: FaultyCall, options: RuleOptions) -> bool:
    try:
        value = json.loads(_json_of(call))
    except ValueError:
        return False
    wrong = mistype(value, options.word("what"), call.random)
    return wrong != value and _say(call, json.dumps(wrong).encode())


def _shift_request(call: FaultyCall, options: RuleOptions) -> bool:
    offset_ms, request = int(options.seconds("offset") * 1000), call.request
    query, form = (shifted_parameters(pairs, -offset_ms) for pairs in (request.query, request.form))
    call.request = request._replace(query=query, form=form)
    return True


def _shift_answer(call: FaultyCall, options: RuleOptions) -> bool:
    if call.answer is None:
        return False
    offset = options.seconds("offset")
    headers = dict(call.answer.headers)
    if "date" in headers:
        headers["date"] = formatdate(call.exchange.now_ns // _SECOND + int(offset), usegmt=True)
    call.answer = Answer(call.answer.status, headers, call.answer.body)
    try:
        value = json.loads(_json_of(call))
    except ValueError:
        return True
    return _say(call, json.dumps(shift_clock(value, int(offset * 1000))).encode())


def _json_of(call: FaultyCall) -> bytes:
    if call.answer is None or call.answer.headers.get("content-type") != "application/json":
        return b""
    return call.answer.body


def _say(call: FaultyCall, body: bytes) -> bool:
    if call.answer is not None:
        call.answer = Answer(call.answer.status, call.answer.headers, body)
    return True


ANSWER_FAULTS: KindTable = {
    "too_many": FaultKind(
        client="429 in the venue's own shape (ErrTooManyRequests), with `Retry-After` when seconds are given.",
        exchange="Refuses the call.",
        options=(Option("retry_after", 0),),
        before=_refuse_rate,
        after=_tell_to_wait,
    ),
    "bare_429": FaultKind(
        client="429 from a proxy, with no body or a page of HTML.",
        exchange="Never hears of the call.",
        options=(Option("body", "empty", ("empty", "html")),),
        before=_bare_429,
    ),
    "error_code": FaultKind(
        client="An error in the venue's own shape, with this code and its status.",
        exchange="Refuses the call.",
        options=(Option("code", "ErrInternal"),),
        before=_refuse_with_code,
    ),
    "error_before": FaultKind(
        client="A 5xx.",
        exchange="Never hears of the call.",
        options=(Option("status", 503, least=500, most=599), Option("body", "html", _BODIES)),
        before=_error_before,
    ),
    "error_after": FaultKind(
        client="A 5xx.",
        exchange="Acts.",
        options=(Option("status", 502, least=500, most=599), Option("body", "html", _BODIES)),
        after=_error_after,
    ),
    "html": FaultKind(
        client="A page of HTML, with 200 or any other status.",
        exchange="Never hears of the call, or acts.",
        options=(Option("status", 200, least=200, most=599), Option("acts", False)),
        before=_html,
        after=_html_after,
    ),
    "truncated": FaultKind(
        client="JSON that stops in the middle, with a length that says nothing is missing.",
        exchange="Acts.",
        options=(Option("share", 0.5, least=0, most=0.99),),
        after=_truncate,
    ),
    "huge": FaultKind(
        client="The right JSON and many megabytes of white space.",
        exchange="Acts.",
        options=(Option("megabytes", 16, least=1, most=1000),),
        after=_inflate,
    ),
    "wrong_types": FaultKind(
        client="Numbers as texts and texts as numbers, a field that is null, arrays where objects belong, or unknown words.",
        exchange="Acts.",
        options=(Option("what", "any", ("any", *MANNERS)),),
        after=_mistype,
    ),
    "clock_offset": FaultKind(
        client="The `Date` header and every timestamp so much ahead (or, negative, behind).",
        exchange="Acts by that clock: a deadline may have passed already, `since` and `before` mean that time.",
        options=(Option("offset", 30.0, least=-1e9),),
        before=_shift_request,
        after=_shift_answer,
    ),
}
