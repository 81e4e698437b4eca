"""The markets of the simulated exchange and the rules that bind an order's price and volume; read by every other file
of the folder. It must never hold state."""

from dataclasses import dataclass, replace
from decimal import Decimal

from brokerage.luno_simulator.rejection import Rejection

FEE_SCALE = 8


@dataclass(frozen=True, slots=True)
class Market:
    """One pair: its grid, its bounds, its fee rates and where its simulated price starts.

    Rates are fractions of the traded base amount. `typical_volume` is the size, in base, of an ordinary order of the
    crowd.
    """

    pair: str
    base: str
    counter: str
    price_scale: int
    volume_scale: int
    min_volume: Decimal
    max_volume: Decimal
    min_price: Decimal
    max_price: Decimal
    maker_rate: Decimal
    taker_rate: Decimal
    start_price: Decimal
    typical_volume: Decimal

    @property
    def tick(self) -> Decimal:
        """Return the smallest step of a price, in counter currency."""
        return Decimal(1).scaleb(-self.price_scale)

    @property
    def lot(self) -> Decimal:
        """Return the smallest step of a volume, in base currency."""
        return Decimal(1).scaleb(-self.volume_scale)

    def with_more_decimals(self, count: int) -> "Market":
        """Return the same market on a finer grid."""
        return replace(self, price_scale=self.price_scale + count, volume_scale=self.volume_scale + count)

    def currency_reserved_by(self, is_buy: bool) -> str:
        """Return the currency that an open order of this side holds in reserve."""
        return self.counter if is_buy else self.base

    def check_price(self, price: Decimal) -> None:
        """Refuse a limit price off the grid or out of bounds."""
        if decimals_of(price) > self.price_scale:
            raise Rejection("ErrPriceDenominationNotAllowed", f"A price may have {self.price_scale} decimals.")
        if price < self.min_price:
            raise Rejection("ErrPriceTooLow", f"The lowest price is {self.min_price:f}.")
        if price > self.max_price:
            raise Rejection("ErrPriceTooHigh", f"The highest price is {self.max_price:f}.")

    def check_stop_price(self, price: Decimal) -> None:
        """Refuse a stop price off the grid or out of the bounds of a limit price."""
        if decimals_of(price) > self.price_scale:
            raise Rejection("ErrInvalidStopPrice", f"A stop price may have {self.price_scale} decimals.")
        if price < self.min_price:
            raise Rejection("ErrStopPriceTooLow", f"The lowest stop price is {self.min_price:f}.")
        if price > self.max_price:
            raise Rejection("ErrStopPriceTooHigh", f"The highest stop price is {self.max_price:f}.")

    def check_volume(self, volume: Decimal) -> None:
        """Refuse a base volume off the grid or out of bounds."""
        if decimals_of(volume) > self.volume_scale:
            raise Rejection("ErrVolumeDenominationNotAllowed", f"A volume may have {self.volume_scale} decimals.")
        self.check_volume_bounds(volume)

    def check_volume_bounds(self, volume: Decimal) -> None:
        """Refuse a base volume that is too small or too large; the grid is not looked at."""
        if volume < self.min_volume:
            raise Rejection("ErrVolumeTooLow", f"The smallest volume is {self.min_volume:f}.")
        if volume > self.max_volume:
            raise Rejection("ErrVolumeTooHigh", f"The largest volume is {self.max_volume:f}.")

    def check_counter_volume(self, counter_volume: Decimal) -> None:
        """Refuse an amount to spend with more decimals than money has here (`fee_scale`, an assumption)."""
        if decimals_of(counter_volume) > FEE_SCALE:
            raise Rejection("ErrCounterDenominationNotAllowed", f"An amount may have {FEE_SCALE} decimals.")


def decimals_of(number: Decimal) -> int:
    """Count the decimals a finite number needs, trailing zeros not counted."""
    _, _, fraction = f"{number:f}".partition(".")
    return len(fraction.rstrip("0"))


def _market(
    base: str,
    counter: str,
    scales: tuple[int, int],
    volumes: tuple[str, str],
    prices: tuple[str, str],
    rates: tuple[str, str],
    start_price: str,
    typical_volume: str,
) -> Market:
    return Market(
        pair=base + counter,
        base=base,
        counter=counter,
        price_scale=scales[0],
        volume_scale=scales[1],
        min_volume=Decimal(volumes[0]),
        max_volume=Decimal(volumes[1]),
        min_price=Decimal(prices[0]),
        max_price=Decimal(prices[1]),
        maker_rate=Decimal(rates[0]),
        taker_rate=Decimal(rates[1]),
        start_price=Decimal(start_price),
        typical_volume=Decimal(typical_volume),
    )


_FIAT = ("0.004", "0.006")
_CRYPTO = ("0.0008", "0.001")


def default_markets(extra_decimals: int = 0) -> tuple[Market, ...]:
    """Return the markets that are simulated, on a grid finer by so many decimals.

    Only the pair names, the scales of XBTZAR and the fee rates are published or were observed on the real venue.
    Every other scale, bound and start price is an assumption: a client must load them from the markets call and never
    rely on them.
    """
    markets = (
        _market("XBT", "ZAR", (0, 6), ("0.0001", "100"), ("1000", "100000000"), _FIAT, "1800000", "0.008"),
        _market("ETH", "ZAR", (0, 6), ("0.001", "1000"), ("100", "10000000"), _FIAT, "60000", "0.2"),
        _market("XRP", "ZAR", (2, 6), ("1", "1000000"), ("0.01", "100000"), _FIAT, "40", "250"),
        _market("XBT", "MYR", (0, 6), ("0.0001", "100"), ("1000", "100000000"), _FIAT, "400000", "0.008"),
        _market("ETH", "XBT", (4, 2), ("0.01", "1000"), ("0.0001", "10"), _CRYPTO, "0.033", "0.5"),
    )
    return tuple(market.with_more_decimals(extra_decimals) for market in markets)
