"""EAF, ELAN's annotation format, in which behavioral scientists annotate videos."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from jaxseg.formats.files import atomic_write
from jaxseg.formats.segments import Segment

TIER = "jaxseg"
MEDIA_TYPES = {
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".mkv": "video/x-matroska",
    ".avi": "video/x-msvideo",
    ".webm": "video/webm",
}
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_eaf(path: Path, segments: Iterable[Segment], video: Path | None) -> None:
    """Writes one tier with an annotation a segment, in milliseconds, and a link to the video.

    Args:
        video: None where its file is not known.

    Raises:
        ImportError: pympi, of the extra `video`, is not installed.
    """
    import pympi  # an extra

    document = pympi.Elan.Eaf(author="jaxseg")
    document.add_tier(TIER)
    document.remove_tier("default")
    for start, end, label in segments:
        document.add_annotation(TIER, round(1000 * start), round(1000 * end), label)
    if video is not None:
        # ELAN spells both paths plainly, without %20 and the like.
        relative = os.path.relpath(video, path.parent).replace(os.sep, "/")
        document.add_linked_file(
            _writable(f"file://{video.as_posix()}"),
            relpath=_writable(relative),
            mimetype=MEDIA_TYPES.get(video.suffix.lower(), "video/*"),
        )
    with atomic_write(path) as temporary:
        document.to_file(temporary)


def _writable(path: str) -> str:
    """Control characters and halves of characters, which XML cannot hold, as question marks."""
    return _UNWRITABLE.sub("?", path)
