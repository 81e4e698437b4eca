"""What a start refuses when it holds the books against the configuration."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.engine.small_house import SmallHouse
from trading_system.core.errors import ConfigError
from trading_system.inventory import check_ledgers


def in_debt() -> tuple[Any, SmallHouse]:
    """Return settings that give 1,000 ZAR, and a house whose strategy has five less than none."""
    strategies = {"naive": SimpleNamespace(capital={"ZAR": Decimal(1000)}, adopt=None)}
    house = SmallHouse()
    house.desk.positions.cash["ZAR"] = Decimal(-5)
    return SimpleNamespace(place=lambda path: path, global_settings=SimpleNamespace(strategies=strategies)), house


def test_cash_below_zero_that_nobody_brought_about_by_lowering_capital_does_not_keep_the_house_from_its_open_orders() -> None:
    settings, house = in_debt()
    check_ledgers(settings, house.desks.values(), {"naive": {"ZAR": Decimal(1000)}})


def test_capital_that_was_lowered_below_what_is_invested_is_refused() -> None:
    settings, house = in_debt()
    with pytest.raises(ConfigError, match="5 lower than what is invested"):
        check_ledgers(settings, house.desks.values(), {"naive": {"ZAR": Decimal(2000)}})
