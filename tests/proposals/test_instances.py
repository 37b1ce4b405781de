"""Instances of a map beside loops over its snippets; what is kept of them; seconds; bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jaxseg.proposals import (
    Instances,
    find_instances,
    fuse,
    hard_nms,
    select,
    soft_nms,
    to_detections,
)
from jaxseg.proposals.instances import METHODS, THRESHOLDS

LEVELS = (0.125, 0.5)
# Values at, above and below both thresholds; runs long enough for flanks of a snippet and more.
CURVES = st.lists(
    st.tuples(st.sampled_from([0.0, 0.125, 0.25, 0.5, 0.75]), st.sampled_from([1, 1, 2, 18, 40])),
    max_size=12,
).map(lambda steps: [value for value, count in steps for _ in range(count)])


def loops(curve, compat):
    """[(start, end, q, inner mean)] as the definitions read, runs of two snippets and more."""
    found = []
    for threshold in LEVELS:
        first = None
        for position, value in enumerate([*curve, -1.0]):
            if value > threshold:
                first = position if first is None else first
            elif first is not None:
                if position - first >= 2:
                    found.append(scored(curve, first, position, compat))
                first = None
    return found


def scored(curve, start, end, compat):
    width = 0.0785 * (end - start) ** 0.9
    late = 1 if compat else 0
    inside = curve[start : end + late]
    before = range(max(0, int(start - width)), start)
    last = min(len(curve) - late, int(end - 1 + late + width + 1))
    flanks = [curve[i] for i in (*before, *range(end + late, last))]
    outside = np.mean(flanks) if flanks else 0.0
    return start, end + late, np.mean(inside) - outside, np.mean(inside)


def some_instances():
    """Two classes, one interval apart from all others in each, ties and repetitions."""
    rng = np.random.default_rng(0)
    start = np.repeat(rng.integers(0, 40, 15), 2).astype(float)
    end = start + np.repeat(rng.integers(1, 20, 15), 2)
    label = rng.permutation(30) % 2 * 3
    return Instances(label, start, end, rng.choice([-0.1, 0.2, 0.4], 30), rng.uniform(size=30))


@pytest.mark.parametrize("compat", ["", "gaufuse"])
@given(CURVES)
def test_instances_of_a_curve(compat, curve):
    found = find_instances(np.reshape(curve, (-1, 1)), [1.0], thresholds=LEVELS, compat=compat)
    expected = np.reshape(loops(curve, compat), (-1, 4))
    np.testing.assert_allclose(np.stack(found[1:], axis=1), expected, rtol=0, atol=1e-14)
    assert not found.label.any()


def test_long_runs_have_flanks_of_many_snippets():
    """0.0785 L^0.9 passes 1 at L = 17: short curves have next to no flanks."""
    curve = np.r_[np.zeros(30), np.full(100, 0.5), np.full(30, 0.1)]
    found = find_instances(curve[:, None], [1.0], thresholds=[0.2])
    assert found.start == 30 and found.end == 130
    before, after = 5, 4  # 0.0785 * 100^0.9 = 4.95, borders rounded down
    outside = after * 0.1 / (before + after)
    np.testing.assert_allclose(found.score, 0.5 - outside, rtol=1e-12)


def test_classes_below_the_threshold_have_none():
    score_map = np.full((5, 3), 0.02)
    found = find_instances(score_map, [0.159, 0.16, 0.9])
    assert np.unique(found.label).tolist() == [1, 2]
    assert len(find_instances(score_map, [0.1, 0.1, 0.1]).label) == 0


def test_default_thresholds():
    np.testing.assert_allclose(THRESHOLDS, np.arange(0.001, 0.04, 0.002), rtol=1e-12)
    found = find_instances(np.full((4, 1), 0.02), [1.0])
    assert found.start.tolist() == [0.0] * 10 and found.end.tolist() == [4.0] * 10


@pytest.mark.parametrize("extra", [0.0, 1.0, 8.0])
@pytest.mark.parametrize("method", METHODS)
def test_what_is_kept_class_by_class(method, extra):
    instances = some_instances()
    settings = {"tau": 0.1, "nms_threshold": 0.3, "nms_alpha": 0.5}
    # An extra 1 is what the programs add, and the default.
    settings |= {} if extra == 1 else {"extra": extra}
    found = select(instances, method=method, **settings)
    assert np.unique(found.label).tolist() == [0, 3]
    for label in (0, 3):
        own = Instances(*(column[instances.label == label] for column in instances))
        start, end, score = own[1:4]
        if method == "fusion":
            start, end, score = fuse(*own[1:], tau=0.1, extra=extra)[:3]
        elif method == "soft":
            score = soft_nms(start, end, score, threshold=0.3, alpha=0.5, extra=extra)
        elif method == "hard":
            kept = hard_nms(start, end, score, threshold=0.3, extra=extra)
            start, end, score = start[kept], end[kept], score[kept]
        order = np.lexsort((end, start, -score))
        expected = np.stack([start, end, score], axis=1)[order]
        result = np.stack(found[1:4], axis=1)[found.label == label]
        np.testing.assert_array_equal(result, expected)


def test_a_fused_instance_keeps_the_inner_mean_of_its_best():
    instances = Instances([1, 1], [0, 1], [9, 8], [0.3, 0.7], [0.6, 0.5])
    found = select(instances, distribution="uniform")
    assert [column.tolist() for column in found] == [[1], [0.5], [8.5], [0.5], [0.5]]


@pytest.mark.parametrize("method", METHODS)
def test_a_video_without_instances(method):
    for score_map in (np.zeros((0, 2)), np.zeros((7, 2))):
        found = select(find_instances(score_map, [1.0, 1.0]), method=method)
        assert [column.shape for column in found] == [(0,)] * 5
        assert [column.dtype.kind for column in found] == list("iffff")
        detections = to_detections(found, seconds_per_snippet=0.0, duration=0.0)
        assert [len(column) for column in detections] == [0] * 4


def test_detections_end_with_the_video():
    instances = Instances([2, 2], [0, 4], [4, 11], [0.5, 0.4], [0.1, 0.2])
    found = to_detections(instances, seconds_per_snippet=0.64, duration=6.4)
    assert found.label.tolist() == [2, 2] and found.score.tolist() == [0.5, 0.4]
    np.testing.assert_allclose(found.start, [0, 2.56], rtol=1e-15)
    np.testing.assert_allclose(found.end, [2.56, 6.4], rtol=1e-15)


ONE = Instances([0], [1.0], [3.0], [0.5], [0.5])


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: find_instances([[np.nan]], [1.0]), r"score map holds nan at \[0, 0\]"),
        (lambda: find_instances([[0.1]], [1.0, 2.0]), "2 video scores for a map of 1 classes"),
        (lambda: find_instances([[0.1]], [1.0], compat="x"), "compat must be one of .*, got 'x'"),
        (lambda: select(ONE, method="nms"), "method must be one of .*, got 'nms'"),
        (lambda: select(ONE, tau=-1.0), "tau must be positive and finite, got -1.0"),
        (lambda: select(ONE._replace(score=[np.nan])), r"score holds nan at \[0\]"),
        (lambda: select(ONE._replace(label=[0, 1])), r"labels of shape \(2,\) for 1 instances"),
        (lambda: select(ONE._replace(inner_mean=[])), r"inner means of shape \(0,\) for 1"),
        (lambda: select(ONE._replace(end=[0.0])), r"\[1.0, 0.0\], ends before it starts"),
    ],
)
def test_bad_input_is_one_line(call, message):
    with pytest.raises(ValueError, match=message) as error:
        call()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "start, end, options, message",
    [
        (10, 12, {}, "instance 0 from 5.0 s to 6.0 s lies outside of the video's 5.0 s"),
        (-1, 2, {}, "instance 0 from -0.5 s to 1.0 s lies outside of the video's 5.0 s"),
        (1, 2, {"duration": np.nan}, "duration must be finite and not negative, got nan"),
        (1, 2, {"seconds_per_snippet": -0.5}, "seconds_per_snippet must be .*, got -0.5"),
    ],
)
def test_instances_outside_of_the_video(start, end, options, message):
    instances = ONE._replace(start=[start], end=[end])
    with pytest.raises(ValueError, match=message):
        to_detections(instances, **{"seconds_per_snippet": 0.5, "duration": 5.0} | options)


def test_bad_settings_show_without_instances():
    none = find_instances(np.zeros((3, 1)), [1.0])
    with pytest.raises(ValueError, match="tau must be positive"):
        select(none, tau=0.0)
