"""Luno's calls about what an account holds, what happened to it, and what it pays. A part of `LunoClient`."""

from collections.abc import Sequence

from brokerage.luno.caller import LunoCaller, LunoReply, with_rows
from brokerage.rate_limiter import Purpose

#: The most rows of an account that one call may ask for.
PAGE_TRANSACTIONS = 1000


class AccountClient(LunoCaller):
    """One method for each call about the account behind the key."""

    def balance(self, assets: Sequence[str] = ()) -> LunoReply:
        """GET the balances of all accounts, or of those in `assets` only."""
        return self.rows("/api/1/balance", [("assets", asset) for asset in assets], "balance", Purpose.LOOK_UP)

    def fee_info(self, pair: str) -> LunoReply:
        """GET our own fee rates on `pair`."""
        return self.read("/api/1/fee_info", [("pair", pair)], Purpose.LOOK_UP)

    def transactions(self, account_id: int, min_row: int, max_row: int) -> LunoReply:
        """GET rows `min_row` up to and without `max_row` of an account; row 1 is the oldest, -100 to 0 are the newest hundred.

        Raises ValueError for a span of no row or of more than 1000.
        """
        if not 0 < max_row - min_row <= PAGE_TRANSACTIONS:
            raise ValueError(f"rows {min_row} to {max_row} are not 1 to {PAGE_TRANSACTIONS} rows")
        parameters = [("min_row", str(min_row)), ("max_row", str(max_row))]
        path = "/api/1/accounts/{id}/transactions"
        return self.rows(path, parameters, "transactions", Purpose.LOOK_UP, path_id=str(account_id))

    def pending(self, account_id: int) -> LunoReply:
        """GET what has not settled yet on an account; these rows have no number and may change."""
        reply = self.rows("/api/1/accounts/{id}/pending", [], "pending", Purpose.LOOK_UP, path_id=str(account_id))
        return with_rows(reply, "transactions") if "transactions" in reply.body else reply
