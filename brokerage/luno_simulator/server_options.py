"""The command line of the simulator process; read by `server.py`. A wrong option ends the process with code 2 and
says why."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from brokerage.luno_simulator.fault_rule import FaultRule, read_rules
from brokerage.luno_simulator.quirks import Quirks
from brokerage.luno_simulator.route import Permission

_DEFAULT_KEY = "simulator:simulator"


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """What a simulator process was asked to be.

    `rate_limit` is calls a minute, None for no limit; port 0 is any free one; `has_control` opens the simulator's own
    paths.
    """

    state_directory: Path
    seed: int
    port: int
    rate_limit: int | None
    keys: dict[str, tuple[str, int]]
    has_lifeline: bool
    quirks: Quirks
    has_control: bool
    faults: Sequence[FaultRule] = ()
    fault_seed: int = 0


def parse_options(arguments: Sequence[str] | None = None) -> ServerOptions:
    """Read the command line; without a key, `simulator` with the secret `simulator` is accepted."""
    parser = argparse.ArgumentParser(prog="luno_simulator", description="A simulated Luno exchange on 127.0.0.1.")
    parser.add_argument("--state", type=Path, required=True, help="folder that keeps accounts and orders")
    parser.add_argument("--seed", type=int, default=1, help="seed of the crowd (default 1)")
    parser.add_argument("--port", type=_port, default=0, help="port to listen on (default: any free one)")
    parser.add_argument("--rate-limit", type=_rate_limit, default=300, help="calls a minute per key, or off")
    parser.add_argument("--key", type=_key, action="append", metavar="ID:SECRET", help="accepted key; may be repeated")
    parser.add_argument(
        "--permissions", type=_number, default=int(Permission.trading()), help="permission bits of the keys (default 99)"
    )
    parser.add_argument(
        "--quirk", action="append", default=[], metavar="NAME=VALUE", help="see docs/luno_simulator.md; may be repeated"
    )
    parser.add_argument(
        "--fault", action="append", default=[], metavar="RULE", help="misbehave, as place:reply_lost:p=0.1; may be repeated"
    )
    parser.add_argument("--fault-seed", type=_number, default=0, help="seed of the faults' chances (default 0)")
    parser.add_argument("--control", action="store_true", help="open /simulator/..., by which markets are halted and faults made")
    parser.add_argument("--no-lifeline", action="store_true", help="do not end with standard input; obey Ctrl-C")
    given = parser.parse_args(arguments)
    try:
        quirks = Quirks.parse(given.quirk)
        faults = read_rules(given.fault)
    except ValueError as error:
        parser.error(str(error))
    return ServerOptions(
        state_directory=given.state,
        seed=given.seed,
        port=given.port,
        rate_limit=given.rate_limit,
        keys={key_id: (secret, given.permissions) for key_id, secret in given.key or [_key(_DEFAULT_KEY)]},
        has_lifeline=not given.no_lifeline,
        quirks=quirks,
        has_control=given.control,
        faults=faults,
        fault_seed=given.fault_seed,
    )


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return int(text)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError("write a whole number")
    return int(text)


def _rate_limit(text: str) -> int | None:
    if text == "off":
        return None
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError("a rate limit is a positive number of calls a minute, or off")
    return int(text)


def _key(text: str) -> tuple[str, str]:
    key_id, separator, secret = text.partition(":")
    if not (key_id and separator and secret):
        raise argparse.ArgumentTypeError("a key is written ID:SECRET")
    return key_id, secret
