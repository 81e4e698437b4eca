"""The pages of the manual about faults, written from the tables of the faults themselves; read by `manual.py`. They must never
say what the code does not."""

from collections.abc import Iterator
from decimal import Decimal

from brokerage.luno_simulator.fault_control import FAULT_PATH
from brokerage.luno_simulator.fault_endpoints import ENDPOINTS, GROUPS
from brokerage.luno_simulator.fault_kind import Option
from brokerage.luno_simulator.fault_kinds import FAULT_KINDS, KIND_TABLES
from brokerage.luno_simulator.fault_rule import SELECTORS

_OPENING = """## Faults

The exchange misbehaves on request: `--fault RULE`, as often as you like. A rule is `endpoint:kind=value:name=value...`; the
endpoint may be left out. Lengths of time are `250ms`, `3s`, `2m`, or seconds.

```bash
python -m brokerage.luno_simulator.server --state var/exchange-alone --no-lifeline \\
    --fault place:reply_lost:p=0.1 --fault open_orders:lag=3s:every=5 --fault-seed 7
```

For a bot, in `configs/system_config.yaml` (`fault_seed` and `control` beside it), or for an exchange of its own that bots attach to:

```yaml
simulator:
  faults: [place:reply_lost:p=0.1, open_orders:lag=3s:every=5]
  fault_seed: 7
```

```bash
python main.py simulate --fault place:reply_lost:p=0.1 --fault open_orders:lag=3s:every=5 --fault-seed 7 --control
```

| rule | what happens |
|---|---|
| `place:reply_lost` | every order is carried out and nobody hears of it |
| `place_limit:request_lost=reset:nth=3` | the third limit order never arrives, its connection is reset |
| `order:lag=5s:p=0.5` | half of the look-ups tell of five seconds ago |
| `cancel:cancel_race=0.5:every=2` | every second cancel comes when half of the order has just been filled |
| `restart=10s:after=1m:count=1` | one minute after the first call the exchange is gone for ten seconds |
| `clock_offset=3s:until=30s` | its clock is three seconds ahead, for half a minute |

In code, for tests in one process and for simulated time: `Faults(["place:reply_lost:p=0.1"], seed=7)` stands in front of
`LunoApi.handle` and returns an `Answer` that no fault has touched, or a `Delivery` that says how the answer travels. The same
rules, seed and calls at the same times give the same faults. Several rules may hit one call, each does its part; where one of
them keeps the request from the exchange, it is not carried out. A call that meets a ban or finds nobody listening is not
counted by any rule.
"""


def fault_manual() -> Iterator[str]:
    """Yield the lines about faults: how rules are written, every endpoint, every kind, the control call."""
    yield _OPENING
    yield "| endpoint | means |\n|---|---|"
    for name, members in GROUPS.items():
        yield f"| `{name}` | {'every call' if name == 'all' else ', '.join(f'`{one}`' for one in members)} |"
    yield f"| one call | {', '.join(f'`{name}`' for name in ENDPOINTS)} |"
    yield "| `/...` | every path that begins so |\n"
    yield "| when | hits |\n|---|---|"
    for name, (_, sentence) in SELECTORS.items():
        yield f"| `{name}` | {sentence} |"
    yield "\nConditions are all met at once; without one, every matching call is hit.\n"
    yield f"{len(FAULT_KINDS)} kinds. The first option is the one that `kind=value` sets; its default is shown.\n"
    for title, table in KIND_TABLES.items():
        yield f"| {title} | the caller sees | the exchange | options |\n|---|---|---|---|"
        for name, kind in table.items():
            options = ", ".join(_option_text(option) for option in kind.options)
            yield f"| `{name}` | {kind.client} | {kind.exchange} | {options} |"
        yield ""
    yield f"""With `--control`, while it runs: `GET {FAULT_PATH}` tells the rules, how many calls each matched and how many it hit;
`POST {FAULT_PATH}` takes `rule` (as above, may be repeated), `rules` (a JSON list of such texts, or of objects with `kind`,
`endpoint` and the options; also as a body of its own), `clear=true` (first take away what there is, and end it) and `seed`.
No fault hits these calls, and without `--control` they do not exist.
"""


def _option_text(option: Option) -> str:
    default = option.default
    if isinstance(default, bool):
        shown = "yes" if default else "no"
    elif isinstance(default, float) and not option.name.startswith("share"):
        shown = f"{default:g}s"
    elif isinstance(default, Decimal | float):
        shown = f"{default:f}" if isinstance(default, Decimal) else f"{default:g}"
    else:
        shown = str(default) or "any"
    others = [choice for choice in option.choices if choice != default]
    return f"`{option.name}={shown}`" + (f" (or {', '.join(others)})" if others else "")
