"""A run's results as plain text for the terminal: strategies as rows, what all of a currency came to, and what to know when reading it.

Pure functions; no line is wider than asked. Columns that do not fit side by side follow in a further block, so nothing is dropped.
"""

import math
import textwrap
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from trading_system.reports.results import RUN, CurrencyResult, DataNote, Results, StrategyResult

NOTHING = "\u2013"
_GAP = "  "
_LEAST_WIDTH = 40
_FIRST_COLUMN = "strategy"
_LAST_COLUMN = "orders"
_ANNUAL_SENTENCE = "Annual figures and ratios need at least 30 days; this run was shorter."


class _Row(msgspec.Struct, frozen=True):
    name: str
    cells: dict[str, str]


def table_lines(results: Results, width: int) -> list[str]:
    """Return the table and the notes under it as lines of at most `width` columns; a width below 40 is read as 40."""
    width = max(width, _LEAST_WIDTH)
    lines = _wrapped(_headline(results), width)
    if results.strategies:
        lines += ["", *_blocks(_rows(results), width)]
    else:
        lines += ["", "No strategy ran."]
    lines += _section("", _remarks(results), width)
    lines += _section("Assumptions", results.assumptions, width)
    lines += _section("Data", [_data_sentence(note) for note in results.data], width)
    lines += _section("Notes", results.notes, width)
    return lines


def _headline(results: Results) -> str:
    if not results.events:
        return f"{_clean(results.kind).capitalize()}: no events."
    span = f"{_clean(results.kind).capitalize()} from {_time(results.from_ns)} to {_time(results.to_ns)} UTC"
    if results.kind == RUN:
        return f"{span}: {results.events:,} record{'s' * (results.events != 1)} of the journal."
    rate = f", {results.events / results.run_seconds:,.0f} a second" if results.run_seconds > 0.0 else ""
    return f"{span}: {results.events:,} events in {results.run_seconds:.1f} s{rate}."


def _rows(results: Results) -> list[_Row]:
    rows = [_Row(_clean(one.name), _cells(one) | {_LAST_COLUMN: _orders(one.orders)}) for one in results.strategies]
    for one in results.together:
        ours = [strategy.orders for strategy in results.strategies if strategy.currency == one.currency]
        if len(ours) > 1:
            outcomes = dict.fromkeys(outcome for orders in ours for outcome in orders)
            sums = {outcome: sum(orders.get(outcome, 0) for orders in ours) for outcome in outcomes}
            rows.append(_Row(f"together {one.currency}", _cells(one) | {_LAST_COLUMN: _orders(sums)}))
    return rows


def _cells(one: StrategyResult | CurrencyResult) -> dict[str, str]:
    figures, digits = one.figures, _money_digits(one.capital)
    trades = figures.get("trades")
    has_trades = bool(trades)
    factor = figures.get("profit_factor")
    has_no_losses = has_trades and factor is None and (figures.get("worst") or 0.0) >= 0.0
    change = figures.get("total_return")
    if change is None and one.capital > 0.0:
        change = one.equity / one.capital - 1.0
    return {
        "currency": _clean(one.currency),
        "capital": _money(one.capital, digits),
        "equity": _money(one.equity, digits),
        "return %": _percent(change, True),
        "annual %": _percent(figures.get("annual_return"), True),
        "max drawdown %": _percent(figures.get("max_drawdown")),
        "Sharpe": _number(figures.get("sharpe")),
        "trades": NOTHING if trades is None else f"{trades:,.0f}",
        "win rate %": _percent(figures.get("win_rate"), digits=1) if has_trades else "no trades",
        "profit factor": "no losses" if has_no_losses else _number(factor),
        "fees": _money(figures.get("fees"), digits),
    }


def _orders(orders: Mapping[str, int]) -> str:
    told = [f"{count:,} {_clean(outcome)}" for outcome, count in orders.items() if count]
    return ", ".join(told) or "none"


