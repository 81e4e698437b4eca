"""The customer's accounts by id: the default one of each currency, in which all the money is, and those the customer
opened beside it; kept by `exchange.py`. It must never hold an amount."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from brokerage.luno_simulator.rejection import Rejection

# The venue's account ids do not fit a float; a client that loses their last digits should find out here.
_FIRST_ACCOUNT_ID = 8_203_463_422_864_003_665
_FIRST_EXTRA = 1 << 40
_MOST_PER_CURRENCY = 10


class Account(NamedTuple):
    """One account of the customer."""

    account_id: int
    currency: str
    name: str


def account_id_of(currency: str) -> int:
    """Return the id of the customer's default account in a currency."""
    return _FIRST_ACCOUNT_ID + int.from_bytes(currency.encode("ascii"), "big")


class AccountList:
    """All accounts. Those beside the default ones stay empty: orders use the default accounts, and nothing else fills."""

    def __init__(self, currencies: Sequence[str], extra: Iterable[Account] = ()) -> None:
        """Begin with the default accounts and those that were opened earlier."""
        self._accounts = {code: [Account(account_id_of(code), code, f"{code} account")] for code in currencies}
        self._count = 0
        self.new: list[Account] = []
        for account in extra:
            self._file(account)

    def all(self) -> list[Account]:
        """Return every account, the default one of each currency first."""
        return [account for accounts in self._accounts.values() for account in accounts]

    def is_default(self, account: Account) -> bool:
        """Tell whether an account is the one in which its currency's money is."""
        return account.account_id == account_id_of(account.currency)

    def find(self, account_id: int) -> Account | None:
        """Return the account with this id, if there is one."""
        return next((account for account in self.all() if account.account_id == account_id), None)

    def open(self, currency: str, name: str) -> Account:
        """Open another account; raise Rejection when there is no such currency or there are ten accounts already."""
        if currency not in self._accounts:
            raise Rejection("ErrInvalidCurrency", "The currency is unknown.")
        if len(self._accounts[currency]) >= _MOST_PER_CURRENCY:
            raise Rejection("ErrAccountLimit", f"There are {_MOST_PER_CURRENCY} accounts in {currency} already.")
        account = Account(_FIRST_ACCOUNT_ID + _FIRST_EXTRA + self._count, currency, name)
        self._file(account)
        self.new.append(account)
        return account

    def _file(self, account: Account) -> None:
        self._accounts.setdefault(account.currency, []).append(account)
        self._count += 1
