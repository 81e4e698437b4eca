"""Whatever a venue says, the ledger balances to the last digit and agrees with three ledgers written another way."""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from trading_system.core.instrument import FeeCurrency, Instrument
from trading_system.core.order import Fill, FillAmounts, OrderKind, OrderRequest
from trading_system.core.side import Side
from trading_system.oms.position_manager import PositionManager
from trading_system.oms.reservations import Reservations, may_fill, needs

D = Decimal


def make_instrument(symbol: str, base: str, counter: str, **more: Any) -> Instrument:
    return Instrument(symbol, base, counter, D("0.01"), D("1e-8"), D("0.0005"), D(10**6), D("0.01"), D(10**9), **more)


INSTRUMENTS = {instrument.symbol: instrument for instrument in (
    make_instrument("XBTZAR.luno", "XBT", "ZAR"),
    make_instrument("ETHXBT.luno", "ETH", "XBT"),
    make_instrument("ETHZAR.luno", "ETH", "ZAR"),
    make_instrument("GOLD.exchange", "GOLD", "ZAR", multiplier=D("2.5"), is_spot=False),
)}
CURRENCIES = ("ZAR", "XBT", "ETH", "BNB", "GOLD")
STEP = Fraction(1, 10**8)


def decimals(low: str, high: str, places: int) -> st.SearchStrategy[Decimal]:
    scale = 10**places
    return st.integers(int(D(low) * scale), int(D(high) * scale)).map(lambda units: D(units).scaleb(-places))


def rounded(value: Fraction) -> Fraction:
    return round(value / STEP) * STEP


@dataclass(frozen=True)
class Booking:
    """Capital in base that is valued: how much of what is pending, at what price."""

    symbol: str
    share: int
    price: Decimal


@dataclass(frozen=True)
class Deposit:
    currency: str
    amount: Decimal


@dataclass(frozen=True)
class Adjustment:
    fill: Fill
    price: Decimal


Entry = Fill | Adjustment | Booking | Deposit


@st.composite
def fills(draw: st.DrawFn) -> Fill:
    instrument = draw(st.sampled_from(tuple(INSTRUMENTS.values())))
    # Few sizes, so that positions close exactly and go through zero often.
    quantity = draw(st.one_of(st.sampled_from((D(1), D(2), D(3), D("0.5"))), decimals("0.00000001", "50", 8)))
    value = draw(st.one_of(decimals("0", "1000000", 10), decimals("0", "300", 2)))
    return make_fill(draw, instrument, quantity, value, "-0.01", "0.6")


@st.composite
def adjustments(draw: st.DrawFn) -> Adjustment:
    instrument = draw(st.sampled_from(tuple(INSTRUMENTS.values())))
    return Adjustment(make_fill(draw, instrument, D(0), D(0), "-0.3", "0.3"), draw(decimals("0.01", "1000000", 6)))


def make_fill(draw: st.DrawFn, instrument: Instrument, quantity: Decimal, value: Decimal, low: str, high: str) -> Fill:
    fee_currencies = draw(st.sets(st.sampled_from((instrument.base, instrument.counter, "BNB")), max_size=3))
    fees = {currency: draw(decimals(low, high, 8)) for currency in sorted(fee_currencies)}
    return Fill("h-s-r-1", "s", instrument.symbol, draw(st.sampled_from(Side)), 1, FillAmounts(quantity, value, fees))


bookings = st.builds(Booking, st.sampled_from(("ETHZAR.luno", "ETHXBT.luno")), st.integers(1, 3), decimals("0.01", "9000", 5))
deposits = st.builds(Deposit, st.sampled_from(("ZAR", "XBT", "ETH")), decimals("-100", "10000", 8))
entries = st.lists(st.one_of(fills(), fills(), fills(), adjustments(), bookings, deposits), max_size=40)
marks = st.fixed_dictionaries({symbol: decimals("0.01", "1000000", 4) for symbol in INSTRUMENTS})


