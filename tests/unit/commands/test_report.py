"""`report` draws from a journal what a backtest draws from its run: the table, the results as JSON, the page."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

import main
from tests.unit.engine.lived_house import MONEY, lived_house, records_of, run_started, write_journal
from trading_system.core.records import CapitalBooked, Record, StrategyStarted
from trading_system.engine.past_books import PastBooks
from trading_system.journal_results import journal_results
from trading_system.reports.results import Results
from trading_system.storage.journal_reader import JournalReader

SYMBOL = "XBTZAR.luno"
RECORDS = records_of(lived_house())
DAY_NS = 86_400 * 10**9
TABLE = """\
Run from 2026-09-21 14:13 to 2026-09-22 15:13 UTC: 23 records of the journal.

strategy      currency       capital        equity  return %  annual %  max drawdown %  Sharpe
naive              ZAR  1,000,000.00    999,999.44      0.00         \u2013            0.00       \u2013
other              ZAR  1,000,000.00    999,999.93      0.00         \u2013            0.00       \u2013
together ZAR       ZAR  2,000,000.00  1,999,999.37      0.00         \u2013            0.00       \u2013

strategy      trades  win rate %  profit factor  fees  orders
naive              2       100.0      no losses  1.25  2 FILLED, 1 CANCELED, 1 DENIED, 1 REJECTED
other              0   no trades              \u2013  0.07  1 OPEN
together ZAR       2       100.0      no losses  1.33  2 FILLED, 1 CANCELED, 1 DENIED, 1 REJECTED, 1
                                                       OPEN

Annual figures and ratios need at least 30 days; this run was shorter.

Assumptions
- Every order and fill is one that happened; nothing is assumed about how orders fill.
- Valued at the prices orders and fills saw (a buy the asking price, a sale the bid), the only ones
  a journal holds: between them equity stands still, and a drawdown that no order saw is not shown.

Data
- journal: state/journal, 23 records, 2026-09-21 14:13 to 2026-09-22 15:13 UTC.

Notes
- Run 1 in mode simulate: from 2026-09-21 14:13:20 UTC to 2026-09-22 15:13:21 UTC (stopped).
"""


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    write_journal(tmp_path / "state", RECORDS)
    return Path("state")


def results(records: list[Record], folder: Path) -> Results:
    return journal_results(PastBooks.read(JournalReader(write_journal(folder, records))), "the journal")


def test_the_table_is_that_of_a_backtest(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["report", "--state", str(state)]) == 0
    assert capsys.readouterr().out == TABLE


def test_the_page_has_every_picture_and_says_at_what_it_is_valued(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("plotly")
    assert main.main(["report", "--state", str(state), "--report", "sheet.html", "--json", "results.json"]) == 0
    assert capsys.readouterr().out.endswith("the tear sheet is in sheet.html\n")
    page = Path("sheet.html").read_text()
    assert "23 records of the journal" in page
    assert "Valued at the prices orders and fills saw" in page
    assert page.count("balances exactly") == 2
    written = json.loads(Path("results.json").read_text())
    assert (written["kind"], written["events"], len(written["fills"]), len(written["trades"])) == ("run", 23, 5, 2)


def test_json_to_the_standard_output_is_nothing_but_json(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["report", "--state", str(state), "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["strategies"][0]["name"] == "naive"


def test_equity_and_trades_are_those_of_the_ledger(tmp_path: Path) -> None:
    found = results(RECORDS, tmp_path)
    naive = found.strategies[0]
    # 0.024 bought at 100 (0.00002 taken as fee), 0.01 of it sold at 129; 1.252 of fees; the rest is worth 129 each.
    assert naive.equity == pytest.approx(1_000_000 - 2.4 - 1.25 + 1.29 + 0.01398 * 129, abs=1e-9)
    assert naive.curve.values[0] == 1_000_000
    assert naive.ledger["realized"] == {"ZAR": "0.29"}
    # First in, first out: the sale closes what the first fill left of 0.00999 and a bit of the second.
    assert [(trade.quantity, trade.entry_price, trade.exit_price) for trade in found.trades] == [
        (pytest.approx(0.00999), 100, 129), (pytest.approx(0.00001), 100, 129)]
    assert [one.price.values[-1] for one in found.instruments] == [50, 129]
    assert (found.from_ns, found.to_ns) == (RECORDS[0].taken_ns, RECORDS[-1].taken_ns)


def test_money_that_came_between_runs_is_no_profit(tmp_path: Path) -> None:
    more = run_started({name: StrategyStarted((SYMBOL, "ETHZAR.luno"), {"ZAR": MONEY["ZAR"] * 2}, "ZAR") for name in ("naive", "other")}, epoch=2,
                       taken_ns=RECORDS[-1].taken_ns + DAY_NS)
    once, twice = results(RECORDS, tmp_path), results([*RECORDS, more], tmp_path / "more")
    assert twice.strategies[0].capital == 2_000_000
    assert twice.strategies[0].equity - 2_000_000 == pytest.approx(once.strategies[0].equity - 1_000_000)
    assert any("The capital of naive was changed at 2026-09-23 15:13:21 UTC, from 1000000 ZAR to 2000000 ZAR" in note for note in twice.notes)
    assert len([note for note in twice.notes if note.startswith("Run ")]) == 2


def test_capital_in_base_is_worth_what_it_was_valued_at_from_the_beginning(tmp_path: Path) -> None:
    both = {"ZAR": Decimal(100), "XBT": Decimal(2)}
    began = run_started({"naive": StrategyStarted((SYMBOL,), both, "ZAR")}, taken_ns=DAY_NS)
    found = results([began, Record(2 * DAY_NS, CapitalBooked("naive", SYMBOL, Decimal(2), Decimal(50)))], tmp_path)
    assert (found.strategies[0].capital, found.strategies[0].equity) == (200, 200)
    assert found.strategies[0].curve.values == [200, 200]
    waiting = results([began], tmp_path / "waiting")
    assert (waiting.strategies[0].capital, waiting.strategies[0].equity) == (100, 100)
    assert any("2 XBT of naive waits for a first price" in note for note in waiting.notes)


def test_a_run_without_an_order_has_a_table_too(tmp_path: Path) -> None:
    found = results([run_started(taken_ns=DAY_NS)], tmp_path)
    assert [(one.name, one.equity, one.fills) for one in found.strategies] == [("naive", 1_000_000, 0), ("other", 1_000_000, 0)]
    assert found.trades == []


def test_a_page_that_cannot_be_written_is_told_without_a_number_of_the_system(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["report", "--state", str(state), "--report", "nowhere/sheet.html"]) == 1
    assert capsys.readouterr().err == "nowhere/sheet.html: the tear sheet could not be written: No such file or directory\n"


def test_what_cannot_be_reported_is_one_sentence(state: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert main.main(["report", "--state", "nowhere"]) == 2
    assert capsys.readouterr().err.startswith("nowhere: there is no such state folder")
    monkeypatch.setattr("trading_system.oms.position_manager.PositionManager._pay_fee", lambda self, currency, fee: None)
    assert main.main(["report", "--state", str(state)]) == 1
    # Without its fees the ledger adds up, but the curve that pays them ends elsewhere.
    assert "the journal cannot be trusted: naive: the curve ends at" in capsys.readouterr().err
