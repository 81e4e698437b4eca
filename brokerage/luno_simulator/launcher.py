"""Starts the simulator as a child process and stops it; used by whoever wants a simulated Luno. It must never leave a
child behind."""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_READY_SECONDS = 10.0
_STOP_SECONDS = 3.0
_ROOT = Path(__file__).resolve().parents[2]
_LOG_TAIL_BYTES = 2000


class SimulatorProcess:
    """A running simulator. It ends with `stop`, and by itself within a second when this process is gone."""

    def __init__(self, process: "subprocess.Popen[bytes]", url: str) -> None:
        """Take over a child that has said where it listens; made by `start`."""
        self._process = process
        self.url = url

    @staticmethod
    def start(
        state_directory: Path,
        seed: int,
        rate_limit: int | None,
        key_id: str,
        key_secret: str,
        options: Sequence[str] = (),
    ) -> "SimulatorProcess":
        """Start a simulator on a free port and return it when it answers.

        Its memory is `state_directory/exchange`, its messages go to `state_directory/simulator.log`; `rate_limit` is
        calls a minute, None for no limit; `options` are more of the server's own (`--quirk`, `--fault`, `--control`). Raise
        RuntimeError with the end of those messages when it is not ready within 10 seconds.
        """
        state_directory = state_directory.resolve()
        state_directory.mkdir(parents=True, exist_ok=True)
        log_path = state_directory / "simulator.log"
        command = [*_command(state_directory, seed, rate_limit, key_id, key_secret), *options]
        with log_path.open("ab") as log:
            log_start = log.tell()
            process = subprocess.Popen(
                command,
                cwd=_ROOT,
                env=_environment(os.environ),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        line = _first_line(process, time.monotonic() + _READY_SECONDS)
        try:
            url = json.loads(line)["url"]
        except (ValueError, KeyError, TypeError):
            process.kill()
            process.wait()
            _close_pipes(process)
            with log_path.open("rb") as log_again:
                log_again.seek(log_start)
                said = log_again.read()[-_LOG_TAIL_BYTES:].decode(errors="replace").strip()
            raise RuntimeError(f"The exchange simulator did not start. {said or 'It said nothing.'}") from None
        return SimulatorProcess(process, url)

    @property
    def process_id(self) -> int:
        """Return the child's process id."""
        return self._process.pid

    def stop(self) -> None:
        """End the simulator: close its life line, wait up to 3 seconds, then kill it. May be called again."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        _close_pipes(self._process)


def become_simulator(
    state_directory: Path,
    seed: int,
    rate_limit: int | None,
    port: int,
    key_id: str,
    key_secret: str,
    options: Sequence[str] = (),
) -> None:
    """Turn this process into a simulator that Ctrl-C ends, listening on `port` of 127.0.0.1; does not come back.

    Its memory is `state_directory/exchange`; `rate_limit` is calls a minute, None for no limit; `options` are more of the
    server's own (`--quirk`, `--fault`, `--control`).
    """
    command = _command(state_directory.resolve(), seed, rate_limit, key_id, key_secret)
    os.execve(sys.executable, [*command, "--no-lifeline", "--port", str(port), *options], _environment(os.environ))


def _command(state_directory: Path, seed: int, rate_limit: int | None, key_id: str, key_secret: str) -> list[str]:
    return [
        *(sys.executable, "-m", "brokerage.luno_simulator.server"),
        *("--state", str(state_directory), "--seed", str(seed)),
        *("--rate-limit", "off" if rate_limit is None else str(rate_limit)),
        *("--key", f"{key_id}:{key_secret}"),
    ]


def _environment(parent: Mapping[str, str]) -> dict[str, str]:
    # The child must find this very package, wherever the parent was started from.
    paths = [str(_ROOT), *filter(None, [parent.get("PYTHONPATH")])]
    return {**parent, "PYTHONPATH": os.pathsep.join(paths)}


def _first_line(process: "subprocess.Popen[bytes]", deadline: float) -> bytes:
    assert process.stdout is not None
    descriptor = process.stdout.fileno()
    line = b""
    while not line.endswith(b"\n"):
        is_readable, _, _ = select.select([descriptor], [], [], max(deadline - time.monotonic(), 0.0))
        piece = os.read(descriptor, 4096) if is_readable else b""
        if not piece:
            break
        line += piece
    return line


def _close_pipes(process: "subprocess.Popen[bytes]") -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
