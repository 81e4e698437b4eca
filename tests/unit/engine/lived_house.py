"""A small house in which about everything happened once, and the records its journal would hold: for tests of whoever reads a journal.

Its clock is cranked by hand, so the records, the names of the orders and every number are the same each time.
"""

from decimal import Decimal
from pathlib import Path

from tests.unit.engine.small_house import HOUSE, SYMBOL, QuietStrategy, SmallHouse, instrument
from trading_system.core.events import Balance, BalanceEvent, OrderEvent
from trading_system.core.instrument import Instrument
from trading_system.core.order_update import Answer
from trading_system.core.records import OrderSent, Record, RunEnded, RunStarted, StrategyStarted
from trading_system.core.runtime import ThreadRuntime
from trading_system.storage.journal import Journal

ETHER = "ETHZAR.luno"
MARKETS = (instrument(taker_fee=Decimal("0.001")), instrument(ETHER))
MONEY = {"ZAR": Decimal(1_000_000)}
RUNTIME = ThreadRuntime(lambda name, error: None)


def lived_house() -> SmallHouse:
    """Return the house: `naive` bought, was refused and sold again, `other` holds a little ether and has an order open."""
    house = SmallHouse({"naive": QuietStrategy(), "other": QuietStrategy()}, MARKETS)
    naive, other = house.desks["naive"], house.desks["other"]
    filled = house.open_order("0.02", venue_order_id="V1")
    house.pass_seconds(1)
    house.hear(filled, Answer.OPEN, "0.01", fees={"XBT": "0.00001"})
    house.hear(filled, Answer.FILLED, "0.02", fees={"XBT": "0.00002"})
    house.pass_seconds(3600)
    canceled = house.open_order("0.01", venue_order_id="V2")
    house.act(lambda: naive.strategy and naive.strategy.cancel(canceled))
    house.hear(canceled, Answer.CANCELED, "0.004", fees={"ZAR": "1"})
    house.buy("1000000")
    refused = house.buy("0.01")
    house.hear(refused, Answer.SENT)
    house.hear(refused, Answer.REJECTED, reason="the venue says no")
    house.pass_seconds(86_400)
    house.tick(bid=129.0, ask=130.0)
    house.act(lambda: naive.strategy and naive.strategy.sell(SYMBOL, "0.01", limit=129, tag="enough"))
    (sold,) = naive.orders
    house.hear(sold, Answer.SENT)
    house.hear(sold, Answer.FILLED, "0.01", price=129, fees={"ZAR": "0.25"}, venue_order_id="V3")
    house.tick(bid=49.5, ask=50.5, symbol=ETHER)
    house.act(lambda: other.strategy and other.strategy.buy(ETHER, "3", limit=51))
    (bought,) = other.orders
    house.hear(bought, Answer.SENT)
    house.hear(bought, Answer.OPEN, "1.5", price=50, fees={"ZAR": "0.075"}, venue_order_id="V4")
    return house


def run_started(strategies: dict[str, StrategyStarted] | None = None, *, epoch: int = 1, taken_ns: int = 1,
                instruments: tuple[Instrument, ...] = MARKETS) -> Record:
    """Return the record that begins a run of the lived house, or of other strategies."""
    symbols = tuple(one.symbol for one in MARKETS)
    both = strategies or {name: StrategyStarted(symbols, MONEY, "ZAR") for name in ("naive", "other")}
    return Record(taken_ns, RunStarted(epoch, taken_ns, HOUSE, "simulate", "0", "hash", both, {one.symbol: one for one in instruments}))


def records_of(house: SmallHouse, *, instruments: tuple[Instrument, ...] = MARKETS, is_over: bool = True) -> list[Record]:
    """Return what the journal of a lived house would hold: every order that left has its OrderSent behind it."""
    began_ns = house.records[0].taken_ns
    left = {action.request.client_order_id for action in house.actions if getattr(action, "request", None)}
    held = {"ZAR": Balance(Decimal(2_500_000), Decimal(0)), "XBT": Balance(Decimal(2), Decimal(0))}
    records = [run_started(taken_ns=began_ns, instruments=instruments), Record(began_ns, BalanceEvent("luno", held, began_ns))]
    for record in house.records:
        records.append(record)
        if isinstance(record.body, OrderEvent) and record.body.request.client_order_id in left:
            records.append(Record(record.taken_ns, OrderSent(record.body.request.client_order_id)))
    return [*records, *([Record(house.runtime.now_ns(), RunEnded("stopped"))] if is_over else [])]


def write_journal(state: Path, records: list[Record], batch: int = 7, segment_bytes: int = 2**20) -> Path:
    """Write records in batches into the journal of a state folder and return its folder."""
    journal = Journal(RUNTIME, state / "journal", segment_bytes=segment_bytes)
    for begin in range(0, len(records), batch):
        journal.append(records[begin:begin + batch])
    journal.close()
    return state / "journal"
