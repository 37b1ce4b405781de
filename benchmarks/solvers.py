"""The solvers beside ott-jax and POT, in the same run, and their time and memory by length.

Three parts: every solver to convergence, over N, K and epsilon, beside the other libraries; the
structured FUGW beside ott-jax's dense one for the same number of iterations; and the structured
one alone against the number of frames, beside a lower bound on its time, with its memory.

    python -m benchmarks.solvers --against=ott,pot --markdown=solvers.md --figure=solvers.png
    python -m benchmarks.solvers --against=none --frames=1000,10000 --json=solvers.json
"""

import argparse
import contextlib
import functools
import platform
import resource
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import metadata

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks import harness
from benchmarks.comparison import sweep, tables
from benchmarks.harness import MIB, Column, Table, all_positive, note, positive
from jaxseg.solvers import fugw
from jaxseg.solvers.sinkhorn import Solution

FRAMES = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
SWEEP = sweep.Sweep(
    frames=(250, 1_000, 4_000),
    clusters=(5, 19, 50),
    epsilons=(0.02, 0.07, 0.3),
    alphas=(0.1, 0.3, 0.6),
)
QUICK = sweep.Sweep(frames=(30, 60), clusters=(3,), epsilons=(0.1,), alphas=(0.3,))
LIBRARIES = {"ott": "ott-jax", "pot": "POT"}
NUM_ITERATIONS = 25
NUM_SINKHORN_ITERATIONS = 10

asot = functools.partial(fugw.solve, num_iterations=NUM_ITERATIONS)
balanced = functools.partial(
    asot, lambda_actions=None, num_sinkhorn_iterations=NUM_SINKHORN_ITERATIONS
)


def measure(options: argparse.Namespace) -> dict:
    """Numbers of the whole run."""
    # First, since on Linux a child's peak memory starts at its parent's.
    memory = peak_memory(max(options.frames), options.clusters)
    rounds, comparison = [], None
    if "ott" in options.against:
        rounds = compare_rounds(options.against_frames, options.clusters, options.repeats)
    if options.against:
        values, dtype = QUICK if options.quick else SWEEP, np.dtype(options.precision)
        comparison = sweep.compare(options.against, values, options.repeats, dtype)
    lengths = time_lengths(options.frames, options.clusters, options.repeats)
    return {
        "command": options.command,
        "machine": machine(options.against),
        "clusters": options.clusters,
        "against_frames": options.against_frames,
        "precision": options.precision,
        "rounds": rounds,
        "comparison": comparison,
        "lengths": lengths,
        "exponents": {
            name: harness.growth(lengths, "frames", f"{name}_milliseconds")
            for name in ("asot", "balanced")
        },
        "memory": memory,
    }


def machine(libraries: Sequence[str]) -> str:
    """Device and versions of the programs, in words."""
    words = [harness.device(), platform.machine(), f"Python {platform.python_version()}"]
    for name in ("jax", *(LIBRARIES[library] for library in libraries)):
        with contextlib.suppress(metadata.PackageNotFoundError):
            words.append(f"{name} {metadata.version(name)}")
    return ", ".join(words)


def compare_rounds(num_frames: int, num_clusters: int, repeats: int) -> list[dict]:
    """Rows on the same number of iterations of ott-jax (the first) and of jaxseg, in float32."""
    from benchmarks.comparison import ott  # a slow import that --against=none does without

    note(f"against ott-jax: N={num_frames:,} K={num_clusters}, {repeats} rounds each")
    cost = jnp.asarray(harness.random_cost(num_frames, num_clusters))
    dense = functools.partial(
        ott.solve, num_iterations=NUM_ITERATIONS, num_sinkhorn_iterations=NUM_SINKHORN_ITERATIONS
    )
    rounds = f"{NUM_ITERATIONS} x {NUM_SINKHORN_ITERATIONS}"
    names = (
        f"ott-jax, dense, balanced, {rounds}",
        f"jaxseg, balanced, {rounds}",
        f"jaxseg, ASOT (actions relaxed), {NUM_ITERATIONS}",
    )
    programs = [compiled(solve, cost) for solve in (dense, balanced, asot)]
    seconds = harness.median_seconds(programs, repeats)
    difference = float(jnp.abs(programs[0]() - programs[1]()).max())
    return [
        {
            "program": name,
            "milliseconds": 1e3 * taken,
            "times_faster": seconds[0] / taken,
            "largest_difference": difference if name == names[1] else None,
        }
        for name, taken in zip(names, seconds, strict=True)
    ]


def time_lengths(frames: Sequence[int], num_clusters: int, repeats: int) -> list[dict]:
    """Rows on the time against the number of frames."""
    rows = []
    for num_frames in frames:
        note(f"timing N={num_frames:,}")
        cost = jnp.asarray(harness.random_cost(num_frames, num_clusters))
        programs = [compiled(solve, cost) for solve in (asot, balanced, exponentials)]
        seconds = harness.median_seconds(programs, repeats)
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


def compiled(solve: Callable, cost: jax.Array) -> Callable:
    """Compiled program that returns the plan alone, so that XLA drops what a step does not use."""

    def plan(cost):
        result = solve(cost)
        return result.plan if isinstance(result, Solution) else result

    program = jax.jit(plan).lower(cost).compile()
    return lambda: program(cost)


