"""The calls for market data: tickers, books, trades, candles, markets; called through the table that `api.py` puts together. They must
never change anything."""

from itertools import islice

from brokerage.luno_simulator.candles import DURATIONS
from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.market import FEE_SCALE
from brokerage.luno_simulator.order import Side
from brokerage.luno_simulator.parameters import Parameters, invalid_arguments
from brokerage.luno_simulator.rejection import Rejection
from brokerage.luno_simulator.route import Permission, Route, RouteTable
from brokerage.luno_simulator.trade_tape import DAY_MS
from brokerage.luno_simulator.trading_floor import TradingFloor
from brokerage.luno_simulator.wire_format import amount_text, listed, market_text

_TOP_LEVELS = 100
_MOST_TRADES = 100
_MOST_CANDLES = 1000


def _ticker_row(exchange: Exchange, floor: TradingFloor) -> dict[str, object]:
    return {
        "pair": floor.market.pair,
        "timestamp": floor.changed_ms,
        "bid": market_text(floor.book.best_price(Side.BID)),
        "ask": market_text(floor.book.best_price(Side.ASK)),
        "last_trade": market_text(floor.tape.last_price),
        "rolling_24_hour_volume": market_text(floor.tape.volume_of_day(exchange.now_ms)),
        "status": floor.status.in_ticker,
    }


def _wanted_floors(exchange: Exchange, parameters: Parameters) -> list[TradingFloor]:
    # A list call leaves unknown pairs out instead of refusing them.
    wanted = parameters.texts("pair")
    return [floor for pair, floor in exchange.floors.items() if not wanted or pair in wanted]


def _ticker(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    return _ticker_row(exchange, exchange.floor(parameters.text("pair")))


def _tickers(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    return {"tickers": [_ticker_row(exchange, floor) for floor in _wanted_floors(exchange, parameters)]}


def _order_book_top(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    floor = exchange.floor(parameters.text("pair"))

    def side_rows(side: Side) -> list[dict[str, str]]:
        levels = list(floor.book.levels(side))[:_TOP_LEVELS]
        return [{"price": market_text(price), "volume": market_text(volume)} for price, volume in levels]

    return {"timestamp": floor.changed_ms, "bids": side_rows(Side.BID), "asks": side_rows(Side.ASK)}


def _order_book(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    floor = exchange.floor(parameters.text("pair"))

    def side_rows(side: Side) -> list[dict[str, str]]:
        rows = floor.book.rows(side)
        return [{"price": market_text(price), "volume": market_text(volume)} for price, volume in rows]

    return {"timestamp": floor.changed_ms, "bids": side_rows(Side.BID), "asks": side_rows(Side.ASK)}


def _trades(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    floor = exchange.floor(parameters.text("pair"))
    oldest_ms = exchange.now_ms - DAY_MS
    since_ms = parameters.integer("since", oldest_ms)
    if since_ms < oldest_ms:
        raise Rejection(exchange.quirks.old_since_code, "The trades of the last 24 hours are all there are.", "since")
    rows = [
        {
            "sequence": trade.sequence,
            "timestamp": trade.timestamp_ms,
            "price": market_text(trade.price),
            "volume": market_text(trade.volume),
            "is_buy": trade.is_buy,
        }
        for trade in floor.tape.recent(since_ms, _MOST_TRADES, exchange.now_ms - exchange.quirks.trades_lag_ms)
    ]
    return {"trades": listed(rows, exchange.quirks)}


def _candles(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    floor = exchange.floor(parameters.text("pair"))
    duration, since_ms = parameters.needed_integer("duration"), parameters.needed_integer("since")
    if duration not in DURATIONS:
        raise invalid_arguments("duration")
    if since_ms < 0:
        raise invalid_arguments("since")
    now_ms = exchange.now_ms
    # Without the unfinished candle the last one is the one that ended by now.
    last_ms = now_ms if exchange.quirks.shows_unfinished_candle else now_ms - duration * 1000
    rows = [
        {
            "timestamp": candle.start_ms,
            "open": amount_text(candle.open),
            "close": amount_text(candle.close),
            "high": amount_text(candle.high),
            "low": amount_text(candle.low),
            "volume": amount_text(candle.volume),
        }
        for candle in islice(floor.tape.history.candles(duration, since_ms, last_ms), _MOST_CANDLES)
    ]
    return {"candles": rows, "duration": duration, "pair": floor.market.pair}


def _markets(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    return {"markets": [_market_row(floor) for floor in _wanted_floors(exchange, parameters)]}


def _market_row(floor: TradingFloor) -> dict[str, object]:
    market = floor.market
    return {
        "market_id": market.pair,
        "trading_status": floor.status.in_markets,
        "base_currency": market.base,
        "counter_currency": market.counter,
        "min_volume": amount_text(market.min_volume),
        "max_volume": amount_text(market.max_volume),
        "volume_scale": market.volume_scale,
        "min_price": amount_text(market.min_price),
        "max_price": amount_text(market.max_price),
        "price_scale": market.price_scale,
        "fee_scale": FEE_SCALE,
    }


MARKET_ROUTES: RouteTable = {
    ("GET", "/api/1/ticker"): Route(_ticker),
    ("GET", "/api/1/tickers"): Route(_tickers),
    ("GET", "/api/1/orderbook_top"): Route(_order_book_top),
    ("GET", "/api/1/orderbook"): Route(_order_book),
    ("GET", "/api/1/trades"): Route(_trades),
    ("GET", "/api/exchange/1/markets"): Route(_markets),
    # The one call for market data that needs a key.
    ("GET", "/api/exchange/1/candles"): Route(_candles, Permission.ANY_KEY),
}
