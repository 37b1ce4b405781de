"""Reads a video by timestamp: upright frames at a steady rate, whatever the file's own rate is.

Frame k of a video stands for the time first_timestamp + k / fps of the video's own timestamps, and
shows what a player shows then. Interlaced pictures stay as they are, and pixels that are not
square are taken for square.
"""

import contextlib
import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from jaxseg.features import need
from jaxseg.features.video.clock import Notes
from jaxseg.features.video.decoding import (
    RESET,
    durations,
    one_line_errors,
    opened,
    seconds_by_size,
    timed_pictures,
    upright_of,
)

# Seconds; timestamps are rounded to the ticks of a file, which are milliseconds in Matroska.
TOLERANCE = 0.0005


class VideoFile:
    """A video whose first picture has been read; the file is open only while it is used.

    A folder of numbered pictures is a video of `picture_fps` pictures a second.

    Args:
        path: the file, or a folder of numbered pictures.
        picture_fps: pictures a second of a folder.
        steady: whether its times were right when it was read as a whole; if not, parts of it are
            read from the beginning, as it cannot be known where in the file they are.

    Attributes:
        path: the file, or a folder of numbered pictures.
        width, height: of the pictures as shown, in pixels.
        rotation: degrees clockwise that a player turns the stored pictures by: 0, 90, 180, 270.
        first_timestamp: of the first picture that can be decoded, in seconds.
        duration: in seconds, from the file's header, or roughly from its size where the header of
            a format whose parts can be found has none or is far off; else None.
        is_rough: whether the duration is by size.
        source_fps: pictures a second on average; 0 where the file does not say.
        notes: errors that the last use of `resampled` met with.

    Raises:
        ValueError: no video, or none that can be read; one line with the file's name.
    """

    def __init__(self, path: Path, *, picture_fps: float | None = None, steady: bool = True):
        self.path, self._picture_fps, self._steady = Path(path), picture_fps, steady
        self.notes = Notes()
        with self._opened() as (container, stream):
            pictures = timed_pictures(container, stream, self.notes)
            first = next(pictures, None)
            if first is None:
                raise ValueError(f"{self.path.name}: no picture of it can be decoded")
            self.first_timestamp, picture = first
            self._upright = upright_of(picture)
            self._stored = picture.width, picture.height
            self.duration, self._announced = durations(container, stream, self.first_timestamp)
            self.source_fps = float(stream.average_rate or 0)
            pictures.close()
            # Browsers and broadcasts record Matroska without a length.
            is_live = self.duration is None and "matroska" in container.format.name
            resets = container.format.flags & RESET
        self.is_rough = False
        if resets or is_live:
            self._check_duration()
        turned = self._upright.transposed
        self.width, self.height = self._stored[::-1] if turned else self._stored
        self.rotation = self._upright.rotation

    def _check_duration(self) -> None:
        """Takes another duration where that in timestamps is far from that in bytes."""
        with self._opened() as (container, stream), one_line_errors(self.path):
            seconds = seconds_by_size(container, stream)
        if seconds and not 1 / 8 < (self.duration or 0) / seconds < 8:
            self.duration, self._announced, self.is_rough = round(seconds, 3), 0.0, True

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
            ValueError: the file cannot be read any more.
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

    def at(
        self, times: Iterable[float], *, height: int | None = None
    ) -> Iterator[tuple[float, np.ndarray]]:
        """(time, picture shown then), in order of time; none after the video's end.

        Memory: one picture at a time. Time: a seek each, or all the video where it is not steady.
        """
        wanted = sorted(set(times))
        if self._steady:
            for time in wanted:
                # Only the first of so many pictures a second is taken.
                yield from self.resampled(1000.0, start=time, seconds=0.001, height=height)
            return
        convert, shown, k = self._converter(height), None, 0
        with contextlib.closing(self._timed(None)) as pictures:
            for time, picture in itertools.chain(pictures, [(math.inf, None)]):
                until = min(time, self.notes.end) if picture is None else time
                while shown is not None and k < len(wanted) and wanted[k] + TOLERANCE < until:
                    yield wanted[k], convert(shown)
                    k += 1
                if k == len(wanted):
                    return
                shown = picture

    def _timed(self, start: float | None) -> Iterator[tuple[float, object]]:
        """`timed_pictures` of the file, from one at or before `start` on."""
        if start is not None and start > self.first_timestamp and self._steady:
            self.notes = Notes()
            with self._opened() as (container, stream):
                pictures = iter(())
                with contextlib.suppress(need("av").error.FFmpegError, OSError):
                    container.seek(math.floor(start / stream.time_base), stream=stream)
                    pictures = timed_pictures(
                        container, stream, self.notes, first=self.first_timestamp
                    )
                first = next(pictures, None)
                if first is not None and first[0] <= start + TOLERANCE:
                    yield first
                    yield from pictures
                    return
        # From the beginning, also where an index is wrong or missing.
        self.notes = Notes()
        with self._opened() as (container, stream):
            yield from timed_pictures(container, stream, self.notes)

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
        # Where times are wrong, so may be the length that the file was given after them.
        is_short = not self.notes.mended and missing > max(1.0, 0.05 * self._announced)
        return self.notes.broken > 0 or is_short
