"""GauFuse's backbone: its start, the formulas, dropout, memory, and videos that stay apart."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxseg.methods.gaufuse.network import Rskp, expectation_maximization, propagate

CHANNELS, CLASSES, HIDDEN, MEANS, T = 10, 3, 24, 4, 13
EVERY = np.ones(T, bool)
MODEL = Rskp(CLASSES, hidden=HIDDEN, num_means=MEANS)
pytestmark = pytest.mark.usefixtures("quick_compile")


def init(model=MODEL, channels=CHANNELS):
    return model.init(jax.random.key(0), jnp.ones((1, channels)), jnp.ones(1, bool))["params"]


@pytest.fixture(scope="module")
def params(quickly):
    with quickly():
        return jax.tree.map(np.asarray, jax.jit(init)())


def features(length=T, seed=0):
    return np.random.default_rng(seed).standard_normal((length, CHANNELS)).astype(np.float32)


def memory(seed=1):
    rng = np.random.default_rng(seed)
    return np.maximum(rng.standard_normal((6, HIDDEN)), 0).astype(np.float32)


@jax.jit
def run(params, *inputs, **others):
    return MODEL.apply({"params": params}, *inputs, **others)


def cosine(rows, others):
    rows, others = np.float64(rows), np.float64(others)
    lengths = np.linalg.norm(rows, axis=-1)[..., None] * np.linalg.norm(others, axis=-1)
    return rows @ others.T / lengths


def expected_branch(params, x):
    """Logits of snippets and of the video by the formulas, float64."""

    def sigmoid(logits):
        return 1 / (1 + np.exp(-logits))

    centers = params["classes"]
    classes = 20 * cosine(x, centers)
    attention = 20 * cosine(x, params["foreground"][None])[:, 0]
    overall = sigmoid(attention) @ x / sigmoid(attention).sum()
    original = (sigmoid(classes) / sigmoid(classes).sum(0)).T @ x
    wise = [20 * cosine(original[c], centers[c]) for c in range(CLASSES + 1)]
    return classes, attention, 20 * cosine(overall, centers), np.ravel(wise)


def near(result, expected):
    """Logits of size 20 in float32, summed over some dozen terms."""
    for pair in zip(jax.tree.leaves(result), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(*pair, rtol=0, atol=5e-5)


def test_shapes(params):
    result = run(params, features(), EVERY, memory=memory())
    for branch in (result.original, result.propagated, result.memory):
        shapes = [leaf.shape for leaf in branch]
        assert shapes == [(T, CLASSES + 1), (T,), (CLASSES + 1,), (CLASSES + 1,)]
    assert result.means.shape == (MEANS, HIDDEN)
    assert result.mean_scores.shape == (MEANS, CLASSES + 1)
    assert result.embeddings.shape == result.propagated_embeddings.shape == (T, HIDDEN)
    assert run(params, features(), EVERY).memory is None


def test_how_it_starts(params):
    """Xavier: uniform within sqrt(6 / (inputs + outputs)); a foreground opposite background."""
    np.testing.assert_array_equal(params["foreground"], -params["classes"][-1])
    assert not params["encoder"]["bias"].any()
    wide = jax.jit(lambda: init(Rskp(20, hidden=300), channels=400))()
    for matrix in (wide["encoder"]["kernel"], wide["classes"], wide["means"]):
        bound = np.sqrt(6 / sum(matrix.shape))
        assert 0.99 * bound < np.abs(matrix).max() <= bound
        np.testing.assert_allclose(np.std(matrix), bound / np.sqrt(3), rtol=0.03)


def test_size_of_the_published_network():
    example = jnp.ones((1, 2048)), jnp.ones(1, bool)
    made = jax.eval_shape(Rskp(20).init, jax.random.key(0), *example)
    count = sum(leaf.size for leaf in jax.tree.leaves(made["params"]))
    assert count == (2048 * 2048 + 2048) + 21 * 2048 + 2048 + 8 * 2048


def test_against_numpy(params):
    result = run(params, features(), EVERY, memory=memory())
    encoder = params["encoder"]
    x = np.maximum(features() @ np.float64(encoder["kernel"]) + encoder["bias"], 0)
    near(result.embeddings, x)
    near(tuple(result.original), expected_branch(params, x))

    means = expectation_maximization(params["means"], jnp.float32(x), EVERY, rounds=2)
    near(result.means, means)
    spread = propagate(jnp.float32(x), EVERY, means, weight=0.5)
    near(result.propagated_embeddings, spread)
    near(tuple(result.propagated), expected_branch(params, spread))
    remembered = propagate(jnp.float32(x), EVERY, memory(), weight=0.5)
    near(tuple(result.memory), expected_branch(params, remembered))

    powers = np.exp(20 * cosine(means, params["classes"]))
    near(result.mean_scores, powers / powers.sum(1, keepdims=True))


def test_the_three_branches_differ(params):
    result = run(params, features(), EVERY, memory=memory())
    branches = [np.asarray(branch.class_logits) for branch in (result.original, *result[1:3])]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(branches[one] - branches[other]).max() > 0.5


def test_memory_of_the_video_s_own_means_is_its_own_propagation(params):
    result = run(params, features(), EVERY)
    sources = np.full((6, HIDDEN), np.nan, np.float32)
    sources[:MEANS] = result.means
    present = np.arange(6) < MEANS
    again = run(params, features(), EVERY, memory=sources, memory_mask=present)
    near(again.memory, result.propagated)


def test_memory_that_is_masked_is_as_if_left_out(params):
    present = np.arange(6) % 2 == 0
    holes = np.where(present[:, None], memory(), np.float32(np.nan))
    result = run(params, features(), EVERY, memory=holes, memory_mask=present)
    near(result.memory, run(params, features(), EVERY, memory=memory()[present]).memory)
    # An empty memory spreads nothing, and no cosine sees that x^ is half of x.
    none = run(params, features(), EVERY, memory=holes, memory_mask=np.zeros(6, bool))
    near(none.memory, none.original)


@pytest.mark.parametrize("garbage", [np.nan, np.inf, 100.0])
@pytest.mark.parametrize("dropping", [False, True])
def test_padding_changes_nothing(params, garbage, dropping):
    """With dropout too: the same key drops the same of the valid snippets."""
    params = params | {"encoder": params["encoder"] | {"bias": np.full(HIDDEN, 0.3, "f4")}}
    key = {"key": jax.random.key(5)} if dropping else {}
    short = run(params, features(), EVERY, memory=memory(), **key)
    more = np.full((T + 6, CHANNELS), garbage, np.float32)
    more[:T] = features()
    result = run(params, more, np.arange(T + 6) < T, memory=memory(), **key)

    def cut(leaf, original):
        assert not leaf[len(original) :].any()
        return leaf[: len(original)]

    near(jax.tree.map(cut, result, short), short)


def test_videos_of_a_batch_do_not_meet(params):
    batch = np.stack([features(seed=seed) for seed in range(3)])
    masks = np.arange(T) < np.array([[T], [4], [0]])
    result = jax.jit(jax.vmap(lambda *one: run(params, *one)))(batch, masks)
    for index in range(3):
        one = jax.tree.map(lambda leaf, index=index: leaf[index], result)
        near(one, run(params, batch[index], masks[index]))


def test_testing_drops_nothing_and_training_the_given_share(params):
    whole = np.asarray(run(params, features(), EVERY).embeddings)
    keys = jax.random.split(jax.random.key(1), 40)
    result = np.stack([run(params, features(), EVERY, key=key).embeddings for key in keys])
    assert (whole >= 0).all() and not result[:, whole == 0].any()
    dropped = result[:, whole > 0] == 0
    deviation = np.sqrt(0.6 * 0.4 / dropped.size)
    assert abs(dropped.mean() - 0.6) < 4 * deviation < 0.03
    np.testing.assert_allclose(result, np.where(result > 0, whole / np.float32(0.4), 0), rtol=1e-5)


def test_each_key_drops_others(params):
    a, b, again = (
        np.asarray(run(params, features(), EVERY, key=jax.random.key(seed)).embeddings)
        for seed in (1, 2, 1)
    )
    np.testing.assert_array_equal(a, again)
    assert np.mean((a == 0) != (b == 0)) > 0.1


def test_numbers_may_be_traced(params):
    """As members of one program hand them over, each with its original."""

    def outputs(scale, dropout, weight):
        model = Rskp(
            CLASSES, HIDDEN, MEANS, em_rounds=2, scale=scale, dropout=dropout, weight=weight
        )
        return model.apply({"params": params}, features(), EVERY, key=jax.random.key(1))

    numbers = np.array([[20, 0.6, 0.5], [5, 0.0, 0.0]], np.float32)
    both = jax.jit(jax.vmap(outputs))(*numbers.T)
    usual, other = (jax.tree.map(lambda leaf, i=i: leaf[i], both) for i in range(2))
    near(usual, run(params, features(), EVERY, key=jax.random.key(1)))
    nothing_dropped = run(params, features(), EVERY)
    near(other.embeddings, nothing_dropped.embeddings)
    near(other.original.class_logits, nothing_dropped.original.class_logits / 4)
    near(other.propagated, other.original)  # at weight 0 nothing spreads


@jax.jit
@jax.value_and_grad
def total_and_slopes(params, shown, mask, present):
    how = {"memory": memory(), "memory_mask": present, "key": jax.random.key(3)}
    result = MODEL.apply({"params": params}, shown, mask, **how)
    return sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(result))


@pytest.mark.parametrize("case", ["padding", "zeros", "no snippet", "no memory"])
def test_gradients_are_finite_and_reach_every_parameter(params, case):
    shown, mask, present = features(), EVERY, np.ones(6, bool)
    if case == "padding":
        mask = np.arange(T) < 9
        shown[9:] = np.nan
    elif case == "zeros":
        shown[:] = 0  # with a bias of 0 so are the embeddings
    elif case == "no snippet":
        shown, mask = np.full_like(shown, np.nan), ~EVERY
    else:
        present = ~present

    value, slopes = total_and_slopes(params, shown, mask, present)
    assert np.isfinite(value)
    for slope in jax.tree.leaves(slopes):
        assert np.isfinite(slope).all()
        if case in ("padding", "no memory"):
            assert np.abs(slope).max() > 1e-3
