"""The benchmark of motion features: its video, its numbers, its table."""

import json

import pytest

pytest.importorskip("av")
pytest.importorskip("cv2")
pytest.importorskip("sklearn")

from benchmarks import features
from jaxseg.features.video.frames import VideoFile


@pytest.mark.slow
def test_the_made_video_goes_on_and_on(tmp_path):
    path = tmp_path / "signs.mp4"
    features.make_video(path, 31)
    video = VideoFile(path)
    assert (video.width, video.height, round(video.source_fps)) == (640, 480, 30)
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
    assert all(name in printed for name in results["stages_milliseconds"])
    assert results["stages_milliseconds"]["flow"] > 0
    assert results["video"] == {"width": 640, "height": 480, "seconds": 4.0, "fps": 15.0}
    assert results["times_real"] == pytest.approx(4 / results["wall_seconds"])
    assert len(results["resident_mib"]) == 4 and min(results["resident_mib"]) > 10


def test_no_video_is_one_line(tmp_path, capsys):
    (tmp_path / "no.mp4").write_bytes(b"no video")
    assert features.main([f"--video={tmp_path / 'no.mp4'}"]) == 2
    assert "error: no.mp4: " in capsys.readouterr().err
