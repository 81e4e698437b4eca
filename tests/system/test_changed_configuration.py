"""The user edits the configuration between two runs: every book stays whose it is, and what would lose something is refused in words."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.system.restarting_house import Run, World
from trading_system.core.errors import ConfigError
from trading_system.core.records import StateSaved

FAR = "far_orders: {instruments: [XBTZAR.luno], capital: {ZAR: 20000}, params: {count: 2, buys_first: yes}}"
WATCH = "watcher: {instruments: [ETHZAR.luno], capital: {ZAR: 1000}}"
_COUNTS = '''"""Counts its ticks in what it saves."""

from trading_system import StrategyBase, Tick


class CountsStrategy(StrategyBase):
    """Counts."""

    class State(StrategyBase.State):
        """What is saved."""

        STATE

    state: State

    def on_tick(self, tick: Tick) -> None:
        """Count."""
        self.state.count += 1
'''


_HOLDS = '''"""Buys once and holds."""

from trading_system import StrategyBase, Tick


class HoldsStrategy(StrategyBase):
    """Has something to lose."""

    def on_tick(self, tick: Tick) -> None:
        """Buy, unless it has."""
        if not self.positions[tick.symbol].quantity and not self.orders:
            self.buy(tick.symbol, 0.005)
'''


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def traded(world: World, strategies: str = FAR) -> Run:
    """Return a run that bought something, left two orders standing and was killed."""
    run = world.build(strategies)
    run.start()
    run.trade(4)
    assert run.books.desks["far_orders"].fills == 1
    run.kill()
    assert len(world.open_names()) == 2
    return run


def test_a_strategy_that_is_gone_is_retired_its_ledger_stays_and_its_orders_are_canceled(world: World) -> None:
    before = traded(world)
    run = world.build(WATCH)
    run.start()
    run.trade(3)
    desk = run.books.desks["far_orders"]
    assert desk.pause_reason == "retired: no longer in the configuration"
    assert world.open_names() == set()
    assert desk.positions.snapshot() == before.books.desks["far_orders"].positions.snapshot()
    assert run.system.picture()["strategies"]["far_orders"]["positions"], "its position is not shown any more"
    run.stop()
    back = world.idle_run(FAR.replace("params: {count: 2, buys_first: yes}", "file: watcher_strategy.py"))
    assert back.books.desks["far_orders"].positions.snapshot() == desk.positions.snapshot()


def test_a_strategy_that_was_renamed_takes_its_ledger_and_its_orders_with_it(world: World) -> None:
    before = traded(world)
    left = world.open_names()
    renamed = "heir: {file: watcher_strategy.py, instruments: [XBTZAR.luno], capital: {ZAR: 20000}, adopt: far_orders}"
    run = world.build(renamed)
    run.start()
    run.trade(2)
    heir = run.books.desks["heir"]
    assert "far_orders" not in run.books.desks
    assert {order.client_order_id for order in heir.orders} == left == world.open_names()
    assert heir.positions.snapshot() | {"strategy": ""} == before.books.desks["far_orders"].positions.snapshot() | {"strategy": ""}
    run.stop()
    assert world.open_names() == set()
    again = world.idle_run(renamed)
    assert again.books.desks["heir"].positions.snapshot() == heir.positions.snapshot()
    with pytest.raises(ConfigError, match="heir has adopted the ledger of that name for good"):
        world.build(f"{FAR}\n{renamed.replace(', adopt: far_orders', '')}")


def test_orders_lost_from_the_journal_go_to_the_one_that_took_the_ledger_over(world: World) -> None:
    run = world.build(FAR)
    run.start()
    run.trade(0.002)
    restore = world.keep()
    run.trade(4)
    run.kill()
    restore()
    again = world.build("heir: {file: watcher_strategy.py, instruments: [XBTZAR.luno], capital: {ZAR: 20000}, adopt: far_orders}")
    again.start()
    again.trade(3)
    assert again.books.desks["heir"].fills == 1
    assert world.differences(again.books, {"ZAR": 20000}) == {}
    again.stop()


@pytest.mark.parametrize(("capital", "change"), [("30000", 10000), ("19500", -500)])
def test_capital_that_was_changed_is_a_deposit_or_a_withdrawal_and_no_profit(world: World, capital: str, change: int) -> None:
    before = traded(world).books.desks["far_orders"].positions
    run = world.build(FAR.replace("20000", capital))
    run.start()
    after = run.books.desks["far_orders"].positions
    assert after.capital["ZAR"] == Decimal(capital)
    assert after.cash["ZAR"] - before.cash["ZAR"] == change
    assert after.realized == before.realized
    assert not [line for line in run.said if "WARNING" in line], "capital that was given is nobody else's move"
    run.stop()


def test_capital_lowered_below_what_is_invested_is_refused_and_nothing_is_lost(world: World) -> None:
    before = traded(world)
    with pytest.raises(ConfigError, match=r"ZAR is .* lower than what is invested; sell first, or leave it as it was"):
        world.build(FAR.replace("20000", "1"))
    run = world.build(FAR)
    assert run.books.desks["far_orders"].positions.snapshot() == before.books.desks["far_orders"].positions.snapshot()
    run.kill()


def test_a_symbol_dropped_while_it_is_held_is_refused_with_both_ways_out(world: World) -> None:
    (world.folder / "strategies" / "holds_strategy.py").write_text(_HOLDS)
    holds = "holds: {instruments: [XBTZAR.luno], capital: {ZAR: 20000}}"
    run = world.build(holds)
    run.start()
    run.trade(4)
    assert run.books.desks["holds"].fills == 1
    run.stop()
    records = len(world.records())
    dropped = holds.replace("XBTZAR", "ETHZAR")
    with pytest.raises(ConfigError) as refused:
        world.build(dropped)
    assert "it still holds" in str(refused.value)
    assert "name XBTZAR.luno again and flatten it, or rename the strategy" in str(refused.value)
    assert len(world.records()) == records
    run = world.idle_run(dropped.replace("holds: {", "other: {file: holds_strategy.py, "))
    assert run.books.desks["holds"].pause_reason.startswith("retired"), "the second way out does not lead out"
    assert not run.books.desks["holds"].positions.positions["XBTZAR.luno"].is_flat


@pytest.mark.parametrize(("then", "is_paused"), [
    ("count: int = 0\n        since: str = 'ever'", False),
    ("count: str = ''", True),
])
def test_a_saved_state_is_filled_with_defaults_or_its_strategy_starts_paused(world: World, then: str, is_paused: bool) -> None:
    file = world.folder / "strategies" / "counts_strategy.py"
    file.write_text(_COUNTS.replace("STATE\n", "count: int = 0\n"))
    counts = "counts: {instruments: [XBTZAR.luno], capital: {ZAR: 1000}}"
    run = world.build(counts)
    run.start()
    run.trade(4)
    run.stop()
    assert any(isinstance(body, StateSaved) for body in world.records())
    file.write_text(_COUNTS.replace("STATE\n", f"{then}\n"))
    again = world.build(f"{counts}\n{WATCH}")
    desk = again.books.desks["counts"]
    assert desk.is_paused is is_paused
    if is_paused:
        assert "its saved state does not fit" in desk.pause_reason
    else:
        assert desk.strategy is not None
        assert desk.strategy.state.count > 0
    assert not again.books.desks["watcher"].is_paused
    again.start()
    again.trade(2)
    again.stop()
