"""What a user reads who wrote something wrong: each mistake with its exact complaint."""

from decimal import Decimal
from pathlib import Path

import pytest

HEAD = "strategies:\n  a:\n    instruments: [XBTZAR.luno]\n    capital: {ZAR: 1}\n"
NAME_MEND = "a small letter first, then small letters, digits and _, at most 31 characters"
DURATION = "expected a duration such as 5s, 500ms, 2m, 1h or 1d (above 0, at most 7d)"
STRATEGY_KEYS = "file, instruments, capital, params, risk, bars, active, on_stop, currency, adopt"
SYNTAX_MEND = "check the indentation, brackets and quotes here and on the line before"

# One line of a strategy (line 5 of the file), and what is said of it.
IN_A_STRATEGY = [
    ("bars: abc", f"strategies.a.bars: {DURATION}, found 'abc'"),
    ("bars: 0", f"strategies.a.bars: {DURATION}, found '0'"),
    ("bars: -5s", f"strategies.a.bars: {DURATION}, found '-5s'"),
    ("bars: 8d", f"strategies.a.bars: {DURATION}, found '8d'"),
    ("bars: 1:30", f"strategies.a.bars: {DURATION}, found '1:30'"),
    ("bars: 1,000", f"strategies.a.bars: {DURATION}, found '1,000': write 1000"),
    ("bars: .NaN", f"strategies.a.bars: {DURATION}, found '.NaN': it must be finite"),
    ("bars: 1e999s", f"strategies.a.bars: {DURATION}, found '1e999s': it is too large"),
    ("bars: [1s]", f"strategies.a.bars: {DURATION}, found a list"),
    ("active: 1", "strategies.a.active: expected yes or no (also true/false, on/off), found '1'"),
    ("active:", "strategies.a.active: expected yes or no (also true/false, on/off), found nothing"),
    ("active: {}", "strategies.a.active: expected yes or no (also true/false, on/off), found nothing"),
    ("on_stop: cancle", "strategies.a.on_stop: expected cancel or keep, found 'cancle': did you mean 'cancel'?"),
    ("currency: zar", "strategies.a.currency: expected a currency in capital letters such as ZAR, found 'zar'"),
    ("adopt: Old", f"strategies.a.adopt: expected the name of a strategy, found 'Old': {NAME_MEND}"),
    ("file: a.txt", "strategies.a.file: expected the name of a Python file such as naive_test_strategy.py, found 'a.txt'"),
    ("params: 5", "strategies.a.params: expected settings written as 'key: value', found '5'"),
    ("params: [1]", "strategies.a.params: expected settings written as 'key: value', found a list"),
    ("foo: 1", f"strategies.a.foo: unknown key 'foo'; known here: {STRATEGY_KEYS}"),
    ("name: b", f"strategies.a.name: unknown key 'name'; known here: {STRATEGY_KEYS}"),
    ("Bars: 1s", "strategies.a.Bars: unknown key 'Bars', did you mean 'bars'?"),
    ("capital: {ZAR: 2}", "strategies.a: the key 'capital' is written twice, first on line 4: keep one of them"),
    ("params: *other", "strategies.a.params: aliases such as '*other' are not accepted: write the value out here"),
    ("params: &other {}", "strategies.a.params: anchors are not accepted: remove '&other'"),
    ("params: {x: !!int 5}", "strategies.a.params.x: tags are not accepted: remove '!!int'"),
    ("params: !!python/object:os.system {}", "strategies.a.params: tags are not accepted: remove '!!python/object:os.system'"),
    ("<<: {bars: 1s}", "strategies.a: merge keys ('<<') are not accepted: write the settings out here"),
    ("? [x]\n    : 1", "strategies.a: a key must be plain text: write 'key: value'"),
    ("params: {x:1}", "strategies.a.params: a space is missing after the colon of 'x:1': write 'x: 1'"),
    ('file: "a\\0.py"', "strategies.a.file: 'a\\x00.py' holds a character that cannot be shown: remove it"),
    ('"a\\tb": 1', "strategies.a.a\tb: unknown key 'a\\tb'; known here: " + STRATEGY_KEYS),
    ("params: a: b", "this is not YAML: mapping values are not allowed here; a text that holds ': ' needs quotes; "
     "otherwise check the indentation"),
    ("\tparams: {}", "a tab stands where YAML wants spaces: indent with spaces"),
    ("params: [1, 2}", "this is not YAML: expected ',' or ']', but got '}' (while parsing a flow sequence that begins on line 5); "
     + SYNTAX_MEND),
]  # fmt: skip

