"""A fault rule as a person writes it, `open_orders:lag=3s:every=5`, or as JSON: what goes wrong, at which calls, and when. It
must never be let in with a word that nobody knows."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches

from brokerage.luno_simulator.fault_endpoints import ENDPOINTS, GROUPS, is_meant
from brokerage.luno_simulator.fault_kind import FaultKind, Option, OptionValue, RuleOptions
from brokerage.luno_simulator.fault_kinds import FAULT_KINDS

_PLACES = tuple(dict.fromkeys((*GROUPS, *ENDPOINTS)))
_LENGTH = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)(ms|s|m|h)?", re.ASCII)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}
_TRUTH = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
#: What every rule may say about when it hits, beside the options of its kind.
SELECTORS: Mapping[str, tuple[Option, str]] = {
    "nth": (Option("nth", 0, least=1), "only at the n-th of the matching calls"),
    "every": (Option("every", 0, least=1), "at every k-th of the matching calls"),
    "p": (Option("p", Decimal(1), most=1), "with this probability, drawn from the seed"),
    "count": (Option("count", 0, least=1), "so many times in all"),
    "after": (Option("after", 0.0), "not before so long after the first call since the rule was made"),
    "until": (Option("until", 0.0), "not later than so long after the first call since the rule was made"),
}


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One fault, where and when.

    `endpoint` is a name or a group of `fault_endpoints.py`, or a path. What is zero sets no condition; all that are set must
    be met, and each matching call within the window counts. Times are seconds since the first call that came after
    the rule was made.
    """

    endpoint: str
    kind: str
    options: RuleOptions
    nth: int = 0
    every: int = 0
    probability: float = 1.0
    count: int = 0
    after_seconds: float = 0.0
    until_seconds: float = 0.0
    text: str = ""

    @property
    def how(self) -> FaultKind:
        """Return the kind itself."""
        return FAULT_KINDS[self.kind]

    def is_meant(self, endpoint: str, path: str) -> bool:
        """Tell whether the rule speaks of this call."""
        return path.startswith(self.endpoint) if self.endpoint.startswith("/") else is_meant(endpoint, self.endpoint)

    @property
    def may_lag_books(self) -> bool:
        """Tell whether the rule may show an older book, which must be noted beforehand."""
        is_about_books = self.endpoint.startswith("/") or any(is_meant(name, self.endpoint) for name in ("ticker", "tickers", "order_book"))
        return self.kind == "lag" and is_about_books


def read_rule(text: str) -> FaultRule:
    """Return the rule of a text `endpoint:kind=value:name=value...`; the endpoint may be left out and is `all` then.

    Raise ValueError that says what is wrong and what was meant.
    """
    parts = [part.strip() for part in text.split(":")]
    if len(parts) == 1 or parts[0].partition("=")[0] in FAULT_KINDS:
        parts = ["all", *parts]
    endpoint, kind_part, *pairs = parts
    kind, has_value, value = kind_part.partition("=")
    given: dict[str, str] = {}
    if has_value:
        main = _kind(text, kind).options
        if not main:
            raise ValueError(f"fault {text!r}: {kind} takes no value")
        given[main[0].name] = value
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator:
            raise ValueError(f"fault {text!r}: write {name or 'name'}=value")
        if name in given:
            raise ValueError(f"fault {text!r}: {name} is given twice")
        given[name] = value
    return _rule(text, endpoint, kind, given)


def read_rules_from_json(text: str) -> list[FaultRule]:
    """Return the rules of a JSON list, each a text or an object with `kind`, `endpoint` (`all`) and the names of the text form.

    An object `{"rules": [...]}` is taken too. Raise ValueError that says what is wrong.
    """
    try:
        given = json.loads(text)
    except ValueError as error:
        raise ValueError(f"the rules are no JSON: {error}") from None
    rules = given.get("rules") if isinstance(given, dict) and "kind" not in given else given
    return [_rule_of_value(one) for one in (rules if isinstance(rules, list) else [rules])]


