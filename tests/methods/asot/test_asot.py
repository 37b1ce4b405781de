"""ASOT as a method: finite loss and gradients, and nothing that is masked matters."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import toy

from jaxseg.data.segmentation.records import DataSet
from jaxseg.methods.asot import method as asot
from jaxseg.training.members import enumerate_members, stack

SETTINGS = {
    "default": {},
    "balanced": {"solver.train.lambda_actions": np.inf, "solver.eval.lambda_actions": np.inf},
    "frames relaxed": {
        "solver.train.lambda_frames": 0.1,
        "solver.train.lambda_actions": np.inf,
    },
    "both relaxed": {"solver.train.lambda_frames": 0.1, "solver.train.step_size": 0.5},
    "no structure": {"solver.train.alpha": 0.0},
}
pytestmark = pytest.mark.usefixtures("quick_compile")


def make(overrides=None, num_clusters=4, valid=3):
    """(method, member, params) of a member with `valid` of `num_clusters` clusters."""
    config = toy.make_config({"model.num_clusters": valid} | (overrides or {}))
    (member,) = enumerate_members(config, SOUP)
    inputs = jax.tree.map(lambda leaf: leaf[0], stack([member]))
    inputs = inputs._replace(cluster_mask=np.arange(num_clusters) < valid)
    method = asot.make(config, num_clusters=num_clusters)
    params, _ = method.init(inputs.key, {"frames": np.zeros((1, 1, toy.CHANNELS))}, inputs)
    return method, inputs, params


SOUP = DataSet("toy", toy.make_data().activities["soup"])
METHOD, MEMBER, PARAMS = make()


def batch(frames=16, valid=(16, 11), padding=0.0, seed=0) -> dict:
    """Videos of different lengths; what lies behind them is `padding`."""
    mask = np.arange(frames) < np.array(valid)[:, None]
    drawn = np.random.default_rng(seed).standard_normal((len(valid), 64, toy.CHANNELS))
    drawn = np.where(mask[..., None], drawn[:, :frames], padding)
    return {"frames": drawn.astype(np.float32), "mask": mask}


def value_and_grad(method=METHOD, member=MEMBER):
    def loss(params, batch):
        return method.loss(params, (), batch, member.key, member)

    return jax.jit(jax.value_and_grad(loss, has_aux=True))


loss_of = value_and_grad()
predict_of = jax.jit(lambda params, video: METHOD.predict(params, (), video, MEMBER))


def assert_close(tree, other, atol=1e-6):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=atol), tree, other)


@pytest.mark.parametrize("name", SETTINGS)
def test_loss_and_gradients_are_finite(name):
    method, member, params = make(SETTINGS[name])
    (value, (_, metrics)), gradient = value_and_grad(method, member)(params, batch())
    assert np.isfinite(value) and value > 0 and metrics["loss"] == value
    for leaf in jax.tree.leaves(gradient):
        assert np.isfinite(leaf).all() and np.abs(leaf).max() > 1e-6


def test_the_loss_is_the_papers():
    """- mean over valid frames of sum_j T_ij log softmax(cos / .1)_ij, cosines from predict."""
    solver = {"epsilon": 0.07, "alpha": 0.3, "lambda_actions": 0.1}  # as in training
    method, member, params = make({f"solver.eval.{name}": solver[name] for name in solver})
    result = batch()
    total = 0.0
    for frames, mask in zip(result["frames"], result["mask"], strict=True):
        output = method.predict(params, (), {"frames": frames, "mask": mask}, member)
        logits = np.array(output["matrices"]["affinity"], float)[mask][:, :3] / 0.1
        logs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        total -= (np.array(output["matrices"]["plan"])[mask][:, :3] * logs).sum()
    (value, _), _ = value_and_grad(method, member)(params, result)
    np.testing.assert_allclose(value, total / result["mask"].sum(), rtol=1e-5)


@pytest.mark.parametrize("padding", [1.0, np.nan, np.inf])
def test_padded_frames_do_not_matter(padding):
    expected, result = loss_of(PARAMS, batch()), loss_of(PARAMS, batch(padding=padding))
    assert_close(result, expected)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(result))


def test_padded_length_and_empty_videos_do_not_matter():
    expected = loss_of(PARAMS, batch())
    longer = batch(frames=24, valid=(16, 11, 0), padding=np.nan)
    longer["frames"][:2, :16] = batch(padding=np.nan)["frames"]
    assert_close(loss_of(PARAMS, longer), expected, atol=1e-5)


def test_masked_clusters_get_no_mass_no_label_and_no_gradient():
    _, gradient = loss_of(PARAMS, batch())
    assert not gradient["prototypes"][3].any() and gradient["prototypes"][:3].any()
    output = predict_of(PARAMS, {name: array[0] for name, array in batch().items()})
    assert not output["matrices"]["plan"][:, 3].any() and set(output["labels"].tolist()) <= {
        0,
        1,
        2,
    }
    assert np.isneginf(output["typical"][0][:, 3]).all()


def test_masked_clusters_change_nothing():
    method, member, params = make(num_clusters=3)
    (value, _), _ = value_and_grad(method, member)(params, batch())
    np.testing.assert_allclose(value, loss_of(PARAMS, batch())[0][0], rtol=1e-5)


def test_projected_prototypes_have_unit_norm_and_nothing_else_changes():
    result = METHOD.project(PARAMS | {"prototypes": jnp.array([[3.0, 4, 0, 0, 0], [0.0] * 5])})
    np.testing.assert_allclose(result["prototypes"], [[0.6, 0.8, 0, 0, 0], [0] * 5], rtol=1e-6)
    assert_close(result["layer_0"], PARAMS["layer_0"], atol=0)


def test_the_warm_start_ignores_padding_and_gives_unit_prototypes():
    start = jax.jit(lambda sample: METHOD.warm_start(PARAMS, sample, MEMBER))
    result = start(batch())["prototypes"]
    np.testing.assert_allclose(np.linalg.norm(result, axis=1), [1, 1, 1, 0], atol=1e-6)
    assert np.abs(result - PARAMS["prototypes"]).max() > 0.1
    np.testing.assert_allclose(start(batch(padding=np.nan))["prototypes"], result, atol=1e-5)


def test_without_kmeans_the_start_stays():
    method, member, params = make({"model.kmeans": False})
    assert method.warm_start(params, batch(), member) is params


def padded(video: dict, length: int) -> dict:
    extra = length - len(video["mask"])
    frames = np.pad(video["frames"], ((0, extra), (0, 0)), constant_values=np.nan)
    return {"frames": frames, "mask": np.pad(video["mask"], (0, extra))}


@pytest.mark.parametrize("length", [16, 24, 64])
def test_predictions_do_not_depend_on_the_padded_length(length):
    video = {name: array[1] for name, array in batch().items()}  # 11 of 16 frames
    expected, result = predict_of(PARAMS, video), predict_of(PARAMS, padded(video, length))
    assert result["labels"][:11].tolist() == expected["labels"][:11].tolist()
    assert result["labels"][11:].tolist() == [-1] * (length - 11)
    np.testing.assert_allclose(
        result["matrices"]["plan"][:11], expected["matrices"]["plan"][:11], atol=1e-6
    )
    assert not result["matrices"]["plan"][11:].any()


def trimmed_typical(length: int):
    video = {name: array[1] for name, array in batch().items()}
    output = jax.tree.map(np.asarray, predict_of(PARAMS, padded(video, length)))
    return output["typical"], output["matrices"]["affinity"][:11], output["labels"][:11]


@pytest.mark.parametrize("length", [16, 40])
def test_typical_frames_are_the_nearest_of_their_label(length):
    (similarity, frames), cosine, labels = trimmed_typical(length)
    assert similarity.shape == frames.shape == (8, 4)
    for cluster in range(4):
        of_cluster = np.flatnonzero(labels == cluster)
        if not len(of_cluster):
            assert np.isneginf(similarity[:, cluster]).all()
            continue
        part = similarity[:, cluster].argmax()
        assert frames[part, cluster] == of_cluster[cosine[of_cluster, cluster].argmax()]
        np.testing.assert_allclose(similarity[part, cluster], cosine[of_cluster, cluster].max())


def test_health_tells_a_collapse():
    """All prototypes alike: the highest probability is 1/K."""
    alike = PARAMS | {"prototypes": jnp.ones_like(PARAMS["prototypes"])}
    (_, (_, metrics)), _ = loss_of(alike, batch())
    np.testing.assert_allclose(metrics["top_probability"], 1 / 3, rtol=1e-5)
    (_, (_, healthy)), _ = loss_of(PARAMS, batch())
    assert healthy["top_probability"] > 0.4 and 1 <= healthy["clusters_used"] <= 3
    assert 0 <= healthy["entropy"] <= np.log(3) + 1e-6