def _remarks(results: Results) -> list[str]:
    found = [f"{_clean(one.name)}: {_clean(one.trouble)}" for one in results.strategies if one.trouble]
    for one in results.strategies:
        others = [f"{_clean(amount)} {_clean(currency)}" for currency, amount in one.ledger.get("fees", {}).items()
                  if currency != one.currency and amount.strip("-0.")]
        if others:
            found.append(f"{_clean(one.name)} also paid fees of {', '.join(others)}.")
    if any(one.figures.get("annual_return") is None for one in results.strategies) and _is_short(results):
        found.append(_ANNUAL_SENTENCE)
    if results.trades_left_out:
        found.append(f"{len(results.trades):,} trades are listed; {results.trades_left_out:,} older ones are in the figures only.")
    return found


def _is_short(results: Results) -> bool:
    return (results.to_ns - results.from_ns) / 1e9 < 30 * 86_400


def _data_sentence(note: DataNote) -> str:
    span = f", {_time(note.first_ns)} to {_time(note.last_ns)} UTC" if note.rows else ""
    told = f"{_clean(note.symbol)}: {_clean(note.file)}, {note.rows:,} {_clean(note.kind)}{span}."
    return " ".join([told, *(_clean(sentence) for sentence in note.sentences)])


def _blocks(rows: Sequence[_Row], width: int) -> list[str]:
    names = [_FIRST_COLUMN, *(row.name for row in rows)]
    first = min(max(len(name) for name in names), width // 2)
    columns = list(rows[0].cells)
    widths = {name: max(len(name), *(len(row.cells[name]) for row in rows)) for name in columns}
    lines: list[str] = []
    while columns:
        taken, used = list[str](), first
        while columns and (not taken or used + len(_GAP) + _needed(columns[0], widths) <= width):
            used += len(_GAP) + _needed(columns[0], widths)
            taken.append(columns.pop(0))
        lines += [""] if lines else []
        lines += _line(_FIRST_COLUMN, {name: name for name in taken}, taken, widths, first, width)
        for row in rows:
            lines += _line(row.name, row.cells, taken, widths, first, width)
    return lines


def _needed(name: str, widths: Mapping[str, int]) -> int:
    # The orders may be folded, the numbers may not.
    return min(widths[name], 30) if name == _LAST_COLUMN else widths[name]


def _line(name: str, cells: Mapping[str, str], taken: Sequence[str], widths: Mapping[str, int], first: int, width: int) -> list[str]:
    shown = name if len(name) <= first else name[: first - 1] + "\u2026"
    line = shown.ljust(first)
    for column in taken:
        if column != _LAST_COLUMN:
            line += _GAP + cells[column].rjust(widths[column])[: width - len(line) - len(_GAP)]
    if _LAST_COLUMN not in taken:
        return [line.rstrip()]
    indent = len(line) + len(_GAP)
    folded = textwrap.wrap(cells[_LAST_COLUMN], max(width - indent, 10), break_on_hyphens=False) or [""]
    return [line + _GAP + folded[0], *(" " * indent + more for more in folded[1:])]


def _section(title: str, sentences: Sequence[str], width: int) -> list[str]:
    if not sentences:
        return []
    lines = ["", title] if title else [""]
    for sentence in sentences:
        lines += textwrap.wrap(_clean(sentence), width, initial_indent="- " if title else "", subsequent_indent="  " if title else "",
                               break_on_hyphens=False)
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_on_hyphens=False)


def _clean(text: str) -> str:
    # What comes from files may hold characters that move the cursor; they are spelled out.
    return text if text.isprintable() else "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def _money_digits(capital: float) -> int:
    # Five significant digits of the capital, at least the cents: 20,000.00 ZAR, 0.50000 XBT.
    size = abs(capital)
    return max(2, min(8, 4 - math.floor(math.log10(size)))) if size > 0.0 and math.isfinite(size) else 2


def _money(value: float | None, digits: int) -> str:
    return NOTHING if value is None or not math.isfinite(value) else _signless(f"{value:,.{digits}f}")


def _percent(value: float | None, is_signed: bool = False, digits: int = 2) -> str:
    if value is None or not math.isfinite(value):
        return NOTHING
    return _signless(f"{value * 100.0:{'+' if is_signed else ''},.{digits}f}")


def _number(value: float | None) -> str:
    return NOTHING if value is None or not math.isfinite(value) else _signless(f"{value:,.2f}")


def _signless(text: str) -> str:
    # What rounds to nothing has no sign.
    return text.lstrip("+-") if not text.strip("+-0.,") else text


def _time(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns // 10**9, UTC).strftime("%Y-%m-%d %H:%M")
