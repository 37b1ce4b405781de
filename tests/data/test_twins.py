"""The embedded twins: the same bytes every time, and the grammar of the real data."""

import itertools

import numpy as np
import pytest

from jaxseg.data import DATA_SETS, load, names_of
from jaxseg.data.twins.segmentation import NOISE_FRAMES, make_video, smooth_noise

SETS = names_of("segmentation")

CHANNELS = {
    "breakfast": 64,
    "yti": 3000,
    "50salads_eval": 64,
    "50salads_mid": 64,
    "desktop_assembly": 512,
}
# Number of clusters that the papers give each activity: its classes, without background.
CLUSTERS = {
    "breakfast": {
        "cereals": 5,
        "coffee": 7,
        "friedegg": 9,
        "juice": 8,
        "milk": 5,
        "pancake": 14,
        "salat": 8,
        "sandwich": 9,
        "scrambledegg": 12,
        "tea": 7,
    },
    "yti": {"changing_tire": 11, "coffee": 10, "cpr": 7, "jump_car": 12, "repot": 8},
    "50salads_eval": {"50salads_eval": 12},
    "50salads_mid": {"50salads_mid": 19},
    "desktop_assembly": {"desktop_assembly": 22},
}


@pytest.fixture(scope="module")
def twins(make_config):
    return {name: load(make_config(name, standardize=name == "breakfast")) for name in SETS}


def transcript(data, video):
    return [data.classes[label] for label, _ in itertools.groupby(video.labels.tolist())]


def zero_rows(video):
    return int(np.argmax(video.features.any(axis=1)))


@pytest.mark.parametrize("name", SETS)
def test_is_a_data_set(twins, name):
    data = twins[name]
    assert data.generated and data.name == name and data.has_labels and data.fps is None
    assert data.num_channels == CHANNELS[name]
    keys = [(video.activity, video.name) for video in data.videos]
    assert keys == sorted(set(keys))
    for video in data.videos:
        assert video.features.dtype == np.float32 and video.labels.dtype == np.int32
        assert video.features.shape == (len(video.labels), CHANNELS[name])
        assert np.isfinite(video.features).all()
        assert (video.scaling is not None) == (name == "breakfast")
    assert sum(video.features.nbytes for video in data.videos) < 300 * 2**20


@pytest.mark.parametrize("name", SETS)
def test_every_class_occurs_in_its_activity(twins, name):
    data = twins[name]
    seen = {
        activity: {data.classes[i] for v in videos for i in v.labels} - set(data.excluded)
        for activity, videos in data.activities.items()
    }
    assert {activity: len(names) for activity, names in seen.items()} == CLUSTERS[name]
    assert set().union(*seen.values()) | set(data.excluded) == set(data.classes)


@pytest.mark.parametrize("name", SETS)
def test_same_bytes_whatever_else_is_made(twins, name):
    data = twins[name]
    for activity, videos in data.activities.items():
        for number in (len(videos), 1):
            video = videos[number - 1]
            again = make_video(DATA_SETS[name].twin, activity, number, data.classes, False)
            assert again.name == video.name
            assert again.features.tobytes() == video.features.tobytes()
            assert again.labels.tobytes() == video.labels.tobytes()


def test_one_activity_is_a_part_of_the_whole(twins, config):
    config.root, config.standardize = "", True
    alone = load(config, activities=("tea",))
    assert list(alone.activities) == ["tea"] and alone.classes == twins["breakfast"].classes
    for video, other in zip(alone.videos, twins["breakfast"].activities["tea"], strict=True):
        np.testing.assert_array_equal(video.frames(), other.frames())


def test_unknown_activity(config, fails):
    config.root = ""
    text = fails("activities", "'cofee'", activities=("cofee",))
    assert text.index("coffee") < text.index("pancake")


@pytest.mark.parametrize("name", SETS)
def test_zero_rows_only_where_features_need_motion(twins, name):
    counts = [zero_rows(video) for video in twins[name].videos]
    if name == "desktop_assembly":
        assert set(counts) == {0}
    else:
        assert min(counts) >= 4 and max(counts) <= 12 and len(set(counts)) > 1
    for video, count in zip(twins[name].videos, counts, strict=True):
        assert video.features[count:].any(axis=1).all()


