"""`python -m jaxseg.evaluation segmentation`: folders in; a table, JSON and a page out."""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from jaxseg.evaluation.segmentation.arguments import add_arguments
from jaxseg.evaluation.segmentation.evaluate import evaluate_segmentation
from jaxseg.evaluation.segmentation.folders import (
    ClassNames,
    as_classes,
    as_clusters,
    check_pairs,
    class_names,
)
from jaxseg.evaluation.segmentation.groups import ONE_ACTIVITY
from jaxseg.evaluation.segmentation.options import Options
from jaxseg.evaluation.segmentation.page import segmentation_page
from jaxseg.evaluation.segmentation.protocols import PROTOCOLS, find_protocol
from jaxseg.evaluation.segmentation.table import table_lines
from jaxseg.formats import tables as side_files
from jaxseg.formats.labels import LabelFolder, read_label_folder
from jaxseg.formats.matrices import PREDICTION_FIELD, TRUTH_FIELD

__all__ = ["add_arguments", "run"]


class Data(NamedTuple):
    """What the files hold, before a protocol decides how to read predictions.

    Attributes:
        truth, predictions: the two sides.
        mapping: name -> index of --mapping, or None.
        label_map: fine -> coarse of --label-map, or None.
        activities: video -> activity, or None where all are one.
        splits: split -> its videos, or None.
    """

    truth: LabelFolder
    predictions: LabelFolder
    mapping: Mapping[str, int] | None
    label_map: Mapping[str, str] | None
    activities: dict[str, str] | None
    splits: dict[str, list[str]] | None


def run(arguments: argparse.Namespace) -> int:
    """Scores, prints, writes; raises ValueError for whatever is wrong with the input."""
    names = chosen_protocols(arguments.protocol)
    data = read_data(arguments)
    inputs = {name: protocol_input(name, data, arguments) for name in names}
    results = [
        evaluate_segmentation(truth, predictions, **options._asdict())
        for truth, predictions, options in inputs.values()
    ]
    print("\n".join(table_lines(results)))
    if arguments.json:
        document = {"task": "segmentation", "results": results}
        write(arguments.json, json.dumps(document, indent=1, allow_nan=False) + "\n")
    if arguments.report:
        truth, predictions, options = inputs[names[0]]
        options = options._replace(classes=final_names(options, data.label_map))
        write(arguments.report, segmentation_page(results, truth, predictions, options))
    return 0


def chosen_protocols(names: str) -> list[str]:
    """The protocols of a comma list; `all` is all of them."""
    if names == "all":
        return list(PROTOCOLS)
    chosen = list(dict.fromkeys(comma_list(names)))
    for name in chosen:
        find_protocol(name)
    if not chosen:
        raise ValueError("--protocol: no protocol named")
    return chosen


def comma_list(names: str) -> list[str]:
    """The words between commas, without empty ones."""
    return [name.strip() for name in names.split(",") if name.strip()]


def read_data(arguments: argparse.Namespace) -> Data:
    """Reads every file that the command names."""
    truth = read_label_folder(arguments.truth, TRUTH_FIELD)
    predictions = read_label_folder(arguments.predictions, PREDICTION_FIELD)
    mapping, label_map = arguments.mapping, arguments.label_map
    splits = {Path(each).name: side_files.read_split(each) for each in comma_list(arguments.splits)}
    splits = splits or truth.splits
    chosen = splits and {name for names in splits.values() for name in names}
    check_pairs(truth, predictions, chosen, arguments.length_tolerance)
    return Data(
        truth,
        predictions,
        None if mapping is None else side_files.read_mapping(mapping),
        None if label_map is None else side_files.read_label_map(label_map),
        find_activities(arguments.activities, truth),
        splits,
    )


def find_activities(how: str, truth: LabelFolder) -> dict[str, str] | None:
    """Video -> activity: by folder, by what follows the last underscore, or from a file."""
    if how == "folders":
        folders = truth.activities
        return folders and {name: each or ONE_ACTIVITY for name, each in folders.items()}
    if how == "suffix":
        return {name: name.rpartition("_")[2] for name in truth.codes}
    return side_files.read_activities(Path(how))


def protocol_input(name: str, data: Data, arguments: argparse.Namespace):
    """Truth, predictions and options of one protocol.

    Cluster numbers have no names to compare: where `mstcn` meets them it matches by activity.
    """
    rule = find_protocol(name)
    clusters = data.predictions.numbers and not data.truth.numbers
    own = "activity" if rule.names and clusters else rule.match
    match = arguments.match or own
    if match == "none" and clusters and data.mapping is None:
        raise ValueError(
            f"{data.predictions.path}: numbers, where the truth has names: --match=none needs"
            " --mapping"
        )
    # Labels that are not matched may as well be mapped first.
    late = arguments.label_map_order == "after" and match != "none"
    names = class_names(data.truth, data.mapping, None if late else data.label_map)
    coarse = coarse_names(names.classes, data.label_map) if late and data.label_map else None
    excluded = class_indices("--exclude", arguments.exclude, names, coarse)
    background = class_indices("--background", arguments.background, names, coarse)
    if match == "none":
        predictions = as_classes(data.predictions, names)
    else:
        predictions = as_clusters(data.predictions, names, background)
    options = Options(
        protocol=name,
        match=match,
        activities=data.activities,
        splits=data.splits,
        classes=names.classes,
        excluded=excluded,
        background=background,
        merge=None if coarse is None else merge_table(names.classes, coarse),
        num_clusters=clusters_by_activity(arguments.num_clusters, data),
        seed=arguments.seed,
        length_tolerance=arguments.length_tolerance,
    )
    return as_classes(data.truth, names), predictions, options


def coarse_names(classes: Sequence[str], label_map: Mapping[str, str]) -> list[str]:
    """Coarse label of each class; ValueError where the label map lacks one."""
    for name in classes:
        if name not in label_map:
            raise ValueError(f"class {name!r} is not in the label map")
    return [label_map[name] for name in classes]


def merge_table(classes: Sequence[str], coarse: Sequence[str]) -> list[int]:
    """Index of the first class with the same coarse label, for each class."""
    first: dict[str, int] = {}
    return [first.setdefault(name, index) for index, name in enumerate(coarse)]


def final_names(options: Options, label_map: Mapping[str, str] | None) -> Sequence[str]:
    """Name of each class in the scores: the coarse one where classes were merged."""
    if options.merge is None:
        return options.classes
    return [label_map[name] for name in options.classes]


def class_indices(
    option: str, wanted: str, names: ClassNames, coarse: Sequence[str] | None
) -> list[int]:
    """Indices of the classes of a comma list, which may name fine or coarse labels."""
    indices = []
    for name in comma_list(wanted):
        found = [
            index
            for index, class_name in enumerate(names.classes)
            if name == class_name or (coarse is not None and name == coarse[index])
        ]
        if not found:
            raise ValueError(f"{option}: no class {name!r} among {', '.join(names.classes)}")
        indices += found
    return sorted(set(indices))


def clusters_by_activity(count: int | None, data: Data) -> dict[str, int] | None:
    """The given K for every activity."""
    if count is None:
        return None
    activities = {ONE_ACTIVITY} if data.activities is None else set(data.activities.values())
    return dict.fromkeys(sorted(activities), count)


def write(path: Path, text: str) -> None:
    """Writes a text file; ValueError where that fails."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{path}: cannot be written: {error.strerror}") from None
