"""The simulated exchange itself: markets, books, accounts, the customer's orders and the crowd; called by the routes
and moved by `advance`. It must never ask the time, touch a file or start a thread."""

from collections.abc import Mapping
from decimal import Decimal
from random import Random

from brokerage.luno_simulator.account_list import AccountList
from brokerage.luno_simulator.accounts import Accounts
from brokerage.luno_simulator.admission import Stop, check_maintenance, check_status, stop_direction_of
from brokerage.luno_simulator.crowd import NANOSECONDS, Crowd
from brokerage.luno_simulator.crowd_desk import FloorDesk
from brokerage.luno_simulator.fees import FeeRules
from brokerage.luno_simulator.market import Market, default_markets
from brokerage.luno_simulator.market_status import MarketStatus
from brokerage.luno_simulator.order import CROWD, CUSTOMER, ZERO, Kind, Order, Side, Status, TimeInForce
from brokerage.luno_simulator.order_register import OrderRegister, order_id_of
from brokerage.luno_simulator.past_trades import tell_past_trades
from brokerage.luno_simulator.quirks import STANDARD, Quirks
from brokerage.luno_simulator.rejection import Rejection
from brokerage.luno_simulator.saved_state import Changes, MarketMark, SavedState
from brokerage.luno_simulator.statement import Statement
from brokerage.luno_simulator.trade_tape import TradeTape
from brokerage.luno_simulator.trading_floor import TradingFloor

GENESIS_NS = 1_767_225_600 * NANOSECONDS
OPENING_BALANCES: Mapping[str, Decimal] = {
    "ZAR": Decimal(1_000_000),
    "MYR": Decimal(200_000),
    "XBT": Decimal(2),
    "ETH": Decimal(20),
    "XRP": Decimal(20_000),
}

_FIRST_SEQUENCE = 1_000_000
# No market trades more often than this over any length of time, so this many sequences a second are jumped after a gap.
_SEQUENCES_PER_SECOND = 100
_SEQUENCE_MARGIN = 1000
_MILLISECOND = 1_000_000


