"""How often `--config.model.num_clusters=auto` finds the number of actions, beside trivial rules.

    python -m benchmarks.num_clusters --activities=coffee,tea
    python -m benchmarks.num_clusters --root=TWIN --coffee=../shared/data/breakfast_coffee5

Every activity is a run of `jaxseg.main` of its own, on the embedded twin or on files below
--root. The true K is the one that the papers give the method. Two rules that look at nothing
stand beside the choice: the middle of the range, and the mean of the other activities' true K.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.side_by_side import note, positive, report

ROOT = Path(__file__).resolve().parents[1]
NEAR = 2  # a choice no further than this from the truth counts
STAGES = ("train", "predict", "evaluate")
RULES = {
    "chosen": "the choice",
    "middle": "the middle of the range",
    "others": "the mean of the other activities",
}


def choose(options: argparse.Namespace, activity: str, root: str, folder: Path) -> dict:
    """Runs one activity, or goes on with what its folder holds; returns what is known of it.

    Raises:
        ValueError: the run's own complaint.
    """
    note(f"{folder.name} ...")
    words = [f"--config={options.config}", f"--workdir={folder}", f"--config.data.root={root}"]
    words += [f"--config.activities={activity}", f"--config.seeds={options.seeds}"]
    words += ["--config.model.num_clusters=auto", f"--config.model.cluster_range={options.range}"]
    words += ["--config.predict.couplings=0"]
    for stage in STAGES:
        command = [sys.executable, "-m", "jaxseg.main", f"--mode={stage}", *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ValueError(f"{folder.name}: {done.stderr.strip().splitlines()[-1]}")
    found = _read(folder, "num_clusters.json")["activities"][activity]
    truth = _read(folder, "config.json")["model"]["clusters_by_activity"].get(activity)
    if truth is None:
        raise ValueError(f"{options.config} knows no true K of activity {activity!r}")
    return {
        "case": folder.name,
        "truth": truth,
        "chosen": found["chosen"],
        "runners_up": found["runners_up"],
        "middle": round(statistics.mean(each["num_clusters"] for each in found["tried"])),
        "objectives": [each["objective"]["mean"] for each in found["tried"]],
        "stability": [each["stability"]["mean"] for each in found["tried"]],
    }


def _read(folder: Path, name: str) -> dict:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def measure(options: argparse.Namespace) -> dict:
    """Everything that a run prints, as numbers."""
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
    """Each row with the mean of the others' true K, rounded; a single one has no others."""
    total = sum(row["truth"] for row in rows)
    count = max(1, len(rows) - 1)
    return [
        row | {"others": round((total - row["truth"]) / count) if len(rows) > 1 else None}
        for row in rows
    ]


def near(rows: Sequence[dict], rule: str) -> int:
    """For how many rows a rule is at most `NEAR` from the truth."""
    return sum(row[rule] is not None and abs(row[rule] - row["truth"]) <= NEAR for row in rows)


def table(results: dict) -> str:
    """The report of a run, as text."""
    lines = [
        f"K of {results['range']}, {results['seeds']} seeds",
        "",
        f"{'':22}{'true K':>8}{'chosen':>8}{'middle':>8}{'others':>8}  within {NEAR}?  runners-up",
    ]
    for row in results["rows"]:
        hit = "yes" if abs(row["chosen"] - row["truth"]) <= NEAR else "no"
        others = "-" if row["others"] is None else row["others"]
        lines.append(
            f"{row['case']:22}{row['truth']:>8}{row['chosen']:>8}{row['middle']:>8}{others:>8}"
            f"  {hit:9}  {', '.join(map(str, row['runners_up'][:4]))}"
        )
    lines += [""]
    lines += [
        f"{words:34}within {NEAR} of the truth: {near(results['rows'], rule)} of "
        f"{len(results['rows'])}"
        for rule, words in RULES.items()
    ]
    return "\n".join(lines)


def parser() -> argparse.ArgumentParser:
    described = argparse.ArgumentParser(
        prog="python -m benchmarks.num_clusters",
        description="Lets num_clusters=auto choose K for activities whose number of actions is "
        "known, and counts how often it is near, beside rules that look at nothing.",
    )
    add = described.add_argument
    add("--config", default="configs/asot_breakfast.py", help="configs/asot_breakfast.py")
    add("--root", default="", help="data; default: the embedded twin")
    add("--activities", type=_names, default=["coffee", "tea"], metavar="A,A,...")
    add("--coffee", default="", metavar="DIR", help="five real coffee videos, as one more row")
    add("--seeds", type=positive, default=5, metavar="S", help="(5)")
    add("--range", default="2,12", metavar="LOW,HIGH", help="of K (2,12)")
    add("--workdir", metavar="DIR", help="keeps the runs, and goes on with those that are there")
    add("--json", metavar="FILE", help="also write the numbers to this file")
    return described


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def main(arguments: Sequence[str] | None = None) -> int:
    return report(parser().parse_args(arguments), measure, table)


if __name__ == "__main__":
    sys.exit(main())
