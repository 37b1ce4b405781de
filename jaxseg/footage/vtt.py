"""WebVTT: subtitles that say what is going on, for any player.

Times are the video's own timestamps. That is what browsers count in: Chromium calls the first
picture of a file whose timestamps begin at 2 s second 2, in MP4, QuickTime, Matroska and WebM
alike. Players that count from the first picture whatever it is called show such a file's
subtitles late by its first timestamp; files that begin at 0 are the rule.
"""

from collections.abc import Sequence
from pathlib import Path

from jaxseg.footage.segments import Segment


def write_vtt(path: Path, segments: Sequence[Segment], source: Path | None) -> None:
    """A cue a segment, numbered from 1, with the cluster's name as its text."""
    path.write_text(vtt_text((s.start, s.end, s.name) for s in segments), encoding="utf-8")


def vtt_text(cues) -> str:
    """(start, end, text) in seconds -> the content of a .vtt file."""
    blocks = [
        f"{number}\n{timestamp(start)} --> {timestamp(end)}\n{escaped(text)}\n"
        for number, (start, end, text) in enumerate(cues, start=1)
    ]
    return "\n".join(["WEBVTT\n", *blocks])


def timestamp(seconds: float) -> str:
    """ "00:01:02.345"; hours take as many digits as they need."""
    milliseconds = round(1000 * seconds)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def escaped(text: str) -> str:
    """A cue's text on one line; what would be markup or end the cue is spelled out."""
    plain = " ".join(text.split())
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
