"""The story of the 24 hours before a simulated market opened; told once per market by `exchange.py`. It must never
draw from any generator but the one it is given."""

import math
from decimal import Decimal
from random import Random

from brokerage.luno_simulator.market import Market
from brokerage.luno_simulator.order import whole_lots
from brokerage.luno_simulator.trade_tape import DAY_MS, Trade

_BUSY_MS = 15 * 60 * 1000
_BUSY_GAP_MS = 1_000
_QUIET_GAP_MS = 120_000
_DEVIATION_PER_SQUARE_ROOT_SECOND = 0.0002
_REVERSION_PER_SECOND = 9e-5


def tell_past_trades(
    market: Market, random: Random, now_ms: int, end_price: Decimal, last_sequence: int
) -> list[Trade]:
    """Return a mean-reverting random walk of trades that ends at `end_price` at `now_ms`, oldest first.

    About one trade a second in the last quarter of an hour and one every two minutes before it: enough for the
    hundred newest trades and for a day's volume, and told in some ten milliseconds.
    """
    trades: list[Trade] = []
    scale = 10**market.price_scale
    anchor = float(market.start_price)
    deviation = math.log(float(end_price) / anchor)
    typical = float(market.typical_volume)
    lot = market.lot
    time_ms = float(now_ms)
    price = end_price
    sequence = last_sequence
    # The walk is told backwards, because its end is what is known.
    while time_ms > now_ms - DAY_MS:
        volume = max(whole_lots(Decimal(typical * random.lognormvariate(-0.5, 0.8)), lot), lot)
        trades.append(Trade(sequence, int(time_ms), price, volume, random.random() < 0.5))
        gap_ms = random.expovariate(1.0) * (_BUSY_GAP_MS if time_ms > now_ms - _BUSY_MS else _QUIET_GAP_MS)
        time_ms -= gap_ms
        sequence -= 1
        gap_seconds = gap_ms / 1000
        deviation *= math.exp(-_REVERSION_PER_SECOND * gap_seconds)
        deviation += random.gauss(0.0, _DEVIATION_PER_SQUARE_ROOT_SECOND * math.sqrt(gap_seconds))
        price = Decimal(round(anchor * math.exp(deviation) * scale)).scaleb(-market.price_scale)
    trades.reverse()
    return trades
