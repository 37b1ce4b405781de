"""TOT's encoder: shapes, sigmoids, raw dot products, the authors' starting weights."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxseg.methods.tot.method import SigmoidEncoder

WIDTHS, CHANNELS, CLUSTERS = (80, 40), 64, 7  # as on Breakfast
pytestmark = pytest.mark.usefixtures("quick_compile")


def make(regress_time: bool = False):
    """(model, its parameters)."""
    model = SigmoidEncoder(WIDTHS, CLUSTERS, regress_time)
    return model, model.init(jax.random.key(0), jnp.ones((1, CHANNELS)))["params"]


def grown(params, seed: int = 0):
    """Parameters that have left their start: standard normal over the root of the inputs."""
    rng = np.random.default_rng(seed)
    return jax.tree.map(lambda leaf: rng.standard_normal(leaf.shape) / leaf.shape[0] ** 0.5, params)


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


@pytest.mark.parametrize("regress_time", [False, True])
def test_against_numpy(regress_time):
    model, params = make(regress_time)
    params = grown(params)
    frames = np.random.default_rng(1).standard_normal((2, 5, CHANNELS))
    hidden = frames
    for layer in ("layer_0", "layer_1"):
        hidden = sigmoid(hidden @ params[layer]["kernel"] + params[layer]["bias"])
    embeddings, scores, time = model.apply({"params": params}, frames)
    np.testing.assert_allclose(embeddings, hidden, atol=1e-6)
    np.testing.assert_allclose(scores, hidden @ params["prototypes"].T, atol=1e-5)
    if regress_time:
        expected = hidden @ params["time"]["kernel"][:, 0] + params["time"]["bias"]
        np.testing.assert_allclose(time, expected, atol=1e-5)


def test_shapes():
    model, params = make(regress_time=True)
    for leading in [(), (5,), (2, 5)]:
        result = model.apply({"params": params}, jnp.ones((*leading, CHANNELS)))
        assert [array.shape for array in result] == [(*leading, 40), (*leading, 7), leading]


def test_time_is_regressed_only_where_it_is_asked_for():
    model, params = make()
    assert set(params) == {"layer_0", "layer_1", "prototypes"}
    assert model.apply({"params": params}, jnp.ones((3, CHANNELS)))[2] is None
    assert set(make(regress_time=True)[1]) == {*params, "time"}


def test_weights_start_at_a_hundredth_and_biases_at_zero():
    _, params = make(regress_time=True)
    for name in ("layer_0", "layer_1"):
        kernel = np.array(params[name]["kernel"])
        # The standard error of a deviation from n draws is 1 / sqrt(2 n) of it.
        assert abs(kernel.std() / 0.01 - 1) < 4 / (2 * kernel.size) ** 0.5
        assert abs(kernel.mean()) < 0.01 * 4 / kernel.size**0.5
        assert np.abs(kernel).max() > 0.03  # normal, and not uniform
    for name, size in (("prototypes", CLUSTERS * 40), ("time", 40)):
        leaf = np.array(params[name]["kernel"] if name == "time" else params[name])
        assert leaf.size == size and abs(leaf.std() / 0.01 - 1) < 4 / (2 * size) ** 0.5
    assert not any(np.any(params[name]["bias"]) for name in ("layer_0", "layer_1", "time"))


def test_more_clusters_leave_the_others_as_they_are():
    """So that a member does not depend on the largest K among its neighbors."""
    _, params = make()
    wider = SigmoidEncoder(WIDTHS, CLUSTERS + 5)
    others = wider.init(jax.random.key(0), jnp.ones((1, CHANNELS)))["params"]
    np.testing.assert_array_equal(others["prototypes"][:CLUSTERS], params["prototypes"])
    for layer in ("layer_0", "layer_1"):
        np.testing.assert_array_equal(others[layer]["kernel"], params[layer]["kernel"])