def test_breakfast_begins_and_ends_in_silence(twins):
    data = twins["breakfast"]
    for video in data.videos:
        names = transcript(data, video)
        assert names[0] == names[-1] == "SIL" and "SIL" not in names[1:-1]
        assert 200 <= video.num_frames <= 1400


@pytest.mark.parametrize("name", ["breakfast", "50salads_mid", "yti"])
def test_orders_omissions_and_repetitions_vary(twins, name):
    data = twins[name]
    for videos in data.activities.values():
        transcripts = [transcript(data, video) for video in videos]
        assert len({tuple(names) for names in transcripts}) > 1
        everything = set().union(*transcripts)
        assert any(set(names) < everything for names in transcripts)
    # Some action stands before another in one video and behind it in the next.
    pairs = [set(itertools.combinations(transcript(data, video), 2)) for video in data.videos]
    assert any((b, a) in other for one in pairs for a, b in one if a != b for other in pairs)


def test_actions_repeat(twins):
    data = twins["breakfast"]
    repeated = {
        video.activity
        for video in data.videos
        for names in [transcript(data, video)[1:-1]]
        if len(set(names)) < len(names)
    }
    assert {"salat", "pancake", "friedegg"} <= repeated


def test_durations_have_a_long_tail(twins):
    data = twins["breakfast"]
    for videos in data.activities.values():
        counts = np.bincount(np.concatenate([video.labels for video in videos]))
        shares = counts[counts > 0] / counts.sum()
        assert shares.max() > 0.3 and shares.max() > 5 * shares.min()


def test_desktop_assembly_keeps_its_order(twins):
    data = twins["desktop_assembly"]
    order = [
        step.name for step in DATA_SETS["desktop_assembly"].twin.grammars["desktop_assembly"].steps
    ]
    for video in data.videos:
        places = np.array([order.index(name) for name in transcript(data, video)])
        swapped = np.sum(np.diff(places) < 0)
        assert swapped <= 3 and len(places) >= 19


def test_youtube_instructions_is_mostly_background(twins):
    data = twins["yti"]
    assert data.excluded == ("background",)
    background = data.classes.index("background")
    labels = np.concatenate([video.labels for video in data.videos])
    assert 0.5 < np.mean(labels == background) < 0.75
    for video in data.videos:
        assert video.labels[0] == video.labels[-1] == background


def test_50_salads_eval_is_mid_with_classes_merged(twins):
    fine, coarse = twins["50salads_mid"], twins["50salads_eval"]
    merged = set()
    for one, other in zip(fine.videos, coarse.videos, strict=True):
        np.testing.assert_array_equal(one.features, other.features)
        merged |= set(zip(one.labels.tolist(), other.labels.tolist(), strict=True))
    assert len(merged) == 19
    names = {fine.classes[a]: coarse.classes[b] for a, b in merged}
    assert names["cut_tomato"] == names["cut_cheese"] == "cut"
    assert names["place_lettuce_into_bowl"] == "place"
    assert names["add_salt"] == names["add_vinegar"] == "add_salt+add_vinegar"
    assert names["add_oil"] == "add_oil" and names["peel_cucumber"] == "peel_cucumber"


def test_actions_look_alike_across_videos_and_not_too_much(twins):
    """Between actions lies the part of the variance that the twin says, as in the real data."""
    data = twins["breakfast"]
    parts = []
    for videos in data.activities.values():
        frames = np.concatenate([v.frames()[zero_rows(v) :] for v in videos]).astype(float)
        labels = np.concatenate([v.labels[zero_rows(v) :] for v in videos])
        within = sum(
            ((frames[labels == label] - frames[labels == label].mean(0)) ** 2).sum()
            for label in np.unique(labels)
        )
        parts.append(1 - within / ((frames - frames.mean(0)) ** 2).sum())
    assert 0.05 < np.mean(parts) < 0.2


def test_noise_is_smooth():
    noise = smooth_noise(np.random.default_rng(0), (4000, 64), NOISE_FRAMES)
    assert noise.shape == (4000, 64)
    for lag in (0, NOISE_FRAMES // 2, NOISE_FRAMES):
        correlation = np.mean(noise[: 4000 - lag] * noise[lag:])
        # 64 x 4000 / NOISE_FRAMES independent values: a standard error of about .009.
        assert correlation == pytest.approx(1 - lag / NOISE_FRAMES, abs=0.04)
