"""`python main.py reference`: every setting of every room, with type, default, bounds and meaning, as Markdown."""

import argparse
from pathlib import Path

from trading_system.core.venues import Venues
from trading_system.risk.limits import RiskLimits
from trading_system.settings.backtest_settings import BacktestSettings, InstrumentSettings, StrategyChanges
from trading_system.settings.house_settings import GlobalSettings, SimulatorSettings, StrategySettings, SystemSettings
from trading_system.settings.located import default_mapping
from trading_system.settings.reference import Section, reference

_TAIL = """## How values are written

| kind | as people mean it |
|---|---|
| number | `0.5`, `.5`, `1e3` (a thousand), `012` (twelve), `50_000`; never `50,000`, `2%`, `nan` or `inf` |
| yes or no | `yes no true false on off`, in any case |
| duration | `5` or `5s`, `500ms`, `2m`, `1h`, `1d`; never `1:30` |
| list | `[XBTZAR.luno, ETHZAR.luno]`, or one a line behind `- ` |
| text | as it stands; quotes where it holds `: ` or ` #` |

Anchors, aliases, merge keys and tags of YAML are refused: a settings file should say what it means where it stands.

## On the command line

`--set PATH=VALUE` lays one value over the files and may be repeated. The path is the keys with dots between them; the system's settings
are below `system.`. A value that begins with `[` or `{` is read as YAML.

```sh
python main.py --set strategies.naive_test.params.quantity=0.002 --set system.heartbeat_seconds=2
python main.py check --set strategies.naive_test.active=no
python main.py --dry
```

## Environment

Read from the environment or from a file `.env` (of the working directory, else beside the folder of the configuration); the environment
wins. Keys are never shown, logged or written anywhere; what stands in `.env` is never handed to a child process.

| variable | what |
|---|---|
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command: it has none of its own."""


def run(arguments: argparse.Namespace, root: Path, venues: Venues) -> int:
    """Print the page; return the exit code."""
    sections = [
        Section("`global_strategy_config.yaml`: what trades", GlobalSettings, "", "The file that a trader edits."),
        Section("One strategy", StrategySettings, "strategies.NAME.",
                "Below `strategies`, under the strategy's name: a small letter first, then small letters, digits and `_`, at most 31 "
                "characters."),
        Section("The risk limits of a strategy", RiskLimits, "strategies.NAME.risk.",
                "Below `risk` of a strategy. What is not written is what `system_config.yaml` says for all.", "the house's"),
        Section("`system_config.yaml`: how the house works", SystemSettings, "system.",
                "Every line may be left out, and the file too."),
        Section("The simulated exchange", SimulatorSettings, "system.simulator."),
    ]
    variables = ["| `NO_COLOR` | set to anything: no colors on the screen |"]
    for name, struct in venues.adapter_settings().items():
        sections.append(Section(f"A broker with `adapter: {name}`", struct, f"system.brokers.{name}."))
        needs = venues.key_needs(name, default_mapping("", {"adapter": name}))
        variables += [f"| `{variable}` | the key of `adapter: {name}`, for `mode: live` only. Permissions: {needs.permissions} |"
                      for variable in needs.names]
    sections += [
        Section("`backtest_config.yaml`: what a backtest works on", BacktestSettings, "backtest.",
                "Read by `python main.py backtest` only. Every line may be left out, and the file too."),
        Section("How orders fill in a backtest", venues.fill_settings(), "backtest.fills.",
                "Below `fills`. What is not written is what `assumptions` says; the end of a backtest's table tells it in sentences.",
                "the assumptions'"),
        Section("A strategy in a backtest", StrategyChanges, "backtest.strategies.NAME.",
                "Below `strategies` of `backtest_config.yaml`, under the strategy's name. What is not written is as in "
                "`global_strategy_config.yaml`."),
        Section("One instrument of a backtest", InstrumentSettings, "backtest.instruments.SYMBOL.",
                "Below `instruments`, under the symbol. What is not written is what the venue says of an instrument it lists; for any "
                "other, `base` and `counter` must be written and the last column tells the rest.", "the venue's",
                "backtest.instruments={SYMBOL: {KEY: VALUE}}"),
    ]
    print(reference(sections, _TAIL + "\n".join(variables)), end="")
    return 0
