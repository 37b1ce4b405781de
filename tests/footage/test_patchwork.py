"""Videos cut together from clips: their segments, their pictures, and the truth about both."""

import itertools
import json

import numpy as np
import pytest

from jaxseg.features.video.frames import VideoFile
from jaxseg.footage import patchwork
from jaxseg.footage.patchwork import ACTIONS, FPS, Segment

WIDTH, HEIGHT = 96, 54  # of the tests' videos, which take a tenth of the time of larger ones


@pytest.fixture(scope="module")
def clips():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patchwork, "WIDTH", WIDTH)
        patch.setattr(patchwork, "HEIGHT", HEIGHT)
        yield patchwork.read_clips()


@pytest.fixture(scope="module")
def made(tmp_path_factory, clips):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patchwork, "read_clips", lambda: clips)
        return patchwork.make(tmp_path_factory.mktemp("made"), num_videos=1)


def test_no_action_follows_itself_and_each_has_its_length():
    plans = [patchwork.plan(0, number) for number in range(20)]
    for segments in plans:
        names = [segment.action for segment in segments]
        assert all(a != b for a, b in itertools.pairwise(names))
        assert 6 <= len(names) <= 9
        assert all(3 * FPS <= segment.frames < 9 * FPS for segment in segments)
    each = [segment for segments in plans for segment in segments]
    assert {segment.action for segment in each} == set(ACTIONS)
    assert {segment.backwards for segment in each} == {False, True}
    assert {segment.gain for segment in each} == {0.75, 1.0, 1.25}
    assert patchwork.plan(0, 3) == plans[3] != patchwork.plan(1, 3)


def test_a_clip_runs_there_and_back():
    clip = np.arange(4, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8)

    def values(**changes):
        given = {"frames": 8, "offset": 1, "backwards": False, "gain": 1.0} | changes
        segments = [Segment("bus", 0, **given)]
        return [int(frame[0, 0, 0]) for frame in patchwork.play({("bus", 0): clip}, segments)]

    assert values() == [1, 2, 3, 2, 1, 0, 1, 2]
    assert values(backwards=True) == [1, 0, 1, 2, 3, 2, 1, 0]
    assert values(gain=2.0, frames=3) == [2, 4, 6]
    assert values(offset=9, frames=2) == [3, 2]  # beyond the end: its last


def test_clips_fill_the_picture(clips):
    assert {name for name, _ in clips} == set(ACTIONS)
    for (name, _), clip in clips.items():
        assert clip.shape == (patchwork.num_frames(ACTIONS[name]), HEIGHT, WIDTH, 3), name
        assert clip.std() > 10, name


def test_every_picture_is_of_the_action_that_the_truth_names(made, clips):
    """Row by row at the features' rate: the shot that a picture is most like, up to brightness."""
    segments = json.loads((made / patchwork.SEGMENTS_FILE).read_text())["clips00"]

    def looks(pictures):
        small = np.asarray(pictures, np.float32)[..., ::4, ::4, :].reshape(len(pictures), -1)
        small -= small.mean(axis=1, keepdims=True)
        return small / np.linalg.norm(small, axis=1, keepdims=True)

    video = VideoFile(made / "clips00.mp4")
    assert (video.width, video.height, video.source_fps) == (WIDTH, HEIGHT, FPS)
    pairs = list(video.resampled(15))
    seconds = np.array([time for time, _ in pairs])
    assert len(pairs) == round(15 * sum(segment["frames"] for segment in segments) / FPS)
    likeness = {
        key: (looks([picture for _, picture in pairs]) @ looks(clip).T).max(axis=1)
        for key, clip in clips.items()
    }
    best = np.array([name for name, _ in likeness])[np.argmax(list(likeness.values()), axis=0)]
    assert list(best) == patchwork.labels_at(segments, seconds)


def test_what_is_there_is_not_made_again(made):
    before = (made / "clips00.mp4").stat().st_mtime_ns
    patchwork.make(made, num_videos=1)
    assert (made / "clips00.mp4").stat().st_mtime_ns == before


def test_a_border_belongs_to_what_follows():
    segments = [{"action": "bus", "frames": 5}, {"action": "rabbit", "frames": 5}]
    times = np.array([0, 0.19, 0.2, 0.39, 0.4])
    assert patchwork.labels_at(segments, times) == ["bus", "bus", "rabbit", "rabbit", "rabbit"]
