"""What a file is: by its first bytes where they tell, else by FFmpeg's judgment; never by its name.

What is no video has a reason of a few words, such as "text" or "sound only".
"""

import contextlib
import itertools
import re
from pathlib import Path
from typing import NamedTuple

from jaxseg.features import need
from jaxseg.features.video.decoding import one_line_errors, opened
from jaxseg.features.video.pictures import codec_of
from jaxseg.formats.files import CONTROL, wide_encoding

HEAD = 4096  # bytes that are looked at first
# Files of these names are meant to be videos: one that is none is broken, and no file left out.
VIDEO_SUFFIXES = (
    *(".mp4", ".m4v", ".mov", ".qt", ".mkv", ".webm", ".avi", ".divx", ".wmv", ".flv", ".f4v"),
    *(".3gp", ".3g2", ".mpg", ".mpeg", ".mpe", ".mpv", ".m1v", ".m2v", ".m2ts", ".vob", ".ogv"),
    *(".mxf", ".dv", ".y4m", ".rmvb", ".ivf", ".264", ".h264", ".265", ".h265", ".hevc", ".mjpeg"),
    *(".mjpg", ".insv", ".wtv", ".nut"),
)
# Names of videos as well as of programs, music and motion capture.
SHARED_SUFFIXES = (".ts", ".mts", ".m2t", ".tod", ".mod", ".asf")
SUFFIXES = frozenset((*VIDEO_SUFFIXES, *SHARED_SUFFIXES))
SOUND, SINGLE = "sound only", "a single picture"
EMPTY, NO_VIDEO = "empty", "no video that FFmpeg can read"
PHOTOS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"avif", b"crx ")  # brands of MP4's format
JPEG_SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".thm")
OTHERS = {
    b"8BPS": "a picture (Photoshop)",
    b"\0\0\0\x0cjP  ": "a picture (JPEG 2000)",
    b"PK\x03\x04": "a zip file",
    b"PK\x05\x06": "a zip file",
    b"7z\xbc\xaf\x27\x1c": "an archive (7z)",
    b"Rar!\x1a\x07": "an archive (rar)",
    b"\x1f\x8b": "an archive (gzip)",
    b"BZh": "an archive (bzip2)",
    b"\xfd7zXZ\0": "an archive (xz)",
    b"\x28\xb5\x2f\xfd": "an archive (zstd)",
    b"\x93NUMPY": "an array of NumPy",
    b"\x89HDF\r\n\x1a\n": "an HDF5 file",
    b"MATLAB 5.0 MAT-file": "a file of MATLAB",
    b"%PDF-": "a PDF document",
    b"SQLite format 3\0": "a database",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an Office document",
    b"PAR1": "a Parquet table",
    b"\x7fELF": "a program",
    b"HDMV0": "a list of a camcorder's clips",
    b"MPLS0": "a list of a camcorder's clips",
    b"INDX0": "a list of a camcorder's clips",
    b"MOBJ0": "a list of a camcorder's clips",
    b"DVDVIDEO-V": "a list of a DVD's parts",
    b"ID3": SOUND,
    b"fLaC": SOUND,
    b"#!AMR": SOUND,
    b"caff": SOUND,
    b"MThd": SOUND,
    b"\xff\xfb": SOUND,
    b"\xff\xf3": SOUND,
    b"\xff\xf1": SOUND,
    b"\xff\xf9": SOUND,
}
RIFF = {b"WAVE": SOUND, b"AIFF": SOUND, b"AIFC": SOUND}
# First bytes that hold videos, and rarely anything else.
VIDEOS = re.compile(
    rb"""....(ftyp|moov|mdat|wide)|\x1aE\xdf\xa3|RIFF....(AVI\x20|AMV\x20)|\x30\x26\xb2\x75\x8e\x66
    |FLV\x01|OggS|\x00\x00\x01[\xba\xb3]|\x06\x0e\x2b\x34|YUV4MPEG2\x20|\.RMF|DKIF|nut/multi|DHAV
    |\x47.{187}\x47.{187}\x47|.{4}\x47.{191}\x47.{191}\x47""",
    re.DOTALL | re.VERBOSE,
)
JPEG = b"\xff\xd8\xff"
MOVING = (JPEG, b"GIF8", b"\x89PNG")  # pictures, one or several
MOST_PACKETS = 300  # that are tried before a file counts as one without a picture
FORMAT_BYTES = 16384  # of a file that are read to find out its format, where nothing tells it


