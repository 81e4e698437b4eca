"""What the house is made to do while it is killed: four strategies that order and cancel without rest, and how fast the house may be."""

from pathlib import Path

#: At most so many orders stand at once, over all strategies.
MOST_OPEN_ORDERS = 46
STRATEGIES = Path(__file__).parent / "strategies"
_SYSTEM = """heartbeat_seconds: 0.3
orders_per_second: 200
stop_deadline_seconds: 10
brokers:
  luno: {{adapter: luno, calls_per_second: 400, burst: 100, polls_per_second: 100, cancels_per_second: 100, ttl_seconds: 0.5,
    order_deadline_seconds: 3, read_deadline_seconds: 3}}
simulator: {{url: "{url}"}}
"""
_CHURNS = (
    ("churn_limits", "XRPZAR", "{ZAR: 100000, XRP: 8000}", "limit", 120.0, 16, 4, "cancel"),
    ("churn_more", "ETHZAR", "{ZAR: 200000, ETH: 8}", "limit", 0.1, 14, 3, "keep"),
    ("churn_quotes", "XBTMYR", "{MYR: 100000, XBT: 0.5}", "quote", 0.004, 12, 3, "keep"),
    ("churn_markets", "XBTZAR", "{ZAR: 200000, XBT: 0.5}", "market", 0.002, 4, 1, "cancel"),
)
NAMES = tuple(name for name, *_ in _CHURNS)


def system_lines(url: str) -> str:
    """Return `system_config.yaml` for a house that attaches to the exchange at `url`."""
    return _SYSTEM.format(url=url)


def strategy_lines(folder: Path) -> str:
    """Return what stands below `strategies:`; gate and diary are in `folder`."""
    return "\n".join(
        f"{name}: {{file: churn_strategy.py, instruments: [{pair}.luno], capital: {capital}, on_stop: {on_stop}, params: {{kind: {kind}, "
        f"size: {size}, count: {count}, pace: {pace}, gate: {gate(folder)}, diary: {diary(folder)}}}}}"
        for name, pair, capital, kind, size, count, pace, on_stop in _CHURNS)


def gate(folder: Path) -> Path:
    """Return the file that must exist for the strategies to trade."""
    return folder / "gate"


def diary(folder: Path) -> Path:
    """Return the file in which the strategies write what they do."""
    return folder / "diary"
