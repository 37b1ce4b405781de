"""Segments as EAF, for ELAN, in which behavioral scientists annotate videos."""

import os
import re
from pathlib import Path

from jaxseg.formats.annotations.exports.segments import Clusters, Segmented, named
from jaxseg.formats.files import atomic_write

TIER = "jaxseg"
MEDIA_TYPES = {
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".mkv": "video/x-matroska",
    ".avi": "video/x-msvideo",
    ".webm": "video/webm",
}
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(path: Path, recording: Segmented, clusters: Clusters) -> None:
    """Writes one tier with an annotation a segment, in milliseconds, and a link to the video.

    There is no link where the file of the video is not known, nor to a folder of pictures.
    """
    import pympi  # of the extras `video` and `export`

    document = pympi.Elan.Eaf(author="jaxseg")
    document.add_tier(TIER)
    document.remove_tier("default")
    for start, end, label in named(recording, clusters):
        document.add_annotation(TIER, round(1000 * start), round(1000 * end), _writable(label))
    if (video := recording.source) is not None and not video.is_dir():
        # ELAN spells both paths plainly, without %20 and the like.
        relative = os.path.relpath(video, path.parent).replace(os.sep, "/")
        document.add_linked_file(
            _writable(f"file://{video.as_posix()}"),
            relpath=_writable(relative),
            mimetype=MEDIA_TYPES.get(video.suffix.lower(), "video/*"),
        )
    with atomic_write(path) as temporary:
        document.to_file(temporary)


def _writable(text: str) -> str:
    """Control characters and halves of characters, which XML cannot hold, as question marks."""
    return NOT_IN_XML.sub("?", text)
