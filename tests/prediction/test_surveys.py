"""The first of two passes: what all frames of an activity tell its decoding."""

import jax
import numpy as np
import pytest
import toy

from jaxseg.prediction import segments
from jaxseg.training.members import enumerate_members
from jaxseg.training.setup import set_up

DATA = toy.make_data()
VIDEOS = DATA.activities["salad"]  # 12, 19 and 33 frames
BOTH = {"seeds": 3, "solver.eval.background": True, "solver.eval.order": "mean_time"}
pytestmark = pytest.mark.usefixtures("quick_compile")


def padded(video, length=40) -> dict:
    """A video as a method sees it; what lies behind it must not matter."""
    frames = np.full((length, toy.CHANNELS), np.nan, "f4")
    frames[: video.num_frames] = video.frames()
    return {"frames": frames, "mask": np.arange(length) < video.num_frames}


def arguments(setup, count: int):
    """Random parameters, no carried state, and the inputs of the first members."""
    inputs = jax.tree.map(lambda leaf: leaf[:count], setup.inputs)
    batch = {name: array[:count] for name, array in setup.batches.batch(0).items()}
    params, carried = jax.vmap(setup.method.init)(inputs.key, batch, inputs)
    rng = np.random.default_rng(0)
    drawn = jax.tree.map(lambda leaf: rng.standard_normal(leaf.shape).astype("f4"), params)
    return segments.Arguments(drawn, carried, inputs)


def surveyed(overrides):
    """(salad's members, their arguments, the method, what the survey finds)."""
    setup = set_up(toy.make_tot_config(overrides), DATA)
    members = [member for member in setup.members if member.activity == "salad"]
    given = arguments(setup, len(members))
    found = segments.make_survey(setup.method)(members, VIDEOS, given, padded)
    return members, given, setup.method, jax.tree.map(np.array, found)


def scores_of(method, given, index: int, videos) -> list[np.ndarray]:
    """Each video's scores under one member, in float32 as the survey sees them."""
    params, _, inputs = jax.tree.map(lambda leaf: leaf[index], given)
    observe = jax.jit(lambda video: method.observe(params, (), video, inputs)["scores"])
    return [np.array(observe(padded(video)))[: video.num_frames] for video in videos]


@pytest.mark.parametrize("split", [{}, {"data.test_share": 0.4}], ids=["all", "tested"])
def test_a_survey_is_of_all_frames_that_a_member_decodes(split):
    members, given, method, found = surveyed(BOTH | split)
    assert found.thresholds.shape == found.order.shape == (3, 4)
    assert len({member.test for member in members}) == (2 if split else 1)
    for index, member in enumerate(members):
        videos = [video for video in VIDEOS if not split or video.name in member.test]
        assert len(videos) == (1 if split else 3)
        each = scores_of(method, given, index, videos)
        scores = np.concatenate(each).astype(float)
        np.testing.assert_allclose(
            found.thresholds[index], np.percentile(scores, 45, axis=0), rtol=1e-5
        )
        time = np.concatenate([np.arange(len(one)) / len(one) for one in each])
        labels = scores.argmax(1)
        means = [time[labels == k].mean() if (labels == k).any() else np.inf for k in range(4)]
        assert found.order[index].tolist() == np.argsort(means, kind="stable").tolist()


def test_the_padded_length_of_an_activity_does_not_matter(monkeypatch):
    *_, expected = surveyed(BOTH)
    for chunk in (8, 64, 100):  # 64 frames in all
        monkeypatch.setattr(segments, "CHUNK", chunk)
        *_, found = surveyed(BOTH)
        jax.tree.map(np.testing.assert_array_equal, found, expected)


def test_single_videos_need_no_survey():
    for config in (toy.make_tot_config(), toy.make_config()):
        setup = set_up(config, DATA)
        handed = segments.make_survey(setup.method)

        def never(video):
            raise AssertionError("a video was looked at")

        assert (
            handed(setup.members, VIDEOS, segments.Arguments("params", "carried", "inputs"), never)
            == "carried"
        )


def test_a_member_without_a_split_decodes_everything():
    whole, split = (
        enumerate_members(toy.make_tot_config({"data.test_share": share}), DATA)[0]
        for share in (0.0, 0.4)
    )
    assert all(segments.is_tested(whole, video) for video in VIDEOS)
    assert [v.name for v in VIDEOS if segments.is_tested(split, v)] == list(split.test)
