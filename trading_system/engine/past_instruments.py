"""Which instruments a journal is about: as its runs recorded them, else their currencies read out of their names.

Used when books are rebuilt from a journal alone, where no venue can be asked.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from trading_system.core.errors import ConfigError
from trading_system.core.events import BalanceEvent, InstrumentEvent, OrderUpdateEvent
from trading_system.core.instrument import Instrument
from trading_system.core.records import Record, RunStarted

_SMALLEST = Decimal("1e-8")
_LARGEST = Decimal("1e18")
_BETWEEN = "-/_"        # what venues write between two currencies


class PastInstruments:
    """Gathers instruments, and the currencies that occur, while somebody reads a journal; `records` counts what went by."""

    def __init__(self) -> None:
        self.records = 0
        self._known: dict[str, Instrument] = {}
        self._currencies: set[str] = set()

    def over(self, records: Iterable[Record]) -> Iterator[Record]:
        """Yield the records unchanged."""
        for record in records:
            self.records += 1
            body = record.body
            if isinstance(body, OrderUpdateEvent):
                if body.update.totals is not None:
                    self._currencies.update(body.update.totals.fees)
            elif isinstance(body, RunStarted):
                self._known.update(body.instruments)
                for started in body.strategies.values():
                    self._currencies.update((started.currency, *started.capital))
            elif isinstance(body, BalanceEvent):
                self._currencies.update(body.balances)
            elif isinstance(body, InstrumentEvent):
                self._known[body.instrument.symbol] = body.instrument
            yield record

    def of(self, symbols: Mapping[str, str]) -> tuple[dict[str, Instrument], tuple[str, ...]]:
        """Return the instrument of every symbol, and which were read out of their names: runs of earlier versions recorded none.

        `symbols` leads from each symbol to the currency its profit is told in, which decides where a name can be read in two ways. Raises
        ConfigError where a name says nothing.
        """
        guessed = tuple(sorted(symbol for symbol in symbols if symbol not in self._known))
        found = {symbol: self._known.get(symbol) or self._read_out(symbol, currency) for symbol, currency in symbols.items()}
        return found, guessed

    def _read_out(self, symbol: str, currency: str) -> Instrument:
        market = symbol.rpartition(".")[0]
        pairs = [(market.removesuffix(counter).rstrip(_BETWEEN), counter) for counter in sorted(self._currencies | {currency})
                 if counter and market.endswith(counter) and market.removesuffix(counter).rstrip(_BETWEEN)]
        if not pairs:
            raise ConfigError(f"the journal was written before instruments were recorded, and the currencies of {symbol} cannot be read "
                              "out of its name: start the house once on this state folder, then its journal knows them")
        base, counter = max(pairs, key=lambda pair: (pair[1] == currency, pair[0] in self._currencies))
        return Instrument(symbol, base, counter, _SMALLEST, _SMALLEST, _SMALLEST, _LARGEST, _SMALLEST, _LARGEST)
