"""The terminal: a page of our own while the house runs, the user's page back afterwards. Writes bytes, knows nothing of trading.

Only lines that changed are written, each over the old one, so that nothing flickers; every few seconds all of them, so that whatever
somebody else printed in between is gone again.
"""

import contextlib
import os
from collections.abc import Sequence
from io import StringIO
from typing import TextIO

from rich.console import Console
from rich.text import Text

# A page of our own, no cursor, no wrapping at the right edge; and all of it back.
_ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J"
_LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l"
# Terminals that know these two show the frame at once; the others ignore them.
_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"
_WHOLE_EVERY = 10
_ASCII = str.maketrans("─·…\u2013→▁▂▃▄▅▆▇█", "-|.->_.:-=+*#")


class Terminal:
    """Draws on `stream`. All writing goes straight to its file descriptor."""

    def __init__(self, stream: TextIO, has_color: bool) -> None:
        self._stream = stream               # kept open as long as we write to its descriptor
        self._handle = stream.fileno()
        self._encoding = stream.encoding or "ascii"
        self._has_color = has_color
        self._color_system = Console(file=stream).color_system or "standard"
        self._painted: list[str] = []
        self._size = (0, 0)
        self._frames = 0
        self.is_entered = False

    @property
    def size(self) -> tuple[int, int]:
        """Return columns and lines, 80 x 24 where the terminal does not tell."""
        try:
            columns, lines = os.get_terminal_size(self._handle)
        except OSError:
            return 80, 24
        return (columns, lines) if columns and lines else (80, 24)

    def enter(self) -> None:
        """Take a page of our own. Raises OSError."""
        self.is_entered = True
        self._write(_ENTER)

    def leave(self) -> None:
        """Give the user's page back; does nothing when that was done already. Safe inside a signal handler."""
        if self.is_entered:
            self.is_entered = False
            with contextlib.suppress(OSError):      # the terminal is gone: nobody is left to give it back to
                self._write(_LEAVE)

    def paint(self, lines: Sequence[Text]) -> int:
        """Show `lines` from the top and return how many bytes that took. Raises OSError."""
        size = self.size
        painted = self.rendered(lines, size[0])
        is_whole = size != self._size or self._frames % _WHOLE_EVERY == 0
        parts = ["\x1b[2J"] if size != self._size else []
        for row, line in enumerate(painted):
            if is_whole or row >= len(self._painted) or self._painted[row] != line:
                # Nothing is erased behind a line that is full: the cursor stands on its last cell then.
                parts.append(f"\x1b[{row + 1};1H{line}\x1b[0m" + ("\x1b[K" if lines[row].cell_len < size[0] else ""))
        self._painted, self._size, self._frames = painted, size, self._frames + 1
        return self._write(_BEGIN + "".join(parts) + _END) if parts and self.is_entered else 0

    def print(self, lines: Sequence[Text]) -> None:
        """Write `lines` one below the other, to stay. Raises OSError."""
        self._write("".join(line + "\n" for line in self.rendered(lines, self.size[0])))

    def rendered(self, lines: Sequence[Text], width: int) -> list[str]:
        """Return the lines with their colors as the terminal wants them."""
        console = Console(file=StringIO(), force_terminal=True, width=width, no_color=not self._has_color, highlight=False,
                          color_system=self._color_system, legacy_windows=False)      # type: ignore[arg-type]
        with console.capture() as capture:
            for line in lines:
                console.print(line, no_wrap=True, overflow="crop", crop=True)
        text = capture.get()
        return (text if self._encoding.lower().startswith("utf") else text.translate(_ASCII)).split("\n")[:len(lines)]

    def _write(self, text: str) -> int:
        data = text.encode(self._encoding, "replace")
        left = memoryview(data)
        while left:
            left = left[os.write(self._handle, left):]
        return len(data)
