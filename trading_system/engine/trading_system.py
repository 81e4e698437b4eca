"""The live house: starts the threads, drives the engine on the main thread, and stops everything in order.

Made by assembly, run by a command. Every phase is a drain of the queues until something is true.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from trading_system.collectors.feed_poller import FeedPoller
from trading_system.collectors.heartbeat import Heartbeat
from trading_system.core.errors import ConfigError
from trading_system.core.events import CommandEvent
from trading_system.core.order import CancelState, Order
from trading_system.core.ports import Runtime, Task
from trading_system.core.records import RunEnded
from trading_system.engine.engine import Engine, Event
from trading_system.engine.queues import Queues
from trading_system.engine.snapshot import Snapshots
from trading_system.engine.statement import Sources, rss_mb, statement
from trading_system.engine.watchdog import Watchdog
from trading_system.executors.broker_lanes import BrokerLanes
from trading_system.executors.outbox import Outbox
from trading_system.risk.guarded_broker import GuardedBroker
from trading_system.storage.journal import Journal
from trading_system.watchers.board import Board
from trading_system.watchers.event_log import EventLog

SECOND = 1_000_000_000
_RECOVERY_SECONDS = 30
_RSS_AT_BEAT = 15
_LIST_AGAIN_NS = 6 * SECOND
_PATIENCE_NS = 5 * SECOND           # a stop that takes longer shows a count-down


class Parts(msgspec.Struct):
    """Everything the house is made of; laid together by assembly."""

    runtime: Runtime
    engine: Engine
    queues: Queues
    outbox: Outbox
    journal: Journal
    lanes: Sequence[BrokerLanes]
    heartbeat: Heartbeat
    pollers: Sequence[FeedPoller]
    watchdog: Watchdog
    log: EventLog
    board: Board
    sources: Sources
    snapshots: Snapshots
    say: Callable[[str, str], None]
    check_account: Callable[[], None]
    end_polls: Callable[[], None]


class TradingSystem:
    """Runs the house on the calling thread until it is told to stop. `unconfirmed` lists orders not known to be over at the end."""

    def __init__(self, parts: Parts, stop_deadline_seconds: float = 30.0) -> None:
        self.parts = parts
        self.engine = parts.engine
        self.phase = "starting"
        self.unconfirmed: list[Order] = []
        self._stop_deadline_ns = int(stop_deadline_seconds * 1e9)
        self._journal_task: Task | None = None

    def run(self, for_seconds: float | None = None) -> None:
        """Recover, start the strategies, trade, and stop: after `for_seconds` from the first beat, or when a stop is commanded.

        Raises ConfigError, with everything closed again, when the account does not hold what the strategies own.
        """
        self.start()
        self.recover()
        try:
            self.parts.check_account()
        except ConfigError as error:
            self.engine.stop_reason = str(error)
            self.close()
            raise
        self.start_strategies()
        self.trade(for_seconds)
        self.stop()

    def take(self, event: Event) -> None:
        """Stamp an event and let the engine handle it."""
        self.engine.clock.now_ns = self.parts.runtime.now_ns()
        self.engine.handle(event)

    def request_stop(self, by: str, reason: str) -> None:
        """Lay the wish to stop; may be called on any thread and inside a signal handler."""
        self.parts.queues.lay_command(CommandEvent("stop", by, reason))

    def start(self) -> None:
        """Start the threads that carry things out and look on."""
        parts = self.parts
        parts.log.start()
        parts.board.start()
        self._journal_task = parts.runtime.spawn("journal", parts.outbox.run)
        for lanes in parts.lanes:
            lanes.start()
        parts.watchdog.start()

    def recover(self) -> None:
        """Ask the venues for every order of an earlier run that is not over and for what the journal may have lost, each once, before any
        strategy runs; at most 30 seconds. Asking goes on where nothing is certain by then: orders that depend on it are denied.
        """
        self.phase = "recovering"
        engine, runtime = self.engine, self.parts.runtime
        engine.clock.now_ns = runtime.now_ns()
        left = sum(1 for _ in engine.books.open_orders())
        if left:
            self.parts.say("house", f"asking for {left} order{'s' * (left > 1)} of an earlier run")
        engine.pause_what_is_set_apart()
        engine.act(engine.flow.after_replay())
        until_ns = runtime.monotonic_ns() + _RECOVERY_SECONDS * SECOND
        self._drain_until(lambda: engine.is_stopping or not engine.flow.is_reconciling, until_ns, ask_again=True)
        if engine.flow.is_reconciling and not engine.is_stopping:
            self.parts.say("house", f"not all was answered within {_RECOVERY_SECONDS} s; asking goes on, and orders wait where it matters")

    def start_strategies(self) -> None:
        """Run every `on_start`, then begin to beat and to poll.

        Raises ConfigError when one fails: what the strategies asked for until then was not sent, and the house is closed.
        """
        self.phase = "running"
        broken = []
        for desk in self.engine.books.desks.values():
            self.engine.clock.now_ns = self.parts.runtime.now_ns()
            was_paused = desk.is_paused
            if desk.strategy is None:
                self.engine.cancel_all(desk, "retirement")
            else:
                desk.start()
            if desk.is_paused and not was_paused:
                broken.append(f"strategies.{desk.name}: {desk.pause_reason.removeprefix('paused: ')}: "
                              f"mend it, or write 'active: no'; nothing was traded")
        if broken:
            self.parts.queues.consequences.clear()
            self.engine.stop_reason = "refused to start: " + "; ".join(broken)
            self.close()
            raise ConfigError(*broken)
        self._save_states()
        self.engine.flush()
        for poller in self.parts.pollers:
            poller.start()
        self.parts.heartbeat.start()

    def trade(self, for_seconds: float | None = None) -> None:
        """Drive the engine until a stop is commanded or `for_seconds` have passed since the first beat."""
        engine, runtime, sources = self.engine, self.parts.runtime, self.parts.sources
        until_ns: int | None = None
        while not engine.is_stopping:
            self.parts.queues.wait(until_ns)
            self._drain()
            self.parts.snapshots.lay_when_due()
            if until_ns is None and for_seconds is not None and engine.beats:
                until_ns = runtime.monotonic_ns() + int(for_seconds * 1e9)
            elif until_ns is not None and runtime.monotonic_ns() >= until_ns:
                self.request_stop("clock", f"the {for_seconds:g} s asked for are over")
                until_ns = None
                for_seconds = None
            if engine.beats == _RSS_AT_BEAT and not sources.rss_mb_at_15s:
                sources.rss_mb_at_15s = rss_mb()

    def stop(self) -> None:
        """Close entries, cancel by policy, wait for the answers up to the deadline, seal the journal, draw the last picture."""
        parts, engine, runtime = self.parts, self.engine, self.parts.runtime
        self.phase = "stopping"
        parts.say("house", f"stopping: {engine.stop_reason}")
        engine.service.closed_reason = "the house is stopping"
        for poller in parts.pollers:
            poller.stop()
        parts.end_polls()
        engine.flow.list_from_ns = runtime.now_ns() + _LIST_AGAIN_NS
        engine.clock.now_ns = runtime.now_ns()
        for desk in engine.books.desks.values():
            desk.call("on_stop")
        began_ns = runtime.monotonic_ns()
        deadline_ns = began_ns + self._stop_deadline_ns
        said_ns = began_ns + _PATIENCE_NS - SECOND
        while True:
            self._cancel_what_policy_says()
            self._drain()
            left = self._to_be_canceled()
            now_ns = runtime.monotonic_ns()
            if not left or now_ns >= deadline_ns:
                break
            if now_ns - said_ns >= SECOND:
                said_ns = now_ns
                parts.say("house", f"{len(left)} order{'s' * (len(left) > 1)} still to be canceled, "
                                   f"{(deadline_ns - now_ns) / 1e9:.0f} s left (Ctrl-C again leaves at once)")
            parts.queues.wait(min(deadline_ns, now_ns + SECOND // 5))
        self._save_states()
        self.close(is_orderly=True)

    def close(self, is_orderly: bool = False) -> None:
        """End the threads and seal the journal, behind a snapshot where the end is an orderly one; what is not known to be over is in
        `unconfirmed`."""
        parts, engine, runtime = self.parts, self.engine, self.parts.runtime
        self.unconfirmed = self._to_be_canceled()
        self.phase = "stopped"
        parts.heartbeat.stop()
        parts.watchdog.stop()
        engine.clock.now_ns = runtime.now_ns()
        engine.remember(RunEnded(engine.stop_reason))
        engine.flush()
        if is_orderly:
            parts.snapshots.lay()
        until_ns = runtime.monotonic_ns() + 2 * SECOND
        parts.outbox.close()
        if self._journal_task is not None:
            self._journal_task.join(until_ns)
            if not self._journal_task.is_alive():
                self._seal()
        parts.sources.errors.extend(parts.outbox.shortfalls())
        parts.board.redraw()
        parts.board.stop(until_ns)
        parts.log.stop(until_ns)

    def cancel_without_engine(self) -> list[str]:
        """Cancel every order of ours that the venues list; return what could not be done, one sentence each.

        For when the engine's thread hangs or has broken: it only reads the books and goes through the last door, on any thread.
        """
        brokers = self.parts.sources.brokers
        for broker in brokers:
            broker.close()
        failures: list[str] = []
        for _ in range(2):                      # an order that was just leaving is in the second list
            failures = [failure for broker in brokers for failure in self._cancel_listed(broker)]
        return failures

    def _cancel_listed(self, broker: GuardedBroker) -> list[str]:
        failures = []
        try:
            listed = broker.open_orders().updates
        except Exception as error:
            return [f"{broker.name}: its open orders cannot be listed: {error}"]
        for update in listed:
            found = self.engine.books.find(update.client_order_id)
            if found is None:
                continue
            try:
                broker.cancel_order(found[1].request, update.venue_order_id)
            except Exception as error:
                failures.append(f"{broker.name}: {update.client_order_id} may not be canceled: {error}")
        return failures

    def picture(self) -> dict[str, Any]:
        """Return the statement of this moment."""
        return statement(self.parts.sources, self.parts.runtime.now_ns(), self.phase)

    def _drain(self) -> None:
        if self.phase == "stopping":
            self.parts.queues.discard_market()
        self.parts.queues.drain(self.take, lambda: False, self.engine.handle)

    def _drain_until(self, is_done: Callable[[], bool], until_ns: int, ask_again: bool) -> None:
        engine, runtime = self.engine, self.parts.runtime
        ask_ns = 0
        while True:
            self._drain()
            now_ns = runtime.monotonic_ns()
            if is_done() or now_ns >= until_ns:
                return
            if ask_again and now_ns >= ask_ns:
                # Not at once when a question failed: a venue that is away says so a thousand times a second.
                ask_ns = now_ns + SECOND // 2
                engine.clock.now_ns = runtime.now_ns()
                engine.act(engine.flow.ask_again())
            self.parts.queues.wait(min(until_ns, now_ns + SECOND // 2))

    def _cancel_what_policy_says(self) -> None:
        for order in self._to_be_canceled():
            if order.cancel is CancelState.NONE:
                self.engine.books.desk(order.request.strategy).cancel(order, "stop")

    def _to_be_canceled(self) -> list[Order]:
        return [order for desk, order in self.engine.books.open_orders() if desk.on_stop == "cancel"]

    def _save_states(self) -> None:
        for desk in self.engine.books.desks.values():
            self.engine.save_state(desk)

    def _seal(self) -> None:
        try:
            self.parts.journal.seal()
        except OSError as error:
            if not self.parts.outbox.is_failing:        # else that is told with what is missing
                self.parts.sources.errors.append(f"the journal could not be sealed: {error}")
        self.parts.journal.close()
