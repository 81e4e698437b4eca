"""What the tear sheet shows: every section is there, pictures first, and the numbers are the run's."""

import math
import re
from pathlib import Path

import msgspec
import pytest

from tests.unit.reports.tear_sheet_reader import shown
from tests.unit.reports.tear_sheet_runs import empty_run, make_run, one_trade_run
from trading_system.reports.results import Results
from trading_system.reports.tear_sheet import page, write_tear_sheet
from trading_system.reports.tear_sheet_pictures import FILLS
from trading_system.reports.tear_sheet_records import PAGE, TRADES
from trading_system.reports.tear_sheet_text import NOTHING


def test_pictures_come_first_and_every_section_is_there():
    parsed = shown(make_run())
    sections = ["equity", "prices", "months", "returns", "strategies", "figures", "trades", "assumptions", "data", "books"]
    assert [name for name in parsed.ids if name in sections] == sections
    assert len(parsed.ids) == len(set(parsed.ids))
    boxes = [name for name in parsed.ids if name.startswith("picture-")]
    assert boxes == [picture["identity"] for picture in parsed.json(0)]
    assert boxes == ["picture-equity-0", "picture-equity-1", "picture-price-0", "picture-price-1", "picture-returns"]


def test_the_headline_tells_what_ran_when_and_what_came_of_it_in_each_currency():
    run = make_run()
    text = shown(run).text("")
    assert "Backtest trend_follower, mean_reversion, breakout" in text
    assert "2024-01-01T00:00:00Z to 2025-02-04T00:00:00Z (400 d)" in text
    for one in run.together:
        change, drawdown = one.equity / one.capital - 1, one.figures["max_drawdown"]
        assert drawdown is not None
        assert f"{one.currency} equity {one.equity:,.2f} from {one.capital:,.2f} {one.currency} return {change:+.2%}" in text
        assert f"largest drawdown {-drawdown:.2%}" in text


def test_the_table_of_strategies_holds_their_numbers_and_their_sum_per_currency():
    run = make_run()
    rows = shown(run).rows["strategies-table"]
    assert [row[0] for row in rows] == ["strategy", "trend_follower", "mean_reversion", "breakout", "together"]
    for one, row in zip(run.strategies, rows[1:], strict=False):
        cells = dict(zip(rows[0], row, strict=True))
        win_rate, factor = one.figures["win_rate"], one.figures["profit_factor"]
        assert win_rate is not None
        assert factor is not None
        assert cells["capital"] == f"{one.capital:,.2f} {one.currency}"
        assert cells["equity"] == f"{one.equity:,.2f} {one.currency}"
        assert cells["return"] == f"{one.equity / one.capital - 1:+.2%}"
        assert (cells["trades won"], cells["profit factor"], cells["fills"]) == (f"{win_rate:.2%}", f"{factor:,.2f}", f"{one.fills:,}")
        assert cells["state"] == (one.trouble or "fine")
    assert rows[-1][3] == f"{run.together[0].equity:,.2f} ZAR"


def test_every_figure_is_listed_with_its_unit_and_an_undefined_one_is_a_dash():
    run = make_run()
    rows = {row[0]: row[1:] for row in shown(run).rows["figures-table"]}
    assert rows["figure"] == ["trend_follower", "mean_reversion", "breakout", "together, ZAR", "together, USD"]
    assert rows["Sortino ratio"] == [NOTHING] * 5
    assert rows["Fees"][2] == f"{run.strategies[2].figures['fees']:,.2f} USD"
    assert rows["Average holding"][0] == "2 h 3 min"
    assert rows["Orders"][0] == f"{run.strategies[0].orders['FILLED']} filled, 12 canceled"


