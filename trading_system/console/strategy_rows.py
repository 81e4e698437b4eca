"""A strategy's part of the picture in short texts: for the live table, the statement at the end and the `status` command."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from trading_system.console.figures import NOTHING, clean, digits_of, money, number, quantity

Picture = Mapping[str, Any]


def position_words(row: Picture, market: Picture) -> str:
    """Return what is held, the dust of fees left out: "0.001996 XBT", "500 XRP +2" for three positions, "flat"."""
    held = [(symbol, position) for symbol, position in (row.get("positions") or {}).items() if not position.get("is_flat", False)]
    if not held:
        return "flat"
    symbol, position = held[0]
    grid = market.get(symbol) or {}
    base = clean(grid.get("base") or symbol.partition(".")[0])
    return f"{quantity(position.get('quantity'), grid.get('quantity_step'))} {base}" + (f" +{len(held) - 1}" if len(held) > 1 else "")


def cost(row: Picture, market: Picture) -> Decimal:
    """Return what the positions have cost, in the strategy's own currency."""
    total = Decimal(0)
    for symbol, position in (row.get("positions") or {}).items():
        if (market.get(symbol) or {}).get("counter", row.get("currency")) == row.get("currency"):
            total += number(position.get("cost")) or 0
    return total


def own(row: Picture, key: str) -> Decimal | None:
    """Return an amount of the strategy's own currency; 0 where nothing was booked, None where it is not known."""
    table = row.get(key) or {}
    currency = row.get("currency")
    return number(table[currency]) if currency in table else Decimal(0)


def profit(row: Picture) -> Decimal | None:
    """Return realized and open profit less fees; None where the open profit is not known."""
    realized, opened, fees = own(row, "realized"), own(row, "open"), own(row, "fees")
    return None if realized is None or opened is None or fees is None else realized + opened - fees


def money_digits(currency: str, market: Picture) -> int:
    """Return how many decimals a currency is shown with: those of the markets that are paid for in it."""
    return max((digits_of(grid.get("value_step"), 2) for grid in market.values() if grid.get("counter") == currency), default=2)


def doing(row: Picture) -> str:
    """Return why it stands still, what it waits for, or what it decided last."""
    state = str(row.get("state") or "running")
    if state != "running":
        return clean(state)
    if decision := row.get("last_decision"):
        return clean(decision)
    waits_for = row.get("waits_for")
    return clean(f"waiting for {waits_for}") if waits_for else "looking on, nothing decided yet"


def strategy_cells(row: Picture, market: Picture) -> tuple[str, ...]:
    """Return position, open profit, orders, fills, profit after fees and what it did last."""
    currency = str(row.get("currency") or "")
    digits = money_digits(currency, market)
    return (position_words(row, market), money(own(row, "open"), digits, True), str(row.get("open_orders", NOTHING)),
            str(row.get("fills", NOTHING)), f"{money(profit(row), digits, True)} {clean(currency)}", doing(row))
