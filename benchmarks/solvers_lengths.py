"""Time and memory of the structured solver against the number of frames."""

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

from benchmarks.compare_problems import random_cost
from benchmarks.side_by_side import median_seconds, note
from jaxseg.solvers import fugw
from jaxseg.solvers.solution import Solution

NUM_ITERATIONS = 25
NUM_SINKHORN_ITERATIONS = 10
MIB = 2**20

asot = functools.partial(fugw.solve, num_iterations=NUM_ITERATIONS)
balanced = functools.partial(
    asot, lambda_actions=None, num_sinkhorn_iterations=NUM_SINKHORN_ITERATIONS
)


def compiled(solve: Callable, cost: jax.Array) -> Callable:
    """The plan alone, as a train step takes it: XLA drops what nobody reads, in both programs."""
    program = jax.jit(lambda cost: _plan(solve(cost))).lower(cost).compile()
    return lambda: program(cost)


def _plan(result) -> jax.Array:
    return result.plan if isinstance(result, Solution) else result


def floor(cost: jax.Array) -> jax.Array:
    """One exponential of every entry an iteration: what no solver of this kind goes below."""
    return lax.fori_loop(0, NUM_ITERATIONS, lambda _, values: jnp.exp(-values), cost.T)


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


def exponents(rows: Sequence[dict]) -> dict[str, float | None]:
    """How fast time grows, of both problems."""
    return {name: exponent(rows, f"{name}_milliseconds") for name in ("asot", "balanced")}


def exponent(rows: Sequence[dict], name: str) -> float | None:
    """Slope of log time over log N; None where there is but one length."""
    if len(rows) < 2:
        return None
    frames, times = ([row[key] for row in rows] for key in ("frames", name))
    return float(np.polyfit(np.log(frames), np.log(times), 1)[0])


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


def peak_memory(num_frames: int, num_clusters: int) -> dict:
    """Peak resident MiB of a fresh process that makes a cost, solves it and does nothing else.

    A child's peak starts at its parent's on Linux: so this runs before anything large here.
    """
    note(f"memory at N={num_frames:,} in a process of its own")
    call = f"solve_once({num_frames}, {num_clusters})"
    program = f"from benchmarks import solvers_lengths; solvers_lengths.{call}"
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
