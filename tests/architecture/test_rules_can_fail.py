"""Each rule of the floor plan, shown something wrong and something right: a rule that cannot fail guards nothing."""

import pytest

from tests.architecture import rules
from tests.architecture.rules import RULES, Rule, Source

DOC = '"""A file."""\n'

WRONG: list[tuple[Rule, str, str, int]] = [
    (rules.rooms_look_down_only, "trading_system/core/clock.py", "from trading_system.oms.position import Position", 1),
    (rules.rooms_look_down_only, "trading_system/core/clock.py", "def f():\n    import trading_system.engine.engine", 2),
    (rules.rooms_look_down_only, "trading_system/core/clock.py", "from trading_system import oms", 1),
    (rules.rooms_look_down_only, "trading_system/oms/order.py", "import trading_system.storage.journal", 1),
    (rules.rooms_look_down_only, "trading_system/oms/order.py", "from trading_system.strategy_host.desk import Desk", 1),
    (rules.rooms_look_down_only, "trading_system/oms/order.py",
     "if TYPE_CHECKING:\n    from trading_system.strategy_host.desk import Desk", 2),
    (rules.rooms_look_down_only, "trading_system/risk/a.py", "from trading_system.strategy_host.desk import Desk", 1),
    (rules.rooms_look_down_only, "trading_system/risk/a.py", "from trading_system.assembly import build_house", 1),
    (rules.rooms_look_down_only, "trading_system/engine/a.py", "from trading_system.commands.run import run", 1),
    (rules.rooms_look_down_only, "trading_system/engine/a.py", "from ..commands import run", 1),
    (rules.rooms_look_down_only, "trading_system/garage/a.py", "from trading_system.core.side import Side", 1),
    (rules.the_house_names_no_broker_and_no_strategy, "trading_system/assembly.py", "from brokerage.registry import open_venue", 1),
    (rules.the_house_names_no_broker_and_no_strategy, "trading_system/assembly.py", "import_module('brokerage.registry')", 1),
    (rules.the_house_names_no_broker_and_no_strategy, "trading_system/assembly.py", "import strategies.naive", 1),
    (rules.the_house_names_no_broker_and_no_strategy, "trading_system/core/a.py", "luno_key = 1", 1),
    (rules.the_house_names_no_broker_and_no_strategy, "trading_system/core/a.py", "class KrakenFeed: pass", 1),
    (rules.the_house_names_no_broker_and_no_strategy, "trading_system/core/a.py", "name = 'Luno'", 1),
    (rules.brokerage_knows_core_and_itself, "brokerage/luno/client.py", "from trading_system.risk.limits import RiskLimits", 1),
    (rules.brokerage_knows_core_and_itself, "brokerage/luno/client.py", "from brokerage.kraken.client import KrakenClient", 1),
    (rules.brokerage_knows_core_and_itself, "brokerage/luno/client.py", "import strategies.naive", 1),
    (rules.brokerage_knows_core_and_itself, "brokerage/registry.py", "from trading_system.engine.engine import Engine", 1),
    (rules.brokerage_knows_core_and_itself, "brokerage/rest_client.py", "from brokerage.luno.client import LunoClient", 1),
    (rules.the_simulator_shares_nothing_with_what_it_tests, "brokerage/luno_simulator/api.py", "from brokerage.luno.mapping import rows", 1),
    (rules.the_simulator_shares_nothing_with_what_it_tests, "brokerage/luno_simulator/api.py",
     "from trading_system.core.side import Side", 1),
    (rules.the_simulator_shares_nothing_with_what_it_tests, "brokerage/luno_simulator/api.py", "import msgspec", 1),
    (rules.strategies_use_the_door, "strategies/a_strategy.py", "from trading_system.core.side import Side", 1),
    (rules.strategies_use_the_door, "strategies/a_strategy.py", "import requests", 1),
    (rules.strategies_use_the_door, "strategies/a_strategy.py", "from .b_strategy import B", 1),
    (rules.main_is_only_the_roof, "main.py", "from trading_system.engine.engine import Engine", 1),
    (rules.main_is_only_the_roof, "main.py", "from brokerage.luno.client import LunoClient", 1),
    (rules.main_is_only_the_roof, "trading_system/commands/run.py", "import main", 1),
    (rules.libraries_stay_at_home, "trading_system/oms/a.py", "import yaml", 1),
    (rules.libraries_stay_at_home, "trading_system/engine/a.py", "def f():\n    import requests", 2),
    (rules.libraries_stay_at_home, "brokerage/luno_simulator/a.py", "import requests", 1),
    (rules.libraries_stay_at_home, "strategies/a.py", "import msgspec", 1),
    (rules.libraries_stay_at_home, "trading_system/core/a.py", "import pandas", 1),
    (rules.only_the_runtime_asks_the_time, "trading_system/engine/a.py", "import time", 1),
    (rules.only_the_runtime_asks_the_time, "trading_system/engine/a.py", "from threading import Thread", 1),
    (rules.only_the_runtime_asks_the_time, "brokerage/rest_client.py", "import random", 1),
    (rules.only_the_runtime_asks_the_time, "trading_system/engine/a.py", "from datetime import datetime\nx = datetime.now()", 2),
    (rules.only_the_runtime_asks_the_time, "trading_system/engine/a.py", "import datetime\nx = datetime.datetime.utcnow()", 2),
    (rules.only_the_runtime_asks_the_time, "trading_system/engine/a.py", "from datetime import date\nx = date.today()", 2),
    (rules.only_settings_reads_the_environment, "trading_system/engine/a.py", "import os\nx = os.environ['KEY']", 2),
    (rules.only_settings_reads_the_environment, "brokerage/luno/a.py", "import os\nx = os.getenv('KEY')", 2),
    (rules.only_settings_reads_the_environment, "brokerage/luno/a.py", "from os import environ", 1),
    (rules.files_are_short, "trading_system/core/a.py", "x = 1\n" * 301, 301),
    (rules.files_are_short, "main.py", "x = 1\n" * 141, 141),
    (rules.file_names_say_something, "trading_system/core/utils.py", "", 1),
    (rules.file_names_say_something, "brokerage/common/a.py", "", 1),
    (rules.files_open_with_a_docstring, "trading_system/core/a.py", "x = 1", 1),
    (rules.no_bare_except, "trading_system/core/a.py", "try:\n    pass\nexcept:\n    pass", 3),
    (rules.nobody_prints_but_the_commands, "trading_system/core/a.py", "print('x')", 1),
    (rules.imports_are_absolute, "trading_system/core/a.py", "from .side import Side", 1),
]

