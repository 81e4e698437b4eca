"""The settings of a backtest, `backtest_config.yaml`: the data, the span, the instruments the venues do not know, how orders fill."""

from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from trading_system.core.instrument import FeeCurrency, Instrument
from trading_system.settings.house_settings import Currency, Duration, StrategyName, Symbol
from trading_system.settings.located import LocatedMapping

_Positive = Annotated[Decimal, Meta(gt=0, le=10**15)]
_Fee = Annotated[Decimal, Meta(ge=-1, le=1)]
_TIME_WORDS = "a day such as 2024-01-31, or a time such as 2024-01-31T12:00:00Z"
_TIME = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d))?$"
Moment = Annotated[str, Meta(pattern=_TIME, extra={"words": _TIME_WORDS})]


class InstrumentSettings(msgspec.Struct, frozen=True, kw_only=True):
    """An instrument that no venue of ours lists, or what shall be different about one that is."""

    base: Annotated[Currency | None, Meta(description="What is bought and sold.")] = None
    counter: Annotated[Currency | None, Meta(description="What it is paid with.")] = None
    price_step: Annotated[_Positive | None, Meta(description="Prices are multiples of this. Default 0.01.")] = None
    quantity_step: Annotated[_Positive | None, Meta(description="Quantities are multiples of this. Default 0.00000001.")] = None
    min_quantity: Annotated[_Positive | None, Meta(description="The smallest order. Default one step.")] = None
    max_quantity: Annotated[_Positive | None, Meta(description="The largest order. Default 1000000000.")] = None
    maker_fee: Annotated[_Fee | None, Meta(description="The fee of an order that rested in the book, as a share. Default 0.")] = None
    taker_fee: Annotated[_Fee | None, Meta(description="The fee of an order that took at once, as a share. Default 0.")] = None
    fee_currency: Annotated[FeeCurrency | None, Meta(description="Fees are taken in `base` or in `counter`. Default counter.")] = None
    multiplier: Annotated[_Positive | None, Meta(description="The value of one point of price for one unit. Default 1.")] = None
    is_spot: Annotated[bool | None, Meta(description="`no` where one can sell what one does not hold. Default yes.")] = None

    def applied(self, symbol: str, known: Instrument | None) -> Instrument:
        """Return `known` with what is different, or a new instrument. Raises ValueError when its currencies are missing."""
        written = {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not None}
        if known is not None:
            return msgspec.structs.replace(known, **written)
        if self.base is None or self.counter is None:
            raise ValueError(f"no venue of ours lists {symbol}: say its base and its counter currency")
        step = self.quantity_step or Decimal("1e-8")
        price_step = self.price_step or Decimal("0.01")
        new = Instrument(
            symbol, self.base, self.counter, price_step, step, step, Decimal(10**9), price_step, Decimal(10**12),
            fee_currency=FeeCurrency.COUNTER, has_market_orders_by_quantity=True, has_stop_orders=True, has_stop_limit_orders=True)
        return msgspec.structs.replace(new, **written)


class StrategyChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What is different about a strategy while it is backtested; `--set strategies.NAME...` still wins."""

    params: Annotated[LocatedMapping, Meta(description="Its parameters, where they differ in a backtest.")]
    bars: Annotated[Duration | None, Meta(description="The length of its bars in a backtest.")] = None


class BacktestSettings(msgspec.Struct, frozen=True, kw_only=True, rename={"from_time": "from", "to_time": "to"}):
    """`backtest_config.yaml`: everything has a default."""

    data: Annotated[
        dict[Symbol, str | list[str]],
        Meta(
            description="The file, or the files, of each instrument: CSV, CSV.gz, npz or Parquet with bars, trades or quotes. A path "
            "that is not absolute counts from the folder above the configuration.",
            examples=["{XBTZAR.luno: data/XBTZAR_quotes.csv.gz}"],
            extra={"words": "a file, or a list of files, per instrument"},
        ),
    ] = {}
    from_time: Annotated[
        Moment | None, Meta(description="Trading begins here; what is before is history for the strategies. Default the first.")
    ] = None
    to_time: Annotated[Moment | None, Meta(description="Trading ends before this. Default the end of the data.")] = None
    bad_rows: Annotated[
        Literal["refuse", "skip"], Meta(description="`refuse`: a bad row stops the start. `skip`: bad rows are left out and counted.")
    ] = "refuse"
    assumptions: Annotated[
        Literal["optimistic", "base", "pessimistic", "backtesting_py", "freqtrade"],
        Meta(
            description="How kindly orders are filled. `backtesting_py` and `freqtrade` fill as those engines do, neither spread nor "
            "slippage included, so that their results can be reproduced."
        ),
    ] = "pessimistic"
    fills: Annotated[LocatedMapping, Meta(description="How orders are filled, where it differs from the assumptions.")]
    instruments: Annotated[
        dict[Symbol, InstrumentSettings],
        Meta(
            description="Instruments that no venue lists, or what shall be different about one.",
            examples=["{GOOG.stocks: {base: GOOG, counter: USD, quantity_step: 1}}"],
            extra={"words": "the instruments by symbol"},
        ),
    ] = {}
    strategies: Annotated[
        dict[StrategyName, StrategyChanges],
        Meta(
            description="What is different about a strategy while it is backtested; the end of the table tells it. Default nothing: it "
            "runs as it trades.",
            examples=["{moving_average_cross: {bars: 5m, params: {fast: 12, slow: 48}}}"],
            extra={"words": "what is different, by strategy"},
        ),
    ] = {}
    bar_seconds: Annotated[
        Duration | None, Meta(description="The length of the bars in files of bars. Default what the times in the file say.")
    ] = None
