"""The tear sheet's lists as HTML: closed trades, page by page, the data that was read, what was assumed, and whether the books balance."""

import math
from decimal import Decimal, InvalidOperation, localcontext

from trading_system.reports.results import ClosedTrade, Results, StrategyResult
from trading_system.reports.tear_sheet_pictures import trade_return
from trading_system.reports.tear_sheet_tables import Cell, digits_of, scrolled, table
from trading_system.reports.tear_sheet_text import DAY_NS, count, escaped, exact, iso, money, percent, plain_number

#: The newest trades that are listed, and how many of them stand on a page.
TRADES = 5_000
PAGE = 50
_TRADE_HEADS = ("strategy", "instrument", "side", "quantity", "entry", "entry price", "exit", "exit price", "profit", "return", "fees")
_TRADE_TEXTS = 3
_AMOUNTS = ("capital", "realized", "fees", "cash", "cost")


def trades_table(results: Results) -> str:
    """Return the first page of closed trades, newest first, with buttons for the others, and a sentence where some are not listed."""
    if not results.trades:
        left = f" {count(results.trades_left_out, 'trade')} happened but were not kept." if results.trades_left_out else ""
        return f"<p>No trade was closed.{left}</p>"
    rows = trade_rows(results)
    total = len(results.trades) + results.trades_left_out
    sentence = f"All {count(total, 'closed trade')}, newest first." if len(rows) == total else \
        f"The newest {len(rows):,} of {total:,} closed trades, newest first; {total - len(rows):,} are not shown."
    if total == 1:
        sentence = "One closed trade."
    pager = ("<p class='pager' hidden><button type='button' data-step='-1'>newer</button> <span></span> "
             "<button type='button' data-step='1'>older</button></p>") if len(rows) > PAGE else ""
    first = f"<noscript><p>Only the first {PAGE} are listed without JavaScript.</p></noscript>" if len(rows) > PAGE else ""
    return f"<p>{sentence}</p>{first}" + table("trades", _TRADE_HEADS, rows[:PAGE], texts=_TRADE_TEXTS, is_sortable=True) + pager


def trade_rows(results: Results) -> list[list[Cell]]:
    """Return the listed trades as rows of words and of what they are sorted by, newest first."""
    counters = {one.symbol: one.counter for one in results.instruments}
    digits = {currency: digits_of(results, currency) for currency in set(counters.values())}
    has_milliseconds = results.to_ns - results.from_ns < DAY_NS
    newest = sorted(results.trades, key=lambda trade: trade.exit_ns, reverse=True)[:TRADES]
    return [_trade_row(trade, counters.get(trade.symbol, ""), digits, has_milliseconds) for trade in newest]


def assumptions_list(results: Results) -> str:
    """Return what the fills rest on, in sentences."""
    if not results.assumptions:
        return "<p>None: what is shown did happen at the venue.</p>" if results.kind != "backtest" else "<p>None are stated.</p>"
    return f"<ul>{''.join(f'<li>{escaped(sentence)}</li>' for sentence in results.assumptions)}</ul>"


def data_table(results: Results) -> str:
    """Return which files were read, what they held and what was wrong with them."""
    if not results.data:
        return "<p>No file of market data was read.</p>"
    rows: list[list[Cell]] = [
        [(note.symbol, ""), (note.kind, ""), (note.file, ""), (f"{note.rows:,}", ""), (iso(note.first_ns) if note.rows else "", ""),
         (iso(note.last_ns) if note.rows else "", "")] for note in results.data]
    faults = [f"<li><b>{escaped(note.symbol)}</b> <span class='soft'>{escaped(note.file)}</span>: {escaped(sentence)}</li>"
              for note in results.data for sentence in note.sentences]
    found = f"<ul>{''.join(faults)}</ul>" if faults else "<p>Nothing was wrong with it.</p>"
    return table("data", ("instrument", "kind", "file", "rows", "first", "last"), rows, texts=3) + found


def books(results: Results) -> str:
    """Return the conservation line of each ledger: capital + realized - fees = cash + cost, added up here once more, exactly."""
    lines = [line for strategy in results.strategies for line in _book_lines(strategy)]
    if not lines:
        return "<p>No ledger was kept.</p>"
    return ("<p>What came in must be there: capital + realized - fees = cash + cost of positions, to the last digit.</p>"
            + scrolled("books", f"<ul class='books'>{''.join(lines)}</ul>"))


def _trade_row(trade: ClosedTrade, currency: str, digits: dict[str, int], has_milliseconds: bool) -> list[Cell]:
    share, places = trade_return(trade), digits.get(currency, 2)
    side = "long" if trade.is_long else "short"
    return [
        (trade.strategy, trade.strategy), (trade.symbol, trade.symbol), (side, side),
        (plain_number(trade.quantity), _key(trade.quantity)),
        (iso(trade.entry_ns, has_milliseconds), trade.entry_ns // 10**6), (plain_number(trade.entry_price), _key(trade.entry_price)),
        (iso(trade.exit_ns, has_milliseconds), trade.exit_ns // 10**6), (plain_number(trade.exit_price), _key(trade.exit_price)),
        (f"{money(trade.profit, places, True)} {currency}".strip(), _key(trade.profit)), (percent(share, True), _key(share)),
        (f"{money(trade.fees, places)} {currency}".strip(), _key(trade.fees)),
    ]


def _key(value: float | None) -> float | str:
    return float(f"{value:.9g}") if value is not None and math.isfinite(value) else ""


def _book_lines(strategy: StrategyResult) -> list[str]:
    currencies = dict.fromkeys(currency for name in _AMOUNTS for currency in strategy.ledger.get(name, {}))
    return [_book_line(strategy, currency) for currency in currencies]


def _book_line(strategy: StrategyResult, currency: str) -> str:
    name, where = escaped(strategy.name), escaped(currency)
    if missing := [amount for amount in _AMOUNTS if amount not in strategy.ledger]:
        return f"<li><b>{name}</b>, {where}: not checked, the ledger does not tell {' and '.join(missing)}.</li>"
    texts = {amount: strategy.ledger[amount].get(currency, "0") for amount in _AMOUNTS}
    try:
        with localcontext(prec=60):
            capital, realized, fees, cash, cost = (Decimal(texts[amount]) for amount in _AMOUNTS)
            difference = capital + realized - fees - cash - cost
        words = {amount: f"({exact(text)})" if text.startswith("-") else exact(text) for amount, text in texts.items()}
    except InvalidOperation:
        return f"<li class='broken'><b>{name}</b>, {where}: the ledger holds something that is no number.</li>"
    verdict = "<span class='fine'>balances exactly</span>" if not difference else \
        f"<span class='broken'>DOES NOT BALANCE: {escaped(exact(str(difference)))} {where} too much on the left</span>"
    return (f"<li><b>{name}</b>, {where}: {words['capital']} + {words['realized']} - {words['fees']} = {words['cash']} + {words['cost']} "
            f"{verdict}</li>")