def _rule_of_value(value: object) -> FaultRule:
    if isinstance(value, str):
        return read_rule(value)
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
        raise ValueError(f"a rule is a text or an object with a kind, not {json.dumps(value)}")
    rest = {name: _plain(one) for name, one in value.items() if name not in ("kind", "endpoint")}
    text = ":".join([str(value.get("endpoint", "all")), value["kind"], *(f"{name}={one}" for name, one in rest.items())])
    return _rule(text, str(value.get("endpoint", "all")), value["kind"], rest)


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _rule(text: str, endpoint: str, kind: str, given: Mapping[str, str]) -> FaultRule:
    if endpoint not in _PLACES and not endpoint.startswith("/"):
        raise ValueError(f"fault {text!r}: there is no endpoint {endpoint!r}{_near(endpoint, (*_PLACES, *FAULT_KINDS))}")
    options = {option.name: option for option in _kind(text, kind).options}
    values: dict[str, OptionValue] = {name: option.default for name, option in options.items()}
    when: dict[str, OptionValue] = {name: option.default for name, (option, _) in SELECTORS.items()}
    for name, value in given.items():
        if name in options:
            values[name] = _read(text, options[name], value)
        elif name in SELECTORS:
            when[name] = _read(text, SELECTORS[name][0], value)
        else:
            raise ValueError(f"fault {text!r}: {kind} has no {name!r}{_near(name, (*options, *SELECTORS))}")
    chosen = RuleOptions(when)
    rule = FaultRule(
        endpoint,
        kind,
        RuleOptions(values),
        chosen.whole("nth"),
        chosen.whole("every"),
        float(chosen.amount("p")),
        chosen.whole("count"),
        chosen.seconds("after"),
        chosen.seconds("until"),
        text,
    )
    if rule.until_seconds and rule.until_seconds <= rule.after_seconds:
        raise ValueError(f"fault {text!r}: until is not later than after")
    return rule


def _kind(text: str, kind: str) -> FaultKind:
    if kind not in FAULT_KINDS:
        raise ValueError(f"fault {text!r}: there is no kind {kind!r}{_near(kind, FAULT_KINDS)}")
    return FAULT_KINDS[kind]


def _read(text: str, option: Option, value: str) -> OptionValue:
    try:
        read = _READERS[type(option.default)](value)
    except (KeyError, ValueError, InvalidOperation):
        raise ValueError(f"fault {text!r}: {option.name}={value} is not {_EXPECTED[type(option.default)]}") from None
    if option.choices and read not in option.choices:
        near = _near(value, option.choices)
        raise ValueError(f"fault {text!r}: {option.name}={value} is not one of {', '.join(option.choices)}{near}")
    if not isinstance(read, str | bool) and not option.least <= read <= option.most:
        raise ValueError(f"fault {text!r}: {option.name}={value} is not between {option.least:g} and {option.most:g}")
    return read


def _near(word: str, words: Iterable[str]) -> str:
    near = get_close_matches(word, list(words), 1)
    return f"; did you mean {near[0]}?" if near else ""


def _length(text: str) -> float:
    found = _LENGTH.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return float(Decimal(found[1]) * Decimal(str(_UNITS[found[2]])))


def _amount(text: str) -> Decimal:
    if not _LENGTH.fullmatch(text):
        raise ValueError(text)
    return Decimal(text)


_READERS: Mapping[type, Callable[[str], OptionValue]] = {
    bool: lambda text: _TRUTH[text.lower()],
    int: int,
    float: _length,
    Decimal: _amount,
    str: str,
}
_EXPECTED: Mapping[type, str] = {
    bool: "yes or no",
    int: "a whole number",
    float: "a number, or a length of time such as 250ms, 3s, 2m",
    Decimal: "a decimal number",
    str: "a word",
}


def read_rules(rules: Sequence[FaultRule | str]) -> list[FaultRule]:
    """Return rules, those that are texts read; raise ValueError as `read_rule` does."""
    return [read_rule(rule) if isinstance(rule, str) else rule for rule in rules]
