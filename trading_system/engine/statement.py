"""The picture of the house as plain data: what `status.json` shows while it runs and `last_run.json` keeps when it is over.

Made on the engine's thread, because only that may read the books. Times are ISO-8601 UTC, money is text, marks are numbers.
"""

import math
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from trading_system.collectors.feed_poller import FeedPoller
from trading_system.collectors.heartbeat import Heartbeat
from trading_system.core.order_words import plain
from trading_system.core.venues import RateLeft
from trading_system.engine.engine import Engine
from trading_system.engine.queues import Queues
from trading_system.risk.guarded_broker import GuardedBroker
from trading_system.strategy_host.desk import Desk
from trading_system.watchers.counters import Counters

SCHEMA = 1
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Sources(msgspec.Struct):
    """What the statement is drawn from."""

    mode: str
    started_ns: int
    engine: Engine
    queues: Queues
    heartbeat: Heartbeat
    pollers: Sequence[FeedPoller]
    brokers: Sequence[GuardedBroker]
    counters: Counters
    http_calls: Callable[[], dict[str, int]]
    errors: list[str]
    rss_mb_at_15s: float = 0.0
    rates_left: Mapping[str, Callable[[], RateLeft]] = {}
    records_not_on_disk: Callable[[], int] = lambda: 0


def statement(sources: Sources, now_ns: int, phase: str) -> dict[str, Any]:
    """Return the whole picture at `now_ns`; `phase` says what the house is doing, in one word."""
    engine, heartbeat, counters = sources.engine, sources.heartbeat, sources.counters
    delays = sorted(engine.flow.send_delays_ns)
    return {
        "schema": SCHEMA, "phase": phase, "mode": sources.mode, "start": iso(sources.started_ns), "end": iso(now_ns),
        "beats": engine.beats, "skipped_beats": heartbeat.skipped,
        "late_beats": heartbeat.late, "worst_lateness_ms": round(heartbeat.worst_lateness_ns / 1e6, 3),
        "ticks": sum(route.ticks for route in engine.routes.values()),
        "late_ticks": sum(route.late for route in engine.routes.values()),
        "conflated": sum(sources.queues.conflated.values()), "queue_depth": sources.queues.depth,
        "skipped_polls": sum(poller.skipped for poller in sources.pollers),
        "failed_polls": sum(poller.failures for poller in sources.pollers),
        "errors": len(sources.errors), "error_texts": sources.errors[-10:],
        "warnings": counters.warning_count, "warning_texts": counters.warnings[-10:],
        "http_calls": sources.http_calls(), "rss_mb_at_15s": sources.rss_mb_at_15s, "rss_mb": rss_mb(),
        "order_wait_seconds_max": round(max((broker.longest_wait_seconds for broker in sources.brokers), default=0.0), 3),
        "tick_to_send_ms": {"orders": len(engine.flow.send_delays_ns), "p50": _quantile(delays, 0.5), "p99": _quantile(delays, 0.99)},
        "first_fill": iso(counters.first_fill_ns) if counters.first_fill_ns else None,
        "orders_in_doubt": len(engine.flow.doubts),
        "halted": f"journal: {engine.halt.reason}" if engine.halt.reason else "", "records_not_on_disk": sources.records_not_on_disk(),
        "venues": {broker.name: {**_venue(broker, sources.rates_left.get(broker.name)), **_clock(engine, broker.name)}
                   for broker in sources.brokers},
        "market": {symbol: _market(engine, symbol) for symbol in engine.routes},
        "strategies": {name: _strategy(desk) for name, desk in engine.books.desks.items()},
    }


def rss_mb() -> float:
    """Return the resident memory of this process in MB; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm") as file:
            return round(int(file.read().split()[1]) * _PAGE_BYTES / 1e6, 1)
    except OSError:
        return 0.0


def iso(time_ns: int) -> str:
    """Return UTC nanoseconds as ISO-8601 with milliseconds."""
    return datetime.fromtimestamp(time_ns / 1e9, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _market(engine: Engine, symbol: str) -> dict[str, Any]:
    view = engine.routes[symbol].view
    tick = view.tick
    instrument = view.instrument
    return {"bid": tick.bid if tick else None, "ask": tick.ask if tick else None, "last": _number(tick.last) if tick else None,
            "age_seconds": _number(round(view.age_seconds, 3)), "status": instrument.status.value,
            "base": instrument.base, "counter": instrument.counter, "price_step": plain(instrument.price_step),
            "quantity_step": plain(instrument.quantity_step), "value_step": plain(instrument.value_step)}


def _venue(broker: GuardedBroker, rate_left: Callable[[], RateLeft] | None) -> dict[str, Any]:
    left = rate_left() if rate_left is not None else None
    return {"longest_order_wait_seconds": round(broker.longest_wait_seconds, 3), "held_back": broker.held_back,
            "rate": {"calls": round(left.calls, 2), "burst": left.burst, "waiting": left.waiting,
                     "longest_wait_seconds": round(left.longest_wait_seconds, 3)} if left is not None else None}


def _clock(engine: Engine, broker: str) -> dict[str, Any]:
    clock = engine.service.clocks.get(broker)
    offset = clock.offset_seconds() if clock is not None else None
    closed = engine.service.broken.get(broker, "") or (clock.trouble() if clock is not None else "")
    return {"clock_offset_seconds": round(offset, 3) if offset is not None else None, "no_orders_because": closed}


def _strategy(desk: Desk) -> dict[str, Any]:
    ledger, states = desk.positions, dict(desk.orders.counts)
    for order in desk.orders:
        states[order.state.name] = states.get(order.state.name, 0) + 1
    open_profit = ledger.open_profit(desk.marks)
    return {
        **ledger.snapshot(),
        "state": desk.pause_reason or ("retired" if desk.strategy is None else "running"),
        "symbols": list(desk.symbols), "orders": states, "open_orders": len(desk.orders), "fills": desk.fills,
        "holdings": {currency: plain(amount) for currency in sorted(ledger.currencies) if (amount := ledger.holdings(currency))},
        "open": {currency: _number(round(profit, 8)) for currency, profit in open_profit.items()},
        "equity": _number(round(desk.equity, 8)),
        "hook_times": {hook: {"calls": times.calls, "mean_ms": round(times.total_ns / times.calls / 1e6, 4),
                              "most_ms": round(times.most_ns / 1e6, 3)} for hook, times in desk.times.items() if times.calls},
        "last_decision": desk.last_decision, "waits_for": _waits_for(desk), "on_stop": desk.on_stop,
    }


def _waits_for(desk: Desk) -> str:
    # Why a strategy that has decided nothing yet has not; empty when nothing holds it up.
    if desk.strategy is None or desk.is_paused:
        return ""
    if no_price := [symbol for symbol, view in desk.market.items() if view.tick is None]:
        return f"the first price of {', '.join(no_price)}"
    if "on_bar" in desk.hooks:
        bars = min(len(desk.past.get(symbol, ())) for symbol in desk.symbols)
        if bars < desk.strategy.warm_up:
            return f"{desk.strategy.warm_up} bars, {bars} so far"
    return ""


def _quantile(ordered: Sequence[int], share: float) -> float | None:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] / 1e6, 3) if ordered else None


def _number(value: float) -> float | None:
    # JSON has no nan and no infinity.
    return value if math.isfinite(value) else None
