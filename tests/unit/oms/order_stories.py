"""Orders and answers for the tests of the order manager: short to write, with every stamp said."""

from decimal import Decimal

from trading_system.core.order import Order, OrderKind, OrderRequest
from trading_system.core.order_update import Answer, Evidence, OrderUpdate, Totals
from trading_system.core.side import Side
from trading_system.oms.order_manager import OrderManager

NAME = "abcdef-naive-1-1"
ID = "BXMC2CJ7HNB88U4"


def request(name: str = NAME, quantity: str | None = "1", value: str | None = None, side: Side = Side.BUY) -> OrderRequest:
    return OrderRequest(name, "naive", "XBTZAR.luno", side, OrderKind.LIMIT if quantity else OrderKind.MARKET, 1,
                        quantity=Decimal(quantity) if quantity else None, value=Decimal(value) if value else None,
                        limit=Decimal(100) if quantity else None, tag="test")


def totals(filled: str, value: str | None = None, **fees: str) -> Totals:
    """Return totals; the value is the quantity at 100 when it is not given."""
    quantity = Decimal(filled)
    return Totals(quantity, quantity * 100 if value is None else Decimal(value), {name: Decimal(fee) for name, fee in fees.items()})


def said(answer: Answer, filled: Totals | str | None = None, asked_ns: int = 10, venue_order_id: str = "", **echo: object) -> OrderUpdate:
    """Return an update about the order NAME."""
    amounts = totals(filled) if isinstance(filled, str) else filled
    return OrderUpdate(NAME, answer, Evidence("test", asked_ns, asked_ns + 1), venue_order_id, amounts, **echo)  # type: ignore[arg-type]


def new_order(quantity: str | None = "1", value: str | None = None) -> tuple[OrderManager, Order]:
    manager = OrderManager("naive")
    return manager, manager.add(request(quantity=quantity, value=value), 100.0)
