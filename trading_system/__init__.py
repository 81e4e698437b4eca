"""The strategy author's door: `from trading_system import StrategyBase, Tick` is all a strategy file needs of the house.

Each name is fetched from the file that defines it when it is first asked for, so that importing the house itself costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trading_system import indicators
    from trading_system.core.instrument import Instrument
    from trading_system.core.market_data import Bar, Book, Tick, Trade
    from trading_system.core.order import Fill, Order, OrderState
    from trading_system.core.side import Side
    from trading_system.strategy_host.strategy_base import StrategyBase

__all__ = ["Bar", "Book", "Fill", "Instrument", "Order", "OrderState", "Side", "StrategyBase", "Tick", "Trade", "indicators"]

_HOME = {
    "Bar": "core.market_data",
    "Book": "core.market_data",
    "Fill": "core.order",
    "Instrument": "core.instrument",
    "Order": "core.order",
    "OrderState": "core.order",
    "Side": "core.side",
    "StrategyBase": "strategy_host.strategy_base",
    "Tick": "core.market_data",
    "Trade": "core.market_data",
}


def __getattr__(name: str) -> object:
    if name == "indicators":        # not a name of a file but a shelf of them
        return import_module(f"{__name__}.indicators")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = found         # asked once, from then on an ordinary name
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
