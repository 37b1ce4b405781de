"""A number for each frame, and a table that says what the numbers are called."""

from collections.abc import Sequence
from pathlib import Path

from jaxseg.formats.annotations.exports.csv_tables import write_rows
from jaxseg.formats.annotations.exports.segments import Clusters, Segmented, cluster_name
from jaxseg.formats.files import write_text

TABLE = "ids.csv"


def write(path: Path, recording: Segmented, clusters: Clusters) -> None:
    """Writes an id a line. Clusters of the same name have the id of the first, -1 is no action."""
    ids = {each: clusters.first(each) for each in range(clusters.count)}
    write_text(path, "".join(f"{ids.get(each, each)}\n" for each in recording.labels.tolist()))


def write_table(folder: Path, recordings: Sequence[Segmented], clusters: Clusters) -> None:
    """Writes `ids.csv`: `id,name`, of every id that there can be."""
    rows = clusters.distinct.items()
    if any((each.labels < 0).any() for each in recordings):
        rows = [(-1, cluster_name(-1)), *rows]
    write_rows(folder / TABLE, ("id", "name"), rows)
