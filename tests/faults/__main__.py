"""Strikes real runs at exact places, starts them again, and compares them with undisturbed ones.

    python -m tests.faults --trials=100
    python -m tests.faults --only=kill-checkpoint --trials=200 --keep=DIR
    python -m tests.faults --only=17,58

A trial starts `python -m jaxseg.main`, or several processes of it by launch/local_processes.sh,
on small data, kills it or damages its files, and starts it again with the same command until it
ends. A trial is good if the run then has the predictions, scores and last losses of an undisturbed
run, byte by byte, and if on the way every exit status was right, no traceback was printed and no
more steps were lost than lie between two checkpoints. --seed and its number decide a trial.
"""

import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tqdm import tqdm

from benchmarks.harness import note, positive
from jaxseg.command_line import Parser, run
from jaxseg.formats.files import write_json
from tests.faults.ground import TMPFS, Ground, can_mount
from tests.faults.kinds import KINDS
from tests.faults.programs import LAUNCHER, PROGRAMS
from tests.faults.trial import Result, Trial

WIDTH = 120  # characters of a program's message that are shown
HEADER = f"{'#':>4} {'kind':<22}{'program':<12}{'exit':>5}{'lost':>6}  act; message"


def chosen(only: str, count: int) -> list[int]:
    """Numbers of the trials: the first `count`, or those of the kinds or numbers in `only`.

    Raises:
        ValueError: `only` has a word that is neither a kind nor a number.
    """
    if not only:
        return list(range(count))
    words, kinds = only.split(","), list(KINDS)
    if all(word.isdecimal() for word in words):
        return sorted({int(word) for word in words})
    if unknown := sorted(set(words) - KINDS.keys()):
        raise ValueError(
            f"--only={unknown[0]} is no kind of fault; the kinds are {', '.join(kinds)}"
        )
    places = [place for place, kind in enumerate(kinds) if kind in words]
    return [places[i % len(places)] + len(kinds) * (i // len(places)) for i in range(count)]


def run_trials(ground: Ground, numbers: Sequence[int], *, seed: int, jobs: int) -> list[Result]:
    """Runs trials, `jobs` at a time, and prints the table as it grows.

    Raises:
        ValueError: an undisturbed run fails, which leaves nothing to compare with.
    """
    disk = can_mount(ground.folder)
    how = f"a tmpfs of {TMPFS}" if disk else "RLIMIT_FSIZE, as nothing can be mounted"
    note(f"{len(numbers)} trials, seed {seed}; full disks by {how}")
    trials = [Trial(ground, seed, number, disk=disk) for number in numbers]
    names = [name for name in PROGRAMS if name in {trial.program for trial in trials}]
    if any(PROGRAMS[name].processes > 1 for name in names) and not LAUNCHER.is_file():
        raise ValueError(f"no {LAUNCHER}: run this from a checkout")
    with ThreadPoolExecutor(jobs) as pool:
        bar = tqdm(pool.map(ground.run_undisturbed, names), "undisturbed", len(names), unit="run")
        list(bar)
        results = []
        tqdm.write(HEADER)
        for result in tqdm(pool.map(Trial.run, trials), "trials", len(trials), unit="trial"):
            tqdm.write("\n".join(lines_of(result)))
            results.append(result)
        return results


def lines_of(result: Result) -> list[str]:
    """Text of a trial: a line for each act, and the verdict."""
    name, lines = f"{result.number:>4} {result.kind:<22}{result.program:<12}", []
    for row in result.rows:
        status = "" if row.status is None else row.status
        lost = "" if row.lost is None else row.lost
        message = f"; {row.message[:WIDTH]}" if row.message else ""
        lines.append(f"{name:<39}{status:>5}{lost:>6}  {row.act}{message}")
        name = ""
    return [*lines, f"{'':<50}  -> {'; '.join(result.problems) or 'the same'}"]


def totals(results: Sequence[Result]) -> list[str]:
    """Text of the counts: a line for each kind, and one for all."""
    lines = ["", f"{'kind':<22}{'trials':>8}{'good':>8}{'removed':>9}{'most steps lost':>17}"]
    for kind in KINDS:
        of_kind = [result for result in results if result.kind == kind]
        if of_kind:
            lines.append(_total(kind, of_kind))
    return [*lines, _total("all", results)]


def _total(name: str, results: Sequence[Result]) -> str:
    good = sum(not result.problems for result in results)
    removed = sum(result.removed > 0 for result in results)
    lost = [row.lost for result in results for row in result.rows if row.lost is not None]
    return f"{name:<22}{len(results):>8}{good:>8}{removed:>9}{max(lost, default=0):>17}"


def as_json(results: Sequence[Result], seed: int) -> dict:
    """The table as JSON."""
    trials = [r._asdict() | {"rows": [row._asdict() for row in r.rows]} for r in results]
    good = sum(not result.problems for result in results)
    return {"seed": seed, "trials": len(results), "good": good, "results": trials}


def parser() -> Parser:
    """Parser of the command line."""
    parser = Parser("python -m tests.faults", description=__doc__)
    add = parser.add_argument
    count = 3 * len(KINDS)
    add("--trials", type=positive, default=count, metavar="N", help=f"trials ({count})")
    add("--seed", type=int, default=0, help="decides every trial (0)")
    add("--jobs", type=positive, default=2, metavar="J", help="trials at a time (2)")
    kinds = ", ".join(KINDS)
    add("--only", default="", metavar="KIND,...", help=f"kinds or numbers of trials; {kinds}")
    add("--keep", type=Path, metavar="DIR", help="leave all runs in this new folder")
    add("--json", type=Path, metavar="FILE", help="also write the table to this file")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns 1 if a trial was not good, 2 for a user's mistake."""
    options = parser().parse_args(arguments)

    def try_all() -> int:
        numbers = chosen(options.only, options.trials)
        with tempfile.TemporaryDirectory(prefix="jaxseg-faults-") as temporary:
            if options.keep:
                options.keep.mkdir(parents=True)
            ground = Ground(options.keep or Path(temporary))
            results = run_trials(ground, numbers, seed=options.seed, jobs=options.jobs)
        print("\n".join(totals(results)))
        if options.json:
            write_json(options.json, as_json(results, options.seed))
        return int(any(result.problems for result in results))

    return run(try_all)


if __name__ == "__main__":
    sys.exit(main())
