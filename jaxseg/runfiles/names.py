"""Names that people give to clusters, names.csv.

A run's clusters have numbers. Who has looked at them writes `cluster,name` lines beside the run,
with a column `activity` where there are several: clusters are numbered anew in each. Several
clusters may share a name; one without a line, or with an empty name, keeps its number, and shares
it with one that is given the name "cluster 3". Named are
the clusters of the member that is shown first (`segmentation.main_first`).
"""

import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from jaxseg.formats.files import read_text, write_text
from jaxseg.formats.names import check_name, clip, listed

NAME = "names.csv"


def read_names(workdir: Path, num_clusters: Mapping[str, int]) -> dict[str, dict[int, str]]:
    """Reads names.csv: activity -> cluster -> name; {} where there is no such file.

    Args:
        workdir: folder of the run.
        num_clusters: K of each activity.

    Raises:
        ValueError: with the line and the value, for a table without the two columns, a cluster or
            an activity that the run does not have, a cluster that has a line already, a name that
            does not fit on a line.
    """
    path = workdir / NAME
    if not path.is_file():
        return {}
    try:
        reader = csv.reader(io.StringIO(read_text(path), newline=""), skipinitialspace=True)
        rows = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except csv.Error as error:
        raise ValueError(f"{path}: not a table: {error}") from None
    (line, columns), *rows = [row for row in rows if any(row[1])] or [(1, [])]
    _check_header(f"{path}: line {line}", columns, num_clusters)
    names: dict[str, dict[int, str]] = {}
    lines: dict[tuple[str, int], int] = {}
    for line, cells in rows:
        where = f"{path}: line {line}"
        if len(cells) != len(columns):
            hint = "; a name with a comma in it stands in double quotes"
            raise ValueError(f"{where}: {len(cells)} values for {len(columns)} columns{hint}")
        row = dict(zip(columns, cells, strict=True))
        activity = row.get("activity", next(iter(num_clusters), ""))
        if activity not in num_clusters:
            what = f"{where}: unknown activity {clip(activity)}"
            raise ValueError(f"{what}; there is {listed(num_clusters)}")
        known = num_clusters[activity]
        if not re.fullmatch("[0-9]{1,9}", row["cluster"]) or int(row["cluster"]) >= known:
            what = f"{where}: unknown cluster {clip(row['cluster'])}"
            raise ValueError(f"{what}; those of {activity} are 0 to {known - 1}")
        cluster = int(row["cluster"])
        if (activity, cluster) in lines:
            before = lines[activity, cluster]
            raise ValueError(f"{where}: cluster {cluster} stands in line {before} already")
        lines[activity, cluster] = line
        if row["name"]:
            names.setdefault(activity, {})[cluster] = check_name(where, "cluster", row["name"])
    for activity, named in names.items():
        for cluster in range(num_clusters[activity]):
            if (number := f"cluster {cluster}") in named.values():
                named.setdefault(cluster, number)
    return names


def write_names(workdir: Path, names: Mapping[str, Mapping[int, str]]) -> None:
    """Writes names.csv: activity -> cluster -> name; the column `activity` where there are several.

    A name with a comma stands in double quotes.
    """
    text = io.StringIO()
    skipped = 0 if len(names) > 1 else 1  # columns
    rows = [
        (activity, cluster, name)
        for activity, clusters in names.items()
        for cluster, name in sorted(clusters.items())
    ]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows(row[skipped:] for row in [("activity", "cluster", "name"), *rows])
    write_text(workdir / NAME, text.getvalue())


def _check_header(where: str, columns: list[str], num_clusters: Mapping[str, int]) -> None:
    if sorted(columns) not in (["cluster", "name"], ["activity", "cluster", "name"]):
        raise ValueError(
            f"{where} must be the header cluster,name (or activity,cluster,name where there are "
            f"several activities), got {clip(','.join(columns))}"
        )
    if "activity" not in columns and len(num_clusters) > 1:
        raise ValueError(
            f"{where}: the run has several activities, each with clusters of its own "
            f"({listed(num_clusters)}): add a column activity"
        )


def merge_named(labels: np.ndarray, names: Mapping[int, str]) -> np.ndarray:
    """Labels [N] in which each named cluster is the first one that has its name."""
    first = {}
    for cluster, name in sorted(names.items()):
        first.setdefault(name, cluster)
    merged = labels.copy()
    for cluster, name in names.items():
        merged[labels == cluster] = first[name]
    return merged
