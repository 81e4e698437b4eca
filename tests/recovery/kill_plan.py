"""Which kill comes when: drawn from the seed alone, so that a campaign can be broken off, gone on with and repeated."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from random import Random

#: So many kills happen to one state folder before a new one is begun: a long history makes every proof slower and no kill harder.
KILLS_PER_LIFE = 14
#: The share of kills before which the exchange misbehaves.
_FAULTY_SHARE = 0.3
_FAULTS = (
    ("place:reply_lost:p=0.25:ending=reset", "cancel:reply_lost:p=0.25:ending=close"),
    ("place:request_lost:p=0.2:ending=reset", "cancel:request_lost:p=0.2:ending=reset"),
    ("place:error_after:p=0.25", "cancel:error_after:p=0.25", "order:error_before:p=0.2"),
    ("place:reply_lost:p=0.15:ending=close", "order:lag=300ms:p=0.3", "open_orders:before_ack:p=0.3"),
    ("place:partial_fill:p=0.5", "cancel:cancel_race:p=0.5", "place:duplicated:p=0.2"),
)


@dataclass(frozen=True)
class Kill:
    """One kill. `point` and `nth` name the step it comes at ("" is no step but a moment); it comes by signal when `after_seconds` have
    passed first, counted from the start where `from_start`, else from when the strategies trade. `stops` asks for an orderly stop then,
    and the step is in it. `is_calm`: the exchange is halted before the next start, not behind it."""

    number: int = 0
    life: int = 0
    point: str = ""
    nth: int = 1
    after_seconds: float = 2.0
    from_start: bool = False
    stops: bool = False
    is_calm: bool = False
    faults: tuple[str, ...] = ()
    fault_seed: int = 0

    @property
    def name(self) -> str:
        """Return the step, or which kind of moment."""
        return self.point or ("a moment of a start" if self.from_start else "a moment")


def kills(seed: int) -> Iterator[Kill]:
    """Yield the kills of a campaign, without end."""
    number = life = 0
    used = KILLS_PER_LIFE
    for turn in count():
        random = Random(f"{seed}-{turn}")
        groups = _groups(random)
        random.shuffle(groups)
        for group in groups:
            if used + len(group) > KILLS_PER_LIFE:
                life, used = life + 1, 0
            used += len(group)
            for kill in group:
                number += 1
                faults = random.choice(_FAULTS) if random.random() < _FAULTY_SHARE else ()
                yield replace(kill, number=number, life=life, faults=faults, fault_seed=random.randrange(2**31), is_calm=random.random() < 0.5)


def every_kind(seed: int) -> list[list[Kill]]:
    """Return one turn of a campaign: every step at least once. What is in one group belongs together, in its order."""
    return _groups(Random(f"{seed}-0"))


def _groups(random: Random) -> list[list[Kill]]:
    def late() -> int:
        return random.randint(8, 80)

    def early() -> int:
        return random.randint(1, 5)

    def at(point: str, nth: int) -> list[Kill]:
        return [Kill(point=point, nth=nth, after_seconds=4.0)]
    sealed = Kill(point="seal.after_sync", stops=True, after_seconds=0.6)
    torn = Kill(point="journal.mid_write", nth=late(), after_seconds=4.0)
    groups = [[Kill(after_seconds=random.uniform(0.05, 4.0))] for _ in range(4)]
    groups += [[Kill(after_seconds=random.uniform(0.3, 2.0), from_start=True)] for _ in range(2)]
    for step in ("before_write", "mid_write", "after_write", "after_sync"):
        groups += [at(f"journal.{step}", late()), at(f"journal.{step}", early())]
        groups += [[Kill(point=f"seal.{step}", stops=True, after_seconds=0.6)], [sealed, *at(f"segment.{step}", 1)]]
        groups.append([Kill(point=f"snapshot.{step}", stops=True, after_seconds=0.6)])
        groups.append([sealed, *at(f"packed.{step}", random.randint(1, 3) if "sync" not in step else 1)])
    groups += [[sealed, *at(f"packed.{step}", 1)] for step in ("before_rename", "after_rename", "after_remove")]
    for step in ("before_call", "after_call"):
        groups += [at(f"order.{step}", random.randint(1, 20)), at(f"order.{step}", random.randint(1, 20)), at(f"cancel.{step}", random.randint(1, 8))]
        # Asked by a start: a kill in the middle of a recovery, then one in the recovery from that.
        groups.append([torn, *at(f"look_up.{step}", random.randint(1, 6)), *at(f"journal.{'after' if step == 'before_call' else 'mid'}_write", early())])
        groups += [at(f"list.{step}", random.randint(1, 3)), at(f"balances.{step}", 1), at(f"instruments.{step}", 1),
                   at(f"trades.{step}", random.randint(1, 3))]
    groups += [[torn, *at("cut.before", 1), *at("cut.before", 1)], [torn, *at("cut.after", 1), *at("journal.mid_write", early())]]
    groups += [at("replay.read", nth) for nth in (1, 2, 3)]
    return groups
