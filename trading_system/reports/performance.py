"""Measures of a series of returns: growth, annual figures, ratios of gain to risk, tails. Pure functions over numpy arrays.

Returns and rates are shares (0.01 is one percent) per period, risks are shares too. What is not defined (too few returns, nothing to
divide by) is nan, never 0 and never infinite. A nan among the returns is a period that passed without a known return: it counts as time,
not as an observation.
"""

import math

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Rate = float | Array

SECONDS_PER_YEAR = 365.25 * 86_400.0


def simple_returns(values: Array) -> Array:
    """Return the change from each value to the next as a share of the earlier one; nan after a value that is not above zero."""
    earlier = np.where(values[:-1] > 0.0, values[:-1], math.nan)
    return np.asarray(values[1:] / earlier - 1.0)


def log_returns(values: Array) -> Array:
    """Return the natural logarithm of each value over the one before; nan where one of them is not above zero."""
    above = np.where(values > 0.0, values, math.nan)
    return np.diff(np.log(above))


def growth(returns: Array, start: float = 1.0) -> Array:
    """Return what `start` has become after each period when everything is reinvested; a missing return changes nothing."""
    return np.asarray(start * np.cumprod(1.0 + np.nan_to_num(returns, nan=0.0)))


def total_return(returns: Array) -> float:
    """Return the compounded return of all periods; nan without any."""
    return float(growth(returns)[-1]) - 1.0 if len(returns) else math.nan


def annual_return(returns: Array, periods_per_year: float) -> float:
    """Return the yearly rate that compounds to the same total: (1 + total) ** (periods per year / periods) - 1.

    -1 when everything was lost, nan without returns or when more than everything was lost. Source: Bacon, Practical Portfolio
    Performance Measurement and Attribution, chapter 3 (geometric average).
    """
    return _annualized(1.0 + total_return(returns), periods_per_year / len(returns)) if len(returns) else math.nan


def cagr(start: float, end: float, seconds: float, seconds_per_year: float = SECONDS_PER_YEAR) -> float:
    """Return the compound annual growth rate from `start` to `end` over `seconds` of calendar time.

    nan without time, without a positive start, when the end is negative, or when the rate is beyond every number.
    """
    if seconds <= 0.0 or start <= 0.0:
        return math.nan
    return _annualized(end / start, seconds_per_year / seconds)


def annual_volatility(returns: Array, periods_per_year: float, geometric: bool = False) -> float:
    """Return the yearly standard deviation: that of the sample times sqrt(periods per year); nan with fewer than two returns.

    `geometric` compounds it: sqrt((variance + (1 + g)**2)**n - (1 + g)**(2n)) with g the geometric mean return and n the periods per year,
    the standard deviation of a product of n independent returns (Goodman 1960, On the Exact Variance of Products).
    """
    known = _known(returns)
    if len(known) < 2:
        return math.nan
    deviation = spread(known)
    if not geometric:
        return deviation * math.sqrt(periods_per_year)
    mean = 1.0 + geometric_mean(known)
    try:
        return math.sqrt(max((deviation**2 + mean**2) ** periods_per_year - mean ** (2.0 * periods_per_year), 0.0))
    except OverflowError:
        return math.nan


def sharpe(returns: Array, periods_per_year: float, risk_free: Rate = 0.0, geometric: bool = False) -> float:
    """Return the annual Sharpe ratio: mean return above `risk_free` (per period) over the standard deviation, times sqrt(periods per year).

    `geometric` divides the compounded annual return above the annual rate by the compounded volatility instead; `risk_free` is then a
    number. nan when the returns do not vary. Source: Sharpe 1994, The Sharpe Ratio.
    """
    if geometric:
        excess = annual_return(returns, periods_per_year) - _annual_rate(risk_free, periods_per_year)
        return ratio(excess, annual_volatility(returns, periods_per_year, geometric=True))
    above = _known(returns - risk_free)
    return ratio(float(above.mean()), spread(above)) * math.sqrt(periods_per_year) if len(above) > 1 else math.nan


def downside_risk(returns: Array, periods_per_year: float, required: Rate = 0.0) -> float:
    """Return the yearly downside deviation: root of the mean of min(return - required, 0) squared over all periods, times sqrt(periods).

    Source: Sortino and Price 1994, Performance Measurement in a Downside Risk Framework. With 1 period a year it is that of one period.
    """
    below = np.minimum(_known(returns - required), 0.0)
    return math.sqrt(float(np.mean(below**2)) * periods_per_year) if len(below) else math.nan


def upside_risk(returns: Array, periods_per_year: float, required: Rate = 0.0) -> float:
    """Return the counterpart of `downside_risk` for what is above `required`: the root of its mean square, times sqrt(periods)."""
    return downside_risk(-returns, periods_per_year, -required)


def volatility_skewness(returns: Array, required: Rate = 0.0) -> float:
    """Return upside over downside variance; above 1 the large moves are gains. nan without downside. Source: Bacon, volatility skewness."""
    return ratio(upside_risk(returns, 1.0, required) ** 2, downside_risk(returns, 1.0, required) ** 2)


