"""Labeled segments of one video in three formats.

CSV is for tables, WebVTT (subtitles) for any player, EAF for ELAN, in which behavioral scientists
annotate videos.
"""

import csv
import io
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from jaxseg.formats.files import atomic_write, write_text

TIER = "jaxseg"
MEDIA_TYPES = {
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".mkv": "video/x-matroska",
    ".avi": "video/x-msvideo",
    ".webm": "video/webm",
}
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Segment(NamedTuple):
    """Part of a video, from `start` to `end` in seconds of the video's own timestamps."""

    start: float
    end: float
    label: str


def write_csv(path: Path, segments: Iterable[Segment]) -> None:
    """Writes `start,end,label`, a segment a line, in seconds."""
    rows = ((f"{start:.3f}", f"{end:.3f}", label) for start, end, label in segments)
    write_rows(path, Segment._fields, rows)


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Writes a CSV table; a value with a comma or a quote in it stands in quotes."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    write_text(path, text.getvalue())


def write_vtt(path: Path, segments: Iterable[Segment]) -> None:
    """Writes WebVTT: a cue a segment, numbered from 1, with the label as its text.

    Times are the video's own timestamps. That is what browsers count in: Chromium calls the first
    picture of a file whose timestamps begin at 2 s second 2, in MP4, QuickTime, Matroska and WebM
    alike. Players that count from the first picture, whatever its timestamp, show such a file's
    subtitles late by its first timestamp; files that begin at 0 are the rule.
    """
    cues = [
        f"{number}\n{timestamp(start)} --> {timestamp(end)}\n{_escaped(label)}\n"
        for number, (start, end, label) in enumerate(segments, start=1)
    ]
    write_text(path, "\n".join(["WEBVTT\n", *cues]))


def write_eaf(path: Path, segments: Iterable[Segment], video: Path | None) -> None:
    """Writes EAF: one tier with an annotation a segment, in milliseconds, and a link to the video.

    There is no link where the file of the video is not known.
    """
    import pympi  # of the extra `video`

    document = pympi.Elan.Eaf(author="jaxseg")
    document.add_tier(TIER)
    document.remove_tier("default")
    for start, end, label in segments:
        document.add_annotation(TIER, round(1000 * start), round(1000 * end), _writable(label))
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


def timestamp(seconds: float) -> str:
    """ "00:01:02.345"; hours take as many digits as they need."""
    # Rounded first, so that 59.9996 s is a minute and not 60 s.
    minutes, rest = divmod(round(1000 * seconds), 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def _escaped(text: str) -> str:
    """Text of a cue on one line; characters that would be markup or end the cue are escaped."""
    line = " ".join(text.split())
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _writable(text: str) -> str:
    """Control characters and halves of characters, which XML cannot hold, as question marks."""
    return NOT_IN_XML.sub("?", text)
