"""A transport for tests that answers from a script and keeps what it was asked."""

import json
from collections.abc import Callable
from typing import Any

from brokerage.transport import HttpReply, HttpRequest

Answer = HttpReply | Exception | Callable[[HttpRequest], HttpReply]


def replying(body: Any, status: int = 200) -> HttpReply:
    """Return a reply with `body` as JSON, or as it is when it is bytes."""
    return HttpReply(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


class FakeTransport:
    """Gives the next answer of the list laid for a path; the last one stays."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.requests: list[HttpRequest] = []
        self.deadlines: list[int] = []

    def on(self, path: str, *answers: Answer) -> None:
        self.answers[path] = list(answers)

    def on_any(self, *answers: Answer) -> None:
        """Lay answers for every path that has none of its own."""
        self.answers[""] = list(answers)

    def send(self, request: HttpRequest, deadline_ns: int) -> HttpReply:
        self.requests.append(request)
        self.deadlines.append(deadline_ns)
        answers = self.answers.get(request.path) or self.answers[""]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, HttpReply) else answer(request)

    def abort(self, token: str | None = None) -> int:
        return 0
