"""Scenes for the tests of the screen: the recorded one, and what is made of it; frames as plain text."""

import copy
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
from rich.cells import cell_len
from rich.console import Console

from trading_system.console.frame import draw
from trading_system.console.scene import Scene

FOLDER = Path(__file__).parent
RECORDED = FOLDER / "picture.json"
SIZES = ((80, 24), (140, 45))


def recorded() -> Scene:
    """Return the scene of a real run of 60 s, shown in UTC."""
    scene = msgspec.json.decode(RECORDED.read_bytes(), type=Scene)
    scene.is_utc = True
    return scene


def many(count: int) -> Scene:
    """Return the recorded scene with `count` strategies."""
    scene = recorded()
    rows = list(scene.strategies.values())
    scene.picture["strategies"] = {f"strategy_{number:02}": copy.deepcopy(rows[number % len(rows)]) for number in range(count)}
    return scene


def with_row(**changes: Any) -> Scene:
    """Return the recorded scene with changes to its first strategy."""
    scene = recorded()
    next(iter(scene.picture["strategies"].values())).update(changes)
    return scene


def text(scene: Scene, width: int, height: int) -> str:
    """Return a frame as rich would write it, without colors. Every line is checked: none wraps, none is too wide."""
    lines = draw(scene, width, height)
    assert len(lines) == height
    console = Console(file=StringIO(), record=True, width=max(1, width), height=max(1, height), color_system=None, highlight=False)
    for line in lines:
        assert line.cell_len <= width, line.plain
        assert all(character.isprintable() for character in line.plain), repr(line.plain)
        console.print(line, no_wrap=True, overflow="crop", crop=True)
    found = console.export_text()
    assert found.count("\n") == height
    assert max(map(cell_len, found.splitlines()), default=0) <= width
    return "\n".join(line.rstrip() for line in found.splitlines()) + "\n"


def golden(width: int, height: int) -> Path:
    """Return the file that holds the frame of the recorded scene at a size."""
    return FOLDER / f"frame_{width}x{height}.txt"
