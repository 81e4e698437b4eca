"""Lays the house together: settings, venues and a runtime in, a TradingSystem out. The only file that knows every room.

Every broker it hands on stands behind the last door, and everything that does not fit together is one ConfigError.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path

import msgspec

from trading_system.collectors.feed_poller import FeedPoller
from trading_system.collectors.heartbeat import Heartbeat
from trading_system.core.actions import Action, LookUpOrders, LookUpTrades
from trading_system.core.clock import Clock
from trading_system.core.errors import TryAgain
from trading_system.core.events import BalanceEvent
from trading_system.core.instrument import Instrument
from trading_system.core.market_data import Bar
from trading_system.core.ports import Runtime, Watcher
from trading_system.core.records import RunStarted, StrategyStarted
from trading_system.core.venues import Venue
from trading_system.engine.account_comparison import account_lines, traded
from trading_system.engine.books import Books
from trading_system.engine.desk_service import DeskService
from trading_system.engine.doubts import Doubts, DoubtSettings
from trading_system.engine.engine import Engine
from trading_system.engine.queues import Queues
from trading_system.engine.reconciliation import moments
from trading_system.engine.recovery import Past
from trading_system.engine.route import Route
from trading_system.engine.second_looks import SecondLooks
from trading_system.engine.snapshot import NOTED, Snapshots, read_memory
from trading_system.engine.statement import Sources
from trading_system.engine.trading_system import Parts, TradingSystem
from trading_system.engine.watchdog import Watchdog
from trading_system.enrollment import Enrolled
from trading_system.executors.broker_lanes import BrokerLanes
from trading_system.executors.outbox import Outbox
from trading_system.inventory import adoptions, check_account, check_known, check_ledgers, instruments_of
from trading_system.oms.order_manager import OrderManager
from trading_system.oms.position_manager import PositionManager
from trading_system.risk.clock_guard import ClockGuard
from trading_system.risk.guarded_broker import GuardedBroker
from trading_system.risk.kill_latch import KillLatch
from trading_system.risk.limits import RiskLimits
from trading_system.risk.risk_manager import RiskManager
from trading_system.seating import join, seat
from trading_system.settings.load import Settings, config_hash
from trading_system.storage.atomic_file import write_atomically
from trading_system.storage.journal import Journal
from trading_system.strategy_host.desk import Desk
from trading_system.strategy_host.hook_guard import HookGuard
from trading_system.strategy_host.market_view import MarketView
from trading_system.strategy_host.strategy_base import StrategyBase
from trading_system.watchers.board import Board
from trading_system.watchers.counters import Counters
from trading_system.watchers.event_log import EventLog

BUILD = "0.1.0"
_HISTORY_BARS = 200
_MINUTE_NS = 60_000_000_000


class Plan(msgspec.Struct):
    """What a house is built from. `say(who, text)` tells people a line, `give_up(reason)` ends the program when nothing else
    helps."""

    settings: Settings
    enrolled: Sequence[Enrolled]
    venues: Mapping[str, Venue]
    runtime: Runtime
    state_directory: Path
    say: Callable[[str, str], None]
    give_up: Callable[[str], None]
    watchers: Sequence[Watcher] = ()


def build_house(plan: Plan) -> TradingSystem:
    """Lay the house together and replay its journal. Raises ConfigError, JournalDamaged, and what the venues raise."""
    settings, runtime, state = plan.settings, plan.runtime, plan.state_directory
    system = settings.system
    # The venue is asked before anything is opened: when it does not answer, the same can simply be tried again.
    instruments = instruments_of(plan.venues, settings, plan.enrolled)
    journal = Journal(runtime, state / "journal", note=NOTED)
    memory = read_memory(journal)
    past = memory.past
    past.adopted.update(adoptions(settings, plan.enrolled, past.strategies, past.adopted))

    clock = Clock(runtime.now_ns())
    queues = Queues(runtime.mailbox(), system.market_data_bound)
    lay = queues.consequences.append
    log = EventLog(runtime, state / "log")
    limits = {enrolled.name: enrolled.limits for enrolled in plan.enrolled}
    limits.update(dict.fromkeys(past.strategies.keys() - limits.keys(), RiskLimits()))
    house = past.house or runtime.new_id(6)
    # Two runs never share a name for their orders, also when they start within a second or the clock has stepped back.
    started_ns = max(clock.now_ns, past.started_ns + 1_000_000_000)
    service = DeskService(clock, house, started_ns, RiskManager(), limits, lay, log.line)

    symbols = sorted({symbol for enrolled in plan.enrolled for symbol in enrolled.settings.instruments}
                     | {symbol for started in past.strategies.values() for symbol in started.symbols})
    check_known(instruments, symbols)
    views = {symbol: MarketView(instruments[symbol], clock) for symbol in symbols}
    desks = {desk.name: desk for desk in _seat(plan, past, instruments, views, service)}
    books = Books(house, desks, past.adopted)
    replay = memory.restore(books)

    latch = KillLatch(state, runtime.files)
    clocks = service.clocks = {name: ClockGuard(name, venue.clock_offset_seconds, system.max_clock_offset_seconds)
                               for name, venue in plan.venues.items()}
    brokers = {name: GuardedBroker(venue.broker, latch, runtime, venue.wait_to_order, venue.wait_to_cancel, service.is_of_this_run,
                                  system.max_queue_seconds, system.orders_per_second, clocks[name])
               for name, venue in plan.venues.items()}
    lanes = {name: BrokerLanes(broker, queues.lay_answer, queues.lay_quietly, runtime, plan.venues[name].abort)
             for name, broker in brokers.items()}
    outbox = Outbox(runtime, journal, lambda action: lanes[_broker(action)].execute(action), queues.lay_answer, queues.lay_command)

    counters = Counters()
    board = Board(runtime, lambda: house_system.picture(), partial(write_atomically, files=runtime.files), state / "status.json")
    routes = {symbol: Route(view, clock, lambda bar, bar_ns: engine.built_bar(bar, bar_ns)) for symbol, view in views.items()}
    settle_seconds = max(venue.settle_seconds for venue in plan.venues.values())
    doubts = Doubts(DoubtSettings(settle_seconds), lambda: _clocks_apart(plan.venues.values()))
    engine = Engine(clock, books, routes, service, doubts, outbox, (log, counters, board, *plan.watchers), lay)
    engine.flow.second_looks = SecondLooks(settle_seconds, lambda broker: _room_for_looks(plan.venues[broker]))
    guard = HookGuard(runtime, engine.fail, system.hook_limit_seconds)
    service.stand_behind(guard)
    errors: list[str] = []
    engine.on_error = errors.append

    is_new = not past.epoch
    engine.flow.reconciliation.since_ns = moments(books, past)
    started = _started(plan, past, house, started_ns, desks)
    engine.remember(started)
    given_before = dict(replay.capital)
    replay.fund(started)
    past.see(started)                   # what a snapshot keeps of earlier runs; from here on this run is one of them
    engine.states.update(replay.states)
    check_ledgers(settings, desks.values(), given_before)
    if is_new:
        _check_account(plan, engine, replay.capital)
    _fetch_history(plan, desks.values())
    for desk in desks.values():
        for symbol in join(engine, desk, guard.wrap):
            queues.keep_for_bars(symbol)
        if desk.strategy is not None:
            _restore_state(desk.strategy, desk, replay.states.get(desk.name))

    watched = sorted({symbol for enrolled in plan.enrolled for symbol in enrolled.settings.instruments})
    pollers = [
        FeedPoller(venue.feed, [symbol for symbol in watched if symbol.endswith("." + name)], runtime, queues.lay_market, queues.lay_answer,
                   [symbol for symbol in watched if routes[symbol].book_hooks and symbol.endswith("." + name)],
                   [symbol for symbol in watched if routes[symbol].trade_hooks and symbol.endswith("." + name)],
                   [instruments[symbol] for symbol in watched])
        for name, venue in plan.venues.items()
    ]
    heartbeat = Heartbeat(runtime, queues.lay_answer, list(plan.venues), [poller.ring for poller in pollers], lambda: engine.last_beat,
                          system.heartbeat_seconds)
    watchdog = Watchdog(runtime, guard, list(lanes.values()), lambda desk, reason: plan.give_up(reason))
    sources = Sources(settings.global_settings.mode, clock.now_ns, engine, queues, heartbeat, pollers, list(brokers.values()), counters,
                      lambda: _summed(venue.calls() for venue in plan.venues.values()), errors,
                      rates_left={name: venue.rate_left for name, venue in plan.venues.items() if venue.rate_left is not None},
                      records_not_on_disk=lambda: outbox.owed)
    if journal.cut_reason:
        plan.say("house", f"the journal's last batch was not whole and was cut off ({journal.cut_bytes} bytes): {journal.cut_reason}")
    house_system = TradingSystem(
        Parts(runtime, engine, queues, outbox, journal, list(lanes.values()), heartbeat, pollers, watchdog, log, board, sources,
              Snapshots(outbox, books, past, replay.capital, engine.states, service.numbers), plan.say,
              lambda: None if is_new else _check_account(plan, engine, replay.capital), lambda: _end_polls(plan)),
        system.stop_deadline_seconds)
    return house_system


def _check_account(plan: Plan, engine: Engine, capital: Mapping[str, Mapping[str, Decimal]]) -> None:
    books, flow = engine.books, engine.flow
    for name, venue in plan.venues.items():
        try:
            balances = venue.broker.balances()
        except TryAgain as error:
            plan.say("house", f"WARNING the account at {name} could not be compared with the ledgers: {error.reason}")
            continue
        engine.portfolio.balances[name] = balances
        if flow.is_reconciling:
            # The ledgers may lack fills that the account has: the question must stay open to be answered.
            event = BalanceEvent(name, balances, plan.runtime.now_ns())
            books.note_account(event)
            engine.remember(event)
            continue
        own = traded(books, capital)
        for line in account_lines(books, books.accounts.get(name), balances, own):
            plan.say("house", f"WARNING {name} {line.words()}")
        is_sure = not any(books.open_orders(name))
        reconciled_ns = flow.reconciliation.began_ns or engine.clock.now_ns
        event = BalanceEvent(name, balances, plan.runtime.now_ns(), own if is_sure else None, reconciled_ns)
        books.note_account(event)
        engine.remember(event)
    if not flow.is_reconciling:
        check_account(plan.settings, engine.portfolio, books.desks.values())


def _clocks_apart(venues: Iterable[Venue]) -> float:
    # Doubts are kept for all venues together: the clock that is furthest from ours counts.
    return max((abs(venue.clock_offset_seconds() or 0.0) for venue in venues), default=0.0)


def _room_for_looks(venue: Venue) -> int:
    # A second look is two calls and never urgent: it takes what orders and questions leave, and where that is much no more than half.
    if venue.rate_left is None:
        return 1
    left = venue.rate_left()
    spare = left.calls if left.for_look_ups is None else left.for_look_ups
    return max(1, int(spare // 4)) if spare >= 2 else 0


def _end_polls(plan: Plan) -> None:
    for venue in plan.venues.values():
        venue.end_polls()


def _seat(plan: Plan, past: Past, instruments: Mapping[str, Instrument], views: Mapping[str, MarketView],
          service: DeskService) -> list[Desk]:
    desks = []
    for enrolled in plan.enrolled:
        former = (past.strategies[name].symbols for name in (enrolled.name, enrolled.settings.adopt) if name in past.strategies)
        symbols = [symbol for group in former for symbol in group]
        desks.append(seat(enrolled, plan.settings, instruments, views, service, symbols))
    for name, started in past.strategies.items():
        if name not in {enrolled.name for enrolled in plan.enrolled} and name not in past.adopted:
            ledger = PositionManager(name, {symbol: instruments[symbol] for symbol in started.symbols}, {}, started.currency)
            desk = Desk(name, None, started.symbols, OrderManager(name), ledger, views, service)
            desk.is_paused, desk.pause_reason = True, "retired: no longer in the configuration"
            desks.append(desk)
    return desks


def _started(plan: Plan, past: Past, house: str, now_ns: int, desks: Mapping[str, Desk]) -> RunStarted:
    strategies = {
        enrolled.name: StrategyStarted(tuple(enrolled.settings.instruments), dict(enrolled.settings.capital),
                                       desks[enrolled.name].positions.currency, enrolled.settings.adopt or "")
        for enrolled in plan.enrolled
    }
    instruments = {symbol: one for desk in desks.values() for symbol, one in sorted(desk.positions.instruments.items())}
    return RunStarted(past.epoch + 1, now_ns, house, plan.settings.global_settings.mode, BUILD, config_hash(plan.settings), strategies,
                      instruments)


def _restore_state(strategy: StrategyBase, desk: Desk, saved: bytes | None) -> None:
    kind = type(strategy).State
    if kind is StrategyBase.State:
        return
    try:
        strategy.state = msgspec.msgpack.decode(saved, type=kind) if saved is not None else kind()
    except (msgspec.MsgspecError, TypeError) as error:
        desk.is_paused, desk.pause_reason = True, f"paused: its saved state does not fit: {error}"


def _fetch_history(plan: Plan, desks: Iterable[Desk]) -> None:
    fetched: dict[tuple[str, int], list[Bar]] = {}
    for desk in desks:
        if desk.strategy is None:
            continue
        bar_ns = desk.bar_ns or _MINUTE_NS
        count = max(_HISTORY_BARS, desk.strategy.warm_up)
        for symbol in desk.symbols:
            if (symbol, bar_ns) not in fetched:
                try:
                    fetched[symbol, bar_ns] = plan.venues[symbol.rpartition(".")[2]].feed.history(symbol, bar_ns, count)
                except TryAgain as error:
                    plan.say("house", f"no history of {symbol}: {error.reason}")
                    fetched[symbol, bar_ns] = []
            desk.past[symbol] = fetched[symbol, bar_ns]


def _broker(action: Action) -> str:
    return action.broker if isinstance(action, (LookUpOrders, LookUpTrades)) else action.request.symbol.rpartition(".")[2]


def _summed(tables: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for table in tables:
        for name, count in table.items():
            total[name] = total.get(name, 0) + count
    return total
