"""Pictures of a video file in their order, each with its time, whatever is wrong with the file."""

import collections
import contextlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.features import need
from jaxseg.features.video.clock import AHEAD, GAP, REORDERED, Clock, Notes
from jaxseg.features.video.pictures import Series, codec_of
from jaxseg.features.video.unread import about_rest, about_streams

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
# Seconds; a picture that stays longer has a broken timestamp. Formats without a header of their
# own, which may be joined by their bytes, have their clock set within ten seconds, as in FFmpeg.
LONGEST_PICTURE, LONGEST_JUMP = 3600.0, 10.0
RESET = 0x200  # flag of FFmpeg's formats whose clock may be set in the middle
# Seconds from a picture to the next one where the file does not say.
USUAL_SPACING = 1 / 25
# Of `2 * REORDERED` pictures: so many that go back are no accident.
MOST_BACKWARDS = 8
# Bytes of packets that are read ahead.
MOST_BYTES = 32 << 20


@contextlib.contextmanager
def opened(
    path: Path, picture_fps: float | None = None, *, format_bytes: int | None = None
) -> Iterator[tuple]:
    """(container, video stream) of a file, or of a folder of pictures, decoding with one thread.

    The stream is the one marked as default, or the first; a cover picture does not count, nor a
    single picture beside a stream of several. `picture_fps`: the rate of a folder of pictures.
    `format_bytes`: how much of a file may be read to find its format; None: 1 MB.
    """
    av = need("av")
    if path.is_dir():
        with one_line_errors(path):
            series = Series(path, picture_fps)
        yield series, series
        return
    options = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
    if format_bytes:
        options["formatprobesize"] = str(format_bytes)
    # An absolute path cannot be taken for an address, whatever is in it.
    address = str(path.absolute())
    with (
        one_line_errors(path),
        av.open(
            address, format=_forced(path), options=options, metadata_errors="replace"
        ) as container,
    ):
        yield container, _choose_stream(container, path)


@contextlib.contextmanager
def one_line_errors(path: Path) -> Iterator[None]:
    """Turns any error of FFmpeg into a ValueError of one line with the file's name."""
    try:
        yield
    except (need("av").error.FFmpegError, OSError, UnicodeError) as error:
        raise ValueError(f"{path.name}: {_reason(error)}") from None


def _forced(path: Path) -> str | None:
    """FFmpeg's format of a file that it would take for something else; None where it may look."""
    with path.open("rb") as file:
        # JPEGs one behind the other; FFmpeg may see the first one alone.
        return "mjpeg" if codec_of(file.read(3)) == "mjpeg" else None


def _choose_stream(container, path: Path):
    streams = _moving_streams(container)
    if not streams:
        others = "; it has sound only" if container.streams.audio else ""
        raise ValueError(f"{path.name}: no video stream{others}")
    default = need("av").stream.Disposition.default
    stream = next((each for each in streams if each.disposition & default), streams[0])
    if stream.codec_context is None:
        raise ValueError(f"{path.name}: its codec is not known to FFmpeg")
    stream.codec_context.thread_count = 1
    return stream


def _moving_streams(container) -> list:
    """Video streams but for a cover, and single pictures beside a stream of several."""
    cover = need("av").stream.Disposition.attached_pic
    streams = [each for each in container.streams.video if not each.disposition & cover]
    return [each for each in streams if each.frames != 1] or streams


def _about_file(container, stream) -> str:
    """Sentences on what is odd about a file, or a folder of pictures, as a whole."""
    if isinstance(container, Series):
        return container.note
    is_mp4 = "mp4" in container.format.name.split(",")
    sentences = [about_streams(_moving_streams(container), stream)]
    sentences.append(about_rest(Path(container.name)) if is_mp4 else "")
    return " ".join(filter(None, sentences))


