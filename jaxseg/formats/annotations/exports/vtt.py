"""Segments as WebVTT: subtitles that any player shows."""

from pathlib import Path

from jaxseg.formats.annotations.exports.segments import Clusters, Segmented, named
from jaxseg.formats.files import write_text


def write(path: Path, recording: Segmented, clusters: Clusters) -> None:
    """Writes a cue a segment, numbered from 1, with the label as its text.

    Times are the video's own timestamps. That is what browsers count in: Chromium calls the first
    picture of a file whose timestamps begin at 2 s second 2, in MP4, QuickTime, Matroska and WebM
    alike. Players that count from the first picture, whatever its timestamp, show such a file's
    subtitles late by its first timestamp; files that begin at 0 are the rule.
    """
    cues = [
        f"{number}\n{timestamp(start)} --> {timestamp(end)}\n{_escaped(label)}\n"
        for number, (start, end, label) in enumerate(named(recording, clusters), start=1)
    ]
    write_text(path, "\n".join(["WEBVTT\n", *cues]))


def timestamp(seconds: float) -> str:
    """ "00:01:02.345"; hours take as many digits as they need."""
    # Rounded first, so that 59.9996 s is a minute and not 60 s.
    minutes, rest = divmod(round(1000 * seconds), 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def _escaped(text: str) -> str:
    """Text of a cue on one line; characters that would be markup or end the cue are escaped."""
    line = " ".join(text.split())
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
