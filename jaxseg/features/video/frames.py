"""Reads a video by timestamp: upright frames at a steady rate, whatever the file's own rate is.

Frame k of a video stands for the time first_timestamp + k / fps of the video's own timestamps, and
shows what a player shows then. Interlaced pictures stay as they are, and pixels that are not
square are taken for square.
"""

import contextlib
import itertools
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from jaxseg.features import need
from jaxseg.features.video.decoding import (
    Notes,
    one_line_errors,
    opened,
    read_upright,
    timed_pictures,
)

# Seconds; timestamps are rounded to the ticks of a file, which are milliseconds in Matroska.
TOLERANCE = 0.0005


class VideoFile:
    """A video whose first picture has been read; the file is open only while it is used.

    A folder of numbered pictures is a video of `picture_fps` pictures a second.

    Attributes:
        path: the file, or a folder of numbered pictures.
        width, height: of the pictures as shown, in pixels.
        rotation: degrees clockwise that a player turns the stored pictures by: 0, 90, 180, 270.
        first_timestamp: of the first picture that can be decoded, in seconds.
        duration: in seconds, from the file's header; None where it has none.
        source_fps: pictures a second on average; 0 where the file does not say.
        notes: errors that the last use of `resampled` met with.

    Raises:
        ValueError: no video, or none that can be read; one line with the file's name.
    """

    def __init__(self, path: Path, *, picture_fps: float | None = None):
        self.path, self._picture_fps = Path(path), picture_fps
        self.notes = Notes()
        with self._opened() as (container, stream):
            pictures = timed_pictures(self.path, container, stream, self.notes)
            first = next(pictures, None)
            if first is None:
                raise ValueError(f"{self.path.name}: no picture of it can be decoded")
            self.first_timestamp, picture = first
            matrix = picture.side_data.get(need("av").sidedata.sidedata.Type.DISPLAYMATRIX)
            self._upright = read_upright(None if matrix is None else bytes(matrix))
            self._stored = picture.width, picture.height
            self.duration, self._announced = _durations(container, stream, self.first_timestamp)
            self.source_fps = float(stream.average_rate or 0)
            pictures.close()
        turned = self._upright.transposed
        self.width, self.height = self._stored[::-1] if turned else self._stored
        self.rotation = self._upright.rotation

    def resampled(
        self,
        fps: float,
        *,
        start: float | None = None,
        seconds: float | None = None,
        height: int | None = None,
    ) -> Iterator[tuple[float, np.ndarray]]:
        """(time, frame) in steps of 1 / fps: the picture shown then, uint8 [H, W, 3], RGB.

        Args:
            fps: frames a second.
            start: time of the first, in seconds of the video's own timestamps (as the times that
                come out); None for `first_timestamp`. After the video's end no frames come out.
            seconds: length of the part; None to the end, which is the end of the last picture's
                time.
            height: scales pictures that are higher down to it (averaging), keeping the aspect.

        Raises:
            ValueError: the file cannot be read any more, or its timestamps make no sense.
        """
        begin = self.first_timestamp if start is None else start
        most = math.inf if seconds is None else max(1, math.ceil((seconds - TOLERANCE) * fps))
        convert = self._converter(height)
        shown, k = None, 0
        with contextlib.closing(self._timed(start)) as pictures:
            for time, picture in itertools.chain(pictures, [(math.inf, None)]):
                until = min(time, self.notes.end) if picture is None else time
                frame = None
                while shown is not None and k < most and begin + k / fps + TOLERANCE < until:
                    frame = convert(shown) if frame is None else frame
                    yield begin + k / fps, frame
                    k += 1
                if k >= most:
                    return
                shown = picture

    def _timed(self, start: float | None) -> Iterator[tuple[float, object]]:
        """`timed_pictures` of the file, from one at or before `start` on."""
        if start is not None and start > self.first_timestamp:
            self.notes = Notes()
            with self._opened() as (container, stream):
                pictures = iter(())
                with contextlib.suppress(need("av").error.FFmpegError, OSError):
                    container.seek(math.floor(start / stream.time_base), stream=stream)
                    pictures = timed_pictures(
                        self.path, container, stream, self.notes, need_times=True
                    )
                first = next(pictures, None)
                if first is not None and first[0] <= start + TOLERANCE:
                    yield first
                    yield from pictures
                    return
        # From the beginning, also where an index is wrong or missing.
        self.notes = Notes()
        with self._opened() as (container, stream):
            yield from timed_pictures(self.path, container, stream, self.notes)

    def _opened(self) -> contextlib.AbstractContextManager[tuple]:
        return opened(self.path, self._picture_fps)

    def _converter(self, height: int | None) -> Callable[[object], np.ndarray]:
        """Function that makes an upright array of a picture, scaled down to a height."""
        size, quality = self._stored, None
        if height is not None and height < self.height:
            shown = max(1, round(self.width * height / self.height)), height
            size, quality = shown[::-1] if self._upright.transposed else shown, "AREA"
        reformatter = need("av").video.reformatter.VideoReformatter()

        def convert(picture) -> np.ndarray:
            with one_line_errors(self.path):
                rgb = reformatter.reformat(
                    picture, *size, "rgb24", interpolation=quality, threads=1
                )
            return self._upright.turn(rgb.to_ndarray())

        return convert

    @property
    def cut_off(self) -> bool:
        """Whether, after a whole pass, over 1 s and 5 % are missing, or parts are broken."""
        missing = self.first_timestamp + self._announced - self.notes.end
        return self.notes.broken > 0 or missing > max(1.0, 0.05 * self._announced)


def _durations(container, stream, first: float) -> tuple[float | None, float]:
    """(seconds from the file's header, seconds that its pictures alone should last).

    The first is None and the second 0 where the file does not say.
    """
    # Matroska's header has the time of the end, the others' the time from start to end.
    late = max(0.0, first) if "matroska" in container.format.name else 0.0
    if stream.duration is not None:
        seconds = float(stream.duration * stream.time_base)
    else:
        seconds = _matroska_duration(stream.metadata.get("DURATION", "")) - late
    if seconds > 0:
        return seconds, seconds
    whole = max(0.0, (container.duration or 0) / 1e6 - late)
    # The sound beside the pictures may last longer.
    return whole or None, whole if len(container.streams) == 1 else 0.0


def _matroska_duration(words: str) -> float:
    """Seconds of 00:00:02.040000000; 0 for anything else."""
    try:
        hours, minutes, seconds = map(float, words.split(":"))
    except ValueError:
        return 0.0
    return 3600 * hours + 60 * minutes + seconds