class Verdict(NamedTuple):
    """What a file is."""

    reason: str  # why it is no video that can be used; empty of one that is, or may be
    is_broken: bool = False  # whether it is meant to be a video all the same


def is_meant_as_video(path: Path) -> bool:
    """Whether a file has a name that nothing but videos have."""
    return path.suffix.lower() in VIDEO_SUFFIXES


def look(path: Path) -> Verdict:
    """Reads a file's first bytes, and lets FFmpeg judge it where they and the name do not tell."""
    suffix = path.suffix.lower()
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        return Verdict(error.strerror or str(error), is_meant_as_video(path))
    is_video = bool(VIDEOS.match(head))
    reason = "" if is_video and not _is_photo(head) else _known(head, suffix)
    if reason and is_meant_as_video(path):
        return Verdict(reason if reason == EMPTY else f"{reason} with the name of a video", True)
    if reason:
        return Verdict(reason)
    if suffix in SUFFIXES and not head.startswith(JPEG):
        return Verdict("")
    reason = _judge(path, is_video)
    if reason == SINGLE and head.startswith(JPEG):
        return Verdict("a picture (JPEG)", is_meant_as_video(path))
    if reason == SINGLE and not is_video and not head.startswith(MOVING):
        reason = NO_VIDEO
    return Verdict(reason, is_video and reason not in ("", SOUND, SINGLE))


def _is_photo(head: bytes) -> bool:
    return head[4:8] == b"ftyp" and head[8:12] in PHOTOS


def _known(head: bytes, suffix: str) -> str:
    """What a file is that is no video; empty where its first bytes do not tell."""
    if not head:
        return EMPTY
    if _is_photo(head):
        return "a picture (HEIF)"
    codec = codec_of(head)
    if codec == "png" and b"acTL" in head:
        return ""  # may move
    if codec == "mjpeg" and suffix not in JPEG_SUFFIXES:
        return ""  # a camera may write nothing but pictures, one behind the other
    if codec == "webp" and head[12:16] == b"VP8X" and head[20] & 2:
        return "an animated WebP, which FFmpeg does not read"
    if codec is not None:
        return f"a picture ({'JPEG' if codec == 'mjpeg' else codec.upper()})"
    if head[:4] in (b"RIFF", b"RF64", b"FORM") and head[8:12] in RIFF:
        return RIFF[head[8:12]]
    for start, what in OTHERS.items():
        if head.startswith(start):
            return what
    if head[257:262] == b"ustar":
        return "an archive (tar)"
    return "text" if _is_text(head) else ""


def _is_text(head: bytes) -> bool:
    return bool(wide_encoding(head)) or not CONTROL.search(head)


def _judge(path: Path, is_video: bool) -> str:
    """Why FFmpeg takes no pictures out of a file; empty where it does.

    Files that do not begin `is_video` are many, and most of them are none: little of each is read,
    and FFmpeg has to find two pictures in it.
    """
    av = need("av")
    av.logging.set_level(None)
    limit = None if is_video else FORMAT_BYTES
    found = 0
    try:
        with one_line_errors(path), opened(path, format_bytes=limit) as (container, stream):
            for packet in itertools.islice(container.demux(stream), MOST_PACKETS):
                with contextlib.suppress(av.error.FFmpegError):
                    found += len(stream.decode(packet))
                if found >= (1 if is_video else 2):
                    return ""
        reason = SINGLE if found else "no picture of it can be decoded"
    except ValueError as error:
        reason = str(error).removeprefix(f"{path.name}: ")
    if reason.endswith("it has sound only"):
        return SOUND
    return reason if is_video or reason == SINGLE else NO_VIDEO
