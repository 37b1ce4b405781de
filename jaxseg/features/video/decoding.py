"""Pictures of a video file in their order, each with its time, whatever is wrong with the file."""

import contextlib
import dataclasses
import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.features import need
from jaxseg.features.video.pictures import Series

# FFmpeg's formats of videos in one file each: no playlist, pattern of names, address or device.
FORMATS = (
    # computers, phones, cameras, disks, television
    "mov,matroska,avi,mpegts,mpeg,flv,live_flv,kux,asf,asf_o,ogg,mxf,dv,gif,yuv4mpegpipe,nut,rm,wtv"
    ",nsv,gxf,lxf,ty,pva,nuv,dhav,ivf,vivo,xmv,pmp,mods,moflex,mtv,mxg,hxvs,iv8,lmlm4,luodat"
    # coded pictures alone
    ",mpegvideo,m4v,h261,h263,h264,hevc,vvc,evc,av1,obu,vc1,vc1test,cavsvideo,avs2,avs3,dirac"
    ",dnxhd,mjpeg,smjpeg,mpjpeg,apng,apv,ipu"
    # fast cameras, telescopes, animations
    ",cine,r3d,ser,flic,filmstrip,film_cpk,swf,bink,smk,roq,thp,dxa,anm,cdxl"
)
# Seconds; a picture that stays longer has a broken timestamp.
LONGEST_PICTURE = 3600
# Seconds from a picture to the next one where the file does not say.
USUAL_SPACING = 1 / 25


@dataclasses.dataclass
class Notes:
    """What went wrong while a video was read."""

    pictures: int = 0  # number of pictures that came out
    broken: int = 0  # packets that could not be decoded, and 1 where reading broke off
    backwards: int = 0  # pictures that were left out, since they go back in time
    # When the last picture's time is over, in seconds of the video's own timestamps.
    end: float = -math.inf


@contextlib.contextmanager
def opened(path: Path, picture_fps: float | None = None) -> Iterator[tuple]:
    """(container, video stream) of a file, or of a folder of pictures, decoding with one thread.

    The stream is the one marked as default, or the first; a cover picture does not count.
    """
    av = need("av")
    if path.is_dir():
        with one_line_errors(path):
            series = Series(path, picture_fps)
        yield series, series
        return
    options = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
    # An absolute path cannot be taken for an address, whatever is in it.
    address = str(path.absolute())
    with (
        one_line_errors(path),
        av.open(address, options=options, metadata_errors="replace") as container,
    ):
        yield container, _choose_stream(container, path)


@contextlib.contextmanager
def one_line_errors(path: Path) -> Iterator[None]:
    """Turns any error of FFmpeg into a ValueError of one line with the file's name."""
    try:
        yield
    except (need("av").error.FFmpegError, OSError, UnicodeError) as error:
        raise ValueError(f"{path.name}: {_reason(error)}") from None


def _choose_stream(container, path: Path):
    cover = need("av").stream.Disposition.attached_pic
    streams = [each for each in container.streams.video if not each.disposition & cover]
    if not streams:
        others = "; it has sound only" if container.streams.audio else ""
        raise ValueError(f"{path.name}: no video stream{others}")
    default = need("av").stream.Disposition.default
    stream = next((each for each in streams if each.disposition & default), streams[0])
    if stream.codec_context is None:
        raise ValueError(f"{path.name}: its codec is not known to FFmpeg")
    stream.codec_context.thread_count = 1
    return stream


def _reason(error: Exception) -> str:
    reason = getattr(error, "strerror", None) or str(error)
    if reason.startswith(("Invalid data found", "End of file")):
        return "no video that FFmpeg can read, or cut off before its index"
    is_plain = isinstance(error, FileNotFoundError | IsADirectoryError | PermissionError)
    return reason if is_plain else f"FFmpeg cannot read it: {reason}"


