"""`python -m jaxseg.evaluation localization`: detections in; a table, JSON and a page out."""

import argparse
from pathlib import Path

from jaxseg.evaluation.localization.evaluate import evaluate_localization
from jaxseg.evaluation.localization.page import localization_page
from jaxseg.evaluation.localization.protocols import PROTOCOLS, find_protocol, parse_tiou
from jaxseg.evaluation.localization.table import table_lines
from jaxseg.formats.detections import Segments, read_predictions, read_truth
from jaxseg.formats.files import write_json
from jaxseg.formats.wtalc import read_ambiguous, read_wtalc

DESCRIPTION = """\
Scores detections, ActivityNet's JSON, against true segments: ActivityNet's JSON or
W-TALC's folder of .npy files. All scores are in percent."""

OPTIONS = {
    "--predictions": {"type": Path, "metavar": "FILE", "required": True},
    "--truth": {"type": Path, "metavar": "FILE|DIR", "required": True},
    "--protocol": {
        "default": "anet",
        "metavar": "NAMES",
        "help": "one, several with commas, or 'all'; see below (default anet)",
    },
    "--subset": {"metavar": "NAME", "help": "videos of the truth; needed where it has several"},
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
    "--errors": {"action": "store_true", "help": "counts what goes wrong at tIoU 0.5, by kind"},
    "--proposals": {
        "action": "store_true",
        "help": "average recall against the number of proposals, tIoU 0.5:0.95:0.05",
    },
    "--json": {"type": Path, "metavar": "FILE", "help": "writes every result"},
    "--report": {
        "type": Path,
        "metavar": "FILE.html",
        "help": "draws precision over recall, the kinds of errors and recall over proposals",
    },
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Gives a parser the options of the command, and a --help that explains every protocol."""
    parser.usage = "%(prog)s --predictions=FILE --truth=FILE [options]"
    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    protocols = [
        f"  {name}\n    {rule.summary}\n    ({rule.used_by})" for name, rule in PROTOCOLS.items()
    ]
    parser.epilog = "\n".join(["protocols:", *protocols])
    for name, settings in OPTIONS.items():
        parser.add_argument(name, **settings)


def run(arguments: argparse.Namespace) -> int:
    """Scores, prints, writes; raises ValueError for whatever is wrong with the input."""
    names = chosen_protocols(arguments.protocol)
    tiou = parse_tiou(arguments.tiou)
    truth = read_any_truth(arguments.truth)
    predictions = read_predictions(arguments.predictions)
    ambiguous = None if arguments.ambiguous is None else read_ambiguous(arguments.ambiguous)
    drawn = arguments.report is not None
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
    print("\n".join(table_lines(results, errors=arguments.errors, proposals=arguments.proposals)))
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        write_json(arguments.json, {"task": "localization", "results": results}, indent=None)
    if arguments.report:
        arguments.report.parent.mkdir(parents=True, exist_ok=True)
        arguments.report.write_text(localization_page(results), encoding="utf-8")
    return 0


def chosen_protocols(names: str) -> list[str]:
    """The protocols of a comma list; `all` is all of them."""
    if names == "all":
        return list(PROTOCOLS)
    chosen = list(dict.fromkeys(name.strip() for name in names.split(",")))
    for name in chosen:
        find_protocol(name)
    return chosen


def read_any_truth(path: Path) -> Segments:
    """True segments from W-TALC's folder or from ActivityNet's JSON."""
    return read_wtalc(path) if path.is_dir() else read_truth(path)
