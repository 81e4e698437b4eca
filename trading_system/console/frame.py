"""One frame of the screen: the scene and a size in, lines of that size out. Pure; what matters less goes first when there is less room."""

from collections.abc import Sequence
from typing import Any

from rich.text import Text

from trading_system.console.advice import advise
from trading_system.console.columns import clip, cut, pair
from trading_system.console.figures import age, clean, money, number, price, uptime
from trading_system.console.scene import Line, Scene
from trading_system.console.strategy_rows import money_digits, profit
from trading_system.console.strategy_table import signed, strategy_lines

MODES = {
    "simulate": ("simulated exchange: no key, no real money", "bold white on blue"),
    "paper": ("paper trading: real prices, pretended orders, no real money", "bold white on dark_cyan"),
    "live": ("LIVE: real orders, real money", "bold white on red"),
}
_PHASES = {"": "starting", "recovering": "asking for the orders of an earlier run"}
_TONES = {"good": "green", "bad": "bold red", "warn": "yellow", "fill": "bold", "quiet": "dim", "": ""}
_LATE_MS = 50.0
_WARM_SECONDS, _OLD_SECONDS = 5.0, 10.0
_GAP, _MARKET_GAP = "  ", "   "
_WIDE = 110
_TROUBLES = ("skipped_beats", "skipped_polls", "failed_polls", "late_ticks")


