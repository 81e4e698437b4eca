"""`python main.py sample-data`: writes made-up quotes of every instrument the strategies trade, so that a backtest runs offline at once.

The data is ours and seeded: the same seed writes the same bytes. It teaches nothing about real markets.
"""

import argparse
import gzip
import math
import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import NamedTuple

from trading_system.core.errors import ConfigError
from trading_system.core.instrument import Instrument
from trading_system.core.venues import Venues
from trading_system.inventory import check_instruments
from trading_system.settings.load import Settings, read_settings
from trading_system.settings.problems import Problems

#: 2024-01-01T00:00:00Z in milliseconds.
START_MS = 1_704_067_200_000
STEP_MS, _JITTER_MS = 5_000, 400
DAY_MS = 86_400_000
_MOST_DAYS = 366

# What one unit is worth in US dollars, about: prices people recognize. What is not listed begins in the middle of its bounds.
_WORTH = {"XBT": 100_000, "BTC": 100_000, "ETH": 3_300, "LTC": 100, "BCH": 400, "SOL": 180, "XRP": 2.2, "USD": 1, "USDT": 1, "USDC": 1,
          "EUR": 1.1, "GBP": 1.25, "AUD": 0.65, "ZAR": 1 / 18, "MYR": 1 / 4, "NGN": 1 / 1_500, "IDR": 1 / 16_000, "UGX": 1 / 3_700}
_REVERSION_PER_SECOND = 9e-5
_LARGEST_DEVIATION = 0.15
_LAST_TRADED_CHANCE = 0.4


class _Mood(NamedTuple):
    """How the market behaves for a while: drift per second, deviation per square root of a second, half the spread."""

    mean_seconds: float
    drift: float
    deviation: float
    half_spread: float


_MOODS = (_Mood(1_800, 0.0, 0.00012, 0.0003), _Mood(1_200, 6e-6, 0.00015, 0.0003), _Mood(1_200, -6e-6, 0.00015, 0.0003),
          _Mood(900, 0.0, 0.00030, 0.0005))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("--out", metavar="DIR", help="the folder to write into (default data, beside the folder of the configuration)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed writes the same files (default 1)")
    parser.add_argument("--days", type=int, default=1, help=f"how many days from 2024-01-01 on, at most {_MOST_DAYS} (default 1)")
    parser.add_argument("--force", action="store_true", help="write over files that are there already")


def run(arguments: argparse.Namespace, root: Path, venues: Venues) -> int:
    """Write one file per market; return 0. Raises ConfigError where something stands in the way; then nothing was written."""
    if not 1 <= arguments.days <= _MOST_DAYS:
        raise ConfigError(f"sample-data: --days {arguments.days}: it must be 1 to {_MOST_DAYS}")
    settings, instruments = _read(arguments, venues)
    # Paths in backtest_config.yaml count from there, so what is written is found by the backtest of the same configuration.
    home = Path(arguments.config).resolve().parent
    folder = Path(arguments.out) if arguments.out else home / "data"
    files = {folder / file_name(one.symbol): one for one in instruments}
    there = [_short(path) for path in files if path.exists()]
    if there and not arguments.force:
        raise ConfigError(f"sample-data: {', '.join(there)}: there already, and left as it is; write over it with --force, or elsewhere "
                          "with --out DIR")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, instrument in files.items():
            rows = _write(path, quotes(instrument, arguments.seed, arguments.days))
            print(f"{_short(path)}: {rows:,} made-up quotes of {instrument.symbol}, {arguments.days} day{'s' * (arguments.days != 1)} "
                  "from 2024-01-01T00:00:00Z")
    except OSError as error:
        raise ConfigError(f"sample-data: {error.filename or folder}: it cannot be written ({error.strerror}): choose another folder "
                          "with --out DIR") from None
    print(f"the files are in {folder.resolve()}{_not_named(settings, home, files)}")
    print(f"next: python main.py backtest{_with_config(arguments, root)}")
    return 0


def file_name(symbol: str) -> str:
    """Return the name of a market's file: XBTZAR.luno is in XBTZAR_quotes.csv.gz."""
    return f"{symbol.rpartition('.')[0].replace('/', '-')}_quotes.csv.gz"


