"""Segments as a label track of Audacity: start, end and label between tabs, in seconds."""

from pathlib import Path

from jaxseg.formats.annotations.exports.segments import Clusters, Segmented, named
from jaxseg.formats.files import write_text


def write(path: Path, recording: Segmented, clusters: Clusters) -> None:
    """Writes a label a line, with the six digits that Audacity itself writes."""
    lines = (
        f"{start:.6f}\t{end:.6f}\t{' '.join(label.split())}\n"
        for start, end, label in named(recording, clusters)
    )
    write_text(path, "".join(lines))
