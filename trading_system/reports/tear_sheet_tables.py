"""The tear sheet's head and its tables as HTML: headline, strategies, all figures, months. Everything from outside is escaped."""

import math
from collections.abc import Sequence

from trading_system.reports.results import RUN, CurrencyResult, Results, StrategyResult
from trading_system.reports.tear_sheet_text import (
    DAY_NS,
    NOTHING,
    count,
    duration,
    escaped,
    figure,
    iso,
    money,
    money_digits,
    percent,
    unit_of,
)

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: Figures that the table of strategies shows, where they are known; return and drawdown always stand there.
_MAIN = ("sharpe", "trades", "win_rate", "profit_factor")
Cell = tuple[str, float | str]


def headline(results: Results) -> str:
    """Return what ran, from when to when, and per currency capital, equity, return and largest drawdown."""
    span = results.to_ns - results.from_ns
    has_milliseconds = span < DAY_NS
    names = ", ".join(escaped(one.name) for one in results.strategies) or "no strategy"
    if results.kind == RUN:
        work = f"{count(results.events, 'record')} of the journal"
    else:
        work = f"{count(results.events, 'event')} in {duration(results.run_seconds)}{_speed(results)}"
    head = (
        f"<h1>{escaped(results.kind.capitalize())} <span class='names'>{names}</span></h1>"
        f"<p class='when'><time>{iso(results.from_ns, has_milliseconds)}</time> to <time>{iso(results.to_ns, has_milliseconds)}</time> "
        f"({duration(max(0, span) / 1e9)})<br><span class='soft'>{work}</span></p>"
    )
    return head + "".join(_tiles(results, one) for one in _currencies(results)) + _troubles(results)


def _speed(results: Results) -> str:
    return f", {results.events / results.run_seconds:,.0f} a second" if results.run_seconds > 0 and results.events else ""


def strategies_table(results: Results) -> str:
    """Return one row per strategy, and one per currency where several strategies share it; sortable by the page's script."""
    known = [name for name in _MAIN if any(name in one.figures for one in results.strategies)]
    heads = ["strategy", "state", "capital", "equity", "return", unit_of("max_drawdown").label.lower(),
             *(unit_of(name).label[0].lower() + unit_of(name).label[1:] for name in known), "fills", "orders"]
    heads = [head.replace("sharpe", "Sharpe").replace("sortino", "Sortino") for head in heads]
    rows = [_strategy_row(one, known, digits_of(results, one.currency)) for one in results.strategies]
    last = [_strategy_row(one, known, digits_of(results, one.currency)) for one in results.together
            if sum(strategy.currency == one.currency for strategy in results.strategies) > 1]
    return table("strategies", heads, rows, last, texts=2, is_sortable=True)


def figures_table(results: Results) -> str:
    """Return every figure, one per row, with a column per strategy and per currency."""
    lines: list[StrategyResult | CurrencyResult] = [*results.strategies, *results.together]
    names = list(dict.fromkeys(name for one in lines for name in one.figures))
    heads = ["figure", *(one.name if isinstance(one, StrategyResult) else f"together, {one.currency}" for one in lines)]
    rows: list[list[Cell]] = [
        [(unit_of(name).label, ""),
         *((figure(name, one.figures.get(name), one.currency, digits_of(results, one.currency)), "") for one in lines)]
        for name in names
    ]
    orders = [_orders(one) if isinstance(one, StrategyResult) else "" for one in lines]
    if any(orders):
        rows.append([("Orders", ""), *((words, "") for words in orders)])
    return table("figures", heads, rows)


def months_table(results: Results) -> str:
    """Return the heat map of monthly returns: years down, months across, the year's compounded return at the end."""
    lines: list[StrategyResult | CurrencyResult] = []
    for currency in _currencies(results):
        mine = [one for one in results.strategies if one.currency == currency.currency]
        lines += [*([currency] if len(mine) != 1 else []), *mine]
    values = [value for one in lines for value in one.monthly.values() if math.isfinite(value)]
    if not values:
        return "<p>No month has a return: the run is too short, or nothing was traded.</p>"
    # One big month must not make all the others pale.
    most = sorted(map(abs, values))[round(0.95 * (len(values) - 1))] or 1.0
    heads = "".join(f"<th scope='col'>{head}</th>" for head in ("", "year", *_MONTHS, "whole year"))
    body = []
    for one in lines:
        name = escaped(one.name) if isinstance(one, StrategyResult) else f"together, {escaped(one.currency)}"
        for place, year in enumerate(years := sorted({key[:4] for key in one.monthly})):
            who = f"<th scope='rowgroup' rowspan='{len(years)}'>{name}</th>" if place == 0 else ""
            months = [one.monthly.get(f"{year}-{month:02}") for month in range(1, 13)]
            known = [value for value in months if value is not None and math.isfinite(value)]
            total = math.prod(1 + value for value in known) - 1 if known else None
            body.append(f"<tr>{who}<th scope='row'>{escaped(year)}</th>{''.join(_month(value, most) for value in months)}"
                        f"<td class='total'>{percent(total, True)}</td></tr>")
    rows = f"<thead><tr>{heads}</tr></thead><tbody>{''.join(body)}</tbody>"
    return scrolled("monthly returns", f"<table id='months-table' class='months'>{rows}</table>")


