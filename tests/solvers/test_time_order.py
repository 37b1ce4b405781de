"""The clusters' order in time: of one video, of many, and as Viterbi takes it."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from solver_problems import CLUSTERS, FRAMES, few, seeds

from jaxseg.solvers import viterbi

order_of = jax.jit(viterbi.mean_time_order)
sums_of = jax.jit(viterbi.time_sums)


def mean_times(assignment):
    """Mean relative time of each cluster's mass, cluster by cluster."""
    time = (np.arange(len(assignment)) + 0.5) / len(assignment)
    return [np.average(time, weights=mass) if mass.any() else np.inf for mass in assignment.T]


@pytest.fixture(autouse=True)
def float64():
    with jax.enable_x64(True):
        yield


@few(max_examples=30)
@given(seed=seeds, kept=st.sampled_from([0.1, 0.6, 1.0]))
def test_order_is_that_of_the_mean_times(seed, kept):
    """Of valid frames alone, NaN in the others; clusters without a frame and masked ones last."""
    rng = np.random.default_rng(seed)
    mask, cluster_mask = rng.random(FRAMES) < kept, rng.random(CLUSTERS) < 0.7
    mask[rng.integers(FRAMES)] = True
    assignment = rng.dirichlet(np.full(CLUSTERS, 0.2), FRAMES) * (rng.random(CLUSTERS) < 0.8)
    times = mean_times(assignment[mask])
    expected = sorted(range(CLUSTERS), key=lambda k: (not cluster_mask[k], times[k]))

    assignment[~mask] = np.nan
    assignment[:, ~cluster_mask] = np.nan
    order = np.asarray(order_of(assignment, mask=mask, cluster_mask=cluster_mask))
    assert order.dtype == np.int32
    masked = CLUSTERS - cluster_mask.sum()
    np.testing.assert_array_equal(order[: CLUSTERS - masked], expected[: CLUSTERS - masked])
    np.testing.assert_array_equal(order[CLUSTERS - masked :], np.flatnonzero(~cluster_mask))


def test_videos_add_up_in_relative_time():
    """Cluster 0 ends a short video, cluster 1 starts a long one: later by the frame's number."""
    short, long = np.repeat([2, 0], 5), np.repeat([1, 2, 0], [40, 30, 30])
    sums = [sums_of(np.eye(3)[labels]) for labels in (short, long)]
    by_number = [np.mean([*np.flatnonzero(short == k), *np.flatnonzero(long == k)]) for k in (0, 1)]
    assert by_number[0] > by_number[1]
    np.testing.assert_array_equal(viterbi.order_by_time(sum(sums)), [1, 2, 0])
    # 5 frames around .75 and 30 around .85; 40 around .2; 5 around .25 and 30 around .55.
    np.testing.assert_allclose(sum(sums)[0], [29.25, 8, 17.75], rtol=1e-14)
    np.testing.assert_allclose(sum(sums)[1], [35, 40, 35], rtol=1e-14)


def test_labels_without_a_cluster_have_no_time():
    labels = np.array([-1, 3, 3, 0, -1, 1, -1])
    order = order_of(jax.nn.one_hot(labels, 5), mask=labels >= 0)
    np.testing.assert_array_equal(order, [3, 0, 1, 2, 4])


def test_no_frame_at_all_is_the_clusters_own_order():
    order = order_of(np.ones((FRAMES, CLUSTERS)), mask=np.zeros(FRAMES, bool))
    np.testing.assert_array_equal(order, np.arange(CLUSTERS))


def test_a_reversed_video_has_the_reversed_order():
    rng = np.random.default_rng(0)
    assignment = rng.dirichlet(np.ones(CLUSTERS), FRAMES)
    forwards, backwards = order_of(assignment), order_of(assignment[::-1])
    np.testing.assert_array_equal(backwards, forwards[::-1])


def test_viterbi_in_the_order_found_follows_the_video():
    """Clusters numbered at random: their order in time comes from the scores themselves."""
    rng = np.random.default_rng(0)
    order = rng.permutation(CLUSTERS)
    labels = order[np.sort(np.append(rng.integers(0, CLUSTERS, 300), np.arange(CLUSTERS)))]
    scores = 3 * np.eye(CLUSTERS)[labels] + rng.normal(size=(len(labels), CLUSTERS))
    scores -= np.logaddexp.reduce(scores, axis=1, keepdims=True)
    result = order_of(np.exp(scores))
    np.testing.assert_array_equal(result, order)
    decode = jax.jit(lambda scores, order: viterbi.decode(scores, order=order))
    assert np.mean(decode(scores, result) == labels) > 0.95
    assert np.mean(decode(scores, np.arange(CLUSTERS)) == labels) < 0.7
