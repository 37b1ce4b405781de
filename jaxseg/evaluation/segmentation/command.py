"""`python -m jaxseg.evaluation segmentation`: folders in; a table, JSON and a page out."""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from jaxseg.command_line import chosen_names, comma_list, positive_number, whole_number
from jaxseg.evaluation.segmentation.evaluate import evaluate_segmentation, matched_videos
from jaxseg.evaluation.segmentation.folders import (
    as_classes,
    as_clusters,
    class_indices,
    class_names,
    coarse_names,
    merge_table,
    with_predicted,
)
from jaxseg.evaluation.segmentation.groups import ONE_ACTIVITY, Labels
from jaxseg.evaluation.segmentation.matching import MATCHES
from jaxseg.evaluation.segmentation.pairs import check_kinds, check_pairs, unknown_labels
from jaxseg.evaluation.segmentation.protocols import (
    AVERAGES,
    FRAME_COLUMNS,
    NAME_COLUMNS,
    PROTOCOLS,
    Options,
    find_protocol,
)
from jaxseg.formats import tables
from jaxseg.formats.annotations.folders import holds_segments, read_segment_folder
from jaxseg.formats.files import write_json, write_text
from jaxseg.formats.labels import OWN_FILES, OWN_TABLES, LabelFolder, read_label_folder
from jaxseg.formats.matrices import PREDICTION_FIELD, TRUTH_FIELD

DESCRIPTION = f"""\
Scores a folder of predicted labels against a folder of true ones, one file a video:
a label a line, MS-TCN's result files, .npy of whole numbers, or ED-TCN's .mat (the same
folder on both sides). Predictions that are numbers, where the truth has names, are clusters.
The truth may be segments: tables of start, end and label, BORIS, ELAN, Audacity.
Both may be a run's folder, predictions a decoding's, too; what jaxseg has put beside labels
for other programs is passed over ({" ".join((*OWN_TABLES, *OWN_FILES))}).

python -m jaxseg.evaluation segmentation --predictions=DIR --truth=groundTruth
python -m jaxseg.evaluation segmentation --predictions=DIR --truth=groundTruth \\
    --mapping=mapping.txt --protocol=all --report=scores.html"""

PROTOCOL_TEXTS = {name: rule.text for name, rule in PROTOCOLS.items()}
USAGE = "%(prog)s --predictions=DIR --truth=DIR [options]"
OPTIONS = {
    "--predictions": {"type": Path, "metavar": "DIR", "required": True},
    "--truth": {"type": Path, "metavar": "DIR", "required": True},
    "--fps": {
        "type": positive_number,
        "metavar": "RATE",
        "help": "frames a second of the predictions, where the truth is segments in seconds",
    },
    "--mapping": {
        "type": Path,
        "metavar": "FILE",
        "help": "'index name' a line: the classes; a label that it lacks is an error. With"
        " --match=none predicted numbers are its indices",
    },
    "--protocol": {
        "default": "asot-exact",
        "metavar": "NAMES",
        "help": "one, several with commas, or 'all'; see below (default asot-exact)",
    },
    "--match": {
        "choices": MATCHES,
        "help": "scope of a matching of clusters with classes (default: the protocol's own)",
    },
    "--exclude": {
        "default": "",
        "metavar": "NAMES",
        "help": "classes whose frames are dropped before the matching (ASOT)",
    },
    "--background": {
        "metavar": "NAMES",
        "help": "classes whose frames are not scored; cluster -1 stands for them (CTE, TOT, HVQ);"
        " mstcn, mstcn2: left out of edit score and F1, not of accuracy (default there:"
        " 'background', as in their programs; --background= with nothing behind it: none)",
    },
    "--activities": {
        "default": "folders",
        "metavar": "folders|suffix|FILE",
        "help": "where activities come from: 'folders', the subfolders of the truth (default);"
        " 'suffix', what follows the last underscore of a name; or a file, 'video activity' a line",
    },
    "--splits": {
        "default": "",
        "metavar": "FILES",
        "help": "lists of videos: only these are read and scored; mstcn and mstcn2 are means over"
        " splits",
    },
    "--label-map": {
        "type": Path,
        "metavar": "FILE",
        "help": "'fine coarse' a line: scores count in coarse labels",
    },
    "--label-map-order": {
        "choices": ("before", "after"),
        "default": "before",
        "help": "coarse labels before the matching (default), or match the fine ones and map"
        " both sides (TW-FINCH)",
    },
    "--num-clusters": {
        "type": whole_number(1),
        "metavar": "K",
        "help": "K of cte, cte-soft, twfinch and the baselines (default: what the labels show)",
    },
    "--seed": {
        "type": whole_number(0),
        "default": 0,
        "help": "seed of the protocols that draw frames (default 0)",
    },
    "--length-tolerance": {
        "type": whole_number(0),
        "default": 0,
        "metavar": "FRAMES",
        "help": "frames by which truth and prediction may differ in length (default 0); the longer"
        " is cut at its end, by 5 %% of the video at most",
    },
    "--json": {"type": Path, "metavar": "FILE", "help": "writes every result to a file"},
    "--report": {
        "type": Path,
        "metavar": "FILE.html",
        "help": "page with the best, middle and worst videos and the confusion",
    },
}
BASELINES = {"equal_split": "  equal split", "one_class": "  one class"}
CLUSTERS_NOTE = (
    "the predictions are numbers and were matched with classes as clusters are; where they are a"
    " mapping's indices, give "
)
LEGEND = (
    "percent. MoF: all frames, mean of activities, mean of videos. (most): what F1 can reach on"
    " this truth. JSD: less is better."
)


