"""What of a video file is not read has a note."""

import pytest
from tiny_videos import gray, write_video

pytest.importorskip("av")

import av

from jaxseg.features.video.frames import VideoFile


def notes_on(path):
    video = VideoFile(path)
    assert list(video.resampled(5))
    return video.notes.sentences()


@pytest.mark.parametrize("movflags", ["faststart", "frag_keyframe+empty_moov", ""])
def test_files_joined_by_their_bytes(tmp_path, movflags):
    options = {"movflags": movflags} if movflags else {}
    parts = [
        write_video(tmp_path / f"{name}.mp4", [gray(value)] * 20, options=options)
        for name, value in (("a", 60), ("b", 200))
    ]
    assert not any(map(notes_on, parts))
    joined = tmp_path / "joined.mp4"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    assert f"cut the file at byte {parts[0].stat().st_size}." in " ".join(notes_on(joined))
    joined.write_bytes(parts[0].read_bytes() + bytes(100_000))
    assert not [each for each in notes_on(joined) if "cut the file" in each]


def test_two_streams(tmp_path):
    path = tmp_path / "both.mkv"
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("mpeg4", rate=25) for _ in range(2)]
        for stream, width in zip(streams, (32, 64), strict=True):
            stream.width, stream.height, stream.pix_fmt = width, 48, "yuv420p"
        for _ in range(10):
            for stream in streams:
                picture = av.VideoFrame.from_ndarray(gray(90, stream.width, 48), "rgb24")
                container.mux(stream.encode(picture))
        for stream in streams:
            container.mux(stream.encode(None))
    assert notes_on(path) == [
        "It has 2 video streams, of 32 x 48 and 64 x 48 pixels; number 1 is taken."
    ]
