"""An exchange that misbehaves on request: rules in front of `api.handle`, pure like it; used by the server, by in-process tests
and by the deterministic simulation. Without a rule it must add nothing to a call."""

from collections.abc import Callable, Mapping, Sequence
from random import Random

from brokerage.luno_simulator.api import Answer, LunoApi
from brokerage.luno_simulator.delivery import Delivery, Ending
from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.fault_rule import FaultRule, read_rules
from brokerage.luno_simulator.faulty_call import FaultyCall, Request
from brokerage.luno_simulator.outages import Outages
from brokerage.luno_simulator.past_exchange import BookMemory, PastExchange
from brokerage.luno_simulator.reopening import reopened

_SECOND = 1_000_000_000
_NO_ANSWER = Answer(0, {}, b"")
_LONGEST_LAG_MS = 600_000
_NOTE_EVERY_NS = 250_000_000
# After a longer gap only the last minute's books are noted.
_LONGEST_NOTED_NS = 60 * _SECOND


class ActiveRule:
    """A rule at work: how many calls it matched and how many it hit, and its own chance."""

    def __init__(self, rule: FaultRule, seed: int, number: int) -> None:
        self.rule = rule
        self.random = Random(f"{seed}/{number}/{rule.text}")
        self.calls = 0
        self.hits = 0
        self._started_ns: int | None = None

    def is_due(self, call: FaultyCall) -> bool:
        """Count a call and tell whether the rule is to hit it."""
        rule, now_ns = self.rule, call.exchange.now_ns
        self._started_ns = now_ns if self._started_ns is None else self._started_ns
        age = (now_ns - self._started_ns) / _SECOND
        if age < rule.after_seconds or (rule.until_seconds and age > rule.until_seconds):
            return False
        if not rule.is_meant(call.endpoint, call.request.path) or not rule.how.fits(call, rule.options):
            return False
        self.calls += 1
        # Drawn for every matching call, so that the other conditions do not change the draws.
        is_drawn = rule.probability >= 1 or self.random.random() < rule.probability
        is_turn = (not rule.nth or self.calls == rule.nth) and (not rule.every or self.calls % rule.every == 0)
        return is_drawn and is_turn and (not rule.count or self.hits < rule.count)


