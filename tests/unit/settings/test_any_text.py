"""Whatever stands in a file, reading it ends soon, with settings or with complaints, never with an exception."""

import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from trading_system.core.errors import ConfigError
from trading_system.settings.convert import Source, convert
from trading_system.settings.house_settings import GlobalSettings, SystemSettings
from trading_system.settings.load import Settings, load_settings
from trading_system.settings.problems import Problems
from trading_system.settings.read_yaml import read_yaml_text
from trading_system.settings.scalars import UnreadableText, read_number, read_seconds, read_whole_number

KEYS = ["mode", "strategies", "a", "instruments", "capital", "ZAR", "params", "bars", "brokers", "simulator", "seed", "<<", ""]
PIECES = [": ", ":", "\n", "\n  ", "- ", "[", "]", "{", "}", ", ", "#", "&x ", "*x", "!!int ", "!", "'", '"', "|", ">", "? ", "---",
          "%YAML ", "\t", "\\U", "null", "~", "1e9", "nan", "5s", "XBTZAR.luno", "yes", "\ufeff", "\x85", "é", "=", "1"]  # fmt: skip
yaml_like = st.lists(st.sampled_from(KEYS + PIECES), max_size=40).map("".join)
leaves = st.text(max_size=8) | st.sampled_from(["1", "nan", "5s", "yes", "~", "XBTZAR.luno", "1e400", "9" * 90])
trees = st.recursive(leaves, lambda node: st.lists(node, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | leaves, node, max_size=5))


def flow(tree) -> str:
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(value)}" for key, value in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(flow(item) for item in tree) + "]"
    return "'" + "".join(character for character in tree if character.isprintable()).replace("'", "''") + "'"


def read_both(text: str) -> None:
    for struct_type in (GlobalSettings, SystemSettings):
        problems, sources = Problems(), list[Source]()
        node = read_yaml_text(text, "f", problems)
        if node is None:
            assert len(problems)
            continue
        was_clean = not len(problems)
        value = convert(node, struct_type, problems, sources)
        assert (value is None) == bool(len(problems)) or not was_clean
        for problem in problems:
            problem.encode()
            assert len(problem) < 2000


@settings(max_examples=400, deadline=1000)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    read_both(text)


@settings(max_examples=800, deadline=1000)
@given(yaml_like)
def test_anything_that_looks_like_yaml_is_read_or_refused(text):
    read_both(text)


@settings(max_examples=400, deadline=1000)
@given(trees)
def test_any_well_formed_tree_is_read_or_refused(tree):
    read_both(flow(tree))


@settings(max_examples=300, deadline=1000)
@given(st.binary(max_size=100), st.lists(st.text(max_size=40) | yaml_like, max_size=3))
def test_any_bytes_in_the_file_and_any_override_are_loaded_or_refused(content, overrides):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "global_strategy_config.yaml").write_bytes(content if content else b"strategies: {}")
        with suppress(ConfigError):
            assert isinstance(load_settings(Path(folder), overrides, environment={}), Settings)


@settings(max_examples=500, deadline=1000)
@given(st.text(max_size=30) | st.text("0123456789.,eE+-_ msh%", max_size=30) | st.text("9", min_size=80, max_size=500))
def test_any_text_is_a_number_or_is_not(text):
    for read in (read_number, read_whole_number, read_seconds):
        with suppress(UnreadableText):
            assert abs(read(text)) < 10**306


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20))
def test_every_decimal_comes_back_as_it_was_written(number):
    assert read_number(str(number)) == number
