"""Gives each strategy its desk: its own orders, ledger and place in the engine. Used by every assembly, live and of history."""

from collections.abc import Callable, Mapping, Sequence

from trading_system.core.instrument import Instrument
from trading_system.core.market_data import Bar
from trading_system.engine.bar_builder import BarBuilder
from trading_system.engine.desk_service import DeskService
from trading_system.engine.engine import Engine
from trading_system.enrollment import Enrolled
from trading_system.inventory import ledger_currency
from trading_system.oms.order_manager import OrderManager
from trading_system.oms.position_manager import PositionManager
from trading_system.settings.load import Settings
from trading_system.strategy_host.desk import Desk
from trading_system.strategy_host.market_view import MarketView
from trading_system.strategy_host.strategy_base import HOOKS, writes

Guarded = Callable[[Desk, Callable[..., None]], Callable[..., None]]


def seat(enrolled: Enrolled, settings: Settings, instruments: Mapping[str, Instrument], views: Mapping[str, MarketView],
         service: DeskService, former_symbols: Sequence[str] = ()) -> Desk:
    """Return a strategy's desk, without capital yet; what it traded in earlier runs stays in its ledger. Raises ConfigError."""
    own = enrolled.settings
    strategy = enrolled.kind()
    strategy.params = enrolled.params
    known = {symbol: instruments[symbol] for symbol in (*own.instruments, *former_symbols)}
    ledger = PositionManager(enrolled.name, known, {}, ledger_currency(settings, enrolled.name, own, known))
    return Desk(enrolled.name, strategy, own.instruments, OrderManager(enrolled.name), ledger, views, service,
                bar_ns=enrolled.bar_ns, on_stop=own.on_stop, collar=settings.system.market_order_collar)


def join(engine: Engine, desk: Desk, guarded: Guarded) -> list[str]:
    """Lay the ways of the market to the strategy's hooks, each through its guard; return the symbols for which bars are built now."""
    strategy = desk.strategy
    if strategy is None:
        return []
    desk.hooks = {hook: guarded(desk, getattr(strategy, hook)) for hook in HOOKS if writes(strategy, hook)}
    if "on_bar" in desk.hooks:
        desk.hooks["on_bar"] = desk.after_warm_up(desk.hooks["on_bar"], strategy.warm_up)
    built = []
    for symbol in desk.symbols if desk.bar_ns else ():
        route = engine.routes[symbol]
        is_ready_made = route.bars_from is Bar and route.source_bar_ns == desk.bar_ns
        if not is_ready_made and all(builder.bar_ns != desk.bar_ns for builder in route.builders):
            route.builders.append(BarBuilder(symbol, desk.bar_ns))
            built.append(symbol)
    engine.join(desk)
    return built
