"""One call on its way through the rules: what was asked, what is still to happen to it, and what goes back; filled in by the
kinds of faults, carried out by `faults.py`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from brokerage.luno_simulator.api import Answer
from brokerage.luno_simulator.delivery import Ending
from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.fault_endpoints import MARKET_DATA, endpoint_of
from brokerage.luno_simulator.outages import Outages
from brokerage.luno_simulator.parameters import Parameters
from brokerage.luno_simulator.rejection import Rejection


class Request(NamedTuple):
    """What a caller asked, percent-decoded."""

    method: str
    path: str
    query: Sequence[tuple[str, str]]
    form: Sequence[tuple[str, str]]
    headers: Mapping[str, str]

    @property
    def parameters(self) -> Parameters:
        """Return query and form taken together."""
        return Parameters(self.query, self.form)


@dataclass(slots=True, kw_only=True)
class FaultyCall:
    """A call and what the rules have decided about it.

    `acknowledged_ms` is the time of the last order or cancel that was acknowledged before, 0 for none. `answer` is what a
    rule says instead of the exchange, or, afterwards, what the exchange said. `as_of_ms` and `oldest_ms` bound what a read
    may show. `random` belongs to the rule at work.
    """

    request: Request
    exchange: Exchange
    outages: Outages
    acknowledged_ms: int
    endpoint: str = ""
    random: Random = field(default_factory=lambda: Random(0))
    acts: int = 1
    act_after_seconds: float | None = None
    refusal: Rejection | None = None
    as_of_ms: int | None = None
    oldest_ms: int | None = None
    answer: Answer | None = None
    keeps_first_answer: bool = False
    clean_up: list[Callable[[], None]] = field(default_factory=list)
    delay_seconds: float = 0.0
    drip_headers_seconds: float = 0.0
    drip_body_seconds: float = 0.0
    cut_share: float | None = None
    ending: Ending = Ending.ANSWER
    offline_seconds: float = 0.0
    restart_seconds: float | None = None

    def __post_init__(self) -> None:
        self.endpoint = endpoint_of(self.request.method, self.request.path, self.request.parameters)

    @property
    def is_read(self) -> bool:
        """Tell whether the call only reads."""
        return self.request.method == "GET"

    @property
    def is_market_data(self) -> bool:
        """Tell whether the call reads what everybody may see."""
        return self.endpoint in MARKET_DATA

    def end(self, ending: Ending) -> None:
        """Let the connection end like this, if nothing has ended it yet."""
        if self.ending is Ending.ANSWER:
            self.ending = ending

    def reply_instead(self, answer: Answer) -> None:
        """Say this instead of letting the exchange act; the first rule that says something is heard."""
        self.acts = 0
        if self.answer is None:
            self.answer = answer
