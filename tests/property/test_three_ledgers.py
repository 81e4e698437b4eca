"""Three ledgers written three ways agree to the last digit on 100,000 fills, fees in base and fees in counter, after every one of them.

The first is ours. The second knows only what changed hands and rounds nothing. The third keeps every lot it bought with its cost and sells
from them at their average; it rounds where the ledger's rules say that a share and a fee are rounded.
"""

from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest

from trading_system.core.instrument import FeeCurrency, Instrument
from trading_system.core.order import Fill, FillAmounts
from trading_system.core.side import Side
from trading_system.oms.position_manager import PositionManager

D = Decimal
FILLS = 50_000              # in each of the two fee currencies
_OF_ONE_STRATEGY = 1_000
_CAPITAL = D(100_000)
_GRAIN = 10**8              # amounts are rounded to 8 decimals


def instrument(fee_currency: FeeCurrency) -> Instrument:
    return Instrument("XBTZAR.luno", "XBT", "ZAR", D("0.01"), D("0.0001"), D("0.0005"), D(10**6), D("0.01"), D(10**9), fee_currency=fee_currency)


def random_fill(random: Random, number: int, fee_currency: FeeCurrency, held: Decimal) -> Fill:
    """Return a fill of few sizes, so that positions often go through zero, or of any; now and then one without a fee that closes what is held."""
    price = D(random.randrange(90_000_00, 110_000_00)).scaleb(-2)
    side, rate = random.choice((Side.BUY, Side.SELL)), D(random.choice(("0.001", "0.0025", "0", "-0.0001")))
    if held and random.random() < 0.05:
        quantity, side, rate = abs(held), Side.SELL if held > 0 else Side.BUY, D(0)
    else:
        quantity = D(random.choice((1, 1, 2, 3, 5))) / 10 if random.random() < 0.7 else D(random.randrange(1, 30_000)).scaleb(-8)
    value = quantity * price if random.random() < 0.8 else (quantity * price).quantize(D("0.01"))
    is_base = fee_currency is FeeCurrency.BASE
    fee = ((quantity if is_base else value) * rate).quantize(D("1e-8"))
    return Fill(f"abcdef-naive-1-{number}", "naive", "XBTZAR.luno", side, number,
                FillAmounts(quantity, value, {"XBT" if is_base else "ZAR": fee} if fee else {}))


class Hands:
    """What changed hands, in fractions."""

    def __init__(self) -> None:
        self.cash, self.quantity = Fraction(_CAPITAL), Fraction(0)

    def take(self, fill: Fill) -> None:
        """Hand over both sides of a trade, and its fees."""
        amounts, sign = fill.exact, int(fill.side)
        self.quantity += sign * Fraction(amounts.quantity)
        self.cash -= sign * Fraction(amounts.value)
        self.quantity -= Fraction(amounts.fees.get("XBT", 0))
        self.cash -= Fraction(amounts.fees.get("ZAR", 0))


class Lots:
    """Every lot that is held, with its cost: signed fractions, both below zero for what is owed."""

    def __init__(self) -> None:
        self.lots: list[tuple[Fraction, Fraction]] = []
        self.realized = self.fees = Fraction(0)

    @property
    def quantity(self) -> Fraction:
        """Return what is held."""
        return sum((quantity for quantity, _ in self.lots), Fraction(0))

    @property
    def cost(self) -> Fraction:
        """Return what it cost."""
        return sum((cost for _, cost in self.lots), Fraction(0))

    def take(self, fill: Fill) -> None:
        """Trade, then pay the fee: in base it is so much sold at the fill's price, and the proceeds paid."""
        amounts, sign = fill.exact, int(fill.side)
        quantity, value = Fraction(amounts.quantity), Fraction(amounts.value)
        self.trade(sign * quantity, sign * value)
        for currency, fee in amounts.fees.items():
            worth = Fraction(fee)
            if currency == "XBT":
                worth = grained(value * worth / quantity)
                self.trade(-Fraction(fee), -worth)
            self.fees += worth

    def trade(self, quantity: Fraction, value: Fraction) -> None:
        """Open a lot, or sell from all of them at what they cost on average; what goes beyond them opens one at the trade's own price."""
        held, cost = self.quantity, self.cost
        if held * quantity >= 0:
            self.lots.append((quantity, value))
        elif abs(quantity) < abs(held):
            given_up = grained(cost / held * -quantity)
            self.realized += -value - given_up
            self.lots = [(held + quantity, cost - given_up)]
        else:
            rest = quantity + held
            opened = grained(value / quantity * rest)
            self.realized += -(value - opened) - cost
            self.lots = [(rest, opened)] if rest else []


def grained(amount: Fraction) -> Fraction:
    """Round to 8 decimals, halves to the even one."""
    return Fraction(round(amount * _GRAIN), _GRAIN)


@pytest.mark.parametrize("fee_currency", list(FeeCurrency))
def test_three_ledgers_agree_on_every_figure_after_every_one_of_fifty_thousand_fills(fee_currency: FeeCurrency) -> None:
    count = through_zero = closed = 0
    for strategy in range(FILLS // _OF_ONE_STRATEGY):
        ours = PositionManager("naive", {"XBTZAR.luno": instrument(fee_currency)}, {"ZAR": _CAPITAL}, "ZAR")
        hands, lots = Hands(), Lots()
        position = ours.positions["XBTZAR.luno"]
        random = Random(f"{fee_currency.name} {strategy}")
        for number in range(_OF_ONE_STRATEGY):
            fill = random_fill(random, number, fee_currency, position.exact.quantity)
            before = lots.quantity
            for ledger in (ours.apply, hands.take, lots.take):
                ledger(fill)
            count += 1
            through_zero += before * lots.quantity < 0
            closed += bool(before) and not lots.quantity
            quantity, cost, cash = (Fraction(one) for one in (position.exact.quantity, position.exact.cost, ours.cash["ZAR"]))
            assert quantity == hands.quantity == lots.quantity, fill
            assert cash == hands.cash, fill
            assert cost == lots.cost, fill
            assert Fraction(ours.realized["ZAR"]) == lots.realized, fill
            assert Fraction(ours.fees["ZAR"]) == lots.fees, fill
            assert hands.cash + lots.cost == Fraction(_CAPITAL) + lots.realized - lots.fees, fill
    assert count == FILLS
    assert through_zero > FILLS // 50
    assert closed > FILLS // 50
