"""The private calls about money: balances, fees, withdrawal networks; called through the table that `api.py` puts
together. They must never change anything."""

from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.order import CUSTOMER, ZERO
from brokerage.luno_simulator.parameters import Parameters
from brokerage.luno_simulator.route import Permission, Route, RouteTable
from brokerage.luno_simulator.wire_format import account_id_of, amount_text


def _balance(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    wanted = parameters.currencies("assets")
    rows = [
        {
            "account_id": str(account_id_of(currency)),
            "asset": currency,
            # The venue's own words about this field contradict its users; here it includes the reserved part.
            "balance": amount_text(exchange.accounts.total(CUSTOMER, currency)),
            "reserved": amount_text(exchange.accounts.reserved(CUSTOMER, currency)),
            "unconfirmed": amount_text(ZERO),
            "name": f"{currency} account",
        }
        for currency in exchange.currencies
        if not wanted or currency in wanted
    ]
    return {"balance": rows}


def _fee_info(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    market = exchange.floor(parameters.text("pair")).market
    maker, taker = f"{market.maker_rate:.8f}", f"{market.taker_rate:.8f}"
    return {
        "maker_fee": maker,
        "maker_fee_buy": maker,
        "maker_fee_sell": maker,
        "taker_fee": taker,
        "taker_fee_buy": taker,
        "taker_fee_sell": taker,
        "thirty_day_volume": amount_text(ZERO),
    }


def _send_networks(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    return {"networks": []}


ACCOUNT_ROUTES: RouteTable = {
    ("GET", "/api/1/balance"): Route(_balance, Permission.READ_BALANCE),
    ("GET", "/api/1/fee_info"): Route(_fee_info, Permission.READ_ORDERS),
    ("GET", "/api/1/send/networks"): Route(_send_networks, Permission.SEND),
}
