"""What there is to trade and to trade with: the venues' instruments and the account's money, held against what the user wrote.

Called by assembly before anything starts; every mismatch is a ConfigError that names the place and the mend.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence

from trading_system.core.errors import ConfigError
from trading_system.core.instrument import Instrument
from trading_system.core.order_update import ZERO
from trading_system.core.order_words import plain
from trading_system.core.ports import Venue
from trading_system.enrollment import Enrolled
from trading_system.oms.portfolio import Portfolio
from trading_system.settings.house_settings import StrategySettings
from trading_system.settings.load import Settings
from trading_system.strategy_host.desk import Desk


def instruments_of(venues: Mapping[str, Venue], settings: Settings, enrolled: Sequence[Enrolled]) -> dict[str, Instrument]:
    """Return every instrument of every venue. Raises ConfigError when a strategy names one that is not there, and what a broker raises."""
    found = {instrument.symbol: instrument for venue in venues.values() for instrument in venue.broker.instruments()}
    problems = []
    for one in enrolled:
        path = f"strategies.{one.name}.instruments"
        for symbol in one.settings.instruments:
            if symbol not in found:
                near = difflib.get_close_matches(symbol, found, 1)
                hint = f", did you mean {near[0]}?" if near else ""
                problems.append(f"{settings.place(path)}: {path}: {symbol} is not traded at any broker of ours{hint}")
        known = {currency for symbol in one.settings.instruments if symbol in found
                 for currency in (found[symbol].base, found[symbol].counter)}
        for currency in one.settings.capital:
            if known and currency not in known:
                path = f"strategies.{one.name}.capital"
                problems.append(f"{settings.place(path)}: {path}: {currency} is of no use for its instruments, "
                                f"which trade {', '.join(sorted(known))}")
    if problems:
        raise ConfigError(*problems)
    return found


def ledger_currency(settings: Settings, name: str, strategy: StrategySettings, instruments: Mapping[str, Instrument]) -> str:
    """Return the currency a strategy's profit is told in. Raises ConfigError when its instruments share none and none is named."""
    if strategy.currency:
        return strategy.currency
    counters = sorted({instrument.counter for instrument in instruments.values()})
    if len(counters) > 1:
        path = f"strategies.{name}"
        raise ConfigError(f"{settings.place(path)}: {path}: its instruments are priced in {' and '.join(counters)}; "
                          f"say which one its profit is told in, such as currency: {counters[0]}")
    return counters[0]


def check_holdings(settings: Settings, portfolio: Portfolio, desks: Iterable[Desk]) -> None:
    """Refuse to start when the strategies together own more than the account holds, or one holds what it no longer trades."""
    desks = list(desks)
    problems = []
    for broker, balances in portfolio.balances.items():
        ledgers = [desk.positions for desk in desks]
        for currency, beyond in sorted(portfolio.external(broker, ledgers).items()):
            if beyond < 0:
                owned = sum((ledger.holdings(currency) for ledger in ledgers), ZERO)
                total = balances[currency].total if currency in balances else ZERO
                problems.append(f"{settings.place('strategies')}: strategies: together they own {plain(owned)} {currency}, "
                                f"the account at {broker} holds {plain(total)}; lower a capital or fund the account")
    for desk in desks:
        for symbol, position in desk.positions.positions.items():
            if desk.strategy is not None and symbol not in desk.market and not position.is_flat:
                path = f"strategies.{desk.name}.instruments"
                problems.append(f"{settings.place(path)}: {path}: it still holds {plain(position.exact.quantity)} of {symbol}; "
                                f"name {symbol} again and flatten it, or rename the strategy")
    if problems:
        raise ConfigError(*problems)
