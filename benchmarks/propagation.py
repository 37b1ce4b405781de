"""RSKP's propagation beside the T x T solve of its formula: difference, time and memory.

python -m benchmarks.propagation
python -m benchmarks.propagation --snippets=100,1000 --width=2048 --json=propagation.json
"""

import argparse
import sys
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.side_by_side import (
    add_common_arguments,
    all_positive,
    device,
    median_seconds,
    note,
    positive,
    report,
)
from benchmarks.solvers_lengths import MIB
from jaxseg.methods.gaufuse.propagation import assignments, expectation_maximization, propagate

SNIPPETS = (100, 300, 1_000, 3_000, 10_000)
WEIGHT = 0.5


def random_video(num_snippets: int, width: int, num_means: int) -> tuple[jax.Array, ...]:
    """Embeddings [T, D] behind a ReLU, all valid [T], and representative snippets [K, D]."""
    rng = np.random.default_rng(0)
    x = jnp.asarray(np.maximum(rng.standard_normal((num_snippets, width)), 0), jnp.float32)
    mask = jnp.ones(num_snippets, bool)
    start = jnp.asarray(rng.standard_normal((num_means, width)), jnp.float32)
    return x, mask, jax.jit(expectation_maximization)(start, x, mask)


def propagate_dense(
    x: jax.Array, mask: jax.Array, sources: jax.Array, *, weight: float = WEIGHT
) -> jax.Array:
    """The formula of `propagate` as it stands, [T, D], with its T x T system."""
    z = assignments(sources, x, mask)
    total = z.sum(axis=1, keepdims=True)
    shares = z / jnp.where(total > 0, total, 1)
    system = jnp.eye(len(x)) - weight**2 * z.T @ shares
    known = weight * z.T @ sources + jnp.where(mask[:, None], x, 0)
    return (1 - weight) * jnp.linalg.solve(system, known)


def compile_both(video: tuple[jax.Array, ...]) -> dict[str, jax.stages.Compiled]:
    """The two forms as programs for this video's shapes."""
    forms = {"woodbury": propagate, "dense": propagate_dense}
    return {name: jax.jit(form).lower(*video).compile() for name, form in forms.items()}


def scratch_mib(program: jax.stages.Compiled) -> float:
    """What the program holds besides its arguments and its result."""
    return program.memory_analysis().temp_size_in_bytes / MIB


def compare(num_snippets: int, options: argparse.Namespace) -> dict:
    """One row: both forms on one video."""
    note(f"propagation over T={num_snippets:,}")
    video = random_video(num_snippets, options.width, options.means)
    programs = compile_both(video)

    def seconds(name: str, repeats: int) -> float:
        return median_seconds([lambda: programs[name](*video)], repeats)[0]

    ours, dense = seconds("woodbury", options.repeats), seconds("dense", options.dense_repeats)
    found, expected = (np.asarray(program(*video)) for program in programs.values())
    return {
        "snippets": num_snippets,
        "milliseconds": 1e3 * ours,
        "dense_milliseconds": 1e3 * dense,
        "times_faster": dense / ours,
        "largest_difference": float(np.abs(found - expected).max()),
        "scratch_mib": scratch_mib(programs["woodbury"]),
        "dense_scratch_mib": scratch_mib(programs["dense"]),
    }


def growth(rows: Sequence[dict], name: str) -> float | None:
    """Slope of the logarithm of a column over log T; None where there is but one length."""
    if len(rows) < 2:
        return None
    snippets, values = ([row[key] for row in rows] for key in ("snippets", name))
    return float(np.polyfit(np.log(snippets), np.log(values), 1)[0])


def measure(options: argparse.Namespace) -> dict:
    """Everything that a run prints, as numbers."""
    rows = [compare(num_snippets, options) for num_snippets in sorted(set(options.snippets))]
    columns = ("milliseconds", "dense_milliseconds", "scratch_mib", "dense_scratch_mib")
    return {
        "device": device(),
        "width": options.width,
        "means": options.means,
        "rows": rows,
        "exponents": {name: growth(rows, name) for name in columns},
    }


def table(results: dict) -> str:
    """The report of a run, as text."""
    lines = [
        f"Propagation, K={results['means']}, D={results['width']}, w={WEIGHT}, float32, "
        f"{results['device']}",
        "K x K: Woodbury's identity; T x T: the formula as it stands",
        "",
        f"{'T':>7}{'K x K ms':>11}{'T x T ms':>12}{'ratio':>10}{'max |diff|':>12}"
        f"{'K x K MiB':>11}{'T x T MiB':>11}",
    ]
    for row in results["rows"]:
        lines.append(
            f"{row['snippets']:>7,}{row['milliseconds']:>11.2f}{row['dense_milliseconds']:>12.2f}"
            f"{row['times_faster']:>9.1f}x{row['largest_difference']:>12.1e}"
            f"{row['scratch_mib']:>11.2f}{row['dense_scratch_mib']:>11.2f}"
        )
    lines.append("MiB: what a program holds besides its arguments and its result")
    return "\n".join(lines + growth_lines(results["exponents"]))


def growth_lines(exponents: dict) -> list[str]:
    if exponents["milliseconds"] is None:
        return []
    return [
        f"{form}: time grows as T^{exponents[f'{prefix}milliseconds']:.2f}, "
        f"memory as T^{exponents[f'{prefix}scratch_mib']:.2f}"
        for form, prefix in (("K x K", ""), ("T x T", "dense_"))
    ]


def parser() -> argparse.ArgumentParser:
    described = argparse.ArgumentParser(
        prog="python -m benchmarks.propagation",
        description="Compares the propagation of representative snippets by a K x K system with "
        "the T x T solve of its formula: largest difference, time and memory against T.",
    )
    add = described.add_argument
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
        help="the same for the T x T form, which takes long (3)",
    )
    add_common_arguments(described)
    return described


def main(arguments: Sequence[str] | None = None) -> int:
    return report(parser().parse_args(arguments), measure, table)


if __name__ == "__main__":
    sys.exit(main())
