"""The solvers beside ott-jax and POT, on the same machine in the same run, and over the length.

python -m benchmarks.solvers --against=ott,pot --markdown=solvers.md --figure=solvers.png
python -m benchmarks.solvers --against=none --frames=1000,10000 --json=solvers.json
"""

import argparse
import contextlib
import platform
import shlex
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import numpy as np

from benchmarks import compare_run, compare_table
from benchmarks.side_by_side import add_common_arguments, all_positive, device, positive, report
from benchmarks.solvers_lengths import exponents, length_lines, peak_memory, time_lengths
from benchmarks.solvers_rounds import compare_with_ott, rounds_lines

COMMAND = "python -m benchmarks.solvers"
FRAMES = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
SWEEP = compare_run.Sweep((250, 1_000, 4_000), (5, 19, 50), (0.02, 0.07, 0.3), (0.1, 0.3, 0.6))
QUICK = compare_run.Sweep((30, 60), (3,), (0.1,), (0.3,))
LIBRARIES = {"ott": "ott-jax", "pot": "POT"}


def measure(options: argparse.Namespace) -> dict:
    """Everything that a run prints, as numbers."""
    memory = peak_memory(max(options.frames), options.clusters)
    rounds, comparison = [], None
    if "ott" in options.against:
        rounds = compare_with_ott(options.against_frames, options.clusters, options.repeats)
    if options.against:
        sweep, dtype = QUICK if options.quick else SWEEP, np.dtype(options.precision)
        comparison = compare_run.compare(options.against, sweep, options.repeats, dtype)
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
        "exponents": exponents(lengths),
        "memory": memory,
    }


def machine(libraries: Sequence[str]) -> str:
    """What the programs run on and in which versions, in words."""
    found = [device(), platform.machine(), f"Python {platform.python_version()}"]
    for name in ("jax", *(LIBRARIES[library] for library in libraries)):
        with contextlib.suppress(metadata.PackageNotFoundError):
            found.append(f"{name} {metadata.version(name)}")
    return ", ".join(found)


def write_files(options: argparse.Namespace, results: dict) -> None:
    """The tables as Markdown and the figure, where they are asked for."""
    if options.markdown:
        Path(options.markdown).write_text(markdown(results), encoding="utf-8")
    if options.figure:
        from benchmarks import compare_figure  # the only need of matplotlib

        sweep = QUICK if options.quick else SWEEP
        compare_figure.draw(results["comparison"]["points"], sweep, options.figure)


def tables(results: dict) -> str:
    """The report of a run, as text."""
    head = f"Structured optimal transport, {results['machine']}"
    parts = [head, *rounds_lines(results)]
    if results["comparison"]:
        parts += ["", f"To convergence, {results['precision']}"]
        parts += compare_table.text_tables(results["comparison"])
    return "\n".join([*parts, *own_lines(results)])


def own_lines(results: dict) -> list[str]:
    """Our times and memory over the length."""
    memory = results["memory"]
    tail = (
        f"peak resident memory at N={memory['frames']:,}: {memory['peak_mib']:,.0f} MiB, "
        f"of which {memory['imports_mib']:,.0f} before the solve"
    )
    head = f"jaxseg alone, K={results['clusters']}, float32"
    return ["", head, *length_lines(results), "", tail]


def markdown(results: dict) -> str:
    """The same as a page."""
    lines = ["# The solvers side by side", "", f"`{results['command']}`", "", results["machine"]]
    code = [*rounds_lines(results), *own_lines(results)]
    if results["comparison"]:
        lines += ["", f"To convergence, {results['precision']}."]
        lines += compare_table.markdown_tables(results["comparison"])
    lines += ["", "## Fixed numbers of iterations, and the length", "", "```", *code[1:], "```", ""]
    return "\n".join(lines)


def libraries(text: str) -> list[str]:
    """ "ott,pot" as a list, "none" as an empty one."""
    names = [] if text == "none" else text.split(",")
    for name in names:
        if name not in LIBRARIES:
            raise argparse.ArgumentTypeError(f"{name!r} is neither ott nor pot, nor none")
    return list(dict.fromkeys(names))


def parser() -> argparse.ArgumentParser:
    described = argparse.ArgumentParser(
        prog=COMMAND,
        description="Compares the solvers with those of ott-jax and POT, to convergence, over N, K "
        "and epsilon; times the structured one side by side with ott-jax's dense one for a fixed "
        "number of iterations, and over the number of frames; measures its memory.",
    )
    add = described.add_argument
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
    add("--figure", metavar="FILE", help="also draw the comparison")
    add("--markdown", metavar="FILE", help="also write the tables as Markdown")
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
    add_common_arguments(described)
    return described


def main(arguments: Sequence[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    described = parser()
    options = described.parse_args(arguments)
    if options.figure and not options.against:
        described.error("--figure shows the comparison: it needs --against")
    options.command = shlex.join([*COMMAND.split(), *arguments])

    def measure_and_write(options: argparse.Namespace) -> dict:
        results = measure(options)
        write_files(options, results)
        return results

    return report(options, measure_and_write, tables)


if __name__ == "__main__":
    sys.exit(main())
