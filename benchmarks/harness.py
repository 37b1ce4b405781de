"""What all benchmarks share: a parser, programs timed in turns, tables, a figure, and the report.

A benchmark is a module with `measure(options)`, which returns the numbers of a run as a dictionary
for JSON, and `report(results)`, which returns them as lines of text and tables. `run` prints the
report and writes it to the files that the command line asks for.
"""

import argparse
import itertools
import os
import runpy
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxseg import command_line
from jaxseg.formats.files import write_json, write_text

ROOT = Path(__file__).resolve().parents[1]
MIB = 2**20
COLORS = ("#0072b2", "#d55e00", "#009e73")  # told apart with any color vision
DPI = 120


class Column(NamedTuple):
    """Column of a table: title, key of the value in a row, and the value's text."""

    title: str
    key: str
    text: Callable[[Any], str] = str

    def cell(self, row: Mapping) -> str:
        """Text of a row's value; "-" for None."""
        value = row[self.key]
        return "-" if value is None else self.text(value)


class Table(NamedTuple):
    """Table of a report.

    Attributes:
        columns: from left to right.
        rows: mappings that hold every column's key.
        title: line above the table; "" for none.
    """

    columns: Sequence[Column]
    rows: Sequence[Mapping]
    title: str = ""

    def cells(self) -> list[list[str]]:
        """Texts of all rows, the titles first."""
        titles = [column.title for column in self.columns]
        return [titles, *([column.cell(row) for column in self.columns] for row in self.rows)]


Report = Sequence[str | Table]  # in the order of the page


class Line(NamedTuple):
    """Line of a figure: points (x, y) on logarithmic axes."""

    label: str
    color: str
    style: str
    points: Sequence[tuple[float, float]]


class Panel(NamedTuple):
    """Axes of a figure; empty labels are left out."""

    lines: Sequence[Line]
    title: str = ""
    x: str = ""
    y: str = ""
    ticks: Sequence[float] = ()


def parser(
    name: str, description: str | None, *, repeats: bool = False, figure: str = ""
) -> command_line.Parser:
    """Parser of `python -m benchmarks.NAME`.

    Args:
        name: of the benchmark's module.
        description: its docstring, which ends in examples of the command.
        repeats: add --repeats for programs that are timed in turns.
        figure: help of --figure; "" for a benchmark without a figure.
    """
    made = command_line.Parser(f"python -m benchmarks.{name}", description=description)
    if repeats:
        made.add_argument(
            "--repeats",
            type=positive,
            default=9,
            metavar="R",
            help="runs of each program after its warm-up; the median counts (9)",
        )
    if figure:
        made.add_argument("--figure", type=Path, metavar="FILE", help=figure)
    made.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers as JSON")
    made.add_argument(
        "--markdown", type=Path, metavar="FILE", help="also write the report as Markdown"
    )
    return made


