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


def adoptions(settings: Settings, enrolled: Sequence[Enrolled], known: Mapping[str, object], before: Mapping[str, str]) -> dict[str, str]:
    """Return which former strategy is taken over by which. Raises ConfigError for one that was never run or is still there."""
    found, problems = {}, []
    names = {one.name for one in enrolled}
    for one in enrolled:
        former, path = one.settings.adopt, f"strategies.{one.name}.adopt"
        if former is None or before.get(former) == one.name:
            continue
        if former in names:
            problems.append(f"{settings.place(path)}: {path}: {former} is still in the configuration; only a strategy that is gone can be adopted")
        elif former in before:
            problems.append(f"{settings.place(path)}: {path}: {former} was adopted by {before[former]} already")
        elif former not in known:
            near = difflib.get_close_matches(former, known, 1)
            problems.append(f"{settings.place(path)}: {path}: no strategy of that name was ever run"
                            + (f", did you mean {near[0]}?" if near else ""))
        elif one.name in known:
            problems.append(f"{settings.place(path)}: {path}: {one.name} has a ledger of its own already and cannot take over another")
        else:
            found[former] = one.name
    if problems:
        raise ConfigError(*problems)
    return found


def check_ledgers(settings: Settings, desks: Iterable[Desk]) -> None:
    """Refuse to start when a strategy holds what it no longer trades, or its capital was lowered by more than it has free."""
    problems = []
    for desk in desks:
        if desk.strategy is None:
            continue
        for symbol, position in desk.positions.positions.items():
            if symbol not in desk.market and not position.is_flat:
                path = f"strategies.{desk.name}.instruments"
                problems.append(f"{settings.place(path)}: {path}: it still holds {plain(position.exact.quantity)} of {symbol}; "
                                f"name {symbol} again and flatten it, or rename the strategy")
        for currency, cash in desk.positions.cash.items():
            if cash < 0 and desk.positions.capital.get(currency):
                path = f"strategies.{desk.name}.capital"
                problems.append(f"{settings.place(path)}: {path}: {currency} is {plain(-cash)} lower than what is invested; "
                                "sell first, or leave it as it was")
    if problems:
        raise ConfigError(*problems)


def check_account(settings: Settings, portfolio: Portfolio, desks: Iterable[Desk]) -> None:
    """Refuse to trade when the strategies together own more than the account holds. Raises ConfigError."""
    ledgers = [desk.positions for desk in desks]
    problems = []
    for broker, balances in portfolio.balances.items():
        for currency, beyond in sorted(portfolio.external(broker, ledgers).items()):
            if beyond < 0:
                owned = sum((ledger.holdings(currency) for ledger in ledgers), ZERO)
                total = balances[currency].total if currency in balances else ZERO
                problems.append(f"{settings.place('strategies')}: strategies: together they own {plain(owned)} {currency}, "
                                f"the account at {broker} holds {plain(total)}; lower a capital or fund the account")
    if problems:
        raise ConfigError(*problems)