def _reason(error: Exception) -> str:
    reason = getattr(error, "strerror", None) or str(error)
    if reason.startswith(("Invalid data found", "End of file")):
        return "no video that FFmpeg can read, or cut off before its index"
    is_plain = isinstance(error, FileNotFoundError | IsADirectoryError | PermissionError)
    return reason if is_plain else f"FFmpeg cannot read it: {reason}"


def timed_pictures(
    container, stream, notes: Notes, *, first: float | None = None
) -> Iterator[tuple[float, object]]:
    """(seconds of the video's own timestamps, picture): all pictures, times rising.

    Times that cannot be are mended, see `Clock`. A picture without a timestamp follows its
    predecessor at the usual spacing; of several at one time the last is shown. With the `first`
    timestamp, for reading from the middle, nothing comes out where the picture there has none.
    """
    usual, reader = _usual_spacing(stream), Reader(container, stream, notes)
    resets = container.format.flags & RESET
    notes.files = _about_file(container, stream) if first is None else ""
    longest = LONGEST_JUMP if resets else LONGEST_PICTURE

    def lasts(first: float) -> float | None:
        return None if resets else durations(container, stream, first)[0]

    clock = Clock(usual, longest, lasts, notes, first)
    by_decoding = reader.by_decoding
    for picture, mark in reader.pictures():
        if reader.by_decoding != by_decoding:
            by_decoding = True
            clock.take_decoding()
        if mark is None and first is not None and not notes.pictures:
            return
        # Numbers of pictures are right; those that cannot be decoded leave their places free.
        time = mark if isinstance(container, Series) else clock(mark, reader.coming)
        notes.pictures += 1
        notes.end = time + _shown_for(picture, usual)
        if notes.end - time > GAP and clock.is_beyond(notes.end):
            notes.end = time + usual
        yield time, picture


def durations(container, stream, first: float) -> tuple[float | None, float]:
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
        # Of an AVI file FFmpeg's length is that of what is there, not of what should be.
        is_avi = "avi" in container.format.name.split(",")
        counted = float(stream.frames * stream.time_base) if is_avi else 0.0
        return seconds, max(seconds, counted)
    whole = max(0.0, (container.duration or 0) / 1e6 - late)
    # The sound beside the pictures may last longer.
    return whole or None, whole if len(container.streams) == 1 else 0.0


def seconds_by_size(container, stream) -> float | None:
    """Roughly how long a file lasts, from the bytes of its first pictures; None where unknown.

    Of formats whose clock may be set (`RESET`) FFmpeg only knows the first and last timestamp.
    """
    some = itertools.islice(container.demux(stream), AHEAD)
    places = [packet.pos for packet in some if packet.pos is not None and packet.pos >= 0]
    if len(places) < 2 or places[-1] <= places[0]:
        return None
    seconds = (len(places) - 1) * _usual_spacing(stream)
    return seconds * container.size / (places[-1] - places[0])


def _matroska_duration(words: str) -> float:
    """Seconds of 00:00:02.040000000; 0 for anything else."""
    try:
        hours, minutes, seconds = map(float, words.split(":"))
    except ValueError:
        return 0.0
    return 3600 * hours + 60 * minutes + seconds


def _usual_spacing(stream) -> float:
    """Seconds from picture to picture, on average."""
    rate = stream.average_rate or stream.guessed_rate
    return float(1 / rate) if rate and 0.01 <= rate <= 1000 else USUAL_SPACING


def _shown_for(picture, usual: float) -> float:
    if not picture.duration or picture.time_base is None:
        return usual
    seconds = float(picture.duration * picture.time_base)
    return seconds if 0.001 <= seconds <= LONGEST_PICTURE else usual


