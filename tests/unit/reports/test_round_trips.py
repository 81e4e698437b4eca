"""What a trader would write into a trading diary: which purchase met which sale, and what was left after fees."""

from decimal import Decimal

import pytest

from tests.unit.reports.fills import ETHXBT, ETHZAR, GOLD, INSTRUMENTS, XBTZAR, buy, sell
from trading_system.core.errors import InvariantBroken
from trading_system.reports.results import ClosedTrade
from trading_system.reports.round_trips import RoundTrips

D = Decimal


def trips_of(*fills: object, most: int = 20_000) -> RoundTrips:
    trips = RoundTrips(INSTRUMENTS, most)
    for one in fills:
        trips.add_fill(one)  # type: ignore[arg-type]
    return trips


def close(*numbers: float) -> object:
    return pytest.approx(numbers, rel=1e-12)


def test_a_purchase_and_a_sale_are_one_trade_with_both_fees() -> None:
    trips = trips_of(buy("2", "100", 10, ZAR="1"), sell("2", "110", 30, ZAR="3"))
    assert trips.trades == [ClosedTrade("naive", XBTZAR, True, 2.0, 10, 30, 100.0, 110.0, 16.0, 4.0)]
    assert trips.traded_value("naive", "ZAR") == 420.0


def test_the_oldest_purchase_is_sold_first_and_fees_are_shared_by_quantity() -> None:
    trips = trips_of(buy("1", "100", 1, ZAR="1"), buy("3", "120", 2, ZAR="6"), sell("2", "130", 3, ZAR="2"))
    first, second = trips.trades
    assert (first.entry_ns, first.quantity, first.entry_price) == (1, 1.0, 100.0)
    assert close(first.profit, first.fees) == (30.0 - 2.0, 2.0)
    assert (second.entry_ns, second.quantity, second.entry_price) == (2, 1.0, 120.0)
    assert close(second.profit, second.fees) == (10.0 - 3.0, 3.0)
    assert trips.open_amounts("naive", XBTZAR) == (D(2), pytest.approx(240.0), pytest.approx(4.0))


def test_a_short_gains_when_the_price_falls() -> None:
    trips = trips_of(sell("2", "100", 1), buy("0.5", "90", 2))
    (trade,) = trips.trades
    assert (trade.is_long, trade.quantity, trade.entry_price, trade.exit_price, trade.profit) == (False, 0.5, 100.0, 90.0, 5.0)


def test_a_fill_through_zero_closes_and_opens_the_other_side() -> None:
    trips = trips_of(buy("1", "100", 1), sell("3", "110", 2, ZAR="3"), buy("2", "100", 3))
    long, short = trips.trades
    assert (long.is_long, long.quantity, long.profit) == (True, 1.0, 10.0 - 1.0)
    assert (short.is_long, short.quantity, short.entry_ns, short.profit) == (False, 2.0, 2, 20.0 - 2.0)


def test_a_fee_in_base_leaves_less_to_sell_and_counts_at_the_price_paid() -> None:
    trips = trips_of(buy("1", "100", 1, XBT="0.001"))
    assert trips.open_amounts("naive", XBTZAR)[0] == D("0.999")
    trips.add_fill(sell("0.999", "110", 2))
    (trade,) = trips.trades
    assert trade.quantity == 0.999
    # Paid 100, got 109.89: that and nothing else is the profit.
    assert close(trade.profit, trade.fees) == (9.89, 0.1)
    assert trips.open_amounts("naive", XBTZAR) == (D(0), 0.0, 0.0)


def test_a_contract_counts_points_and_its_base_is_no_currency() -> None:
    trips = trips_of(buy("1", "100", 1, GOLD, GOLD="0.5"), sell("1", "103", 2, GOLD))
    (trade,) = trips.trades
    assert (trade.entry_price, trade.exit_price, trade.profit) == (100.0, 103.0, 15.0)
    assert trips.unshared_fees("naive") == {"GOLD": 0.5}


def test_a_fee_in_another_currency_is_in_no_trade_but_told() -> None:
    trips = trips_of(buy("1", "100", 1, BNB="0.01"), sell("1", "100", 2, BNB="0.02"))
    assert trips.trades[0].profit == 0.0
    assert trips.unshared_fees("naive") == {"BNB": pytest.approx(0.03)}


