"""The benchmarks do what they claim to measure: a figure of a loop that trades nothing would be worth nothing."""

from benchmarks import engine_loop


def test_the_engine_loop_trades_and_its_ledger_balances() -> None:
    took, did = engine_loop.engine_loop(engine_loop.columns(20_000))
    assert took > 0
    assert did["fills"] == did["orders"] or did["fills"] == did["orders"] - 1
    assert did["fills"] > 100
    assert did["realized"] != "0"