class Reader:
    """Decodes a stream, and knows the timestamps of what comes next.

    A picture's timestamp is the time that it is shown, or, where that goes back all the time, the
    time that it is decoded, which is all that formats like AVI know.
    """

    def __init__(self, container, stream, notes: Notes):
        self._stream, self._notes = stream, notes
        self._packets = container.demux(stream)
        self._ahead: collections.deque = collections.deque()
        self._bytes, self._ended = 0, False
        # Timestamps of packets that no picture has come of yet, and how many of them are of
        # packets before that of the last picture.
        self._sent: collections.deque = collections.deque(maxlen=64)
        self._before = 0
        self.by_decoding = "avi" in container.format.name.split(",")
        self._last: list[int | None] = [None, None]
        # Of the last pictures, whether only their times of showing went back.
        self._backwards: collections.deque[bool] = collections.deque(maxlen=2 * REORDERED)

    def pictures(self) -> Iterator[tuple[object, float | None]]:
        """(picture, its timestamp in seconds, None where it has none), as far as can be decoded."""
        while True:
            self._fill(1)
            # The last packet of all is empty, and takes out what the decoder still holds.
            packet = self._ahead.popleft() if self._ahead else None
            if packet is not None:
                self._bytes -= packet.size
                self._sent.append(self._ticks(packet))
            try:
                decoded = self._stream.decode(packet)
            except self._errors():
                self._notes.broken += 1
                decoded = ()
            for picture in decoded:
                yield picture, self._timestamp(picture)
            if packet is None or packet.size == 0:
                return

    def coming(self, most: int) -> list[float]:
        """Timestamps of at most so many pictures that are shown later, in order of decoding."""
        self._fill(most)
        if self.by_decoding:
            ticks = [self._ticks(packet) for packet in self._ahead]
        else:
            # A packet before the last picture's may be one that makes no picture.
            sent = list(self._sent)
            ticks = sent[self._before :] + [self._ticks(packet) for packet in self._ahead]
            ticks = ticks if any(each is not None for each in ticks) else sent
        base = self._stream.time_base
        return [float(each * base) for each in ticks if each is not None][:most]

    def _fill(self, count: int) -> None:
        """Reads ahead, so many packets and up to `MOST_BYTES`."""
        while not self._ended and len(self._ahead) < count:
            if self._ahead and self._bytes > MOST_BYTES:
                return
            try:
                packet = next(self._packets, None)
            except self._errors():
                self._notes.broken += 1
                packet = None
            if packet is not None:
                self._ahead.append(packet)
                self._bytes += packet.size
            self._ended = packet is None or packet.size == 0

    def _timestamp(self, picture) -> float | None:
        """Seconds; None where the picture has no timestamp."""
        shown, decoded = picture.pts, picture.dts
        self._before = 0
        if shown is None:
            self._sent.clear()
        elif shown in self._sent:
            self._before = self._sent.index(shown)
            del self._sent[self._before]
        back = [False, False]
        for which, ticks in enumerate((shown, decoded)):
            if ticks is not None:
                last, self._last[which] = self._last[which], ticks
                back[which] = last is not None and ticks <= last
        self._backwards.append(back == [True, False])
        self.by_decoding |= decoded is not None and sum(self._backwards) >= MOST_BACKWARDS
        ticks = self._ticks(picture)
        return None if ticks is None or not picture.time_base else float(ticks * picture.time_base)

    def _ticks(self, of) -> int | None:
        """The timestamp of a packet or picture that counts."""
        if self.by_decoding or (of.pts is None and self._last[0] is None):
            return of.dts
        return of.pts

    @staticmethod
    def _errors() -> tuple:
        return need("av").error.FFmpegError, OSError


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


def upright_of(picture) -> Upright:
    """How a frame of PyAV is to be turned."""
    try:
        matrix = picture.side_data.get(need("av").sidedata.sidedata.Type.DISPLAYMATRIX)
    except ValueError:  # beside EXIF, of which PyAV knows no name, it does not list the others
        quarters = round(-picture.rotation / 90) % 4
        return Upright(quarters % 2 == 1, left_right=quarters in (1, 2), up_down=quarters >= 2)
    return read_upright(None if matrix is None else bytes(matrix))


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
