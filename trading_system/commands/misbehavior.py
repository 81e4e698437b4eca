"""What the simulated exchange is asked to do wrong, taken from the settings and the command line; read by the commands that start one.

A wrong rule is told with its place before anything is started.
"""

from collections.abc import Sequence

from trading_system.core.venues import Misbehavior, Venues
from trading_system.settings.house_settings import SimulatorSettings
from trading_system.settings.load import Settings
from trading_system.settings.problems import Problems


def check_faults(settings: Settings, venues: Venues, problems: Problems, options: Sequence[str] = ()) -> None:
    """Complain of every fault rule, of the settings and of `--fault`, that the simulated exchange does not understand."""
    for number, rule in enumerate(settings.system.simulator.faults):
        path = f"system.simulator.faults.{number}"
        if wrong := venues.wrong_fault(rule):
            problems.add_at(*settings.file_and_line(path), path, wrong)
    for rule in options:
        if wrong := venues.wrong_fault(rule):
            problems.add_at("--fault", 0, "", wrong)


def check_who_misbehaves(settings: Settings, problems: Problems) -> None:
    """Complain where faults are asked of an exchange that we attach to: only its own start can make them."""
    simulator = settings.system.simulator
    for key, is_asked in (("faults", bool(simulator.faults)), ("control", simulator.control)):
        if simulator.url is not None and is_asked:
            path = f"system.simulator.{key}"
            problems.add_at(*settings.file_and_line(path), path,
                            f"the exchange at {simulator.url} is not started by us: give them to its own start, "
                            "such as 'python main.py simulate --fault RULE', or take simulator.url away")


def misbehavior_of(
    simulator: SimulatorSettings, faults: Sequence[str] = (), seed: int | None = None, has_control: bool = False
) -> Misbehavior:
    """Return what the settings ask for, the rules of the command line behind theirs, its seed in the place of theirs."""
    return Misbehavior((*simulator.faults, *faults), simulator.fault_seed if seed is None else seed, simulator.control or has_control)
