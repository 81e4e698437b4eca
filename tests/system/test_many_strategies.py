"""Twenty strategies cost the venue no more calls than one."""

from tests.system.bot_process import Bot
from tests.system.ledger_check import ledger_equals_exchange

_AT_THE_START = {"GET /api/exchange/1/markets": 1, "GET /api/1/fee_info": 5, "GET /api/1/balance": 1, "GET /api/exchange/1/candles": 5}
_CREATIONS = ("POST /api/1/postorder", "POST /api/1/marketorder")


def test_calls_follow_beats_and_orders_and_not_strategies(many_run: Bot) -> None:
    figures = many_run.last_run
    assert many_run.process is not None
    assert many_run.process.returncode == 0, many_run.told
    assert len(figures["strategies"]) == 20
    calls, beats = dict(figures["http_calls"]), figures["beats"]
    placed = sum(calls.pop(name, 0) for name in _CREATIONS)
    over = sum(count for row in figures["strategies"].values() for state, count in row["orders"].items() if state in ("FILLED", "CANCELED"))
    assert 5 <= placed == over
    assert calls.pop("GET /api/1/tickers") <= beats + 1
    assert calls.pop("GET /api/exchange/2/listorders") <= beats + 1
    # An order that has left the list is looked up, and once it looked done for a while it is looked at once more, with its trades.
    assert calls.pop("GET /api/exchange/3/order") <= 2 * over
    assert calls.pop("GET /api/1/listtrades", 0) <= over
    assert calls.pop("POST /api/1/stoporder") <= placed
    assert calls == _AT_THE_START


def test_every_strategy_sees_every_tick_of_its_instrument(many_run: Bot) -> None:
    figures = many_run.last_run
    ticks = {row["hook_times"]["on_tick"]["calls"] for name, row in figures["strategies"].items() if name.startswith("watcher")}
    assert min(ticks) >= 7
    assert max(ticks) - min(ticks) <= 1
    assert figures["errors"] == 0


def test_the_ledgers_of_all_of_them_equal_the_exchange(many_run: Bot) -> None:
    ledger_equals_exchange(many_run.state)
