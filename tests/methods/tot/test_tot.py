"""TOT as a method: its losses are the papers', and nothing that is masked matters."""

import jax
import numpy as np
import pytest
import tot_reference as reference

from jaxseg.methods.tot import method as tot

VARIANTS = {
    "TOT": {},
    "TOT+TCL": {"tcl": True},
    "TOT+CTE": {"cte": True},
    "OT": {"temporal_prior": False},
    "OT+TCL": {"temporal_prior": False, "tcl": True},
    "OT+CTE": {"temporal_prior": False, "cte": True},
    "CTE": {"cte": True, "clusters": "kmeans"},
    "everything": {"tcl": True, "cte": True},
    "authors' TCL": {"tcl": True, "loss.tcl_groups": "code", "loss.tcl_temperature": 0.1},
}
pytestmark = pytest.mark.usefixtures("quick_compile")


def value_and_grad(method, member):
    def loss(params, batch):
        return method.loss(params, (), batch, member.key, member)

    return jax.jit(jax.value_and_grad(loss, has_aux=True))


def run(params, batch, method=None, member=None):
    """(value, metrics, gradient) of the loss, by default of TOT's."""
    loss = value_and_grad(method, member) if method else LOSS
    (value, (carried, metrics)), gradient = loss(params, batch)
    assert carried == ()
    return value, metrics, gradient


METHOD, MEMBER, PARAMS = reference.make()
LOSS = value_and_grad(METHOD, MEMBER)


def assert_close(tree, other, atol=1e-6):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=atol, rtol=1e-5), tree, other)


@pytest.mark.parametrize(
    ("overrides", "sigma", "shift"),
    [
        ({}, 1.0, 0),
        ({"temporal_prior": False}, None, 0),
        ({"solver.train.prior_indices": "centered", "solver.train.sigma": 0.75}, 0.75, 0.5),
        ({"solver.train.rho": 0.2, "solver.train.num_iterations": 9}, 1.0, 0),
    ],
    ids=["TOT", "OT", "centered", "nine rounds"],
)
def test_the_cluster_loss_is_the_papers(overrides, sigma, shift):
    """Q of both videos together by plain Sinkhorn, and -sum Q log P over all frames."""
    method, member, params = reference.make(overrides)
    batch = reference.make_batch()
    scores = reference.encode(params, batch["frames"])[1][..., :3]
    rho = overrides.get("solver.train.rho", 0.05)
    rounds = overrides.get("solver.train.num_iterations", 3)
    plan = reference.labels(scores, rho, sigma, rounds, shift)
    value, metrics, _ = run(params, batch, method, member)
    # log P reaches 20, and of logits near 20 float32 knows 2e-6.
    expected = reference.cluster_loss(plan, reference.codes(scores))
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    assert metrics["cluster_loss"] == metrics["loss"] == value


def test_the_other_losses_are_added_with_their_weights():
    overrides = {"tcl": True, "cte": True, "loss.alpha": 0.7, "loss.time": 0.3}
    method, member, params = reference.make(overrides)
    batch = reference.make_batch()
    embeddings, scores = reference.encode(params, batch["frames"])
    plan = reference.labels(scores[..., :3], rho=0.04, sigma=0.75)  # the row of TOT+TCL
    head = {name: np.asarray(leaf, float) for name, leaf in params["time"].items()}
    time = (embeddings @ head["kernel"])[..., 0] + head["bias"]
    expected = {
        "cluster_loss": reference.cluster_loss(plan, reference.codes(scores[..., :3])),
        "tcl_loss": 0.7 * reference.coherence(embeddings, batch["pairs"]),
        "time_loss": 0.3 * np.sum((time - batch["time"]) ** 2),
    }
    value, metrics, _ = run(params, batch, method, member)
    for name, part in expected.items():
        np.testing.assert_allclose(metrics[name], part, rtol=1e-5)
    np.testing.assert_allclose(value, sum(expected.values()), rtol=1e-5)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_has_a_finite_loss_and_gradients(name):
    method, member, params = reference.make(VARIANTS[name])
    value, metrics, gradient = run(params, reference.make_batch(), method, member)
    assert np.isfinite(value) and value > 0
    parts = {part.removesuffix("_loss") for part in metrics if part.endswith("_loss")}
    expected = {"cluster": "kmeans" not in VARIANTS[name].values()}
    expected |= {"tcl": VARIANTS[name].get("tcl"), "time": VARIANTS[name].get("cte")}
    assert parts == {part for part, learned in expected.items() if learned}
    assert ("collapsed" in metrics) == ("cluster" in parts)
    moved = {"layer_0", "layer_1"} | ({"time"} & set(params))
    moved |= {"prototypes"} if "cluster" in parts else set()
    for part, leaves in gradient.items():
        for leaf in jax.tree.leaves(leaves):
            assert np.isfinite(leaf).all() and (np.abs(leaf).max() > 1e-6) == (part in moved)