def test_the_equity_picture_holds_the_curves_of_one_currency_and_hangs_drawdown_below_zero():
    run = make_run()
    zar, usd = shown(run).json(0)[:2]
    assert [line["name"] for line in zar["data"]] == [name for name in ("trend_follower", "mean_reversion", "together") for _ in range(2)]
    assert [line["name"] for line in usd["data"]] == ["breakout"] * 2      # alone in its currency: no second line on top
    assert zar["data"][4]["y"] == pytest.approx(run.together[0].curve.values)
    assert zar["data"][4]["x"] == [time_ns // 10**6 for time_ns in run.together[0].curve.times_ns]
    assert zar["capitals"] == [20_000.0, None, 50_000.0, None, 70_000.0, None]
    assert max(zar["data"][1]["y"]) == 0.0
    assert min(zar["data"][1]["y"]) == pytest.approx(min(run.strategies[0].drawdown.values))


def test_drawdowns_given_as_positive_shares_hang_below_zero_too():
    run = make_run(20)
    first = run.strategies[0]
    positive = msgspec.structs.replace(first.drawdown, values=[-value for value in first.drawdown.values])
    run = msgspec.structs.replace(run, strategies=[msgspec.structs.replace(first, drawdown=positive), *run.strategies[1:]])
    assert max(shown(run).json(0)[0]["data"][1]["y"]) == 0.0


def test_fills_stand_on_the_price_with_strategy_quantity_price_and_tag():
    run = make_run(40)
    picture = next(one for one in shown(run).json(0) if one["heading"] == "ETHUSD.exchange")
    price, buys, sells = picture["data"]
    fills = [fill for fill in run.fills if fill.symbol == "ETHUSD.exchange"]
    assert len(buys["x"]) == sum(fill.is_buy for fill in fills)
    assert len(sells["x"]) == sum(not fill.is_buy for fill in fills)
    assert buys["marker"]["symbol"] != sells["marker"]["symbol"]
    first = next(fill for fill in fills if fill.is_buy)
    assert (buys["x"][0], buys["y"][0]) == (first.time_ns // 10**6, pytest.approx(first.price))
    assert buys["meta"] == ["breakout", "bought", "USD"]
    assert buys["customdata"][0][0] == f"{first.quantity:g}"
    tags = {cell[2] for cell in [*buys["customdata"], *sells["customdata"]]}
    assert tags == {f"<br>tag {fill.tag}" if fill.tag else "" for fill in fills}
    assert price["name"] == "price in USD"


def test_monthly_returns_are_shown_with_the_compounded_year():
    run = make_run()
    rows = shown(run).rows["months-table"]
    year = [run.together[0].monthly[f"2024-{month:02}"] for month in range(1, 13)]
    words = [cell.lstrip("+") if cell == "0.00%" else cell for cell in rows[1]]
    assert words[:2] == ["together, ZAR", "2024"]
    assert words[2:14] == [f"{value:+.2%}" if round(value, 4) else "0.00%" for value in year]
    assert words[14] == f"{math.prod(1 + value for value in year) - 1:+.2%}"


def test_the_histogram_counts_every_trade_once_and_keeps_gains_from_losses():
    run = make_run(300)
    (bars,) = shown(run).json(0)[-1]["data"]
    assert sum(bars["y"]) == 300
    won = sum(trade.profit > 0 for trade in run.trades)
    assert sum(number for number, color in zip(bars["y"], bars["marker"]["color"], strict=True) if color == "theme:gain") == won
    assert all((middle > 0) == (color == "theme:gain") for middle, color in zip(bars["x"], bars["marker"]["color"], strict=True))


def test_a_trade_that_came_to_nothing_is_no_gain():
    run = make_run(60)
    trades = [msgspec.structs.replace(trade, profit=profit) for trade, profit in zip(run.trades, [0.0, 0.0, 5.0, -5.0], strict=False)]
    (bars,) = shown(msgspec.structs.replace(run, trades=trades)).json(0)[-1]["data"]
    assert sum(number for number, color in zip(bars["y"], bars["marker"]["color"], strict=True) if color == "theme:gain") == 1
    assert sum(bars["y"]) == 4


def test_trades_are_listed_newest_first_page_by_page():
    run = make_run(300)
    parsed = shown(run)
    rows = parsed.json(1)["rows"]
    assert len(rows) == 300
    assert len(parsed.rows["trades-table"]) == 1 + PAGE
    assert parsed.rows["trades-table"][1] == [words for words, _ in rows[0]]
    last = max(run.trades, key=lambda trade: trade.exit_ns)
    currency = "ZAR" if last.symbol == "XBTZAR.exchange" else "USD"
    cells = dict(zip(parsed.rows["trades-table"][0], parsed.rows["trades-table"][1], strict=True))
    assert cells["profit"] == f"{last.profit:+,.2f} {currency}"
    assert cells["return"] == f"{last.profit / last.quantity / last.entry_price:+.2%}"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", cells["exit"])
    assert "All 300 closed trades, newest first." in parsed.text("trades")


def test_a_sentence_tells_how_many_trades_are_not_shown():
    run = msgspec.structs.replace(make_run(10), trades_left_out=1_990)
    assert "The newest 10 of 2,000 closed trades, newest first; 1,990 are not shown." in shown(run).text("trades")


def test_twenty_thousand_trades_make_a_page_below_8_mb_that_says_what_is_left_out(tmp_path: Path):
    run = make_run(20_000, points=4_000)
    write_tear_sheet(run, tmp_path / "sheet.html")
    assert 4_000_000 < (tmp_path / "sheet.html").stat().st_size < 8_000_000
    parsed = shown(run)
    assert len(parsed.json(1)["rows"]) == TRADES
    assert f"{20_000 - TRADES:,} are not shown" in parsed.text("trades")
    assert f"{FILLS:,} of {sum(fill.symbol == 'XBTZAR.exchange' for fill in run.fills):,} fills are drawn" in parsed.text("prices")


def test_long_lines_are_thinned_without_losing_their_highest_and_lowest_point():
    run = make_run(0, points=120_000)
    run = msgspec.structs.replace(run, strategies=[], together=[])
    drawn = shown(run).json(0)[0]["data"][0]
    series = run.instruments[0].price
    assert len(drawn["y"]) < 60_000
    assert (max(drawn["y"]), min(drawn["y"])) == (pytest.approx(max(series.values)), pytest.approx(min(series.values)))
    assert drawn["x"] == sorted(drawn["x"])


def test_colors_follow_the_reader_and_the_theme_knows_every_one_that_pictures_use():
    text = page(make_run(), "")
    assert "prefers-color-scheme:dark" in text
    light, dark = (set(re.findall(r"--([a-z0-9-]+):", block)) for block in text.split("<style>")[1].split("prefers-color-scheme:dark"))
    used = set(re.findall(r'"theme:([a-z0-9]+)"', text))
    assert {"ink", "buy", "sell", "gain", "loss", "series0", "series2"} <= used
    assert used <= light
    assert used <= dark


def test_a_run_in_which_nothing_happened_says_so_in_every_section():
    parsed = shown(empty_run())
    assert parsed.json(0) == []
    assert "naive paused: on_tick raised ValueError: no price" in parsed.text("")
    assert f"largest drawdown {NOTHING}" in parsed.text("")
    for section, sentence in {
        "equity": "No equity was kept", "months": "No month has a return", "returns": "No trade was closed", "trades": "No trade was closed",
        "data": "No file of market data was read", "books": "No ledger was kept", "prices": "No price and no fill was kept",
    }.items():
        assert sentence in parsed.text(section)


def test_a_single_trade_and_undefined_figures_are_shown_sensibly():
    run = one_trade_run()
    parsed = shown(run)
    assert "One closed trade." in parsed.text("trades")
    assert "A picture needs two trades with a return." in parsed.text("returns")
    assert "1 closed trade" in parsed.text("")
    assert "nan" not in " ".join(word.lower() for row in parsed.rows["figures-table"] for word in row)
    assert [one["identity"] for one in parsed.json(0)] == ["picture-equity-0", "picture-price-0"]


def test_a_run_without_any_strategy_is_a_page_too():
    assert "No strategy ran." in shown(Results("run", 0, 0, 0, 0.0, [], [], [], [], [], [], [])).text("strategies")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none_never_reach_the_page(value: float):
    run, replace = make_run(5), msgspec.structs.replace
    first = run.strategies[0]
    curve = replace(first.curve, values=[value, *first.curve.values[1:]])
    odd = replace(first, equity=value, capital=value, curve=curve, drawdown=curve, figures=dict.fromkeys(first.figures, value), monthly={"2024-01": value})
    trades = [replace(trade, profit=value, entry_price=value, quantity=value, fees=value) for trade in run.trades]
    parsed = shown(replace(run, strategies=[odd, *run.strategies[1:]], trades=trades, fills=[replace(run.fills[0], price=value, quantity=value)]))
    words = [cell for rows in parsed.rows.values() for row in rows for cell in row] + [parsed.text("")]
    assert not [word for word in words if re.search(r"\b(nan|inf)\b", word)]
    assert parsed.json(0)[0]["data"][0]["y"][0] is None


def test_the_books_are_added_up_again_to_the_last_digit():
    run = make_run()
    assert shown(run).text("books").count("balances exactly") == 3
    assert re.search(r"breakout , USD: 10,000 \+ \(-[0-9.,]+\) - [0-9.,]+ = [0-9.,]+ \+ 0 balances exactly", shown(run).text("books"))
    first = run.strategies[0]
    cash = {"ZAR": f"{first.ledger['cash']['ZAR']}0001"}
    broken = msgspec.structs.replace(first, ledger={**first.ledger, "cash": cash})
    text = shown(msgspec.structs.replace(run, strategies=[broken, *run.strategies[1:]])).text("books")
    assert text.count("balances exactly") == 2
    assert "DOES NOT BALANCE: -0.000000000001 ZAR" in text


def test_the_books_of_long_amounts_are_not_rounded():
    run, tiny = make_run(5), "0.000000000000000001"
    amounts = {"capital": "100000000000000000000", "realized": tiny, "fees": "0", "cash": f"100000000000000000000{tiny[1:]}", "cost": "0"}
    long = msgspec.structs.replace(run.strategies[0], ledger={name: {"ZAR": amount} for name, amount in amounts.items()})
    assert "balances exactly" in shown(msgspec.structs.replace(run, strategies=[long])).text("books")


def test_a_ledger_that_does_not_tell_its_cost_is_not_called_broken():
    run = make_run(5)
    first = run.strategies[0]
    partial = msgspec.structs.replace(first, ledger={name: amounts for name, amounts in first.ledger.items() if name != "cost"})
    text = shown(msgspec.structs.replace(run, strategies=[partial])).text("books")
    assert "not checked, the ledger does not tell cost" in text
    assert "BALANCE" not in text


def test_data_notes_stand_with_their_file():
    text = shown(make_run()).text("data")
    assert "ETHUSD.exchange data/ETHUSD.exchange.csv.gz : 3 gaps, the longest 42 min." in text
    assert "576,000" in text
