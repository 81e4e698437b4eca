"""Draws a recorded scene as an SVG picture: `python -m trading_system.console.capture SCENE.json > docs/screen.svg`.

The same scene gives the same picture everywhere: times are shown in UTC, no font is fetched and no clock is asked.
"""

import sys
from io import StringIO
from pathlib import Path

import msgspec
from rich.console import Console
from rich.terminal_theme import TerminalTheme

from trading_system.console.frame import draw
from trading_system.console.scene import Scene

SIZE = (120, 30)
_THEME = TerminalTheme(
    (16, 20, 27), (214, 219, 228),
    [(40, 46, 58), (232, 105, 104), (134, 194, 120), (226, 185, 98), (41, 92, 160), (190, 140, 210), (95, 180, 190), (214, 219, 228)],
    [(98, 108, 124), (240, 120, 118), (150, 210, 135), (236, 200, 120), (90, 150, 220), (205, 160, 222), (120, 200, 208), (245, 247, 250)],
)
_FORMAT = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
    font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
    font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width;
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix" xml:space="preserve">
{matrix}
</g>
</g>
</svg>
"""


def svg(scene: Scene, width: int, height: int) -> str:
    """Return the frame of `scene` as an SVG picture of `width` x `height` characters."""
    scene.is_utc = True
    console = Console(file=StringIO(), record=True, width=width, height=height, force_terminal=True, color_system="truecolor",
                      highlight=False, legacy_windows=False, no_color=False)
    for line in draw(scene, width, height):
        console.print(line, no_wrap=True, overflow="crop", crop=True)
    return console.export_svg(title="python main.py", theme=_THEME, code_format=_FORMAT, unique_id="screen")


def main(words: list[str]) -> int:
    """Print the picture of the scene in the file named first; return the exit code."""
    if len(words) != 1:
        sys.stderr.write("usage: python -m trading_system.console.capture SCENE.json > docs/screen.svg\n")
        return 2
    sys.stdout.write(svg(msgspec.json.decode(Path(words[0]).read_bytes(), type=Scene), *SIZE))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