def positive(text: str) -> int:
    """Type of an argument: a whole number above 0."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def all_positive(text: str) -> list[int]:
    """Type of an argument: whole numbers above 0, separated by commas."""
    return [positive(part) for part in text.split(",")]


def run(
    options: argparse.Namespace,
    measure: Callable[[argparse.Namespace], dict],
    report: Callable[[dict], Report],
    draw: Callable[[dict], Sequence[Sequence[Panel]]] | None = None,
) -> int:
    """Measures, prints the report and writes the files that the options name.

    Args:
        draw: rows of panels of the figure, from the results.

    Returns:
        The exit status: 0, or 2 after one line about a user's mistake.
    """

    def measure_and_write() -> None:
        results = measure(options)
        print("\n".join(as_text(report(results))))
        if options.json:
            write_json(options.json, results)
        if options.markdown:
            write_text(options.markdown, "\n".join(as_markdown(report(results))) + "\n")
        if draw and options.figure:
            draw_figure(draw(results), options.figure)

    return command_line.run(measure_and_write)


def as_text(report: Report) -> list[str]:
    """Lines of a report for a terminal: numbers flush right, words flush left."""
    lines = []
    for part, following in itertools.pairwise([*report, ""]):
        if isinstance(part, str):
            lines.append(part)
        else:
            lines += ["", *_text_table(part)]
        if isinstance(part, Table) and isinstance(following, str):
            lines.append("")
    return lines


def _text_table(table: Table) -> list[str]:
    cells = list(zip(*table.cells(), strict=True))
    words = [_is_text(column, table.rows) for column in table.columns]
    widths = [max(map(len, column)) for column in cells]
    lines = [
        "  ".join(map(_aligned, line, widths, words)).rstrip() for line in zip(*cells, strict=True)
    ]
    return [table.title, *lines] if table.title else lines


def _is_text(column: Column, rows: Sequence[Mapping]) -> bool:
    return any(isinstance(row[column.key], str) for row in rows)


def _aligned(cell: str, width: int, is_text: bool) -> str:
    return cell.ljust(width) if is_text else cell.rjust(width)


def as_markdown(report: Report) -> list[str]:
    """Lines of a report as Markdown; the first line of the report is the heading."""
    lines = []
    for number, part in enumerate(report):
        if isinstance(part, str):
            lines += [f"{'' if number else '# '}{part}", ""]
            continue
        titles, *rows = part.cells()
        lines += [f"## {part.title}", ""] if part.title else []
        lines += [_markdown_row(titles), _markdown_row("---" for _ in titles)]
        lines += [*map(_markdown_row, rows), ""]
    return lines[:-1]


def _markdown_row(cells) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def draw_figure(rows: Sequence[Sequence[Panel]], path: Path) -> None:
    """Writes a figure of log-log panels; the ending of the path decides the format."""
    from matplotlib.figure import Figure  # not needed, and slow to import, without a figure

    size = 1.5 + 2.9 * len(rows[0]), 0.5 + 2.6 * len(rows)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(len(rows), len(rows[0]), sharex="col", sharey="row", squeeze=False)
    handles = {}
    for axes, panel in zip(grid.flat, (panel for row in rows for panel in row), strict=True):
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.grid(alpha=0.3, linewidth=0.5)
        axes.set_title(panel.title, fontsize="small")
        axes.set_xlabel(panel.x)
        axes.set_ylabel(panel.y)
        if panel.ticks:
            axes.set_xticks(panel.ticks, [f"{tick:g}" for tick in panel.ticks])
            axes.xaxis.minorticks_off()
        for line in panel.lines:
            (handles[line.label],) = axes.plot(
                *zip(*line.points, strict=True),
                line.style,
                marker="o",
                markersize=4,
                color=line.color,
            )
    figure.legend(handles.values(), handles, loc="outside upper center", ncols=3, frameon=False)
    figure.savefig(path, dpi=DPI)


def median_seconds(programs: Sequence[Callable], repeats: int) -> list[float]:
    """Median time of each program after a warm-up; they take turns, so that all see one load."""
    for program in programs:
        jax.block_until_ready(program())
    times = [[] for _ in programs]
    for _ in range(repeats):
        for program, taken in zip(programs, times, strict=True):
            taken.append(timed(lambda program=program: jax.block_until_ready(program()))[0])
    return [statistics.median(taken) for taken in times]


def timed(
    function: Callable[[], Any], clock: Callable[[], float] = time.perf_counter
) -> tuple[float, Any]:
    """Seconds that a call took by a clock, and its result."""
    start = clock()
    result = function()
    return clock() - start, result


def growth(rows: Sequence[Mapping], size: str, value: str) -> float | None:
    """Exponent of a value's growth: the slope of its logarithm over that of the size.

    None for fewer than two rows.
    """
    if len(rows) < 2:
        return None
    sizes, values = ([row[key] for row in rows] for key in (size, value))
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def compiled_bytes(compiled: jax.stages.Compiled) -> int:
    """Memory of a compiled program: arguments, results and temporaries as the compiler says."""
    sizes = compiled.memory_analysis()
    arrays = sizes.argument_size_in_bytes + sizes.output_size_in_bytes
    return arrays + sizes.temp_size_in_bytes - sizes.alias_size_in_bytes


def random_cost(num_frames: int, num_clusters: int) -> np.ndarray:
    """Cost [N, K] of a video with an ordered segmentation under noise; the same in every run."""
    rng = np.random.default_rng(0)
    labels = np.sort(rng.integers(0, num_clusters, num_frames))
    cost = 1 - 0.7 * (labels[:, None] == np.arange(num_clusters))
    return np.clip(cost + 0.3 * rng.normal(size=cost.shape), 0, 2).astype(np.float32)


def config_values(path: Path) -> dict:
    """Values of a config file of `configs/`, as a dictionary.

    Raises:
        ValueError: the file is missing.
    """
    if not path.is_file():
        raise ValueError(f"no config file {path}")
    if str(ROOT) not in sys.path:
        sys.path.append(str(ROOT))  # config files import each other as `configs.NAME`
    return runpy.run_path(str(path))["get_config"]().to_dict()


def run_main(*arguments: str, config: str | Path, workdir: Path) -> None:
    """Runs `python -m jaxseg.main` with a config file and waits for its end.

    Raises:
        ValueError: the run fails; with its last line on standard error.
    """
    note(f"running jaxseg.main in {workdir}")
    command = [sys.executable, "-m", "jaxseg.main", f"--config={config}", f"--workdir={workdir}"]
    done = subprocess.run(
        [*command, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise ValueError(f"{workdir.name}: {lines[-1]}")


def device() -> str:
    """The machine that the programs run on, in words."""
    return f"{jax.devices()[0].device_kind}, {os.cpu_count()} processors"


def note(message: str) -> None:
    """Prints progress on standard error, beside the report on standard output."""
    print(message, file=sys.stderr, flush=True)
