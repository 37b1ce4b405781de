"""Times and memory of the structured solver, beside ott-jax on the same machine in the same run.

python -m jaxseg.benchmarks.solvers --against=ott
python -m jaxseg.benchmarks.solvers --against=none --frames=1000,10000 --json=solvers.json
"""

import argparse
import functools
import platform
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jaxseg.benchmarks.side_by_side import (
    add_common_arguments,
    all_positive,
    device,
    median_seconds,
    note,
    positive,
    report,
)
from jaxseg.solvers import fugw
from jaxseg.solvers.solution import Solution

NUM_ITERATIONS = 25
NUM_SINKHORN_ITERATIONS = 10
FRAMES = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
MIB = 2**20

asot = functools.partial(fugw.solve, num_iterations=NUM_ITERATIONS)
balanced = functools.partial(
    asot, lambda_actions=None, num_sinkhorn_iterations=NUM_SINKHORN_ITERATIONS
)


def random_cost(num_frames: int, num_clusters: int) -> np.ndarray:
    """Cost [N, K] of a video with an ordered segmentation under noise; the same in every run."""
    rng = np.random.default_rng(0)
    labels = np.sort(rng.integers(0, num_clusters, num_frames))
    cost = 1 - 0.7 * (labels[:, None] == np.arange(num_clusters))
    return np.clip(cost + 0.3 * rng.normal(size=cost.shape), 0, 2).astype(np.float32)


def compiled(solve: Callable, cost: jax.Array) -> Callable:
    """The plan alone, as a train step takes it: XLA drops what nobody reads, in both programs."""
    program = jax.jit(lambda cost: _plan(solve(cost))).lower(cost).compile()
    return lambda: program(cost)


def _plan(result) -> jax.Array:
    return result.plan if isinstance(result, Solution) else result


def floor(cost: jax.Array) -> jax.Array:
    """One exponential of every entry an iteration: what no solver of this kind goes below."""
    return lax.fori_loop(0, NUM_ITERATIONS, lambda _, values: jnp.exp(-values), cost.T)


def compare_with_ott(num_frames: int, num_clusters: int, repeats: int) -> list[dict]:
    """Rows of the side-by-side table; the first is ott-jax."""
    from jaxseg.benchmarks import ott_gromov  # a slow import that --against=none does without

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


def time_lengths(frames: Sequence[int], num_clusters: int, repeats: int) -> list[dict]:
    """Rows of the table of times against the number of frames."""
    rows = []
    for num_frames in frames:
        note(f"timing N={num_frames:,}")
        cost = jnp.asarray(random_cost(num_frames, num_clusters))
        programs = [compiled(solve, cost) for solve in (asot, balanced, floor)]
        seconds = median_seconds(programs, repeats)
        rows.append(
            {
                "frames": num_frames,
                "asot_milliseconds": 1e3 * seconds[0],
                "balanced_milliseconds": 1e3 * seconds[1],
                "floor_milliseconds": 1e3 * seconds[2],
                "asot_over_floor": seconds[0] / seconds[2],
            }
        )
    return rows


def exponent(rows: Sequence[dict], name: str) -> float | None:
    """Slope of log time over log N; None where there is but one length."""
    if len(rows) < 2:
        return None
    frames, times = ([row[key] for row in rows] for key in ("frames", name))
    return float(np.polyfit(np.log(frames), np.log(times), 1)[0])