@dataclass
class RawBooks:
    """Only what is handed over: so much of this currency less, so much of that one more."""

    balances: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    contracts: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    # Per symbol what was bought less what was sold, and per currency what was put in, for the profit of each counter currency.
    quantities: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    cash: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    put_in: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))

    def fill(self, fill: Fill) -> None:
        instrument = INSTRUMENTS[fill.symbol]
        sign = int(fill.side)
        quantity, paid = sign * Fraction(fill.exact.quantity), sign * Fraction(fill.exact.value) * Fraction(instrument.multiplier)
        self.quantities[fill.symbol] += quantity
        self.cash[instrument.counter] -= paid
        self.balances[instrument.counter] -= paid
        (self.balances if instrument.is_spot else self.contracts)[instrument.base] += quantity
        for currency, fee in fill.exact.fees.items():
            self.balances[currency] -= Fraction(fee)
            if instrument.is_spot and currency == instrument.base:
                self.quantities[fill.symbol] -= Fraction(fee)
            else:
                self.cash[currency] -= Fraction(fee)

    def deposit(self, currency: str, amount: Decimal) -> None:
        self.balances[currency] += Fraction(amount)
        if currency != "ETH":
            self.cash[currency] += Fraction(amount)
            self.put_in[currency] += Fraction(amount)

    def book(self, symbol: str, quantity: Decimal, price: Decimal) -> None:
        self.quantities[symbol] += Fraction(quantity)
        self.put_in[INSTRUMENTS[symbol].counter] += rounded(Fraction(quantity) * Fraction(price))

    def profit(self, currency: str, prices: dict[str, Decimal]) -> Fraction:
        held = sum(quantity * Fraction(prices[symbol]) * Fraction(INSTRUMENTS[symbol].multiplier)
                   for symbol, quantity in self.quantities.items() if INSTRUMENTS[symbol].counter == currency)
        return self.cash[currency] + held - self.put_in[currency]


@dataclass
class AverageCost:
    """The textbook: a quantity and an average price per symbol, in fractions, nothing rounded. Fees in base are trades of their own."""

    quantity: Fraction = Fraction(0)
    average: Fraction = Fraction(0)
    realized: Fraction = Fraction(0)

    def trade(self, quantity: Fraction, price: Fraction) -> None:
        if self.quantity * quantity < 0:
            closed = min(abs(quantity), abs(self.quantity))
            self.realized += closed * (price - self.average) * (1 if self.quantity > 0 else -1)
            if abs(quantity) > abs(self.quantity):
                self.average = price
        elif quantity:
            self.average = (self.average * self.quantity + price * quantity) / (self.quantity + quantity)
        self.quantity += quantity


@dataclass
class Lots:
    """First in, first out: a queue of (quantity, price)."""

    queue: deque[tuple[Fraction, Fraction]] = field(default_factory=deque)
    realized: Fraction = Fraction(0)

    def trade(self, quantity: Fraction, price: Fraction) -> None:
        while quantity and self.queue and self.queue[0][0] * quantity < 0:
            size, opened = self.queue.popleft()
            part = size if abs(size) <= abs(quantity) else -quantity
            self.realized += part * (price - opened)
            quantity += part
            if size != part:
                self.queue.appendleft((size - part, opened))
        if quantity:
            self.queue.append((quantity, price))

    def profit(self, price: Fraction) -> Fraction:
        return self.realized + sum(size * (price - opened) for size, opened in self.queue)


def trades_of(fill: Fill, reference: Decimal | None) -> list[tuple[Fraction, Fraction]]:
    """A fill as plain trades (signed quantity, price per unit with the multiplier): the fill itself, then its fee in base."""
    instrument = INSTRUMENTS[fill.symbol]
    quantity, multiplier = Fraction(fill.exact.quantity), Fraction(instrument.multiplier)
    price = (Fraction(fill.exact.value) / quantity if quantity else Fraction(reference or 0)) * multiplier
    trades = [(int(fill.side) * quantity, price)] if quantity else []
    if instrument.is_spot and instrument.base in fill.exact.fees:
        trades.append((-Fraction(fill.exact.fees[instrument.base]), price))
    return trades