class Data(NamedTuple):
    """Content of all files that the command names."""

    truth: LabelFolder
    predictions: LabelFolder
    mapping: Mapping[str, int] | None  # name -> index of --mapping, or None
    label_map: Mapping[str, str] | None  # fine -> coarse of --label-map, or None
    activities: dict[str, str] | None  # video -> activity, or None where all are one
    splits: dict[str, list[str]] | None  # split -> its videos, or None
    notes: list[str]  # on the files


class Input(NamedTuple):
    """Arguments of `evaluate_segmentation` under one protocol."""

    truth: Labels
    predictions: Labels
    options: Options
    notes: list[str]


def run(arguments: argparse.Namespace) -> int:
    """Scores, prints and writes; raises ValueError for whatever is wrong with the input."""
    names = chosen_names("--protocol", arguments.protocol, PROTOCOLS)
    data = read_data(arguments)
    inputs = [protocol_input(name, data, arguments) for name in names]
    results = [
        evaluate_segmentation(each.truth, each.predictions, **each.options._asdict())
        for each in inputs
    ]
    notes = [*data.notes, *(note for each in inputs for note in each.notes)]
    notes = list(dict.fromkeys(notes))
    by_default = arguments.background is None
    lines = table_lines(results, notes, by_default=by_default)
    if arguments.json:
        write_json(arguments.json, {"task": "segmentation", "notes": notes, "results": results})
    if arguments.report:
        # Drawing takes its time to import.
        from jaxseg.report.evaluation_page import segmentation_page

        truth, predictions, options, _ = inputs[0]
        if options.merge is not None:
            options = options._replace(classes=coarse_names(options.classes, data.label_map))
        grouped, _ = matched_videos(truth, predictions, options)
        videos = {name: video for group in grouped.values() for name, video in group.items()}
        if not any(video.scored.any() for video in videos.values()):
            # Background alone, which accuracy counts.
            videos = {name: each._replace(scored=~each.scored) for name, each in videos.items()}
        page = segmentation_page(
            lines,
            f"{options.protocol}, matching: {options.matching}",
            videos,
            options.classes,
            has_background=options.bound,
        )
        write_text(arguments.report, page)
    print("\n".join(lines))  # last: who reads no further gets all files
    return 0


