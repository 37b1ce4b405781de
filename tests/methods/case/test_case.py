"""CASE as a method: finite under every option, and nothing that is not there matters."""

import jax
import numpy as np
import pytest
import toy_case

from jaxseg.methods.case import method as case
from jaxseg.training.members import enumerate_members, stack
from jaxseg.training.setup import set_up

CLASSES, CLUSTERS, SNIPPETS = len(toy_case.CLASSES), 4, 16
PLAIN = {"predict.foreground": "attention"}
OPTIONS = {
    "full": {},
    "baseline": {"loss.clustering": "none", **PLAIN},
    "+SCC": {"loss.clustering": "scc", **PLAIN},
    "OT hard": {"solver.assignment": "ot-hard"},
    "w/o OT soft": {"solver.assignment": "soft"},
    "w/o OT hard": {"solver.assignment": "hard"},
    "Eq. 10": {"solver.prior": False},
    "Eq. 9": {"solver.marginal": "uniform"},
    "BCE": {"loss.attention": "bce"},
    "co-labeling of the baseline": {"solver.co_labeling": "baseline"},
    "w/o co-labeling": {"solver.co_labeling": "none"},
    "the program's rank": {"solver.compat": "case"},
}
# Those beyond differ in labels alone, which have their own tests: compiled with `-m slow`.
QUICK = ("baseline", "+SCC", "w/o co-labeling")
LOSSES = ("video_loss", "attention_loss", "snippet_loss", "cluster_loss")
pytestmark = pytest.mark.usefixtures("quick_compile")


def make(overrides=None, data=None):
    """(step, predict, init, batch) of one member, jitted; a step gives losses and gradients."""
    config = toy_case.make_config(overrides)
    data = data or toy_case.make_data()
    (member,) = enumerate_members(config, data)
    member = jax.tree.map(lambda leaf: leaf[0], stack([member]))
    method = case.make(config, num_clusters=CLUSTERS)
    batch = jax.tree.map(lambda leaf: leaf[0], set_up(config, data).batches.batch(0))
    gradient = jax.value_and_grad(method.loss, has_aux=True)
    step = jax.jit(lambda p, c, batch: gradient(p, c, batch, member.key, member))
    predict = jax.jit(lambda p, c, video: method.predict(p, c, video, member))
    init = jax.jit(lambda: method.init(member.key, batch, member))
    return step, predict, init, batch


@pytest.fixture(scope="module")
def default(quickly):
    """(step, predict, params, carried, batch) of the toy's own config."""
    with quickly():
        step, predict, init, batch = make()
        return step, predict, *init(), batch


def assert_close(tree, other, rtol=1e-5, atol=1e-6):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=rtol, atol=atol), tree, other)


def is_finite(tree) -> bool:
    return all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(tree))


@pytest.mark.parametrize(
    "name",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in OPTIONS],
)
def test_every_option_learns(default, name):
    """Losses and gradients are finite, and clusters that are classified are carried on."""
    _, _, params, carried, batch = default
    step, _, init, _ = make(OPTIONS[name])
    per_stream = "solver.co_labeling" in OPTIONS[name]
    if per_stream:
        _, carried = init()
    (value, (new, metrics)), gradient = step(params, carried, batch)
    assert np.isfinite(value) and value > 0 and is_finite(new) and is_finite(gradient)
    parts = [metrics[loss] for loss in LOSSES if loss in metrics]
    assert len(parts) == {"baseline": 2, "+SCC": 3}.get(name, 4)
    assert ("entropy" in metrics) == (len(parts) > 2)
    assert ("foreground_clusters" in metrics) == (len(parts) > 3)
    weights = (1.0, 1.0, 1.0, 0.3)[: len(parts)]
    np.testing.assert_allclose(value, np.dot(weights, parts), rtol=1e-6)
    for stream in gradient.values():
        assert np.any(stream["prototypes"]) == (name != "baseline")
        assert np.any(stream["attention"]["kernel"])
    shape = (2, CLUSTERS, 2) if per_stream else (CLUSTERS, 2)
    assert carried["cluster_classes"].shape == new["cluster_classes"].shape == shape
    np.testing.assert_array_equal(carried["cluster_classes"], 0.5)
    np.testing.assert_allclose(new["cluster_classes"].sum(-1), 1, rtol=1e-5)
    assert np.any(new["cluster_classes"] != 0.5) == (name not in ("baseline", "+SCC"))


