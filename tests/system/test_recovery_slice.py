"""A slice of the campaign of `python -m tests.recovery`: one kill of every kind, and a checker that tells what is planted."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.recovery.kill_plan import Kill, kills
from tests.recovery.life import Death, Life, Restart
from tests.recovery.proof import Proof, prove
from tests.recovery.report import figures, table
from tests.recovery.workload import diary
from tests.system.ledger_check import replayed
from trading_system.core.events import ACCEPTED, OrderEvent, OrderUpdateEvent
from trading_system.core.order import Order, OrderKind, OrderRequest
from trading_system.core.order_update import Answer, Evidence, OrderUpdate, Totals
from trading_system.core.records import OrderSent, Record, RecordBody
from trading_system.core.runtime import ThreadRuntime
from trading_system.core.side import Side
from trading_system.storage.journal import Journal

_KILLS = (
    Kill(point="journal.after_sync", nth=14, faults=("place:reply_lost:p=0.3:ending=reset",)),
    Kill(point="look_up.after_call", nth=2),                        # while it recovers from the one before
    Kill(point="journal.mid_write", nth=16),
    Kill(point="cut.before"),
    Kill(point="order.after_call", nth=7),
    Kill(point="replay.read", nth=2),
    Kill(point="seal.after_sync", stops=True, after_seconds=0.4),
    Kill(point="segment.mid_write"),
    Kill(point="snapshot.mid_write", stops=True, after_seconds=0.4),
    Kill(after_seconds=0.4),
)


class Lived:
    """A life that is over: what each of its kills and its end came to, and the state folder and the exchange that are left."""

    def __init__(self, life: Life, deaths: list[Death], end: Restart) -> None:
        self.life, self.deaths, self.end = life, deaths, end

    def prove(self) -> Proof:
        """Return what the checker says now."""
        return prove(self.life.folder, self.life.bot.state, self.life.exchange)

    def remember(self, *bodies: RecordBody) -> None:
        """Write records into the journal as no run of the house would."""
        journal = Journal(ThreadRuntime(), self.life.bot.state / "journal")
        journal.append([Record(1, body) for body in bodies])
        journal.close()

    def order(self, number: int, tag: str) -> tuple[RecordBody, ...]:
        """Return what the journal says of an order that the exchange took, and let a strategy have meant it."""
        name = f"{self.house}-churn_limits-zzzzzz-{number}"
        with diary(self.life.folder).open("a") as file:
            file.write(f"intent churn_limits {tag}\n")
        request = OrderRequest(name, "churn_limits", "XRPZAR.luno", Side.BUY, OrderKind.LIMIT, 1, Decimal(1), limit=Decimal(20), tag=tag)
        accepted = OrderUpdate(name, Answer.ACCEPTED, Evidence("test", 1, 1), venue_order_id=f"BX{number}")
        return OrderEvent(request, ACCEPTED), OrderSent(name), OrderUpdateEvent(accepted)

    def place(self, number: int) -> None:
        """Place an order at the exchange, past the house."""
        self.life.exchange.trade()
        self.life.exchange.place(pair="XRPZAR", type="BID", price="20", volume="1", client_order_id=f"{self.house}-churn_limits-zzzzzz-{number}")

    @property
    def house(self) -> str:
        """Return what begins the name of every order of this state folder."""
        return replayed(self.life.bot.state, self.life.exchange.url).books.house

    def a_filled_order(self) -> Order:
        """Return one that was filled."""
        desks = replayed(self.life.bot.state, self.life.exchange.url).books.desks
        return next(order for order in desks["churn_limits"].orders.done.values() if order.exact.filled_quantity)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    with Life(tmp_path_factory.mktemp("recovery") / "life", 7) as life:
        deaths = [life.die(kill) for kill in _KILLS]
        yield Lived(life, deaths, life.conclude())


def test_killed_at_every_kind_of_step_no_order_is_lost_doubled_or_orphaned(lived: Lived) -> None:
    for death in lived.deaths:
        assert death.way == ("step" if death.kill.point else "signal"), death
        assert not death.restart.findings, death
    assert not lived.end.findings
    assert lived.end.totals["orders"] > 30
    assert lived.end.totals["trades"] > 5
    assert sum(death.phase == "recovering" for death in lived.deaths) >= 3


def test_a_clean_campaign_and_one_that_lost_an_order_are_told_apart(lived: Lived) -> None:
    rows = [death.row() for death in lived.deaths]
    told = figures(rows)
    assert (told["kills"], told["lost"], told["findings"]) == (len(_KILLS), 0, [])
    rows[-1]["restart"]["findings"] = ["lost: an order"]
    assert "FOUND lost: an order" in table(rows)


def test_the_checker_tells_when_the_house_shows_something_else_than_its_journal(lived: Lived) -> None:
    shown = lived.life.bot.status
    assert prove(lived.life.folder, lived.life.bot.state, lived.life.exchange, shown).findings == []
    shown["strategies"]["churn_limits"]["holdings"]["XRP"] = "1"
    (sentence,) = prove(lived.life.folder, lived.life.bot.state, lived.life.exchange, shown).differences
    assert sentence.startswith("churn_limits shows ")


def test_the_checker_tells_an_order_that_the_journal_has_and_the_exchange_lacks(lived: Lived) -> None:
    lived.remember(*lived.order(1, "planted.1"))
    (sentence,) = lived.prove().lost
    assert "zzzzzz-1 is OPEN in the journal and the exchange never heard of it" in sentence


def test_the_checker_tells_an_order_at_the_exchange_that_the_journal_lacks(lived: Lived) -> None:
    lived.place(2)
    (sentence,) = lived.prove().orphaned
    assert "zzzzzz-2 (PENDING) is at the exchange and not in the journal" in sentence


def test_the_checker_tells_one_intent_that_became_two_orders(lived: Lived) -> None:
    for number in (3, 4):
        lived.remember(*lived.order(number, "planted.twice"))
        lived.place(number)
    assert lived.prove().doubled == ["one intent became 2 orders: planted.twice"]


def test_the_checker_tells_a_fill_that_was_booked_twice_and_money_that_is_not_there(lived: Lived) -> None:
    order = lived.a_filled_order()
    twice = Totals(2 * order.exact.filled_quantity, 2 * order.exact.filled_value, order.exact.fees)
    filled = OrderUpdate(order.client_order_id, Answer.FILLED, Evidence("test", 2, 2), venue_order_id=order.venue_order_id, totals=twice)
    lived.remember(OrderUpdateEvent(filled))
    proof = lived.prove()
    assert any(sentence.startswith(f"{order.client_order_id}: ") for sentence in proof.doubled)
    assert any(sentence.startswith("ZAR: ") for sentence in proof.differences)


def test_the_checker_tells_an_order_that_no_strategy_meant(lived: Lived) -> None:
    before = len(lived.prove().orphaned)
    lines = diary(lived.life.folder).read_text().splitlines()
    tag = lived.a_filled_order().tag
    diary(lived.life.folder).write_text("".join(f"{line}\n" for line in lines if not line.endswith(tag)))
    after = lived.prove().orphaned
    assert len(after) == before + 1
    assert f"is an order that no strategy meant: '{tag}'" in after[-1]


def test_a_campaign_plans_every_kill_from_its_seed_alone() -> None:
    def planned(seed: int) -> list[Kill]:
        return [kill for kill, _ in zip(kills(seed), range(300), strict=False)]
    assert planned(5) == planned(5) != planned(6)
    assert [kill.number for kill in planned(5)] == list(range(1, 301))


def test_a_progress_file_is_gone_on_with_and_not_begun_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.recovery import campaign

    lives: list[int] = []

    class _NoLife:
        def __init__(self, folder: Path, seed: int) -> None:
            folder.mkdir(parents=True)

        def __enter__(self) -> "_NoLife":
            return self

        def __exit__(self, *error: object) -> None: ...

        def die(self, kill: Kill) -> Death:
            lives.append(kill.number)
            return Death(kill, "step", "trading", Restart())

        def conclude(self) -> Restart:
            return Restart()
    monkeypatch.setattr(campaign, "Life", _NoLife)
    campaign.Campaign(tmp_path, 1, lambda line: None).run(5)
    rows = campaign.Campaign(tmp_path, 1, lambda line: None).run(9, is_resumed=True)
    assert lives == list(range(1, 10))
    assert sum("kill" in row for row in rows) == 9
