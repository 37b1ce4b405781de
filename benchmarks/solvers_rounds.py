"""The same number of rounds of the same updates by ott-jax on dense matrices and by jaxseg."""

import functools

import jax.numpy as jnp

from benchmarks.compare_problems import random_cost
from benchmarks.side_by_side import median_seconds, note
from benchmarks.solvers_lengths import (
    NUM_ITERATIONS,
    NUM_SINKHORN_ITERATIONS,
    asot,
    balanced,
    compiled,
)


def compare_with_ott(num_frames: int, num_clusters: int, repeats: int) -> list[dict]:
    """Rows of the table, float32; the first is ott-jax."""
    from benchmarks import ott_gromov  # a slow import that --against=none does without

    note(f"against ott-jax: N={num_frames:,} K={num_clusters}, {repeats} rounds each")
    cost = jnp.asarray(random_cost(num_frames, num_clusters))
    dense = functools.partial(
        ott_gromov.solve,
        num_iterations=NUM_ITERATIONS,
        num_sinkhorn_iterations=NUM_SINKHORN_ITERATIONS,
    )
    rounds = f"{NUM_ITERATIONS} x {NUM_SINKHORN_ITERATIONS}"
    names = (
        f"ott-jax, dense, balanced, {rounds}",
        f"jaxseg, balanced, {rounds}",
        f"jaxseg, ASOT (actions relaxed), {NUM_ITERATIONS}",
    )
    programs = [compiled(solve, cost) for solve in (dense, balanced, asot)]
    seconds = median_seconds(programs, repeats)
    difference = jnp.abs(programs[0]() - programs[1]()).max()
    return [
        {
            "program": name,
            "milliseconds": 1e3 * taken,
            "times_faster": seconds[0] / taken,
            "largest_difference": float(difference) if name == names[1] else None,
        }
        for name, taken in zip(names, seconds, strict=True)
    ]


def rounds_lines(results: dict) -> list[str]:
    if not results["rounds"]:
        return []
    size = f"N={results['against_frames']:,}, float32"
    lines = ["", f"{size:<42}{'ms':>10}{'ratio':>9}{'max |diff|':>13}"]
    for row in results["rounds"]:
        given = row["largest_difference"]
        lines.append(
            f"{row['program']:<42}{row['milliseconds']:>10.2f}{row['times_faster']:>8.1f}x"
            f"{'' if given is None else f'{given:.1e}':>13}"
        )
    return lines
