"""Luno as the `Broker` of `core/ports.py`. Called on executors' threads; it keeps no orders and repeats nothing: whoever asks decides what
an answer means.
"""

from collections.abc import Sequence
from typing import Any

from brokerage.luno import mapping
from brokerage.luno.caller import LunoReply
from brokerage.luno.client import LunoClient
from brokerage.luno.errors import OrderNotFound
from brokerage.luno.fields import text, whole
from brokerage.luno.mapping import Market
from brokerage.luno.order_client import PAGE_ROWS, StopDirection
from brokerage.luno.row_reader import RowReader
from brokerage.luno.settings import LunoSettings
from trading_system.core.errors import TryAgain
from trading_system.core.events import Balance, OpenOrdersEvent
from trading_system.core.instrument import Instrument
from trading_system.core.order import OrderKind, OrderRequest
from trading_system.core.order_update import Answer, Evidence, OrderUpdate, VenueTrade
from trading_system.core.ports import Runtime
from trading_system.core.side import Side

_MILLISECOND = 1_000_000


class LunoBroker:
    """Trades on one Luno account. `name` is the suffix of its symbols; fees are asked for `symbols` only, as each costs a call."""

    def __init__(self, name: str, client: LunoClient, settings: LunoSettings, runtime: Runtime, symbols: Sequence[str] = ()) -> None:
        self.name = name
        self._client = client
        self._settings = settings
        self._runtime = runtime
        self._pairs_with_fees = {symbol.rpartition(".")[0] for symbol in symbols}
        self._markets: dict[str, Market] = {}
        self._unknown_pairs: set[str] = set()
        self._rows = RowReader(runtime)

    @property
    def refused(self) -> dict[str, int]:
        """Return how many rows were left out because they made no sense, by reason, and how often Luno said that calls are too many."""
        refused, throttled = self._rows.refused, self._client.rest.throttled
        return {**refused, "HTTP 429": throttled} if throttled else refused

    @property
    def calls(self) -> dict[str, int]:
        """Return how often each endpoint was called."""
        return self._client.rest.calls

    def abort(self, token: str | None = None) -> int:
        """End the calls in flight about an order (its client order id), or all of them; returns how many."""
        return self._client.rest.abort(token)

    def instruments(self) -> list[Instrument]:
        """Return every market; those of interest with our fees, when there is a key to ask with."""
        reply = self._client.markets()
        instruments = []
        for row in reply.body["markets"]:
            fees = None
            if isinstance(row, dict) and row.get("market_id") in self._pairs_with_fees and self._client.has_credentials:
                fees = self._client.fee_info(row["market_id"]).body
            found = self._rows.read(mapping.instrument, row, fees, self.name)
            if found is not None:
                instruments.append(found)
        self._markets = {one.symbol.rpartition(".")[0]: Market(one.base, one.counter) for one in instruments}
        self._unknown_pairs = set()
        return instruments

    def place_order(self, request: OrderRequest) -> OrderUpdate:
        """Place it once; Luno answers with its id before it matches, so nothing is known of fills yet.

        Raises OrderRefused, OutcomeUnknown, AccessDenied, TryAgain (never sent), and ValueError for what Luno has no order for: a market
        buy of a base quantity (send an IOC limit) or a market sell of a counter value.
        """
        # The ttl counts from here and not from the moment our rate lets it go: its absence is counted from here too.
        reply = self._send(request, self._runtime.now_ns() // _MILLISECOND, int(self._settings.ttl_seconds * 1000))
        return OrderUpdate(request.client_order_id, Answer.ACCEPTED, reply.evidence, reply.body["order_id"])

    def cancel_order(self, request: OrderRequest, venue_order_id: str) -> OrderUpdate:
        """Ask to cancel by Luno's id, the only way there is. Returns CANCEL_ACCEPTED or CANCEL_REFUSED: in both cases look it up."""
        reply = self._client.stoporder(venue_order_id, request.client_order_id)
        is_accepted = reply.body["success"]
        answer = Answer.CANCEL_ACCEPTED if is_accepted else Answer.CANCEL_REFUSED
        reason = "" if is_accepted else reply.evidence.code or "Luno answered success: false"
        return OrderUpdate(request.client_order_id, answer, reply.evidence, venue_order_id, reason=reason)

    def look_up(self, request: OrderRequest, venue_order_id: str = "") -> OrderUpdate:
        """Return what Luno holds under our name for the order, or under its own id where the request has no name."""
        name = request.client_order_id
        try:
            reply = self._client.order(client_order_id=name, order_id="" if name else venue_order_id)
        except OrderNotFound as error:
            return OrderUpdate(name, Answer.NOT_FOUND, error.evidence, reason=error.evidence.code)
        try:
            update = self._order_update(reply.body, reply.evidence)
        except ValueError as error:
            raise TryAgain(f"Luno's answer about an order makes no sense: {error}", reply.evidence) from None
        is_ours = update.client_order_id == name if name else update.venue_order_id == venue_order_id
        if not is_ours:
            raise TryAgain("Luno answered about another order", reply.evidence)
        return update

    def open_orders(self) -> OpenOrdersEvent:
        """Return all open orders of the account, strangers' too; not complete when a row made no sense or the paging stood still."""
        updates: dict[str, OrderUpdate] = {}
        is_complete = True
        asked_ns = created_before_ms = 0
        while True:
            reply = self._client.listorders(created_before_ms)
            asked_ns = asked_ns or reply.evidence.asked_ns
            rows, known = reply.body["orders"], len(updates)
            for row in rows:
                update = self._rows.read(self._order_update, row, reply.evidence)
                if update is None:
                    is_complete = False
                else:
                    updates.setdefault(update.venue_order_id, update)
            if len(rows) < PAGE_ROWS:
                break
            oldest_ms = self._rows.read(whole, rows[-1], "creation_timestamp")
            if oldest_ms is None or len(updates) == known:
                is_complete = False
                break
            # Orders created in the same millisecond may be cut by the page: overlap, and drop those we know.
            created_before_ms = oldest_ms + 1
        return OpenOrdersEvent(self.name, tuple(updates.values()), asked_ns, reply.evidence.answered_ns, is_complete)

    def fills_since(self, symbol: str, since_ns: int) -> list[VenueTrade]:
        """Return our own trades of `symbol` from the millisecond of `since_ns` on, oldest first. Raises TryAgain or AccessDenied."""
        pair, after = symbol.rpartition(".")[0], 0
        trades: dict[tuple[int, str], VenueTrade] = {}
        while True:
            reply = self._client.listtrades(pair, 0 if after else since_ns // _MILLISECOND, after)
            rows, known = reply.body["trades"], len(trades)
            try:
                market = self._market(pair)
                for row in rows:
                    trade = mapping.venue_trade(row, market, self.name)
                    # With both sides of a trade ours, its sequence comes twice.
                    trades.setdefault((trade.sequence, trade.venue_order_id), trade)
            except ValueError as error:
                # A list of fills with a hole would be believed.
                raise TryAgain(f"Luno's list of trades makes no sense: {error}", reply.evidence) from None
            if len(rows) < PAGE_ROWS or len(trades) == known:
                return sorted(trades.values(), key=lambda trade: trade.sequence)
            after = max(sequence for sequence, _ in trades)

    def balances(self) -> dict[str, Balance]:
        """Return what the account holds per currency, summed over its wallets. Raises TryAgain or AccessDenied."""
        reply = self._client.balance()
        try:
            return mapping.balances(reply.body["balance"], self._settings.balance_includes_reserved)
        except ValueError as error:
            raise TryAgain(f"Luno's balances make no sense: {error}", reply.evidence) from None

    def _send(self, request: OrderRequest, timestamp_ms: int, ttl_ms: int) -> LunoReply:
        pair, is_buy = request.symbol.rpartition(".")[0], request.side is Side.BUY
        if request.kind is OrderKind.MARKET:
            amount = request.value if is_buy else request.quantity
            if amount is None:
                raise ValueError("a market order at Luno buys for a counter value or sells a base quantity")
            return self._client.marketorder(
                pair=pair, client_order_id=request.client_order_id, timestamp_ms=timestamp_ms, ttl_ms=ttl_ms,
                counter_volume=amount if is_buy else None, base_volume=None if is_buy else amount,
            )
        stop = request.stop if request.kind is OrderKind.STOP_LIMIT else None
        if request.quantity is None or request.limit is None or (stop is None and request.kind is OrderKind.STOP_LIMIT):
            raise ValueError(f"a {request.kind} order needs a quantity, a limit and, when it is one with a stop, the stop's price")
        return self._client.postorder(
            pair=pair, is_buy=is_buy, volume=request.quantity, price=request.limit, client_order_id=request.client_order_id,
            timestamp_ms=timestamp_ms, ttl_ms=ttl_ms, time_in_force=str(request.time_in_force), post_only=request.post_only,
            # A stop is passed from the side of the loss: a buy's upwards, a sell's downwards.
            stop_price=stop, stop_direction=None if stop is None else StopDirection.ABOVE if is_buy else StopDirection.BELOW,
        )

    def _order_update(self, row: Any, evidence: Evidence) -> OrderUpdate:
        return mapping.order_update(row, self._market(text(row, "pair")), self.name, evidence)

    def _market(self, pair: str) -> Market:
        if pair not in self._markets and pair not in self._unknown_pairs:
            found = [self._rows.read(mapping.market, row) for row in self._client.markets().body["markets"]]
            self._markets = dict(one for one in found if one is not None)
            if pair not in self._markets:
                # An order on a market that is not listed must not cost a call at every beat.
                self._unknown_pairs.add(pair)
        if pair not in self._markets:
            raise ValueError(f"pair is {pair!r:.60}, no market of Luno's")
        return self._markets[pair]