@pytest.mark.parametrize(("entry", "exit_"), [(buy, sell), (sell, buy)])
def test_a_late_fee_joins_what_its_order_opened_long_or_short(entry, exit_) -> None:  # type: ignore[no-untyped-def]
    trips = trips_of(entry("1", "100", 1, order="a"), entry("0", "1", 2, order="a", ZAR="2"))
    assert trips.open_amounts("naive", XBTZAR)[2] == 2.0
    trips.add_fill(exit_("1", "100", 3, order="b"))
    trips.add_fill(exit_("0", "1", 4, order="b", ZAR="3"))
    assert [(trade.profit, trade.fees) for trade in trips.trades] == [(-5.0, 5.0)]
    assert trips.columns(["naive"]).profits.tolist() == [-5.0]
    assert trips.unshared_fees("naive") == {}


def test_a_late_fee_in_base_takes_the_quantity_and_leaves_the_cost() -> None:
    trips = trips_of(buy("1", "100", 1, order="a"), buy("0", "1", 2, order="a", XBT="0.25"), sell("0.75", "100", 3))
    (trade,) = trips.trades
    assert close(trade.profit, trade.fees, trade.entry_price) == (-25.0, 25.0, 100.0)


def test_capital_in_base_is_a_purchase_without_a_fee_at_the_price_it_was_booked_at() -> None:
    trips = RoundTrips(INSTRUMENTS)
    trips.add_capital("naive", ETHZAR, D(2), 50.0, 5)
    trips.add_fill(sell("2", "60", 9, ETHZAR))
    (trade,) = trips.trades
    assert (trade.entry_ns, trade.profit, trade.fees) == (5, 20.0, 0.0)
    assert trips.traded_value("naive", "ZAR") == 120.0


def test_only_the_newest_trades_are_listed_and_all_of_them_are_counted() -> None:
    fills = [one for at in range(10) for one in (buy("1", "100", 2 * at), sell("1", str(101 + at), 2 * at + 1))]
    trips = trips_of(*fills, most=3)
    assert [trade.profit for trade in trips.trades] == [8.0, 9.0, 10.0]
    assert (trips.count, trips.left_out) == (10, 7)
    assert trips.columns(["naive"]).profits.tolist() == [float(at) for at in range(1, 11)]


def test_strategies_do_not_close_each_others_trades_and_are_joined_by_time() -> None:
    trips = trips_of(buy("1", "100", 1), sell("1", "90", 2, strategy="other"), sell("1", "105", 5), buy("1", "80", 4, strategy="other"))
    assert trips.columns(["naive"]).profits.tolist() == [5.0]
    assert trips.columns(["other", "naive"]).profits.tolist() == [10.0, 5.0]
    assert trips.columns(["nobody"]).profits.tolist() == []


def test_profits_of_two_currencies_are_never_added() -> None:
    trips = trips_of(buy("1", "100", 1), sell("1", "101", 2), buy("1", "0.05", 3, ETHXBT), sell("1", "0.06", 4, ETHXBT))
    assert trips.columns(["naive"], "ZAR").profits.tolist() == [1.0]
    assert trips.columns(["naive"], "XBT").profits.tolist() == [pytest.approx(0.01)]
    assert trips.columns(["naive"], "USD").profits.tolist() == []


def test_held_time_is_counted_once_for_several_symbols_and_not_for_dust() -> None:
    second = 10**9
    trips = trips_of(buy("1", "100", 1 * second), buy("1", "50", 2 * second, ETHZAR), sell("0.9999", "100", 4 * second),
                     sell("1", "50", 7 * second, ETHZAR))
    assert trips.held_seconds("naive", 20 * second) == 6.0
    trips.add_fill(buy("1", "100", 15 * second))
    assert trips.held_seconds("naive", 20 * second) == 11.0
    assert trips.held_seconds("nobody", 20 * second) == 0.0


def test_a_fill_of_an_unknown_symbol_is_refused() -> None:
    with pytest.raises(InvariantBroken, match="none of the symbols"):
        trips_of(buy("1", "1", 1, "ABCDEF.exchange"))
