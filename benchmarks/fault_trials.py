"""One trial: a run is started, disturbed, started again until it ends, and compared."""

import contextlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.fault_child import Strike
from benchmarks.fault_ground import Ground, Start, mount, unmount
from benchmarks.fault_kinds import FULL, KINDS, Damage
from benchmarks.fault_programs import PROGRAMS

LIMITED = "file limit"
STATUS = {"SIGKILL": 137, "SIGTERM": 143, "SIGINT": 130, FULL: 2, LIMITED: 2}


class Row(NamedTuple):
    """A line of the table: an act of a trial and how the run ended that saw it.

    Attributes:
        act: what was done, and where.
        status: None for what was done to a run that stood still.
        said: see `Start`.
        lost: steps that had to be done again.
    """

    act: str
    status: int | None = None
    said: str = ""
    lost: int | None = None


class Result(NamedTuple):
    """A trial and what came of it; it is good where there are no problems."""

    number: int
    kind: str
    program: str
    rows: list[Row]
    told: int
    problems: list[str]


class Trial:
    """Runs one trial; `run` gives its result.

    Args:
        ground: shared with the others.
        seed: of all trials.
        number: of this one, which decides everything in it together with the seed.
        disk: whether file systems can be mounted.
    """

    def __init__(self, ground: Ground, seed: int, number: int, *, disk: bool):
        self.number, self.kind = number, list(KINDS)[number % len(KINDS)]
        self.ground, self.disk = ground, disk
        self._rng = np.random.default_rng([seed, number])
        self.program = str(self._rng.choice(KINDS[self.kind].programs))
        self._acts = KINDS[self.kind].plan(self._rng, PROGRAMS[self.program])
        self._rows: list[Row] = []
        self._problems: list[str] = []
        self._told = self._done = 0

    def run(self) -> Result:
        """Everything that happens to the run, from its first start to its end."""
        try:
            with self._folder() as folder:
                self._live(folder / "run")
        except (OSError, ValueError) as error:  # a file that a fault should have left is not there
            self._problems.append(f"{type(error).__name__}: {error}")
        parts = self.number, self.kind, self.program
        return Result(*parts, self._rows, self._told, self._problems)

    def _live(self, workdir: Path) -> None:
        for act in self._acts:
            if isinstance(act, Damage):
                self._damage(workdir, act)
            else:
                self._strike(workdir, act)
        self._finish(workdir)
        self._problems += differences(self.ground.undisturbed(self.program), workdir)

    @contextlib.contextmanager
    def _folder(self) -> Iterator[Path]:
        """Where the run and its cache are; on a disk of its own, if it shall become full."""
        folder = self.ground.folder / "trials" / str(self.number)
        folder.mkdir(parents=True)
        full = self.disk and any(isinstance(a, Strike) and a.blow == FULL for a in self._acts)
        if not full:
            yield folder
            return
        mounted = folder / "disk"
        mounted.mkdir()
        mount(mounted)
        try:
            yield mounted
            shutil.copytree(mounted, folder, dirs_exist_ok=True)
        finally:
            unmount(mounted)

    def _damage(self, workdir: Path, act: Damage) -> None:
        if act.finished:
            shutil.copytree(self.ground.undisturbed(self.program), workdir)
        self._rows.append(Row(act.apply(workdir, self._rng)))

    def _strike(self, workdir: Path, strike: Strike) -> None:
        if strike.blow == FULL and not self.disk:
            strike = strike._replace(blow=LIMITED)
        start = self._start(workdir, strike)
        (workdir.parent / "filler").unlink(missing_ok=True)
        self._done = steps_done(workdir)
        expected = STATUS[strike.blow]
        if not start.struck:
            self._problems.append(f"never came to {strike.pattern!r} number {strike.count}")
        elif start.status != expected:
            self._problems.append(f"exit status {start.status}, not {expected}")
        whom = f" of process {strike.victim}" if PROGRAMS[self.program].processes > 1 else ""
        self._note(f"{strike.blow}{whom} at {start.struck}", start, workdir)

    def _start(self, workdir: Path, strike: Strike | None = None) -> Start:
        """One more start; what the one before it had done in vain is counted."""
        start = self.ground.start(PROGRAMS[self.program], workdir, strike)
        if start.traceback:
            self._problems.append(f"a traceback that ends in {start.said!r}")
        if self._done and start.resumed is not None:
            self._count_lost(self._done - start.resumed)
            self._done = 0
        return start

    def _count_lost(self, lost: int) -> None:
        self._rows[-1] = self._rows[-1]._replace(lost=lost)
        intervals, every = KINDS[self.kind].intervals, PROGRAMS[self.program].every
        if intervals is not None and lost > intervals * every:
            self._problems.append(f"{lost} steps lost, with a checkpoint every {every}")

    def _finish(self, workdir: Path) -> None:
        """Starts it until it ends well, and removes what it says, if that is for it to say."""
        for _ in range(3):
            start = self._start(workdir)
            if start.status == 0:
                self._note("started again", start, workdir)
                return
            path = told(start.said) if KINDS[self.kind].told else None
            if start.status != 2 or path is None or not path.is_relative_to(workdir):
                break
            self._told += 1
            self._note(f"started again, {path.name} removed as told", start, workdir)
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        self._note("started again", start, workdir)
        self._problems.append("does not go on")

    def _note(self, act: str, start: Start, workdir: Path) -> None:
        """One more row, in which paths begin with the run's folder."""
        self._rows.append(Row(act, start.status, start.said.replace(f"{workdir.parent}/", "")))


def steps_done(workdir: Path) -> int:
    """How many steps the run that died had logged."""
    file = workdir / "metrics.jsonl"
    lines = file.read_bytes().split(b"\n")[:-1] if file.exists() else []
    return json.loads(lines[-1])["step"] + 1 if lines else 0


def told(line: str) -> Path | None:
    """The path that an error says to remove: the one behind the word, or "it", the first."""
    if "remove " not in line:
        return None
    paths = re.findall(r"remove (/[^\s;,]+)", line) or re.findall(r"/[^\s;,:]+", line)
    return Path(paths[0]) if paths else None


def differences(undisturbed: Path, workdir: Path) -> list[str]:
    """What of a run's results is not the same, byte by byte; empty where everything is."""
    expected, found = results(undisturbed), results(workdir)
    missing = [f"{name} is missing" for name in sorted(expected.keys() - found.keys())]
    surplus = [f"{name} should not be" for name in sorted(found.keys() - expected.keys())]
    other = [
        f"{name} differs"
        for name in sorted(expected.keys() & found.keys())
        if expected[name] != found[name]
    ]
    return missing + surplus + other


def results(workdir: Path) -> dict[str, bytes]:
    """Every file of predictions, the scores, and the losses of the last step."""
    files = [path for path in (workdir / "predictions").rglob("*") if path.is_file()]
    files += [path for path in [workdir / "evaluation.json"] if path.exists()]
    found = {path.relative_to(workdir).as_posix(): path.read_bytes() for path in files}
    metrics = workdir / "metrics.jsonl"
    if metrics.exists() and (lines := metrics.read_text().splitlines()):
        losses = json.loads(lines[-1]) | {"seconds": None}
        found["the last line of metrics.jsonl"] = json.dumps(losses).encode()
    return found