def exponentials(cost: jax.Array) -> jax.Array:
    """One exponential of every entry in each iteration: a lower bound on any such solver."""
    return lax.fori_loop(0, NUM_ITERATIONS, lambda _, values: jnp.exp(-values), cost.T)


def peak_memory(num_frames: int, num_clusters: int) -> dict:
    """Peak resident MiB of a new process that solves one problem.

    Raises:
        ValueError: the process fails, as when its memory does not suffice.
    """
    note(f"memory at N={num_frames:,} in a process of its own")
    call = f"from benchmarks import solvers; solvers.solve_once({num_frames}, {num_clusters})"
    done = subprocess.run([sys.executable, "-c", call], capture_output=True, text=True)
    if done.returncode:
        raise ValueError(f"N={num_frames} does not fit in memory: {done.stderr.strip()[-200:]}")
    before, peak = (float(line) for line in done.stdout.split()[-2:])
    return {"frames": num_frames, "imports_mib": before, "peak_mib": peak}


def solve_once(num_frames: int, num_clusters: int) -> None:
    """Prints the peak resident MiB of this process before and after one solve."""
    jax.block_until_ready(jnp.zeros(1))
    before = resident_mib()
    jax.block_until_ready(jax.jit(asot)(harness.random_cost(num_frames, num_clusters)))
    print(before, resident_mib())


def resident_mib() -> float:
    """Peak of this process, which macOS counts in bytes and Linux in KiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / MIB if platform.system() == "Darwin" else peak / 1024


ROUNDS_COLUMNS = (
    Column("program", "program"),
    Column("ms", "milliseconds", "{:.2f}".format),
    Column("ratio", "times_faster", "{:.1f}x".format),
    Column("max |diff|", "largest_difference", "{:.1e}".format),
)
LENGTH_COLUMNS = (
    Column("N", "frames", "{:,}".format),
    Column("ASOT ms", "asot_milliseconds", "{:.2f}".format),
    Column("balanced ms", "balanced_milliseconds", "{:.2f}".format),
    Column("floor ms", "floor_milliseconds", "{:.2f}".format),
    Column("ASOT/floor", "asot_over_floor", "{:.1f}x".format),
)


def report(results: dict) -> list[str | Table]:
    """Report of a run."""
    parts: list[str | Table] = ["The solvers side by side", results["command"], results["machine"]]
    if results["comparison"]:
        parts.append(f"To convergence, {results['precision']}")
        parts += tables.report(results["comparison"])
    if results["rounds"]:
        title = f"Fixed numbers of iterations, N={results['against_frames']:,}, float32"
        parts.append(Table(ROUNDS_COLUMNS, results["rounds"], title))
    title = f"jaxseg alone, K={results['clusters']}, float32"
    parts.append(Table(LENGTH_COLUMNS, results["lengths"], title))
    parts.append(f"floor: {NUM_ITERATIONS} exponentials of N x K entries in place")
    slopes = results["exponents"].items()
    parts += [f"{name}: time grows as N^{slope:.2f}" for name, slope in slopes if slope]
    memory = results["memory"]
    parts.append(
        f"peak resident memory at N={memory['frames']:,}: {memory['peak_mib']:,.0f} MiB, "
        f"of which {memory['imports_mib']:,.0f} before the solve"
    )
    return parts


def libraries(text: str) -> list[str]:
    """Type of an argument: "ott,pot" as a list, "none" as an empty one."""
    names = [] if text == "none" else text.split(",")
    for name in names:
        if name not in LIBRARIES:
            raise argparse.ArgumentTypeError(f"{name!r} is not ott, pot or none")
    return list(dict.fromkeys(names))


def main(arguments: Sequence[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = harness.parser("solvers", __doc__, repeats=True, figure="also draw the comparison")
    add = parser.add_argument
    add(
        "--against",
        type=libraries,
        default=list(LIBRARIES),
        metavar="ott,pot",
        help="the other programs, or none (ott,pot)",
    )
    add("--quick", action="store_true", help="compare at sizes that take a moment")
    add(
        "--precision",
        choices=("float64", "float32"),
        default="float64",
        help="of every program in the comparison to convergence (float64)",
    )
    add(
        "--against-frames",
        type=positive,
        default=2_000,
        metavar="N",
        help="frames of the problem with a fixed number of iterations (2000)",
    )
    add(
        "--frames",
        type=all_positive,
        default=list(FRAMES),
        metavar="N,N,...",
        help="lengths to time; memory is measured at the longest (1000 to 100000)",
    )
    add("--clusters", type=positive, default=19, metavar="K", help="clusters of both (19)")
    options = parser.parse_args(arguments)
    if options.figure and not options.against:
        parser.error("--figure shows the comparison: it needs --against")
    options.command = shlex.join(["python", "-m", "benchmarks.solvers", *arguments])

    def draw(results: dict):
        return tables.panels(results["comparison"]["points"], QUICK if options.quick else SWEEP)

    return harness.run(options, measure, report, draw)


if __name__ == "__main__":
    sys.exit(main())
