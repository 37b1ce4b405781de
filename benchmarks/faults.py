"""Disturbs real runs in every way, starts them again, and compares them with undisturbed ones.

    python -m benchmarks.faults
    python -m benchmarks.faults --only=kill-checkpoint --trials=200 --keep=DIR
    python -m benchmarks.faults --only=17,58

A trial starts `python -m jaxseg.main`, or several processes of it by launch/local_processes.sh,
on small data, lets something happen to it, and starts it again with the same command until it
ends. It is good if the run then has the predictions, scores and last losses of one that nothing
happened to, byte by byte, and if nothing else was wrong on the way: the exit status, a traceback,
more steps lost than lie between two checkpoints. A trial is decided by --seed and its number.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tqdm import tqdm

from benchmarks.fault_ground import TMPFS, Ground, can_mount
from benchmarks.fault_kinds import KINDS
from benchmarks.fault_programs import LAUNCHER, PROGRAMS
from benchmarks.fault_trials import Result, Trial
from benchmarks.side_by_side import note, positive

WIDTH = 120  # of what a program said
HEADER = f"{'#':>4} {'kind':<22}{'program':<12}{'exit':>5}{'lost':>6}  what was done; what it said"


def chosen(only: str, count: int) -> list[int]:
    """Numbers of the trials: `count` of them in turn, or of the kinds or numbers in `only`.

    Raises:
        ValueError: neither a kind nor a number.
    """
    if not only:
        return list(range(count))
    words, kinds = only.split(","), list(KINDS)
    if all(word.isdecimal() for word in words):
        return sorted({int(word) for word in words})
    if unknown := sorted(set(words) - KINDS.keys()):
        raise ValueError(f"--only={unknown[0]} is no kind of fault; there are {', '.join(kinds)}")
    places = [place for place, kind in enumerate(kinds) if kind in words]
    return [places[i % len(places)] + len(kinds) * (i // len(places)) for i in range(count)]


def run_trials(ground: Ground, numbers: Sequence[int], *, seed: int, jobs: int) -> list[Result]:
    """Runs all of them, `jobs` at a time, and prints the table as it grows.

    Raises:
        ValueError: an undisturbed run fails; there is nothing to compare with then.
    """
    disk = can_mount(ground.folder)
    how = f"a tmpfs of {TMPFS}" if disk else "RLIMIT_FSIZE, since nothing can be mounted here"
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
    """What happened in a trial, a line an act, and the verdict."""
    name, lines = f"{result.number:>4} {result.kind:<22}{result.program:<12}", []
    for row in result.rows:
        status = "" if row.status is None else row.status
        lost = "" if row.lost is None else row.lost
        said = f"; {row.said[:WIDTH]}" if row.said else ""
        lines.append(f"{name:<39}{status:>5}{lost:>6}  {row.act}{said}")
        name = ""
    return [*lines, f"{'':<50}  -> {'; '.join(result.problems) or 'the same'}"]


def totals(results: Sequence[Result]) -> list[str]:
    """A line a kind, and one for all."""
    lines = ["", f"{'kind':<22}{'trials':>8}{'good':>8}{'as told':>9}{'most steps lost':>17}"]
    for kind in KINDS:
        own = [result for result in results if result.kind == kind]
        if own:
            lines.append(_total(kind, own))
    return [*lines, _total("all", results)]


def _total(name: str, results: Sequence[Result]) -> str:
    good = sum(not result.problems for result in results)
    told = sum(result.told > 0 for result in results)
    lost = [row.lost for result in results for row in result.rows if row.lost is not None]
    return f"{name:<22}{len(results):>8}{good:>8}{told:>9}{max(lost, default=0):>17}"


def as_json(results: Sequence[Result], seed: int) -> dict:
    """Everything in the table."""
    trials = [r._asdict() | {"rows": [row._asdict() for row in r.rows]} for r in results]
    good = sum(not result.problems for result in results)
    return {"seed": seed, "trials": len(results), "good": good, "results": trials}


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m benchmarks.faults",
        description=__doc__.partition("\n\n")[0],
        epilog=f"Kinds: {', '.join(KINDS)}.",
    )
    add = made.add_argument
    add("--trials", type=positive, default=3 * len(KINDS), metavar="N", help="(3 of each kind)")
    add("--seed", type=int, default=0, help="decides every trial (0)")
    add("--jobs", type=positive, default=2, metavar="J", help="trials at a time (2)")
    add("--only", default="", metavar="KIND,...", help="these kinds, or trials by their numbers")
    add("--keep", type=Path, metavar="DIR", help="leave all runs in this new folder")
    add("--json", type=Path, metavar="FILE", help="also write the table to this file")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status: 1 where a trial was not good."""
    options = parser().parse_args(arguments)
    try:
        numbers = chosen(options.only, options.trials)
        with tempfile.TemporaryDirectory(prefix="jaxseg-faults-") as temporary:
            if options.keep:
                options.keep.mkdir(parents=True)
            ground = Ground(options.keep or Path(temporary))
            results = run_trials(ground, numbers, seed=options.seed, jobs=options.jobs)
        print("\n".join(totals(results)))
        if options.json:
            options.json.write_text(json.dumps(as_json(results, options.seed), indent=1) + "\n")
    except (ValueError, OSError) as error:
        parser().exit(2, f"error: {error}\n")
    return int(any(result.problems for result in results))


if __name__ == "__main__":
    sys.exit(main())
