"""How often `--config.model.num_clusters=auto` chooses the true number of actions.

Every activity is a run of `jaxseg.main` of its own, on the embedded twin or on files below
--root. The true K is the one that the papers use. Two rules that ignore the data are scored, too:
the middle of the range, and the mean of the other activities' true K.

    python -m benchmarks.num_clusters --activities=coffee,tea
    python -m benchmarks.num_clusters --root=TWIN --coffee=COFFEE5
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import harness
from benchmarks.harness import Column, Table, note, positive
from jaxseg.formats.files import read_json

NEAR = 2  # largest distance from the true K that counts as near
STAGES = ("train", "predict", "evaluate")
RULES = {
    "chosen": "the choice",
    "middle": "the middle of the range",
    "others": "the mean of the other activities",
}


def choose(options: argparse.Namespace, activity: str, root: str, folder: Path) -> dict:
    """Runs one activity, or continues the run in its folder, and returns its row.

    Raises:
        ValueError: the run fails, or the config has no true K.
    """
    note(f"{folder.name} ...")
    values = {
        "data.root": root,
        "activities": activity,
        "seeds": options.seeds,
        "model.num_clusters": "auto",
        "model.cluster_range": options.range,
        "predict.couplings": 0,
    }
    arguments = [f"--config.{name}={value}" for name, value in values.items()]
    for stage in STAGES:
        harness.run_main(f"--mode={stage}", *arguments, config=options.config, workdir=folder)
    choice = read_json(folder / "num_clusters.json")["activities"][activity]
    truth = read_json(folder / "config.json")["model"]["clusters_by_activity"].get(activity)
    if truth is None:
        raise ValueError(f"{options.config} has no true K of activity {activity!r}")
    return {
        "case": folder.name,
        "truth": truth,
        "chosen": choice["chosen"],
        "runners_up": choice["runners_up"],
        "middle": round(statistics.mean(each["num_clusters"] for each in choice["tried"])),
        "objectives": [each["objective"]["mean"] for each in choice["tried"]],
        "stability": [each["stability"]["mean"] for each in choice["tried"]],
    }


def measure(options: argparse.Namespace) -> dict:
    """Numbers of the whole run."""
    cases = [(name, options.root, name) for name in options.activities]
    if options.coffee:
        cases.append(("coffee", options.coffee, "five coffee videos"))
    with tempfile.TemporaryDirectory() as temporary:
        kept = Path(options.workdir or temporary).resolve()
        rows = [
            choose(options, activity, root and str(Path(root).resolve()), kept / name)
            for activity, root, name in cases
        ]
    return {"range": options.range, "seeds": options.seeds, "rows": with_others(rows)}


def with_others(rows: Sequence[dict]) -> list[dict]:
    """Rows with the rounded mean of the other rows' true K; None for a single row."""
    total = sum(row["truth"] for row in rows)
    count = max(1, len(rows) - 1)
    return [
        row | {"others": round((total - row["truth"]) / count) if len(rows) > 1 else None}
        for row in rows
    ]


def near(rows: Sequence[dict], rule: str) -> int:
    """Number of rows for which a rule is at most `NEAR` from the truth."""
    return sum(row[rule] is not None and abs(row[rule] - row["truth"]) <= NEAR for row in rows)


COLUMNS = (
    Column("activity", "case"),
    Column("true K", "truth"),
    Column("chosen", "chosen"),
    Column("middle", "middle"),
    Column("others", "others"),
    Column(f"within {NEAR}?", "near"),
    Column("runners-up", "runners_up"),
)


def report(results: dict) -> list[str | Table]:
    """Report of a run."""
    rows = [
        row
        | {
            "near": "yes" if near([row], "chosen") else "no",
            "runners_up": ", ".join(map(str, row["runners_up"][:4])),
        }
        for row in results["rows"]
    ]
    counts = [
        f"{words}: within {NEAR} of the truth for {near(rows, rule)} of {len(rows)}"
        for rule, words in RULES.items()
    ]
    head = f"K of {results['range']}, {results['seeds']} seeds"
    return [head, Table(COLUMNS, rows), *counts]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = harness.parser("num_clusters", __doc__)
    add = parser.add_argument
    config = "configs/asot_breakfast.py"
    add("--config", default=config, metavar="FILE", help=f"config file ({config})")
    add("--root", default="", help="data (default: the embedded twin)")
    add("--activities", type=_names, default=["coffee", "tea"], metavar="A,A,...")
    add("--coffee", default="", metavar="DIR", help="five real coffee videos, as one more row")
    add("--seeds", type=positive, default=5, metavar="S", help="runs of each K (5)")
    add("--range", default="2,12", metavar="LOW,HIGH", help="of K (2,12)")
    add("--workdir", metavar="DIR", help="keep the runs, and continue those that it holds")
    return harness.run(parser.parse_args(arguments), measure, report)


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


if __name__ == "__main__":
    sys.exit(main())