# What stands between the braces of `strategies: {a: {...}}`, and what is said of it.
BETWEEN_BRACES = [
    ("instruments: [''], capital: {ZAR: 1}",
     "strategies.a.instruments.0: expected an instrument such as XBTZAR.luno, found nothing"),
    ("instruments: XBTZAR.luno, capital: {ZAR: 1}",
     "strategies.a.instruments: expected a list of instruments, found 'XBTZAR.luno': write [XBTZAR.luno]"),
    ("instruments: [], capital: {ZAR: 1}", "strategies.a.instruments: expected a list of instruments, found nothing"),
    ("instruments: , capital: {ZAR: 1}", "strategies.a.instruments: expected a list of instruments, found nothing"),
    ("instruments: [AA.luno, AA.luno], capital: {ZAR: 1}", "strategies.a.instruments.1: 'AA.luno' is listed twice: keep one of them"),
    ("capital: {ZAR: 1}",
     "strategies.a: the key 'instruments' is missing: write a list of instruments, for example 'instruments: [XBTZAR.luno]'"),
    ("instruments: [AA.luno]",
     "strategies.a: the key 'capital' is missing: write an amount per currency, for example 'capital: {ZAR: 50000}'"),
    ("instruments: [AA.luno], captial: {ZAR: 1}", "strategies.a.captial: unknown key 'captial', did you mean 'capital'?"),
    ("instruments: [AA.luno], capital: 5", "strategies.a.capital: expected an amount per currency, found '5'"),
    ("instruments: [AA.luno], capital: {}", "strategies.a.capital: expected an amount per currency, found nothing"),
    ("instruments: [AA.luno], capital: {zar: 1}",
     "strategies.a.capital.zar: expected a currency in capital letters such as ZAR, found 'zar'"),
    ("instruments: [AA.luno], capital: {ZAR:1}",
     "strategies.a.capital: a space is missing after the colon of 'ZAR:1': write 'ZAR: 1'"),
]  # fmt: skip

AMOUNTS = [
    ("-1", ""), ("abc", ""), ("0x10", ""), ("R500", ""), ("1__0", ""), ("\u0661", ""), ("1.2.3", ""),
    ("'1,000'", ": write 1000"), ("1 000", ": write 1000"), ("'0,5'", ": write 0.5"), ("5 %", ": write 0.05"),
    ("inf", ": it must be finite"), ("-.Infinity", ": it must be finite"), ("1e999", ": it is too large"),
    ("1e-999", ": it is too small"), ("1e999999999999", ": it is too large"),
]  # fmt: skip

# Contents of the system's file, and what is said of them.
OF_THE_SYSTEM = [
    ("heartbeat_second: 1", "system:1: system.heartbeat_second: unknown key 'heartbeat_second', did you mean 'heartbeat_seconds'?"),
    ("max_open_orders: 1.5", "system:1: system.max_open_orders: expected a whole number (at least 1, at most 10000), found '1.5'"),
    ("\nmax_open_orders: 0", "system:2: system.max_open_orders: expected a whole number (at least 1, at most 10000), found '0'"),
    ("market_order_collar: 2%", "system:1: system.market_order_collar: expected a number (above 0, at most 0.5), found '2%': write 0.02"),
    ("simulator: {rate_limit: of}", "system:1: system.simulator.rate_limit: expected 'off' or a whole number "
     "(at least 1, at most 1000000), found 'of': did you mean 'off'?"),
    ("simulator: {url: here}", "system:1: system.simulator.url: expected an address such as http://127.0.0.1:8080, found 'here'"),
    ("brokers: {Luno: {}}", f"system:1: system.brokers.Luno: expected the name of a broker, found 'Luno': {NAME_MEND}"),
    ("brokers: {luno: x}", "system:1: system.brokers.luno: expected settings written as 'key: value', found 'x'"),
    ("- a", "system:1: expected settings written as 'key: value', found a list"),
]  # fmt: skip

