"""RSKP's propagation beside the T x T solve of its formula: difference, time and memory.

Ours solves a K x K system by Woodbury's identity, the other one the formula as written.

    python -m benchmarks.propagation
    python -m benchmarks.propagation --snippets=100,1000 --width=2048 --json=propagation.json
"""

import argparse
import sys
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import harness
from benchmarks.harness import MIB, Column, Table, all_positive, note, positive
from jaxseg.methods.gaufuse.network import assignments, expectation_maximization, propagate

SNIPPETS = (100, 300, 1_000, 3_000, 10_000)
WEIGHT = 0.5


def random_video(num_snippets: int, width: int, num_means: int) -> tuple[jax.Array, ...]:
    """Embeddings [T, D] as after a ReLU, mask [T] of all ones, representative snippets [K, D]."""
    rng = np.random.default_rng(0)
    x = jnp.asarray(np.maximum(rng.standard_normal((num_snippets, width)), 0), jnp.float32)
    mask = jnp.ones(num_snippets, bool)
    start = jnp.asarray(rng.standard_normal((num_means, width)), jnp.float32)
    return x, mask, jax.jit(expectation_maximization)(start, x, mask)


def propagate_dense(
    x: jax.Array, mask: jax.Array, sources: jax.Array, *, weight: float = WEIGHT
) -> jax.Array:
    """Formula of `propagate` as written, with its T x T system; returns [T, D]."""
    z = assignments(sources, x, mask)
    total = z.sum(axis=1, keepdims=True)
    shares = z / jnp.where(total > 0, total, 1)
    system = jnp.eye(len(x)) - weight**2 * z.T @ shares
    known = weight * z.T @ sources + jnp.where(mask[:, None], x, 0)
    return (1 - weight) * jnp.linalg.solve(system, known)


def compile_both(video: tuple[jax.Array, ...]) -> dict[str, jax.stages.Compiled]:
    """Both forms, compiled for the shapes of a video."""
    forms = {"woodbury": propagate, "dense": propagate_dense}
    return {name: jax.jit(form).lower(*video).compile() for name, form in forms.items()}


def compare(num_snippets: int, options: argparse.Namespace) -> dict:
    """Row of both forms on one video."""
    note(f"propagation over T={num_snippets:,}")
    video = random_video(num_snippets, options.width, options.means)
    programs = compile_both(video)

    def seconds(name: str, repeats: int) -> float:
        return harness.median_seconds([lambda: programs[name](*video)], repeats)[0]

    ours, dense = seconds("woodbury", options.repeats), seconds("dense", options.dense_repeats)
    result, expected = (np.asarray(program(*video)) for program in programs.values())
    scratch_mib = {
        name: program.memory_analysis().temp_size_in_bytes / MIB
        for name, program in programs.items()
    }
    return {
        "snippets": num_snippets,
        "milliseconds": 1e3 * ours,
        "dense_milliseconds": 1e3 * dense,
        "times_faster": dense / ours,
        "largest_difference": float(np.abs(result - expected).max()),
        "scratch_mib": scratch_mib["woodbury"],
        "dense_scratch_mib": scratch_mib["dense"],
    }


def measure(options: argparse.Namespace) -> dict:
    """Numbers of the whole run."""
    rows = [compare(num_snippets, options) for num_snippets in sorted(set(options.snippets))]
    columns = ("milliseconds", "dense_milliseconds", "scratch_mib", "dense_scratch_mib")
    return {
        "device": harness.device(),
        "width": options.width,
        "means": options.means,
        "rows": rows,
        "exponents": {name: harness.growth(rows, "snippets", name) for name in columns},
    }


COLUMNS = (
    Column("T", "snippets", "{:,}".format),
    Column("K x K ms", "milliseconds", "{:.2f}".format),
    Column("T x T ms", "dense_milliseconds", "{:.2f}".format),
    Column("ratio", "times_faster", "{:.1f}x".format),
    Column("max |diff|", "largest_difference", "{:.1e}".format),
    Column("K x K MiB", "scratch_mib", "{:.2f}".format),
    Column("T x T MiB", "dense_scratch_mib", "{:.2f}".format),
)


def report(results: dict) -> list[str | Table]:
    """Report of a run."""
    parts = [
        f"Propagation, K={results['means']}, D={results['width']}, w={WEIGHT}, float32, "
        f"{results['device']}",
        "K x K: Woodbury's identity; T x T: the formula as written",
        Table(COLUMNS, results["rows"]),
        "MiB: temporary memory of a program, without its arguments and its result",
    ]
    exponents = results["exponents"]
    if exponents["milliseconds"] is None:
        return parts
    return parts + [
        f"{form}: time grows as T^{exponents[f'{prefix}milliseconds']:.2f}, "
        f"memory as T^{exponents[f'{prefix}scratch_mib']:.2f}"
        for form, prefix in (("K x K", ""), ("T x T", "dense_"))
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = harness.parser("propagation", __doc__, repeats=True)
    add = parser.add_argument
    add(
        "--snippets",
        type=all_positive,
        default=list(SNIPPETS),
        metavar="T,T,...",
        help="lengths (100 to 10000); the T x T solve of the last takes 0.8 GB",
    )
    add("--width", type=positive, default=64, metavar="D", help="of the embeddings (64)")
    add("--means", type=positive, default=8, metavar="K", help="representative snippets (8)")
    add(
        "--dense-repeats",
        type=positive,
        default=3,
        metavar="R",
        help="runs of the T x T form, which takes long (3)",
    )
    return harness.run(parser.parse_args(arguments), measure, report)


if __name__ == "__main__":
    sys.exit(main())
