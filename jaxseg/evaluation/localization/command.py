"""`python -m jaxseg.evaluation localization`: detections in; a table, JSON and a page out."""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

from jaxseg.command_line import chosen_names
from jaxseg.evaluation.localization.diagnosis import KINDS
from jaxseg.evaluation.localization.evaluate import evaluate_localization
from jaxseg.evaluation.localization.protocols import PROTOCOLS, parse_tiou
from jaxseg.formats.files import write_json, write_text
from jaxseg.formats.localization.files import read_pair
from jaxseg.formats.wtalc import read_ambiguous

DESCRIPTION = """\
Scores detections against true segments. Files are recognized by what is in them:
ActivityNet's JSON, THUMOS14's text files, tables with a header, W-TALC's folder of .npy
files, ActionFormer's and MMAction2's results. All scores are in percent.

python -m jaxseg.evaluation localization --predictions=result.json --truth=gt.json
python -m jaxseg.evaluation localization --predictions=result.json --truth=THUMOS14 \\
    --subset=test --ambiguous=THUMOS14/Ambiguous_test.txt --protocol=all --errors

Ties: predictions of equal score keep the order of the file; of equal overlaps `anet` and its
kin take the last in the file, the others the first. The published programs leave both to a
sort that is not stable, so that their own numbers can differ between machines.
0 / 0: two segments of length 0 do not overlap, in ActivityNet's program they match.
Repeated true segments each count, but under `anet-opentad`; a note says how many there are."""

PROTOCOL_TEXTS = {name: f"{rule.summary}\n({rule.used_by})" for name, rule in PROTOCOLS.items()}
USAGE = "%(prog)s --predictions=FILE --truth=FILE [options]"
OPTIONS = {
    "--predictions": {"type": Path, "metavar": "FILE", "required": True},
    "--truth": {"type": Path, "metavar": "FILE|DIR", "required": True},
    "--protocol": {
        "default": "anet",
        "metavar": "NAMES",
        "help": "one, several with commas, or 'all'; see below (default anet)",
    },
    "--subset": {
        "metavar": "NAME",
        "help": "subset of the truth's videos; needed where there are several",
    },
    "--mapping": {
        "type": Path,
        "metavar": "FILE",
        "help": "'number name' a line, for predictions that have numbers for classes",
    },
    "--tiou": {
        "default": "thumos14",
        "metavar": "SET",
        "help": "thresholds: thumos14 (0.1:0.7:0.1, default), activitynet (0.5:0.95:0.05),"
        " start:stop:step or a,b,c",
    },
    "--ambiguous": {
        "type": Path,
        "metavar": "FILE",
        "help": "'video start end' a line: intervals that are neither action nor background",
    },
    "--errors": {"action": "store_true", "help": "counts the errors at tIoU 0.5, by kind"},
    "--proposals": {
        "action": "store_true",
        "help": "average recall against the average number of proposals, as ActivityNet's proposal"
        " task has it: each video keeps the same share of its list; needs no labels",
    },
    "--json": {"type": Path, "metavar": "FILE", "help": "writes every result to a file"},
    "--report": {
        "type": Path,
        "metavar": "FILE.html",
        "help": "page with precision over recall, kinds of errors and recall over proposals",
    },
}
SHOWN_AN = (1, 5, 10, 50, 100)


def run(arguments: argparse.Namespace) -> int:
    """Scores, prints and writes; raises ValueError for whatever is wrong with the input."""
    names = chosen_names("--protocol", arguments.protocol, PROTOCOLS)
    tiou = parse_tiou(arguments.tiou)
    truth, predictions = read_pair(
        arguments.truth, arguments.predictions, subset=arguments.subset, mapping=arguments.mapping
    )
    ambiguous = None if arguments.ambiguous is None else read_ambiguous(arguments.ambiguous)
    drawn = arguments.report is not None  # the page shows errors, proposals and curves
    results = [
        evaluate_localization(
            truth,
            predictions,
            protocol=name,
            tiou=tiou,
            subset=arguments.subset,
            ambiguous=ambiguous,
            errors=arguments.errors or drawn,
            proposals=arguments.proposals or drawn,
            curves=drawn,
        )
        for name in names
    ]
    if arguments.errors and any("errors" not in result for result in results):
        raise ValueError(f"{arguments.predictions}: --errors needs a label of every detection")
    # Files first: whoever reads the table may close the pipe before its end.
    for path in filter(None, (arguments.json, arguments.report)):
        path.parent.mkdir(parents=True, exist_ok=True)
    if arguments.json:
        write_json(arguments.json, {"task": "localization", "results": results}, indent=None)
    if arguments.report:
        # Drawing takes its time to import.
        from jaxseg.report.evaluation_page import localization_page

        lines = table_lines(results, errors=True, proposals=True)
        write_text(arguments.report, localization_page(lines, results))
    print("\n".join(table_lines(results, errors=arguments.errors, proposals=arguments.proposals)))
    return 0


