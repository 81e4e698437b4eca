"""`python main.py new-strategy NAME`: writes a strategy that trades at once, and its test, for its author to change.

Never overwrites a file and never edits the configuration: it prints the line to add there.
"""

import argparse
import re
from pathlib import Path

from trading_system.core.errors import ConfigError
from trading_system.core.instrument import Instrument
from trading_system.core.venues import Venues
from trading_system.settings.load import GLOBAL_FILE, Settings, read_settings
from trading_system.settings.problems import Problems, shown

_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_RULE = "a small letter first, then small letters, digits and _, at most 31 characters"
_CAPITAL = 10_000

_STRATEGY = '''"""NAME_IN_WORDS: say here in a sentence what it does and why it should earn money.

As written it follows the price: it buys above the average of the last prices and sells below it. Fees make that a poor idea; change it.
"""

from collections import deque

from trading_system import Fill, StrategyBase, Tick


class CLASS_NAMEStrategy(StrategyBase):
    """Buys when the price is above the average of the last `window` ticks, sells all when it is below."""

    class Params(StrategyBase.Params):
        """What can be set in the configuration, with its defaults: `params: {value: 1000, window: 10}`."""

        value: float = 500.0        # how much to buy for, in the counter currency
        window: int = 5             # how many ticks the average is taken over

    params: Params

    def on_start(self) -> None:
        """Runs once, before the first price: make what you want to remember here."""
        if self.params.value <= 0 or self.params.window < 2:
            raise ValueError("value must be above 0 and window at least 2")
        self.prices: dict[str, deque[float]] = {symbol: deque(maxlen=self.params.window) for symbol in self.symbols}

    def on_tick(self, tick: Tick) -> None:
        """Runs at every new price: `tick.bid` is what buyers offer, `tick.ask` what sellers want, `tick.mid` the middle."""
        prices = self.prices[tick.symbol]
        prices.append(tick.mid)
        if len(prices) < self.params.window:
            return                                              # not enough prices yet
        if any(order.symbol == tick.symbol for order in self.orders):
            return                                              # an order is on its way: wait for it
        average = sum(prices) / len(prices)
        position = self.positions[tick.symbol]
        if position.is_flat and tick.mid > average:
            self.buy(tick.symbol, value=self.params.value, tag="above average")
        elif position.is_long and tick.mid < average:
            self.flatten(tick.symbol)                           # sells everything this strategy holds of it

    def on_fill(self, fill: Fill) -> None:
        """Runs when an order of ours traded; the position and the cash are already up to date."""
        if fill.quantity:                                       # a fill of nothing corrects a fee
            self.notify(f"{fill.side.name.lower()} {fill.quantity:g} at {fill.price:.8g}, profit so far {self.equity - self.capital:+.2f}")
'''

_TEST = '''"""What CLASS_NAMEStrategy must do: prices go in, orders come out, without an exchange and in no time."""

from trading_system import Side


def test_it_buys_above_the_average_and_sells_all_below_it(stage, make_instrument):
    house = stage("NAME", instruments=[make_instrument("XBTZAR.luno", min_quantity="0.0001", price_step="1")], window=3).start()
    for price in (1_800_000.0, 1_800_000.0, 1_801_000.0):
        house.tick(price, price)
    (bought,) = house.orders
    assert bought.side is Side.BUY
    assert bought.filled_quantity > 0
    house.tick(1_790_000.0, 1_790_000.0)
    assert [order.side for order in house.orders] == [Side.BUY, Side.SELL]


def test_it_waits_until_it_has_seen_enough_prices(stage):
    house = stage("NAME", window=5).start()
    for price in (40.0, 41.0, 42.0, 43.0):
        house.tick(price, price)
    assert house.orders == []
'''


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("name", metavar="NAME", help=f"the strategy's name, such as buy_the_dip: {_RULE}")


def run(arguments: argparse.Namespace, root: Path, venues: Venues) -> int:
    """Write the files and say what to do next. Raises ConfigError for a name that cannot be had."""
    settings = read_settings(Path(arguments.config), arguments.set or (), Problems(), adapters=venues.ADAPTERS)
    name, folder = arguments.name, Path(arguments.strategies)
    file = folder / f"{name}_strategy.py"
    test = folder.resolve().parent / "tests" / "unit" / "strategies" / f"test_{name}_strategy.py"
    _check(name, file, test, folder, settings)
    instrument = _instrument(settings, venues)
    class_name = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    _write(file, _STRATEGY, name, class_name)
    print(f"wrote {file}")
    # The stage on which strategies are tested stands beside the tests of the project.
    if (test.parent / "conftest.py").is_file():
        _write(test, _TEST, name, class_name)
        print(f"wrote {test}; run it with: python -m pytest {test}")
    if name in settings.global_settings.strategies:
        print(f"\nIt stands in {settings.place(f'strategies.{name}')} already. See it trade: python main.py --for 60s")
        return 0
    print(f"\nAdd this line under 'strategies:' in {Path(arguments.config) / GLOBAL_FILE}:\n\n"
          f"  {name}: {{instruments: [{instrument.symbol}], capital: {{{instrument.counter}: {_CAPITAL}}}}}\n\n"
          "then see it trade: python main.py --for 60s")
    return 0


def _check(name: str, file: Path, test: Path, folder: Path, settings: Settings) -> None:
    if not _NAME.fullmatch(name) or name.endswith("_strategy"):
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
        guess = re.sub("[^a-z0-9]+", "_", words.lower()).strip("_").lstrip("0123456789_").removesuffix("_strategy")[:31]
        rule = "leave '_strategy' out, the file's name gets it" if _NAME.fullmatch(name) else f"a name is {_RULE}"
        raise ConfigError(f"new-strategy: {shown(name)} cannot be a strategy's name: {rule}" + (f"; such as {guess}" if guess else ""))
    if not folder.is_dir():
        raise ConfigError(f"{folder}: there is no such folder: name the folder of the strategies with --strategies")
    for path in (file, test):
        if path.exists():
            raise ConfigError(f"{path}: there is one already and it is left as it is: choose another name")
    configured = settings.global_settings.strategies.get(name)
    if configured is not None and configured.file != file.name:
        raise ConfigError(f"{settings.place(f'strategies.{name}')}: strategies.{name}: the name is taken: choose another")


def _write(path: Path, text: str, name: str, class_name: str) -> None:
    words = name.replace("_", " ").capitalize()
    # "x": a file that came into being meanwhile is not overwritten either.
    with path.open("x", encoding="utf-8") as stream:
        stream.write(text.replace("NAME_IN_WORDS", words).replace("CLASS_NAME", class_name).replace("NAME", name))


def _instrument(settings: Settings, venues: Venues) -> Instrument:
    known = [one for name, node in settings.system.brokers.items() for one in venues.simulated_instruments(name, node)]
    used = [symbol for strategy in settings.global_settings.strategies.values() for symbol in strategy.instruments]
    return next((one for one in known if one.symbol in used), known[0])
