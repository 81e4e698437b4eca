"""Random fills of one strategy over four days: spot in two currencies, a contract, and fees in whatever a venue takes."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from trading_system.core.instrument import Instrument
from trading_system.core.order import Fill, FillAmounts
from trading_system.core.side import Side

D = Decimal
SECOND = 10**9


def make_instrument(symbol: str, base: str, counter: str, **more: Any) -> Instrument:
    return Instrument(symbol, base, counter, D("0.01"), D("1e-8"), D("0.0005"), D(10**6), D("0.01"), D(10**9), **more)


INSTRUMENTS = {instrument.symbol: instrument for instrument in (
    make_instrument("XBTZAR.exchange", "XBT", "ZAR"),
    make_instrument("ETHXBT.exchange", "ETH", "XBT"),
    make_instrument("ETHZAR.exchange", "ETH", "ZAR"),
    make_instrument("GOLD.exchange", "GOLD", "ZAR", multiplier=D("2.5"), is_spot=False),
)}
SYMBOLS = tuple(INSTRUMENTS)


@st.composite
def fill_lists(draw: st.DrawFn, most: int) -> list[Fill]:
    """Return at most `most` fills in the order of their times, each of an order of its own."""
    fills = []
    for number, second in enumerate(sorted(draw(st.lists(st.integers(0, 4 * 86_400 + 10), max_size=most)))):
        instrument = INSTRUMENTS[draw(st.sampled_from(SYMBOLS))]
        # Few sizes, so that positions close exactly and go through zero often.
        quantity = draw(st.sampled_from((D(1), D(2), D("0.5"), D("0.3"))))
        fees = draw(st.dictionaries(st.sampled_from(("ZAR", "XBT", "ETH", "BNB", "GOLD")), st.sampled_from((D("0.01"), D("0.002"), D("-0.001"))),
                                    max_size=2))
        price = draw(st.decimals("50", "200", places=2)) / (2000 if instrument.counter == "XBT" else 1)
        fills.append(Fill(f"o{number}", "one", instrument.symbol, draw(st.sampled_from(tuple(Side))), second * SECOND,
                          FillAmounts(quantity, quantity * price, fees)))
    return fills
