"""Writes the manual of the simulator from the simulator itself: `python -m brokerage.luno_simulator.manual >
docs/luno_simulator.md`. It must never say what the code does not."""

import dataclasses
from collections.abc import Iterator

from brokerage.luno_simulator.account_routes import ACCOUNT_ROUTES
from brokerage.luno_simulator.control_routes import CONTROL_ROUTES
from brokerage.luno_simulator.crowd import LADDER
from brokerage.luno_simulator.exchange import OPENING_BALANCES
from brokerage.luno_simulator.fault_manual import fault_manual
from brokerage.luno_simulator.market import default_markets
from brokerage.luno_simulator.market_routes import MARKET_ROUTES
from brokerage.luno_simulator.market_status import MarketStatus
from brokerage.luno_simulator.order_list_routes import ORDER_LIST_ROUTES
from brokerage.luno_simulator.order_routes import ORDER_ROUTES
from brokerage.luno_simulator.quirks import Quirks
from brokerage.luno_simulator.route import Permission, Route, RouteTable

_OPENING = """# The simulated Luno

A Luno of your own on 127.0.0.1: the same paths, parameters, error codes and habits, with a crowd that trades around the
clock, and with your account in a folder. Any Luno client can be pointed at it; nothing ever leaves the machine.

> Written by `python -m brokerage.luno_simulator.manual`; a test keeps it true. Section numbers are those of our notes on
> Luno's API, made from its public documentation, its official clients and captures of others.

## Run it

```bash
python -m brokerage.luno_simulator.server --state var/exchange-alone --no-lifeline --port 8080
```

It says in one JSON line where it listens. Key id and secret are `simulator` and `simulator` (`--key ID:SECRET` for your
own). `Ctrl-C` ends it; started again with the same folder it has the same accounts, orders and trades. A bot starts one
by itself as a child process.

| option | what it does |
|---|---|
| `--state DIR` | the folder of its memory; every order and cancel is on disk before its answer leaves |
| `--seed N` | another crowd |
| `--port N` | any free port without it |
| `--rate-limit N` | calls a minute (300), or `off` |
| `--key ID:SECRET` | accepted key, may be repeated |
| `--permissions BITS` | what the keys may do (99: balance, transactions, read and write orders) |
| `--quirk NAME=VALUE` | choose what nobody knows about the real venue (below), may be repeated |
| `--fault RULE` | misbehave (below), may be repeated |
| `--fault-seed N` | other chances for the faults |
| `--control` | open the simulator's own calls (below) |
| `--no-lifeline` | do not end with standard input; obey `Ctrl-C` |
"""

_ASSUMED = """## What is assumed

Beside the quirks below, these points are fixed, and are assumptions:

- Parameters may stand in the query, in a form, or in both; the query's come first. An empty value counts as not given.
- Every status without a line in Luno's documents follows the codes: 400 for business errors, and the statuses below.
- A repeated `client_order_id` is found before anything else is wrong with the order.
- Amounts of orders and accounts have at least two decimals and no further zeros, market data at least eight; the four
  balances of a transaction row are JSON numbers. Compare them as numbers, never as texts.
- A trade releases what its order had reserved, in a row of its own, and then moves the money; its fee is a third row.
- Candles start at multiples of their length since the epoch, and know one day from before the exchange was opened.
- A stop price outside the bounds of a limit price is too high or too low; a direction is inferred from trades of the last
  24 hours.
- Under maintenance nothing can be placed or canceled and everything can be read; the ticker says `UNKNOWN`. A halted or
  post-only market still cancels. Where a market is not active, nobody trades. A restart opens all markets again.
- Accounts opened beside the default ones stay empty, and orders do not use them.
- An order is matched before its answer leaves; on the real venue it takes some tens of milliseconds.
- Fee rates do not depend on the volume of the last 30 days, which is always 0.
"""

_NOT_SIMULATED = """## What is not simulated

The market stream and the user stream (so the form of their refusals, the unit of their timestamps and the order of their
messages are not here either), sending, receiving, withdrawals, beneficiaries, quotes, moves between accounts, the
archiving of orders after 100 days, the circuit breaker, and an account's suspension.
"""


