"""The rows of a comparison as text and as Markdown."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from benchmarks.compare_run import EFFORT, OK, OURS, SINKHORN_EFFORT, TOLERANCE


class Column(NamedTuple):
    """A title, the value's key in a row and its text; `-` where there is no value."""

    title: str
    key: str
    text: Callable[[object], str]

    def cell(self, row: dict) -> str:
        value = row[self.key]
        return "-" if value is None else self.text(value)


PLACE = (
    Column("N", "frames", "{:,}".format),
    Column("K", "clusters", str),
    Column("epsilon", "epsilon", "{:g}".format),
    Column("alpha", "alpha", "{:g}".format),
)
PROGRAM = Column("program", "program", str), Column("setting", "setting", str)
NUMBERS = (
    Column("iterations", "iterations", "{:,}".format),
    Column("ms", "milliseconds", "{:,.2f}".format),
    Column("times ours", "times_ours", "{:.2f}".format),
    Column("max difference", "largest_difference", "{:.1e}".format),
    Column("J", "objective", "{:.6f}".format),
    Column("J - ours", "above_ours", "{:+.1e}".format),
    Column("row error", "row_error", "{:.1e}".format),
    Column("column error", "column_error", "{:.1e}".format),
    Column("MiB", "mib", "{:,.1f}".format),
    Column("status", "status", str),
)
SETTINGS, POINTS = (*PROGRAM, *NUMBERS), (*PLACE, *PROGRAM, *NUMBERS)

NOTES = (
    f"Every program runs until nothing moves by more than {TOLERANCE:g} in its own measure, for "
    f"{SINKHORN_EFFORT.outer:,} rounds (Sinkhorn) or {EFFORT.outer} iterations at most.",
    "J: our objective in float64 NumPy, for every plan alike, its rows scaled to 1/N first. "
    "Differences are between plans whose rows sum to 1.",
    "Errors: of row sums from 1; of column sums from N/K, in units of N/K, where they are hard.",
    "ms: one run, compilation excluded, the programs taking turns. MiB: what one run holds, inputs "
    "included: as the compiler laid it out, for POT as NumPy allocates it.",
    f"{OURS} runs the first of 25, 50, 100, ... iterations that suffices, all of them, since their "
    "number is static; the iterations are those until the tolerance.",
    "entropic GW (alpha 1): the start p q' is stationary, and every program stays there.",
    "ott-jax with marginals of mass N: see https://github.com/ott-jax/ott/issues/519, where both "
    "are relaxed.",
    "POT 0.9.7 runs one kernel form of unbalanced Sinkhorn whatever its `unbalanced_solver`; s is "
    "the weight of what its square loss adds to J (see `benchmarks.compare_pot`).",
)


def text_tables(results: dict) -> list[str]:
    """Lines of both tables."""
    lines = []
    for title, columns, kind_rows in tables(results):
        cells = [[column.title for column in columns]]
        cells += [[column.cell(row) for column in columns] for row in kind_rows]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines += ["", title]
        lines += ["  ".join(map(str.ljust, line, widths)).rstrip() for line in cells]
    lines += ["", *NOTES]
    return lines + [f"{name} is not installed" for name in results["missing"]]


def markdown_tables(results: dict) -> list[str]:
    """The same as Markdown, below headings."""
    lines = []
    for title, columns, kind_rows in tables(results):
        lines += ["", f"## {title}", "", _line(column.title for column in columns)]
        lines.append(_line("---" for _ in columns))
        lines += [_line(column.cell(row) for column in columns) for row in kind_rows]
    return [*lines, "", *(f"- {note}" for note in NOTES)]


def _line(cells) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def tables(results: dict) -> list[tuple[str, Sequence[Column], list[dict]]]:
    """Title, columns and rows of each table: two for every kind of problem."""
    found = []
    for kind in dict.fromkeys(row["kind"] for row in results["points"]):
        tried, best = (
            [row for row in results[part] if row["kind"] == kind] for part in ("settings", "points")
        )
        place = ", ".join(f"{column.title}={column.cell(tried[0])}" for column in PLACE)
        failures = sum(row["status"] != OK for row in tried)
        rest = f", {failures} of {len(tried)} fail" if failures else ""
        found.append((f"{kind}: every setting at {place}{rest}", SETTINGS, tried))
        if len({tuple(row[column.key] for column in PLACE) for row in best}) > 1:
            found.append((f"{kind}: the best setting of each", POINTS, best))
    return found
