"""One trial: starts a run, disturbs it, starts it again until it ends, and compares results."""

import contextlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tests.faults.ground import Ground, Start, mount, unmount
from tests.faults.kinds import KINDS, Damage
from tests.faults.programs import PROGRAMS
from tests.faults.strike import FILE_LIMIT, FULL_DISK, Strike

STATUS = {"SIGKILL": 137, "SIGTERM": 143, "SIGINT": 130, FULL_DISK: 2, FILE_LIMIT: 2}


class Row(NamedTuple):
    """Line of the table: an act of a trial and the exit of the run.

    Attributes:
        act: description of the act.
        status: exit status; None for damage, which is done while nothing runs.
        message: as in `Start`.
        lost: steps that had to be done again.
    """

    act: str
    status: int | None = None
    message: str = ""
    lost: int | None = None


class Result(NamedTuple):
    """Outcome of a trial.

    Attributes:
        number, kind, program: of the trial.
        rows: its acts.
        removed: how often a file was removed because the program asked for it.
        problems: sentences on what went wrong; empty for a good trial.
    """

    number: int
    kind: str
    program: str
    rows: list[Row]
    removed: int
    problems: list[str]


class Trial:
    """One trial; `run` returns its result.

    Args:
        ground: folder shared by all trials.
        seed: seed of all trials.
        number: number of this trial; together with the seed it decides everything in it.
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
        self._removed = self._steps_done = 0

    def run(self) -> Result:
        """Runs the trial from its first start to the comparison."""
        try:
            with self._folder() as folder:
                self._live(folder / "run")
        except (OSError, ValueError) as error:  # a file that a fault should have left is missing
            self._problems.append(f"{type(error).__name__}: {error}")
        return Result(
            number=self.number,
            kind=self.kind,
            program=self.program,
            rows=self._rows,
            removed=self._removed,
            problems=self._problems,
        )

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
        """Folder of the run and its cache, on a file system of its own if that is to fill up."""
        folder = self.ground.folder / "trials" / str(self.number)
        folder.mkdir(parents=True)
        full = self.disk and any(isinstance(a, Strike) and a.blow == FULL_DISK for a in self._acts)
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
        if strike.blow == FULL_DISK and not self.disk:
            strike = strike._replace(blow=FILE_LIMIT)
        start = self._start(workdir, strike)
        (workdir.parent / "filler").unlink(missing_ok=True)
        self._steps_done = steps_done(workdir)
        expected = STATUS[strike.blow]
        if not start.struck:
            self._problems.append(f"did not reach {strike.pattern!r} number {strike.count}")
        elif start.status != expected:
            self._problems.append(f"exit status {start.status}, not {expected}")
        victim = f" of process {strike.victim}" if PROGRAMS[self.program].processes > 1 else ""
        self._note(f"{strike.blow}{victim} at {start.struck}", start, workdir)

    def _start(self, workdir: Path, strike: Strike | None = None) -> Start:
        """One more start; counts the steps that the start before it did in vain."""
        start = self.ground.start(PROGRAMS[self.program], workdir, strike)
        if start.traceback:
            self._problems.append(f"a traceback that ends in {start.message!r}")
        if self._steps_done and start.resumed is not None:
            self._count_lost(self._steps_done - start.resumed)
            self._steps_done = 0
        return start

    def _count_lost(self, lost: int) -> None:
        self._rows[-1] = self._rows[-1]._replace(lost=lost)
        intervals, every = KINDS[self.kind].intervals, PROGRAMS[self.program].every
        if intervals is not None and lost > intervals * every:
            self._problems.append(f"{lost} steps lost, with a checkpoint every {every}")

    def _finish(self, workdir: Path) -> None:
        """Starts the run until it ends well; removes a file it names, if its kind may refuse."""
        for _ in range(3):
            start = self._start(workdir)
            if start.status == 0:
                self._note("started again", start, workdir)
                return
            path = named_path(start.message) if KINDS[self.kind].may_refuse else None
            if start.status != 2 or path is None or not path.is_relative_to(workdir):
                break
            self._removed += 1
            self._note(f"started again, {path.name} removed as told", start, workdir)
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        self._note("started again", start, workdir)
        self._problems.append("does not go on")

    def _note(self, act: str, start: Start, workdir: Path) -> None:
        """Adds a row, with paths relative to the run's folder."""
        message = start.message.replace(f"{workdir.parent}/", "")
        self._rows.append(Row(act, start.status, message))


def steps_done(workdir: Path) -> int:
    """Number of steps that a run has logged."""
    file = workdir / "metrics.jsonl"
    lines = file.read_bytes().split(b"\n")[:-1] if file.exists() else []
    return json.loads(lines[-1])["step"] + 1 if lines else 0


def named_path(line: str) -> Path | None:
    """Path that an error asks to remove: the one after "remove", or else its first one."""
    if "remove " not in line:
        return None
    paths = re.findall(r"remove (/[^\s;,]+)", line) or re.findall(r"/[^\s;,:]+", line)
    return Path(paths[0]) if paths else None


def differences(undisturbed: Path, workdir: Path) -> list[str]:
    """Results that are missing, surplus or different, byte by byte; empty for the same ones."""
    expected, actual = results(undisturbed), results(workdir)
    missing = [f"{name} is missing" for name in sorted(expected.keys() - actual.keys())]
    surplus = [f"{name} should not be" for name in sorted(actual.keys() - expected.keys())]
    other = [
        f"{name} differs"
        for name in sorted(expected.keys() & actual.keys())
        if expected[name] != actual[name]
    ]
    return missing + surplus + other


def results(workdir: Path) -> dict[str, bytes]:
    """Content by name: every prediction file, the scores, and the losses of the last step."""
    files = [path for path in (workdir / "predictions").rglob("*") if path.is_file()]
    files += [path for path in [workdir / "evaluation.json"] if path.exists()]
    contents = {path.relative_to(workdir).as_posix(): path.read_bytes() for path in files}
    metrics = workdir / "metrics.jsonl"
    if metrics.exists() and (lines := metrics.read_text().splitlines()):
        losses = json.loads(lines[-1]) | {"seconds": None}
        contents["the last line of metrics.jsonl"] = json.dumps(losses).encode()
    return contents
