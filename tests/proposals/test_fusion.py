"""Fusion beside its rule written as a loop; hull, shift and scale, order, ties, bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxseg.proposals import fuse
from jaxseg.proposals.fusion import DISTRIBUTIONS

# Few distinct values: shares meet the threshold exactly, scores tie, instances repeat.
INSTANCES = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.integers(0, 8),
        st.sampled_from([-0.5, 0.125, 0.5, 0.875]),
        st.sampled_from([0.0, 0.25, 0.75]),
    ),
    max_size=14,
)
EXTRAS = st.sampled_from([0.0, 1.0])
OVERLAPS = st.sampled_from([0.125, 0.25, 0.5, 0.9])
MEANS = st.sampled_from(DISTRIBUTIONS[:3])


def columns(instances):
    """Start, end, score and inner mean."""
    start, length, score, inner = np.array(instances, float).reshape(-1, 4).T
    return start, start + length, score, inner


def share(seed, other, extra):
    """How much of the other's own length lies in the seed."""
    common = min(seed[1], other[1]) - max(seed[0], other[0]) + extra
    length = other[1] - other[0] + extra
    return common / length if length > 0 else float(common >= 0)


def groups(rows, overlap, extra):
    """Indices of each group, seed first, as the rule reads."""
    left = sorted(range(len(rows)), key=lambda i: (-rows[i][2], rows[i][0], rows[i][1]))
    found = []
    while left:
        seed = rows[left[0]]
        found.append([i for i in left if share(seed, rows[i], extra) > overlap])
        left = [i for i in left if i not in found[-1]]
    return found


def fused(members, weights, tau, distribution):
    """Start, end and score of a group of rows."""
    if distribution == "uniform":
        return (members.min(axis=0) + members.max(axis=0)) / 2
    if distribution == "exponential":  # Eq. 9, 11 and 12: the mean beyond the lowest
        raised = np.exp((members[:, 2] - members[:, 2].min()) / tau)
        low = members.min(axis=0)
        return low + (raised[:, None] * (members - low)).sum(axis=0) / raised.sum()
    return np.average(members, axis=0, weights=np.exp(weights / tau))


@given(INSTANCES, OVERLAPS, EXTRAS, MEANS, st.sampled_from(["inner_mean", "score"]))
def test_fusion_is_the_rule(instances, overlap, extra, distribution, weight):
    arrays = columns(instances)
    rows = np.stack(arrays, axis=1)
    expected = groups(rows, overlap, extra)
    options = {"overlap": overlap, "extra": extra, "distribution": distribution, "weight": weight}
    found = fuse(*arrays, tau=0.3, **options)
    assert found.size.tolist() == [len(group) for group in expected]
    # Equal instances of equal score are interchangeable.
    seeds = [group[0] for group in expected]
    np.testing.assert_array_equal(rows[found.seed, :3], rows[np.array(seeds, int), :3])
    column = {"inner_mean": 3, "score": 2}[weight]
    for number, group in enumerate(expected):
        own = fused(rows[group, :3], rows[group, column], 0.3, distribution)
        result = [found.start[number], found.end[number], found.score[number]]
        np.testing.assert_allclose(result, own, rtol=1e-12, atol=1e-12)


@settings(max_examples=50)
@given(INSTANCES, st.sampled_from(DISTRIBUTIONS), EXTRAS, st.sampled_from([2.0, 0.2, 0.0016]))
def test_a_fused_instance_stays_within_its_group(instances, distribution, extra, tau):
    arrays = columns(instances)
    found = fuse(*arrays, tau=tau, distribution=distribution, extra=extra)
    assert (found.start <= found.end).all()
    members = groups(np.stack(arrays, axis=1), 0.25, extra)
    for values, result in zip(arrays, found[:3], strict=False):
        assert (result >= [values[group].min() for group in members]).all()
        assert (result <= [values[group].max() for group in members]).all()


@settings(max_examples=50)
@given(
    INSTANCES,
    st.sampled_from(DISTRIBUTIONS),
    EXTRAS,
    st.sampled_from([0.25, 2.0, 64.0]),
    st.sampled_from([-8.0, 1024.0]),
)
def test_time_may_be_moved_and_scaled(instances, distribution, extra, scale, move):
    """Exact factors, so that no share crosses the threshold by rounding."""
    start, end, score, inner = columns(instances)
    options = {"tau": 0.2, "distribution": distribution}
    plain = fuse(start, end, score, inner, **options, extra=extra)
    moved = (scale * start + move, scale * end + move, score, inner)
    found = fuse(*moved, **options, extra=scale * extra)
    np.testing.assert_array_equal(found.seed, plain.seed)
    # Means of numbers around 1024 are as fine as 1024 times a unit in the last place.
    tolerance = {"rtol": 1e-12, "atol": 1e-11}
    np.testing.assert_allclose(found.start, scale * plain.start + move, **tolerance)
    np.testing.assert_allclose(found.end, scale * plain.end + move, **tolerance)
    np.testing.assert_array_equal(found.score, plain.score)


