"""What a run would do, in a few lines: for `run --dry`, and for nothing that acts."""

from collections.abc import Iterator

from trading_system.commands.preparation import Prepared
from trading_system.core.order_words import plain


def plan_lines(prepared: Prepared, is_fresh: bool, for_seconds: float | None) -> Iterator[str]:
    """Yield the effective plan: mode, venue, state, then each strategy with what it may do."""
    settings, simulator = prepared.settings, prepared.settings.system.simulator
    venue = f"the exchange at {simulator.url}" if simulator.url else f"a simulated exchange of our own, seed {simulator.seed}"
    yield f"mode {prepared.mode}: {venue}; no key, no real money"
    past = "new" if not prepared.state.exists() else "moved aside first" if is_fresh else "goes on from the last run"
    yield f"state {prepared.state}: {past}"
    yield f"until {'Ctrl-C' if for_seconds is None else f'{for_seconds:g} s after the first beat'}, a beat every " \
          f"{settings.system.heartbeat_seconds:g} s"
    for one in prepared.enrolled:
        capital = ", ".join(f"{plain(amount)} {currency}" for currency, amount in one.settings.capital.items())
        yield f"{one.name}: {one.kind.__name__} in {one.settings.file}, capital {capital}" \
              + (f", bars of {one.bar_ns / 1e9:g} s" if one.bar_ns else "")
        params = ", ".join(f"{key}={getattr(one.params, key)}" for key in one.params.__struct_fields__)
        yield f"  params {params or 'none'}"
        yield f"  limits: {one.limits.max_open_orders} open orders, no price older than {one.limits.stale_price_seconds:g} s; " \
              f"at the end its orders are {'kept' if one.settings.on_stop == 'keep' else 'canceled'}"
        for symbol in one.settings.instruments:
            found = (prepared.instruments or {}).get(symbol)
            if found is None:
                yield f"  {symbol}: not checked, only the exchange can tell"
            else:
                yield f"  {symbol}: price step {plain(found.price_step)} {found.counter}, quantity step {plain(found.quantity_step)}, " \
                      f"smallest order {plain(found.min_quantity)} {found.base}"
    yield "nothing was started (--dry)"
