"""The two queues and their one bell. Any thread lays papers, only the engine takes them.

Market data is perishable (the newest tick wins while the engine is behind), trading actions are never lost.
"""

from collections import deque
from collections.abc import Callable

from trading_system.core.events import ActionEvent, CommandEvent
from trading_system.core.market_data import Book, MarketData, SkippedTicks, Tick
from trading_system.core.ports import Mailbox

_ROUND = 256


class Queues:
    """Slots for ticks and book tops, a deque for trades and bars; three lanes of actions: consequences, commands, answers.

    No wake-up can be lost: the engine swallows the bell's token before it looks, so whoever finds a token laid its paper before that look.
    """

    def __init__(self, bell: Mailbox, market_bound: int = 4096) -> None:
        self.consequences: deque[ActionEvent] = deque()
        self.commands: deque[CommandEvent] = deque()
        self.answers: deque[ActionEvent] = deque()
        self.lossless: deque[MarketData] = deque()
        self.newest: dict[tuple[type, str], Tick | Book] = {}
        self.skipped: dict[str, deque[Tick]] = {}
        self.conflated: dict[str, int] = {}
        self.refused: dict[str, int] = {}
        self._market_bound = market_bound
        self._bell = bell
        self._ring = bell.put
        self._is_silent = bell.empty

    def keep_for_bars(self, symbol: str) -> None:
        """Keep the ticks of `symbol` that are conflated away, so that bars are built from all of them."""
        self.skipped.setdefault(symbol, deque())

    def lay_market(self, event: MarketData) -> None:
        """Lay market data. Trades and bars beyond the bound are refused and counted: the feed is then broken, and says so."""
        if type(event) is Tick or type(event) is Book:
            key = (type(event), event.symbol)
            before = self.newest.get(key)
            if before is not None:
                self.conflated[event.symbol] = self.conflated.get(event.symbol, 0) + 1
                if type(before) is Tick and event.symbol in self.skipped:
                    self.skipped[event.symbol].append(before)
            self.newest[key] = event
        elif len(self.lossless) >= self._market_bound:
            self.refused[event.symbol] = self.refused.get(event.symbol, 0) + 1
            return
        else:
            self.lossless.append(event)
        if self._is_silent():
            self._ring(None)

    def lay_answer(self, event: ActionEvent) -> None:
        """Lay what an executor, a stream or the heartbeat says."""
        self.answers.append(event)
        if self._is_silent():
            self._ring(None)

    def lay_quietly(self, event: ActionEvent) -> None:
        """Lay what can wait for the next paper: nobody is woken for it."""
        self.answers.append(event)

    def lay_command(self, event: CommandEvent) -> None:
        """Lay what an operator or a watchdog wants; commands are taken before answers."""
        self.commands.append(event)
        if self._is_silent():
            self._ring(None)

    def wait(self, until_ns: int | None = None) -> None:
        """Wait for the bell, at most until monotonic `until_ns`."""
        self._bell.take(until_ns)

    def take_market(self) -> MarketData | SkippedTicks | None:
        """Return the next market event, trades and bars before ticks, the longest waiting symbol first; None when there is none."""
        if self.lossless:
            return self.lossless.popleft()
        while self.newest:
            try:
                key = next(iter(self.newest))
                skipped = self.skipped.get(key[1])
                if skipped:
                    return SkippedTicks(key[1], tuple(skipped.popleft() for _ in range(len(skipped))))
                return self.newest.pop(key)
            except (KeyError, RuntimeError):     # a producer changed the slots between the two steps
                continue
        return None

    def discard_market(self) -> None:
        """Throw market data away: a house that stops decides on none."""
        self.lossless.clear()
        self.newest.clear()

    def drain(self, handle: Callable[[MarketData | SkippedTicks | ActionEvent], None], stop: Callable[[], bool],
              handle_consequence: Callable[[ActionEvent], None] | None = None) -> None:
        """Hand everything that waits to `handle`: consequences, commands, answers, and after at most 256 of them one market event.

        Consequences go to `handle_consequence` where it is given: they keep the stamp of what caused them.
        """
        follow = handle_consequence or handle
        consequences, commands, answers = self.consequences, self.commands, self.answers
        while not stop():
            done = 0
            while done < _ROUND:
                if consequences:
                    follow(consequences.popleft())
                elif commands:
                    handle(commands.popleft())
                elif answers:
                    handle(answers.popleft())
                else:
                    break
                done += 1
            event = self.take_market()
            if event is not None:
                handle(event)
            elif not (consequences or commands or answers):
                return

    @property
    def depth(self) -> int:
        """Return how many papers wait."""
        return len(self.consequences) + len(self.commands) + len(self.answers) + len(self.lossless) + len(self.newest)
