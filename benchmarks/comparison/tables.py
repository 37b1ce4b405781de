"""Tables and figure of a comparison."""

from collections.abc import Sequence

from benchmarks.comparison.sweep import EFFORT, OK, OURS, SINKHORN_EFFORT, TOLERANCE, Sweep
from benchmarks.harness import COLORS, Column, Line, Panel, Table

PLACE = (
    Column("N", "frames", "{:,}".format),
    Column("K", "clusters"),
    Column("epsilon", "epsilon", "{:g}".format),
    Column("alpha", "alpha", "{:g}".format),
)
PROGRAM = Column("program", "program"), Column("setting", "setting")
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
    Column("status", "status"),
)

NOTES = (
    f"Every program runs until nothing moves by more than {TOLERANCE:g} in its own measure, for "
    f"at most {SINKHORN_EFFORT.outer:,} rounds (Sinkhorn) or {EFFORT.outer} iterations.",
    "J: our objective in float64 NumPy, the same for every plan, its rows scaled to 1/N first. "
    "Differences are between plans whose rows sum to 1.",
    "Errors: of row sums from 1; of column sums from N/K, in units of N/K, if they are hard.",
    "ms: one run, without compilation, the programs taking turns. MiB: memory of one run with its "
    "inputs, as the compiler reports it; for POT, as NumPy allocates it.",
    f"{OURS} runs the first of 25, 50, 100, ... iterations that suffices, and always all of them, "
    "since their number is static; the table shows the iterations until the tolerance.",
    "entropic GW (alpha 1): the start p q' is stationary, and every program stays there.",
    "ott-jax with marginals of mass N: see https://github.com/ott-jax/ott/issues/519, where both "
    "are relaxed.",
    "POT 0.9.7 runs one kernel form of unbalanced Sinkhorn whatever its `unbalanced_solver` is; s "
    "is the weight of what its square loss adds to J (see `benchmarks/comparison/pot.py`).",
)

AXES = {"frames": "frames N", "clusters": "actions K", "epsilon": "epsilon"}
MEASURES = {
    "milliseconds": "ms to the tolerance",
    "largest_difference": "max(1e-9, largest |plan - ours|)",
}
PROGRAM_COLORS = dict(zip((OURS, "ott-jax", "POT"), COLORS, strict=True))
STYLES = {"Sinkhorn": ":", "fused GW": "--", "unbalanced fused GW": "-"}
SMALLEST = 1e-9  # smaller differences are drawn as this


def report(results: dict) -> list[str | Table]:
    """Tables of `sweep.compare`'s results, two for each kind of problem, and notes on them."""
    parts: list[str | Table] = []
    for kind in dict.fromkeys(row["kind"] for row in results["points"]):
        settings, points = (
            [row for row in results[part] if row["kind"] == kind] for part in ("settings", "points")
        )
        place = ", ".join(f"{column.title}={column.cell(settings[0])}" for column in PLACE)
        failures = sum(row["status"] != OK for row in settings)
        failed = f", {failures} of {len(settings)} fail" if failures else ""
        title = f"{kind}: every setting at {place}{failed}"
        parts.append(Table((*PROGRAM, *NUMBERS), settings, title))
        if len({tuple(row[column.key] for column in PLACE) for row in points}) > 1:
            title = f"{kind}: the best setting of each program"
            parts.append(Table((*PLACE, *PROGRAM, *NUMBERS), points, title))
    return [*parts, *NOTES, *(f"{name} is not installed" for name in results["missing"])]


def panels(rows: Sequence[dict], sweep: Sweep) -> list[list[Panel]]:
    """Panels of the figure: time and difference (rows) against N, K and epsilon (columns).

    Args:
        rows: "points" of `sweep.compare`, the best settings at all points.
        sweep: the values that they were measured at.
    """
    return [
        [
            Panel(
                lines=_lines(along(rows, sweep, axis), axis, measure),
                x=label if measure == "largest_difference" else "",
                y=name if axis == "frames" else "",
                ticks=sorted({row[axis] for row in along(rows, sweep, axis)}),
            )
            for axis, label in AXES.items()
        ]
        for measure, name in MEASURES.items()
    ]


def along(rows: Sequence[dict], sweep: Sweep, axis: str) -> list[dict]:
    """Rows that differ from the base point in one number only; other alphas are left out."""
    base = sweep.base()
    others = [name for name in AXES if name != axis]
    return [
        row
        for row in rows
        if row["alpha"] in (0, base["alpha"]) and all(row[name] == base[name] for name in others)
    ]


def _lines(rows: Sequence[dict], axis: str, measure: str) -> list[Line]:
    lines = []
    for program, color in PROGRAM_COLORS.items():
        for kind, style in STYLES.items():
            points = sorted(
                (row[axis], max(row[measure], SMALLEST))
                for row in rows
                if (row["program"], row["kind"]) == (program, kind) and row[measure] is not None
            )
            if points and not (measure == "largest_difference" and program == OURS):
                lines.append(Line(f"{program}, {kind}", color, style, points))
    return lines
