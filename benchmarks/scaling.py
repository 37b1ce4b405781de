"""How ASOT's training scales: over members on one device, and over processes of one run.

    python -m benchmarks.scaling
    python -m benchmarks.scaling --processes=2 --json=scaling.json

The step is that of configs/asot_breakfast.py on one activity of the embedded twin, every seed a
member. What counts are member-steps a second, as a ratio to one member or to one process: with one
process on one core and P of them on P, each with as many members, P is the best that can be had.
The same number of runs that have nothing to do with each other, side by side, tells how much of
what is missing the machine takes, and how much the processes' talk.
"""

import argparse
import json
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from benchmarks.side_by_side import (
    add_common_arguments,
    all_positive,
    device,
    median_seconds,
    note,
    positive,
    report,
)
from jaxseg.config import Config, from_dict
from jaxseg.data.segmentation.records import DataSet
from jaxseg.run.tasks import TASKS
from jaxseg.training import loop
from jaxseg.training.step import make_init, make_step

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / "configs" / "asot_breakfast.py"
LAUNCHER = ROOT / "launch" / "local_processes.sh"
MEMBERS = (1, 2, 4, 8, 16, 32, 64)


class Run(NamedTuple):
    """A run of several processes, each on a core of its own."""

    num_members: int
    cores: Sequence[int]


def make_config(activity: str, num_members: int, num_epochs: int = 10_000) -> Config:
    """The config file's, with so many seeds of one activity."""
    if str(ROOT) not in sys.path:
        sys.path.append(str(ROOT))  # config files say `from configs import asot`
    values = runpy.run_path(str(CONFIG))["get_config"]().to_dict()
    values |= {"activities": (activity,), "seeds": num_members, "num_epochs": num_epochs}
    return from_dict(values)


def load(activity: str) -> DataSet:
    """The twin's videos of one activity."""
    config = make_config(activity, 1)
    return TASKS[config.task].load(config, None)


def train_step(config: Config, data: DataSet) -> Callable[[], dict[str, jax.Array]]:
    """A program that trains all members of a config one step further, on one and the same batch."""
    setup = loop.set_up(config, data)
    batch = loop.place_batch(setup, setup.batches.batch(0))
    state = make_init(setup.method, setup.mesh)(batch, setup.inputs)
    step = make_step(setup.method, setup.mesh)

    def program():
        nonlocal state
        state, metrics = step(state, batch, setup.inputs)
        return metrics

    return program


def scale_members(counts: Sequence[int], activity: str, repeats: int) -> list[dict]:
    """Rows of the table over members; the ratio is to the first row."""
    data, programs = load(activity), []
    for count in counts:
        note(f"compiling {count} members")
        programs.append(train_step(make_config(activity, count), data))
        jax.block_until_ready(programs[-1]())
    note(f"{repeats} steps of each")
    names = [f"{count} in one program" for count in counts]
    return rows(names, counts, median_seconds(programs, repeats))


def rows(names: Sequence[str], members: Sequence[int], seconds: Sequence[float]) -> list[dict]:
    """Member-steps a second and their ratio to the first row's."""
    found = [
        {
            "name": name,
            "members": count,
            "milliseconds": 1e3 * taken,
            "member_steps_a_second": count / taken,
        }
        for name, count, taken in zip(names, members, seconds, strict=True)
    ]
    first = found[0]["member_steps_a_second"]
    return [row | {"ratio": row["member_steps_a_second"] / first} for row in found]


def scale_processes(
    num_processes: int, num_members: int, activity: str, num_steps: int, num_rounds: int
) -> list[dict]:
    """Rows of the table over processes, each with so many members; the ratio is to one process.

    The kinds of runs take turns, so that all see one load; the median over rounds counts.

    Raises:
        ValueError: without a core for each process or the means to keep it there, and with the
            last line of a run that fails.
    """
    cores = sorted(os.sched_getaffinity(0)) if shutil.which("taskset") else []
    if len(cores) < num_processes or not LAUNCHER.exists():
        raise ValueError(
            f"{num_processes} processes need a core each, taskset and {LAUNCHER}; "
            f"there are {len(cores)} cores to be had"
        )
    cores, members = cores[:num_processes], num_processes * num_members
    kinds = {
        "1 process": [Run(num_members, cores[:1])],
        f"{num_processes} separate runs": [Run(num_members, [core]) for core in cores],
        f"{num_processes} processes": [Run(members, cores)],
    }
    times = []
    for turn in range(num_rounds):
        note(f"round {turn + 1} of {num_rounds}: {', '.join(kinds)}")
        times.append([time_together(runs, activity, num_steps) for runs in kinds.values()])
    return rows(kinds, [num_members, members, members], np.median(times, axis=0).tolist())


