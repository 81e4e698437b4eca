"""All kinds of faults in one table; read by rules, by `faults.py` and by the manual."""

from brokerage.luno_simulator.answer_faults import ANSWER_FAULTS
from brokerage.luno_simulator.fault_kind import KindTable
from brokerage.luno_simulator.outage_faults import OUTAGE_FAULTS
from brokerage.luno_simulator.reading_faults import READING_FAULTS
from brokerage.luno_simulator.trading_faults import TRADING_FAULTS
from brokerage.luno_simulator.transport_faults import TRANSPORT_FAULTS

KIND_TABLES = {
    "The way there and back": TRANSPORT_FAULTS,
    "The answer": ANSWER_FAULTS,
    "Reads of another time": READING_FAULTS,
    "Trading": TRADING_FAULTS,
    "Outages": OUTAGE_FAULTS,
}
FAULT_KINDS: KindTable = {name: kind for table in KIND_TABLES.values() for name, kind in table.items()}
