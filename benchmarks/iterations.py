"""How many iterations FUGW takes, by the rule for its step: objective, labels, accuracy, time.

Compares the rules after the same numbers of iterations on affinities of frames to actions, with
the labels of the converged plan and, where labels are given, with the truth.

    python -m benchmarks.iterations --affinities=DIR --markdown=iterations.md
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

from benchmarks import harness
from benchmarks.affinities import Problem, accuracy, make_problems, names, read_problems
from benchmarks.harness import COLORS, Column, Line, Panel, Table, all_positive, note, positive
from jaxseg.solvers import fugw
from jaxseg.solvers.fugw.steps import STEPS

ITERATIONS = (5, 10, 15, 25, 50, 100, 200)
TIMED = 25  # iterations of the programs that are timed
GENERATED = "generated data: a video of the embedded twin (--affinities=DIR for others)"
MEASURES = {"gap": "objective above the least", "labels_that_change": "labels that will change"}
SMALLEST = {"gap": 1e-9, "labels_that_change": 1e-4}  # smaller values are drawn as this


@functools.partial(jax.jit, static_argnames=("step", "num_iterations"))
def solve(cost, numbers, step, num_iterations):
    """Labels [N] and final J; `numbers` is traced, so that all settings share one program."""
    solution = fugw.solve(cost, step=step, num_iterations=num_iterations, **numbers)
    return solution.plan.argmax(1), solution.objective[-1]


@functools.partial(jax.jit, static_argnames=("step", "num_iterations"))
def label(cost, numbers, step, num_iterations):
    """Labels [N] alone, so that XLA drops the objective where the rule does not need it."""
    return fugw.solve(cost, step=step, num_iterations=num_iterations, **numbers).plan.argmax(1)


def compare(problem: Problem, iterations: Sequence[int], enough: int, repeats: int) -> dict:
    """All rules on one problem: rows, the best end of `enough` iterations, and times."""
    note(f"{problem.name}: {len(STEPS)} rules, up to {enough} iterations")
    cost = jnp.asarray(problem.cost)
    ends = {
        step: jax.tree.map(np.asarray, solve(cost, problem.numbers, step, enough)) for step in STEPS
    }
    best = min(ends, key=lambda step: ends[step][1])
    labels, least = ends[best]
    rows = [
        _row(problem, step, count, own_end=ends[step][0], best=labels, least=least)
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


def _row(
    problem: Problem,
    step: str,
    count: int,
    *,
    own_end: np.ndarray,
    best: np.ndarray,
    least: float,
) -> dict:
    """One rule after `count` iterations, against its own last labels and those of the best rule."""
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
    """Time of an iteration over that of the fixed step, for programs that return labels alone."""
    cost = jnp.asarray(problem.cost)
    programs = [functools.partial(label, cost, problem.numbers, step, TIMED) for step in STEPS]
    seconds = harness.median_seconds(programs, repeats)
    return {step: taken / seconds[0] for step, taken in zip(STEPS, seconds, strict=True)}


def measure(options: argparse.Namespace) -> dict:
    """Numbers of the whole run."""
    problems = read_problems(options.affinities) if options.affinities else make_problems()
    # Gaps are smaller than float32 can resolve in an objective.
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
        "device": harness.device(),
        "videos": names(problems),
        "generated": options.affinities is None,
        "enough": options.enough,
        "blocks": blocks,
    }


def report(results: dict) -> list[str | Table]:
    """Report of a run, a table for each video and setting."""
    parts: list[str | Table] = [
        f"FUGW by iterations and rule for the step, float64, {results['device']}",
        GENERATED if results["generated"] else results["videos"],
        f"gap: objective above the least that {results['enough']} iterations of any rule reach",
        "unlike: frames whose label differs from that one's; MoF: Hungarian, within the video",
    ]
    for block in results["blocks"]:
        times = ", ".join(f"{step} {ratio:.2f}" for step, ratio in block["times"].items())
        ends = ", ".join(f"{step} {gap:.1e}" for step, gap in block["gap_at_the_end"].items())
        parts += [
            _table(block),
            f"least objective {block['objective']:.5f} by {block['best']}, MoF "
            f"{_percent(block['accuracy'])}; gap at the end: {ends}",
            f"time of an iteration: {times}",
        ]
    return parts


def _table(block: dict) -> Table:
    """One row for each number of iterations, three columns for each rule."""
    columns, rows = [Column("iterations", "iterations")], {}
    for step in STEPS:
        columns += [
            Column(f"{step}: gap", f"{step} gap", "{:.1e}".format),
            Column("unlike", f"{step} labels_unlike_the_best", _percent),
            Column("MoF", f"{step} accuracy", _percent),
        ]
    for row in block["rows"]:
        line = rows.setdefault(row["iterations"], {"iterations": row["iterations"]})
        line |= {f"{row['step']} {name}": value for name, value in row.items()}
    return Table(columns, list(rows.values()), block["problem"])


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def panels(results: dict) -> list[list[Panel]]:
    """Panels of the figure: a row for each measure, a column for each video and setting."""
    return [
        [
            Panel(
                lines=[
                    _line(block["rows"], measure, step, color)
                    for step, color in zip(STEPS, COLORS, strict=True)
                ],
                title=block["problem"].replace(", ", "\n") if measure == "gap" else "",
                x="" if measure == "gap" else "iterations",
                y="" if number else label,
            )
            for number, block in enumerate(results["blocks"])
        ]
        for measure, label in MEASURES.items()
    ]


def _line(rows: Sequence[dict], measure: str, step: str, color: str) -> Line:
    points = sorted(
        (row["iterations"], max(row[measure], SMALLEST[measure]))
        for row in rows
        if row["step"] == step
    )
    return Line(step, color, "-", points)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = harness.parser(
        "iterations",
        __doc__,
        repeats=True,
        figure="also draw gap and labels over the iterations",
    )
    add = parser.add_argument
    add(
        "--affinities",
        type=Path,
        metavar="DIR",
        help="folder with affinity/NAME.npy, [frames, actions], and gt/NAME, a label a line, "
        "as in ASOT's examples (default: a generated video)",
    )
    add(
        "--iterations",
        type=all_positive,
        default=list(ITERATIONS),
        metavar="N,N,...",
        help="numbers of iterations to compare (5 to 200)",
    )
    add(
        "--enough",
        type=positive,
        default=1000,
        metavar="N",
        help="iterations after which a plan counts as converged (1000)",
    )
    return harness.run(parser.parse_args(arguments), measure, report, panels)


if __name__ == "__main__":
    sys.exit(main())
