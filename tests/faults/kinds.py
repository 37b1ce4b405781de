"""Kinds of faults: strikes at a running program, and damage to the files of a stopped one."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tests.faults.programs import PROGRAMS, Program
from tests.faults.strike import FULL_DISK, Strike

PARTIAL = r" .*/checkpoints/\d+\.orbax-checkpoint-tmp"
PREDICTED = r"/\.(predictions|couplings|maps)\.[^/]+/"  # written here, then renamed
LATER = rf"open .*({PREDICTED}|/\.(evaluation\.json|report\.html))"  # after training
SWAPPED = r"(rmtree|rename) .*/run/(predictions|couplings|maps)$"


class Damage(NamedTuple):
    """Damage to the files of a run that is not running.

    Attributes:
        apply: function (workdir, rng) that does the damage and returns its description.
        finished: damage a copy of the finished, undisturbed run in place of the trial's own.
    """

    apply: Callable[[Path, np.random.Generator], str]
    finished: bool = False


Act = Strike | Damage
Plan = Callable[[np.random.Generator, Program], Sequence[Act]]


class Kind(NamedTuple):
    """Kind of trial.

    Attributes:
        plan: function (rng, program) that returns the acts, in order.
        programs: names of the programs that this kind applies to.
        intervals: how many checkpoint intervals of work a fault may cost; None: all of it.
        may_refuse: whether the program may ask for a file to be removed before it goes on.
    """

    plan: Plan
    programs: tuple[str, ...]
    intervals: int | None = 1
    may_refuse: bool = False


def _at_steps(blow: str, *, most: int = 3, victims: Sequence[int] = (0,)) -> Plan:
    """Up to `most` strikes in a row, each early enough that the next one has steps left."""

    def plan(rng: np.random.Generator, program: Program) -> list[Act]:
        times = int(rng.integers(1, most + 1))
        reach = program.num_steps // times - 1
        return [
            Strike(r"^step", int(rng.integers(1, reach)), blow, victim=int(rng.choice(victims)))
            for _ in range(times)
        ]

    return plan


def _at(
    pattern: str, places: int, blow: str = "SIGKILL", *, watchers: Sequence[int] = (0,)
) -> Plan:
    """One strike, at a random one of the first `places` events that match."""

    def plan(rng: np.random.Generator, program: Program) -> list[Act]:
        process = int(rng.choice(watchers))
        count = int(rng.integers(1, places + 1))
        return [Strike(pattern, count, blow, watcher=process, victim=process)]

    return plan


def _late(rng: np.random.Generator, program: Program) -> Strike:
    """Kill at a step after at least two checkpoints."""
    return Strike(r"^step", int(rng.integers(2 * program.every + 2, program.num_steps)))


def _after_kill(damage: Callable) -> Plan:
    return lambda rng, program: [_late(rng, program), Damage(damage)]


def _when_finished(damage: Callable) -> Plan:
    return lambda rng, program: [Damage(damage, finished=True)]


def _second_swap(rng: np.random.Generator, program: Program) -> list[Act]:
    """Kill of a finished run that is started again, as it replaces its old predictions."""
    return [Damage(_nothing, finished=True), Strike(SWAPPED, int(rng.integers(1, 5)))]


def _several(rng: np.random.Generator, program: Program) -> list[Act]:
    """Five strikes in a row, one in each part of a run."""
    first, second = rng.choice(["SIGKILL", "SIGTERM", "SIGINT"], 2)
    reach = program.num_steps // 3
    return [
        Strike(r"^step", int(rng.integers(1, reach)), str(first)),
        Strike(PARTIAL, int(rng.integers(1, 13))),
        Strike(r"^step", int(rng.integers(1, reach // 2)), str(second)),
        Strike(r"(open|rename) .*" + PREDICTED, int(rng.integers(1, 5))),
        Strike(r"(open|rename) .*/\.?report\.html", int(rng.integers(1, 3))),
    ]


def cut(path: Path, rng: np.random.Generator) -> str:
    """Truncates a file at a random length below its own."""
    content = path.read_bytes()
    size = int(rng.integers(0, max(1, len(content))))
    path.write_bytes(content[:size])
    return f"{path.name} cut to {size} of {len(content)} bytes"


def flip(path: Path, rng: np.random.Generator) -> str:
    """Flips one bit of a file."""
    content = bytearray(path.read_bytes())
    bit = int(rng.integers(0, 8 * len(content)))
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)
    return f"bit {bit} of {path.name} flipped"


def _delete(path: Path, rng: np.random.Generator) -> str:
    path.unlink()
    return f"{path.name} deleted"


def newest(workdir: Path) -> Path:
    """Folder of the newest checkpoint."""
    return max(
        (path for path in (workdir / "checkpoints").iterdir() if path.name.isdecimal()),
        key=lambda path: int(path.name),
    )


def _checkpoint_file(damage: Callable) -> Callable:
    """Damage to a random file of the newest checkpoint that is not empty."""

    def apply(workdir: Path, rng: np.random.Generator) -> str:
        files = [path for path in sorted(newest(workdir).rglob("*")) if path.is_file()]
        files = [path for path in files if path.stat().st_size]
        return f"checkpoint {newest(workdir).name}: {damage(files[rng.integers(len(files))], rng)}"

    return apply


def _empty_checkpoint(workdir: Path, rng: np.random.Generator) -> str:
    folder = newest(workdir)
    shutil.rmtree(folder)
    folder.mkdir()
    return f"checkpoint {folder.name}: an empty folder"


def _cache_file(damage: Callable) -> Callable:
    def apply(workdir: Path, rng: np.random.Generator) -> str:
        files = sorted((workdir.parent / "cache").glob("*.npy"))
        return f"cache: {damage(files[rng.integers(len(files))], rng)}"

    return apply


def _file(name: str, damage: Callable) -> Callable:
    return lambda workdir, rng: damage(workdir / name, rng)


def _cut_or_flip(path: Path, rng: np.random.Generator) -> str:
    return (cut, flip)[rng.integers(2)](path, rng)


def _no_predictions(workdir: Path, rng: np.random.Generator) -> str:
    shutil.rmtree(workdir / "predictions")
    return "predictions deleted"


def _nothing(workdir: Path, rng: np.random.Generator) -> str:
    return "the run had finished"


def _newest_refresh(workdir: Path, rng: np.random.Generator) -> str:
    file = max((workdir / "pseudo_labels").glob("*.all.npz"))
    return _cut_or_flip(file, rng)


def _between_refreshes(rng: np.random.Generator, program: Program) -> list[Act]:
    """Kill at the rename of a later refresh's labels, then damage to those of the one before."""
    name = r"rename .*/pseudo_labels/\d+\.all\.npz"
    return [Strike(name, int(rng.integers(2, 6))), Damage(_newest_refresh)]


