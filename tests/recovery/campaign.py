"""Kill after kill, life after life; every one is a line of the progress file the moment it is over, so that a campaign can go on later."""

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict
from itertools import groupby, takewhile
from pathlib import Path
from typing import Any

from tests.recovery.kill_plan import Kill, kills
from tests.recovery.life import Life

PROGRESS = "progress.jsonl"


class Campaign:
    """The campaign of one seed below `folder`. `say` is told a line per kill."""

    def __init__(self, folder: Path, seed: int, say: Callable[[str], None] = print) -> None:
        self.folder = folder
        self.seed = seed
        self._say = say

    def run(self, number: int, is_resumed: bool = False) -> list[dict[str, Any]]:
        """Kill so often, or what is left of it when resumed; return the rows of the progress file."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not is_resumed:
            (self.folder / PROGRESS).unlink(missing_ok=True)
        done = {row["kill"]["number"] for row in self.rows() if "kill" in row}
        planned = takewhile(lambda kill: kill.number <= number, kills(self.seed))
        self.live((kill for kill in planned if kill.number not in done), number)
        return self.rows()

    def live(self, planned: Iterable[Kill], number: int) -> None:
        """Live through the kills of a plan, in their order."""
        for life_number, group in groupby(planned, lambda kill: kill.life):
            folder = self.folder / f"life{life_number:03}"
            is_clean = True
            with Life(folder, self.seed * 1000 + life_number) as life:
                for kill in group:
                    death = life.die(kill)
                    row = death.row()
                    self._write(row)
                    is_clean = is_clean and not death.restart.findings
                    self._say(_line(row, number))
                end = life.conclude()
                self._write({"end": life_number, "restart": asdict(end)})
                for finding in end.findings:
                    self._say(f"     at the end of life {life_number}: {finding}")
                is_clean = is_clean and not end.findings
            if is_clean:
                shutil.rmtree(folder)       # what is wrong is kept to be looked at

    def rows(self) -> list[dict[str, Any]]:
        """Return what the progress file holds."""
        try:
            return [json.loads(line) for line in (self.folder / PROGRESS).read_text().splitlines()]
        except FileNotFoundError:
            return []

    def _write(self, row: dict[str, Any]) -> None:
        with (self.folder / PROGRESS).open("a") as file:
            file.write(json.dumps(row) + "\n")


def _line(row: dict[str, Any], number: int) -> str:
    kill, restart = row["kill"], row["restart"]
    name = (kill["point"] and f"{kill['point']}:{kill['nth']}") or f"after {kill['after_seconds']:.1f} s"
    back = f"back in {restart['seconds']:.2f} s" if restart["seconds"] is not None else "no strategy without doubt"
    totals = restart["totals"]
    proved = f"{totals['orders']} orders, {totals['open']} open, {totals['trades']} trades proved" if totals else "killed before the proof"
    told = "".join(f"\n     {finding}" for finding in restart["findings"][:10])
    return (f"{kill['number']:4}/{number} {name:26} {row['way']:7} {row['phase']:10} {restart['open_orders']:2} open, "
            f"{restart['doubtful']:2} in doubt; {back}; {proved}{' (faults)' if kill['faults'] else ''}{told}")