def assert_balanced(ledger: PositionManager) -> None:
    for currency, cash in ledger.cash.items():
        cost = sum((Fraction(position.exact.cost) for symbol, position in ledger.positions.items()
                    if INSTRUMENTS[symbol].counter == currency), Fraction(0))
        capital, realized, fees = (Fraction(table.get(currency, D(0))) for table in (ledger.capital, ledger.realized, ledger.fees))
        assert capital + realized - fees == Fraction(cash) + cost


@settings(max_examples=300, deadline=None, database=None)
@given(entries, marks)
def test_the_ledger_balances_and_agrees_with_three_others(history: list[Entry], prices: dict[str, Decimal]) -> None:
    capital = {"ZAR": D(1000), "XBT": D("0.5"), "ETH": D(3)}
    ledger = PositionManager("s", INSTRUMENTS, capital, "ZAR")
    raw = RawBooks()
    for currency, amount in capital.items():
        raw.deposit(currency, amount)
    averages: dict[str, AverageCost] = defaultdict(AverageCost)
    lots: dict[str, Lots] = defaultdict(Lots)
    for entry in history:
        if isinstance(entry, Deposit):
            ledger.deposit(entry.currency, entry.amount)
            raw.deposit(entry.currency, entry.amount)
        elif isinstance(entry, Booking):
            pending = ledger.pending_capital.get("ETH", D(0))
            quantity = pending if entry.share == 1 else (pending / entry.share).quantize(D("1e-8"))
            if not quantity:
                continue
            ledger.book_capital(entry.symbol, quantity, entry.price)
            raw.book(entry.symbol, quantity, entry.price)
            averages[entry.symbol].trade(Fraction(quantity), Fraction(entry.price))
            lots[entry.symbol].trade(Fraction(quantity), Fraction(entry.price))
        else:
            fill, reference = (entry.fill, entry.price) if isinstance(entry, Adjustment) else (entry, None)
            ledger.apply(fill, reference)
            raw.fill(fill)
            for size, price in trades_of(fill, reference):
                averages[fill.symbol].trade(size, price)
                lots[fill.symbol].trade(size, price)
        assert_balanced(ledger)

    for currency in CURRENCIES:
        assert Fraction(ledger.holdings(currency)) == raw.balances[currency]
    for symbol, position in ledger.positions.items():
        assert Fraction(position.exact.quantity) == raw.quantities[symbol]
        assert position.quantity == float(raw.quantities[symbol])
    for currency in ("ZAR", "XBT"):
        open_profit = sum(
            Fraction(position.exact.quantity) * Fraction(prices[symbol]) * Fraction(INSTRUMENTS[symbol].multiplier)
            - Fraction(position.exact.cost)
            for symbol, position in ledger.positions.items() if INSTRUMENTS[symbol].counter == currency)
        assert Fraction(ledger.realized[currency]) - Fraction(ledger.fees[currency]) + open_profit == raw.profit(currency, prices)
    # These two round nothing, the ledger rounds a share or a fee once per trade.
    allowed = (2 * len(history) + 1) * STEP
    for symbol, position in ledger.positions.items():
        mark = Fraction(prices[symbol]) * Fraction(INSTRUMENTS[symbol].multiplier)
        realized, cost = (averages[symbol].realized, averages[symbol].quantity * averages[symbol].average)
        assert abs(Fraction(position.exact.cost) - cost) <= allowed
        assert abs(Fraction(D(position.realized)) - realized) <= allowed + abs(realized) / 10**15
        total = Fraction(position.exact.quantity) * mark - Fraction(position.exact.cost) + Fraction(D(position.realized))
        assert abs(total - lots[symbol].profit(mark)) <= allowed + abs(total) / 10**12 + abs(realized) / 10**15


