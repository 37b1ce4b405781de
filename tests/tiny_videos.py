"""Small videos for tests, made with PyAV: a picture's gray value, or any array, at any time."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

# Codecs by suffix that every build of PyAV has, and whose pictures come back nearly as they were.
CODECS = {".mp4": "mpeg4", ".mov": "mpeg4", ".avi": "mpeg4", ".mkv": "mpeg4", ".webm": "libvpx"}
TICKS = 1000  # a second, where times are given
WIDTH, HEIGHT = 64, 48


def gray(value: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """A picture [H, W, 3] of one gray."""
    return np.full((height, width, 3), value, np.uint8)


def steps(count: int, width: int = WIDTH, height: int = HEIGHT) -> list[np.ndarray]:
    """Pictures of rising gray: picture k is `gray_of(k)`, so that a frame tells its number."""
    return [gray(gray_of(k), width, height) for k in range(count)]


def gray_of(k: int) -> int:
    return 20 + 8 * (k % 28)


def moving(count: int, width: int = WIDTH, height: int = HEIGHT, seed: int = 0) -> list[np.ndarray]:
    """Pictures in which a bright square crosses a field of noise."""
    field = np.random.default_rng(seed).integers(40, 90, (height, width, 3)).astype(np.uint8)
    pictures = []
    for k in range(count):
        picture = field.copy()
        left = (3 * k) % (width - 16)
        picture[height // 3 : height // 3 + 16, left : left + 16] = 230
        pictures.append(picture)
    return pictures


def write_video(
    path: Path,
    pictures: Iterable[np.ndarray] | int = 30,
    *,
    fps: float = 30,
    times: Sequence[float] | None = None,
    codec: str | None = None,
    pix_fmt: str = "yuv420p",
    format: str | None = None,
    clockwise: int = 0,
    sound: float = 0,
    cover: np.ndarray | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """A video file.

    Args:
        path: its suffix chooses the container.
        pictures: arrays [H, W, 3] of uint8, or how many of `steps`.
        fps: pictures a second.
        times: timestamps in seconds, rising, in place of `fps`: a variable rate, or a late start.
        codec: FFmpeg's name; None: one that suits the container.
        pix_fmt: FFmpeg's name of how the codec stores pixels.
        format: FFmpeg's name of the container; None: as the suffix says.
        clockwise: degrees by which a player has to turn the pictures (.mp4, .mov).
        sound: seconds of a tone beside them; without pictures a file of sound only.
        cover: a picture of the file itself, as songs have it (.mp4).
        options: of the container, such as {"movflags": "faststart"}.
    """
    import av

    pictures = steps(pictures) if isinstance(pictures, int) else list(pictures)
    rate = Fraction(fps).limit_denominator(1001) if times is None else Fraction(TICKS)
    ticks = range(len(pictures)) if times is None else [round(rate * time) for time in times]
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format=format, options=options or {}) as container:
        tone = _add_tone(container, path.suffix.lower()) if sound else None
        art = None if cover is None else _add_cover(container, cover)
        if pictures:
            stream = container.add_stream(codec or CODECS[path.suffix.lower()], rate=rate)
            stream.height, stream.width = pictures[0].shape[:2]
            stream.pix_fmt = pix_fmt
            stream.bit_rate = 2_000_000
            stream.codec_context.time_base = 1 / rate
            stream.codec_context.gop_size = 12
            if clockwise:
                stream.set_display_rotation(-clockwise)
            for picture, tick in zip(pictures, ticks, strict=True):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts, frame.time_base, frame.duration = tick, 1 / rate, 1
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        if art is not None:
            _write_cover(container, art, cover)
        if sound:
            _write_tone(container, tone, sound)
    return path


def _add_tone(container, suffix: str):
    codec = {".webm": "libopus", ".mp4": "aac"}.get(suffix, "pcm_s16le")
    stream = container.add_stream(codec, rate=48000)
    stream.layout = "mono"
    return stream


def _write_tone(container, stream, seconds: float) -> None:
    import av

    size = stream.codec_context.frame_size or 960
    for start in range(0, int(seconds * stream.rate), size):
        tone = 0.3 * np.sin(np.arange(start, start + size) * 0.05)
        if stream.format.name.startswith("s16"):
            samples = (tone * 32767).astype(np.int16)
        else:
            samples = tone.astype(np.float32)
        frame = av.AudioFrame.from_ndarray(samples[None], stream.format.name, "mono")
        frame.sample_rate, frame.pts, frame.time_base = stream.rate, start, Fraction(1, stream.rate)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _add_cover(container, cover: np.ndarray):
    from av.stream import Disposition

    stream = container.add_stream("mjpeg", rate=1)
    stream.height, stream.width = cover.shape[:2]
    stream.pix_fmt, stream.disposition = "yuvj420p", Disposition.attached_pic
    return stream


def _write_cover(container, stream, cover: np.ndarray) -> None:
    import av

    frame = av.VideoFrame.from_ndarray(cover, format="rgb24")
    frame.pts, frame.time_base = 0, Fraction(1)
    container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def cut(path: Path, share: float) -> Path:
    """Cuts a file off behind a share of its bytes."""
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    return path
