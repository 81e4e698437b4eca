"""What a newcomer meets: `python main.py`, as it is delivered, for 22 seconds."""

from datetime import datetime

from tests.system.bot_process import Bot
from tests.system.ledger_check import ledger_equals_exchange

_FIGURES = {
    "schema", "start", "end", "mode", "beats", "late_beats", "worst_lateness_ms", "ticks", "conflated", "errors", "warnings", "http_calls",
    "rss_mb_at_15s", "rss_mb", "order_wait_seconds_max", "tick_to_send_ms",
}
_STRATEGY_FIGURES = {"orders", "fills", "positions", "realized", "open", "fees", "equity", "hook_times", "last_decision"}


def test_the_first_run_ends_well_and_says_so(first_run: Bot) -> None:
    assert first_run.process is not None
    assert first_run.process.returncode == 0, first_run.told
    assert first_run.err == ""
    assert "no key, no real money" in first_run.out.splitlines()[0]
    assert first_run.out.splitlines()[-1].startswith("stopped in order")


def test_the_first_fill_comes_within_ten_seconds_of_the_start(first_run: Bot) -> None:
    filled = datetime.fromisoformat(first_run.last_run["first_fill"]).timestamp()
    assert 0 < filled - first_run.started_wall < 10


def test_the_naive_strategy_finishes_its_script_and_is_flat(first_run: Bot) -> None:
    row = first_run.last_run["strategies"]["naive_test"]
    assert "script finished" in row["last_decision"]
    assert row["fills"] >= 3
    assert all(held["is_flat"] for held in row["positions"].values())
    assert row["orders"]["CANCELED"] == 2


def test_market_making_quoted_both_sides_and_withdrew_all(first_run: Bot) -> None:
    sides = {row["request"]["side"] for row in first_run.log("OrderEvent") if row["request"]["strategy"] == "market_making"}
    assert len(sides) == 2
    row = first_run.last_run["strategies"]["market_making"]
    assert row["orders"].get("CANCELED", 0) + row["fills"] >= 2
    assert row["open_orders"] == 0


def test_the_figures_of_the_last_run_are_all_there(first_run: Bot) -> None:
    figures = first_run.last_run
    assert figures.keys() >= _FIGURES
    assert figures["mode"] == "simulate"
    assert figures["phase"] == "stopped"
    for row in figures["strategies"].values():
        assert row.keys() >= _STRATEGY_FIGURES
        for held in row["positions"].values():
            assert {"quantity", "cost"} <= held.keys()
    assert 22 <= figures["beats"] <= 28
    assert figures["errors"] == 0
    assert 0 < figures["rss_mb_at_15s"] <= figures["rss_mb"] * 1.05
    assert figures["rss_mb"] < 75
    assert figures["tick_to_send_ms"]["orders"] > 0


def test_the_ledger_of_the_first_run_equals_the_exchange(first_run: Bot) -> None:
    ledger_equals_exchange(first_run.state)