@settings(max_examples=100, deadline=None, database=None)
@given(entries, marks)
def test_equity_in_floats_is_what_the_exact_books_say(history: list[Entry], prices: dict[str, Decimal]) -> None:
    ledger = PositionManager("s", INSTRUMENTS, {"ZAR": D(10**6)}, "ZAR")
    for entry in history:
        if isinstance(entry, Fill):
            ledger.apply(entry)
    cash = {currency: Fraction(amount) for currency, amount in ledger.cash.items()}
    for symbol, position in ledger.positions.items():
        instrument = INSTRUMENTS[symbol]
        cash[instrument.counter] += Fraction(position.exact.quantity) * Fraction(prices[symbol]) * Fraction(instrument.multiplier)
    expected = cash["ZAR"] + cash["XBT"] * Fraction(prices["XBTZAR.luno"])
    size = abs(cash["ZAR"]) + sum(abs(Fraction(position.exact.quantity)) * 10**6 for position in ledger.positions.values()) * 10**6 + 10**12
    assert abs(Fraction(ledger.equity({symbol: float(price) for symbol, price in prices.items()})) - expected) <= size / 10**12


requests = st.builds(
    lambda symbol, side, quantity, limit, by_value: OrderRequest(
        "", "s", symbol, side, OrderKind.LIMIT if limit else OrderKind.MARKET, 1,
        None if by_value else quantity, quantity if by_value else None, None if by_value else limit),
    st.sampled_from(tuple(INSTRUMENTS)), st.sampled_from(Side), decimals("0.00000001", "1000", 8),
    st.one_of(st.none(), decimals("0.01", "1000000", 2)), st.booleans(),
)


@settings(max_examples=200, deadline=None, database=None)
@given(st.lists(st.tuples(requests, st.lists(decimals("0", "1200", 8), max_size=3)), max_size=12), st.randoms(use_true_random=False),
       st.sampled_from(FeeCurrency))
def test_reservations_are_never_negative_and_nothing_at_the_end(orders: list[tuple[OrderRequest, list[Decimal]]], random: Random,
                                                               fee_currency: FeeCurrency) -> None:
    reservations = Reservations()
    reference = D("1234.5")
    steps: list[tuple[int, Decimal | None]] = []
    held: dict[int, tuple[str, Decimal]] = {}
    for number, (request, reductions) in enumerate(orders):
        base = INSTRUMENTS[request.symbol]
        instrument = make_instrument(base.symbol, base.base, base.counter, taker_fee=D("0.0025"), fee_currency=fee_currency,
                                     is_spot=base.is_spot, multiplier=base.multiplier)
        named = OrderRequest(f"h-s-r-{number}", *(getattr(request, name) for name in request.__struct_fields__[1:]))
        currency, amount, _ = needs(named, instrument, reference)
        held[number] = (currency, amount)
        reservations.reserve(named, currency, amount, may_fill(named, reference))
        assert amount >= 0
        steps.extend((number, reduction) for reduction in reductions)
        steps.append((number, None))
    random.shuffle(steps)
    for number, reduction in steps:
        name = f"h-s-r-{number}"
        if reduction is None:
            reservations.release(name)
            held.pop(number, None)
        else:
            reservations.reduce_to(name, reduction, reduction)
            if number in held:
                held[number] = (held[number][0], min(held[number][1], reduction))
        for currency in CURRENCIES:
            assert reservations.reserved(currency) == sum((amount for of, amount in held.values() if of == currency), D(0))
            assert reservations.reserved(currency) >= 0
        for symbol in INSTRUMENTS:
            assert reservations.buying(symbol) >= 0
            assert reservations.selling(symbol) >= 0
    assert reservations.count == 0
    assert all(reservations.reserved(currency) == 0 for currency in CURRENCIES)
    assert all(reservations.buying(symbol) == reservations.selling(symbol) == 0 for symbol in INSTRUMENTS)