def timed_pictures(
    path: Path, container, stream, notes: Notes, *, need_times: bool = False
) -> Iterator[tuple[float, object]]:
    """(seconds of the video's own timestamps, picture), times rising.

    A picture without a timestamp follows its predecessor at the average spacing; one that goes
    back in time is left out, and of several at one time the last is shown. With `need_times`
    nothing comes out where the first has none.

    Raises:
        ValueError: a jump of more than `LONGEST_PICTURE`; most pictures go back in time.
    """
    usual = _usual_spacing(stream)
    clock = _Clock()
    last = None
    for picture in _pictures(container, stream, notes):
        ticks = clock(picture.pts, picture.dts)
        if ticks is not None and picture.time_base:
            time = float(ticks * picture.time_base)
        elif need_times and last is None:
            return
        else:
            time = 0.0 if last is None else last + usual
        if last is not None and time < last:
            notes.backwards += 1
            continue
        if last is not None and time - last > LONGEST_PICTURE:
            raise ValueError(f"{path.name}: timestamps jump from {last:.1f} to {time:.1f} s")
        last = time
        notes.pictures += 1
        notes.end = time + _shown_for(picture, usual)
        yield time, picture
    if notes.backwards > notes.pictures:
        raise ValueError(
            f"{path.name}: timestamps go back at {notes.backwards} pictures, forward at"
            f" {notes.pictures}"
        )


def _usual_spacing(stream) -> float:
    """Seconds from picture to picture, on average."""
    rate = stream.average_rate or stream.guessed_rate
    return float(1 / rate) if rate and 0.01 <= rate <= 1000 else USUAL_SPACING


class _Clock:
    """Chooses a picture's ticks: of its two timestamps the one that has gone back less often.

    Formats like AVI know only when a picture is decoded; their times of showing jump back and
    forth.
    """

    def __init__(self):
        self._last: list[int | None] = [None, None]
        self._faults = [0, 0]

    def __call__(self, shown: int | None, decoded: int | None) -> int | None:
        for which, ticks in enumerate((shown, decoded)):
            last = self._last[which]
            if ticks is not None:
                self._faults[which] += last is not None and ticks <= last
                self._last[which] = ticks
        if shown is None or (decoded is not None and self._faults[0] > self._faults[1]):
            return decoded
        return shown


def _shown_for(picture, usual: float) -> float:
    if not picture.duration or picture.time_base is None:
        return usual
    seconds = float(picture.duration * picture.time_base)
    return seconds if 0.001 <= seconds <= LONGEST_PICTURE else usual


def _pictures(container, stream, notes: Notes) -> Iterator:
    """All pictures that can be decoded; errors are counted."""
    errors = need("av").error.FFmpegError, OSError
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except errors:
            notes.broken += 1
            packet = None
        try:
            # The last packet of all is empty, and takes out what the decoder still holds.
            yield from stream.decode(packet)
        except errors:
            notes.broken += 1
        if packet is None or packet.size == 0:
            return


class Upright(NamedTuple):
    """Makes a stored picture upright: first transposed, then mirrored, as a player shows it."""

    transposed: bool = False
    left_right: bool = False
    up_down: bool = False

    @property
    def rotation(self) -> int:
        """Degrees clockwise that a player turns the picture by, apart from mirroring."""
        if self.transposed:
            return 90 if self.left_right else 270
        return 180 if self.up_down else 0

    def turn(self, picture: np.ndarray) -> np.ndarray:
        """[H, W, 3] as stored -> as shown, contiguous."""
        if self.transposed:
            picture = picture.swapaxes(0, 1)
        if self.left_right:
            picture = picture[:, ::-1]
        if self.up_down:
            picture = picture[::-1]
        return np.ascontiguousarray(picture)


def read_upright(matrix: bytes | None) -> Upright:
    """Nearest right angle of a phone's display matrix (nine int32, FFmpeg's order); None: as is.

    A stored point (p, q), right and down, is shown at (a p + c q, b p + d q), up to a shift, where
    the matrix begins with a, b, u, c, d (ISO/IEC 14496-12, track header).
    """
    if matrix is None or len(matrix) < 36:
        return Upright()
    a, b, _, c, d = np.frombuffer(matrix[:20], np.int32).tolist()
    if abs(b) + abs(c) > abs(a) + abs(d):
        return Upright(True, left_right=c < 0, up_down=b < 0)
    return Upright(False, left_right=a < 0, up_down=d < 0)
