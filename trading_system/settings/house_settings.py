"""The settings of the house that belong to no other room, as `load_settings` reads them from the two files of `configs/`.

The descriptions and bounds given here are the reference that people read; nothing here acts on a setting.
"""

from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from trading_system.settings.expected import Seconds
from trading_system.settings.located import LocatedMapping

_NAME_MEND = "a small letter first, then small letters, digits and _, at most 31 characters"
StrategyName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,30}$", extra={"words": "the name of a strategy", "mend": _NAME_MEND})]
BrokerName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,30}$", extra={"words": "the name of a broker", "mend": _NAME_MEND})]
Currency = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9]{1,9}$", extra={"words": "a currency in capital letters such as ZAR"})]
# Whether it exists, and what was meant if it does not, is told by `inventory.py`, which knows the venues' lists.
Symbol = Annotated[str, Meta(min_length=1, max_length=64, examples=["XBTZAR.luno"], extra={"words": "an instrument such as XBTZAR.luno"})]
FaultRule = Annotated[
    str, Meta(min_length=1, max_length=400, extra={"words": "a fault rule such as place:reply_lost:p=0.1"})
]
Duration = Annotated[Seconds, Meta(gt=0, le=86400 * 7)]
Mode = Literal["simulate", "paper", "live", "backtest"]


class StrategySettings(msgspec.Struct, frozen=True, kw_only=True):
    """One strategy. `params` and `risk` stay as they were written, for the rooms that know their types."""

    name: Annotated[str, Meta(description="The key under which the strategy stands.", extra={"is_key": True})]
    file: Annotated[
        str,
        Meta(
            description="The strategy's file in `strategies/`; without it `<name>_strategy.py`.",
            pattern=r"^[^/\\].*\.py$",
            extra={"words": "the name of a Python file such as naive_test_strategy.py", "default_from_key": "{}_strategy.py"},
        ),
    ]
    instruments: Annotated[
        list[Symbol],
        Meta(
            description="What the strategy trades: the venue's name of the market, a dot, the broker's name.",
            min_length=1,
            examples=["[XBTZAR.luno]"],
            extra={"words": "a list of instruments", "is_unique": True},
        ),
    ]
    capital: Annotated[
        dict[Currency, Annotated[Decimal, Meta(ge=0, le=10**15)]],
        Meta(
            description="What the strategy may use, per currency. The sum over all strategies must be on the account.",
            min_length=1,
            examples=["{ZAR: 50000}"],
            extra={"words": "an amount per currency"},
        ),
    ]
    params: Annotated[LocatedMapping, Meta(description="The strategy's own parameters, checked against its `Params`.")]
    risk: Annotated[LocatedMapping, Meta(description="Risk limits of this strategy, where they differ from the house's.")]
    bars: Annotated[
        Duration | None, Meta(description="The length of the bars it gets; without it none, or what the class asks for.")
    ] = None
    active: Annotated[bool, Meta(description="`no` leaves the strategy out.")] = True
    on_stop: Annotated[Literal["cancel", "keep"], Meta(description="What happens to its open orders when it stops.")] = "cancel"
    currency: Annotated[
        Currency | None,
        Meta(description="The currency of its profit; without it the counter currency that its instruments share."),
    ] = None
    adopt: Annotated[
        StrategyName | None,
        Meta(description="The former name of this strategy, or a retired one whose ledger it takes over."),
    ] = None


class GlobalSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`global_strategy_config.yaml`: what a trader edits."""

    mode: Annotated[
        Mode,
        Meta(description="`simulate`: made-up exchange. `paper`: real prices, pretended orders. `live`: real money. `backtest`: history."),
    ] = "simulate"
    strategies: Annotated[
        dict[StrategyName, StrategySettings],
        Meta(
            description="The strategies by name.",
            examples=["{naive_test: {instruments: [XBTZAR.luno], capital: {ZAR: 50000}}}"],
            extra={"words": "the strategies by name"},
        ),
    ]


class SimulatorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The made-up exchange of the mode `simulate`."""

    seed: Annotated[int, Meta(description="The same seed makes the same market.", ge=0, le=2**63 - 1)] = 1
    rate_limit: Annotated[
        Annotated[int, Meta(ge=1, le=1_000_000)] | Literal["off"],
        Meta(description="Calls a minute that it answers before it refuses; `off` for no limit."),
    ] = 300
    url: Annotated[
        Annotated[str, Meta(pattern=r"^https?://[^\s/]+", extra={"words": "an address such as http://127.0.0.1:8080"})] | None,
        Meta(description="Attach to a simulator that runs already instead of starting one."),
    ] = None
    faults: Annotated[
        list[FaultRule],
        Meta(
            description="What it does wrong, a rule each; the manual of the simulated exchange in `docs/` tells how to write one.",
            examples=["[place:reply_lost:p=0.1, open_orders:lag=3s:every=5]"],
            extra={"words": "a list of fault rules"},
        ),
    ] = msgspec.field(default_factory=list)
    fault_seed: Annotated[int, Meta(description="Another seed, other chances for the faults.", ge=0, le=2**63 - 1)] = 0
    control: Annotated[
        bool, Meta(description="`yes` lets faults be made and markets be halted by calls of `/simulator/...` while it runs.")
    ] = False


class SystemSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`system_config.yaml`: how the house works; everything has a default."""

    heartbeat_seconds: Annotated[Duration, Meta(description="How often the house's pulse beats; open orders are asked for at it.")] = 1.0
    hook_limit_seconds: Annotated[Duration, Meta(description="How long one call of a strategy may take before it is broken off.")] = 2.0
    stop_deadline_seconds: Annotated[Duration, Meta(description="How long stopping may take before what is left is abandoned.")] = 30.0
    venue_patience_seconds: Annotated[Duration, Meta(description="How long a start waits for a venue that does not answer.")] = 60.0
    max_queue_seconds: Annotated[Duration, Meta(description="An order that waited longer to be sent is denied, not sent late.")] = 2.0
    max_clock_offset_seconds: Annotated[
        Duration, Meta(description="How far a venue's clock may be from ours; beyond it no new orders leave, cancels and look-ups do.")
    ] = 2.0
    stale_price_seconds: Annotated[Duration, Meta(description="A price older than this is no ground for an order.")] = 10.0
    max_open_orders: Annotated[int, Meta(description="Open orders that one strategy may have.", ge=1, le=10_000)] = 50
    market_order_collar: Annotated[
        Decimal,
        Meta(description="How far a market order may go from the last price, as a share: 0.02 is 2 %.", gt=0, le=0.5),
    ] = Decimal("0.02")
    orders_per_second: Annotated[
        float, Meta(description="Orders a second that leave the house at most, whatever strategies want.", gt=0, le=1000)
    ] = 10.0
    market_data_bound: Annotated[
        int, Meta(description="Trades and bars that may wait for the engine; more are refused and counted.", ge=16, le=10_000_000)
    ] = 4096
    brokers: Annotated[
        dict[BrokerName, LocatedMapping],
        Meta(
            description="The brokers by the name used in symbols; `adapter` says who speaks to it (its own name where it is not written), "
            "the rest are the adapter's settings. One that is not here is opened by its name, with its adapter's defaults.",
            examples=["{luno: {adapter: luno}}"],
            extra={"words": "the brokers by name"},
        ),
    ] = msgspec.field(default_factory=dict)
    simulator: Annotated[SimulatorSettings, Meta(description="The made-up exchange.")] = SimulatorSettings()
