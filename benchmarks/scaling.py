"""How ASOT's training scales: over members on one device, and over processes of one run.

The step is that of configs/asot_breakfast.py on one activity of the embedded twin; every seed is a
member. The result is member-steps a second, as a ratio to one member or to one process. With one
process on one core and P on P cores, each with as many members, a ratio of P is the best possible.
P separate runs at the same time show how much of the loss is the machine's, and how much is due to
the communication between processes.

    python -m benchmarks.scaling
    python -m benchmarks.scaling --processes=2 --json=scaling.json
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from benchmarks import harness
from benchmarks.harness import ROOT, Column, Table, all_positive, note, positive
from jaxseg.config import Config
from jaxseg.data.segmentation.records import DataSet
from jaxseg.methods import from_dict
from jaxseg.run.stages import TASKS
from jaxseg.training.setup import place_batch, set_up
from jaxseg.training.step import make_init, make_step

CONFIG = ROOT / "configs" / "asot_breakfast.py"
LAUNCHER = ROOT / "launch" / "local_processes.sh"
MEMBERS = (1, 2, 4, 8, 16, 32, 64)


class Run(NamedTuple):
    """Run whose processes each have a core of their own."""

    num_members: int
    cores: Sequence[int]


def make_config(activity: str, num_members: int, num_epochs: int = 10_000) -> Config:
    """Config of `CONFIG` with one activity and one member for each seed."""
    values = harness.config_values(CONFIG)
    values |= {"activities": (activity,), "seeds": num_members, "num_epochs": num_epochs}
    return from_dict(values)


def load(activity: str) -> DataSet:
    """Videos of one activity of the twin."""
    config = make_config(activity, 1)
    return TASKS[config.task].load(config, None)


def train_step(config: Config, data: DataSet) -> Callable[[], dict[str, jax.Array]]:
    """Program that trains all members of a config one step further, always on the same batch."""
    setup = set_up(config, data)
    batch = place_batch(setup, setup.batches.batch(0))
    state = make_init(setup.method, setup.mesh)(batch, setup.inputs)
    step = make_step(setup.method, setup.mesh)

    def program():
        nonlocal state
        state, metrics = step(state, batch, setup.inputs)
        return metrics

    return program


def scale_members(counts: Sequence[int], activity: str, repeats: int) -> list[dict]:
    """Rows for numbers of members; the ratio is to the first row."""
    data, programs = load(activity), []
    for count in counts:
        note(f"compiling {count} members")
        programs.append(train_step(make_config(activity, count), data))
        jax.block_until_ready(programs[-1]())
    note(f"{repeats} steps of each")
    names = [f"{count} in one program" for count in counts]
    return rows(names, counts, harness.median_seconds(programs, repeats))


def rows(names: Sequence[str], members: Sequence[int], seconds: Sequence[float]) -> list[dict]:
    """Rows with member-steps a second and their ratio to the first row."""
    measured = [
        {
            "name": name,
            "members": count,
            "milliseconds": 1e3 * taken,
            "member_steps_a_second": count / taken,
        }
        for name, count, taken in zip(names, members, seconds, strict=True)
    ]
    first = measured[0]["member_steps_a_second"]
    return [row | {"ratio": row["member_steps_a_second"] / first} for row in measured]


def scale_processes(
    num_processes: int, num_members: int, activity: str, num_steps: int, num_rounds: int
) -> list[dict]:
    """Rows for processes with `num_members` members each; the ratio is to one process.

    The kinds of runs take turns, so that all see one load; the median over rounds counts.

    Raises:
        ValueError: there are too few cores or no taskset, or a run fails; with its last line.
    """
    cores = sorted(os.sched_getaffinity(0)) if shutil.which("taskset") else []
    if len(cores) < num_processes or not LAUNCHER.exists():
        raise ValueError(
            f"{num_processes} processes need a core each, taskset and {LAUNCHER}; "
            f"{len(cores)} cores are available"
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
    """Mean, over runs that start at the same time, of their median seconds a step."""
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
    """Starts the training stage by the launcher, on the run's cores, with this interpreter."""
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
    """File that receives a run's standard error."""
    return workdir.parent / "errors.txt"


def seconds_a_step(metrics: Path) -> float:
    """Median time from one logged step to the next, without the first step, which compiles."""
    lines = [json.loads(line) for line in metrics.read_text().splitlines()]
    steps, seconds = ([line[name] for line in lines] for name in ("step", "seconds"))
    return float(np.median(np.diff(seconds) / np.diff(steps)))


def measure(options: argparse.Namespace) -> dict:
    """Numbers of the whole run."""
    activity = options.activity
    if options.processes:
        measured = scale_processes(
            num_processes=options.processes,
            num_members=options.members_each,
            activity=activity,
            num_steps=options.steps,
            num_rounds=options.rounds,
        )
    else:
        measured = scale_members(sorted(set(options.members)), activity, options.repeats)
    return {"device": harness.device(), "activity": activity, "rows": measured}


COLUMNS = (
    Column("", "name"),
    Column("members", "members"),
    Column("ms a step", "milliseconds", "{:.2f}".format),
    Column("member-steps/s", "member_steps_a_second", "{:.1f}".format),
    Column("ratio", "ratio", "{:.2f}".format),
)


def report(results: dict) -> list[str | Table]:
    """Report of a run."""
    activity = f"{results['activity']} of Breakfast's twin"
    head = f"ASOT's train step, {activity}, {results['device']}"
    return [head, Table(COLUMNS, results["rows"])]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = harness.parser("scaling", __doc__, repeats=True)
    add = parser.add_argument
    add("--activity", default="coffee", help="of Breakfast; its seeds are the members (coffee)")
    add(
        "--members",
        type=all_positive,
        default=list(MEMBERS),
        metavar="M,M,...",
        help="of one program on one device (1 to 64)",
    )
    add("--processes", type=positive, metavar="P", help="weak scaling instead, from 1 to P")
    add("--members-each", type=positive, default=8, metavar="M", help="of each process (8)")
    add("--steps", type=positive, default=100, metavar="S", help="of each process (100)")
    add("--rounds", type=positive, default=3, metavar="R", help="runs of each kind (3)")
    return harness.run(parser.parse_args(arguments), measure, report)


if __name__ == "__main__":
    sys.exit(main())