def read_data(arguments: argparse.Namespace) -> Data:
    """Reads every file that the command names."""
    mapping, label_map = arguments.mapping, arguments.label_map
    lists = {Path(each).name: tables.read_split(each) for each in comma_list(arguments.splits)}
    wanted = {name for names in lists.values() for name in names} if lists else None
    segments = holds_segments(arguments.truth)
    truth = None if segments else read_label_folder(arguments.truth, TRUTH_FIELD, wanted)
    predictions = read_label_folder(arguments.predictions, PREDICTION_FIELD, wanted)
    unscored = []
    if segments:
        truth, predictions, unscored = read_segment_folder(
            arguments.truth, predictions, arguments.fps, wanted
        )
    splits = lists or truth.splits
    chosen = splits and {name for names in splits.values() for name in names}
    notes = unscored + check_pairs(truth, predictions, chosen, arguments.length_tolerance)
    return Data(
        truth=truth,
        predictions=predictions,
        mapping=None if mapping is None else tables.read_mapping(mapping),
        label_map=None if label_map is None else tables.read_label_map(label_map),
        activities=find_activities(arguments.activities, truth),
        splits=splits,
        notes=notes,
    )


def find_activities(source: str, truth: LabelFolder) -> dict[str, str] | None:
    """Video -> activity: by folder, by what follows the last underscore, or from a file."""
    if source == "folders":
        folders = truth.activities
        return folders and {name: each or ONE_ACTIVITY for name, each in folders.items()}
    if source == "suffix":
        return {name: name.rpartition("_")[2] for name in truth.codes}
    return tables.read_activities(Path(source))


def protocol_input(name: str, data: Data, arguments: argparse.Namespace) -> Input:
    """What one protocol scores.

    Cluster numbers have no names to compare: `mstcn` matches them by activity first.
    """
    rule = find_protocol(name)
    clusters = data.predictions.numbers and not data.truth.numbers
    match = arguments.match or ("activity" if rule.names and clusters else rule.match)
    notes = check_kinds(data.truth, data.predictions, data.mapping is not None, match)
    if rule.names and clusters and match != "none":
        notes.append(CLUSTERS_NOTE + "--mapping=FILE " * (not data.mapping) + "--match=none")
    # Without a matching both orders give the same labels: map first.
    late = arguments.label_map_order == "after" and match != "none"
    names = class_names(data.truth, data.mapping, None if late else data.label_map)
    if match == "none":
        notes += unknown_labels(data.predictions, names)
        # Their programs leave background out of predictions where the truth has none of it.
        names = with_predicted(names, data.predictions, rule.background)
    coarse = coarse_names(names.classes, data.label_map) if late and data.label_map else None
    excluded = class_indices("--exclude", comma_list(arguments.exclude), names, coarse)
    background = None
    if arguments.background is not None:
        background = class_indices("--background", comma_list(arguments.background), names, coarse)
    elif rule.background:
        notes += background_note(names.classes, rule.background)
    if match == "none":
        predictions = as_classes(data.predictions, names)
    else:
        predictions = as_clusters(data.predictions, names, background or ())
    count = arguments.num_clusters
    activities = [ONE_ACTIVITY] if data.activities is None else data.activities.values()
    options = Options(
        protocol=name,
        match=match,
        activities=data.activities,
        splits=data.splits,
        classes=names.classes,
        excluded=excluded,
        background=background,
        merge=None if coarse is None else merge_table(coarse),
        num_clusters=None if count is None else dict.fromkeys(activities, count),
        seed=arguments.seed,
        length_tolerance=arguments.length_tolerance,
    )
    return Input(as_classes(data.truth, names), predictions, options, notes)


def background_note(classes: Sequence[str], usual: Sequence[str]) -> list[str]:
    """Note on a class that is called almost as the one that a protocol leaves out."""
    alike = [name for name in classes if name.casefold() in (*usual, "bg") and name not in usual]
    return [
        f"{name!r} counts as an action, as in the protocol's program, which leaves out"
        f" {usual[0]!r} alone; --background={name} leaves it out"
        for name in alike
    ]


