"""How one answer reaches the caller when something is wrong: late, in pieces, cut, or not at all. Made by `faults.py`; carried
out over real sockets by `fault_carrier.py`, or in virtual time by a simulated transport. It must never hold a rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from brokerage.luno_simulator.api import Answer


class Ending(StrEnum):
    """What becomes of the connection."""

    #: The whole answer comes.
    ANSWER = "answer"
    #: Nothing ever comes; the connection stays open until the caller gives up.
    SILENCE = "silence"
    #: The connection is closed in good order without a byte of an answer.
    CLOSE = "close"
    #: The connection is reset without a byte of an answer.
    RESET = "reset"
    #: Nobody listens: the request was never read. On a connection that is open already this is a reset.
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An answer and the way it goes.

    `acts` says how often the exchange has carried out the request (0, 1 or 2); `act_after_seconds` is set when it will do so
    later, by itself. A carrier waits `delay_seconds`, then obeys `ending`; where that is ANSWER it sends `head`, waiting
    `drip_headers_seconds` after each byte, and `sent_body` with `drip_body_seconds` after each byte, and closes the
    connection when `cut_at` is set. `offline_seconds` says for how long nobody listens from now on. `kinds` are the faults
    that hit, in the order of the rules.
    """

    acts: int
    status: int
    headers: Mapping[str, str]
    body: bytes
    delay_seconds: float = 0.0
    drip_headers_seconds: float = 0.0
    drip_body_seconds: float = 0.0
    cut_at: int | None = None
    ending: Ending = Ending.ANSWER
    act_after_seconds: float | None = None
    offline_seconds: float = 0.0
    kinds: tuple[str, ...] = ()

    @property
    def answer(self) -> Answer:
        """Return what would go back if the way were good."""
        return Answer(self.status, self.headers, self.body)

    @property
    def lose_reply(self) -> bool:
        """Tell whether the caller gets no answer at all."""
        return self.ending is not Ending.ANSWER

    @property
    def is_whole(self) -> bool:
        """Tell whether the answer comes whole and at once, though perhaps late: an ordinary response can carry it."""
        return not (self.lose_reply or self.drip_headers_seconds or self.drip_body_seconds or self.cut_at is not None)

    @property
    def head(self) -> bytes:
        """Return status line and headers as they stand on the wire; the length is that of the whole body."""
        headers = {**self.headers, "content-length": str(len(self.body)), "connection": "close"}
        lines = [f"HTTP/1.1 {self.status} {_phrase(self.status)}", *(f"{name}: {value}" for name, value in headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    @property
    def sent_body(self) -> bytes:
        """Return the part of the body that is sent."""
        return self.body if self.cut_at is None else self.body[: self.cut_at]

    @property
    def header_seconds(self) -> float:
        """Return how long after the request the last byte of the headers comes."""
        return self.delay_seconds + self.drip_headers_seconds * len(self.head)

    @property
    def total_seconds(self) -> float:
        """Return how long after the request the last byte comes; without meaning where the reply is lost."""
        return self.header_seconds + self.drip_body_seconds * len(self.sent_body)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
