"""The exchange of a campaign: a simulator that runs by itself, asked over HTTP, halted and made to misbehave by its control path."""

from pathlib import Path
from typing import Any

import requests

from brokerage.luno_simulator.launcher import SimulatorProcess
from brokerage.registry import SIMULATOR_KEY
from tests.system.bot_process import ExchangeAccount

_PAGE = 1000
_PAIRS = ("XBTZAR", "ETHZAR", "XRPZAR", "XBTMYR", "ETHXBT")


class LiveExchange(ExchangeAccount):
    """An exchange with the memory `folder`; it outlives every bot that attaches to it."""

    def __init__(self, folder: Path, seed: int) -> None:
        """Start it, without a limit of calls."""
        self._process = SimulatorProcess.start(folder, seed, None, *SIMULATOR_KEY, options=["--control"])
        self.url = self._process.url
        super().__init__(self.url)

    @property
    def orders(self) -> list[dict[str, Any]]:
        """Return every order that was ever accepted, however many there are; one that ends meanwhile is told once, as ended."""
        rows = {row["order_id"]: row for closed in ("false", "true") for row in self._paged(closed)}
        return list(rows.values())

    @property
    def trades(self) -> list[dict[str, Any]]:
        """Return every trade of the account."""
        rows: dict[tuple[str, int, str], dict[str, Any]] = {}
        for pair in _PAIRS:
            page, last = [{}] * _PAGE, 0
            while len(page) == _PAGE:
                page = self.get("/api/1/listtrades", pair=pair, limit=str(_PAGE), after_seq=str(last))["trades"]
                rows.update({(pair, row["sequence"], row["order_id"]): row for row in page})
                last = page[-1]["sequence"] if page else last           # the list begins with this one itself
        return list(rows.values())

    def halt(self) -> None:
        """Let nobody trade: no order is taken, what stands stands still and can be canceled."""
        self._post("/simulator/markets", {"status": "halted"})

    def trade(self) -> None:
        """Let everybody trade again."""
        self._post("/simulator/markets", {"status": "active"})

    def misbehave(self, rules: tuple[str, ...], seed: int) -> None:
        """Follow these rules of misbehavior and no others; none ends all."""
        self._post("/simulator/faults", {"clear": "true", "seed": str(seed), "rule": list(rules)})

    def place(self, **form: str) -> None:
        """Place an order past the house."""
        self._post("/api/1/postorder", form)

    def stop(self) -> None:
        """End it."""
        self._session.close()
        self._process.stop()

    def _paged(self, closed: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        before = 2**62
        while True:
            page = self.get("/api/exchange/2/listorders", closed=closed, limit=str(_PAGE), created_before=str(before))["orders"]
            rows += page
            if len(page) < _PAGE:
                return rows
            before = page[-1]["creation_timestamp"] + 1     # several may be of one millisecond: they are told twice and counted once

    def _post(self, path: str, form: dict[str, Any]) -> None:
        answer: requests.Response = self._session.post(self._url + path, data=form, timeout=10)
        assert answer.status_code == 200, answer.text
