"""Writes a run's results as one HTML page that needs no network: pictures first, then the tables, then every trade.

Called by the commands. plotly is an extra of the project; only its script is used, and only here.
"""

import contextlib
import importlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from trading_system.core.errors import ConfigError
from trading_system.reports.results import InstrumentResult, Results
from trading_system.reports.tear_sheet_pictures import Picture, equity_pictures, price_picture, returns_picture
from trading_system.reports.tear_sheet_records import PAGE, assumptions_list, books, data_table, trade_rows, trades_table
from trading_system.reports.tear_sheet_script import SCRIPT
from trading_system.reports.tear_sheet_style import STYLE
from trading_system.reports.tear_sheet_tables import figures_table, headline, months_table, strategies_table
from trading_system.reports.tear_sheet_text import count, escaped, iso

#: Instruments that get a picture; those that were traded most come first.
INSTRUMENTS = 24
# The browser itself refuses every request; plotly.js carries addresses in its text that this page never uses.
_POLICY = ("default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; "
           "form-action 'none'")


def write_tear_sheet(results: Results, path: Path) -> None:
    """Write the page to `path`, replacing what is there only when the new one is whole.

    Raises ConfigError when plotly is not installed, and OSError with a sentence naming `path` when it cannot be written.
    """
    data = page(results, _plotly_script()).encode()
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):      # its folder may be what is wrong
            temporary.unlink(missing_ok=True)
        raise OSError(error.errno, f"the tear sheet could not be written: {error.strerror or error}", str(path)) from error


def page(results: Results, plotly_script: str) -> str:
    """Return the whole page; `plotly_script` is plotly.js itself."""
    equity, (prices, not_drawn), returns = equity_pictures(results), _price_pictures(results), returns_picture(results.trades)
    pictures = [*equity, *prices, *([returns] if returns else [])]
    title = f"{results.kind.capitalize()}, {iso(results.from_ns)[:10]} to {iso(results.to_ns)[:10]}"
    more = f"<p>Without a picture: {count(not_drawn, 'instrument')}, traded less than these or without any price.</p>" if not_drawn else ""
    sections = [
        ("equity", "Equity and drawdown", _drawn(equity) or "<p>No equity was kept: the run is too short for a line.</p>"),
        ("prices", "Price and fills", (_drawn(prices) or "<p>No price and no fill was kept.</p>") + more),
        ("months", "Monthly returns", months_table(results)),
        ("returns", "Returns of trades", _drawn([returns], has_heading=False) if returns else _few(results)),
        ("strategies", "Strategies", strategies_table(results) if results.strategies else "<p>No strategy ran.</p>"),
        ("figures", "All figures", figures_table(results)),
        ("trades", "Trades", trades_table(results)),
        ("assumptions", "Assumptions", assumptions_list(results)),
        ("data", "Data", data_table(results)),
        ("books", "The books", books(results)),
    ]
    links = "".join(f"<a href='#{name}'>{heading}</a>" for name, heading, _ in sections)
    body = "".join(f"<section id='{name}'><h2>{heading}</h2>{content}</section>" for name, heading, content in sections)
    trades = {"rows": trade_rows(results), "texts": 3, "page": PAGE}
    return (
        f"<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'><meta http-equiv='Content-Security-Policy' content=\"{_POLICY}\">"
        f"<meta name='viewport' content='width=device-width, initial-scale=1'><title>{escaped(title)}</title>\n"
        f"<style>{STYLE}</style></head>\n"
        f"<body><header>{headline(results)}<nav>{links}</nav></header>\n<main>{body}</main>\n"
        "<footer>All times are UTC. Money is in the currency named beside it; nothing is added up across currencies.</footer>\n"
        f"<script type='application/json' id='pictures'>{_json([msgspec.to_builtins(one) for one in pictures])}</script>\n"
        f"<script type='application/json' id='trades-data'>{_json(trades)}</script>\n"
        f"<script>{plotly_script}</script>\n<script>{SCRIPT}</script></body></html>\n"
    )


def _plotly_script() -> str:
    # By name: plotly is optional and comes without types.
    try:
        offline = importlib.import_module("plotly.offline")
    except ImportError as error:
        raise ConfigError("the tear sheet needs plotly, the extra 'plot': pip install 'trading-system[plot]'"
                          " (or, in the project's folder, pip install -e '.[plot]')") from error
    script: str = offline.get_plotlyjs()
    return script


def _price_pictures(results: Results) -> tuple[list[Picture], int]:
    fills: dict[str, int] = {}
    for fill in results.fills:
        fills[fill.symbol] = fills.get(fill.symbol, 0) + 1
    busiest: Sequence[InstrumentResult] = sorted(results.instruments, key=lambda one: -fills.get(one.symbol, 0))
    with_something = [one for one in busiest if one.price.times_ns or fills.get(one.symbol)]
    drawn = [price_picture(results, one, number) for number, one in enumerate(with_something[:INSTRUMENTS])]
    return drawn, len(results.instruments) - len(drawn)


def _drawn(pictures: Sequence[Picture], has_heading: bool = True) -> str:
    return "".join(_box(picture, has_heading) for picture in pictures)


def _few(results: Results) -> str:
    return f"<p>{'A picture needs two trades with a return.' if results.trades else 'No trade was closed.'}</p>"


def _box(picture: Picture, has_heading: bool) -> str:
    identity, heading = escaped(picture.identity), escaped(picture.heading)
    buttons = "".join(
        f"<button type='button' data-picture='{identity}' data-variant='{number}' aria-pressed='{'false' if number else 'true'}'>"
        f"{escaped(variant.label)}</button>" for number, variant in enumerate(picture.variants))
    choice = f"<div class='choice'>{buttons}</div>" if buttons else ""
    title = f"<h3>{heading}</h3>" if has_heading else ""
    return (f"{title}<p class='soft'>{escaped(picture.sentence)}</p>{choice}<div class='picture' id='{identity}' role='img' "
            f"aria-label='{heading}. {escaped(picture.sentence)}'><p class='unready'>The picture is drawn by JavaScript.</p></div>")


def _json(value: Any) -> str:
    # Inside a script element only `<` could end it; JSON may spell it out.
    return json.dumps(value, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
