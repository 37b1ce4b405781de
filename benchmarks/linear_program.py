"""Time and memory of LinPro beside SciPy's HiGHS, simplex and interior point, in the same run.

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

from benchmarks.side_by_side import (
    add_common_arguments,
    all_positive,
    device,
    median_seconds,
    note,
    report,
)
from jaxseg.solvers import linear_program
from jaxseg.solvers.interval_rows import interval_rows

SNIPPETS = (100, 300, 1_000, 3_000, 10_000)
SNIPPETS_PER_INSTANCE = 36
INTERVALS, ROWS = "jaxseg, from intervals", "jaxseg, from rows"
HIGHS = {"SciPy HiGHS, simplex": "highs-ds", "SciPy HiGHS, interior point": "highs-ipm"}


def chain(num_snippets: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start, end and score [M] of instances in a row, each overlapping the next and its flanks."""
    count = max(1, round(num_snippets / SNIPPETS_PER_INSTANCE))
    stride = num_snippets / (count + 0.5)
    start = np.arange(count) * stride
    end = np.minimum(start + 1.3 * stride, num_snippets)
    score = np.random.default_rng(0).uniform(0.2, 0.6, count)
    return tuple(each.astype(np.float32) for each in (start, end, score))


def from_intervals(num_snippets: int) -> jax.stages.Compiled:
    def program(start, end, score):
        return linear_program.solve_intervals(start, end, score, num_snippets)

    return jax.jit(program).lower(*chain(num_snippets)).compile()


def from_rows(A: np.ndarray, score: np.ndarray) -> jax.stages.Compiled:
    return jax.jit(linear_program.solve).lower(A, score).compile()


def highs(A: np.ndarray, score: np.ndarray, method: str) -> Callable[[], float]:
    """The optimum, float64, as often as it is called; HiGHS is given its own sparse form."""
    rows = csr_array(A.astype(np.float64))
    cost, target = np.ones(A.shape[1]), score.astype(np.float64)

    def solve() -> float:
        found = linprog(cost, A_eq=rows, b_eq=target, bounds=(0, 1), method=method)
        if found.status != 0:
            raise ValueError(f"{method} at T={A.shape[1]}: {found.message}")
        return found.fun

    return solve


def compare(num_snippets: int, repeats: int) -> dict:
    """One length: every program's time beside ours, its optimum, and the memory of ours."""
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
    seconds = median_seconds(programs, repeats)
    optima = [float(program()) for program in programs]
    return {
        "snippets": num_snippets,
        "instances": len(score),
        "bytes": {name: memory(program) for name, program in ours.items()},
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


def memory(program: jax.stages.Compiled) -> int:
    """Bytes of a compiled program's arguments, results and all that is between."""
    analysis = program.memory_analysis()
    return (
        analysis.argument_size_in_bytes
        + analysis.output_size_in_bytes
        + analysis.temp_size_in_bytes
    )


def measure(options: argparse.Namespace) -> dict:
    """Everything that a run prints, as numbers."""
    return {
        "device": device(),
        "lengths": [compare(count, options.repeats) for count in options.snippets],
    }


def table(results: dict) -> str:
    """The report of a run, as text."""
    lines = [
        f"LinPro on a chain of instances, {results['device']}",
        "jaxseg in float32: the centre of the optimal curves; HiGHS in float64: one of them",
        "",
        f"{'T':>7}{'M':>6}  {'':<30}{'ms':>10}{'ratio':>9}{'objective':>12}{'off by':>10}",
    ]
    for length in results["lengths"]:
        for row in length["rows"]:
            lines.append(
                f"{length['snippets']:>7,}{length['instances']:>6}  {row['program']:<30}"
                f"{row['milliseconds']:>10.2f}{row['times_ours']:>8.2f}x"
                f"{row['objective']:>12.5f}{row['relative_difference']:>10.1e}"
            )
    lines += ["", f"{'T':>7}{'M':>6}  {'memory of the program':<30}{'bytes':>13}{'/ (T M)':>9}"]
    for length in results["lengths"]:
        size = length["snippets"] * length["instances"]
        for name, count in length["bytes"].items():
            lines.append(
                f"{length['snippets']:>7,}{length['instances']:>6}  {name:<30}"
                f"{count:>13,}{count / size:>9.1f}"
            )
    return "\n".join(lines)


def parser() -> argparse.ArgumentParser:
    described = argparse.ArgumentParser(
        prog="python -m benchmarks.linear_program",
        description="Times LinPro on a chain of instances side by side with SciPy's HiGHS, by its "
        "simplex and by its interior point; compares the optima and prints the memory.",
    )
    add = described.add_argument
    add(
        "--snippets",
        type=all_positive,
        default=list(SNIPPETS),
        metavar="T,T,...",
        help=f"lengths, with one instance for {SNIPPETS_PER_INSTANCE} snippets (100 to 10000)",
    )
    add_common_arguments(described)
    return described


def main(arguments: Sequence[str] | None = None) -> int:
    return report(parser().parse_args(arguments), measure, table)


if __name__ == "__main__":
    sys.exit(main())
