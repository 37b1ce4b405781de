"""Where the videos are, seen from the files of a run, and whether they are still the same."""

import os
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_TYPES = {
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".mkv": "video/x-matroska",
    ".avi": "video/x-msvideo",
    ".webm": "video/webm",
}


def media_type(path: Path) -> str:
    """The MIME type that goes with a file's suffix."""
    return _TYPES.get(path.suffix.lower(), "video/*")


def url(path: Path, folder: Path) -> str:
    """A link to `path` from a page in `folder`, relative where there is a way.

    Every byte that means something in an address, or is no ASCII, is spelled %xx.
    """
    try:
        relative = os.path.relpath(path, folder)
    except ValueError:  # another drive
        return path.as_uri()
    return urllib.parse.quote(os.fsencode(relative.replace(os.sep, "/")), safe="/")


def problem(path: Path, entry: Mapping[str, Any]) -> str:
    """What has become of a video since its features were made; "" where it is as it was.

    Args:
        path: of the video.
        entry: what `features.json` says of it: its size in `bytes` and time `modified_ns`.
    """
    try:
        found = path.stat()
    except OSError:
        return "The video is not where its features were made from."
    if (found.st_size, found.st_mtime_ns) != (entry.get("bytes"), entry.get("modified_ns")):
        return "The video has changed since its features were made; times may not fit any more."
    return ""
