"""`python -m jaxseg.features --kind=onnx` from video files to rows, against NumPy."""

import json

import numpy as np
import pytest
from onnx_files import CHANNELS, clips_of, convolution, rows_of, write
from tiny_videos import moving, write_video

from jaxseg.features.__main__ import main
from jaxseg.features.onnx.kind import fitted
from jaxseg.features.video.frames import VideoFile


@pytest.fixture
def videos(tmp_path):
    """One of 20 and one of 7 frames at 15 a second."""
    folder = tmp_path / "videos"
    write_video(folder / "a.mp4", moving(20, 32, 24), fps=15)
    write_video(folder / "b c.mkv", moving(13, 24, 32, seed=1), fps=30)
    return folder


def command(videos, model, *options):
    out = videos.parent / "out"
    argv = [f"--videos={videos}", f"--out={out}", "--kind=onnx", f"--model={model}", *options]
    return main([*argv, "--processes=1"]), out


def frames_of(path):
    video = VideoFile(path)
    return np.stack([frame for _, frame in video.resampled(15)])


def test_images(videos):
    """Halved and squashed to the model's size: means of 2 x 2 pixels, but for their rounding."""
    model = convolution(videos.parent / "m.onnx", ["N", 3, 24, 32])
    model.with_suffix(".json").write_text('{"mean": 0.5, "deviation": 0.1, "batch": 3}')
    status, out = command(videos, model, "--deviation=0.25", "--crop=none", "--channel-order=bgr")
    assert status == 0
    frames = frames_of(videos / "a.mp4")
    rows = np.load(out / "a.npy")
    expected = rows_of((frames[..., ::-1] / 255 - 0.5) / 0.25)
    assert rows.shape == (20, CHANNELS) and np.ptp(expected, axis=0).max() > 0.1
    np.testing.assert_allclose(rows, expected, atol=1e-4)
    assert np.load(out / "b c.npy").shape == (7, CHANNELS)
    record = json.loads((out / "features.json").read_text())
    assert record["kind"] == "onnx" and record["channels"] == CHANNELS
    assert record["settings"]["deviation"] == [0.25] * 3 and record["fitted"] is None
    assert len(record["settings"]["files"]["m.onnx"]) == 64 and not record["failed"]


def test_clips(videos):
    """A clip of 6 frames every 4, of pictures whose middle is cut out."""
    model = convolution(videos.parent / "m.onnx", [1, 3, 6, 20, 20], "NCTHW")
    status, out = command(videos, model, "--stride=4", "--scale=1", "--mean=127.5")
    assert status == 0
    frames = frames_of(videos / "b c.mkv")
    assert frames.shape[:3] == (7, 32, 24)
    shrunk = np.stack([fitted(frame, (20, 20), "center") for frame in frames])
    clips, nearest = clips_of(shrunk, 6, 4)
    expected = rows_of(clips - 127.5)
    np.testing.assert_allclose(np.load(out / "b c.npy"), expected[nearest], rtol=1e-4)


def test_mistakes_are_told_before_the_first_video(videos, capsys):
    model = convolution(videos.parent / "m.onnx", ["N", 3, 24, 32])
    status, out = command(videos, model, "--size=224")
    assert status == 2 and not out.exists()
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(
        "is [N, 3, 24, 32]; it would be given [N, 3, 224, 224] (NCHW)"
    ) and line.startswith(f"error: {model}: input 'pixels'")
    status, _ = command(videos, model, "--stride=often")
    assert status == 2
    assert capsys.readouterr().err == "error: --stride: 'often' is not a whole number from 1\n"


def test_a_video_that_gives_no_number(videos, capsys):
    """It fails alone; the line names it and the row."""
    nodes = [("Sqrt", ["pixels"], ["x"]), ("GlobalAveragePool", ["x"], ["rows"])]
    model = write(videos.parent / "m.onnx", nodes, ["N", 3, 24, 32])
    dark = [picture // 2 if k < 8 else picture * 0 for k, picture in enumerate(moving(12, 32, 24))]
    write_video(videos / "dark.mp4", dark, fps=15)
    status, out = command(videos, model, "--mean=0.02")
    assert status == 1 and (out / "a.npy").exists() and not (out / "dark.npy").exists()
    (reason,) = json.loads((out / "features.json").read_text())["failed"].items()
    assert reason[0] == "dark.mp4" and reason[1].endswith("no finite number around row 8")