def sortino(returns: Array, periods_per_year: float, required: Rate = 0.0, geometric: bool = False) -> float:
    """Return the annual Sortino ratio: mean return above `required` (per period) times periods, over the downside risk.

    `geometric` takes the compounded annual return above the annual rate instead of the mean. nan without downside or with fewer than two.
    """
    above = _known(returns - required)
    if len(above) < 2:
        return math.nan
    mean = float(above.mean()) * periods_per_year
    if geometric:
        mean = annual_return(returns, periods_per_year) - _annual_rate(required, periods_per_year)
    return ratio(mean, downside_risk(returns, periods_per_year, required))


def omega(returns: Array, required: Rate = 0.0) -> float:
    """Return the sum of what is above `required` (per period) over the sum of what is below; nan when nothing is below.

    Source: Keating and Shadwick 2002, A Universal Performance Measure. At 0 it is also the Bernardo-Ledoit gain-loss ratio.
    """
    above = _known(returns - required)
    return ratio(float(above[above > 0.0].sum()), -float(above[above < 0.0].sum())) if len(above) > 1 else math.nan


def adjusted_sharpe(returns: Array, periods_per_year: float) -> float:
    """Return the annual Sharpe ratio S punished for bad tails: S * (1 + skewness / 6 * S - (kurtosis - 3) / 24 * S**2).

    S is the compounded annual return over the volatility. Source: Pezier and White 2006, as in Bacon.
    """
    value = ratio(annual_return(returns, periods_per_year), annual_volatility(returns, periods_per_year))
    return value * (1.0 + skewness(returns) / 6.0 * value - (kurtosis(returns) - 3.0) / 24.0 * value**2)


def skewness(returns: Array) -> float:
    """Return the third standardized moment of the returns; nan when they do not vary."""
    return _moment(_known(returns), 3)


def kurtosis(returns: Array, sample: bool = False) -> float:
    """Return the fourth standardized moment (3 for a normal distribution), or with `sample` its estimate for the population.

    The estimate is n(n+1) / ((n-1)(n-2)(n-3)) * sum(((r - mean) / s)**4) with s the sample deviation; nan with fewer than four returns.
    """
    known = _known(returns)
    if not sample:
        return _moment(known, 4)
    count = len(known)
    if count < 4:
        return math.nan
    # The moment divides by n times the variance of all squared; the estimate by that of the sample squared: (n / (n - 1))**2 apart.
    factor = count * (count + 1.0) / ((count - 1.0) * (count - 2.0) * (count - 3.0))
    return _moment(known, 4) * factor * (count - 1.0) ** 2 / count


def value_at_risk(returns: Array, share: float = 0.05) -> float:
    """Return the loss that only the worst `share` of the periods exceeded, as a positive share (historical, between points linear)."""
    known = _known(returns)
    return -float(np.quantile(known, share)) if len(known) else math.nan


def expected_shortfall(returns: Array, share: float = 0.05) -> float:
    """Return the mean loss of the worst `share` of the periods, at least one of them, as a positive share (conditional value at risk)."""
    known = np.sort(_known(returns))
    return -float(known[: int((len(known) - 1) * share) + 1].mean()) if len(known) else math.nan


def tail_ratio(returns: Array) -> float:
    """Return the size of the 95th over that of the 5th percentile: above 1 the good days are larger than the bad ones."""
    known = _known(returns)
    return ratio(abs(float(np.quantile(known, 0.95))), abs(float(np.quantile(known, 0.05)))) if len(known) else math.nan


def stability(returns: Array) -> float:
    """Return how straight the logarithm of growth runs: the squared correlation of its sums with time; nan with fewer than two."""
    known = _known(returns)
    if len(known) < 2 or known.min() <= -1.0:
        return math.nan
    path = np.cumsum(np.log1p(known))
    return float(np.corrcoef(np.arange(len(path)), path)[0, 1]) ** 2 if spread(path) else math.nan


def frequency_above(returns: Array, required: float = 0.0) -> float:
    """Return the share of periods with more than `required`; nan without any."""
    known = _known(returns)
    return float(np.mean(known > required)) if len(known) else math.nan


def frequency_below(returns: Array, required: float = 0.0) -> float:
    """Return the share of periods with less than `required`; nan without any."""
    return frequency_above(-returns, -required)


def geometric_mean(returns: Array) -> float:
    """Return the return per period that compounds to the same total; nan without returns or when one loses everything or more."""
    known = _known(returns)
    return math.expm1(float(np.log1p(known).mean())) if len(known) and known.min() > -1.0 else math.nan


def spread(values: Array) -> float:
    """Return the sample standard deviation, exactly 0 for equal values (rounding would leave a trace of it); nan with fewer than two."""
    if len(values) < 2:
        return math.nan
    return float(np.std(values, ddof=1)) if np.ptp(values) > 1e-15 * float(np.abs(values).max()) else 0.0


def ratio(part: float, whole: float) -> float:
    """Return `part` over `whole`; nan when there is nothing to divide by."""
    return part / whole if whole else math.nan


def _known(values: Array) -> Array:
    return values[~np.isnan(values)]


def _moment(known: Array, order: int) -> float:
    if len(known) < 2 or not spread(known):
        return math.nan
    away = known - known.mean()
    return float(np.mean(away**order) / np.mean(away**2) ** (order / 2.0))


def _annualized(factor: float, years: float) -> float:
    if factor < 0.0 or math.isnan(factor):
        return math.nan
    try:
        return math.pow(factor, years) - 1.0
    except OverflowError:
        return math.nan


def _annual_rate(rate: Rate, periods_per_year: float) -> float:
    return float((1.0 + float(np.mean(rate))) ** periods_per_year - 1.0)
