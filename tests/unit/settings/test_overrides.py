"""`--set path=value` is checked like a line in a file, and a wrong path gets the nearest right one."""

from decimal import Decimal

import pytest

A = "strategies: {alpha: {instruments: [XBTZAR.luno], capital: {ZAR: 1}, params: {quantity: 0.001}}}"


def test_a_value_is_overridden_whether_it_was_written_or_not(desk):
    overrides = [
        "mode=paper",
        "strategies.alpha.params.quantity=0.002",
        "strategies.alpha.params.new=a=b",
        "strategies.alpha.risk.max_loss.ZAR=5",
        "strategies.alpha.capital.XRP=500",
        "strategies.alpha.bars = 5s ",
        "system.simulator.seed=9",
        "system.simulator.seed=10",
        "system.brokers.luno.calls_per_second=2",
    ]
    settings = desk.load(A, "brokers: {luno: {adapter: luno}}", overrides=overrides)
    alpha = settings.global_settings.strategies["alpha"]
    assert settings.global_settings.mode == "paper"
    assert alpha.params.plain() == {"quantity": "0.002", "new": "a=b"}
    assert alpha.params.entries["quantity"].file == "--set"
    assert alpha.risk.plain() == {"max_loss": {"ZAR": "5"}}
    assert alpha.capital == {"ZAR": Decimal(1), "XRP": Decimal(500)}
    assert alpha.bars == 5.0
    assert settings.system.simulator.seed == 10
    assert settings.system.brokers["luno"].plain() == {"adapter": "luno", "calls_per_second": "2"}


def test_a_list_or_a_group_can_be_set_as_a_whole(desk):
    overrides = ["strategies.alpha.instruments=[ETHZAR.luno, XRPZAR.luno]", "strategies.alpha.capital={ZAR: 7}"]
    alpha = desk.load(A, overrides=overrides).global_settings.strategies["alpha"]
    assert alpha.instruments == ["ETHZAR.luno", "XRPZAR.luno"]
    assert alpha.capital == {"ZAR": Decimal(7)}


def test_nothing_after_the_equals_sign_sets_an_optional_value_back(desk):
    text = "strategies: {a: {instruments: [XBTZAR.luno], capital: {ZAR: 1}, bars: 5s, params: }}"
    settings = desk.load(text, overrides=["strategies.a.bars=", "strategies.a.params.x=1"]).global_settings.strategies["a"]
    assert settings.bars is None
    assert settings.params.plain() == {"x": "1"}


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("alpha", "expected path=value such as strategies.naive_test.active=no, found 'alpha'"),
        ("=5", "expected path=value such as strategies.naive_test.active=no, found '=5'"),
        ("mode=\x07", "expected path=value such as strategies.naive_test.active=no, found 'mode=\\x07'"),
        ("strategies.alpha.capital={ZAR: -1}", "strategies.alpha.capital.ZAR: expected a number (at least 0, at most 1e15), found '-1'"),
        ("mod=live", "mod: there is no such setting, did you mean 'mode'?"),
        ("mode=papr", "mode: expected simulate, paper, live or backtest, found 'papr': did you mean 'paper'?"),
        ("mode=", "mode: expected simulate, paper, live or backtest, found nothing"),
        ("mode.fast=1", "mode.fast: mode is a single value: set it as a whole"),
        ("strategies.alhpa.params.quantity=1",
         "strategies.alhpa.params.quantity: there is no such setting, did you mean 'strategies.alpha.params.quantity'?"),
        ("strategies.beta9.active=no", "strategies.beta9.active: there is no such setting; known in strategies: alpha"),
        ("strategies.alpha.actve=no", "strategies.alpha.actve: there is no such setting, did you mean 'strategies.alpha.active'?"),
        ("strategies.alpha.capital.ZAR=x", "strategies.alpha.capital.ZAR: expected a number (at least 0, at most 1e15), found 'x'"),
        ("strategies.alpha.capital.ZAR=1,000",
         "strategies.alpha.capital.ZAR: expected a number (at least 0, at most 1e15), found '1,000': write 1000"),
        ("strategies.alpha.instruments.0=x",
         "strategies.alpha.instruments.0: strategies.alpha.instruments is a list: set it as a whole"),
        ("strategies.alpha.instruments=[", "strategies.alpha.instruments: '[' cannot be read: check its brackets, quotes and keys"),
        ("strategies.alpha.params.quantity.x=1",
         "strategies.alpha.params.quantity.x: strategies.alpha.params.quantity is a single value: set it as a whole"),
        ("systm.simulator.seed=1", "systm.simulator.seed: there is no such setting, did you mean 'system.simulator.seed'?"),
        ("system.simulator.sed=1", "system.simulator.sed: there is no such setting, did you mean 'system.simulator.seed'?"),
        ("system.max_open_orders=0",
         "system.max_open_orders: expected a whole number (at least 1, at most 10000), found '0'"),
        ("system.brokers.kraken.adapter=x", "system.brokers.kraken.adapter: there is no such setting; known in system.brokers: nothing"),
        ("strategies..x=1", "strategies..x: there is no such setting; known in strategies: alpha"),
    ],
)  # fmt: skip
def test_a_wrong_override_is_told_with_the_nearest_right_one(desk, override, complaint):
    assert desk.complaints(A, overrides=[override]) == [f"--set: {complaint}"]
