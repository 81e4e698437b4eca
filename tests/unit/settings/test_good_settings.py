"""What a user may write, what becomes of it, and where each effective value came from."""

from decimal import Decimal
from pathlib import Path

import pytest

from trading_system.settings.convert import Source
from trading_system.settings.load import config_hash, load_settings

A = "strategies: {a: {instruments: [XBTZAR.luno], capital: {ZAR: 1}}}"
CONFIGS = Path(__file__).parents[3] / "configs"
LUNO = "brokers: {luno: {adapter: luno}}"


def test_the_shipped_files_load_and_state_the_defaults(desk):
    shipped = load_settings(CONFIGS, environment={})
    assert list(shipped.global_settings.strategies) == ["naive_test", "moving_average_cross", "market_making"]
    assert shipped.global_settings.mode == "simulate"
    defaults = desk.load((CONFIGS / "global_strategy_config.yaml").read_text(), LUNO)
    assert config_hash(shipped) == config_hash(defaults)


def test_a_strategy_gets_what_was_written_and_defaults_for_the_rest(desk):
    text = "strategies: {moving_average_cross: {instruments: [ETHZAR.luno], capital: {ZAR: 2e4, XRP: 500.50}, bars: 2s, params: {fast: 3}}}"
    strategy = desk.load(text).global_settings.strategies["moving_average_cross"]
    assert strategy.name == "moving_average_cross"
    assert strategy.file == "moving_average_cross_strategy.py"
    assert strategy.instruments == ["ETHZAR.luno"]
    assert strategy.capital == {"ZAR": Decimal(20000), "XRP": Decimal("500.50")}
    assert str(strategy.capital["ZAR"]) == "20000"
    assert strategy.bars == 2.0
    assert strategy.params.plain() == {"fast": "3"}
    assert (strategy.active, strategy.on_stop, strategy.currency, strategy.adopt) == (True, "cancel", None, None)


def test_settings_nobody_wrote_stand_where_they_would_be_written(desk):
    risk = desk.load(f"mode: paper\n{A}").global_settings.strategies["a"].risk
    assert (risk.path, risk.line, risk.entries) == ("strategies.a.risk", 2, {})
    assert risk.file.endswith("global_strategy_config.yaml")


def test_a_file_that_an_editor_began_with_a_byte_order_mark_loads(desk):
    assert desk.load(f"\ufeffmode: paper\n{A}").global_settings.mode == "paper"


@pytest.mark.parametrize("system", [None, "", "# all lines commented out\n", "simulator:\n"])
def test_the_system_has_a_default_for_everything(desk, system):
    system = desk.load(A, system).system
    assert (system.heartbeat_seconds, system.hook_limit_seconds, system.stop_deadline_seconds) == (1, 2, 30)
    assert (system.max_queue_seconds, system.stale_price_seconds, system.max_open_orders) == (2, 10, 50)
    assert (system.market_order_collar, system.orders_per_second, system.market_data_bound) == (Decimal("0.02"), 10, 4096)
    assert (system.simulator.seed, system.simulator.rate_limit, system.simulator.url) == (1, 300, None)
    assert system.brokers == {}


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("system.max_open_orders", "1e1", 10),
        ("system.max_open_orders", "012", 12),
        ("system.max_open_orders", "10.0", 10),
        ("system.max_open_orders", "1_000", 1000),
        ("system.max_open_orders", "' 7 '", 7),
        ("system.simulator.rate_limit", "off", "off"),
        ("system.simulator.rate_limit", "60", 60),
        ("system.simulator.url", "http://127.0.0.1:80/", "http://127.0.0.1:80/"),
        ("system.simulator.url", "null", None),
        ("system.simulator.url", "~", None),
        ("system.heartbeat_seconds", "500ms", 0.5),
        ("system.heartbeat_seconds", "0.25", 0.25),
        ("system.heartbeat_seconds", "2 m", 120.0),
        ("system.heartbeat_seconds", "1h", 3600.0),
        ("system.heartbeat_seconds", "1d", 86400.0),
        ("system.heartbeat_seconds", "1e-3", 0.001),
        ("system.market_order_collar", "+.5", Decimal("0.5")),
    ],
)
def test_texts_are_read_as_people_mean_them(desk, path, text, value):
    *groups, key = path.split(".")[1:]
    written = "".join(f"{group}: {{" for group in groups) + f"{key}: {text}" + "}" * len(groups)
    settings = desk.load(A, written)
    source = next(source for source in settings.sources if source.path == path)
    assert source.value == value
    assert type(source.value) is type(value)


