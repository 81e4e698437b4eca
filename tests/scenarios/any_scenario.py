"""Makes scenarios up from a seed, in the words of the files: a price that wanders, two strategies that order whatever comes to mind."""

from random import Random
from typing import Any

_FILLS = ("{}", "{volume_share: 0.1}", "{latency_seconds: 0.7, slippage_ticks: 1}", "{limit_fills: touch}",
          "{latency_seconds: 1.2, volume_share: 0.25, limit_fills: through}")
_INSTRUMENTS = ("{}", "{maker_fee: 0.001, taker_fee: 0.002}", "{maker_fee: 0.001, taker_fee: 0.0025, fee_currency: base}",
                "{has_market_orders_by_quantity: no, taker_fee: 0.001}")
_QUANTITIES = ("0.5", "1", "2.25", "3")
_LAST_SECOND = 25


def any_scenario(seed: int) -> str:
    """Return the text of a scenario, without expectations.

    Left out is where a live house may truly differ: no order is canceled at the very moment at which it is placed (it may be caught on its
    way out), none is post-only (it is refused by the price of that moment, in history by the price it meets), and at most one order has
    something done at its fill (of several fills of one event a house that asks hears in an order of its own).
    """
    chance = Random(f"any scenario {seed}")
    symbols = ("XBTZAR", "ETHZAR")[:chance.choice((1, 1, 2))]
    ticks: dict[str, list[tuple[Any, ...]]] = {symbol: [] for symbol in symbols}
    trades: dict[str, list[tuple[Any, ...]]] = {symbol: [] for symbol in symbols}
    prices, second = dict.fromkeys(symbols, 100), 0.5
    while second < _LAST_SECOND:
        second += chance.choice((0.5, 0.5, 1, 1.5))
        symbol = chance.choice(symbols)
        price = prices[symbol] = max(60, prices[symbol] + chance.randrange(-4, 5) + chance.choice((0,) * 19 + (-12, 12)))
        if chance.random() < 0.7 or not ticks[symbol]:
            ticks[symbol].append((second, price, price + chance.randrange(1, 3)))
        else:
            trades[symbol].append((second, price + chance.randrange(-3, 4), chance.randrange(1, 300) / 10, chance.choice(("buys", "sells"))))
    market = "".join(f"  {symbol}:\n    ticks: |\n{_table('second bid ask', ticks[symbol])}"
                     + (f"    trades: |\n{_table('second price quantity taker', trades[symbol])}" if trades[symbol] else "") for symbol in symbols)
    instruments = ", ".join(f"{symbol}: {chance.choice(_INSTRUMENTS)}" for symbol in symbols)
    return (f"about: anything\nfills: {chance.choice(_FILLS)}\ninstruments: {{{instruments}}}\nmarket:\n{market}"
            f"strategies:\n{_strategy('first', chance, ticks)}{_strategy('second', chance, ticks)}"
            "expect:\n" + "".join(f"  {name}: {{orders: '', fills: '', position: {{}}, money: ''}}\n" for name in ("first", "second")))


def _table(head: str, rows: list[tuple[Any, ...]]) -> str:
    return "".join(f"      {line}\n" for line in (head, *(" ".join(map(str, row)) for row in rows)))


def _strategy(name: str, chance: Random, ticks: dict[str, list[tuple[Any, ...]]]) -> str:
    lines, placed = list[str](), list[tuple[str, str, float]]()
    moments = sorted((row[0], symbol, row[1]) for symbol, rows in ticks.items() for row in rows)[:-2]
    for second, symbol, bid in moments:
        for _ in range(chance.choice((0, 0, 1, 1, 2))):
            before = [one for one in placed if one[2] < second and one[1] == symbol]
            if before and chance.random() < 0.2:
                old = chance.choice(before)[0]
                lines.append(f"at {second}: " + chance.choice((f"cancel {old}", f"replace {old} limit {bid + chance.randrange(-6, 7)}")))
            else:
                placed.append((f"o{len(placed) + 1}", symbol, second))
                lines.append(f"at {second}: {_order(chance, symbol, bid)} as {placed[-1][0]}")
    ending = chance.choice(("flatten", "fill", "fill", "raise", "nothing"))
    if ending == "flatten":
        lines.append(f"every {chance.choice((4.5, 7, 11))}: flatten")
    elif ending == "fill" and placed:
        order, symbol, _ = chance.choice(placed)
        lines.append(f"on fill of {order}: sell 0.4 {symbol} limit {chance.randrange(80, 120)} as exit")
    elif ending == "raise":
        last = moments[-3][0]
        lines = [line for line in lines if not line.startswith(f"at {last}:")] + [f"at {last}: raise enough"]
    return f"  {name}:\n    capital: {{ZAR: 2000}}\n    does:\n" + "".join(f"      - {line}\n" for line in lines)


def _order(chance: Random, symbol: str, bid: int) -> str:
    side = chance.choice(("buy", "buy", "sell"))
    away, quantity = 1 if side == "buy" else -1, chance.choice(_QUANTITIES)
    limit, stop = bid + chance.randrange(-6, 7), bid + away * chance.randrange(1, 8)
    return chance.choice((
        f"{side} {quantity} {symbol}", f"{side} {quantity} {symbol} limit {limit}", f"{side} {quantity} {symbol} limit {limit} IOC",
        f"{side} {quantity} {symbol} limit {limit} FOK", f"{side} {quantity} {symbol} stop {stop}",
        f"{side} {quantity} {symbol} stop {stop} limit {stop + chance.randrange(-4, 5)}", f"buy value {chance.randrange(50, 400)} {symbol}"))