def table(
    name: str, heads: Sequence[str], rows: Sequence[Sequence[Cell]], last: Sequence[Sequence[Cell]] = (), *, texts: int = 1,
    is_sortable: bool = False,
) -> str:
    """Return a table; each cell is its words and what it is sorted by. The first `texts` columns are words, the others numbers.

    `last` are rows that stay at the end when the others are sorted. All words are escaped here.
    """
    before, after = ("<button type='button'>", "</button>") if is_sortable and rows else ("", "")
    head = "".join(f"<th scope='col'{' class=text' if index < texts else ''}>{before}{escaped(word)}{after}</th>"
                   for index, word in enumerate(heads))
    body = "".join(_row(row, texts) for row in rows)
    foot = f"<tfoot>{''.join(_row(row, texts) for row in last)}</tfoot>" if last else ""
    sortable = " data-sortable" if is_sortable else ""
    return scrolled(name, f"<table id='{name}-table'{sortable}><thead><tr>{head}</tr></thead><tbody>{body}</tbody>{foot}</table>")


def scrolled(label: str, content: str) -> str:
    """Return wide content in a box of its own that scrolls sideways, by keyboard too."""
    return f"<div class='scroll' tabindex='0' role='region' aria-label='{escaped(label)}'>{content}</div>"


def digits_of(results: Results, currency: str) -> int:
    """Return how many decimals the report shows of a currency."""
    lines: list[StrategyResult | CurrencyResult] = [*results.strategies, *results.together]
    return money_digits(amount for one in lines if one.currency == currency for amount in (one.capital, one.equity))


def largest_drawdown(one: StrategyResult | CurrencyResult) -> float | None:
    """Return the largest drawdown as a negative fraction: the figure, else the lowest point of the picture."""
    value = one.figures.get("max_drawdown")
    if value is None:
        value = max((abs(point) for point in one.drawdown.values if math.isfinite(point)), default=None)
    return None if value is None else -abs(value)


def return_of(one: StrategyResult | CurrencyResult) -> float | None:
    """Return equity over capital less one; None without capital."""
    value = one.equity / one.capital - 1 if one.capital > 0 else math.nan
    return value if math.isfinite(value) else None


def _currencies(results: Results) -> list[CurrencyResult | StrategyResult]:
    # What is together in a currency; where nobody added it up, its strategies stand for themselves.
    covered = {one.currency for one in results.together}
    return [*results.together, *(one for one in results.strategies if one.currency not in covered)]


def _tiles(results: Results, one: CurrencyResult | StrategyResult) -> str:
    digits, change, currency = digits_of(results, one.currency), return_of(one), escaped(one.currency)
    fills = sum(strategy.fills for strategy in results.strategies if strategy.currency == one.currency)
    trades = one.figures.get("trades")
    tiles = [
        ("equity", money(one.equity, digits), f"from {money(one.capital, digits)} {currency}", ""),
        ("return", percent(change, True), f"{money(one.equity - one.capital, digits, True)} {currency}", _tone(change)),
        ("largest drawdown", percent(largest_drawdown(one)), "below the highest point before", ""),
        ("fills", f"{fills:,}", count(int(trades), "closed trade") if trades is not None and math.isfinite(trades) else "", ""),
    ]
    cells = "".join(f"<div class='tile'><dt>{label}</dt><dd class='big {tone}'>{value}</dd><dd class='soft'>{below}</dd></div>"
                    for label, value, below, tone in tiles)
    return f"<dl class='tiles' data-currency='{currency}'><div class='currency'>{currency}</div>{cells}</dl>"


def _troubles(results: Results) -> str:
    items = [f"<li><b>{escaped(one.name)}</b> {escaped(one.trouble)}</li>" for one in results.strategies if one.trouble]
    items += [f"<li>{escaped(note)}</li>" for note in results.notes]
    return f"<ul class='notice'>{''.join(items)}</ul>" if items else ""


def _strategy_row(one: StrategyResult | CurrencyResult, known: Sequence[str], digits: int) -> list[Cell]:
    change, drawdown = return_of(one), largest_drawdown(one)
    row: list[Cell] = [("together", "") if isinstance(one, CurrencyResult) else (one.name, one.name),
                       ("", "") if isinstance(one, CurrencyResult) else (one.trouble or "fine", one.trouble)]
    row += [(f"{money(one.capital, digits)} {one.currency}", one.capital), (f"{money(one.equity, digits)} {one.currency}", one.equity),
            (percent(change, True), _sortable(change)), (percent(drawdown), _sortable(drawdown))]
    row += [(figure(name, one.figures.get(name), one.currency, digits), _sortable(one.figures.get(name))) for name in known]
    if isinstance(one, CurrencyResult):
        return [*row, ("", ""), ("", "")]
    return [*row, (f"{one.fills:,}", one.fills), (f"{sum(one.orders.values()):,}", sum(one.orders.values()))]


def _orders(one: StrategyResult) -> str:
    states = [f"{number:,} {state.lower().replace('_', ' ')}" for state, number in one.orders.items() if number]
    return ", ".join(states) or "none"


def _row(row: Sequence[Cell], texts: int) -> str:
    cells = []
    for index, (words, key) in enumerate(row):
        kind = "text" if index < texts else "negative" if words.startswith("-") else ""
        attributes = (f" class='{kind}'" if kind else "") + (f" data-key='{escaped(key)}'" if key != "" else "")
        cells.append(f"<td{attributes}>{escaped(words)}</td>" if index else f"<th scope='row'{attributes}>{escaped(words)}</th>")
    return f"<tr>{''.join(cells)}</tr>"


def _month(value: float | None, most: float) -> str:
    if value is None or not math.isfinite(value):
        return f"<td class='none'>{NOTHING if value is not None else ''}</td>"
    return f"<td class='{_tone(value)}' style='--heat:{min(1.0, abs(value) / most):.2f}'>{percent(value, True)}</td>"


def _tone(value: float | None) -> str:
    return "" if not value or percent(value) == "0.00%" else "gain" if value > 0 else "loss"


def _sortable(value: float | None) -> float | str:
    return value if value is not None and math.isfinite(value) else ""
