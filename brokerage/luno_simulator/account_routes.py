"""The private calls about money: balances, statements, fees, accounts; called through the table that `api.py` puts
together. They must never move money."""

from brokerage.luno_simulator.account_list import Account
from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.order import CUSTOMER, ZERO
from brokerage.luno_simulator.parameters import Parameters, invalid_arguments
from brokerage.luno_simulator.rejection import Rejection
from brokerage.luno_simulator.route import Permission, Route, RouteTable
from brokerage.luno_simulator.statement import Entry
from brokerage.luno_simulator.wire_format import amount_text

_MOST_ROWS = 1000
_LONGEST_NAME = 100


def _balance(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    wanted = parameters.currencies("assets")
    accounts = [one for one in exchange.account_list.all() if not wanted or one.currency in wanted]
    return {"balance": [_balance_row(exchange, account) for account in accounts]}


def _balance_row(exchange: Exchange, account: Account) -> dict[str, object]:
    balance = reserved = ZERO
    if exchange.account_list.is_default(account):
        reserved = exchange.accounts.reserved(CUSTOMER, account.currency)
        balance = exchange.accounts.total(CUSTOMER, account.currency)
        if exchange.quirks.balance_meaning == "available":
            balance -= reserved
    return {
        "account_id": str(account.account_id),
        "asset": account.currency,
        "balance": amount_text(balance),
        "reserved": amount_text(reserved),
        "unconfirmed": amount_text(ZERO),
        "name": account.name,
    }


def _open_account(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    name = parameters.text("name")
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise invalid_arguments("name")
    account = exchange.account_list.open(parameters.text("currency"), name)
    return {"id": str(account.account_id), "name": account.name, "currency": account.currency}


def _account_in(exchange: Exchange, parameters: Parameters) -> Account:
    text = parameters.text("id")
    if not text.isascii() or not text.isdigit():
        raise Rejection("ErrInvalidAccountID", "The account id is malformed.")
    account = exchange.account_list.find(int(text[:20]))
    if account is None:
        raise Rejection("ErrAccountNotFound", "There is no such account.")
    return account


def _transactions(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    account = _account_in(exchange, parameters)
    statement, currency = exchange.accounts.statement, account.currency
    newest = statement.count(currency) if exchange.account_list.is_default(account) else 0
    first, end = (_row_number(parameters.needed_integer(name), newest) for name in ("min_row", "max_row"))
    if end - first > _MOST_ROWS:
        raise Rejection("ErrTooManyRowsRequested", f"At most {_MOST_ROWS} rows can be asked for at once.")
    entries = statement.rows(currency, first, end) if newest else []
    rows = [_entry_row(entry, str(account.account_id)) for entry in entries]
    if exchange.quirks.transactions_newest_first:
        rows.reverse()
    return {"id": str(account.account_id), "transactions": rows}


def _row_number(given: int, newest: int) -> int:
    # Zero is the row after the newest, which makes -100 to 0 the newest hundred.
    return given if given > 0 else newest + 1 + given


def _entry_row(entry: Entry, account_id: str) -> dict[str, object]:
    movement = entry.movement
    details: dict[str, object] = {}
    if movement.pair:
        details["trade_details"] = {
            "pair": movement.pair,
            "price": amount_text(movement.price),
            "volume": amount_text(movement.volume),
            "sequence": movement.sequence,
        }
    return {
        "row_index": entry.row_index,
        "timestamp": movement.timestamp_ms,
        # These four are JSON numbers at the venue, unlike every other amount.
        "balance": float(entry.balance),
        "available": float(entry.available),
        "balance_delta": float(movement.balance_delta),
        "available_delta": float(movement.available_delta),
        "account_id": account_id,
        "currency": movement.currency,
        "description": movement.description,
        "reference": movement.reference,
        "kind": movement.kind.value,
        "details": {},
        "detail_fields": details,
    }


def _pending(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    account = _account_in(exchange, parameters)
    # Only transfers from outside are ever pending, and nothing comes from outside here.
    pending: list[object] = []
    body = {"id": str(account.account_id), "name": account.name, "currency": account.currency}
    return body | {"pending": pending, "transactions": pending}


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
    ("POST", "/api/1/accounts"): Route(_open_account, Permission.WRITE_ADDRESSES),
    ("GET", "/api/1/accounts/{id}/transactions"): Route(_transactions, Permission.READ_TRANSACTIONS),
    ("GET", "/api/1/accounts/{id}/pending"): Route(_pending, Permission.READ_TRANSACTIONS),
    ("GET", "/api/1/fee_info"): Route(_fee_info, Permission.READ_ORDERS),
    # Which permission this one needs is a quirk.
    ("GET", "/api/1/send/networks"): Route(_send_networks, Permission.ANY_KEY),
}
