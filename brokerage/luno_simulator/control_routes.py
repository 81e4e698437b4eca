"""The simulator's own calls, by which a test makes a market stop or trade again; in the table of `api.py` only when it was
asked for. They must never exist on a simulator that nobody told to have them."""

from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.market_status import MarketStatus
from brokerage.luno_simulator.parameters import Parameters
from brokerage.luno_simulator.route import Route, RouteTable


def _statuses(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    return {"markets": {pair: floor.status.value for pair, floor in exchange.floors.items()}}


def _set_status(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    status = MarketStatus(parameters.choice("status", list(MarketStatus), "ErrInvalidArguments"))
    exchange.set_status(status, parameters.text("pair"))
    return _statuses(exchange, parameters)


CONTROL_ROUTES: RouteTable = {
    ("GET", "/simulator/markets"): Route(_statuses),
    ("POST", "/simulator/markets"): Route(_set_status),
}
