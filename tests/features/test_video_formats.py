"""Every container and codec that PyAV can write, found by content and read to the end."""

import pytest
from tiny_videos import steps, write_video

pytest.importorskip("av")

from jaxseg.features.listing import find_videos
from jaxseg.features.video.frames import VideoFile

FILES = [  # name, FFmpeg's container and codec, how pixels are stored, width and height
    ("a.MTS", "mpegts", "libx264", "yuv420p", (64, 48)),
    ("a.m2ts", "mpegts", "libx264", "yuv420p", (64, 48)),
    ("a.ts", "mpegts", "mpeg2video", "yuv420p", (64, 48)),
    ("a.m4v", "ipod", "libx264", "yuv420p", (64, 48)),
    ("a.mpg", "mpeg", "mpeg1video", "yuv420p", (64, 48)),
    ("a.MPEG", "mpeg", "mpeg2video", "yuv420p", (64, 48)),
    ("a.vob", "vob", "mpeg2video", "yuv420p", (64, 48)),
    ("a.m2v", "mpeg2video", "mpeg2video", "yuv420p", (64, 48)),
    ("a.wmv", "asf", "wmv2", "yuv420p", (64, 48)),
    ("a.asf", "asf", "msmpeg4", "yuv420p", (64, 48)),
    ("a.flv", "flv", "flv", "yuv420p", (64, 48)),
    ("b.flv", "flv", "libx264", "yuv420p", (64, 48)),
    ("a.3gp", "3gp", "h263", "yuv420p", (176, 144)),
    ("b.3gp", "3gp", "mpeg4", "yuv420p", (64, 48)),
    ("a.gif", "gif", "gif", "rgb8", (64, 48)),
    ("a.apng", "apng", "apng", "rgb24", (64, 48)),
    ("a.ogv", "ogg", "libvpx", "yuv420p", (64, 48)),
    ("a.mxf", "mxf", "mpeg2video", "yuv420p", (64, 48)),
    ("a.dv", "dv", "dvvideo", "yuv420p", (720, 576)),
    ("a.y4m", "yuv4mpegpipe", "wrapped_avframe", "yuv420p", (64, 48)),
    ("a.avi", "avi", "mjpeg", "yuvj420p", (64, 48)),
    ("b.avi", "avi", "mpeg4", "yuv420p", (64, 48)),
    ("c.avi", "avi", "rawvideo", "yuv420p", (64, 48)),
    ("a.webm", "webm", "libvpx", "yuv420p", (64, 48)),
    ("b.webm", "webm", "libvpx-vp9", "yuv420p", (64, 48)),
    ("c.webm", "webm", "libsvtav1", "yuv420p", (64, 64)),
    ("a.mp4", "mp4", "libx265", "yuv420p", (64, 64)),
    ("a.mov", "mov", "prores", "yuv422p10le", (64, 48)),
    ("b.mov", "mov", "qtrle", "rgb24", (64, 48)),
    ("a.mkv", "matroska", "ffv1", "yuv420p", (64, 48)),
    ("a.mjpeg", "mjpeg", "mjpeg", "yuvj420p", (64, 48)),
    ("a.h264", "h264", "libx264", "yuv420p", (64, 48)),
    ("a.h265", "hevc", "libx265", "yuv420p", (64, 64)),
    ("a.ivf", "ivf", "libvpx", "yuv420p", (64, 48)),
    ("a.nut", "nut", "mpeg4", "yuv420p", (64, 48)),
    ("a.rm", "rm", "rv10", "yuv420p", (64, 48)),
    ("a.wtv", "wtv", "mpeg2video", "yuv420p", (64, 48)),
]


def is_read(folder, count=10):
    """The one file of a folder is a video, and all its pictures come out."""
    (path,) = find_videos(folder).files.values()
    video = VideoFile(path)
    list(video.resampled(25))
    return video.notes.pictures == count and not video.cut_off


@pytest.mark.parametrize(("name", "container", "codec", "pix_fmt", "size"), FILES)
def test_every_format(tmp_path, name, container, codec, pix_fmt, size):
    options = {"fps": 25, "format": container, "codec": codec, "pix_fmt": pix_fmt}
    path = write_video(tmp_path / "a" / name, steps(10, *size), **options)
    assert is_read(tmp_path / "a")
    # A name says nothing: without suffix, and with that of a text.
    for other in ("00001", "a video.TXT"):
        path = path.rename(path.with_name(other))
        assert is_read(tmp_path / "a")
