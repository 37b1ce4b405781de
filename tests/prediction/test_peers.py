"""k-means beside a run: the same seed gives the same labels, whatever the size of the chunks."""

import dataclasses

import numpy as np
import pytest
import toy

from jaxseg.data.segmentation.records import DataSet
from jaxseg.data.segmentation.video import Video
from jaxseg.prediction import peers
from jaxseg.training.members import enumerate_members

DATA = toy.make_data()


def written(folder) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.txt")}


def write(folder, overrides=None, data=DATA) -> dict[str, str]:
    members = enumerate_members(toy.make_config({"seeds": 2} | (overrides or {})), data)
    peers.write_kmeans(folder, data, members, progress=False)
    return written(folder)


def far_apart(offset: float = 0.0) -> np.ndarray:
    """Three clusters of 40, 30 and 20 points."""
    rng = np.random.default_rng(3)
    middles = np.repeat([[0, 0], [9, 0], [0, 9]], [40, 30, 20], axis=0)
    return (middles + rng.standard_normal((90, 2)) + offset).astype(np.float32)


@pytest.mark.parametrize("offset", [0.0, 1e5])
def test_finds_clusters_that_are_far_apart_wherever_they_are(offset):
    points = far_apart(offset)
    (labels,) = peers.assign(
        Video("v", "a", np.repeat(points, 9, axis=0)),
        [peers.kmeans(points, 3, np.random.default_rng(0))],
    )
    parts = np.split(labels.reshape(90, 9)[:, 4], [40, 70])
    assert sorted(set(part.tolist()).pop() for part in parts) == [0, 1, 2]
    assert all(len(set(part.tolist())) == 1 for part in parts)


def test_no_more_centers_than_distinct_points():
    points = np.repeat(np.eye(3, dtype=np.float32)[:2], 10, axis=0)
    centers = peers.kmeans(points, 4, np.random.default_rng(0))
    assert sorted(centers.tolist()) == [[0, 1, 0], [1, 0, 0]]
    assert len(peers.kmeans(np.ones((5, 1), np.float32), 2, np.random.default_rng(0))) == 1


def test_frames_are_averaged_and_those_without_a_feature_stay_zero(monkeypatch):
    frames = np.random.default_rng(0).standard_normal((30, 2)).astype(np.float32)
    frames[[3, 4, 20]] = 0
    video = Video("v", "a", frames, scaling=(np.float32([1, 2]), np.float32([3, 4])))
    seen = video.frames()
    expected = np.zeros((30, 2))
    for index in set(range(30)) - {3, 4, 20}:
        window = seen[max(0, index - 4) : index + 5]
        expected[index] = window[window.any(axis=1)].mean(axis=0)
    for chunk in (2**22, 14):
        monkeypatch.setattr(peers, "CHUNK_VALUES", chunk)
        starts, chunks = zip(*peers.smoothed_chunks(video), strict=True)
        assert starts == tuple(range(0, 30, chunk // 2))
        np.testing.assert_allclose(np.concatenate(chunks), expected, atol=1e-5)


def test_a_long_recording_is_fitted_on_some_of_its_frames(monkeypatch):
    """Every third of 12 + 19 + 33 frames, across the borders of videos and chunks."""
    videos = DATA.activities["salad"]
    everything = peers.evenly_sampled(videos)
    assert len(everything) == 64
    monkeypatch.setattr(peers, "MOST_FRAMES", 25)
    monkeypatch.setattr(peers, "CHUNK_VALUES", 5 * toy.CHANNELS)
    np.testing.assert_allclose(peers.evenly_sampled(videos), everything[::3], atol=1e-6)


def test_a_seed_has_its_labels_and_variants_share_them(tmp_path):
    found = write(tmp_path / "a")
    assert set(found) == {
        f"{video.activity}/kmeans,seed{seed}/{video.name}.txt"
        for video in DATA.videos
        for seed in (0, 1)
    }
    variants = {"sweep": ("solver.train.alpha=0.3", "solver.train.alpha=0.5")}
    assert write(tmp_path / "b", variants) == found
    shifted = [dataclasses.replace(v, features=v.features + np.float32(512)) for v in DATA.videos]
    assert write(tmp_path / "c", data=DataSet("toy", tuple(shifted))) == found


def test_a_split_is_fitted_on_its_training_videos(tmp_path, monkeypatch):
    fitted = []
    monkeypatch.setattr(
        peers,
        "evenly_sampled",
        lambda videos, sample=peers.evenly_sampled: (
            fitted.append({video.name for video in videos}) or sample(videos)
        ),
    )
    found = write(tmp_path, {"data.test_share": 0.4})
    for name in {path.rpartition("/")[0] for path in found}:
        activity = name.partition("/")[0]
        tested = {path.split("/")[2][:-4] for path in found if path.startswith(name)}
        assert {v.name for v in DATA.activities[activity]} - tested in fitted
