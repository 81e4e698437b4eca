"""What there is to trade and to trade with: the venues' instruments and the account's money, held against what the user wrote.

Called by the commands and by assembly before anything starts; every mismatch names the place and the mend.
"""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal

from trading_system.core.errors import ConfigError
from trading_system.core.instrument import Instrument
from trading_system.core.order_update import ZERO
from trading_system.core.order_words import plain
from trading_system.core.venues import Venue
from trading_system.enrollment import Enrolled
from trading_system.oms.portfolio import Portfolio
from trading_system.settings.house_settings import StrategySettings
from trading_system.settings.load import Settings
from trading_system.settings.problems import Problems, nearest, shown
from trading_system.strategy_host.desk import Desk

# Two coins go by two codes each; which one a venue uses is not for people to know.
_OTHER_CODES = (("BTC", "XBT"), ("XBT", "BTC"), ("DOGE", "XDG"), ("XDG", "DOGE"))
_MOST_LISTED = 8


def instruments_of(venues: Mapping[str, Venue], settings: Settings, enrolled: Sequence[Enrolled]) -> dict[str, Instrument]:
    """Return every instrument of every venue. Raises ConfigError when a strategy names one that is not there, and what a broker raises."""
    found = {instrument.symbol: instrument for venue in venues.values() for instrument in venue.broker.instruments()}
    problems = Problems()
    check_instruments(found, settings, {one.name: one.settings for one in enrolled}, problems)
    problems.raise_if_any()
    return found


def check_instruments(found: Mapping[str, Instrument], settings: Settings, strategies: Mapping[str, StrategySettings],
                      problems: Problems) -> None:
    """Hold what the strategies trade, and the currencies they do it with, against what is `found`."""
    for name, strategy in strategies.items():
        for number, symbol in enumerate(strategy.instruments):
            if symbol not in found:
                path = f"strategies.{name}.instruments"
                guess = nearest_symbol(symbol, found)
                hint = f", did you mean {guess}?" if guess else f"; there are {_listed(found)}"
                place = settings.file_and_line(f"{path}.{number}")
                problems.add_at(*place, path, f"{shown(symbol)} is not traded at any broker of ours{hint}")
        known = [found[symbol] for symbol in strategy.instruments if symbol in found]
        if len(known) == len(strategy.instruments):
            _check_currencies(known, settings, name, strategy, problems)


def check_brokers(settings: Settings, strategies: Mapping[str, StrategySettings], problems: Problems) -> None:
    """Look at the form and at the broker of every symbol: all that can be told while nobody can ask a venue."""
    brokers = settings.system.brokers
    for name, strategy in strategies.items():
        for number, symbol in enumerate(strategy.instruments):
            market, dot, broker = symbol.rpartition(".")
            if market and dot and broker in brokers:
                continue
            path = f"strategies.{name}.instruments"
            guess = nearest(broker, brokers) if market else None
            hint = f"did you mean {market}.{guess}?" if guess else "write the venue's name of the market, a dot and the broker's name"
            problems.add_at(*settings.file_and_line(f"{path}.{number}"), path,
                            f"{shown(symbol)} names no broker of ours ({', '.join(brokers)}): {hint}")


def nearest_symbol(written: str, symbols: Collection[str]) -> str | None:
    """Return the symbol that was most likely meant: case, separators, a missing broker and BTC for XBT are seen through."""
    market, _, broker = written.strip().partition(".")
    letters = re.sub("[^A-Z0-9]", "", market.upper())
    spellings = [letters, *(letters.replace(one, other) for one, other in _OTHER_CODES if one in letters)]
    same = [symbol for spelling in spellings for symbol in symbols if symbol.rpartition(".")[0].upper() == spelling]
    if same:
        near = difflib.get_close_matches(broker.lower(), [symbol.rpartition(".")[2] for symbol in same], 1, 0)
        return next((symbol for symbol in same if near and symbol.endswith(f".{near[0]}")), same[0])
    return next((guess for spelling in spellings if (guess := nearest(f"{spelling}.{broker}", symbols))), None)


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
        if one.name in before:
            place, heir = settings.place(f"strategies.{one.name}"), before[one.name]
            problems.append(f"{place}: strategies.{one.name}: {heir} has adopted the ledger of that name for good; choose another name")
    for one in enrolled:
        former, path = one.settings.adopt, f"strategies.{one.name}.adopt"
        if former is None or before.get(former) == one.name:
            continue
        if former in names:
            problems.append(f"{settings.place(path)}: {path}: {former} is still configured; only one that is gone can be adopted")
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