@pytest.mark.parametrize(("text", "value"), [("yes", True), ("ON", True), ("True", True), ("no", False), ("Off", False), ("FALSE", False)])
def test_yes_and_no_are_understood_in_any_case(desk, text, value):
    text = f"strategies: {{a: {{instruments: [XBTZAR.luno], capital: {{ZAR: 1}}, active: {text}}}}}"
    assert desk.load(text).global_settings.strategies["a"].active is value


def test_every_effective_value_tells_where_it_came_from(desk):
    settings = desk.load(f"mode: paper\n{A}", "simulator:\n  seed: 7\n", ["system.max_open_orders=3"])
    sources = {source.path: source for source in settings.sources}
    file = str(desk.folder / "global_strategy_config.yaml")
    assert sources["mode"] == Source("mode", "paper", file, 1)
    assert sources["strategies.a.instruments"] == Source("strategies.a.instruments", ["XBTZAR.luno"], file, 2, (2,))
    assert "strategies.a.instruments.0" not in sources
    assert sources["strategies.a.capital.ZAR"].value == Decimal(1)
    assert sources["strategies.a.file"] == Source("strategies.a.file", "a_strategy.py", "default", 0)
    assert sources["system.simulator.seed"].place == f"{desk.folder}/system_config.yaml:2"
    assert sources["system.simulator.rate_limit"].place == "default"
    assert sources["system.max_open_orders"].place == "--set"
    assert len(sources) == len(settings.sources)


def test_the_defaults_of_a_group_nobody_wrote_are_told_one_by_one(desk):
    sources = {source.path: source.value for source in desk.load(A).sources if source.file == "default"}
    assert sources["system.simulator.rate_limit"] == 300
    assert sources["system.heartbeat_seconds"] == 1


def test_a_later_complaint_can_name_the_place_of_a_setting(desk):
    settings = desk.load("mode: paper\nstrategies:\n  a:\n    instruments: [XBTZAR.luno]\n    capital: {ZAR: 1}\n")
    file = f"{desk.folder}/global_strategy_config.yaml"
    assert settings.place("strategies.a.capital") == f"{file}:5"
    assert settings.place("strategies.a.capital.XRP") == f"{file}:5"
    assert settings.place("strategies.a") == f"{file}:4"
    assert settings.place("system.max_open_orders") == "default"
    assert settings.place("nothing.of.the.kind") == "default"


def test_the_hash_is_the_same_however_the_same_settings_are_written(desk):
    first = "mode: live\nstrategies: {a: {instruments: [XBTZAR.luno], capital: {ZAR: 1000, XRP: 2}, params: {x: 1, y: 2}}}"
    other = """
strategies:                       # the other way round
  a:
    params: {y: 2, x: 1}
    capital: {XRP: 2.00, ZAR: 1e3}
    instruments:
      - XBTZAR.luno
mode: live
"""
    assert config_hash(desk.load(first)) == config_hash(desk.load(other, "heartbeat_seconds: 1000ms"))
    assert len(config_hash(desk.load(first))) == 16


@pytest.mark.parametrize(
    "override",
    [
        "mode=live",
        "strategies.a.capital.ZAR=2",
        "strategies.a.params.x=1",
        "strategies.a.active=no",
        "strategies.a.instruments=[ETHZAR.luno]",
        "system.simulator.seed=2",
        "system.brokers.luno.adapter=other",
    ],
)
def test_the_hash_changes_with_a_value(desk, override):
    assert config_hash(desk.load(A, LUNO)) != config_hash(desk.load(A, LUNO, overrides=[override]))


def test_the_hash_tells_nothing_of_the_environment(desk):
    desk.write(A)
    with_key = load_settings(desk.folder, environment={"LUNO_API_KEY_SECRET": "hush"})
    assert config_hash(with_key) == config_hash(load_settings(desk.folder, environment={}))
