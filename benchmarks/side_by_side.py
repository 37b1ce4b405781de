"""What benchmarks share that time programs side by side: taking turns, arguments, the report."""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence

import jax


def median_seconds(programs: Sequence[Callable], repeats: int) -> list[float]:
    """Median time of each program after a warm-up; they take turns, so that all see one load."""
    for program in programs:
        jax.block_until_ready(program())
    times = [[] for _ in programs]
    for _ in range(repeats):
        for program, taken in zip(programs, times, strict=True):
            start = time.perf_counter()
            jax.block_until_ready(program())
            taken.append(time.perf_counter() - start)
    return [statistics.median(taken) for taken in times]


def device() -> str:
    """What the programs run on, in words."""
    return f"{jax.devices()[0].device_kind}, {os.cpu_count()} processors"


def note(message: str) -> None:
    """A word on where the run is, beside what it prints."""
    print(message, file=sys.stderr, flush=True)


def positive(text: str) -> int:
    """A whole number above 0, as an argument's type."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def all_positive(text: str) -> list[int]:
    """Several of them with commas between."""
    return [positive(part) for part in text.split(",")]


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """--repeats and --json, which every such benchmark has."""
    parser.add_argument(
        "--repeats",
        type=positive,
        default=9,
        metavar="R",
        help="runs of each program after its warm-up; the median counts (9)",
    )
    parser.add_argument("--json", metavar="FILE", help="also write the numbers to this file")


def report(
    options: argparse.Namespace,
    measure: Callable[[argparse.Namespace], dict],
    table: Callable[[dict], str],
) -> int:
    """Measures, prints the table and writes the numbers where --json asks for them.

    Returns:
        The exit status: 0, or 1 with one line that says what is wrong.
    """
    try:
        results = measure(options)
        print(table(results))
        if options.json:
            with open(options.json, "w", encoding="utf-8") as file:
                json.dump(results, file, indent=1)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0
