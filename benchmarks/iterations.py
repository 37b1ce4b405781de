"""How many iterations FUGW takes, by the rule for its step: objective, labels, accuracy, time.

python -m benchmarks.iterations --affinities=asot_examples --markdown=iterations.md
python -m benchmarks.iterations --iterations=10,25 --figure=iterations.png
"""

import argparse
import functools
import sys
from collections.abc import Sequence
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.iterations_problems import Problem, accuracy, make_problems, names, read_problems
from benchmarks.side_by_side import (
    add_common_arguments,
    all_positive,
    device,
    median_seconds,
    note,
    positive,
    report,
)
from jaxseg.solvers import fugw
from jaxseg.solvers.fugw.search import STEPS

ITERATIONS = (5, 10, 15, 25, 50, 100, 200)
TIMED = 25  # iterations of the programs whose times are compared
GENERATED = "generated: the embedded twin's video, not a real one (--affinities=DIR)"


@functools.partial(jax.jit, static_argnames=("step", "num_iterations"))
def solve(cost, numbers, step, num_iterations):
    """Labels [N] and J at the end; numbers are traced, so that settings share a program."""
    solution = fugw.solve(cost, step=step, num_iterations=num_iterations, **numbers)
    return solution.plan.argmax(1), solution.objective[-1]


@functools.partial(jax.jit, static_argnames=("step", "num_iterations"))
def label(cost, numbers, step, num_iterations):
    """Labels [N] alone: the fixed step then knows no objective."""
    return fugw.solve(cost, step=step, num_iterations=num_iterations, **numbers).plan.argmax(1)


def compare(problem: Problem, iterations: Sequence[int], enough: int, repeats: int) -> dict:
    """One block of the table."""
    note(f"{problem.name}: {len(STEPS)} rules, up to {enough} iterations")
    cost = jnp.asarray(problem.cost)
    ends = {
        step: jax.tree.map(np.asarray, solve(cost, problem.numbers, step, enough)) for step in STEPS
    }
    best = min(ends, key=lambda step: ends[step][1])
    labels, least = ends[best]
    rows = [
        _row(problem, step, count, ends[step][0], labels, least)
        for count in iterations
        for step in STEPS
    ]
    return {
        "problem": problem.name,
        "best": best,
        "objective": float(least),
        "accuracy": accuracy(labels, problem.truth),
        "gap_at_the_end": {step: float(end[1] - least) for step, end in ends.items()},
        "rows": rows,
        "times": relative_times(problem, repeats),
    }


def _row(problem: Problem, step: str, count: int, own_end, best, least) -> dict:
    """One rule after so many iterations."""
    labels, objective = solve(jnp.asarray(problem.cost), problem.numbers, step, count)
    labels = np.asarray(labels)
    return {
        "step": step,
        "iterations": count,
        "gap": float(objective - least),
        "labels_unlike_the_best": float(np.mean(labels != best)),
        "labels_that_change": float(np.mean(labels != own_end)),
        "accuracy": accuracy(labels, problem.truth),
    }


def relative_times(problem: Problem, repeats: int) -> dict[str, float]:
    """Time of an iteration over that of the fixed step's, of programs that return labels alone."""
    cost = jnp.asarray(problem.cost)
    programs = [functools.partial(label, cost, problem.numbers, step, TIMED) for step in STEPS]
    seconds = median_seconds(programs, repeats)
    return {step: taken / seconds[0] for step, taken in zip(STEPS, seconds, strict=True)}


def measure(options: argparse.Namespace) -> dict:
    """Everything that a run prints, as numbers."""
    real = options.affinities is not None
    problems = read_problems(Path(options.affinities)) if real else make_problems()
    # Gaps are smaller than what float32 knows of an objective.
    with jax.enable_x64(True):
        blocks = [
            compare(
                problem._replace(cost=problem.cost.astype(np.float64)),
                options.iterations,
                options.enough,
                options.repeats,
            )
            for problem in problems
        ]
    return {
        "device": device(),
        "videos": names(problems),
        "generated": not real,
        "enough": options.enough,
        "blocks": blocks,
    }


def measure_and_write(options: argparse.Namespace) -> dict:
    """`measure`, and the page and the figure where they are asked for."""
    results = measure(options)
    if options.markdown:
        page = f"# Iterations\n\n```\n{table(results)}\n```\n"
        Path(options.markdown).write_text(page, encoding="utf-8")
    if options.figure:
        from benchmarks import iterations_figure  # the only need of matplotlib

        iterations_figure.draw(results["blocks"], options.figure)
    return results


def table(results: dict) -> str:
    """The report of a run, as text."""
    lines = [
        f"FUGW by iterations and rule for the step, float64, {results['device']}",
        GENERATED if results["generated"] else results["videos"],
        f"gap: objective above the least that {results['enough']} iterations of any rule reach",
        "unlike: frames whose label is not the one there; MoF: Hungarian, of the video alone",
    ]
    for block in results["blocks"]:
        lines += ["", *block_lines(block)]
    return "\n".join(lines)


def block_lines(block: dict) -> list[str]:
    """One video at one setting."""
    times = ", ".join(f"{step} {ratio:.2f}" for step, ratio in block["times"].items())
    ends = ", ".join(f"{step} {gap:.1e}" for step, gap in block["gap_at_the_end"].items())
    lines = [
        block["problem"],
        f"least objective {block['objective']:.5f} by {block['best']}, MoF "
        f"{_percent(block['accuracy'])}; gap at the end: {ends}",
        f"time of an iteration: {times}",
        f"{'':>10}" + "".join(f"{step:^26}" for step in STEPS),
        f"{'iterations':>10}" + f"{'gap':>10}{'unlike':>8}{'MoF':>8}" * len(STEPS),
    ]
    counts = dict.fromkeys(row["iterations"] for row in block["rows"])
    for count in counts:
        cells = [_cells(row) for row in block["rows"] if row["iterations"] == count]
        lines.append(f"{count:>10}" + "".join(cells))
    return lines


def _cells(row: dict) -> str:
    unlike = _percent(row["labels_unlike_the_best"])
    return f"{row['gap']:>10.1e}{unlike:>8}{_percent(row['accuracy']):>8}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def parser() -> argparse.ArgumentParser:
    described = argparse.ArgumentParser(
        prog="python -m benchmarks.iterations",
        description="Compares the rules for FUGW's step after the same numbers of iterations, on "
        "affinities of frames to actions: objective, labels that differ from the converged ones, "
        "accuracy where the truth is there, and the time of an iteration.",
    )
    add = described.add_argument
    add(
        "--affinities",
        metavar="DIR",
        help="folder with affinity/NAME.npy, [frames, actions], and gt/NAME, a label a line, "
        "as in ASOT's examples (default: a generated video)",
    )
    add(
        "--iterations",
        type=all_positive,
        default=list(ITERATIONS),
        metavar="N,N,...",
        help="the numbers of iterations to compare (5 to 200)",
    )
    add(
        "--enough",
        type=positive,
        default=1000,
        metavar="N",
        help="iterations after which a plan counts as converged (1000)",
    )
    add("--markdown", metavar="FILE", help="also write the table as Markdown")
    add("--figure", metavar="FILE", help="also draw gap and labels over the iterations")
    add_common_arguments(described)
    return described


def main(arguments: Sequence[str] | None = None) -> int:
    return report(parser().parse_args(arguments), measure_and_write, table)


if __name__ == "__main__":
    sys.exit(main())