def table_lines(
    results: Sequence[dict], notes: Sequence[str] = (), *, by_default: bool = False
) -> list[str]:
    """Table of the results: a row a protocol, its trivial baselines under it; then the notes.

    `by_default`: each protocol has its own background.
    """
    unsupervised = [result for result in results if "accuracy" not in result["metrics"]]
    supervised = [result for result in results if "accuracy" in result["metrics"]]
    lines = []
    if unsupervised:
        lines += [heading(FRAME_COLUMNS)]
        for result in unsupervised:
            lines += [row(result, result["metrics"], FRAME_COLUMNS), *baseline_rows(result)]
        lines += [LEGEND]
    for result in supervised:
        lines += [heading(NAME_COLUMNS), *supervised_rows(result), *baseline_rows(result)]
    lines += [f"note: {note}" for note in notes]
    return lines + note_lines(results, by_default=by_default)


def heading(columns: Mapping[str, str]) -> str:
    """Titles of the columns."""
    sizes = f"{'videos':>7}{'frames':>11}{'classes':>8}  "
    return f"{'protocol':<20}{'match':<9}{sizes}" + cells(columns.values())


def row(result: dict, scores: dict, columns: Mapping[str, str]) -> str:
    """Sizes and scores under one protocol."""
    sizes = f"{result['videos']:>7,}{result['frames']:>11,}{result['classes']:>8}  "
    return sub_row(f"{result['protocol']:<20}{result['match']:<9}{sizes}", scores, columns)


def sub_row(label: str, scores: dict, columns: Mapping[str, str]) -> str:
    """Scores behind a label, which is one of the sizes or of other scores of a protocol."""
    return f"{label:<57}" + cells(number(scores.get(key)) for key in columns)


def supervised_rows(result: dict) -> list[str]:
    """The row of a supervised protocol, and its other averages."""
    rows = [row(result, result["metrics"], NAME_COLUMNS) + f"   {AVERAGES[result['average']]}"]
    others = {key: each for key, each in result["averages"].items() if key != result["average"]}
    if len(result["activities"]) == 1:
        others.pop("macro", None)
    for average, scores in others.items():
        rows.append(sub_row(f"  {AVERAGES[average]}", scores, NAME_COLUMNS))
    return rows


def baseline_rows(result: dict) -> list[str]:
    """Rows of the two trivial predictions."""
    columns = NAME_COLUMNS if "accuracy" in result["metrics"] else FRAME_COLUMNS
    scores = result.get("baselines", {})
    present = [key for key in BASELINES if key in scores]
    return [sub_row(BASELINES[key], scores[key], columns) for key in present]


def note_lines(results: Sequence[dict], *, by_default: bool = False) -> list[str]:
    """Classes that were left out, and the seed of protocols that draw frames."""
    dropped = ", ".join(map(str, results[0]["exclude"]["drop"])) or "none"
    protocols: dict[str, list[str]] = {}  # background -> names of the protocols that have it
    for each in results:
        background = ", ".join(map(str, each["exclude"]["background"])) or "none"
        protocols.setdefault(background, []).append(each["protocol"])
    own = " (its program's default; --background= for none)" if by_default else ""
    parts = []
    for background in sorted(protocols, key=lambda background: background != "none"):
        whose = f"of {', '.join(protocols[background])}" if parts else "background"
        parts.append(f"{whose}: {background}{own if background != 'none' else ''}")
    lines = ["; ".join([f"classes dropped: {dropped}", *parts])]
    drawn = {each["protocol"]: each["seed"] for each in results if each["seed"] is not None}
    if drawn:
        lines += [f"frames drawn with seed {min(drawn.values())}: {', '.join(drawn)}"]
    skipped = max(result["videos_skipped"] for result in results)
    return lines + ([f"{skipped} videos hold dropped classes only"] if skipped else [])


def cells(values: Iterable[str]) -> str:
    """Right-aligned columns."""
    return "".join(f"{value:>8}" for value in values)


def number(value: float | None) -> str:
    """One decimal, as papers print it."""
    return "-" if value is None else f"{value:.1f}"