def check_known(instruments: Mapping[str, Instrument], symbols: Iterable[str]) -> None:
    """Refuse to start when the journal knows a symbol that no broker of ours trades any more: its orders could not be asked for."""
    problems = [f"the journal has orders of {symbol}, which is not traded at any broker of ours any more: bring its broker back into "
                "system_config.yaml, or begin anew with --fresh once nothing of it is held"
                for symbol in symbols if symbol not in instruments]
    if problems:
        raise ConfigError(*problems)


def check_ledgers(settings: Settings, desks: Iterable[Desk], before: Mapping[str, Mapping[str, Decimal]] | None = None) -> None:
    """Refuse to start when a strategy holds what it no longer trades, or its capital was lowered by more than it has free.

    `before` is what the last run gave each strategy: cash below zero that nobody brought about by lowering it, such as after a fill that
    was heard of late, is no reason to leave open orders alone.
    """
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
            if cash < 0 and desk.positions.capital.get(currency) and (before is None or _is_lowered(settings, desk.name, currency, before)):
                path = f"strategies.{desk.name}.capital"
                problems.append(f"{settings.place(path)}: {path}: {currency} is {plain(-cash)} lower than what is invested; "
                                "sell first, or leave it as it was")
    if problems:
        raise ConfigError(*problems)


def _is_lowered(settings: Settings, name: str, currency: str, before: Mapping[str, Mapping[str, Decimal]]) -> bool:
    strategy = settings.global_settings.strategies[name]
    given = before.get(name) or before.get(strategy.adopt or "") or {}
    return strategy.capital.get(currency, ZERO) < given.get(currency, ZERO)


def check_account(settings: Settings, portfolio: Portfolio, desks: Iterable[Desk]) -> None:
    """Refuse to trade when the strategies together own more than the account holds. Raises ConfigError.

    What open orders may take of it can have been taken this very moment: so much may be missing.
    """
    desks = list(desks)
    ledgers = [desk.positions for desk in desks]
    problems = []
    for broker, balances in portfolio.balances.items():
        for currency, beyond in sorted(portfolio.external(broker, ledgers).items()):
            if beyond < -sum((desk.reservations.reserved(currency) for desk in desks), ZERO):
                owned = sum((ledger.holdings(currency) for ledger in ledgers), ZERO)
                total = balances[currency].total if currency in balances else ZERO
                problems.append(f"{settings.place('strategies')}: strategies: together they own {plain(owned)} {currency}, "
                                f"the account at {broker} holds {plain(total)}; lower a capital or fund the account")
    if problems:
        raise ConfigError(*problems)


def _check_currencies(known: Sequence[Instrument], settings: Settings, name: str, strategy: StrategySettings, problems: Problems) -> None:
    currencies = {currency for instrument in known for currency in (instrument.base, instrument.counter)}
    for currency in strategy.capital:
        if currencies and currency not in currencies:
            path = f"strategies.{name}.capital.{currency}"
            problems.add_at(*settings.file_and_line(path), path, f"{_no_use(currency, currencies)}")
    if strategy.currency and currencies and strategy.currency not in currencies:
        path = f"strategies.{name}.currency"
        problems.add_at(*settings.file_and_line(path), path, _no_use(strategy.currency, currencies))
    try:
        if known:
            ledger_currency(settings, name, strategy, {instrument.symbol: instrument for instrument in known})
    except ConfigError as error:
        problems.add_sentence(error.problems[0])


def _no_use(currency: str, known: Collection[str]) -> str:
    meant = [other for one, other in _OTHER_CODES if one == currency and other in known]
    hint = f", did you mean {meant[0]}?" if meant else ""
    return f"{currency} is of no use for its instruments, which trade {', '.join(sorted(known))}{hint}"


def _listed(symbols: Collection[str]) -> str:
    first = sorted(symbols)[:_MOST_LISTED]
    return ", ".join(first) + (f" and {len(symbols) - _MOST_LISTED} more" if len(symbols) > _MOST_LISTED else "")
