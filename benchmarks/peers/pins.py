"""Which peers there are, what is installed for each, and where its environment lies. Standard library only."""

import subprocess
from pathlib import Path
from typing import NamedTuple

DEFAULT_FOLDER = Path("var/peers")


class Peer(NamedTuple):
    """One peer: the packages of its environment, the main one first, each pinned."""

    name: str
    packages: tuple[str, ...]

    @property
    def script(self) -> str:
        """Return the module that runs the average cross in it."""
        return f"benchmarks.peers.{self.name}_cross"

    def python(self, folder: Path) -> Path:
        """Return the interpreter of its environment below `folder`."""
        return folder.resolve() / self.name / "bin" / "python"

    def missing(self, folder: Path) -> str:
        """Return why it cannot run, "" when it can: its environment must be there and load what its scripts load first."""
        python = self.python(folder)
        if not python.exists():
            return f"no environment at {folder / self.name}: python -m benchmarks.peers install {self.name}"
        tried = subprocess.run([python, "-c", f"import numpy, {self.name}"], capture_output=True, text=True, timeout=120)
        lines = tried.stderr.strip().splitlines()
        return f"its environment does not load: {lines[-1] if lines else tried.returncode}" if tried.returncode else ""


PEERS = {peer.name: peer for peer in (
    Peer("vnpy", ("vnpy==4.5.0", "vnpy_ctastrategy==1.4.1", "vnpy_sqlite==1.1.3", "numpy==2.4.6", "pandas==3.1.1")),
    Peer("backtesting", ("backtesting==0.6.6", "numpy==2.4.6", "pandas==3.1.1")),
    Peer("nautilus_trader", ("nautilus_trader==1.221.0", "numpy==2.4.6", "pandas==2.3.3")),
    Peer("backtrader", ("backtrader==1.9.78.123", "numpy==2.4.6", "pandas==2.3.3")),
)}