class Faults:
    """Rules that stand between callers and one exchange.

    The same rules, seed and calls at the same times give the same faults. Several rules may hit one call: each does its part,
    in the order of the rules; if one of them keeps the request from the exchange, it is not carried out. Times are
    nanoseconds since the epoch.
    """

    def __init__(
        self,
        rules: Sequence[FaultRule | str] = (),
        seed: int = 0,
        *,
        reopen: Callable[[Exchange, int], Exchange] = reopened,
    ) -> None:
        """Begin with some rules, texts or read ones; raise ValueError for a wrong text.

        `reopen` makes of an exchange the one that a restart at a time finds.
        """
        self.seed = seed
        self.outages = Outages()
        self._reopen = reopen
        self._made = 0
        self.rules: list[ActiveRule] = []
        self._late: list[tuple[int, int, Request]] = []
        self._memory: BookMemory | None = None
        self._acknowledged_ms = 0
        self._is_needed = False
        self.add(rules)

    def add(self, rules: Sequence[FaultRule | str]) -> None:
        """Add rules, all of them or, with ValueError, none."""
        for rule in read_rules(rules):
            self.rules.append(ActiveRule(rule, self.seed, self._made))
            self._made += 1
            self._is_needed = True
            if rule.may_lag_books and self._memory is None:
                self._memory = BookMemory(_LONGEST_LAG_MS)

    def clear(self, api: LunoApi, now_ns: int) -> None:
        """Take all rules away and end what they began; requests that are still on their way arrive all the same."""
        self.advance(api, now_ns)
        self.rules, self._memory = [], None
        self.outages.lift(api.exchange, now_ns)
        self.advance(api, now_ns)

    def hits(self) -> dict[str, int]:
        """Return how often each rule has hit, by its text; equal texts are taken together."""
        counts: dict[str, int] = {}
        for active in self.rules:
            counts[active.rule.text] = counts.get(active.rule.text, 0) + active.hits
        return counts

    def deliver(
        self,
        api: LunoApi,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]],
        form: Sequence[tuple[str, str]],
        headers: Mapping[str, str],
        now_ns: int,
    ) -> Answer | Delivery:
        """Carry out one request at `now_ns`, as `api.handle` would, but for what the rules say.

        An Answer is one that no fault has touched.
        """
        if not self._is_needed:
            return api.handle(method, path, query, form, headers, now_ns)
        self.advance(api, now_ns)
        if self.outages.is_offline(now_ns):
            return _delivery(_NO_ANSWER, ending=Ending.REFUSE)
        banned = self.outages.banned(now_ns)
        if banned is not None:
            return _delivery(banned)
        request = Request(method, path, query, form, headers)
        call = FaultyCall(
            request=request, exchange=api.exchange, outages=self.outages, acknowledged_ms=self._acknowledged_ms
        )
        due = [active for active in self.rules if active.is_due(call)] if not path.startswith("/simulator/") else []
        if not due:
            answer = self._act(api, call, now_ns)
            self._note_acknowledgement(api, call, answer)
            return answer
        hit = [active for active in due if _step(active, call, active.rule.how.before)]
        try:
            self._carry_out(api, call, now_ns)
        finally:
            for clean_up in call.clean_up:
                clean_up()
        hit = [active for active in hit if _step(active, call, active.rule.how.after)]
        for active in hit:
            active.hits += 1
        # What the rules did to the exchange after it had acted must be kept too.
        api.advance(now_ns)
        self._note_acknowledgement(api, call, call.answer)
        self._go_down(call, now_ns)
        return self._delivery_of(call, tuple(active.rule.kind for active in hit))

    def advance(self, api: LunoApi, now_ns: int) -> None:
        """Let the exchange live until `now_ns`, and let happen on the way what is due: late requests, the ends of outages."""
        while (due_ns := self._next_due_ns()) is not None and due_ns <= now_ns:
            self._live(api, due_ns)
            self._happen(api, due_ns)
        self._live(api, now_ns)

    def _next_due_ns(self) -> int | None:
        times = [due_ns for due_ns, _, _ in self._late]
        if self.outages.is_restarting:
            times.append(self.outages.offline_until_ns)
        opening_ns = self.outages.next_opening_ns()
        if opening_ns is not None:
            times.append(opening_ns)
        return min(times, default=None)

    def _live(self, api: LunoApi, to_ns: int) -> None:
        if self.outages.is_restarting:
            return
        if self._memory is None:
            api.advance(to_ns)
            return
        step_ns = max(api.exchange.now_ns, to_ns - _LONGEST_NOTED_NS)
        while step_ns < to_ns:
            api.advance(step_ns)
            self._memory.note(api.exchange)
            step_ns += _NOTE_EVERY_NS
        api.advance(to_ns)

    def _happen(self, api: LunoApi, due_ns: int) -> None:
        if self.outages.is_restarting and self.outages.offline_until_ns <= due_ns:
            api.exchange = self._reopen(api.exchange, due_ns)
            api.exchange.skip_to(due_ns)
            self.outages.is_restarting = False
            self.outages.forget_markets()
        self.outages.open_markets(api.exchange, due_ns)
        for one in sorted(late for late in self._late if late[0] <= due_ns):
            self._late.remove(one)
            # A request that arrives while nobody listens is lost after all.
            if not self.outages.is_offline(due_ns) and self.outages.banned(due_ns) is None:
                api.handle(*one[2], now_ns=due_ns)

    def _act(self, api: LunoApi, call: FaultyCall, now_ns: int) -> Answer:
        shown = None
        if call.as_of_ms is not None or call.oldest_ms is not None:
            at_ms = api.exchange.now_ms if call.as_of_ms is None else call.as_of_ms
            memory = self._memory if call.as_of_ms is not None else None
            shown = PastExchange(api.exchange, at_ms, call.oldest_ms or 0, memory)
        return api.handle(*call.request, now_ns=now_ns, shown=shown, refusal=call.refusal)

    def _note_acknowledgement(self, api: LunoApi, call: FaultyCall, answer: Answer | None) -> None:
        is_heard = answer is not None and answer.status == 200 and call.ending is Ending.ANSWER
        if is_heard and call.acts and call.endpoint in ("place_limit", "place_market", "cancel"):
            self._acknowledged_ms = api.exchange.now_ms

    def _carry_out(self, api: LunoApi, call: FaultyCall, now_ns: int) -> None:
        answers = [self._act(api, call, now_ns) for _ in range(call.acts)]
        if answers:
            call.answer = answers[0 if call.keeps_first_answer else -1]
        if call.act_after_seconds is not None:
            due_ns = now_ns + int(call.act_after_seconds * _SECOND)
            self._made += 1
            self._late.append((due_ns, self._made, call.request))

    def _go_down(self, call: FaultyCall, now_ns: int) -> None:
        if call.restart_seconds is not None:
            call.offline_seconds = max(call.offline_seconds, call.restart_seconds)
            self.outages.go_offline(now_ns + int(call.restart_seconds * _SECOND), is_restart=True)

    def _delivery_of(self, call: FaultyCall, kinds: tuple[str, ...]) -> Delivery:
        answer = call.answer or _NO_ANSWER
        cut_at = None if call.cut_share is None or not answer.body else int(len(answer.body) * call.cut_share)
        return Delivery(
            acts=call.acts,
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
            delay_seconds=call.delay_seconds,
            drip_headers_seconds=call.drip_headers_seconds,
            drip_body_seconds=call.drip_body_seconds,
            cut_at=cut_at,
            ending=call.ending,
            act_after_seconds=call.act_after_seconds,
            offline_seconds=call.offline_seconds,
            kinds=kinds,
        )


def _step(active: ActiveRule, call: FaultyCall, step: Callable[..., bool]) -> bool:
    call.random = active.random
    return step(call, active.rule.options)


def _delivery(answer: Answer, ending: Ending = Ending.ANSWER) -> Delivery:
    return Delivery(acts=0, status=answer.status, headers=answer.headers, body=answer.body, ending=ending)
