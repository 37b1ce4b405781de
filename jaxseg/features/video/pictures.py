"""A folder of numbered pictures, read as if it were a video file that PyAV has opened."""

import contextlib
import datetime
import itertools
import re
import statistics
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

from jaxseg.features import need
from jaxseg.formats.files import entries
from jaxseg.formats.names import clip, listed

# Suffix -> how it counts where the names of a series are compared.
SUFFIXES = {each: each for each in (".png", ".jpg", ".bmp", ".tif", ".webp")}
SUFFIXES |= {".jpeg": ".jpg", ".tiff": ".tif"}
# First bytes -> FFmpeg's decoder.
CODECS = {
    rb"\x89PNG\r\n\x1a\n": "png",
    rb"\xff\xd8\xff": "mjpeg",
    rb"BM.{4}\0\0\0\0": "bmp",
    rb"II[*+]\0|MM\0[*+]": "tiff",
    rb"RIFF.{4}WEBP": "webp",
}
DIGITS = re.compile(r"(\d+)")
# 20240131_235959, 2024-01-31 at 23.59.59, 20240131T235959123: one number, that of a clock.
CLOCK = re.compile(
    r"(?<!\d)((?:19|20)\d\d)([-_.]?)([01]\d)\2([0-3]\d)(?:[-_. T]|[ _]at[ _])*"
    r"([0-2]\d)([-_.:h]?)([0-5]\d)[-_.:m]?([0-5]\d)(\d{3})?(?!\d)"
)


def is_picture(path: Path) -> bool:
    """Whether a file has the suffix of a picture."""
    return path.suffix.lower() in SUFFIXES


def codec_of(head: bytes) -> str | None:
    """FFmpeg's decoder of a picture, by its first bytes; None for anything else."""
    found = (codec for start, codec in CODECS.items() if re.match(start, head, re.DOTALL))
    return next(found, None)


def in_order(names: Iterable[str]) -> tuple[list[str], list[int]]:
    """Names of pictures by the one number that they differ in, and these numbers.

    A date with a time of day is one number. Of several the first counts, if no two names share it.

    Raises:
        ValueError: they are no single series, in a few words.
    """
    names, groups = sorted(names), {}
    for name in names:
        stem, dot, suffix = name.rpartition(".")
        parts = DIGITS.split(CLOCK.sub(_one_number, stem))
        kind = "#".join(parts[::2]) + SUFFIXES[(dot + suffix).lower()]
        groups.setdefault(kind, []).append([int(number) for number in parts[1::2]])
    if len(groups) != 1:
        raise ValueError(f"{len(groups)} kinds of names: {listed(groups)}")
    (rows,) = groups.values()
    varying = [column for column in zip(*rows, strict=True) if len(set(column)) > 1]
    numbers = varying[0] if varying else [0] * len(names)
    if len(set(numbers)) < len(names):
        several = len(varying) > 1
        how = "that differ in more than one" if several else "of which several have the same"
        raise ValueError(f"names {how} number")
    pairs = sorted(zip(numbers, names, strict=True))
    return [name for _, name in pairs], [number for number, _ in pairs]


def _one_number(clock: re.Match) -> str:
    """Milliseconds of a date with a time of day; its own digits where there is no such date."""
    year, _, month, day, hour, _, minute, second, milliseconds = clock.groups()
    with contextlib.suppress(ValueError):
        moment = datetime.datetime(*map(int, (year, month, day, hour, minute, second)))
        seconds = (moment - datetime.datetime(1900, 1, 1)) // datetime.timedelta(seconds=1)
        return f"{seconds}{milliseconds or '000'}"
    return clock[0]


def about_gaps(names: Sequence[str], numbers: Sequence[int]) -> str:
    """A sentence on the numbers that are missing in a series; empty where there are none."""
    steps = [after - before for before, after in itertools.pairwise(numbers)]
    usual = statistics.median_low(steps) if steps else 1
    # Numbers that are times do not rise quite evenly.
    wide = [place for place, step in enumerate(steps) if step > 1.5 * usual]
    if not wide or not usual:
        return ""
    count = sum(max(1, round(steps[place] / usual) - 1) for place in wide)
    return (
        f"The numbers in the names of its pictures leave room for {count} more, the first after "
        f"{clip(names[wide[0]])}; its pictures are taken one right after the other."
    )


class Series:
    """Numbered pictures in the place of PyAV's container, and of its one stream.

    Picture k, from 0 on, is shown at k / fps seconds, whatever its number is. A picture that cannot
    be decoded raises an error of FFmpeg; one of another size than the first a ValueError.
    """

    format = SimpleNamespace(name="pictures", flags=0)

    def __init__(self, folder: Path, fps: float | None):
        if fps is None:
            raise ValueError(f"{folder.name}: a folder; the rate of its pictures is not given")
        names = [path.name for path in entries(folder) if is_picture(path)]
        if not names:
            raise ValueError(f"{folder.name}: a folder without numbered pictures")
        try:
            self.names, numbers = in_order(names)
        except ValueError as error:
            raise ValueError(f"{folder.name}: its pictures have {error}") from None
        self.note = about_gaps(self.names, numbers)
        self.average_rate = self.guessed_rate = Fraction(fps).limit_denominator(100_000)
        self.time_base = 1 / self.average_rate
        self.duration = len(self.names)  # in units of time_base
        self.streams, self.metadata = (self,), {}
        self._folder, self._next, self._size = folder, 0, None

    def seek(self, ticks: int, stream: object = None) -> None:
        """Goes to the picture that is shown at a time, in units of time_base."""
        self._next = max(0, min(ticks, self.duration))

    def demux(self, stream: object = None) -> Iterator[SimpleNamespace]:
        """One packet a picture, and an empty one at the end, as PyAV gives them."""
        for place in range(self._next, self.duration):
            yield SimpleNamespace(
                pts=place, dts=place, duration=1, time_base=self.time_base, size=1
            )
        yield SimpleNamespace(pts=None, dts=None, duration=0, time_base=self.time_base, size=0)

    def decode(self, packet: SimpleNamespace | None) -> list:
        """The picture of a packet, as one frame of PyAV."""
        if packet is None or packet.size == 0:
            return []
        name = self.names[packet.pts]
        frame = _decoded((self._folder / name).read_bytes(), name)
        size = frame.width, frame.height
        self._size = self._size or size
        if size != self._size:
            raise ValueError(
                f"{self._folder.name}: picture {clip(name)} has {size[0]} x {size[1]} pixels, "
                f"others have {self._size[0]} x {self._size[1]}"
            )
        frame.pts = frame.dts = packet.pts
        frame.time_base, frame.duration = self.time_base, 1
        return [frame]


def _decoded(content: bytes, name: str):
    """A picture as PyAV's frame; OSError if it is none."""
    av, codec = need("av"), codec_of(content[:16])
    if codec is None:
        raise OSError(f"{name} is no picture")
    context = av.codec.CodecContext.create(codec, "r")
    context.thread_count = 1
    frames = context.decode(av.Packet(content)) or context.decode(None)
    if not frames:
        raise OSError(f"{name} is no picture")
    return frames[0]
