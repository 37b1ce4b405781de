"""CASE's network: its size, PyTorch's starting weights, the formulas, streams that do not meet."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxseg.methods.case.network import TwoStream, project

CHANNELS, CLASSES, CLUSTERS, HIDDEN = 12, 5, 3, 40
MODEL = TwoStream(CLASSES, CLUSTERS, HIDDEN)
pytestmark = pytest.mark.usefixtures("quick_compile")


def init(model: TwoStream) -> dict:
    """Parameters as a method hands them over: prototypes at unit norm."""
    example = jnp.ones((1, CHANNELS))
    return jax.jit(lambda: project(model.init(jax.random.key(0), example, example)["params"]))()


@pytest.fixture(scope="module")
def params(quickly):
    with quickly():
        return init(MODEL)


def features(shape=(2, 7), seed=0):
    return np.random.default_rng(seed).standard_normal((2, *shape, CHANNELS)).astype(np.float32)


run = jax.jit(lambda params, rgb, flow: MODEL.apply({"params": params}, rgb, flow))


def apply(params, rgb, flow):
    return jax.tree.map(np.asarray, run(params, rgb, flow))


def test_shapes(params):
    for stream in apply(params, *features()):
        assert stream.class_logits.shape == (2, 7, CLASSES)
        assert stream.attention_logits.shape == (2, 7)
        assert stream.cosines.shape == (2, 7, CLUSTERS)
        assert stream.embeddings.shape == (2, 7, HIDDEN)


@pytest.mark.parametrize("stream", ["rgb", "flow"])
def test_against_numpy(params, stream):
    weights, rows = params[stream], features((7,))
    index = ("rgb", "flow").index(stream)
    result = apply(params, *rows)[index]

    def dense(inputs, name):
        return inputs @ np.array(weights[name]["kernel"], float) + weights[name]["bias"]

    embeddings = np.maximum(dense(rows[index], "embedding_encoder"), 0)
    seen = np.maximum(dense(rows[index], "class_encoder"), 0)
    norms = np.linalg.norm(embeddings, axis=1, keepdims=True)
    np.testing.assert_allclose(result.class_logits, dense(seen, "classifier"), atol=1e-5)
    np.testing.assert_allclose(
        result.attention_logits, dense(embeddings, "attention")[:, 0], atol=1e-5
    )
    np.testing.assert_allclose(result.embeddings, embeddings, atol=1e-5)
    np.testing.assert_allclose(
        result.cosines, embeddings / norms @ np.array(weights["prototypes"]).T, atol=1e-5
    )


def test_the_streams_share_nothing(params):
    rgb, flow = features()
    before, after = apply(params, rgb, flow), apply(params, rgb, flow + 1)
    jax.tree.map(np.testing.assert_array_equal, before[0], after[0])
    assert np.abs(before[1].class_logits - after[1].class_logits).max() > 0.1
    assert np.abs(params["rgb"]["prototypes"] - params["flow"]["prototypes"]).max() > 0.1


def test_size_of_the_published_network():
    """2.13 million at 1,024 channels a stream, 20 classes and 16 clusters (Table 1)."""
    example = jnp.ones((1, 1024))
    made = jax.eval_shape(TwoStream(20, 16).init, jax.random.key(0), example, example)
    count = sum(leaf.size for leaf in jax.tree.leaves(made["params"]))
    encoder = 1024 * 512 + 512
    stream = 2 * encoder + (512 * 20 + 20) + (512 + 1) + 512 * 16
    assert count == 2 * stream == 2_137_130


@pytest.mark.parametrize(("layer", "inputs"), [("class_encoder", CHANNELS), ("classifier", HIDDEN)])
def test_layers_start_within_one_over_the_root_of_their_inputs(params, layer, inputs):
    """Uniformly so: a uniform distribution over [-b, b] has deviation b / sqrt(3)."""
    bound = inputs**-0.5
    kernel = np.array(params["rgb"][layer]["kernel"])
    assert 0.9 * bound < np.abs(kernel).max() <= bound
    np.testing.assert_allclose(kernel.std(), bound / np.sqrt(3), rtol=0.1)
    assert np.abs(params["rgb"][layer]["bias"]).max() <= bound


def test_further_classes_leave_the_first_ones_as_they_are(params):
    more = init(TwoStream(CLASSES + 2, CLUSTERS, HIDDEN))
    cut = jax.tree.map(lambda leaf, narrow: leaf[..., : narrow.shape[-1]], more, params)
    jax.tree.map(np.testing.assert_array_equal, cut, params)


def test_projected_prototypes_have_unit_norm_and_nothing_else_changes(params):
    scaled = {
        name: weights | {"prototypes": 3 * weights["prototypes"]}
        for name, weights in params.items()
    }
    result = project(scaled)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6), result, params)
    norms = np.linalg.norm(result["flow"]["prototypes"], axis=1)
    np.testing.assert_allclose(norms, 1, rtol=1e-6)


def test_an_embedding_of_zeros_has_cosine_zero_and_finite_gradients(params):
    """All units of the encoder off, as on a video without features and biases below 0."""
    off = jax.tree.map(jnp.zeros_like, params["rgb"]["embedding_encoder"])
    params = params | {"rgb": params["rgb"] | {"embedding_encoder": off}}

    def total(params):
        return sum(leaf.sum() for leaf in jax.tree.leaves(run(params, *rows)))

    rows = features()
    assert not apply(params, *rows)[0].cosines.any()
    for leaf in jax.tree.leaves(jax.jit(jax.grad(total))(params)):
        assert np.isfinite(leaf).all()
