"""The strategies' part of a frame: a row each with what fits, below or beside it what it does, and the totals per currency."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rich.text import Text

from trading_system.console.columns import GAP, Column, Row, clip, cut, table
from trading_system.console.figures import clean, money, number, sparkline
from trading_system.console.scene import Scene
from trading_system.console.strategy_rows import cost, doing, money_digits, own, position_words, profit

_CURVE = 14
_DECISION = 24
_NAME, _POSITION, _COST, _OPEN, _REALIZED, _FEES = "strategy", "position", "cost", "open", "realized", "fees"
_PROFIT, _EQUITY, _ORDERS, _FILLS, _SO_FAR = "profit", "equity", "orders", "fills", "equity so far"
_COLUMNS = (
    Column(_NAME, 0, is_left=True), Column(_POSITION, 1, 12), Column(_COST, 8, 9), Column(_OPEN, 3, 8), Column(_REALIZED, 5, 8),
    Column(_FEES, 6, 6), Column(_PROFIT, 7, 9), Column(_EQUITY, 2, 10), Column(_ORDERS, 4), Column(_FILLS, 10),
    Column(_SO_FAR, 9, _CURVE, is_left=True),
)
_Strategy = tuple[str, dict[str, Any]]


def strategy_lines(scene: Scene, width: int, height: int) -> list[Text]:
    """Return at most `height` lines of at most `width` cells. With little height the decisions go first, then the rows that do not fit."""
    strategies = list(scene.strategies.items())
    if not strategies or height < 2:
        return []
    currencies = sorted({str(row.get("currency") or "") for _, row in strategies})
    totals = currencies[:3] if len(strategies) > 1 and height >= len(currencies[:3]) + 3 else []
    room = height - 1 - len(totals)
    is_two_lined = room >= 2 * len(strategies)
    if len(strategies) > room:
        # What stands still is shown before what runs; the order is the configuration's otherwise.
        strategies.sort(key=lambda strategy: strategy[1].get("state", "running") == "running")
    shown = strategies[:room if len(strategies) <= room else room - 1]
    columns = [column for column in _COLUMNS if is_two_lined or column.name != _SO_FAR]
    rows = [_row(scene, name, row, len(currencies) > 1) for name, row in shown]
    rows += [_total(scene, currency, strategies) for currency in totals]
    heading, *lines = table(columns, rows, width)
    found = [heading]
    for (_, row), line in zip(shown, lines, strict=False):
        beside = width - line.cell_len - 2 * GAP
        if not is_two_lined and beside >= _DECISION:
            line.append(" " * 2 * GAP)
            line.append(clip(scene.shortened(doing(row)), beside), _tone(row))
        found.append(line)
        if is_two_lined:
            found.append(cut(Text("  " + scene.shortened(doing(row)), style=_tone(row), no_wrap=True), width))
    if more := strategies[len(shown):]:
        found.append(cut(Text(f"… {_more(more)}", style="dim", no_wrap=True), width))
    return found + lines[len(shown):]


def signed(amount: Decimal | None, digits: int) -> tuple[str, str]:
    """Return a profit with its sign and its color."""
    text = money(amount, digits, True)
    return text, "green" if text.startswith("+") else "red" if text.startswith("-") else ""


def _row(scene: Scene, name: str, row: dict[str, Any], is_mixed: bool) -> Row:
    currency = str(row.get("currency") or "")
    digits = money_digits(currency, scene.market)
    cells = _amounts(digits, cost(row, scene.market), own(row, "open"), own(row, "realized"), own(row, "fees"), profit(row))
    equity = money(row.get("equity"), digits) + (f" {clean(currency)}" if is_mixed else "")
    return {
        **cells, _NAME: (clean(name), "bold" if row.get("state", "running") == "running" else "bold yellow"),
        _POSITION: (position_words(row, scene.market), ""), _EQUITY: (equity, ""), _ORDERS: (clean(row.get("open_orders", "")), ""),
        _FILLS: (clean(row.get("fills", "")), ""), _SO_FAR: (sparkline(scene.equity.get(name, []), _CURVE), "cyan"),
    }


def _total(scene: Scene, currency: str, strategies: Sequence[_Strategy]) -> Row:
    rows = [row for _, row in strategies if str(row.get("currency") or "") == currency]
    digits = money_digits(currency, scene.market)
    opened, realized, fees = (_sum([own(row, key) for row in rows]) for key in ("open", "realized", "fees"))
    cells = _amounts(digits, _sum([cost(row, scene.market) for row in rows]), opened, realized, fees, _sum([profit(row) for row in rows]))
    equity = money(_sum([number(row.get("equity")) for row in rows]), digits)
    orders, fills = (str(sum(int(row.get(key) or 0) for row in rows)) for key in ("open_orders", "fills"))
    return {
        **cells, _NAME: (f"total {clean(currency)}", "bold"), _EQUITY: (equity, "bold"), _ORDERS: (orders, ""), _FILLS: (fills, ""),
        _SO_FAR: (sparkline(scene.totals.get(currency, []), _CURVE), "cyan"),
    }


def _amounts(digits: int, spent: Decimal | None, opened: Decimal | None, realized: Decimal | None, fees: Decimal | None,
             won: Decimal | None) -> Row:
    return {_COST: (money(spent, digits), ""), _OPEN: signed(opened, digits), _REALIZED: signed(realized, digits),
            _FEES: (money(fees, digits), ""), _PROFIT: signed(won, digits)}


def _sum(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None


def _tone(row: dict[str, Any]) -> str:
    return "dim" if row.get("state", "running") == "running" else "yellow"


def _more(more: Sequence[_Strategy]) -> str:
    holding = sum(any(not held.get("is_flat") for held in (row.get("positions") or {}).values()) for _, row in more)
    orders = sum(int(row.get("open_orders") or 0) for _, row in more)
    return f"{len(more)} more, {holding} with a position, {orders} orders open: python main.py status"