@pytest.mark.parametrize("scale", [0.0, 1e-3, 30.0])
def test_gradients_are_finite_where_codes_are_alike_and_where_they_are_certain(scale):
    params = PARAMS | {"prototypes": scale * PARAMS["prototypes"]}
    value, _, gradient = run(params, reference.make_batch())
    assert all(np.isfinite(leaf).all() for leaf in (value, *jax.tree.leaves(gradient)))


def test_pseudo_labels_are_constants_to_the_gradient():
    """d loss / d C = (P - Q)' Z / (temperature * frames): Eq. 2 without a path through Q."""
    batch = reference.make_batch()
    embeddings, scores = reference.encode(PARAMS, batch["frames"])
    scores = scores[..., :3]
    away = (reference.codes(scores) - reference.labels(scores)) / 0.1 / scores[..., 0].size
    expected = np.einsum("vnk,vnd->kd", away, embeddings)
    _, _, gradient = run(PARAMS, batch)
    np.testing.assert_allclose(gradient["prototypes"][:3], expected, atol=1e-5)
    assert np.abs(expected).max() > 0.1


def plan_and_scores(overrides):
    """Q of a batch whose second video likes the first cluster, and the scores it is made of."""
    config, member = reference.make_member(overrides)
    batch = reference.make_batch()
    scores = reference.encode(PARAMS, batch["frames"])[1].astype("f4")
    scores[1] += np.array([0.3, 0, 0, 0], "f4")
    solve = jax.jit(lambda scores, mask: tot.pseudo_labels(config, scores, mask, member).plan)
    return np.array(solve(scores, batch["mask"])), scores[..., :3]


def test_three_rounds_by_default_end_with_the_rows():
    plan, scores = plan_and_scores({})
    np.testing.assert_allclose(plan[..., :3], reference.labels(scores, rounds=3), atol=1e-5)
    np.testing.assert_allclose(plan.sum(-1), 1, atol=1e-5)
    assert not plan[..., 3].any()
    assert np.abs(plan[..., :3].sum((0, 1)) - 32 / 3).max() > 1e-3  # columns are not there yet


@pytest.mark.parametrize("prior", [True, False])
def test_clusters_share_the_batch_equally_and_not_each_video(prior):
    many = {"solver.train.num_iterations": 500, "solver.train.rho": 0.2, "temporal_prior": prior}
    shares = plan_and_scores(many)[0].sum(1)[:, :3]
    np.testing.assert_allclose(shares.sum(0), 32 / 3, rtol=1e-4)
    assert np.abs(shares[0] - 16 / 3).max() > 0.5


@pytest.mark.parametrize("name", ["OT", "everything", "authors' TCL", "CTE"])
@pytest.mark.parametrize("garbage", [3.0, np.nan])
def test_a_missing_second_video_changes_nothing(name, garbage):
    method, member, params = reference.make(VARIANTS[name])
    whole = reference.make_batch()
    alone = {key: array[:1] for key, array in whole.items()}
    missing = reference.without_second(whole, garbage)
    if name == "authors' TCL":  # its draw of anchors has the batch's shape
        alone = reference.without_second(whole)
    expected, result = (run(params, batch, method, member) for batch in (alone, missing))
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(result))
    assert_close(result, expected)


@pytest.mark.parametrize("garbage", [3.0, np.nan, np.inf])
def test_padding_within_a_video_changes_nothing(garbage):
    """Eleven frames of a video, behind them garbage, equal eleven frames by themselves."""
    batch = {name: array[:1] for name, array in reference.make_batch().items()}
    cut = batch | {name: batch[name][:, :11] for name in ("frames", "mask", "time")}
    padded = {name: array.copy() for name, array in batch.items()}
    padded["mask"][:, 11:] = False
    padded["frames"][:, 11:] = padded["time"][:, 11:] = garbage
    method, member, params = reference.make({"cte": True})
    expected, result = (run(params, batch, method, member) for batch in (cut, padded))
    assert_close(result, expected)


def test_masked_clusters_change_nothing_whatever_their_prototypes():
    method, member, params = reference.make(num_clusters=3)
    value, metrics, gradient = run(params, reference.make_batch(), method, member)
    far = np.concatenate([params["prototypes"], np.full((1, reference.WIDTH), 1e3, "f4")])
    result = run(PARAMS | {"prototypes": far}, reference.make_batch())
    assert not result[2]["prototypes"][3].any()
    cut = result[2] | {"prototypes": result[2]["prototypes"][:3]}
    assert_close((*result[:2], cut), (value, metrics, gradient))


def test_no_data_and_no_projection_touch_the_start():
    start, carried = METHOD.init(MEMBER.key, reference.make_batch(), MEMBER)
    assert METHOD.warm_start is None and carried == () and METHOD.project(start) is start
    assert METHOD.late == ("prototypes",) and 0 < np.std(start["prototypes"]) < 0.02
