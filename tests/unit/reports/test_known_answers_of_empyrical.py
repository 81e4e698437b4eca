"""The cases of empyrical's own test suite, and its statistics of three recorded markets."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.unit.reports.known_answers import NEEDS_FOLDER, read_columns, read_json
from trading_system.reports import benchmark_measures, drawdowns, performance

pytestmark = NEEDS_FOLDER

PERIODS = {"daily": 252, "weekly": 52, "monthly": 12, "quarterly": 4, "yearly": 1}
Case = dict[str, Any]

#: Where the same thing is said in other words; every other number is compared as it is.
EXPLAINED = {
    "test_max_drawdown": "A drawdown is a positive share here and a negative one there.",
    "test_omega": "Its required return is per year, ours per period: (1 + r) ** (1 / 252) - 1.",
    "test_up_alpha_beta": "Alpha and beta of the periods in which the benchmark did not fall.",
    "test_tail_ratio": "Its first, unknown return counts as a return of 0 in the percentiles; ours leaves it out, and with it as 0 it is met.",
    "test_cum_returns": "A starting value of 0 asks for growth less 1.",
}


def test_every_case_of_empyrical_is_met(capsys: pytest.CaptureFixture[str]) -> None:
    given = read_json("empyrical_expected.json.gz")
    series, unexplained, compared, numbers = given["series"], [], 0, 0
    for case in given["cases"]:
        name = case["test"]
        measure, places = MEASURES[name], case.get("decimal_places", 4 if name.startswith("test_cum_returns") else 8)
        ours = flat(measure({key: read(value, series) for key, value in case.items()}))
        expected = flat(read(case["expected"], series))
        # numpy's assert_almost_equal, with which the answers were checked there.
        if len(ours) != len(expected) or any(not close(one, other, places) for one, other in zip(ours, expected, strict=True)):
            unexplained.append((name, case["n"], ours, expected))
        compared += 1
        numbers += len(expected)
    with capsys.disabled():
        print(f"\n  empyrical: {compared} cases with {numbers} numbers, {compared - len(unexplained)} met, 0 not ours, {len(unexplained)} unexplained")
    assert unexplained == []
    assert compared == 99
    assert set(EXPLAINED) <= {case["test"] for case in given["cases"]}


def test_the_statistics_of_three_markets_are_empyricals(capsys: pytest.CaptureFixture[str]) -> None:
    compared, unexplained = 0, []
    for market, expected in read_json("empyrical_computed.json").items():
        returns = performance.simple_returns(read_columns(f"bars/{market}.csv.gz")["close"])
        rate, year = expected["rf_per_period"], expected["periods_per_year"]
        annual, lowest = performance.annual_return(returns, year), drawdowns.max_drawdown(with_start(performance.growth(returns)))
        ours = {
            "n": len(returns), "rf_per_period": rate, "periods_per_year": year, "cum_return": performance.total_return(returns),
            "annual_return": annual, "annual_volatility": performance.annual_volatility(returns, year),
            "sharpe": performance.sharpe(returns, year, rate), "sortino": performance.sortino(returns, year, rate),
            # Losses are positive shares here, negative ones there.
            "max_drawdown": -lowest, "var_5": -performance.value_at_risk(returns), "cvar_5": -performance.expected_shortfall(returns),
            "calmar": drawdowns.calmar(annual, lowest), "downside_risk": performance.downside_risk(returns, year, rate),
            # Omega was reckoned there without the rate, also where the other ratios have one.
            "omega": performance.omega(returns), "stability": performance.stability(returns), "tail_ratio": performance.tail_ratio(returns),
        }
        assert set(ours) == set(expected)
        compared += len(ours)
        unexplained += [(market, name, ours[name], expected[name]) for name in ours if ours[name] != pytest.approx(expected[name], rel=1e-9)]
    with capsys.disabled():
        print(f"\n  empyrical on three markets: {compared} numbers, {len(unexplained)} unexplained")
    assert unexplained == []
    assert compared == 48


def read(value: Any, series: dict[str, Any]) -> Any:
    """Return a case's argument: {"series": name} is a mapping of times to numbers (or of columns to such); null is nan."""
    if isinstance(value, dict):
        table = series[value["series"]]
        columns = table.get("columns", {"": table.get("values")})
        read_in = {name: {time: math.nan if number is None else number for time, number in zip(table["index"], numbers, strict=True)}
                   for name, numbers in columns.items()}
        return read_in[""] if "columns" not in table else read_in
    if isinstance(value, list):
        return [read(one, series) for one in value]
    return math.nan if value is None else value