FRAMES, ORACLE, REFRESHED = ("asot", "tot"), ("case-oracle",), ("gaufuse",)
ANY = ("asot", "tot", "case", "case", "gaufuse")  # each task equally often
GROUPS = tuple(name for name, program in PROGRAMS.items() if program.processes > 1)
BOTH = (0, 1)  # of the two processes of a group

KINDS = {
    "kill-step": Kind(_at_steps("SIGKILL"), ANY),
    "term-step": Kind(_at_steps("SIGTERM"), ANY, intervals=0),
    "int-step": Kind(_at_steps("SIGINT"), ANY, intervals=0),
    "kill-one-of-two": Kind(_at_steps("SIGKILL", most=2, victims=BOTH), GROUPS),
    "term-one-of-two": Kind(_at_steps("SIGTERM", most=2, victims=BOTH), GROUPS, intervals=0),
    "kill-group-checkpoint": Kind(_at(PARTIAL, 15, watchers=BOTH), GROUPS),
    "kill-claim": Kind(_at(r"(open|rename) .*/run/\.?(conf|data|vers|memb)\w+\.json", 8), ANY),
    "kill-cache": Kind(_at(r"(open|rename) .*/cache/\.?\w", 10), FRAMES),
    "kill-checkpoint": Kind(_at(PARTIAL, 60), ANY),
    "kill-rename": Kind(_at(r"rename .*/checkpoints/\d+$", 5), ANY),
    "kill-checksums": Kind(_at(r"(open|rename) .*/checkpoints/\d+/\.?checksums", 10), ANY),
    "kill-deletion": Kind(_at(r"(rmtree .*/checkpoints/\d+|(remove|rmdir) [^/]+)$", 40), ANY),
    "kill-oracle": Kind(_at(r"(open|rename) .*/oracle/", 10), ORACLE),
    "kill-refresh": Kind(_at(r"(open|rename) .*/pseudo_labels/", 20), REFRESHED),
    "kill-prediction": Kind(_at(r"(open|rename) .*" + PREDICTED, 5), ANY),
    "term-later": Kind(_at(LATER, 6, "SIGTERM"), ANY, intervals=0),
    "int-later": Kind(_at(LATER, 6, "SIGINT"), ANY, intervals=0),
    "kill-swap": Kind(_at(SWAPPED, 4), ANY),
    "kill-second-swap": Kind(_second_swap, ANY),
    "kill-evaluation": Kind(_at(r"(open|rename) .*/\.?evaluation\.json", 2), ANY),
    "kill-report": Kind(_at(r"(open|rename) .*/\.?report\.html", 2), ANY),
    "several": Kind(_several, ANY),
    "disk-cache": Kind(_at(r"open .*/cache/\.?\w", 5, FULL_DISK), FRAMES),
    "disk-step": Kind(_at(r"^step", 20, FULL_DISK), ANY),
    "disk-checkpoint": Kind(_at(PARTIAL, 30, FULL_DISK), ANY),
    "disk-prediction": Kind(_at(r"open .*" + PREDICTED, 2, FULL_DISK), ANY),
    "disk-evaluation": Kind(_at(r"open .*/\.?evaluation\.json", 1, FULL_DISK), ANY),
    "disk-report": Kind(_at(r"open .*/\.?report\.html", 1, FULL_DISK), ANY),
    "checkpoint-cut": Kind(_after_kill(_checkpoint_file(cut)), ANY, intervals=2),
    "checkpoint-bit": Kind(_after_kill(_checkpoint_file(flip)), ANY, intervals=2),
    "checkpoint-file": Kind(_after_kill(_checkpoint_file(_delete)), ANY, intervals=2),
    "checkpoint-empty": Kind(_after_kill(_empty_checkpoint), ANY, intervals=2),
    "metrics-cut": Kind(_after_kill(_file("metrics.jsonl", cut)), ANY),
    "cache-cut": Kind(_after_kill(_cache_file(cut)), FRAMES),
    "cache-bit": Kind(_after_kill(_cache_file(flip)), FRAMES),
    "config-cut": Kind(_after_kill(_file("config.json", cut)), ANY, may_refuse=True),
    "dataset-cut": Kind(_after_kill(_file("dataset.json", cut)), ANY, may_refuse=True),
    "members-cut": Kind(_after_kill(_file("members.json", cut)), ANY, may_refuse=True),
    "predictions-gone": Kind(_when_finished(_no_predictions), ANY),
    "oracle-damaged": Kind(
        _after_kill(_file("oracle/best.npz", _cut_or_flip)), ORACLE, None, may_refuse=True
    ),
    "refresh-damaged": Kind(_between_refreshes, REFRESHED, None, may_refuse=True),
}
