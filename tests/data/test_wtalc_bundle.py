"""W-TALC's bundle: halves of its feature array, its own labels, and what can be wrong with it."""

import shutil

import numpy as np
import pytest
from snippet_layouts import (
    CHANNELS,
    SHARED,
    Bundle,
    fails,
    load,
    matrix,
    needs_annotations,
    objects,
)

NAME = "thumos14_wtalc"


@pytest.fixture
def bundle(tmp_path) -> Bundle:
    return Bundle(tmp_path)


def test_what_is_read(bundle):
    bundle.write()
    data = load(NAME, bundle.folder)
    assert [(video.subset, video.name) for video in data.videos] == [
        ("test", "t_a"),
        ("train", "v_a"),
        ("train", "v_b"),
    ]
    assert data.classes == ("CliffDiving", "Diving", "GolfSwing")
    assert data.subset_names == ("validation", "test")
    video = data.train[1]
    np.testing.assert_array_equal(video.rgb, bundle.features[0][:, :CHANNELS])
    np.testing.assert_array_equal(video.flow, bundle.features[0][:, CHANNELS:])
    assert video.segments == ((1.0, 2.0, 1), (3.0, 4.0, 1)) and video.duration == 5.0


def test_labels_are_those_that_wtalc_trains_on(bundle):
    bundle.write()
    data = load(NAME, bundle.folder)
    assert data.train[1].labels.tolist() == [1, 1, 0]
    assert data.test[0].labels.tolist() == [0, 0, 0]


def test_annotations_may_lie_beside_the_features(bundle):
    joint = bundle.write()
    for path in (bundle.folder / "Thumos14reduced-Annotations").iterdir():
        path.rename(joint.with_name(path.name))
    (bundle.folder / "Thumos14reduced-Annotations").rmdir()
    assert len(load(NAME, bundle.folder).videos) == 3


def test_videos_of_one_length_are_one_plain_array(bundle):
    joint = bundle.write()
    bundle.features = np.stack([matrix(7, seed, 2 * CHANNELS) for seed in range(3)])
    np.save(joint, bundle.features)
    data = load(NAME, bundle.folder)
    np.testing.assert_array_equal(data.test[0].flow, bundle.features[2][:, CHANNELS:])


@pytest.mark.parametrize("part", ["labels_all", "classlist", "duration", "segments"])
def test_a_missing_array(bundle, part):
    bundle.write()
    path = bundle.folder / "Thumos14reduced-Annotations" / f"{part}.npy"
    path.unlink()
    fails(NAME, bundle.folder, path, kind=FileNotFoundError)


def test_missing_features(bundle):
    joint = bundle.write()
    joint.unlink()
    fails(NAME, bundle.folder, bundle.folder, joint.name, kind=FileNotFoundError)


def test_features_of_fewer_videos(bundle):
    bundle.features.pop()
    fails(NAME, bundle.folder, bundle.write(), "(2,)", "3 videos")


@pytest.mark.parametrize(
    ("features", "parts"),
    [
        (matrix(5, channels=7), ["7 columns"]),
        (np.full((5, 6), np.nan), ["row 1, column 1", "nan"]),
        (np.ones(6), ["matrix", "(6,)"]),
        (np.hstack([np.zeros((5, 3)), matrix(5)]), ["zero everywhere", "columns 1 to 3"]),
        (matrix(5, channels=8), ["3 channels", "(5, 4)"]),
    ],
)
def test_features_that_cannot_be(bundle, features, parts):
    bundle.features[1] = features
    fails(NAME, bundle.folder, bundle.write(), "'v_a'", *parts)


def test_a_pickle_that_asks_for_more_is_refused(bundle):
    bundle.features[1] = range(3)
    fails(NAME, bundle.folder, bundle.write(), "refused", "range")


@pytest.mark.parametrize(
    ("array", "value", "parts"),
    [
        ("duration", np.array([5.0, 6.0]), ["duration.npy", "(2,)", "3 videos"]),
        ("duration", np.array([5.0, 0.0, 7.0]), ["'v_a'", "0.0 is not positive"]),
        ("subset", np.array([b"validation", b"val", b"test"]), ["'v_a'", "'val'", "'validation'"]),
        ("subset", np.array([b"validation"] * 3), ["no test videos"]),
        ("labels_all", objects([b"Diving"], [], []), ["labels_all.npy", "1 training", "(v_a)"]),
        ("labels_all", objects([b"Dive"], [b"Diving"], []), ["classlist.npy", "Dive"]),
        ("classlist", np.array([b"CliffDiving", b"Diving"]), ["classlist.npy", "GolfSwing"]),
    ],
)
def test_annotations_that_do_not_fit(bundle, array, value, parts):
    bundle.arrays[array] = value
    bundle.write()
    fails(NAME, bundle.folder, *parts)


@needs_annotations
def test_the_real_annotation(bundle):
    """Every video of the public annotation, with features of one snippet."""
    bundle.features = [matrix(1, number, 2 * CHANNELS) for number in range(412)]
    bundle.write()
    inside = bundle.folder / "Thumos14reduced-Annotations"
    shutil.rmtree(inside)
    shutil.copytree(SHARED / "thumos14_wtalc", inside)
    data = load(NAME, bundle.folder)
    assert (len(data.train), len(data.test), len(data.classes)) == (200, 212, 20)
    assert sum(len(video.segments) for video in data.test) == 3358
    named = {video.name: video for video in data.videos}
    np.testing.assert_array_equal(
        named["video_validation_0000051"].flow, bundle.features[0][:, CHANNELS:]
    )
    video = named["video_test_0001558"]
    assert [data.classes[i] for i in np.flatnonzero(video.labels)] == ["CliffDiving", "Diving"]
    assert video.duration == pytest.approx(142.8343537) and len(video.segments) == 6
