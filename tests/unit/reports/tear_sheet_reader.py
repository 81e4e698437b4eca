"""Takes a tear sheet apart for the tests, as a browser would: sections, rows of tables, JSON blocks, attributes."""

import json
from html.parser import HTMLParser
from typing import Any

from trading_system.reports.results import Results
from trading_system.reports.tear_sheet import page

VOID = {"meta", "br", "img", "link", "input", "hr"}


class Parsed(HTMLParser):
    """A page taken apart: the text of every element by its path of tags and ids, attributes, and whether all elements are closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.ids: list[str] = []
        self.scripts: list[str] = []
        self.rows: dict[str, list[list[str]]] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        known = dict(attrs)
        if known.get("id"):
            self.ids.append(str(known["id"]))
        if tag == "script":
            self.scripts.append("")
        if tag == "tr":
            self.rows.setdefault(self.nearest("table"), []).append([])
        if tag in ("td", "th"):
            self.rows[self.nearest("table")][-1].append("")
        if tag not in VOID:
            self.open.append((tag, known))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1][0] == tag, f"</{tag}> closes <{self.open[-1][0]}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1][0] == "script":
            self.scripts[-1] += data
        elif self.open and self.open[-1][0] != "style":
            self.texts.setdefault(self.nearest("section"), []).append(data)
            if any(tag in ("td", "th") for tag, _ in self.open):
                self.rows[self.nearest("table")][-1][-1] += data

    def nearest(self, tag: str) -> str:
        return next((str(known.get("id", "")) for name, known in reversed(self.open) if name == tag), "")

    def text(self, section: str) -> str:
        return " ".join(" ".join(self.texts.get(section, [])).split())

    def json(self, number: int) -> Any:
        return json.loads(self.scripts[number])


def shown(results: Results) -> Parsed:
    parsed = Parsed(page(results, "var Plotly;"))
    assert not parsed.open, f"not closed: {[tag for tag, _ in parsed.open]}"
    return parsed
