"""Every recorded file beside the checkout opens, and bars built from recorded trades are those that others published. They are not ours to copy."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from trading_system.collectors.history import History
from trading_system.collectors.merged_history import merged
from trading_system.core.errors import ConfigError
from trading_system.core.market_data import Bar, Trade
from trading_system.engine.bar_builder import BarBuilder

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "data"
FILES = [path for folder in ("bars", "trades", "quotes") for path in sorted((FOLDER / folder).rglob("*.csv.gz"))]
MINUTE_NS = 60_000_000_000
#: Lengths by the words in a file's name.
LENGTHS = {"_1m_": MINUTE_NS, "_5m": 5 * MINUTE_NS, "_1h": 60 * MINUTE_NS, "_hour": 60 * MINUTE_NS, "_1d": 1440 * MINUTE_NS,
           "_daily": 1440 * MINUTE_NS, "_1mo": 31 * 1440 * MINUTE_NS}
#: Quotes of futures before their market opens cross: rows, and how many of them.
CROSSED = {"ESH4_20231225": 15, "ESZ3_1m_201310": 5}

pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no recorded market data at {FOLDER}"),
]


def name_of(path: Path) -> str:
    return path.name.removesuffix(".csv.gz")


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_recorded_file_opens_and_gives_every_row(path: Path) -> None:
    history = History.open("X.recorded", path, "skip")
    lines = sum(len(chunk) for chunk in History.open("X.recorded", path, "skip").chunks())
    assert history.report.left_out == (CROSSED.get(name_of(path), 0) if path.parent.name == "quotes" else 0)
    assert lines == history.rows
    if history.report.left_out:
        with pytest.raises(ConfigError, match=f"{history.report.left_out} rows .{history.report.left_out} crossed. cannot be used"):
            History.open("X.recorded", path)
    if history.kind == "bars":
        words = f"{name_of(path)}_"
        expected = {ns for word, ns in LENGTHS.items() if f"{word.rstrip('_')}_" in words}
        assert expected == {history.bar_ns}
    assert sum(1 for chunk in history.chunks() for _ in chunk.events()) == history.rows
    print(f"{path.name}: {'; '.join(history.sentences)}")


def test_all_recorded_files_were_found() -> None:
    assert len(FILES) == 43


def built(history: History, is_last_whole: bool) -> list[Bar]:
    """Return the minutes of trades but for a first one that began before the first trade: the builder cannot know that it is whole."""
    builder, bars = BarBuilder(history.symbol, MINUTE_NS), []
    last_ns = 0
    for batch in merged([history]):
        for trade in batch.events():
            assert isinstance(trade, Trade)
            bar = builder.add(trade.time_ns, trade.price, trade.quantity)
            last_ns = trade.time_ns
            bars += [bar] if bar is not None else []
    end = builder.close_due(last_ns + MINUTE_NS) if is_last_whole else None
    return [*bars, end] if end is not None else bars


def differences(bars: Iterable[Bar], published: dict[int, Bar]) -> list[str]:
    """Return every figure of a bar that is not the published one, to 9 digits: sums of volumes differ in their last bits."""
    found = []
    for bar in bars:
        other = published.get(bar.start_ns)
        for field in ("open", "high", "low", "close", "volume"):
            ours = getattr(bar, field)
            theirs = getattr(other, field) if other is not None else float("nan")
            if not abs(ours - theirs) <= 1e-9 * abs(theirs):
                found.append(f"{bar.start_ns} {field}: {ours} and not {theirs}")
    return found


def by_start(path: Path) -> dict[int, Bar]:
    return {bar.start_ns: bar for chunk in History.open("X.recorded", path, bar_ns=MINUTE_NS).chunks() for bar in chunk.events() if isinstance(bar, Bar)}


@pytest.mark.parametrize(("name", "count"), [("binance_spot_BTCUSDT_20240808", 6), ("ESH4_20231225", 60), ("GCZ3_20131007", 1313),
                                             ("TXF_202108_20210726", 1136)])
def test_bars_from_recorded_trades_are_those_that_others_computed(name: str, count: int) -> None:
    published = by_start(FOLDER / "known_answers" / "bars_from_trades" / f"{name}_1m.csv.gz")
    bars = built(History.open("X.recorded", FOLDER / "trades" / f"{name}.csv.gz"), is_last_whole=True)
    found = differences(bars, published)
    print(f"{name}: {len(bars)} bars of {len(published)} compared, {len(found)} figures differ")
    assert not found
    # A first trade exactly at the beginning of a minute makes that bucket whole.
    assert len(bars) == count
    assert len(published) - count in (0, 1)


@pytest.mark.parametrize(("trades", "bars", "count"), [
    ("kraken_XBTUSDT_20251110", "crypto/kraken_XBTUSDT_1m_20251110", 272), ("binance_XRPETH_201910a", "crypto/binance_XRPETH_1m", 1353)])
def test_bars_from_recorded_trades_are_those_the_exchange_published(trades: str, bars: str, count: int) -> None:
    published = by_start(FOLDER / "bars" / f"{bars}.csv.gz")
    # These recordings end in the middle of a minute.
    made = built(History.open("X.recorded", FOLDER / "trades" / f"{trades}.csv.gz"), is_last_whole=False)
    found = differences(made, published)
    print(f"{trades}: {len(made)} bars compared, {len(found)} figures differ")
    assert found == []
    assert len(made) == count
