"""What a video file holds that nobody reads of it: other streams, and a file behind the first."""

import struct
from pathlib import Path

MOST_BOXES = 10_000  # of an MP4 file that are looked at: those of a live recording are many


def about_streams(streams: list, stream: object) -> str:
    """A sentence on several video streams, of which one is taken; empty where there is only it."""
    if len(streams) < 2:
        return ""
    sizes = " and ".join(f"{each.width} x {each.height}" for each in streams)
    number = [each.index for each in streams].index(stream.index) + 1
    return f"It has {len(streams)} video streams, of {sizes} pixels; number {number} is taken."


def about_rest(path: Path) -> str:
    """A sentence on MP4 files joined by their bytes, of which players read the first."""
    place = _second_file(path)
    if place is None:
        return ""
    return (
        "Behind its video the file holds another one, which, as in players, is not read or only in "
        f"part; to have it as well, cut the file at byte {place}."
    )


def _second_file(path: Path) -> int | None:
    """Where in an MP4 file another one begins; None where none does."""
    begin, indexes = 0, 0
    size = path.stat().st_size
    with path.open("rb") as file:
        place = 0
        for _ in range(MOST_BOXES):
            if place + 16 > size:
                return None
            file.seek(place)
            length, kind, longer = struct.unpack(">I4sQ", file.read(16))
            length = longer if length == 1 else length or size - place
            if length < 8:
                return None
            begin = place if kind == b"ftyp" and indexes else begin
            indexes += kind == b"moov"
            if indexes == 2:
                return begin or place
            place += length
    return None
