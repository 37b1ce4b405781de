"""CASE's pseudo-labels and losses, each beside its formula."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxseg.methods.case import labels as case_labels
from jaxseg.methods.case import losses as case_losses
from jaxseg.methods.case.config import CaseSolverConfig

top_snippets = jax.jit(case_labels.top_snippets, static_argnums=1)
video_loss = jax.jit(case_losses.video_loss)
attention_loss = jax.jit(case_losses.attention_loss)
pytestmark = pytest.mark.usefixtures("quick_compile")


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def softmax(logits):
    exponentials = np.exp(logits - logits.max(-1, keepdims=True))
    return exponentials / exponentials.sum(-1, keepdims=True)


def test_calibrated_map():
    logits, attention = normal(2, 5, 3), normal(2, 5, seed=1)
    result = jax.jit(case_labels.calibrated_map)(logits, attention, 0.25)
    expected = 0.25 * softmax(logits) + 0.75 / (1 + np.exp(-attention))[..., None]
    np.testing.assert_allclose(result, expected, rtol=1e-5)


@pytest.mark.parametrize(("length", "count"), [(1, 1), (7, 1), (16, 2), (31, 3)])
def test_top_snippets_are_the_highest(length, count):
    scores = normal(2, length, 3)
    result = np.array(top_snippets(scores, 8))
    threshold = np.sort(scores, axis=1)[:, -count][:, None]
    np.testing.assert_array_equal(result, scores >= threshold)


@pytest.mark.parametrize("values", [(-np.inf, -1.5, 0, 1e-38, 2, np.inf), (-0.0, 0.0), (-3e38, -2)])
@pytest.mark.parametrize("divisor", [2, 8, 30])
def test_top_snippets_of_scores_with_equal_ones(values, divisor):
    """Of either sign, none and any size: as a stable sort ranks them."""
    scores = np.random.default_rng(0).choice(np.array(values, np.float32), (3, 30, 5))
    ranks = np.argsort(np.argsort(-scores, axis=1, kind="stable"), axis=1)
    expected = ranks < max(1, 30 // divisor)
    np.testing.assert_array_equal(top_snippets(scores, divisor), expected)


def test_of_equal_snippets_the_first_are_taken():
    result = np.array(top_snippets(np.ones((1, 24, 2)), 8))
    assert result[0, :3].all() and not result[0, 3:].any()


def test_foreground_is_the_union_over_the_videos_classes():
    top = np.zeros((2, 4, 3), bool)
    top[:, 0, 0] = top[:, 1, 1] = top[:, 2, 2] = True
    result = case_labels.foreground_labels(top, np.array([[1, 0, 1], [0, 0, 0]]))
    assert result.tolist() == [[True, False, True, False], [False] * 4]
    shares = case_labels.foreground_shares(result, np.array([True, True]))
    np.testing.assert_allclose(shares, [0.25, 0.75])
    np.testing.assert_allclose(case_labels.foreground_shares(result, np.array([True, False])), 0.5)


def test_video_loss_by_hand():
    logits, labels = normal(2, 6, 4), np.array([[1, 0, 1, 0], [0, 1, 0, 0]], np.float32)
    top = np.array(top_snippets(logits, 2))
    means = (logits * top).sum(1) / 3
    logs = np.log(softmax(means))
    expected = [-(logs[0, 0] + logs[0, 2]) / 2, -logs[1, 1]]
    np.testing.assert_allclose(video_loss(logits, top, labels), expected, rtol=1e-5)


@pytest.mark.parametrize("ruled_out", [-1e9, -np.inf])
def test_classes_that_are_ruled_out_change_neither_loss_nor_gradient(ruled_out):
    logits, labels = normal(2, 6, 3), np.eye(3, dtype=np.float32)[:2]
    more = np.pad(logits, [(0, 0), (0, 0), (0, 4)], constant_values=ruled_out)

    def loss(logits, labels):
        top = top_snippets(jax.lax.stop_gradient(logits), 2)
        return video_loss(logits, top, labels).sum()

    loss_of = jax.jit(jax.value_and_grad(loss))
    expected, gradient = loss_of(logits, labels)
    result, wider = loss_of(more, np.pad(labels, [(0, 0), (0, 4)]))
    np.testing.assert_allclose(result, expected, rtol=1e-6)
    np.testing.assert_allclose(wider[..., :3], gradient, rtol=1e-5, atol=1e-7)
    assert not wider[..., 3:].any()


def test_a_video_without_a_class_costs_nothing():
    logits = normal(1, 6, 3)
    loss = video_loss(logits, logits > 0, np.zeros((1, 3)))
    assert loss.tolist() == [0.0]


def test_attention_loss_by_hand():
    logits, foreground = normal(2, 6), np.array([[True] * 2 + [False] * 4, [True] * 6])
    probability = 1 / (1 + np.exp(-logits.astype(float)))
    positive, negative = (1 - probability**0.7) / 0.7, (1 - (1 - probability) ** 0.7) / 0.7
    expected = [positive[0, :2].mean() + negative[0, 2:].mean(), positive[1].mean()]
    result = attention_loss(logits, foreground, 0.7)
    np.testing.assert_allclose(result, expected, rtol=1e-5)


def test_plain_cross_entropy_is_the_limit_of_the_generalized_one():
    logits, foreground = normal(2, 6), normal(2, 6, seed=1) > 0
    plain = attention_loss(logits, foreground)
    probability = 1 / (1 + np.exp(-logits.astype(float)))
    errors = -np.where(foreground, np.log(probability), np.log(1 - probability))
    means = [
        [row[positive].mean(), row[~positive].mean()]
        for row, positive in zip(errors, foreground, strict=True)
    ]
    np.testing.assert_allclose(plain, np.sum(means, axis=1), rtol=1e-5)
    # The first term that the limit leaves out is gamma log(p)^2 / 2.
    np.testing.assert_allclose(attention_loss(logits, foreground, 1e-3), plain, rtol=5e-3)


@pytest.mark.parametrize("gamma", [0.7, None])
def test_attention_at_its_ends_keeps_a_finite_gradient(gamma):
    """Where a sigmoid is 0 or 1 to the last bit, a power of it has none."""
    logits, foreground = jnp.array([[-200.0, 200, -200, 200]]), np.array([[1, 1, 0, 0]], bool)
    loss = functools.partial(attention_loss, gamma=gamma)
    gradient = jax.jit(jax.grad(lambda logits: loss(logits, foreground).sum()))(logits)
    assert np.isfinite(gradient).all() and np.isfinite(loss(logits, foreground)).all()


def label_snippets(cosines, attention=None, foreground=None, mask=None, **settings):
    count, clusters = cosines.shape
    attention = np.zeros(count, np.float32) if attention is None else attention
    foreground = np.full(clusters, 0.5, np.float32) if foreground is None else foreground
    mask = np.ones(count, bool) if mask is None else mask
    solver = CaseSolverConfig(**settings)
    label = functools.partial(case_labels.snippet_labels, solver=solver, scale=10.0)
    return np.array(jax.jit(label)(cosines, attention, foreground, mask))


def test_snippets_go_to_clusters_of_equal_size():
    cosines = np.tanh(normal(60, 4)) - np.array([0, 0, 0, 0.5], np.float32)
    result = label_snippets(cosines, num_iterations=200)
    np.testing.assert_allclose(result.sum(1), 1, rtol=1e-5)
    np.testing.assert_allclose(result.sum(0), 15, rtol=1e-3)
    hard = label_snippets(cosines, assignment="ot-hard", num_iterations=200)
    np.testing.assert_array_equal(hard, np.eye(4)[result.argmax(1)])


def test_without_transport_labels_are_the_prediction():
    cosines = np.tanh(normal(60, 4))
    expected = softmax(10 * cosines)
    np.testing.assert_allclose(label_snippets(cosines, assignment="soft"), expected, atol=1e-6)
    hard = label_snippets(cosines, assignment="hard")
    np.testing.assert_array_equal(hard, np.eye(4)[expected.argmax(1)])


def test_the_prior_brings_attention_and_foreground_together():
    """Cosines that say nothing: the upper half of the attention goes to the foreground cluster."""
    attention = np.random.default_rng(0).uniform(size=40).astype(np.float32)
    given = np.zeros((40, 2), np.float32), attention, np.array([1.0, 0.0], np.float32)
    result = label_snippets(*given, sigma=0.1)
    upper = attention > np.median(attention)
    assert result[upper, 0].mean() > 0.9 and result[~upper, 1].mean() > 0.9
    np.testing.assert_allclose(label_snippets(*given, sigma=0.1, prior=False), 0.5, atol=1e-6)


@pytest.mark.parametrize("assignment", ["ot", "ot-hard", "soft", "hard"])
def test_masked_snippets_have_no_label_and_no_say(assignment):
    cosines, attention = np.tanh(normal(30, 4)), normal(30, seed=1)
    mask = np.arange(30) % 3 != 0
    expected = label_snippets(cosines[mask], attention[mask], assignment=assignment)
    result = label_snippets(cosines, attention, mask=mask, assignment=assignment)
    np.testing.assert_allclose(result[mask], expected, atol=1e-5)
    assert not result[~mask].any()


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_clusters_are_foreground_in_the_share_of_the_snippets(share):
    cosines, shares = normal(16, 2) / 4, jnp.array([share, 1 - share])
    label = jax.jit(case_labels.cluster_labels, static_argnames="solver")
    result = label(cosines, shares, solver=CaseSolverConfig(num_iterations=200))
    np.testing.assert_allclose(result.mean(0), shares, atol=1e-3)
    np.testing.assert_allclose(result.sum(1), 1, rtol=1e-5)
    even = label(cosines, shares, solver=CaseSolverConfig(num_iterations=200, marginal="uniform"))
    np.testing.assert_allclose(even.mean(0), 0.5, atol=1e-3)


def test_cluster_cosines_by_hand():
    embeddings, labels = np.abs(normal(8, 5)), softmax(normal(8, 3, seed=1))
    labels[:, 2] = 0  # a cluster that nobody is in
    foreground, mask = np.arange(8).reshape(2, 4) % 4 == 0, np.arange(8) < 6
    labels *= mask[:, None]
    result = jax.jit(case_losses.cluster_cosines)(embeddings, labels, foreground, mask)
    flat = foreground.reshape(-1)
    kinds = [embeddings[flat & mask].sum(0), embeddings[~flat & mask].sum(0)]
    clusters = [weights @ embeddings for weights in labels.T]
    for cluster, row in zip(clusters[:2], result, strict=False):
        norms = np.linalg.norm(cluster) * np.linalg.norm(kinds, axis=1)
        np.testing.assert_allclose(row, kinds @ cluster / norms, rtol=1e-5)
    assert result[2].tolist() == [0, 0]


def test_streams_that_share_a_label_share_that_of_their_mean():
    predictions = [(np.array([1.0, 5.0]),), (np.array([3.0, 1.0]),)]
    shared = case_labels.co_label(jnp.argmax, predictions, shared=True)
    separate = case_labels.co_label(jnp.argmax, predictions, shared=False)
    assert [int(label) for label in shared] == [1, 1]
    assert [int(label) for label in separate] == [1, 0]
