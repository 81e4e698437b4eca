"""What every command that needs the whole configuration does first: read it, load the strategies, hold both against what there is to trade.

Collects everything that is wrong, so that people hear of it at once; starts nothing and makes no file.
"""

import argparse
from pathlib import Path

import msgspec

from trading_system.commands.misbehavior import check_faults, check_who_misbehaves
from trading_system.core.errors import ConfigError
from trading_system.core.instrument import Instrument
from trading_system.core.venues import Venues
from trading_system.enrollment import Enrolled, read_strategies
from trading_system.inventory import check_brokers, check_instruments
from trading_system.settings.load import Settings, read_settings
from trading_system.settings.problems import Problems


class Prepared(msgspec.Struct):
    """What a run would be given. Only where `problems` is empty may it be acted on.

    `instruments` are those that can be known without asking anybody; None where only the venue can tell.
    """

    settings: Settings
    enrolled: list[Enrolled]
    instruments: dict[str, Instrument] | None
    state: Path
    problems: Problems

    @property
    def mode(self) -> str:
        """Return the mode of the run."""
        return self.settings.global_settings.mode


def prepare(arguments: argparse.Namespace, root: Path, venues: Venues) -> Prepared:
    """Read and check all that can be read and checked without starting anything."""
    problems = Problems()
    settings = read_settings(Path(arguments.config), arguments.set or (), problems, adapters=venues.ADAPTERS)
    mode = settings.global_settings.mode
    enrolled = read_strategies(settings, Path(arguments.strategies), problems)
    active = {name: one for name, one in settings.global_settings.strategies.items() if one.active}
    instruments = _instruments(settings, venues, problems)
    if instruments is None:
        check_brokers(settings, active, problems)
    else:
        check_instruments(instruments, settings, active, problems)
    check_faults(settings, venues, problems)
    check_who_misbehaves(settings, problems)
    state = Path(arguments.state) if arguments.state else root / "var" / mode
    return Prepared(settings, enrolled, instruments, state, problems)


def _instruments(settings: Settings, venues: Venues, problems: Problems) -> dict[str, Instrument] | None:
    found: dict[str, Instrument] = {}
    for name, node in settings.system.brokers.items():
        try:
            found.update({instrument.symbol: instrument for instrument in venues.simulated_instruments(name, node)})
        except ConfigError as error:
            for sentence in error.problems:
                problems.add_sentence(sentence)
            return None
    # What runs elsewhere may trade something else.
    is_ours = settings.global_settings.mode == "simulate" and settings.system.simulator.url is None
    return found if is_ours else None