def table_lines(
    results: Sequence[dict], *, errors: bool = False, proposals: bool = False
) -> list[str]:
    """Table of the results: a row a protocol, then errors, proposals and notes."""
    lines = [heading(results[0]), *map(row, results)]
    subset = f"subset {results[0]['subset']}, " if results[0]["subset"] else ""
    if "map" in results[0]:
        means = "mAP at each tIoU, its means, mAP of whole videos' classes (class)"
        lines.append(f"{subset}percent: {means}")
    if errors and "errors" in results[0]:
        lines += error_lines(results)
    if proposals:
        lines += proposal_lines(results)
    return lines + note_lines(results)


def note_lines(results: Sequence[dict]) -> list[str]:
    """The notes with the names of the protocols that they hold under; each is said once."""
    protocols: dict[str, list[str]] = {}
    for each in results:
        for note in each["notes"]:
            protocols.setdefault(note, []).append(each["protocol"])
    everywhere = len(results) if len(results) > 1 else 0
    lines = {
        note: "all" if len(names) == everywhere else ", ".join(names)
        for note, names in protocols.items()
    }
    # What holds under all stands first.
    return [
        f"{names}: {note}" for note, names in sorted(lines.items(), key=lambda n: n[1] != "all")
    ]


def heading(result: dict) -> str:
    """Titles of the columns."""
    sizes = f"{'protocol':<13}{'videos':>7}{'classes':>8}{'truths':>8}{'predictions':>12} "
    if "map" not in result:
        return sizes.rstrip()
    thresholds = [f"@{threshold:g}" for threshold in result["tiou"]]
    return f"{sizes}{cells(thresholds)} {cells(result['averages'], 9)}{'class':>7}"


def row(result: dict) -> str:
    """Sizes and scores under one protocol."""
    sizes = (
        f"{result['protocol']:<13}{result['videos']:>7,}{result['classes']:>8}"
        f"{result['truths']:>8,}{result['predictions']:>12,} "
    )
    if "map" not in result:
        return sizes.rstrip()
    scores = cells(map(number, result["map"]))
    means = cells(map(number, result["averages"].values()), 9)
    video = number(result["classification_map"])
    return f"{sizes}{scores} {means}{video:>7}"


def error_lines(results: Sequence[dict]) -> list[str]:
    """Numbers of predictions of each kind, and of missed true segments."""
    width = 18
    lines = [f"{'at tIoU 0.5':<13}{cells([*KINDS, 'missed truths'], width)}"]
    for result in results:
        errors = result["errors"]
        numbers = [f"{errors['all'][kind]:,}" for kind in KINDS] + [f"{errors['missed']:,}"]
        lines.append(f"{result['protocol']:<13}{cells(numbers, width)}")
    return lines


def proposal_lines(results: Sequence[dict]) -> list[str]:
    """Average recall at a few numbers of proposals."""
    lines = [f"{'recall':<13}{cells([f'AR@{count}' for count in SHOWN_AN] + ['AUC'], 9)}"]
    for result in results:
        recall = result["proposals"]
        values = [number(recall["ar"][count - 1]) for count in SHOWN_AN] + [number(recall["auc"])]
        lines.append(f"{result['protocol']:<13}{cells(values, 9)}")
    return lines


def cells(values: Iterable[str], width: int = 7) -> str:
    """Right-aligned columns."""
    return "".join(f"{value:>{width}}" for value in values)


def number(value: float) -> str:
    """Two decimals: protocols differ by less than one."""
    return f"{value:.2f}"
