"""CASE's clusters on GauFuse's backbone: their losses beside the others, and what they carry on."""

import jax
import numpy as np
import pytest
import toy_gaufuse
from test_gaufuse import CLUSTERS, LOSSES, SLOTS, is_finite, make, only

from jaxseg.methods.gaufuse import method as gaufuse

# As many rounds as make marginals exact.
FULL = toy_gaufuse.CLUSTERED | {"solver.num_iterations": 100}
OPTIONS = {
    "SCC": {"loss.clustering": "scc"},
    "w/o OT": FULL | {"solver.assignment": "soft"},
    "Eq. 9 and 10": FULL | {"solver.prior": False, "solver.marginal": "uniform"},
}
pytestmark = pytest.mark.usefixtures("quick_compile")


@pytest.fixture(scope="module")
def full(quickly):
    """(step, predict, params, carried, batch) with both of CASE's losses; one slot is empty."""
    with quickly():
        step, predict, init, batch = make(FULL)
        return step, predict, *init(), only(batch, (0, 1, 2))


def check_step(step, params, carried, batch, names):
    """Finite losses by these names, which add up, and a gradient that reaches the clusters."""
    (value, (new, metrics)), gradient = result = step(params, carried, batch)
    names = {*LOSSES, *names}
    assert metrics.keys() == names | {"loss", "pseudo_weight"} and is_finite(result)
    np.testing.assert_allclose(metrics["loss"], sum(metrics[each] for each in names), rtol=1e-6)
    np.testing.assert_allclose(value, 3 * metrics["loss"], rtol=1e-6)
    assert np.any(gradient["prototypes"])
    np.testing.assert_array_equal(carried["cluster_classes"], 0.5)
    return new["cluster_classes"]


def test_a_step(full):
    step, _, params, carried, batch = full
    np.testing.assert_allclose(np.linalg.norm(params["prototypes"], axis=1), 1, rtol=1e-6)
    classes = check_step(step, params, carried, batch, {"snippet_loss", "cluster_loss"})
    assert np.any(classes != 0.5)
    np.testing.assert_allclose(classes.sum(-1), 1, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", OPTIONS)
def test_options(name):
    step, _, init, batch = make(OPTIONS[name])
    names = {"snippet_loss"} if name == "SCC" else {"snippet_loss", "cluster_loss"}
    classes = check_step(step, *init(), only(batch, (0, 1, 2)), names)
    assert np.any(classes != 0.5) == (name != "SCC")


def test_clusters_are_foreground_in_the_share_of_the_top_snippets(full):
    """A T-th part of each video for each of its classes, unless two have the same snippets."""
    step, _, params, carried, batch = full
    (_, (new, _)), _ = step(params, carried, batch)
    lengths = batch["mask"].sum(axis=1)
    counts, classes = lengths // 8, batch["labels"].sum(axis=1)
    share = float(np.mean(np.asarray(new["cluster_classes"])[:, 0]))
    least, most = np.sum(counts) / lengths.sum(), np.sum(counts * classes) / lengths.sum()
    assert least - 1e-4 <= share <= most + 1e-4


def test_what_is_not_there_does_not_matter(full):
    """Padding, and all of an empty slot."""
    step, _, params, carried, batch = full
    odd = batch | {"features": np.where(batch["mask"][..., None], batch["features"], np.nan)}
    odd["labels"] = np.where(np.arange(SLOTS)[:, None] == 3, 1 - batch["labels"], batch["labels"])
    result, expected = step(params, carried, odd), step(params, carried, batch)
    jax.tree.map(np.testing.assert_array_equal, result, expected)


def test_what_is_predicted(full):
    """Every output that has a row a snippet is known as such."""
    _, predict, params, carried, batch = full
    method = gaufuse.make(toy_gaufuse.make_config(FULL), num_clusters=CLUSTERS)
    length = batch["mask"].shape[1]
    result = predict(params, carried, {name: batch[name][0] for name in ("features", "mask")})
    assert {name for name, array in result.items() if len(array) == length} == set(method.rows)
    assert result["cluster_logits"].shape == (length, CLUSTERS)
    assert np.abs(result["cluster_logits"]).max() <= 10 + 1e-5
    np.testing.assert_array_equal(result["cluster_classes"], carried["cluster_classes"])


def test_prototypes_are_brought_back_to_unit_norm(full):
    prototypes = full[2]["prototypes"]
    result = gaufuse.project({"prototypes": 3 * prototypes, "classes": 3 * prototypes})
    np.testing.assert_allclose(result["prototypes"], prototypes, atol=1e-6)
    np.testing.assert_array_equal(result["classes"], 3 * prototypes)
