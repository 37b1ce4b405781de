"""From a map to detections: what must not matter, what must end, and what is refused."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jaxseg.formats.detections import predicted_segments
from jaxseg.proposals import Detections, as_segments, localize, propose

MAPS = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).uniform(-0.2, 1.1, (17, 3))
)
SHOWN = [0.3, 0.1, 0.6]  # classes 0 and 2


def rows(found):
    return np.stack(found, axis=1)


@given(MAPS)
def test_detections_are_ordered_and_within_the_video(score_map):
    found = localize(score_map, SHOWN, seconds=20.0)
    assert set(found.label) <= {0, 2}
    assert (np.diff(found.label) >= 0).all()
    assert (found.start >= 0).all() and (found.start < found.end).all()
    assert (found.end <= 20 + 1e-12).all()
    for label in (0, 2):
        assert (np.diff(found.score[found.label == label]) <= 0).all()


@given(MAPS, st.sampled_from([0.5, 4.0]), st.sampled_from(["none", "soft"]))
def test_seconds_scale_with_the_video(score_map, scale, nms):
    """The scores too, but for soft suppression, where a second is a second."""
    short = localize(score_map, SHOWN, seconds=16.0, nms=nms)
    long = localize(score_map, SHOWN, seconds=16.0 * scale, nms=nms)
    if nms == "none":
        np.testing.assert_array_equal(long.score, short.score)
    assert sorted(long.start / scale) == sorted(short.start)
    assert sorted(long.end / scale) == sorted(short.end)


@given(MAPS, st.permutations(range(3)))
def test_classes_do_not_know_of_each_other(score_map, order):
    scores = np.array(SHOWN)
    plain = localize(score_map, scores, seconds=20.0)
    permuted = localize(score_map[:, order], scores[order], seconds=20.0)
    permuted = permuted._replace(label=np.array(order)[permuted.label])
    for label in (0, 2):
        np.testing.assert_array_equal(
            rows(permuted)[permuted.label == label], rows(plain)[plain.label == label]
        )


@given(MAPS)
def test_the_other_half_of_a_quiet_video_does_not_matter(score_map):
    """Shifted in time by snippets at zero, far enough from every flank."""
    quiet = np.zeros((20, 3))
    alone = localize(np.r_[quiet, score_map, quiet], SHOWN, seconds=57.0, nms="none")
    later = localize(np.r_[quiet, quiet, score_map, quiet], SHOWN, seconds=77.0, nms="none")
    order, other = (np.lexsort((each.end, each.start, each.label)) for each in (alone, later))
    shift = [0, 0, 20.0, 20.0]
    np.testing.assert_allclose(rows(later)[other], rows(alone)[order] + shift, atol=1e-9)


@given(MAPS)
def test_suppression_takes_out_or_decays_and_adds_nothing(score_map):
    everything = rows(localize(score_map, SHOWN, seconds=20.0, nms="none"))
    hard = rows(localize(score_map, SHOWN, seconds=20.0, nms="hard"))
    soft = rows(localize(score_map, SHOWN, seconds=20.0, nms="soft"))
    assert {tuple(row) for row in hard} <= {tuple(row) for row in everything}
    assert {tuple(row) for row in hard} <= {tuple(row) for row in soft}
    assert sorted(map(tuple, soft[:, [0, 2, 3]])) == sorted(map(tuple, everything[:, [0, 2, 3]]))


def test_one_action():
    curve = np.zeros(100)
    curve[40:60] = 0.35
    found = localize(curve[:, None], [0.8], seconds=100.0, upsampling=1, nms="hard")
    assert rows(found).tolist() == [[0, pytest.approx(0.35 + 0.2 * 0.8), 40.0, 60.0]]
    start, end, score = propose(curve, upsampling=1)
    assert (start.tolist(), end.tolist()) == ([40] * 3, [60] * 3)
    np.testing.assert_allclose(score, 0.35, atol=1e-15)


def test_the_best_class_where_none_is_sure():
    found = localize(np.full((5, 3), 0.95), [0.1, 0.2, 0.2], seconds=1.0)
    assert set(found.label) == {1}
    found = localize(np.full((5, 3), 0.95), [0.1, 0.25, 0.3], seconds=1.0)
    assert set(found.label) == {1, 2}
    found = localize(np.full((5, 3), 0.95), [-3.0, -2.0, -4.0], seconds=1.0)
    assert set(found.label) == {1}


def test_no_foreground_at_all():
    assert [len(column) for column in localize(np.zeros((50, 2)), [0.4, 0.6], seconds=9.0)] == [
        0
    ] * 4


def test_no_snippets_no_classes_and_one_snippet():
    assert len(localize(np.zeros((0, 2)), [0.4, 0.6], seconds=0.0).score) == 0
    assert len(localize(np.zeros((5, 0)), [], seconds=1.0).score) == 0
    found = localize([[0.95]], [1.0], seconds=0.64)
    assert found.start.tolist() == [0.0] * 9 and found.end.tolist() == [0.64] * 9
    assert found.score[0] == pytest.approx(0.95 + 0.2)


def test_all_scores_equal():
    """The same proposal at every threshold: one stays, the others decay."""
    found = localize(np.full((30, 1), 0.95), [1.0], seconds=30.0)
    best = 0.95 + 0.2
    np.testing.assert_allclose(found.score, [best] + [best * np.exp(-1 / 0.35)] * 8, rtol=1e-12)


def test_a_hundred_thousand_snippets():
    """Noise, the worst case: a proposal at every other snippet, at every threshold."""
    score_map = np.random.default_rng(0).random((100_000, 1))
    found = localize(score_map, [1.0], seconds=64_000.0, upsampling=1)
    above = score_map[:, 0] >= np.arange(1, 10)[:, None] / 10
    begins = above & ~np.c_[np.zeros(9, bool), above[:, :-1]]
    assert len(found.score) == begins.sum() > 100_000
    assert np.isfinite(found.score).all()


def test_as_activitynet_writes_them():
    found = Detections(np.array([1]), np.array([0.123456789]), np.array([1 / 3]), np.array([2.0]))
    [entry] = as_segments(found, ["dive", "jump"])
    assert entry == {"label": "jump", "score": 0.123457, "segment": [0.333333, 2.0]}
    assert predicted_segments({"video": json.loads(json.dumps([entry]))}).labels == ("jump",)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"score_map": np.full((3, 2), np.nan)}, r"score map holds nan at \[0, 0\]"),
        ({"score_map": [0.5, 0.5]}, r"score map must be 2-D, got shape \(2,\)"),
        ({"video_scores": [0.5, np.inf]}, r"video scores holds inf at \[1\]"),
        ({"video_scores": [0.5]}, "1 video scores for a map of 2 classes"),
        ({"seconds": -1.0}, "seconds must be finite and not negative, got -1.0"),
        ({"seconds": np.nan}, "seconds must be finite and not negative, got nan"),
        ({"nms": "fuzzy"}, "nms must be one of soft, hard, none, got 'fuzzy'"),
        ({"upsampling": 0}, "factor must be at least 1, got 0"),
        ({"flank": -0.5}, "width of a flank must not be negative, got -"),
        ({"nms_threshold": 1.5}, r"threshold must be in \(0, 1\], got 1.5"),
    ],
)
def test_bad_input_is_one_line(change, message):
    given = {"score_map": np.eye(3)[:, :2], "video_scores": [0.5, 0.5], "seconds": 3.0} | change
    with pytest.raises(ValueError, match=message) as error:
        localize(given.pop("score_map"), given.pop("video_scores"), **given)
    assert "\n" not in str(error.value)
