"""The simulator's own call about faults, `/simulator/faults`, by which a test makes and ends them while the exchange runs. It
must never exist on a simulator that nobody told to have it."""

import json
from collections.abc import Mapping, Sequence

from brokerage.luno_simulator.api import Answer, LunoApi
from brokerage.luno_simulator.delivery import Delivery
from brokerage.luno_simulator.fault_rule import FaultRule, read_rule, read_rules_from_json
from brokerage.luno_simulator.faults import Faults
from brokerage.luno_simulator.parameters import Parameters
from brokerage.luno_simulator.rejection import Rejection

FAULT_PATH = "/simulator/faults"


class ControlledFaults(Faults):
    """Faults that can be asked for, made and ended by a call, which no fault ever hits."""

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
        """Answer the call about faults here, and leave every other to the rules."""
        if path != FAULT_PATH:
            return super().deliver(api, method, path, query, form, headers, now_ns)
        try:
            if method == "POST":
                self._change(api, Parameters(query, form), now_ns)
        except (ValueError, Rejection) as error:
            return _answer(400, {"error": str(error), "error_code": "ErrInvalidArguments"})
        rows = [
            {"rule": one.rule.text, "endpoint": one.rule.endpoint, "kind": one.rule.kind, "calls": one.calls, "hits": one.hits}
            for one in self.rules
        ]
        return _answer(200, {"seed": self.seed, "rules": rows})

    def _change(self, api: LunoApi, parameters: Parameters, now_ns: int) -> None:
        rules: list[FaultRule] = [read_rule(text) for text in parameters.texts("rule")]
        for text in parameters.texts("rules"):
            rules += read_rules_from_json(text)
        seed = parameters.integer("seed", self.seed)
        if parameters.boolean("clear"):
            self.clear(api, now_ns)
        self.seed = seed
        self.add(rules)


def _answer(status: int, body: Mapping[str, object]) -> Answer:
    return Answer(status, {"content-type": "application/json"}, json.dumps(body).encode())
