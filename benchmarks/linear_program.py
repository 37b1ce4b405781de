"""LinPro beside SciPy's HiGHS, simplex and interior point, in the same run: time and memory.

The problem is a chain of instances, each overlapping the next; the optima are compared.

    python -m benchmarks.linear_program
    python -m benchmarks.linear_program --snippets=100,1000 --json=linear_program.json
"""

import argparse
import sys
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from benchmarks import harness
from benchmarks.harness import Column, Table, all_positive, compiled_bytes, note
from jaxseg.solvers import linear_program
from jaxseg.solvers.linear_program import interval_rows

SNIPPETS = (100, 300, 1_000, 3_000, 10_000)
SNIPPETS_PER_INSTANCE = 36
INTERVALS, ROWS = "jaxseg, from intervals", "jaxseg, from rows"
HIGHS = {"SciPy HiGHS, simplex": "highs-ds", "SciPy HiGHS, interior point": "highs-ipm"}


def chain(num_snippets: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start, end and score [M] of instances in a row, each overlapping the next one."""
    count = max(1, round(num_snippets / SNIPPETS_PER_INSTANCE))
    stride = num_snippets / (count + 0.5)
    start = np.arange(count) * stride
    end = np.minimum(start + 1.3 * stride, num_snippets)
    score = np.random.default_rng(0).uniform(0.2, 0.6, count)
    return tuple(each.astype(np.float32) for each in (start, end, score))


def from_intervals(num_snippets: int) -> jax.stages.Compiled:
    """Our program that makes the rows from intervals itself."""

    def program(start, end, score):
        return linear_program.solve_intervals(start, end, score, num_snippets)

    return jax.jit(program).lower(*chain(num_snippets)).compile()


def from_rows(A: np.ndarray, score: np.ndarray) -> jax.stages.Compiled:
    """Our program that takes the rows."""
    return jax.jit(linear_program.solve).lower(A, score).compile()


def highs(A: np.ndarray, score: np.ndarray, method: str) -> Callable[[], float]:
    """Function that returns the optimum by HiGHS in float64, from rows in its sparse form."""
    rows = csr_array(A.astype(np.float64))
    cost, target = np.ones(A.shape[1]), score.astype(np.float64)

    def solve() -> float:
        result = linprog(cost, A_eq=rows, b_eq=target, bounds=(0, 1), method=method)
        if result.status != 0:
            raise ValueError(f"{method} at T={A.shape[1]}: {result.message}")
        return result.fun

    return solve


def compare(num_snippets: int, repeats: int) -> dict:
    """Times and optima of every program at one length, and the memory of ours."""
    start, end, score = chain(num_snippets)
    note(f"LinPro T={num_snippets:,} M={len(score)}, {repeats} rounds each")
    A = np.asarray(interval_rows(start, end, num_snippets))
    ours = {INTERVALS: from_intervals(num_snippets), ROWS: from_rows(A, score)}
    arguments = {
        INTERVALS: [jnp.asarray(each) for each in (start, end, score)],
        ROWS: [jnp.asarray(each) for each in (A, score)],
    }
    programs = [lambda name=name: ours[name](*arguments[name]).objective for name in ours]
    programs += [highs(A, score, method) for method in HIGHS.values()]
    seconds = harness.median_seconds(programs, repeats)
    optima = [float(program()) for program in programs]
    return {
        "snippets": num_snippets,
        "instances": len(score),
        "bytes": {name: compiled_bytes(program) for name, program in ours.items()},
        "rows": [
            {
                "program": name,
                "milliseconds": 1e3 * taken,
                "times_ours": taken / seconds[0],
                "objective": optimum,
                "relative_difference": optimum / optima[2] - 1,
            }
            for name, taken, optimum in zip([*ours, *HIGHS], seconds, optima, strict=True)
        ],
    }


def measure(options: argparse.Namespace) -> dict:
    """Numbers of the whole run."""
    return {
        "device": harness.device(),
        "lengths": [compare(count, options.repeats) for count in options.snippets],
    }


PLACE = Column("T", "snippets", "{:,}".format), Column("M", "instances", "{:,}".format)
COLUMNS = (
    *PLACE,
    Column("program", "program"),
    Column("ms", "milliseconds", "{:.2f}".format),
    Column("ratio", "times_ours", "{:.2f}x".format),
    Column("objective", "objective", "{:.5f}".format),
    Column("off by", "relative_difference", "{:.1e}".format),
)
MEMORY_COLUMNS = (
    *PLACE,
    Column("program", "program"),
    Column("bytes", "bytes", "{:,}".format),
    Column("/ (T M)", "relative", "{:.1f}".format),
)


def report(results: dict) -> list[str | Table]:
    """Report of a run."""
    rows, memory = [], []
    for length in results["lengths"]:
        place = {name: length[name] for name in ("snippets", "instances")}
        size = length["snippets"] * length["instances"]
        rows += [place | row for row in length["rows"]]
        memory += [
            place | {"program": name, "bytes": count, "relative": count / size}
            for name, count in length["bytes"].items()
        ]
    return [
        f"LinPro on a chain of instances, {results['device']}",
        "jaxseg in float32: the center of the optimal curves; HiGHS in float64: one of them",
        Table(COLUMNS, rows),
        Table(MEMORY_COLUMNS, memory, "Memory of our programs"),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = harness.parser("linear_program", __doc__, repeats=True)
    parser.add_argument(
        "--snippets",
        type=all_positive,
        default=list(SNIPPETS),
        metavar="T,T,...",
        help=f"lengths, with one instance for {SNIPPETS_PER_INSTANCE} snippets (100 to 10000)",
    )
    return harness.run(parser.parse_args(arguments), measure, report)


if __name__ == "__main__":
    sys.exit(main())