def draw(scene: Scene, width: int, height: int) -> list[Text]:
    """Return exactly `height` lines, none wider than `width`."""
    has_air, venues = height >= 30, len(scene.picture.get("venues") or {})
    found = [_title(scene, width), _keys(scene, width), *_pulse(scene, width, 2 if has_air and venues > 1 else 1)]
    found += _markets(scene, width, max(1, height // 12))
    warnings = _warnings(scene, width, max(2, height // 8))
    events = max(3, height // 4)
    room = height - len(found) - len(warnings) - events - has_air
    strategies = strategy_lines(scene, width, room)
    if has_air and strategies:
        found.append(Text())
    found += strategies + warnings
    found += _events(scene, width, height - len(found))
    return (found + [Text()] * height)[:max(0, height)]


def rule(title: str, width: int, style: str = "dim") -> Text:
    """Return a heading: words and a line to the right edge."""
    words = clip(f"── {title} ", width)
    return Text(words + "─" * (width - len(words)), style=style, no_wrap=True)


def _title(scene: Scene, width: int) -> Text:
    words, style = MODES.get(str(scene.picture.get("mode")), (clean(scene.picture.get("mode") or "starting"), "bold reverse"))
    venues = ", ".join(clean(name) for name in scene.picture.get("venues") or {})
    verb = "ran" if scene.picture.get("phase") == "stopped" else "running"
    line = pair(Text(f" {words}" + (f" ({venues})" if venues else "")), Text(f"{verb} {uptime(scene.uptime)} "), width)
    line.append(" " * (width - line.cell_len))
    line.stylize(style)
    return line


def _results(scene: Scene) -> Text:
    by_currency: dict[str, list[Any]] = {}
    for row in scene.strategies.values():
        by_currency.setdefault(str(row.get("currency") or ""), []).append(profit(row))
    words = Text().append("profit" if by_currency else "", "dim")
    for currency, amounts in list(by_currency.items())[:2]:
        amount, style = signed(None if None in amounts else sum(amounts), money_digits(currency, scene.market))
        words.append(f" {amount}", style).append(f" {clean(currency)}")
    return words.append(" ")


def _keys(scene: Scene, width: int) -> Text:
    if scene.stopping_ns:
        left = scene.to_be_canceled()
        seconds = max(0.0, scene.stop_limit_seconds - (scene.now_ns - scene.stopping_ns) / 1e9)
        waits = f"waiting for {left} order{'s' * (left != 1)} to be canceled" if left else "the last answers are awaited"
        words = f" stopping: {waits}, at most {seconds:.0f} s more. Ctrl-C again leaves at once."
        return cut(Text(words, "bold yellow", no_wrap=True), width)
    phase = str(scene.picture.get("phase") or "")
    keys = Text(no_wrap=True).append(" Ctrl-C stops in order, again leaves at once", "dim")
    return pair(keys, _results(scene) if phase == "running" else Text(f"{_PHASES.get(phase, clean(phase))} ", "yellow"), width)


def _pulse(scene: Scene, width: int, height: int) -> list[Text]:
    picture = scene.picture
    if not picture:
        return []
    late = scene.late_ms or 0.0             # of a beat the picture may not have yet
    worst, is_late = max(late, float(number(picture.get("worst_lateness_ms")) or 0)), late > _LATE_MS
    waits, rates = [], []
    for name, venue in (picture.get("venues") or {}).items():
        rate = venue.get("rate") or {}
        waits.append(float(number(venue.get("longest_order_wait_seconds")) or 0))
        if rate:
            of = f" of {rate['burst']} left" if width >= _WIDE else f"/{rate['burst']}"
            rates.append((f"{clean(name)} rate", f"{float(rate['calls']):.1f}{of}"))
    troubles = [(name.replace("_", " "), str(picture.get(name)), "yellow") for name in _TROUBLES if picture.get(name)]
    items: list[tuple[str, str, str]] = [
        ("beat", f"{picture.get('beats', 0)}", ""),
        ("late", f"{money(scene.late_ms, 1)} ms (worst {money(worst, 1)})", "yellow" if is_late else ""),
        ("queue", str(picture.get("queue_depth", 0)), ""),
        *((name if width >= _WIDE or len(rates) > 1 else "rate", left, "") for name, left in rates),
        ("longest wait" if width >= _WIDE else "wait", f"{max(waits, default=0.0):.1f} s", ""),
        ("http calls" if width >= _WIDE else "http", f"{sum((picture.get('http_calls') or {}).values()):,}", ""), *troubles,
        ("ticks", f"{picture.get('ticks', 0):,}", ""), ("memory", f"{money(picture.get('rss_mb'), 0)} MB", ""),
    ]
    return _flow([[(label + " ", "dim"), (words, style)] for label, words, style in items], width, height, _GAP)


def _markets(scene: Scene, width: int, height: int) -> list[Text]:
    cells = []
    for symbol, row in scene.market.items():
        known, step = number(row.get("age_seconds")), row.get("price_step")
        seconds = None if known is None else float(known) + scene.picture_age
        style = "dim" if seconds is None or seconds < _WARM_SECONDS else "yellow" if seconds < _OLD_SECONDS else "bold red"
        status = str(row.get("status") or "active")
        told = f"{age(seconds):<5}" + ("" if status == "active" else f" {clean(status)}")
        prices = f"{price(row.get('bid'), step)} / {price(row.get('ask'), step)} "
        cells.append([(f"{clip(scene.shortened(clean(symbol)), 20)} ", "dim"), (prices, ""), (told, style)])
    return _flow(cells, width, height, _MARKET_GAP)


def _flow(cells: Sequence[Sequence[tuple[str, str]]], width: int, height: int, gap: str) -> list[Text]:
    # Cells one after the other, whole ones only, in as many lines as there are; what is left over is counted at the end.
    lines: list[Text] = []
    for number_, cell in enumerate(cells):
        text = Text(no_wrap=True).append_text(Text.assemble(*cell))
        if lines and lines[-1].cell_len + len(gap) + text.cell_len <= width:
            lines[-1].append(gap, "dim").append_text(text)
        elif len(lines) < height:
            lines.append(cut(Text(" ").append_text(text), width))
        else:
            more = f"{gap}+ {len(cells) - number_}"
            if gap == _MARKET_GAP and lines[-1].cell_len + len(more) <= width:
                lines[-1].append(more, "dim")
            break
    return lines


def _warnings(scene: Scene, width: int, height: int) -> list[Text]:
    found = advise(scene)
    if not found:
        return []
    room = max(1, (height - 1) // 2)
    more = f", {len(found) - room} more in status" if len(found) > room else ""
    lines = [rule(f"look here{more}", width, "yellow")]
    for advice in found[:room]:
        lines.append(cut(Text(f" ! {advice.what}", "bold red" if advice.is_bad else "yellow", no_wrap=True), width))
        lines.append(cut(Text(f"   → {advice.do}", no_wrap=True), width))
    return lines[:height]


def _events(scene: Scene, width: int, height: int) -> list[Text]:
    if height < 2:
        return []
    lines = scene.lines[-(height - 1):]
    who = min(max((len(clean(line.who)) for line in lines), default=0), 14 if width < _WIDE else 21)
    return [rule("orders and fills", width), *(_event(scene, line, who, width) for line in lines)]


def _event(scene: Scene, line: Line, who_width: int, width: int) -> Text:
    tone = _TONES.get(line.tone, "")
    left = Text(no_wrap=True)
    left.append(f" {scene.clock(line.time_ns)}  ", "dim")
    who = clip(clean(line.who), who_width)
    left.append(who + " " * (who_width - Text(who).cell_len + 2), "dim")
    left.append(scene.shortened(clean(line.text)), "" if line.state else tone)
    return pair(left, Text(f"{line.state} ", tone) if line.state else Text(), width)


