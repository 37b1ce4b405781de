"""The windows that are drawn to learn from."""

from pathlib import Path

import numpy as np
import pytest
import tiny_videos

pytest.importorskip("av")

from jaxseg.features.fitting import windows as fitting
from jaxseg.features.fitting.windows import draw_windows

LENGTHS = {"long": (2.0, 100.0), "short": (0.0, 3.0), "unknown": (0.0, None), "middle": (0.5, 20.0)}


class Stub:
    """What is asked of an opened video."""

    def __init__(self, path, picture_fps=None):
        if path.name == "broken":
            raise ValueError("broken: cannot be read")
        self.first_timestamp, self.duration = LENGTHS[path.name]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


@pytest.fixture
def videos(monkeypatch):
    monkeypatch.setattr(fitting, "VideoFile", Stub)
    return [Path(name) for name in (*LENGTHS, "broken")]


def test_windows_are_spread_over_all_the_time_there_is(videos):
    windows = draw_windows(videos, 5.0, 16, seed=0)
    assert len(windows) == 16
    counts = {name: sum(window.video.name == name for window in windows) for name in LENGTHS}
    # 128 seconds in 16 parts of 8, each with a window whose middle is in it.
    assert counts["long"] in (12, 13, 14) and counts["middle"] in (2, 3, 4)
    for window in windows:
        first, length = LENGTHS[window.video.name]
        assert window.seconds == 5.0 and window.start >= first
        assert window.start + 5 <= first + (length or 0) or window.start == first
    long = [window.start for window in windows if window.video.name == "long"]
    assert max(np.diff(long)) <= 16


def test_the_order_of_the_listing_does_not_matter(videos):
    assert draw_windows(videos[::-1], 5.0, 16, seed=3) == draw_windows(videos, 5.0, 16, seed=3)
    assert draw_windows(videos, 5.0, 16, seed=4) != draw_windows(videos, 5.0, 16, seed=3)


def test_little_video_has_few_windows(videos):
    assert len(draw_windows(videos[1:2], 5.0, 16, seed=0)) == 1
    assert len(draw_windows(videos[3:4], 5.0, 16, seed=0)) == 4
    assert draw_windows(videos[-1:], 5.0, 16, seed=0) == []


def test_not_all_of_very_many_videos_are_opened(videos, monkeypatch):
    opened = []
    monkeypatch.setattr(fitting, "MOST_VIDEOS", 3)
    monkeypatch.setattr(
        fitting, "VideoFile", lambda path, **_: opened.append(path) or Stub(Path("short"))
    )
    many = [Path(f"{number:03}") for number in range(50)]
    windows = draw_windows(many, 5.0, 16, seed=0)
    assert len(opened) == 3 and {window.video for window in windows} <= set(opened)
    result, opened[:] = list(opened), []
    draw_windows(many[::-1], 5.0, 16, seed=0)
    assert opened == result


def test_a_window_that_shows_nothing_is_named(tmp_path):
    video = tiny_videos.write_video(tmp_path / "a.mp4", 5, fps=5)
    with pytest.raises(ValueError, match=r"a.mp4: no picture at 9.0 s"):
        list(fitting.read_window(fitting.Window(video, 9.0, 1.0), 5.0))
