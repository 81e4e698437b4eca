"""The planted bugs: small patches, each a file of its own with the line as it is and as somebody once got it wrong."""

import shutil
import tomllib
from pathlib import Path

import msgspec

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
#: What a copy of the tree needs so that the simulation runs in it.
_PARTS = ("trading_system", "brokerage", "strategies", "tests")


class Patch(msgspec.Struct, frozen=True):
    """One planted bug: in the file `path`, `old` stands exactly once and becomes `new`; `invariant` is the one that should catch it."""

    name: str
    path: str
    invariant: str
    old: str
    new: str

    @property
    def times(self) -> int:
        """Return how often the old text stands in the file; a patch that applies says 1."""
        return (ROOT / self.path).read_text().count(self.old)

    def plant(self, folder: Path) -> None:
        """Copy the tree to `folder`, with the bug in it. Raises ValueError when the patch does not apply."""
        if self.times != 1:
            raise ValueError(f"{self.name}: its old text stands {self.times} times in {self.path}")
        for part in _PARTS:
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "data"))
        target = folder / self.path
        target.write_text(target.read_text().replace(self.old, self.new))


def patches() -> list[Patch]:
    """Return all planted bugs, in the order of their files' names."""
    return [msgspec.convert(tomllib.loads(path.read_text()), Patch) for path in sorted(HERE.glob("*.toml"))]