RIGHT: list[tuple[Rule, str, str]] = [
    (rules.rooms_look_down_only, "trading_system/engine/a.py", "from trading_system.oms.position import Position\nimport json"),
    (rules.rooms_look_down_only, "trading_system/oms/a.py",
     "if TYPE_CHECKING:\n    from trading_system.storage.journal import Journal"),
    (rules.rooms_look_down_only, "trading_system/assembly.py", "from trading_system.engine.engine import Engine"),
    (rules.the_house_names_no_broker_and_no_strategy, "trading_system/core/a.py", 'def f():\n    """Such as XBTZAR.luno."""\n    # luno'),
    (rules.the_house_names_no_broker_and_no_strategy, "trading_system/settings/a.py", "x = Meta(examples=['XBTZAR.luno'])"),
    (rules.brokerage_knows_core_and_itself, "brokerage/luno/broker.py",
     "from trading_system.core.side import Side\nfrom brokerage.luno.client import LunoClient\nfrom brokerage.rest_client import RestClient"),
    (rules.brokerage_knows_core_and_itself, "brokerage/registry.py",
     "from brokerage.luno.client import LunoClient\nfrom trading_system.settings.convert import convert"),
    (rules.the_simulator_shares_nothing_with_what_it_tests, "brokerage/luno_simulator/server.py",
     "import time\nfrom starlette.applications import Starlette\nfrom brokerage.luno_simulator.api import Api"),
    (rules.strategies_use_the_door, "strategies/a_strategy.py", "import math\nfrom trading_system import StrategyBase"),
    (rules.main_is_only_the_roof, "main.py", "from trading_system.commands import run\nfrom brokerage.registry import VENUES"),
    (rules.libraries_stay_at_home, "trading_system/settings/a.py", "import yaml\nimport msgspec\nimport os"),
    (rules.only_the_runtime_asks_the_time, "trading_system/core/runtime.py", "import time, threading"),
    (rules.only_the_runtime_asks_the_time, "trading_system/engine/a.py", "from datetime import datetime\nx = datetime.fromtimestamp(1)"),
    (rules.only_settings_reads_the_environment, "trading_system/settings/a.py", "import os\nx = os.environ"),
    (rules.files_are_short, "trading_system/core/a.py", "x = 1\n" * 300),
    (rules.file_names_say_something, "trading_system/strategy_host/strategy_base.py", ""),
    (rules.files_open_with_a_docstring, "trading_system/core/a.py", DOC),
    (rules.no_bare_except, "trading_system/core/a.py", "try:\n    pass\nexcept OSError:\n    pass"),
    (rules.nobody_prints_but_the_commands, "trading_system/commands/a.py", "print('x')"),
    (rules.imports_are_absolute, "trading_system/core/a.py", "from trading_system.core.side import Side"),
]


@pytest.mark.parametrize(("rule", "path", "text", "line"), WRONG, ids=lambda value: getattr(value, "__name__", None))
def test_the_rule_finds_what_is_wrong_and_says_where(rule: Rule, path: str, text: str, line: int) -> None:
    (finding,) = rule(Source.of(path, text))
    assert finding.startswith(f"{path}:{line}: ")


@pytest.mark.parametrize(("rule", "path", "text"), RIGHT, ids=lambda value: getattr(value, "__name__", None))
def test_the_rule_leaves_alone_what_is_right(rule: Rule, path: str, text: str) -> None:
    assert rule(Source.of(path, text)) == []


def test_every_rule_is_shown_something_wrong_and_something_right() -> None:
    assert {rule for rule, *_ in WRONG} == {rule for rule, *_ in RIGHT} == set(RULES)
