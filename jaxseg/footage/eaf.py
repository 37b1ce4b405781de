"""ELAN's annotation format, which behavioural scientists annotate videos in."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from jaxseg.features.extra import need
from jaxseg.footage.links import media_type
from jaxseg.footage.segments import Segment

TIER = "jaxseg"
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_eaf(path: Path, segments: Sequence[Segment], source: Path | None) -> None:
    """One tier with an annotation a segment, in milliseconds, and a link to the video.

    Raises:
        ValueError: pympi is not installed.
    """
    document = need("pympi").Elan.Eaf(author="jaxseg")
    document.add_tier(TIER)
    document.remove_tier("default")
    for segment in segments:
        start, end = round(1000 * segment.start), round(1000 * segment.end)
        document.add_annotation(TIER, start, end, segment.name)
    if source is not None:
        _link(document, path, source)
    path.unlink(missing_ok=True)  # pympi would keep the older one as a .bak
    document.to_file(path)


def _link(document, path: Path, source: Path) -> None:
    """The two paths are spelled as ELAN spells them: plain, without %20 and its kin."""
    relative = os.path.relpath(source, path.parent).replace(os.sep, "/")
    where, near = _writable(f"file://{source.as_posix()}"), _writable(relative)
    document.add_linked_file(where, relpath=near, mimetype=media_type(source))


def _writable(path: str) -> str:
    """What XML cannot hold, control characters and halves of characters, as question marks."""
    return _UNWRITABLE.sub("?", path)
