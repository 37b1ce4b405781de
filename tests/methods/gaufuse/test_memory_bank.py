"""The memory keeps each class's best, whatever the order, and takes nothing from padding."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxseg.methods.gaufuse import memory as memory_bank

CLASSES, SLOTS, WIDTH, VIDEOS, MEANS = 3, 2, 4, 5, 3
EVERY = np.ones(VIDEOS, bool)
pytestmark = pytest.mark.usefixtures("quick_compile")

update = jax.jit(memory_bank.update)


def new_bank():
    return memory_bank.empty(CLASSES, SLOTS, WIDTH)


def batch(seed=0, digits=None):
    """Means [B, K, D], scores [B, K, G+1], rounded where ties are wanted, and labels [B, G]."""
    rng = np.random.default_rng(seed)
    means = rng.random((VIDEOS, MEANS, WIDTH)).astype(np.float32)
    scores = rng.dirichlet(np.ones(CLASSES + 1), (VIDEOS, MEANS)).astype(np.float32)
    if digits is not None:
        scores = np.round(scores, digits)
    return means, scores, rng.random((VIDEOS, CLASSES)) < 0.6


def after(*batches, mask=EVERY):
    bank = new_bank()
    for means, scores, labels in batches:
        bank = update(bank, means, scores, labels, mask)
    return jax.tree.map(np.asarray, bank)


def best_of(batches, label):
    """The best (scores, means) of one class over several batches, by sorting them all."""
    result = [
        (float(scores[video, place, label]), means[video, place])
        for means, scores, labels in batches
        for video in np.flatnonzero(labels[:, label])
        for place in range(MEANS)
    ]
    return sorted(result, key=lambda pair: -pair[0])[:SLOTS]


def same(result, expected):
    jax.tree.map(np.testing.assert_array_equal, result, expected)


def test_an_empty_bank_has_nothing_to_read():
    bank = new_bank()
    assert bank["means"].shape == (CLASSES, SLOTS, WIDTH)
    sources, mask = memory_bank.read(bank, jnp.arange(CLASSES))
    assert sources.shape == (CLASSES * SLOTS, WIDTH) and not mask.any()


@pytest.mark.parametrize("num_batches", [1, 4])
def test_the_best_of_all_batches_stay(num_batches):
    batches = [batch(seed) for seed in range(num_batches)]
    bank = after(*batches)
    for label in range(CLASSES):
        scores, means = zip(*best_of(batches, label), strict=True)
        np.testing.assert_array_equal(bank["scores"][label], np.float32(scores))
        np.testing.assert_array_equal(bank["means"][label], means)


@pytest.mark.parametrize("digits", [None, 1, 0])
def test_the_order_of_the_videos_does_not_matter(digits):
    """Nor where scores tie, as those near 1 do: with no digit all are 0 or 1."""
    one, other = batch(0, digits), batch(1, digits)
    expected = after(one, other)
    if digits is not None:
        assert len(np.unique(one[1])) < 12
    for seed in range(10):
        order = np.random.default_rng(seed).permutation(VIDEOS)
        same(after(one, tuple(part[order] for part in other)), expected)


def test_among_equal_scores_what_was_there_stays():
    means, _, labels = batch()
    ones = np.ones((VIDEOS, MEANS, CLASSES + 1), np.float32)
    labels = np.ones_like(labels)
    bank = after((means, ones, labels))
    same(after((means, ones, labels), (means + 1, ones, labels)), bank)
    better = after((means, ones / 2, labels), (means + 1, ones, labels))
    assert better["means"].min() >= 1


def test_a_class_that_no_video_has_keeps_what_it_had():
    first, (means, scores, _) = batch(0), batch(1)
    labels = np.zeros((VIDEOS, CLASSES), bool)
    labels[2, 1] = True
    before = after(first)
    bank = update(before, means, scores + 1, labels, EVERY)
    same([bank[name][::2] for name in bank], [before[name][::2] for name in before])
    best = np.argsort(-scores[2, :, 1])[:SLOTS]
    np.testing.assert_array_equal(bank["means"][1], means[2][best])


def test_a_video_with_fewer_means_than_slots_leaves_slots_empty():
    bank = memory_bank.empty(CLASSES, 2 * MEANS, WIDTH)
    means, scores, labels = batch()
    labels[:] = np.arange(VIDEOS)[:, None] == 3
    bank = update(bank, means, scores, labels, EVERY)
    assert ((bank["scores"] > 0).sum(1) == MEANS).all()
    _, mask = memory_bank.read(bank, np.arange(CLASSES))
    np.testing.assert_array_equal(mask, np.tile(np.arange(2 * MEANS) < MEANS, CLASSES))
    assert not np.asarray(bank["means"])[:, MEANS:].any()


@pytest.mark.parametrize("garbage", [np.nan, np.inf, 9.0])
def test_videos_that_do_not_exist_are_nowhere(garbage):
    means, scores, labels = batch()
    mask = EVERY & (np.arange(VIDEOS) < 3)
    expected = after((means[:3], scores[:3], labels[:3]), mask=EVERY[:3])
    means[3:] = scores[3:] = garbage
    labels[3:] = True
    same(after((means, scores, labels), mask=mask), expected)


def test_labels_may_be_numbers():
    means, scores, labels = batch()
    same(after((means, scores, labels.astype(np.float32))), after((means, scores, labels)))


def test_reading_some_classes_and_none():
    bank = after(batch())
    bank["scores"] = np.array(bank["scores"])
    bank["scores"][2, 1] = 0
    sources, mask = jax.jit(memory_bank.read)(bank, np.array([2, -1, 0], np.int32))
    np.testing.assert_array_equal(mask, [True, False, False, False, True, True])
    sources = np.asarray(sources).reshape(3, SLOTS, WIDTH)
    np.testing.assert_array_equal(sources[[0, 2]], bank["means"][[2, 0]])


def test_members_are_apart():
    """One bank a member, as the train state carries them."""
    batches = [batch(seed) for seed in range(2)]
    banks = jax.tree.map(lambda *leaves: np.stack(leaves), after(batches[0]), after(batches[1]))
    new = [np.stack(parts) for parts in zip(batches[1], batches[0], strict=True)]
    result = jax.jit(jax.vmap(lambda *one: memory_bank.update(*one, EVERY)))(banks, *new)
    for index, order in enumerate(([0, 1], [1, 0])):
        expected = after(*(batches[i] for i in order))
        same(jax.tree.map(lambda leaf, index=index: leaf[index], result), expected)


def test_no_gradient_passes():
    means, scores, labels = batch()

    def total(means, scores):
        bank = memory_bank.update(new_bank(), means, scores, labels, EVERY)
        return sum(jnp.sum(leaf) for leaf in bank.values())

    assert total(means, scores) > 1
    for slope in jax.jit(jax.grad(total, argnums=(0, 1)))(means, scores):
        assert not slope.any()
