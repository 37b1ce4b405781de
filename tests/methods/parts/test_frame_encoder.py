"""The frame encoder: shapes, unit norms, PyTorch's starting weights, gradients at zero rows."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxseg.methods.parts.encoder import FrameEncoder, unit

MODEL = FrameEncoder(widths=(50, 7), num_clusters=4)


@pytest.fixture(scope="module")
def params():
    """As a method hands them over: the prototypes projected to unit norm."""
    made = MODEL.init(jax.random.key(0), jnp.ones((1, 30)))["params"]
    return made | {"prototypes": unit(made["prototypes"])}


def test_shapes_and_norms(params):
    frames = np.random.default_rng(0).standard_normal((2, 5, 30))
    embeddings, cosine = MODEL.apply({"params": params}, frames)
    assert embeddings.shape == (2, 5, 7) and cosine.shape == (2, 5, 4)
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=-1), 1, rtol=1e-6)
    assert np.abs(cosine).max() <= 1 + 1e-6


def test_against_numpy(params):
    frames = np.random.default_rng(1).standard_normal((5, 30))
    first, second = params["layer_0"], params["layer_1"]
    hidden = np.maximum(frames @ first["kernel"] + first["bias"], 0)
    hidden = hidden @ second["kernel"] + second["bias"]
    hidden /= np.linalg.norm(hidden, axis=1, keepdims=True)
    embeddings, cosine = MODEL.apply({"params": params}, frames)
    np.testing.assert_allclose(embeddings, hidden, atol=1e-5)
    np.testing.assert_allclose(cosine, hidden @ params["prototypes"].T, atol=1e-5)


def test_the_gradient_of_a_prototype_keeps_its_radial_part(params):
    """As in ASOT's program, which normalizes between the steps and not within them."""
    frames = np.random.default_rng(2).standard_normal((5, 30))

    def first_cosines(prototypes):
        return MODEL.apply({"params": params | {"prototypes": prototypes}}, frames)[1][:, 0].sum()

    gradient = jax.grad(first_cosines)(params["prototypes"])
    embeddings, cosine = MODEL.apply({"params": params}, frames)
    np.testing.assert_allclose(gradient[0], embeddings.sum(0), atol=1e-5)
    np.testing.assert_allclose(gradient[0] @ params["prototypes"][0], cosine[:, 0].sum(), atol=1e-5)


@pytest.mark.parametrize(("layer", "inputs"), [("layer_0", 30), ("layer_1", 50)])
def test_layers_start_within_one_over_the_root_of_their_inputs(params, layer, inputs):
    """Uniformly so: a uniform distribution over [-b, b] has deviation b / sqrt(3)."""
    bound = inputs**-0.5
    kernel = np.array(params[layer]["kernel"])
    assert 0.9 * bound < np.abs(kernel).max() <= bound
    np.testing.assert_allclose(kernel.std(), bound / np.sqrt(3), rtol=0.06)
    bias = np.array(params[layer]["bias"])
    assert np.abs(bias).max() <= bound and bias.std() > 0.2 * bound


def test_more_clusters_leave_the_first_ones_as_they_are(params):
    """So that a member does not depend on the largest K among its neighbors."""
    wider = FrameEncoder(widths=(50, 7), num_clusters=9)
    others = wider.init(jax.random.key(0), jnp.ones((1, 30)))["params"]
    np.testing.assert_array_equal(unit(others["prototypes"])[:4], params["prototypes"])
    np.testing.assert_array_equal(others["layer_1"]["kernel"], params["layer_1"]["kernel"])


def test_a_zero_vector_stays_zero_with_a_finite_gradient():
    vectors = jnp.array([[0.0, 0.0], [3.0, 4.0]])
    np.testing.assert_allclose(unit(vectors), [[0, 0], [0.6, 0.8]], rtol=1e-6)
    assert np.isfinite(jax.grad(lambda x: unit(x).sum())(vectors)).all()
