"""What a seed draws: the scheduler, the exchange's quirks and faults, the strategies and their money, what people and disks do, and the crashes.

Each subject has dice of its own, so that what is added to one changes no other. A draw is data: shrinking takes pieces out of it.
"""

from random import Random

import msgspec

from brokerage.luno_simulator.fault_kinds import FAULT_KINDS
from tests.simulation.mortal_runtime import Crash, Policy

#: One or more ways to write a rule of each kind; `{p}` is its chance, `{lag}` a little less than the house gives a request to arrive: replicas
#: that lag further prove absent what is there, which is told and mended, and no fault of the house.
RULES: dict[str, tuple[str, ...]] = {
    "request_lost": ("place:request_lost=reset:p={p}", "all:request_lost=close:p={p}", "cancel:request_lost=silence:p={p}"),
    "reply_lost": ("place:reply_lost=reset:p={p}", "place:reply_lost=silence:p={p}", "cancel:reply_lost=close:p={p}", "all:reply_lost=reset:p={p}"),
    "delayed": ("place:delayed=1500ms:p={p}", "open_orders:delayed=900ms:p={p}", "all:delayed=400ms:p={p}"),
    "late": ("place:late=300ms:p={p}", "place:late=3s:ending=close:p={p}", "cancel:late=2s:ending=reset:p={p}"),
    "duplicated": ("place:duplicated:p={p}", "place:duplicated=first:p={p}", "cancel:duplicated:p={p}"),
    "cut": ("all:cut=0.5:p={p}", "open_orders:cut=0.7:p={p}", "place:cut=0.3:p={p}"),
    "drip_headers": ("all:drip_headers=5ms:p={p}",),
    "drip_body": ("private_reads:drip_body=2ms:p={p}",),
    "refused": ("all:refused:p={p}", "place:refused=1500ms:p={p}:count=2"),
    "reset": ("all:reset:p={p}", "place:reset:p={p}"),
    "too_many": ("all:too_many:p={p}", "place:too_many=1:p={p}"),
    "bare_429": ("all:bare_429:p={p}", "order:bare_429=html:p={p}"),
    "error_code": ("all:error_code=ErrInternal:p={p}", "place:error_code=ErrInternal:p={p}"),
    "error_before": ("all:error_before:p={p}", "place:error_before=500:p={p}"),
    "error_after": ("place:error_after:p={p}", "cancel:error_after=500:p={p}", "place:error_after=503:body=json:p={p}"),
    "html": ("all:html=200:p={p}", "place:html=200:acts=yes:p={p}"),
    "truncated": ("open_orders:truncated:p={p}", "all:truncated:p={p}"),
    "huge": ("private_reads:huge=9:count=2:p={p}",),
    "wrong_types": ("all:wrong_types:p={p}", "private_reads:wrong_types:p={p}"),
    "clock_offset": ("all:clock_offset=600ms", "all:clock_offset=-700ms", "all:clock_offset=4s:after=10s:until=16s"),
    "lag": ("private_reads:lag={lag}:p={p}", "reads:lag=1s:p={p}", "order:lag={lag}:p={p}"),
    "before_ack": ("private_reads:before_ack={lag}:p={p}", "open_orders:before_ack:p={p}", "order:before_ack={lag}:p={p}"),
    "pruned": ("private_reads:pruned=20s:p={p}",),
    "partial_fill": ("place_limit:partial_fill:p={p}", "place_limit:partial_fill=0.3:p={p}"),
    "cancel_race": ("cancel:cancel_race:p={p}", "cancel:cancel_race=0.5:p={p}"),
    "post_only_refused": ("place_limit:post_only_refused:p={p}",),
    "trade_with_self": ("place_limit:trade_with_self:p={p}",),
    "stranger_order": ("place:stranger_order:p={p}:count=4",),
    "stranger_trade": ("all:stranger_trade:p={p}:count=4",),
    "deposit": ("all:deposit=500:p={p}:count=3",),
    "withdrawal": ("all:withdrawal=50:p={p}:count=3",),
    "ban": ("all:ban=2s:status=418:p={p}:count=1:after=5s",),
    "maintenance": ("all:maintenance=2s:p={p}:count=1:after=5s", "place:maintenance=3s:status=post_only:count=1:after=4s"),
    "restart": ("all:restart=1500ms:p={p}:count=1:after=4s", "place:restart=1s:acts=yes:count=1:after=6s"),
}
_MARKETS = (("XRPZAR", "ZAR", "XRP", 100.0, 40.0), ("ETHZAR", "ZAR", "ETH", 0.06, 60_000.0), ("XBTZAR", "ZAR", "XBT", 0.002, 1_800_000.0),
            ("XBTMYR", "MYR", "XBT", 0.004, 400_000.0))
_QUIRKS = ("order_visible_after_ms=800", "trades_lag_ms=1500", "extra_decimals=1", "market_beyond_book=fill_part", "post_only_cross=complete",
           "order_not_found_status=400", "business_error_status=422", "rate_limit_body=empty", "unauthorized_body=text", "error_action=true",
           "empty_lists_are_null=true", "fee_rounding=up", "awaiting_in_v1=AWAITING", "maintenance_status=500", "self_trade=cancel_taker")
_PLACES = ("", "", "step", "disk", "disk", "send", "reply")
_STARVED = ("main", "journal", "luno-lane", "heartbeat", "watchdog", "poller")


class Happening(msgspec.Struct, frozen=True):
    """Something that people, the disk or the clock do, so many seconds after the world began."""

    at_seconds: float
    what: str