def manual_text() -> str:
    """Return the whole manual."""
    return "\n".join([_OPENING, *_calls(), _ASSUMED, *_markets(), *_control(), *fault_manual(), *_quirks(), _NOT_SIMULATED])


def _calls() -> Iterator[str]:
    yield "## What is simulated\n"
    tables = {"Market data": MARKET_ROUTES, "Accounts": ACCOUNT_ROUTES}
    tables["Orders"] = ORDER_ROUTES | ORDER_LIST_ROUTES
    for title, table in tables.items():
        yield from _call_table(title, table)


def _call_table(title: str, table: RouteTable) -> Iterator[str]:
    yield f"| {title} | permission |\n|---|---|"
    for (method, path), route in table.items():
        yield f"| `{method} {path}` | {_permission_text(route)} |"
    yield ""


def _permission_text(route: Route) -> str:
    if route.permission is None:
        return "none: public"
    if route.permission is Permission.ANY_KEY:
        return "any key"
    return f"{route.permission.value} ({str(route.permission.name).lower().replace('_', ' ')})"


def _markets() -> Iterator[str]:
    yield "## The markets and their crowd\n"
    yield "Only the pair names, the fee rates and the scales of XBTZAR are known; every other figure is an assumption.\n"
    yield "| market | first price | price decimals | volume decimals | volumes | prices | maker | taker |"
    yield "|---|---|---|---|---|---|---|---|"
    for one in default_markets():
        volumes, prices = f"{one.min_volume} to {one.max_volume}", f"{one.min_price} to {one.max_price}"
        fees = f"{one.maker_rate} | {one.taker_rate}"
        scales = f"{one.price_scale} | {one.volume_scale}"
        yield f"| {one.pair} | {one.start_price} | {scales} | {volumes} | {prices} | {fees} |"
    opening = ", ".join(f"{amount:,} {code}" for code, amount in OPENING_BALANCES.items())
    yield f"\nA new account holds {opening}."
    yield f"""
On each market {LADDER} makers a side keep a ladder of orders around a fair price, and takers trade with whatever rests
there, yours included. The fair price is a random walk that returns to the first price: about two percent away over many
hours, never more than six. The same seed and the same calls at the same times give the same trades. No time passes while
the simulator is off. Their purses have no bottom and they pay no fees; your fees are collected, so that no coin is ever
made or lost.
"""


def _control() -> Iterator[str]:
    yield "## The simulator's own calls\n"
    yield "They exist only with `--control`, need no key and do not count as calls. In code: `Exchange.set_status`.\n"
    for method, path in CONTROL_ROUTES:
        yield f"- `{method} {path}`"
    yield "\n`POST` takes `status` and, for one market only, `pair`:\n"
    yield "| status | ticker says | markets call says |\n|---|---|---|"
    for status in MarketStatus:
        yield f"| `{status.value}` | `{status.in_ticker}` | `{status.in_markets}` |"
    yield ""


def _quirks() -> Iterator[str]:
    fields = dataclasses.fields(Quirks)
    yield "## Quirks\n"
    yield f"{len(fields)} points could not be verified. A bot should come out the same whichever way they are; the first"
    yield "choice is the default. In code: `Exchange(seed, quirks=Quirks(fee_currency=\"counter\"))`.\n"
    yield "| quirk | default | other choices | what it decides | section |\n|---|---|---|---|---|"
    for one in fields:
        default, choices = one.default, one.metadata["choices"]
        if isinstance(default, bool):
            others, shown = str(not default).lower(), str(default).lower()
        else:
            others, shown = ", ".join(choice for choice in choices if choice != default), str(default)
            others = others or ("any other code" if isinstance(default, str) else "any whole number")
        yield f"| `{one.name}` | {shown} | {others} | {one.metadata['sentence']} | {one.metadata['section']} |"
    yield ""


if __name__ == "__main__":
    print(manual_text(), end="")