@pytest.mark.parametrize("padding", [0.0, 1.0, np.nan])
def test_videos_that_are_not_there_do_not_matter(default, padding):
    step, _, params, carried, batch = default
    present = np.arange(len(batch["mask"])) != 2
    masked = {name: batch[name].copy() for name in batch} | {"mask": present}
    for name in ("rgb", "flow"):
        masked[name][2] = padding
    fewer = {name: array[present] for name, array in batch.items()}
    result, expected = step(params, carried, masked), step(params, carried, fewer)
    assert_close(result, expected)
    assert is_finite(result)


def test_an_empty_batch_is_finite(default):
    step, _, params, carried, batch = default
    assert is_finite(step(params, carried, batch | {"mask": np.zeros_like(batch["mask"])}))


def test_classes_that_no_video_has_change_nothing(default):
    """Neither the start nor a step nor a prediction, in which they have no probability."""
    step, predict, params, carried, batch = default
    (value, (_, metrics)), gradient = step(params, carried, batch)
    wide, wide_predict, init, wider = make(data=toy_case.make_data(CLASSES + 2))
    more, state = init()
    (result, (_, others)), steeper = wide(more, state, wider)
    assert wider["labels"].shape[-1] == CLASSES + 2
    np.testing.assert_allclose(result, value, rtol=1e-6)
    assert_close(others, metrics)
    cut = jax.tree.map(lambda leaf, narrow: leaf[..., : narrow.shape[-1]], steeper, gradient)
    assert_close(cut, gradient)
    assert not steeper["rgb"]["classifier"]["kernel"][:, CLASSES:].any()
    video = {name: batch[name][0] for name in ("rgb", "flow")}
    logits = wide_predict(more, state, video)["class_logits_rgb"]
    expected = predict(params, carried, video)["class_logits_rgb"]
    np.testing.assert_allclose(logits[:, :CLASSES], expected, rtol=1e-6)
    assert np.isfinite(logits).all() and not jax.nn.softmax(logits)[:, CLASSES:].any()


def test_a_video_without_foreground_and_one_of_zeros(default):
    step, _, params, carried, batch = default
    odd = {name: batch[name].copy() for name in batch}
    odd["labels"][0] = 0
    odd["rgb"][1] = odd["flow"][1] = 0
    (_, (new, metrics)), gradient = step(params, carried, odd)
    assert is_finite((new, metrics, gradient))
    share = (len(batch["mask"]) - 1) * (SNIPPETS // 8) / SNIPPETS / len(batch["mask"])
    np.testing.assert_allclose(metrics["foreground_labels"], share, rtol=1e-6)


def test_no_foreground_at_all(default):
    """Then every cluster is background."""
    step, _, params, carried, batch = default
    result = step(params, carried, batch | {"labels": np.zeros_like(batch["labels"])})
    (_, (new, metrics)), _ = result
    assert is_finite(result) and metrics["video_loss"] == metrics["foreground_labels"] == 0
    np.testing.assert_allclose(new["cluster_classes"], [[0, 1]] * CLUSTERS, atol=1e-6)


def test_videos_of_one_snippet(default):
    step, predict, params, carried, batch = default
    short = batch | {name: batch[name][:, :1] for name in ("rgb", "flow")}
    result = step(params, carried, short)
    assert is_finite(result) and result[0][1][1]["foreground_labels"] == 1
    video = {name: short[name][0] for name in ("rgb", "flow")}
    assert predict(params, carried, video)["attention_rgb"].shape == (1,)


def test_what_is_predicted(default):
    _, predict, params, carried, batch = default
    result = predict(params, carried, {name: batch[name][0] for name in ("rgb", "flow")})
    for stream in ("rgb", "flow"):
        assert result[f"class_logits_{stream}"].shape == (SNIPPETS, CLASSES)
        assert result[f"cluster_logits_{stream}"].shape == (SNIPPETS, CLUSTERS)
        assert np.abs(result[f"cluster_logits_{stream}"]).max() <= 10 + 1e-5
        attention = np.asarray(result[f"attention_{stream}"])
        assert attention.shape == (SNIPPETS,) and ((attention > 0) & (attention < 1)).all()
    np.testing.assert_array_equal(result["cluster_classes"], carried["cluster_classes"])
    assert len(result) == 7


def test_health_tells_a_collapse(default):
    """All prototypes alike are no collapse yet, one that is everybody's is."""
    step, _, params, carried, batch = default
    (_, (_, healthy)), _ = step(params, carried, batch)
    assert 0.5 * np.log(CLUSTERS) < healthy["entropy"] <= np.log(CLUSTERS) + 1e-5
    away = np.ones((CLUSTERS, 16), np.float32) / 4 * np.array([[1], [-1], [-1], [-1]])
    alike = {name: stream | {"prototypes": away} for name, stream in params.items()}
    (_, (_, collapsed)), _ = step(alike, carried, batch)
    assert collapsed["entropy"] < 0.2