class Drawn(msgspec.Struct, frozen=True):
    """Everything a seed decides."""

    seed: int
    policy: Policy
    rules: tuple[str, ...]
    quirks: tuple[str, ...]
    strategies: str
    system: str
    crashes: tuple[Crash, ...]
    happenings: tuple[Happening, ...]
    chaos_seconds: float
    has_lagging_rows: bool
    crashes_while_stopping: bool
    away_seconds: float


def draw(seed: int) -> Drawn:
    """Return what a seed draws."""
    def dice(subject: str) -> Random:
        return Random(f"{subject} of {seed}")

    one = dice("scheduler")
    policy = Policy(one.choice(("random", "random", "priorities", "starve")), one.choice((0.0, 0.02, 0.05, 0.2)),
                    one.choice((0.0, 0.02, 0.1)), one.choice(_STARVED))
    one = dice("workload")
    chaos = one.uniform(35.0, 50.0)
    number = one.randint(2, 5)
    strategies = "\n".join(_strategy(one, place) for place in range(number))
    one = dice("crashes")
    count = one.choice((0, 0, 1, 1, 1, 2, 2, 3, 4))
    crashes = tuple(_crash(one, chaos / (count + 1)) for _ in range(count))
    ttl, system = _system(dice("system"))
    rules = (*_rules(dice("faults"), seed), *_outage(dice("outage")))
    lag = f"{int(ttl * 1000) + 800}ms"
    return Drawn(seed, policy, tuple(rule.replace("{lag}", lag) for rule in rules), _quirks(dice("quirks")), strategies, system, crashes,
                 _happenings(dice("happenings"), chaos), chaos, one.random() < 0.3, bool(count) and one.random() < 0.25, one.uniform(0.5, 6.0))


def _rules(one: Random, seed: int) -> tuple[str, ...]:
    # Calm, ordinary or brutal; every kind has its turn whatever the dice say.
    count, most = one.choice(((0, 0.05), (3, 0.1), (6, 0.2), (10, 0.35)))
    kinds = [list(FAULT_KINDS)[seed % len(FAULT_KINDS)], *one.sample(sorted(FAULT_KINDS), count)]
    return tuple(dict.fromkeys(_rule(one, kind, most) for kind in kinds))


def _outage(one: Random) -> tuple[str, ...]:
    # For a while no order can be asked for: long enough that whoever counts failures would believe that one does not exist.
    if one.random() > 0.25:
        return ()
    began = one.uniform(3.0, 25.0)
    kind = one.choice(('refused', 'reset', 'too_many', 'error_before', 'lag={lag}', 'lag={lag}'))
    return (f"order:{kind}:after={began:.0f}s:until={began + 14:.0f}s",)


def _rule(one: Random, kind: str, most: float) -> str:
    text = one.choice(RULES[kind])
    chance = one.uniform(0.02, most)
    if text.startswith("all:") and "count=" not in text:
        chance /= 4
    return text.replace("{p}", f"{chance:.3f}")


def _quirks(one: Random) -> tuple[str, ...]:
    return tuple(one.sample(_QUIRKS, one.choice((0, 0, 1, 2, 4))))


def _strategy(one: Random, place: int) -> str:
    pair, counter, base, size, price = one.choice(_MARKETS)
    kind, count, share = one.choice(("limit", "quote", "market", "all", "all")), one.randint(3, 8), one.uniform(0.4, 1.3)
    money, coins = round(share * size * price * count), round(share * size * count, 4)
    return (f"churner_{place}: {{file: churner_strategy.py, instruments: [{pair}.luno], capital: {{{counter}: {money}, {base}: {coins}}}, "
            f"on_stop: {one.choice(('cancel', 'keep'))}, params: {{kind: {kind}, size: {size}, count: {count}, pace: {one.randint(1, 3)}}}}}")


def _system(one: Random) -> tuple[float, str]:
    calls, burst = one.choice(((4.9, 5), (8.0, 5), (20.0, 10), (60.0, 20)))
    text = (f"heartbeat_seconds: {one.choice((0.5, 1.0))}\nmax_open_orders: {one.choice((4, 8, 20))}\nmax_queue_seconds: {one.choice((1, 2, 5))}\n"
            f"orders_per_second: {one.choice((5, 20))}\nstop_deadline_seconds: 20\n"
            f"brokers: {{luno: {{adapter: luno, calls_per_second: {calls}, burst: {burst}, polls_per_second: {calls / 2}, "
            f"cancels_per_second: {calls / 8}, ttl_seconds: {(ttl := one.choice((0.5, 1, 3)))}, order_deadline_seconds: {one.choice((1, 2, 5))}, "
            f"read_deadline_seconds: {one.choice((1, 3))}}}}}\nsimulator: {{rate_limit: {one.choice((300, 'off')) if calls < 5 else 'off'}}}\n")
    return ttl, text


def _crash(one: Random, most_seconds: float) -> Crash:
    if one.random() < 0.4:
        return Crash(0.0, one.choice(_PLACES), one.randint(1, 250))      # while it starts, or soon after
    return Crash(one.uniform(1.0, most_seconds), one.choice(_PLACES), one.randint(1, 30))


def _happenings(one: Random, chaos: float) -> tuple[Happening, ...]:
    found = [Happening(one.uniform(3, chaos), "second")] if one.random() < 0.3 else []
    for what, chance in (("failing_sync", 0.25), ("disk_full", 0.1), ("kill", 0.06), ("pause", 0.15), ("wall_step", 0.1)):
        if one.random() < chance:
            found.append(Happening(one.uniform(5, chaos), what))
    return tuple(sorted(found, key=lambda happening: happening.at_seconds))
