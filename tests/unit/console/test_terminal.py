"""The terminal, on a pseudo terminal that a test reads from."""

import fcntl
import os
import pty
import re
import struct
import termios
from collections.abc import Iterator

import pytest
from rich.text import Text

from trading_system.console.terminal import Terminal


class Shown:
    """A pseudo terminal."""

    def __init__(self, width: int = 40, height: int = 6) -> None:
        self.handle, own = pty.openpty()
        fcntl.ioctl(own, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        attributes = termios.tcgetattr(own)
        attributes[1] &= ~termios.OPOST
        termios.tcsetattr(own, termios.TCSANOW, attributes)
        self.stream = os.fdopen(own, "w", encoding="utf-8")

    def read(self) -> str:
        """Return what was written since the last time."""
        os.set_blocking(self.handle, False)
        data = b""
        try:
            while part := os.read(self.handle, 65536):
                data += part
        except BlockingIOError:
            pass
        return data.decode()


@pytest.fixture
def shown() -> Iterator[Shown]:
    made = Shown()
    yield made
    made.stream.close()
    os.close(made.handle)


def test_the_page_is_taken_and_given_back_with_the_cursor(shown: Shown) -> None:
    terminal = Terminal(shown.stream, True)
    terminal.enter()
    assert "\x1b[?1049h" in shown.read()
    terminal.leave()
    assert shown.read() == "\x1b[?7h\x1b[?25h\x1b[?1049l"
    terminal.leave()
    assert shown.read() == ""


def test_only_lines_that_changed_are_written_and_a_full_line_is_not_erased_behind(shown: Shown) -> None:
    terminal = Terminal(shown.stream, True)
    terminal.enter()
    terminal.paint([Text("one"), Text("x" * 40)])
    assert "x\x1b[0m\x1b[K" not in shown.read()
    terminal.paint([Text("two"), Text("x" * 40)])
    assert re.sub(r"\x1b\[\?2026.", "", shown.read()) == "\x1b[1;1Htwo\x1b[0m\x1b[K"
    assert terminal.paint([Text("two"), Text("x" * 40)]) == 0


def test_after_a_while_everything_is_written_again_over_what_others_printed(shown: Shown) -> None:
    terminal = Terminal(shown.stream, True)
    terminal.enter()
    assert any([terminal.paint([Text("one")]) for _ in range(20)][1:])


def test_a_new_size_clears_the_page(shown: Shown) -> None:
    terminal = Terminal(shown.stream, True)
    terminal.enter()
    terminal.paint([Text("one")])
    shown.read()
    fcntl.ioctl(shown.stream.fileno(), termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    terminal.paint([Text("one")])
    assert "\x1b[2J" in shown.read()
    assert terminal.size == (100, 30)


def test_there_is_no_color_where_nobody_wants_it(shown: Shown) -> None:
    assert "\x1b[31m" in "".join(Terminal(shown.stream, True).rendered([Text("loss", "red")], 40))
    assert "\x1b[31m" not in "".join(Terminal(shown.stream, False).rendered([Text("loss", "red"), Text("x", "white on red")], 40))


def test_a_terminal_without_these_letters_gets_plain_ones(shown: Shown) -> None:
    shown.stream.reconfigure(encoding="ascii")
    terminal = Terminal(shown.stream, False)
    assert terminal.rendered([Text("── ▁█ … → 日")], 40)[0].startswith("-- _# . > ")
    terminal.enter()
    terminal.paint([Text("日")])
    assert "?" in shown.read()


def test_nothing_is_painted_after_the_page_was_given_back(shown: Shown) -> None:
    terminal = Terminal(shown.stream, True)
    terminal.enter()
    terminal.leave()
    shown.read()
    assert terminal.paint([Text("late")]) == 0
    assert shown.read() == ""