def peak_memory(num_frames: int, num_clusters: int) -> dict:
    """Peak resident MiB of a fresh process that makes a cost, solves it and does nothing else.

    A child's peak starts at its parent's on Linux: so this runs before anything large here.
    """
    note(f"memory at N={num_frames:,} in a process of its own")
    program = (
        f"from jaxseg.benchmarks import solvers; solvers.solve_once({num_frames}, {num_clusters})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    if done.returncode:
        raise ValueError(f"N={num_frames} does not fit here: {done.stderr.strip()[-200:]}")
    before, peak = (float(line) for line in done.stdout.split()[-2:])
    return {"frames": num_frames, "imports_mib": before, "peak_mib": peak}


def solve_once(num_frames: int, num_clusters: int) -> None:
    """Prints the peak resident MiB of this process before and after one solve."""
    jax.block_until_ready(jnp.zeros(1))
    before = resident_mib()
    jax.block_until_ready(jax.jit(asot)(random_cost(num_frames, num_clusters)))
    print(before, resident_mib())


def resident_mib() -> float:
    """This process's peak, which macOS counts in bytes and Linux in KiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / MIB if platform.system() == "Darwin" else peak / 1024


def tables(results: dict) -> str:
    """The report of a run, as text."""
    head = f"Structured optimal transport, K={results['clusters']}, float32, {results['device']}"
    memory = results["memory"]
    tail = (
        f"peak resident memory at N={memory['frames']:,}: {memory['peak_mib']:,.0f} MiB, "
        f"of which {memory['imports_mib']:,.0f} before the solve"
    )
    parts = [head, *comparison_lines(results), *length_lines(results), "", tail]
    return "\n".join(parts)


def comparison_lines(results: dict) -> list[str]:
    if not results["comparison"]:
        return [""]
    size = f"N={results['against_frames']:,}"
    lines = ["", f"{size:<42}{'ms':>10}{'ratio':>9}{'max |diff|':>13}"]
    for row in results["comparison"]:
        given = row["largest_difference"]
        lines.append(
            f"{row['program']:<42}{row['milliseconds']:>10.2f}{row['times_faster']:>8.1f}x"
            f"{'' if given is None else f'{given:.1e}':>13}"
        )
    return [*lines, ""]


def length_lines(results: dict) -> list[str]:
    lines = [f"{'N':>9}{'ASOT ms':>12}{'balanced ms':>14}{'floor ms':>12}{'ASOT/floor':>13}"]
    for row in results["lengths"]:
        lines.append(
            f"{row['frames']:>9,}{row['asot_milliseconds']:>12.2f}"
            f"{row['balanced_milliseconds']:>14.2f}{row['floor_milliseconds']:>12.2f}"
            f"{row['asot_over_floor']:>12.1f}x"
        )
    lines.append(f"floor: {NUM_ITERATIONS} exponentials of N x K entries in place")
    slopes = results["exponents"].items()
    return lines + [f"{name}: time grows as N^{slope:.2f}" for name, slope in slopes if slope]


def measure(options: argparse.Namespace) -> dict:
    """Everything that a run prints, as numbers."""
    memory = peak_memory(max(options.frames), options.clusters)
    comparison = []
    if options.against == "ott":
        comparison = compare_with_ott(options.against_frames, options.clusters, options.repeats)
    lengths = time_lengths(options.frames, options.clusters, options.repeats)
    return {
        "device": device(),
        "clusters": options.clusters,
        "against_frames": options.against_frames,
        "comparison": comparison,
        "lengths": lengths,
        "exponents": {
            name: exponent(lengths, f"{name}_milliseconds") for name in ("asot", "balanced")
        },
        "memory": memory,
    }


def parser() -> argparse.ArgumentParser:
    described = argparse.ArgumentParser(
        prog="python -m jaxseg.benchmarks.solvers",
        description="Times the structured solver side by side with ott-jax's dense one, its cost "
        "against the number of frames, and the memory of the longest video.",
    )
    add = described.add_argument
    add("--against", choices=("ott", "none"), default="ott", help="the other program (ott)")
    add(
        "--against-frames",
        type=positive,
        default=2_000,
        metavar="N",
        help="frames of the side-by-side problem (2000); ott-jax holds N x N numbers",
    )
    add(
        "--frames",
        type=all_positive,
        default=list(FRAMES),
        metavar="N,N,...",
        help="lengths to time; memory is measured at the longest (1000 to 100000)",
    )
    add("--clusters", type=positive, default=19, metavar="K", help="clusters of all (19)")
    add_common_arguments(described)
    return described


def main(arguments: Sequence[str] | None = None) -> int:
    return report(parser().parse_args(arguments), measure, tables)


if __name__ == "__main__":
    sys.exit(main())
