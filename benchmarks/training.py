"""Where the time of training goes: the compiled step against the input pipeline, in one run.

    python -m benchmarks.training
    python -m benchmarks.training --config=configs/asot_50salads_mid.py --seeds=10
    python -m benchmarks.training --config=configs/case_thumos14.py --root=/data/THUMOS14

Prints milliseconds, medians over steps: a train step of all members, the batch that it needs
when nothing else runs, and how long the loop waits for a batch that is drawn while the step
before it runs. On a CPU the two compete for the same cores.
"""

import argparse
import runpy
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from jaxseg.config import Config, from_dict
from jaxseg.run.tasks import TASKS
from jaxseg.training import loop, sharding
from jaxseg.training.step import make_init, make_step


class Times(NamedTuple):
    """Seconds a step, medians.

    Attributes:
        step: the compiled step of all members, its batch on the device already.
        batch: drawing a batch, alone on the machine.
        transfer: putting a batch on the device.
        waiting: for the next batch, while others are drawn ahead.
        loop: from one step to the next, all together.
    """

    step: float
    batch: float
    transfer: float
    waiting: float
    loop: float


def measure(setup: loop.Setup, num_steps: int) -> Times:
    """Times the training of a setup, from freshly drawn parameters and after compilation."""
    where = sharding.by_member_and_video(setup.mesh)
    example = jax.device_put(setup.batches.batch(0), where)
    state = make_init(setup.method, setup.mesh)(example, setup.inputs)
    step = make_step(setup.method, setup.mesh)

    def run(batch):
        nonlocal state
        state, metrics = step(state, batch, setup.inputs)
        jax.block_until_ready((state, metrics))

    def put(batch):
        return jax.block_until_ready(jax.device_put(batch, where))

    run(example)  # compiles
    numbers = range(num_steps)
    steps = [_seconds(run, example) for _ in numbers]
    batches = [_seconds(setup.batches.batch, number) for number in numbers]
    transfers = [_seconds(put, setup.batches.batch(number)) for number in numbers]
    waits, loops = _loop(setup.batches.iterate(0), lambda batch: run(put(batch)), num_steps)
    return Times(*(float(np.median(times)) for times in (steps, batches, transfers, waits, loops)))


def _seconds(function, argument) -> float:
    start = time.perf_counter()
    function(argument)
    return time.perf_counter() - start


def _loop(batches: Iterator, run, num_steps: int) -> tuple[list[float], list[float]]:
    """Seconds of waiting and in all, a step; the first batch is drawn ahead of nothing."""
    run(next(batches))
    waits, loops = [], []
    for _ in range(num_steps):
        start = time.perf_counter()
        batch = next(batches)
        waits.append(time.perf_counter() - start)
        run(batch)
        loops.append(time.perf_counter() - start)
    return waits, loops


def _shapes(batch: dict[str, np.ndarray]) -> str:
    """ "frames 50 x 2 x 256 x 64, mask 50 x 2 x 256"."""
    return ", ".join(f"{name} {' x '.join(map(str, a.shape))}" for name, a in batch.items())


def table(times: Times) -> str:
    """Lines of milliseconds and of shares of the step."""
    rows = {
        "train step": times.step,
        "batch, drawn alone": times.batch,
        "batch, to the device": times.transfer,
        "waiting for a batch": times.waiting,
        "loop, all together": times.loop,
    }
    return "\n".join(
        f"{name:22}{1e3 * seconds:9.2f} ms{100 * seconds / times.step:8.1f} % of a step"
        for name, seconds in rows.items()
    )


def _config(options: argparse.Namespace) -> Config:
    file = options.config
    if not file.is_file():
        raise ValueError(f"no config file {file}")
    sys.path.append(str(file.resolve().parent.parent))
    values = runpy.run_path(str(file))["get_config"]().to_dict()
    values |= {"seeds": options.seeds, "num_epochs": 10_000}
    values["activities"] = tuple(options.activities)
    values["data"]["root"] = options.root
    return from_dict(values)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--config", type=Path, default=Path("configs/asot_breakfast.py"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--activities", nargs="*", default=(), help="default: all")
    parser.add_argument("--root", default="", help="data; default: the embedded twin")
    parser.add_argument("--steps", type=int, default=20)
    options = parser.parse_args(arguments)
    try:
        if options.steps < 1:
            raise ValueError(f"--steps must be at least 1, got {options.steps}")
        config = _config(options)
        setup = loop.set_up(config, TASKS[config.task].load(config, None))
    except (ValueError, OSError) as error:
        parser.exit(2, f"error: {error}\n")
    device = jax.devices()[0].device_kind
    print("members x videos x ...: " + _shapes(setup.batches.batch(0)))
    print(f"{jax.device_count()} x {device}, {options.steps} steps")
    print(table(measure(setup, options.steps)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
