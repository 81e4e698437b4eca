"""Any room's struct can be read from a located mapping, a strategy's typed params included."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, Optional

import msgspec
import pytest
from msgspec import Meta

from trading_system.core.errors import ConfigError
from trading_system.settings.convert import Source, convert
from trading_system.settings.expected import Expected, Seconds
from trading_system.settings.located import LocatedMapping
from trading_system.settings.problems import Problems
from trading_system.settings.read_yaml import read_yaml_text


class Style(StrEnum):
    QUIET = "quiet"
    LOUD = "loud"


class Leg(msgspec.Struct):
    size: Annotated[Decimal, Meta(gt=0)]
    note: str = "none"


class Params(msgspec.Struct):
    flag: bool = False
    count: Annotated[int, Meta(ge=1, le=10)] = 1
    share: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    even: Annotated[int, Meta(multiple_of=2)] = 2
    text: str = ""
    code: Annotated[str, Meta(pattern="^[a-z]+$", examples=["abc"], max_length=5)] = "abc"
    style: Style = Style.QUIET
    level: Literal["low", "high", 3] = "low"
    wait: Seconds = 1.0
    pause: Annotated[Seconds, Meta(ge=0.5, le=90)] = 1.0
    maybe: Optional[int] = None  # noqa: UP045
    number_or_text: int | str = 0
    leg: Leg | None = None
    legs: list[Leg] = []
    named: dict[str, Leg] = {}
    pair: tuple[int, float] = (1, 1.0)
    many: tuple[int, ...] = ()
    one_or_more: int | list[int] = 0
    low_or_none: Annotated[int | None, Meta(ge=1)] = None
    different: Annotated[list[int], Meta(extra={"is_unique": True})] = []
    kept: LocatedMapping = msgspec.field(default_factory=lambda: LocatedMapping({}, "", 0, ""))


def read(text: str, struct_type: type[msgspec.Struct] = Params) -> tuple[Any, list[str]]:
    problems = Problems()
    node = read_yaml_text(text, "f", problems, "p")
    assert node is not None
    value = convert(node, struct_type, problems)
    assert (value is None) == bool(len(problems))
    return value, list(problems)


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("flag: on", "flag", True),
        ("text: no", "text", "no"),
        ("text: 012", "text", "012"),
        ("text: 1:30", "text", "1:30"),
        ("text: ' padded '", "text", "padded"),
        ("text: ''", "text", ""),
        ("text: null", "text", "null"),
        ("count: '5'", "count", 5),
        ("share: 1e-1", "share", 0.1),
        ("share: 0.999999", "share", 0.999999),
        ("even: -4", "even", -4),
        ("even: 4e40", "even", 4 * 10**40),
        ("style: loud", "style", Style.LOUD),
        ("level: high", "level", "high"),
        ("level: 3", "level", 3),
        ("wait: 0", "wait", 0.0),
        ("wait: 250ms", "wait", 0.25),
        ("pause: 1m", "pause", 60.0),
        ("maybe: 4", "maybe", 4),
        ("maybe:", "maybe", None),
        ("number_or_text: 5", "number_or_text", 5),
        ("number_or_text: five", "number_or_text", "five"),
        ("leg: {size: 0.10}", "leg", Leg(Decimal("0.10"))),
        ("leg: null", "leg", None),
        ("legs: [{size: 1}, {size: 2, note: x}]", "legs", [Leg(Decimal(1)), Leg(Decimal(2), "x")]),
        ("legs:", "legs", []),
        ("named: {a: {size: 1}}", "named", {"a": Leg(Decimal(1))}),
        ("pair: [1, 2]", "pair", (1, 2.0)),
        ("many: [1, 2, 3]", "many", (1, 2, 3)),
        ("one_or_more: 4", "one_or_more", 4),
        ("one_or_more: [4, 5]", "one_or_more", [4, 5]),
        ("low_or_none: null", "low_or_none", None),
        ("low_or_none: 1", "low_or_none", 1),
    ],
)
def test_a_value_is_read_as_its_type(text, field, value):
    params, problems = read(text)
    assert problems == []
    assert getattr(params, field) == value
    assert type(getattr(params, field)) is type(value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("count: 11", "p.count: expected a whole number (at least 1, at most 10), found '11'"),
        ("count:", "p.count: expected a whole number (at least 1, at most 10), found nothing"),
        ("count: null", "p.count: expected a whole number (at least 1, at most 10), found 'null'"),
        ("share: 1", "p.share: expected a number (above 0, below 1), found '1'"),
        ("share: nan", "p.share: expected a number (above 0, below 1), found 'nan': it must be finite"),
        ("even: 3", "p.even: expected a whole number (in steps of 2), found '3'"),
        ("code: ABC", "p.code: expected a text (at most 5 characters, such as abc), found 'ABC'"),
        ("text:", "p.text: expected a text, found nothing"),
        ("different: [1, 2, 1.0]", "p.different.2: '1' is listed twice: keep one of them"),
        ("text: {a: b}", "p.text: expected a text, found settings written as 'key: value'"),
        ("style: lout", "p.style: expected quiet or loud, found 'lout': did you mean 'loud'?"),
        ("level: 4", "p.level: expected low, high or 3, found '4'"),
        ("wait: -1", "p.wait: expected a duration such as 5s, 500ms, 2m, 1h or 1d, found '-1'"),
        ("pause: 2m", "p.pause: expected a duration such as 5s, 500ms, 2m, 1h or 1d (at least 0.5s, at most 90s), found '2m'"),
        ("leg: {siez: 1}", "p.leg.siez: unknown key 'siez', did you mean 'size'?"),
        ("leg: {}", "p.leg: the key 'size' is missing: write a number (above 0)"),
        ("legs: [{size: 1}, {size: 0}]", "p.legs.1.size: expected a number (above 0), found '0'"),
        ("named: {a: {size: x}}", "p.named.a.size: expected a number (above 0), found 'x'"),
        ("pair: [1]", "p.pair: expected a list of 2 items, found 1"),
        ("many: 5", "p.many: expected a list, written [first, second], found '5': write [5]"),
        ("one_or_more: x", "p.one_or_more: expected a list, written [first, second] or a whole number, found 'x'"),
        ("low_or_none: 0", "p.low_or_none: expected a whole number (at least 1), found '0'"),
        ("kept: 5", "p.kept: expected settings written as 'key: value', found '5'"),
    ],
)
def test_a_value_that_does_not_fit_is_told_in_words(text, complaint):
    assert read(text) == (None, [f"f:1: {complaint}"])


def test_a_kept_mapping_can_be_converted_later_with_its_own_sources():
    params, _ = read("\n\nkept: {size: 3}")
    problems, sources = Problems(), [Source("earlier", 1, "f", 1)]
    assert convert(params.kept, Leg, problems, sources) == Leg(Decimal(3))
    assert sources[1:] == [Source("p.kept.size", Decimal(3), "f", 3), Source("p.kept.note", "none", "default", 0)]


def test_what_a_struct_refuses_itself_is_a_problem_of_its_mapping():
    class Cross(msgspec.Struct):
        fast: int
        slow: int

        def __post_init__(self) -> None:
            if self.fast >= self.slow:
                raise ValueError(f"fast ({self.fast}) must be below slow ({self.slow})")

    assert read("fast: 8\nslow: 3", Cross) == (None, ["f:1: p: fast (8) must be below slow (3)"])
    assert read("fast: 3\nslow: 8", Cross) == (Cross(3, 8), [])


@pytest.mark.parametrize("kind", [object, set[int], list, dict])
def test_a_type_that_settings_cannot_hold_is_named(kind):
    struct = msgspec.defstruct("Odd", [("odd", kind)])
    for text in ("odd: 5", "odd: [5]", "odd: {a: 5}"):
        value, problems = read(text, struct)
        assert value is None
        assert "which cannot be written in settings" in problems[0]


def test_the_same_mistake_found_twice_is_told_once_and_never_passes():
    problems = Problems()
    node = read_yaml_text("legs: [{size: 0}]\nfoo: 1", "f", problems)
    assert convert(node, Params, problems) is None
    assert convert(node, Params, problems) is None
    assert len(problems) == 2
    with pytest.raises(ConfigError) as caught:
        problems.raise_if_any()
    assert caught.value.problems == tuple(problems)


def test_a_strategys_params_are_read_by_their_class(tmp_path):
    class Base(msgspec.Struct, kw_only=True):
        pass

    class Own(Base, kw_only=True):
        quantity: float = 0.001
        every_ticks: int = 5

    assert read("quantity: 0.002", Own) == (Own(quantity=0.002), [])
    assert read("quantiy: 1", Own)[1] == ["f:1: p.quantiy: unknown key 'quantiy', did you mean 'quantity'?"]


def test_bounds_are_compared_exactly_in_decimal():
    assert Expected.of(Annotated[Decimal, Meta(ge=0.1)]).accepts(Decimal("0.1"))
    assert not Expected.of(Annotated[Decimal, Meta(ge=0.1)]).accepts(Decimal("0.0999999999999999999999"))