def time_together(runs: Sequence[Run], activity: str, num_steps: int) -> float:
    """Mean over runs that start at the same time of their median seconds a step."""
    videos = load(activity).activities[activity]
    config = make_config(activity, 1)
    num_epochs = -(-num_steps // config.data.steps_per_epoch(len(videos)))
    with tempfile.TemporaryDirectory(prefix="jaxseg_scaling_") as folder:
        workdirs = [Path(folder) / str(number) / "run" for number in range(len(runs))]
        started = [
            start(run, workdir, activity, num_epochs)
            for run, workdir in zip(runs, workdirs, strict=True)
        ]
        statuses = [process.wait() for process in started]
        for status, workdir in zip(statuses, workdirs, strict=True):
            if status:
                *_, last = ["", *errors_of(workdir).read_text().splitlines()]
                raise ValueError(f"a run failed: {last}")
        return float(np.mean([seconds_a_step(workdir / "metrics.jsonl") for workdir in workdirs]))


def start(run: Run, workdir: Path, activity: str, num_epochs: int) -> subprocess.Popen:
    """Training alone, by the launcher, on the run's cores and with this interpreter."""
    words = ["taskset", "-c", ",".join(map(str, run.cores)), str(LAUNCHER), str(len(run.cores))]
    words += [f"--config={CONFIG}", "--mode=train", f"--workdir={workdir}"]
    words += [f"--config.activities={activity}", f"--config.seeds={run.num_members}"]
    words += [f"--config.num_epochs={num_epochs}"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    errors_of(workdir).parent.mkdir()
    with errors_of(workdir).open("w") as errors:
        return subprocess.Popen(
            words,
            cwd=ROOT,
            env=os.environ | {"PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )


def errors_of(workdir: Path) -> Path:
    """Where a run's words go."""
    return workdir.parent / "errors.txt"


def seconds_a_step(metrics: Path) -> float:
    """Median time from one logged step to the next, without the first, which compiles."""
    lines = [json.loads(line) for line in metrics.read_text().splitlines()]
    steps, seconds = ([line[name] for line in lines] for name in ("step", "seconds"))
    return float(np.median(np.diff(seconds) / np.diff(steps)))


def measure(options: argparse.Namespace) -> dict:
    """Everything that a run prints, as numbers."""
    activity = options.activity
    if options.processes:
        sizes = options.processes, options.members_each, activity, options.steps, options.rounds
        found = scale_processes(*sizes)
    else:
        found = scale_members(sorted(set(options.members)), activity, options.repeats)
    return {"device": device(), "activity": activity, "rows": found}


def table(results: dict) -> str:
    """The report of a run, as text."""
    lines = [
        f"ASOT's train step, {results['activity']} of Breakfast's twin, {results['device']}",
        "",
        f"{'':20}{'members':>8}{'ms a step':>12}{'member-steps/s':>16}{'ratio':>8}",
    ]
    for row in results["rows"]:
        lines.append(
            f"{row['name']:20}{row['members']:>8}{row['milliseconds']:>12.2f}"
            f"{row['member_steps_a_second']:>16.1f}{row['ratio']:>8.2f}"
        )
    return "\n".join(lines)


def parser() -> argparse.ArgumentParser:
    described = argparse.ArgumentParser(
        prog="python -m benchmarks.scaling",
        description="Member-steps a second of ASOT's training against the number of members on "
        "one device or, with --processes, against the number of processes of one run.",
    )
    add = described.add_argument
    add("--activity", default="coffee", help="of Breakfast; its seeds are the members (coffee)")
    add(
        "--members",
        type=all_positive,
        default=list(MEMBERS),
        metavar="M,M,...",
        help="of one program on one device (1 to 64)",
    )
    add("--processes", type=positive, metavar="P", help="weak scaling instead, from 1 to P")
    add(
        "--members-each",
        type=positive,
        default=8,
        metavar="M",
        help="members of each process (8)",
    )
    add("--steps", type=positive, default=100, metavar="S", help="of each process (100)")
    add("--rounds", type=positive, default=3, metavar="R", help="runs of each kind (3)")
    add_common_arguments(described)
    return described


def main(arguments: Sequence[str] | None = None) -> int:
    return report(parser().parse_args(arguments), measure, table)


if __name__ == "__main__":
    sys.exit(main())
