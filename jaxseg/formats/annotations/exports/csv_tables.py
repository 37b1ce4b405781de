"""Segments as CSV: `start,end,label`, a segment a line."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from jaxseg.formats.annotations.exports.segments import Clusters, Segment, Segmented, merged
from jaxseg.formats.files import write_text


def write(path: Path, recording: Segmented, clusters: Clusters) -> None:
    """Writes the segments in seconds, or frames; a cluster without a name has its number."""
    digits = 3 if recording.in_seconds else 0
    rows = (
        (f"{start:.{digits}f}", f"{end:.{digits}f}", clusters.names.get(cluster) or cluster)
        for start, end, cluster in merged(recording.segments, clusters)
    )
    write_rows(path, Segment._fields, rows)


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Writes a CSV table; a value with a comma or a quote in it stands in quotes."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    write_text(path, text.getvalue())
