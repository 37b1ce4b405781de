"""Where the time of training goes: the compiled step against the input pipeline, in one run.

Medians over steps: a train step of all members, the batch that it needs when nothing else runs,
and how long the loop waits for a batch that is drawn while the step before it runs. On a CPU the
two compete for the same cores.

    python -m benchmarks.training
    python -m benchmarks.training --config=configs/asot_50salads_mid.py --seeds=10
    python -m benchmarks.training --config=configs/case_thumos14.py --root=/data/THUMOS14
"""

import argparse
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from benchmarks import harness
from benchmarks.harness import Column, Table, positive, timed
from jaxseg.config import Config
from jaxseg.methods import from_dict
from jaxseg.run.stages import TASKS
from jaxseg.training import sharding
from jaxseg.training.setup import Setup, set_up
from jaxseg.training.step import make_init, make_step


class Times(NamedTuple):
    """Median seconds a step.

    Attributes:
        step: compiled step of all members, with its batch on the device already.
        batch: drawing a batch while nothing else runs.
        transfer: putting a batch on the device.
        waiting: waiting for the next batch while others are drawn ahead.
        loop: from one step to the next, all together.
    """

    step: float
    batch: float
    transfer: float
    waiting: float
    loop: float


NAMES = {
    "step": "train step",
    "batch": "batch, drawn alone",
    "transfer": "batch, to the device",
    "waiting": "waiting for a batch",
    "loop": "loop, all together",
}


def measure(options: argparse.Namespace) -> dict:
    """Numbers of the whole run."""
    config = make_config(options)
    setup = set_up(config, TASKS[config.task].load(config, None))
    times = time_training(setup, options.steps)._asdict()
    return {
        "device": f"{jax.device_count()} x {harness.device()}",
        "batch": shapes(setup.batches.batch(0)),
        "steps": options.steps,
        "rows": [
            {"part": NAMES[name], "milliseconds": 1e3 * seconds, "share": seconds / times["step"]}
            for name, seconds in times.items()
        ],
    }


def make_config(options: argparse.Namespace) -> Config:
    """Config of the command line, with enough epochs for any number of steps."""
    values = harness.config_values(options.config)
    values |= {"seeds": options.seeds, "num_epochs": 10_000}
    values["activities"] = tuple(options.activities)
    values["data"]["root"] = options.root
    return from_dict(values)


def time_training(setup: Setup, num_steps: int) -> Times:
    """Times of a setup's training, from newly drawn parameters and after compilation."""
    where = sharding.by_member_and_video(setup.mesh)
    example = jax.device_put(setup.batches.batch(0), where)
    state = make_init(setup.method, setup.mesh)(example, setup.inputs)
    step = make_step(setup.method, setup.mesh)

    def train(batch):
        nonlocal state
        state, metrics = step(state, batch, setup.inputs)
        jax.block_until_ready((state, metrics))

    def put(batch):
        return jax.block_until_ready(jax.device_put(batch, where))

    train(example)  # compiles
    numbers = range(num_steps)
    waits, loops = _time_loop(setup.batches.iterate(0), lambda batch: train(put(batch)), num_steps)
    return Times(
        step=_median(train, [example] * num_steps),
        batch=_median(setup.batches.batch, numbers),
        transfer=_median(put, map(setup.batches.batch, numbers)),
        waiting=statistics.median(waits),
        loop=statistics.median(loops),
    )


def _median(function: Callable[[Any], Any], arguments: Sequence | Iterator) -> float:
    return statistics.median(
        timed(lambda argument=argument: function(argument))[0] for argument in arguments
    )


def _time_loop(batches: Iterator, train: Callable, num_steps: int) -> tuple[list, list]:
    """Seconds of waiting, and in all, of each step; the first batch is not drawn ahead."""
    train(next(batches))
    waits, loops = [], []
    for _ in range(num_steps):
        wait, batch = timed(lambda: next(batches))
        waits.append(wait)
        loops.append(wait + timed(lambda batch=batch: train(batch))[0])
    return waits, loops


def shapes(batch: dict[str, np.ndarray]) -> str:
    """Shapes of a batch in words: "frames 50 x 2 x 256 x 64, mask 50 x 2 x 256"."""
    return ", ".join(f"{name} {' x '.join(map(str, a.shape))}" for name, a in batch.items())


COLUMNS = (
    Column("part", "part"),
    Column("ms", "milliseconds", "{:.2f}".format),
    Column("of a step", "share", "{:.1%}".format),
)


def report(results: dict) -> list[str | Table]:
    """Report of a run."""
    return [
        f"Time of training, {results['device']}, medians of {results['steps']} steps",
        f"members x videos x ...: {results['batch']}",
        Table(COLUMNS, results["rows"]),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = harness.parser("training", __doc__)
    add = parser.add_argument
    config = Path("configs/asot_breakfast.py")
    add("--config", type=Path, default=config, metavar="FILE", help=f"config file ({config})")
    add("--seeds", type=int, default=5, help="members of each activity (5)")
    add("--activities", nargs="*", default=(), metavar="A", help="of the data set (all)")
    add("--root", default="", help="data (default: the embedded twin)")
    add("--steps", type=positive, default=20, metavar="S", help="steps to time (20)")
    return harness.run(parser.parse_args(arguments), measure, report)


if __name__ == "__main__":
    sys.exit(main())
