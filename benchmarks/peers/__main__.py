"""`python -m benchmarks.peers install [--into DIR] [NAME...]`: one environment per peer, from PyPI, never into the project's own."""

import argparse
import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.peers.pins import DEFAULT_FOLDER, PEERS, Peer


def install(peer: Peer, folder: Path) -> str:
    """Make the environment of one peer below `folder`; return what went wrong, "" when nothing did."""
    python = peer.python(folder)
    if not python.exists():
        venv.create(python.parents[1], with_pip=True)
    done = subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *peer.packages],
                          capture_output=True, text=True)
    if done.returncode:
        return "pip: " + (done.stderr.strip().splitlines() or ["failed without a word"])[-1]
    return peer.missing(folder)


def main(words: list[str]) -> int:
    """Install what was named, everything without a name; return 1 when one of them cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description="Environments of what we are measured against.")
    parser.add_argument("what", choices=["install"])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PEERS)} (default: all)")
    parser.add_argument("--into", type=Path, default=DEFAULT_FOLDER, metavar="DIR",
                        help=f"the folder of the environments ({DEFAULT_FOLDER})")
    options = parser.parse_intermixed_args(words)
    strangers = [name for name in options.names if name not in PEERS]
    if strangers:
        parser.error(f"there is no peer {strangers[0]!r}; there are {', '.join(PEERS)}")
    is_fine = True
    for name in options.names or PEERS:
        print(f"{name}: installing {' '.join(PEERS[name].packages)}", flush=True)
        problem = install(PEERS[name], options.into)
        print(f"{name}: {problem or 'ready'}", flush=True)
        is_fine = is_fine and not problem
    return 0 if is_fine else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