class Exchange:
    """One customer and a crowd on a handful of markets.

    The same seed and the same calls at the same times after genesis give the same trades. Its clock is `now_ns`; only
    `advance` and `skip_to` move it.
    """

    def __init__(
        self,
        seed: int,
        *,
        genesis_ns: int = GENESIS_NS,
        markets: tuple[Market, ...] | None = None,
        balances: Mapping[str, Decimal] = OPENING_BALANCES,
        has_crowd: bool = True,
        saved: SavedState | None = None,
        quirks: Quirks = STANDARD,
    ) -> None:
        """Open with the customer's `balances`, or go on from a `saved` state.

        With `saved`, `balances` and `genesis_ns` are not used. After a restart the customer's open orders lie in the
        books again and the crowd, newly seeded, quotes around the last prices; an order that its quotes meet is traded
        as ever.
        """
        self.quirks, self.has_crowd = quirks, has_crowd
        self.seed = seed
        self.runs = saved.runs if saved else 0
        # The ids of all runs must come from one permutation, or they could meet.
        self.id_seed = saved.id_seed if saved else seed
        self.genesis_ns = saved.genesis_ns if saved else genesis_ns
        self.now_ns = saved.now_ns if saved else genesis_ns
        self._markets = markets or default_markets(quirks.extra_decimals)
        opening = {(CUSTOMER, currency): balances.get(currency, ZERO) for currency in self.currencies}
        self._fees = FeeRules(quirks)
        statement = Statement(saved.movements if saved else ())
        fees_collected = saved.fees_collected if saved else {}
        self.accounts = Accounts(saved.totals if saved else opening, fees_collected, self._fees, statement)
        self.account_list = AccountList(self.currencies, saved.extra_accounts if saved else ())
        self.register = OrderRegister(saved.orders, saved.trades) if saved else OrderRegister()
        self.next_number = saved.next_number if saved else 1
        # The crowd's ids are odd-numbered and start elsewhere in every run; the customer's are even.
        self._next_crowd_number = self.runs << 40
        self.floors: dict[str, TradingFloor] = {}
        for market in self._markets:
            mark = saved.marks.get(market.pair) if saved else None
            self.floors[market.pair] = self._open_floor(market, mark)
        for order in self.register.open_orders():
            self.accounts.restore_reserve(order)
            self.floors[order.market.pair].restore(order)
        self.accounts.bring_forward(self.now_ms)
        self._crowds = [self._gather_crowd(floor) for floor in self.floors.values()] if has_crowd else []

    @property
    def now_ms(self) -> int:
        """Return the exchange's clock in milliseconds, the unit of all its answers."""
        return self.now_ns // _MILLISECOND

    @property
    def currencies(self) -> list[str]:
        """Return the currencies that are traded here, each once, in the order of the markets."""
        return list(dict.fromkeys(code for market in self._markets for code in (market.base, market.counter)))

    def advance(self, to_ns: int) -> None:
        """Let the crowd live until `to_ns`. A time in the past changes nothing."""
        while self._crowds:
            crowd, floor = min(self._crowds, key=lambda one: one[0].next_act_ns)
            if crowd.next_act_ns > to_ns:
                break
            self.now_ns = max(self.now_ns, crowd.next_act_ns)
            if floor.status is MarketStatus.ACTIVE:
                crowd.act()
            else:
                crowd.postpone(NANOSECONDS)
        self.now_ns = max(self.now_ns, to_ns)

    def skip_to(self, to_ns: int) -> None:
        """Move the clock without letting anything happen, as if the exchange had been switched off meanwhile."""
        if to_ns > self.now_ns:
            for crowd, _ in self._crowds:
                crowd.postpone(to_ns - self.now_ns)
            self.now_ns = to_ns

    def floor(self, pair: str) -> TradingFloor:
        """Return what belongs to a market; raise Rejection when there is no such market."""
        floor = self.floors.get(pair)
        if floor is None:
            raise Rejection("ErrMarketUnavailable", "Market not available")
        return floor

    def set_status(self, status: MarketStatus, pair: str = "") -> None:
        """Let one market, or all, trade or not. Where it is not active the crowd stands still. A restart forgets it."""
        for floor in [self.floor(pair)] if pair else self.floors.values():
            floor.status = status

    def place_limit(
        self,
        pair: str,
        side: Side,
        price: Decimal,
        volume: Decimal,
        *,
        time_in_force: TimeInForce = TimeInForce.GTC,
        is_post_only: bool = False,
        client_order_id: str = "",
        stop: Stop | None = None,
    ) -> Order:
        """Place a limit order for the customer and return it, already matched; with `stop`, one that waits for a trade.

        Price is counter per base, volume is base. Raise Rejection, with nothing changed, when it breaks a rule, when
        the customer cannot pay for it, or when it is post-only and would trade (by a quirk that is an order which ends
        at its birth).
        """
        floor = self.floor(pair)
        self.register.refuse_used(client_order_id)
        check_status(floor, self.quirks, is_post_only)
        floor.market.check_price(price)
        floor.market.check_volume(volume)
        kind = Kind.STOP_LIMIT if stop else Kind.LIMIT
        order = self._new_order(floor, side, kind, price, volume, time_in_force, client_order_id)
        order.is_post_only = is_post_only
        if stop is not None:
            order.stop_price, order.stop_direction = stop.price, stop_direction_of(stop, floor, self.quirks)
        elif is_post_only and self.quirks.post_only_cross == "error" and floor.book.crosses(order):
            raise Rejection("ErrOrderCanceled", "The post-only order would have traded.")
        self._enter(floor, order)
        return order

    def place_market(self, pair: str, side: Side, amount: Decimal, *, client_order_id: str = "") -> Order:
        """Place a market order for the customer and return it, done.

        `amount` is counter to spend for a BID and base to sell for an ASK. A buy takes whole lots; the counter that
        does not reach for another one is not spent. Raise Rejection, with nothing changed, when the book cannot fill
        it (by a quirk it is filled in part).
        """
        floor = self.floor(pair)
        self.register.refuse_used(client_order_id)
        check_status(floor, self.quirks, is_post_only=False)
        best = floor.book.best_price(side.opposite)
        volume, budget = (ZERO, amount) if side is Side.BID else (amount, ZERO)
        if side is Side.ASK:
            floor.market.check_volume(amount)
        else:
            floor.market.check_counter_volume(amount)
            if best > 0:
                floor.market.check_volume_bounds(amount / best)
        order = self._new_order(floor, side, Kind.MARKET, ZERO, volume, TimeInForce.IOC, client_order_id, budget)
        reach = best * self.quirks.market_reach_percent / 100
        if reach:
            order.worst_price = best + reach if side.is_buy else best - reach
        if not best or (self.quirks.market_beyond_book == "refuse" and not floor.can_fill(order)):
            raise Rejection("ErrNotEnoughLiquidity", "The book cannot fill this order.")
        self._enter(floor, order)
        return order

    def cancel(self, order_id: str) -> None:
        """Cancel an open order of the customer; raise Rejection when there is none with this id."""
        order = self.register.find(order_id)
        if order is None or order.status is Status.COMPLETE:
            raise Rejection("ErrCannotStopUnknownOrNonPendingOrder", "The order is unknown or not pending.")
        floor = self.floors[order.market.pair]
        check_maintenance(floor)
        order.canceled_ms = self.now_ms
        floor.withdraw(order, self.now_ms)

    def take_changes(self) -> Changes | None:
        """Return the private facts since the last call, or None when there are none. They are handed out once."""
        register, accounts, statement = self.register, self.accounts, self.accounts.statement
        if not (register.changed or register.new_trades or accounts.changed or self.account_list.new):
            return None
        pairs = {order.market.pair for order in register.changed.values()}
        changes = Changes(
            now_ns=self.now_ns,
            next_number=self.next_number,
            orders=list(register.changed.values()),
            trades=register.new_trades,
            totals=accounts.snapshot(accounts.changed),
            fees_collected=dict(accounts.fees_collected),
            marks={pair: mark for pair, mark in self.marks().items() if pair in pairs},
            movements=statement.new_movements,
            extra_accounts=self.account_list.new,
        )
        register.changed, register.new_trades, accounts.changed = {}, [], set()
        statement.new_movements, self.account_list.new = [], []
        return changes

    def marks(self) -> dict[str, MarketMark]:
        """Return where each market stands now."""
        return {
            pair: MarketMark(floor.tape.last_price, floor.tape.last_sequence, self.now_ns)
            for pair, floor in self.floors.items()
        }

    def _generator(self, *purpose: str) -> Random:
        return Random("/".join((str(self.seed), str(self.runs), *purpose)))

    def _open_floor(self, market: Market, mark: MarketMark | None) -> TradingFloor:
        last_price, last_sequence, jump = market.start_price, _FIRST_SEQUENCE, 0
        if mark is not None:
            last_price, last_sequence = mark.last_price, mark.last_sequence
            # Some public trades may have been told after the mark was made: their sequences must not come again.
            jump = _SEQUENCE_MARGIN + (self.now_ns - mark.seen_ns) * _SEQUENCES_PER_SECOND // NANOSECONDS
        generator = self._generator("past", market.pair)
        past = tell_past_trades(market, generator, self.now_ms, last_price, last_sequence)
        tape = TradeTape(past, last_price, last_sequence + jump)
        return TradingFloor(market, tape, self.accounts, self.register, self.now_ms, self.quirks)

    def _gather_crowd(self, floor: TradingFloor) -> tuple[Crowd, TradingFloor]:
        generator = self._generator("crowd", floor.market.pair)
        desk = FloorDesk(floor, self.new_crowd_order, lambda: self.now_ms)
        crowd = Crowd(floor.market, generator, desk, floor.tape.last_price)
        crowd.open(self.now_ns)
        return crowd, floor

    def _new_order(
        self,
        floor: TradingFloor,
        side: Side,
        kind: Kind,
        price: Decimal,
        volume: Decimal,
        time_in_force: TimeInForce,
        client_order_id: str,
        counter_budget: Decimal = ZERO,
    ) -> Order:
        number = self.next_number
        identity, now_ms = order_id_of(2 * number, self.id_seed), self.now_ms
        order = Order(identity, number, CUSTOMER, floor.market, side, kind, price, volume, time_in_force, now_ms)
        order.counter_budget, order.client_order_id = counter_budget, client_order_id
        self._fees.provide(order)
        return order

    def _enter(self, floor: TradingFloor, order: Order) -> None:
        if order.kind is Kind.STOP_LIMIT and not self.quirks.stop_reserves:
            self.accounts.check_cost(order)
        else:
            self.accounts.reserve(order, self.now_ms)
        self.next_number += 1
        self.register.add(order)
        floor.enter(order, self.now_ms)

    def new_crowd_order(
        self, market: Market, side: Side, price: Decimal, volume: Decimal, time_in_force: TimeInForce
    ) -> Order:
        """Make out an order of the crowd, with an id of its own. For the crowd's desks."""
        self._next_crowd_number += 1
        number = self._next_crowd_number
        identity = order_id_of(2 * number + 1, self.id_seed)
        now_ms = self.now_ms
        return Order(identity, number, CROWD, market, side, Kind.LIMIT, price, volume, time_in_force, now_ms)