@settings(max_examples=50)
@given(INSTANCES.filter(len), st.sampled_from(DISTRIBUTIONS), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(instances, distribution, random):
    shuffled = list(instances)
    random.shuffle(shuffled)
    plain = fuse(*columns(instances), tau=0.2, distribution=distribution)
    found = fuse(*columns(shuffled), tau=0.2, distribution=distribution)
    for name in ("start", "end", "score", "size"):
        np.testing.assert_array_equal(getattr(found, name), getattr(plain, name))
    rows, others = np.array(instances), np.array(shuffled)
    np.testing.assert_array_equal(others[found.seed], rows[plain.seed])


def test_many_instances_are_the_rule_too():
    """Long and short ones among each other, so that the slices that are searched matter."""
    rng = np.random.default_rng(0)
    start = rng.uniform(0, 1000, 500)
    end = start + 10 ** rng.uniform(-2, 3, 500)
    arrays = (start, end, rng.standard_normal(500), rng.uniform(size=500))
    expected = groups(np.stack(arrays, axis=1), 0.25, 1.0)
    assert 20 < len(expected) < 480
    found = fuse(*arrays, tau=0.2)
    assert found.seed.tolist() == [group[0] for group in expected]
    assert found.size.tolist() == [len(group) for group in expected]


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_equal_instances_and_scores_come_to_an_end(distribution):
    ones = np.ones(1000)
    found = fuse(0.1 * ones, 0.3 * ones, 0.7 * ones, ones, tau=0.2, distribution=distribution)
    assert [column.tolist() for column in found] == [[0.1], [0.3], [0.7], [found.seed[0]], [1000]]
    apart = 10.0 * np.arange(1000)
    found = fuse(apart, apart + 2, ones, ones, tau=0.2, distribution=distribution)
    assert found.start.tolist() == apart.tolist()


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_no_instance_and_one(distribution):
    found = fuse([], [], [], [], tau=0.2, distribution=distribution)
    assert [len(column) for column in found] == [0] * 5
    found = fuse([3.1], [5.7], [-0.3], [0.2], tau=0.0016, distribution=distribution)
    assert [column.tolist() for column in found] == [[3.1], [5.7], [-0.3], [0], [1]]


def test_instances_that_repeat_count_as_often():
    start, end, inner = [0, 0, 2], [10, 10, 8], np.log([1, 1, 3])
    found = fuse(start, end, [0.9, 0.9, 0.5], inner, tau=1.0)
    assert found.size == [3]
    np.testing.assert_allclose(found.start, 2 * 3 / 5, rtol=1e-15)
    np.testing.assert_allclose(found.end, (10 + 10 + 3 * 8) / 5, rtol=1e-15)


def test_nothing_overflows_at_a_small_temperature():
    """The best by inner mean decides, even where exp(w / tau) is beyond every float."""
    found = fuse([0, 1, 2], [10, 9, 8], [0.9, 0.5, 0.4], [2, 1000, 3], tau=0.0016)
    assert [column.tolist() for column in found] == [[1.0], [9.0], [0.5], [0], [3]]


def test_instances_of_no_length():
    """Without the extra unit one lies in what holds its point, and in nothing beside it."""
    start, end, score = [0, 10, 4, 11], [10, 10, 4, 11], [0.9, 0.8, 0.7, 0.6]
    found = fuse(start, end, score, tau=0.2, weight="score", distribution="uniform", extra=0.0)
    assert [column.tolist() for column in found[:2]] == [[5.0, 11.0], [7.0, 11.0]]
    assert found.size.tolist() == [3, 1]


@pytest.mark.parametrize(
    "values, options, message",
    [
        (([0], [np.nan], [1], [1]), {}, r"end holds nan at \[0\]"),
        (([0], [1], [np.nan], [1]), {}, r"score holds nan at \[0\]"),
        (([0], [1], [1], [np.inf]), {}, r"inner_mean holds inf at \[0\]"),
        (([0, 2], [1, 1], [1, 1], [1, 1]), {}, r"interval 1, \[2.0, 1.0\], ends before it starts"),
        (([0], [1], [1], [1, 2]), {}, "2 inner means for 1 instances"),
        (([0], [1], [1]), {}, "weight='inner_mean' needs the inner means"),
        (([], [], [], []), {"tau": 0.0}, "tau must be positive and finite, got 0.0"),
        (([0], [1], [1], [1]), {"tau": -0.2}, "tau must be positive and finite, got -0.2"),
        (([0], [1], [1], [1]), {"tau": np.nan}, "tau must be positive and finite, got nan"),
        (([0], [1], [1], [1]), {"overlap": 1.0}, r"overlap must be in \(0, 1\), got 1.0"),
        (([0], [1], [1], [1]), {"extra": -1.0}, "extra must not be negative, got -1.0"),
        (([0], [1], [1], [1]), {"weight": "q"}, "weight must be one of inner_mean, score, got 'q'"),
        (([0], [1], [1], [1]), {"distribution": "t"}, "distribution must be one of .*, got 't'"),
    ],
)
def test_bad_input_is_one_line(values, options, message):
    with pytest.raises(ValueError, match=message) as error:
        fuse(*values, **{"tau": 0.2} | options)
    assert "\n" not in str(error.value)


def test_halfway_between_borders_is_no_earlier_at_the_end():
    """Instances of hardly any length: an end that rounds below its start is no interval."""
    start = [6.1125068865206025, 1.775488581674567, 7.814761747149061, 1.775488581674567]
    end = [6.112506886520603, 1.7754885816745671, 7.814761747149061, 7.814761747149061]
    score = [0.1, 0.2, 0.3, 2]
    found = fuse(start, end, score, score, tau=0.2, distribution="uniform", extra=0.0)
    assert (found.start <= found.end).all()


def test_a_tau_below_all_differences():
    found = fuse([0, 1], [10, 9], [0.9, 0.5], [0.2, 0.3], tau=1e-310)
    assert (found.start, found.end) == ([1], [9])