WHOLE_FILES = [
    ("", "global:1: the file is empty: write settings as 'key: value'"),
    ("# nothing\n", "global:1: the file is empty: write settings as 'key: value'"),
    ("word", "global:1: expected settings written as 'key: value', found 'word'"),
    ("*all", "global:1: aliases such as '*all' are not accepted: write the value out here"),
    (b"a: \xff", "global:1: the file is not UTF-8 text: save it as UTF-8"),
    (b"a: 1\nb: \x07", "global:2: the character '\\x07' cannot stand in a text file: remove it"),
    ("a: \"\\UFFFFFFFF\"", "global: this is not YAML: a '\\U' escape or a '%YAML' line has a number that is out of range; remove it"),
    ("a: \"\\ud800\"\nstrategies: {}", "global:1: a: '\\ud800' holds a character that cannot be shown: remove it"),
    ("[" * 50_000, "global:1: settings are nested more than 32 deep here: is a bracket missing?"),
    ("#" * (1024 * 1024 + 1), "global: the file is over 1 MiB, which no settings file should be: is it the right one?"),
    ("mode: live", "global:1: the key 'strategies' is missing: write the strategies by name, for example "
     "'strategies: {naive_test: {instruments: [XBTZAR.luno], capital: {ZAR: 50000}}}'"),
    ("mode: papper\nstrategies: {}",
     "global:1: mode: expected simulate, paper, live or backtest, found 'papper': did you mean 'paper'?"),
    ("strategies: {}\n---\nmode: live", "global:2: a second document begins here: keep one, and remove the line '---'"),
    ("strategies: {a: 5}", "global:1: strategies.a: expected settings written as 'key: value', found '5'"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "complaint"), IN_A_STRATEGY)
def test_a_mistake_in_a_strategy_is_told_with_its_line_and_path(desk, line, complaint):
    assert desk.complaints(f"{HEAD}    {line}\n") == [f"global:5: {complaint}"]


@pytest.mark.parametrize(("inside", "complaint"), BETWEEN_BRACES)
def test_a_mistake_between_braces_is_told_once(desk, inside, complaint):
    assert desk.complaints(f"strategies: {{a: {{{inside}}}}}")[0] == f"global:1: {complaint}"


@pytest.mark.parametrize(("written", "mend"), AMOUNTS)
def test_an_amount_that_is_no_number_is_refused_with_the_way_to_write_it(desk, written, mend):
    complaint = f"global:1: strategies.a.capital.ZAR: expected a number (at least 0, at most 1e15), found '{written.strip(chr(39))}'{mend}"
    assert desk.complaints(f"strategies: {{a: {{instruments: [AA.luno], capital: {{ZAR: {written}}}}}}}") == [complaint]


@pytest.mark.parametrize(("text", "complaint"), OF_THE_SYSTEM)
def test_a_mistake_in_the_systems_file_is_told_by_the_path_that_set_takes(desk, text, complaint):
    assert desk.complaints("strategies: {}", text) == [complaint]


@pytest.mark.parametrize(("content", "complaint"), WHOLE_FILES)
def test_a_file_that_is_wrong_as_a_whole_is_told_in_one_sentence(desk, content, complaint):
    assert [problem for problem in desk.complaints(content) if "unknown key 'a'" not in problem] == [complaint]


def test_a_missing_file_and_a_folder_in_its_place_are_told(desk):
    assert desk.complaints(None) == ["global: there is no such file: create it, or name the right folder with --config"]
    (desk.folder / "global_strategy_config.yaml").mkdir()
    assert desk.complaints(None) == ["global: this is not a file: a settings file is expected here"]


def test_all_problems_of_both_files_are_told_at_once_in_file_order(desk):
    strategies = "mode: papper\nstrategies:\n  b:\n    active: 1\n    instruments: ['']\n  a:\n    fil: a.py\n    capital: {ZAR: x}\n"
    complaints = desk.complaints(f"{strategies}mod: 1\n", "max_open_orders: 0\nheartbeat_seconds: 0\n", ["nothing", "strategies.b.bars=x"])
    places = [complaint.split(": ", 2)[:2] for complaint in complaints]
    assert places == [
        ["--set", "expected path=value such as strategies.naive_test.active=no, found 'nothing'"],
        ["--set", "strategies.b.bars"],
        ["global:1", "mode"],
        ["global:3", "strategies.b"],
        ["global:4", "strategies.b.active"],
        ["global:5", "strategies.b.instruments.0"],
        ["global:6", "strategies.a"],
        ["global:7", "strategies.a.fil"],
        ["global:8", "strategies.a.capital.ZAR"],
        ["global:9", "mod"],
        ["system:1", "system.max_open_orders"],
        ["system:2", "system.heartbeat_seconds"],
    ]


def test_a_space_forgotten_after_a_colon_does_not_bring_more_complaints(desk):
    assert len(desk.complaints("strategies: {a: {instruments: [AA.luno], capital: {ZAR:1}}}")) == 1


def test_the_mend_of_a_percentage_is_accepted(desk):
    assert desk.load("strategies: {}", "market_order_collar: 0.02").system.market_order_collar == Decimal("0.02")


def test_a_file_that_may_not_be_read_is_told(desk, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    desk.write("strategies: {}")
    monkeypatch.setattr(Path, "open", refuse)
    assert desk.complaints(None) == ["global: the file cannot be read: Permission denied"]