def quotes(instrument: Instrument, seed: int, days: int) -> Iterator[str]:
    """Yield a header and a line `timestamp,bid,ask,last` about every 5 seconds; times in milliseconds, prices on the instrument's grid.

    A walk that returns to its beginning, in moods that change every quarter to half an hour: quiet, rising, falling, lively.
    """
    # A text as seed: each market has a walk of its own, the same on every machine.
    random = Random(f"{seed} {instrument.base}/{instrument.counter}")
    step, start = instrument.price_step, _start_price(instrument)
    steps_per_unit = 1 / float(step)
    lowest = max(1, math.ceil(instrument.min_price / step))
    yield "timestamp,bid,ask,last\n"
    deviation, mood, mood_end_ms, last = 0.0, _MOODS[0], 0, 0
    seconds = STEP_MS / 1000
    for time_ms in range(START_MS, START_MS + days * DAY_MS, STEP_MS):
        if time_ms >= mood_end_ms:
            mood = random.choice([one for one in _MOODS if one is not mood])
            mood_end_ms = time_ms + int(random.expovariate(1 / mood.mean_seconds) * 1000)
        deviation += (mood.drift - _REVERSION_PER_SECOND * deviation) * seconds + random.gauss(0.0, mood.deviation * math.sqrt(seconds))
        deviation = min(max(deviation, -_LARGEST_DEVIATION), _LARGEST_DEVIATION)
        fair = start * math.exp(deviation)
        # Buyers round down and sellers up, so that they never meet.
        bid = max(lowest, math.floor(fair * (1 - mood.half_spread) * steps_per_unit))
        ask = max(bid + 1, math.ceil(fair * (1 + mood.half_spread) * steps_per_unit))
        if not last or random.random() < _LAST_TRADED_CHANCE:
            last = random.choice((bid, ask))
        yield f"{time_ms + random.randrange(_JITTER_MS)},{bid * step:f},{ask * step:f},{last * step:f}\n"


def _start_price(instrument: Instrument) -> float:
    lowest, highest = float(instrument.min_price), float(instrument.max_price)
    worth = _WORTH.get(instrument.base), _WORTH.get(instrument.counter)
    if worth[0] and worth[1]:
        price = worth[0] / worth[1]
        if lowest < price * 0.8 and price * 1.2 < highest:
            return price
    return math.sqrt(max(lowest, float(instrument.price_step)) * highest)


def _not_named(settings: Settings, home: Path, files: Mapping[Path, Instrument]) -> str:
    missing = []
    for path, instrument in files.items():
        written = settings.backtest.data.get(instrument.symbol, [])
        if path.resolve() not in {(home / file).resolve() for file in ([written] if isinstance(written, str) else written)}:
            place = path.resolve()
            missing.append(f"{instrument.symbol}: {place.relative_to(home) if place.is_relative_to(home) else place}")
    return f"; backtest_config.yaml does not name them yet: write data: {{{', '.join(missing)}}} there" if missing else ""


def _with_config(arguments: argparse.Namespace, root: Path) -> str:
    is_default = Path(arguments.config).resolve() == (root / "configs").resolve()
    return "" if is_default else f" --config {shlex.quote(arguments.config)}"


def _read(arguments: argparse.Namespace, venues: Venues) -> tuple[Settings, list[Instrument]]:
    problems = Problems()
    settings = read_settings(Path(arguments.config), arguments.set or (), problems, adapters=venues.ADAPTERS)
    problems.raise_if_any()
    active = {name: one for name, one in settings.global_settings.strategies.items() if one.active}
    if not active:
        raise ConfigError(f"sample-data: no strategy in {arguments.config} is active: there is nothing to write data for")
    known = {one.symbol: one for name, node in settings.system.brokers.items() for one in venues.simulated_instruments(name, node)}
    check_instruments(known, settings, active, problems)
    problems.raise_if_any()
    return settings, [known[symbol] for symbol in dict.fromkeys(symbol for one in active.values() for symbol in one.instruments)]


def _short(path: Path) -> str:
    return str(path).removeprefix(f"{Path.cwd()}/")


def _write(path: Path, lines: Iterator[str]) -> int:
    # Under another name first: nobody ever reads half a file.
    part = path.with_name(path.name + ".part")
    count = -1
    try:
        # No name and no time inside the gzip data: the same rows are the same bytes.
        with part.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, 0) as packed:
            for line in lines:
                packed.write(line.encode())
                count += 1
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return count
