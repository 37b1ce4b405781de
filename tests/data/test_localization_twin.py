"""The embedded localization twins: the same bytes every time, the real data's statistics."""

import json

import numpy as np
import pytest
from snippet_layouts import SHARED, load, needs_annotations

from jaxseg.data import DATA_SETS, names_of
from jaxseg.data.twins.localization import LONGEST, SHORTEST, coverage, make_video

NAMES = ("thumos14", "activitynet12", "activitynet13")


@pytest.fixture(scope="module")
def twins():
    return {name: load(name, "") for name in names_of("localization")}


def by_class(database: dict) -> dict[str, list[np.ndarray]]:
    """Class -> for every video of it, its segments [n, 2] in order of time."""
    found: dict[str, list[np.ndarray]] = {}
    for video in database.values():
        for label in {one["label"] for one in video["annotations"]}:
            segments = [one["segment"] for one in video["annotations"] if one["label"] == label]
            found.setdefault(label, []).append(np.array(sorted(np.array(segments, float).tolist())))
    return found


def durations(videos: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([segments[:, 1] - segments[:, 0] for segments in videos])


def foreground_shares(data) -> list[float]:
    """Part of each video that some class fills."""
    shares = []
    for video in data.videos:
        filled = coverage(video.segments, len(data.classes), video.num_snippets)
        shares.append(filled.max(axis=1).mean())
    return shares


@pytest.mark.parametrize("name", names_of("localization"))
def test_is_a_data_set(twins, name):
    data = twins[name]
    assert data.generated and data.name == name and data.num_channels == 32
    keys = [(video.subset, video.name) for video in data.videos]
    assert keys == sorted(set(keys))
    for video in data.videos:
        assert video.rgb.dtype == video.flow.dtype == video.labels.dtype == np.float32
        assert video.rgb.shape == video.flow.shape == (video.num_snippets, 32)
        assert SHORTEST <= video.num_snippets <= LONGEST
        assert np.isfinite(video.rgb).all() and video.rgb.min() == 0 == video.flow.min()
        assert {label for _, _, label in video.segments} == set(np.flatnonzero(video.labels))
        assert all(0 <= start < end <= video.duration for start, end, _ in video.segments)
        assert data.snippet_seconds(video) == pytest.approx(0.64)


@pytest.mark.parametrize("name", NAMES)
def test_every_class_has_several_videos(twins, name):
    data = twins[name]
    assert sum(video.labels for video in data.train).min() >= 5
    assert sum(video.labels for video in data.test).min() >= 3


@pytest.mark.parametrize("name", NAMES)
def test_same_bytes_whatever_else_is_made(twins, name):
    for subset, videos in (("train", twins[name].train), ("test", twins[name].test)):
        for number in (len(videos), 1):
            again = make_video(DATA_SETS[name].twin, subset, number)
            video = videos[number - 1]
            assert again.name == video.name and again.segments == video.segments
            assert again.rgb.tobytes() == video.rgb.tobytes()
            assert again.flow.tobytes() == video.flow.tobytes()


def test_no_two_videos_are_alike(twins):
    for name in NAMES:
        assert len({video.rgb.tobytes() for video in twins[name].videos}) == len(twins[name].videos)


def test_both_layouts_of_thumos14_have_one_twin(twins):
    one, other = twins["thumos14"], twins["thumos14_wtalc"]
    assert other.subset_names == ("validation", "test") != one.subset_names
    for video, same in zip(one.videos, other.videos, strict=True):
        assert video.rgb.tobytes() == same.rgb.tobytes() and video.segments == same.segments


def test_a_cliff_diver_dives(twins):
    data = twins["thumos14"]
    cliff, diving = data.classes.index("CliffDiving"), data.classes.index("Diving")
    for video in data.videos:
        for start, end, label in video.segments:
            assert label != cliff or (start, end, diving) in video.segments


def test_thumos14_is_mostly_background_and_activitynet_mostly_action(twins):
    # The public annotations have medians of about .3 and .7.
    assert 0.2 < np.median(foreground_shares(twins["thumos14"])) < 0.4
    for name in ("activitynet12", "activitynet13"):
        assert 0.55 < np.median(foreground_shares(twins[name])) < 0.75
        assert np.median([len(video.segments) for video in twins[name].videos]) == 1


@needs_annotations
def test_the_statistics_are_those_of_thumos14(twins):
    """Of each class: durations, instances a video, gaps.

    Medians of the generated videos scatter by some 20 %, and those of instances and gaps by
    more, because the twin has eight videos of a class that end after 192 seconds.
    """
    real = by_class(json.loads((SHARED / "thumos14" / "gt.json").read_text())["database"])
    twin = by_class(twins["thumos14"].to_truth()["database"])
    assert (
        twin.keys() == {action.name for action in DATA_SETS["thumos14"].twin.actions} <= real.keys()
    )
    for label, videos in twin.items():
        ratio = np.median(durations(videos)) / np.median(durations(real[label]))
        assert 0.7 < ratio < 1.4, label
        instances = np.median([len(v) for v in videos]) / np.median([len(v) for v in real[label]])
        assert 0.4 < instances < 1.7, label


def test_coverage_is_the_part_of_each_snippet():
    filled = coverage(((0.32, 1.28, 1), (2.56, 2.72, 0)), 3, 5)
    np.testing.assert_allclose(filled[:, 1], [0.5, 1, 0, 0, 0], atol=1e-12)
    np.testing.assert_allclose(filled[:, 0], [0, 0, 0, 0, 0.25], atol=1e-12)
    assert not filled[:, 2].any()


def snippet_matrices(data, videos) -> tuple[np.ndarray, np.ndarray]:
    """Features of both streams and a one, [snippets, 65]; which classes fill them."""
    features = [np.hstack([v.rgb, v.flow, np.ones((v.num_snippets, 1))]) for v in videos]
    filled = [coverage(v.segments, len(data.classes), v.num_snippets) > 0.5 for v in videos]
    return np.concatenate(features), np.concatenate(filled)


def rank_quality(scores: np.ndarray, positive: np.ndarray) -> float:
    """Area under the ROC curve."""
    ranks = scores.argsort().argsort()
    lowest = positive.sum() * (positive.sum() - 1) / 2
    return (ranks[positive].sum() - lowest) / (positive.sum() * (~positive).sum())


@pytest.mark.parametrize("name", NAMES)
def test_actions_can_be_told_from_their_own_background_but_not_all(twins, name):
    """A linear classifier that has seen the truth of every training snippet, on test videos.

    Chance is .5. The noise is set so that it is right for .97 of the pairs; weak supervision
    has to do with less.
    """
    data = twins[name]
    features, filled = snippet_matrices(data, data.train)
    weights = np.linalg.lstsq(features, filled.astype(float), rcond=None)[0]
    quality = []
    for label, weight in enumerate(weights.T):
        own = [video for video in data.test if video.labels[label]]
        features, filled = snippet_matrices(data, own)
        quality.append(rank_quality(features @ weight, filled[:, label]))
    assert min(quality) > 0.9 and 0.95 < np.mean(quality) < 0.985


def test_part_of_the_background_looks_like_the_action(twins):
    """What makes localization harder than classification: the best class direction, taken from
    the truth, scores a class's own background above other classes' videos."""
    data = twins["thumos14"]
    for label in range(len(data.classes)):
        own = [video for video in data.train if video.labels[label]]
        features, filled = snippet_matrices(data, own)
        inside, around = features[filled[:, label]], features[~filled.any(axis=1)]
        others, _ = snippet_matrices(data, [v for v in data.train if not v.labels[label]])
        direction = inside.mean(axis=0) - others.mean(axis=0)
        scores = [(part @ direction).mean() for part in (inside, around, others)]
        assert scores[0] > scores[1] > scores[2]