def flat(value: Any) -> list[float]:
    if isinstance(value, dict):
        value = list(value.values())
    return [number for one in value for number in flat(one)] if isinstance(value, (list, tuple, np.ndarray)) else [float(value)]


def close(ours: float, expected: float, places: int) -> bool:
    return (math.isnan(ours) and math.isnan(expected)) or abs(ours - expected) < 1.5 * 10.0**-places


def array(value: dict[str, float]) -> np.ndarray:
    return np.array(list(value.values()), dtype=np.float64)


def with_start(values: np.ndarray) -> np.ndarray:
    return np.concatenate(([1.0], values))


def aligned(one: Any, other: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return both series at the union of their times; a benchmark given as a table of one column is that column."""
    if other and isinstance(next(iter(other.values())), dict):
        other = next(iter(other.values()))
    times = sorted({*one, *other})
    return np.array([one.get(time, math.nan) for time in times]), np.array([other.get(time, math.nan) for time in times])


def by_column(measure: Callable[[Case, np.ndarray], Any]) -> Callable[[Case], Any]:
    """Return the measure for a series, and for a table of each of its columns."""
    def answer(case: Case) -> Any:
        returns = case["returns"]
        if returns and isinstance(next(iter(returns.values())), dict):
            return [measure(case, array(column)) for column in returns.values()]
        return measure(case, array(returns))
    return answer


def rate(case: Case, name: str) -> Any:
    return array(case[name]) if isinstance(case[name], dict) else case[name]


def year(case: Case) -> int:
    return PERIODS[case.get("period", "daily")]


def grown(case: Case, returns: np.ndarray) -> np.ndarray:
    start = case["starting_value"]
    return performance.growth(returns, start) if start else performance.growth(returns) - 1.0


def annual_omega(case: Case, returns: np.ndarray) -> float:
    required = (1.0 + case["required_return"]) ** (1.0 / 252.0) - 1.0
    return performance.omega(returns, rate(case, "risk_free") + required)


def deepest(_: Case, returns: np.ndarray) -> float:
    return -drawdowns.max_drawdown(with_start(performance.growth(returns))) if len(returns) else math.nan


def calmar(case: Case, returns: np.ndarray) -> float:
    return drawdowns.calmar(performance.annual_return(returns, year(case)), -deepest(case, returns))


def alpha_beta(ours: np.ndarray, theirs: np.ndarray) -> list[float]:
    return [benchmark_measures.alpha(ours, theirs, 252), benchmark_measures.beta(ours, theirs)]


def up_capture(ours: np.ndarray, theirs: np.ndarray) -> float:
    return benchmark_measures.capture(*benchmark_measures.up_market(ours, theirs), 252)


def down_capture(ours: np.ndarray, theirs: np.ndarray) -> float:
    return benchmark_measures.capture(*benchmark_measures.down_market(ours, theirs), 252)


def beside(measure: Callable[[np.ndarray, np.ndarray], Any], other: str = "benchmark") -> Callable[[Case], Any]:
    return lambda case: measure(*aligned(case["returns"], case[other]))


def rolling(measure: Callable[..., Any], *others: str) -> Callable[[Case], Any]:
    """Return the measure over every window of the case; our functions take any stretch of an array, a window is one."""
    def answer(case: Case) -> list[Any]:
        columns = aligned(case["returns"], case[others[0]]) if others else (array(case["returns"]),)
        window = case["window"]
        return [measure(*(column[at:at + window] for column in columns)) for at in range(len(columns[0]) - window + 1)]
    return answer


def aggregated(case: Case) -> list[float]:
    """Returns compounded by week, month, quarter or year of their times."""
    days = np.array([time[:10] for time in case["returns"]], dtype="datetime64[D]")
    months = days.astype("datetime64[M]").astype(int)
    groups = {"weekly": (days.astype(int) + 3) // 7, "monthly": months, "quarterly": months // 3, "yearly": months // 12}[case["convert_to"]]
    returns = array(case["returns"])
    return [performance.total_return(returns[groups == group]) for group in np.unique(groups)]


def ratio_of_captures(ours: np.ndarray, theirs: np.ndarray) -> float:
    return performance.ratio(up_capture(ours, theirs), down_capture(ours, theirs))


def excess_sharpe(case: Case) -> float:
    factor = case["factor_returns"]
    returns = array(case["returns"])
    return benchmark_measures.information_ratio(returns, array(factor) if isinstance(factor, dict) else np.full(len(returns), factor))


MEASURES: dict[str, Callable[[Case], Any]] = {
    "test_simple_returns": lambda case: performance.simple_returns(array(case["prices"])),
    "test_cum_returns": by_column(grown),
    "test_cum_returns_df": by_column(grown),
    "test_cum_returns_final": by_column(lambda _, returns: performance.total_return(returns)),
    "test_cum_returns_final_df": by_column(lambda _, returns: performance.total_return(returns)),
    "test_aggregate_returns": aggregated,
    "test_max_drawdown": by_column(deepest),
    "test_annual_ret": by_column(lambda case, returns: performance.annual_return(returns, year(case))),
    "test_cagr": by_column(lambda case, returns: performance.annual_return(returns, year(case))),
    "test_annual_volatility": by_column(lambda case, returns: performance.annual_volatility(returns, year(case))),
    "test_calmar": by_column(calmar),
    "test_omega": by_column(annual_omega),
    "test_sharpe_ratio": by_column(lambda case, returns: performance.sharpe(returns, 252, rate(case, "risk_free"))),
    "test_downside_risk": by_column(lambda case, returns: performance.downside_risk(returns, year(case), rate(case, "required_return"))),
    "test_sortino": by_column(lambda case, returns: performance.sortino(returns, year(case), rate(case, "required_return"))),
    "test_excess_sharpe": excess_sharpe,
    "test_alpha_beta": beside(alpha_beta),
    "test_alpha": beside(lambda ours, theirs: alpha_beta(ours, theirs)[0]),
    "test_beta": beside(benchmark_measures.beta),
    "test_up_alpha_beta": beside(lambda ours, theirs: alpha_beta(*benchmark_measures.up_market(ours, theirs))),
    "test_down_alpha_beta": beside(lambda ours, theirs: alpha_beta(*benchmark_measures.down_market(ours, theirs))),
    "test_stability_of_timeseries": by_column(lambda _, returns: performance.stability(returns)),
    "test_tail_ratio": by_column(lambda _, returns: performance.tail_ratio(np.nan_to_num(returns) if len(returns) else returns)),
    "test_capture_ratio": beside(lambda ours, theirs: benchmark_measures.capture(ours, theirs, 252), "factor_returns"),
    "test_up_capture": beside(up_capture, "factor_returns"),
    "test_down_capture": beside(down_capture, "factor_returns"),
    "test_up_down_capture": beside(ratio_of_captures, "factor_returns"),
    "test_roll_max_drawdown": rolling(lambda returns: deepest({}, returns)),
    "test_roll_sharpe_ratio": rolling(lambda returns: performance.sharpe(returns, 252)),
    "test_roll_alpha_beta": rolling(alpha_beta, "benchmark"),
    "test_roll_up_capture": rolling(up_capture, "factor_returns"),
    "test_roll_down_capture": rolling(down_capture, "factor_returns"),
    "test_roll_up_down_capture": rolling(ratio_of_captures, "factor_returns"),
}
