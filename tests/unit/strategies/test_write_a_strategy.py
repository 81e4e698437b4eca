"""Every snippet of docs/write_a_strategy.md is a whole strategy that loads and trades."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "write_a_strategy.md").read_text()
PYTHON = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
STRATEGIES = {name: block for block in PYTHON for name in re.findall(r"^class (\w+)Strategy\(", block, re.MULTILINE)}


def snake(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def test_every_python_block_is_a_strategy():
    assert len(PYTHON) == len(STRATEGIES) == 5


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_snippet_loads_and_trades_without_raising(stage, make_instrument, tmp_path, name):
    (tmp_path / f"{snake(name)}_strategy.py").write_text(STRATEGIES[name])
    house = stage(snake(name), folder=tmp_path, instruments=[make_instrument("XBTZAR.luno", min_quantity="0.0001", price_step="1")],
                  closes_before={"XBTZAR.luno": [1_800_000.0] * 30}).start()
    for count in range(300):
        house.bar(1_800_000.0 * (1 + 0.002 * (count // 7 % 5 - 2)))     # up in steps of seven bars, and down again
    for count in range(300):
        house.bar(1_800_000.0 * 1.1 ** (count // 60) * (1 - 0.001 * (count % 60)))     # a leap every hour, and a slow fall after it
    assert house.orders
    assert not house.said("no bid")
    for order in house.orders:
        assert order.reason == ""


def test_the_ten_lines_buy_and_sell(stage, make_instrument, tmp_path):
    (tmp_path / "buy_the_dip_strategy.py").write_text(STRATEGIES["BuyTheDip"])
    house = stage("buy_the_dip", folder=tmp_path, instruments=[make_instrument("XBTZAR.luno", min_quantity="0.0001")]).start()
    for price in (1_800_000.0, 1_790_000.0, 1_790_000.0, 1_800_000.0, 1_800_000.0):
        house.tick(price, price)
    assert [order.side.name for order in house.orders[:2]] == ["BUY", "SELL"]


def test_the_names_and_settings_the_document_speaks_of_exist():
    door = re.search(r"it offers (.*?)\.\n", TEXT, re.DOTALL)
    assert door is not None
    import trading_system
    assert sorted(re.findall(r"`(\w+)`", door[1])) == sorted(trading_system.__all__)
    from trading_system.settings.house_settings import SystemSettings
    for setting in ("market_order_collar", "stale_price_seconds", "max_open_orders", "max_queue_seconds", "hook_limit_seconds"):
        assert f"`{setting}`" in TEXT
        assert setting in SystemSettings.__struct_fields__
    for file in re.findall(r"`(strategies/\w+\.py)`", TEXT):
        assert (ROOT / file).is_file() or "buy_the_dip" in file


def test_every_hook_and_every_verb_is_in_the_document():
    from trading_system.strategy_host.strategy_base import HOOKS, StrategyBase
    for hook in HOOKS:
        assert f"| `{hook}(self" in TEXT
    for name in vars(StrategyBase):
        if not name.startswith("_") and name not in HOOKS and name not in ("Params", "State", "timeframe", "warm_up", "name"):
            assert f"self.{name}" in TEXT, name
