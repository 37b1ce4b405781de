"""GauFuse as a method: what a step learns from, and nothing that is not there matters."""

import jax
import numpy as np
import pytest
import toy_gaufuse

from jaxseg.methods.gaufuse import method as gaufuse
from jaxseg.training.members import enumerate_members, stack
from jaxseg.training.setup import set_up

CLASSES, CLUSTERS = len(toy_gaufuse.CLASSES), 4
LOSSES = ("agnostic_loss", "wise_loss", "attention_loss", "distillation_loss", "pseudo_loss")
LATE = 11.0  # an epoch of the toy's fourteen, the 275th of the schedule: everything is learned
SLOTS = toy_gaufuse.VIDEOS_PER_BATCH
pytestmark = pytest.mark.usefixtures("quick_compile")


def make(overrides=None, data=None):
    """(step, predict, init, batch) of one member, jitted; a step gives losses and gradients."""
    config = toy_gaufuse.make_config(overrides)
    data = data or toy_gaufuse.make_data()
    (member,) = enumerate_members(config, data)
    member = jax.tree.map(lambda leaf: leaf[0], stack([member]))
    method = gaufuse.make(config, num_clusters=CLUSTERS)
    batch = jax.tree.map(lambda leaf: leaf[0], set_up(config, data).batches.batch(0))
    shape = (*batch["mask"].shape, batch["labels"].shape[1] + 1)
    targets = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    targets[..., CLASSES:-1] = 0
    batch |= {"targets": targets, "epoch": np.full(SLOTS, LATE, np.float32)}
    gradient = jax.value_and_grad(method.loss, has_aux=True)
    step = jax.jit(lambda p, c, batch: gradient(p, c, batch, member.key, member))
    predict = jax.jit(lambda p, c, video: method.predict(p, c, video, member))
    init = jax.jit(lambda: method.init(member.key, batch, member))
    return step, predict, init, batch


@pytest.fixture(scope="module")
def default(quickly):
    """(step, predict, params, carried, batch) of the toy's own config, with a memory."""
    with quickly():
        step, predict, init, batch = make()
        params, carried = init()
        (_, (carried, _)), _ = step(params, carried, batch)
        return step, predict, params, carried, batch


def assert_close(tree, other, rtol=1e-5, atol=1e-5):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=rtol, atol=atol), tree, other)


def is_finite(tree) -> bool:
    return all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(tree))


def only(batch: dict, slots) -> dict:
    """The batch without its other videos."""
    present = np.isin(np.arange(SLOTS), slots)
    return batch | {"mask": batch["mask"] & present[:, None]}


def test_losses_add_up(default):
    step, _, params, carried, batch = default
    (value, (new, metrics)), gradient = step(params, carried, batch)
    assert is_finite((value, new, metrics, gradient))
    assert metrics.keys() == {*LOSSES, "loss", "pseudo_weight"}
    parts = [metrics[name] for name in LOSSES]
    assert all(np.any(part) for part in parts)
    np.testing.assert_allclose(metrics["loss"], sum(parts), rtol=1e-6)
    np.testing.assert_allclose(value, SLOTS * metrics["loss"], rtol=1e-6)
    np.testing.assert_allclose(metrics["pseudo_weight"], 50)
    assert all(np.any(leaf) for leaf in jax.tree.leaves(gradient))


def test_gradients_are_sums_over_videos_and_metrics_their_means(default):
    step, _, params, carried, batch = default
    (_, (_, metrics)), gradient = step(params, carried, batch)
    single = [step(params, carried, only(batch, slot)) for slot in range(SLOTS)]
    gradients = [each for _, each in single]
    scale = max(np.abs(leaf).max() for leaf in jax.tree.leaves(gradient))
    summed = jax.tree.map(lambda *leaves: sum(leaves), *gradients)
    assert_close(summed, gradient, atol=1e-5 * scale)
    means = jax.tree.map(lambda *leaves: sum(leaves) / SLOTS, *[each[1][1] for each, _ in single])
    assert_close(metrics, means)


@pytest.mark.parametrize("padding", [1.0, np.nan])
def test_what_stands_in_padding_does_not_matter(default, padding):
    """Neither behind a video nor in the slot of one that is not there."""
    step, _, params, carried, batch = default
    batch = only(batch, (0, 1, 3))
    expected = step(params, carried, batch)
    odd = batch | {name: batch[name].copy() for name in ("features", "labels", "classes", "video")}
    odd["features"][~batch["mask"]] = padding
    odd["labels"][2], odd["classes"][2], odd["video"][2] = 1, 2, -1
    result = step(params, carried, odd)
    jax.tree.map(np.testing.assert_array_equal, result, expected)
    assert is_finite(result)


def test_a_longer_padding_changes_nothing(default):
    """Nor what the dropout leaves out."""
    step, _, params, carried, batch = default
    wide = dict(batch)
    for name in ("features", "mask", "targets"):
        more = [(0, 0), (0, batch[name].shape[1]), *[(0, 0)] * (batch[name].ndim - 2)]
        wide[name] = np.pad(batch[name], more)
    (_, (state, metrics)), gradient = step(params, carried, batch)
    (_, (other, longer)), steeper = step(params, carried, wide)
    assert_close((longer, other), (metrics, state))
    scale = max(np.abs(leaf).max() for leaf in jax.tree.leaves(gradient))
    assert_close(steeper, gradient, atol=1e-5 * scale)


def test_an_empty_batch_is_finite_and_leaves_the_memory(default):
    step, _, params, carried, batch = default
    (value, (new, _)), gradient = result = step(params, carried, only(batch, ()))
    assert is_finite(result) and value == 0
    assert not any(np.any(leaf) for leaf in jax.tree.leaves(gradient))
    assert_close(new, carried)


def test_the_memory_is_filled_from_its_epoch_on(default):
    """With representative snippets of those classes alone that the batch's videos have."""
    step, _, params, carried, batch = default
    empty = carried | {"memory": jax.tree.map(np.zeros_like, carried["memory"])}
    seen = batch["labels"].any(axis=0)
    for epoch, fills in ((0, False), (3, False), (4, True), (5, True)):
        at = batch | {"epoch": np.full(SLOTS, epoch, np.float32)}
        (_, (new, metrics)), _ = step(params, empty, at)
        scores = np.asarray(new["memory"]["scores"])
        np.testing.assert_array_equal((scores > 0).all(axis=1), seen & fills)
        (_, (_, others)), _ = step(params, carried, at)
        # A memory has a branch only after the epoch that fills it.
        assert (others["agnostic_loss"] != metrics["agnostic_loss"]) == (epoch > 4)


def test_a_memory_of_the_videos_own_classes(default):
    """What it keeps of a class that a video does not have changes none of the video's losses."""
    step, _, params, carried, batch = default
    slot = int(np.argmin(batch["labels"].sum(axis=1)))
    others = np.flatnonzero(batch["labels"][slot] == 0)
    memory = {name: np.array(leaf) for name, leaf in carried["memory"].items()}
    memory["means"][others] = np.random.default_rng(0).random(memory["means"][others].shape)
    memory["scores"][others] = 1
    one = step(params, carried, only(batch, slot))
    other = step(params, carried | {"memory": memory}, only(batch, slot))
    jax.tree.map(np.testing.assert_array_equal, one[0][1][1], other[0][1][1])
    memory["means"][batch["classes"][slot, 0]] = memory["means"][others[0]]
    memory["scores"][batch["classes"][slot, 0]] = 1
    third = step(params, carried | {"memory": memory}, only(batch, slot))
    assert third[0][1][1]["agnostic_loss"] != one[0][1][1]["agnostic_loss"]


def test_dropout_is_another_in_every_slot_and_none_in_testing(default):
    _, predict, params, carried, batch = default
    same = {name: np.repeat(array[:1], SLOTS, axis=0) for name, array in batch.items()}
    step = default[0]
    result = [
        step(params, carried, only(same, slot))[0][1][1]["distillation_loss"]
        for slot in range(SLOTS)
    ]
    assert len({float(value) for value in result}) == SLOTS
    video = {name: batch[name][0] for name in ("features", "mask")}
    assert_close(predict(params, carried, video), predict(params, carried, video), 0, 0)


def test_a_class_that_no_video_has_changes_nothing(default):
    """Given the same centers: losses, gradients and predictions, which give it no probability."""
    step, predict, params, carried, batch = default
    wide_step, wide_predict, init, wider = make(data=toy_gaufuse.make_data(CLASSES + 2))
    more, state = jax.tree.map(np.array, init())
    assert more["classes"].shape[0] == CLASSES + 3
    known = np.isin(np.arange(CLASSES + 3), [*range(CLASSES), CLASSES + 2])
    for name, leaf in params.items():
        if name != "classes":
            more[name] = leaf
    more["classes"][known] = params["classes"]
    for name, leaf in carried["memory"].items():
        state["memory"][name][:CLASSES] = leaf
    wider["targets"][..., known] = batch["targets"]
    (_, (_, metrics)), gradient = step(params, carried, batch)
    (_, (new, others)), steeper = wide_step(more, state, wider)
    assert_close(others, metrics)
    assert not steeper["classes"][~known].any()
    assert not new["memory"]["scores"][CLASSES:].any()
    scale = max(np.abs(leaf).max() for leaf in jax.tree.leaves(gradient))
    assert_close(steeper | {"classes": steeper["classes"][known]}, gradient, atol=1e-5 * scale)
    video = {name: batch[name][0] for name in ("features", "mask")}
    plain, wide = predict(params, carried, video), wide_predict(more, state, video)
    np.testing.assert_allclose(wide["class_logits"][:, known], plain["class_logits"], atol=1e-5)
    np.testing.assert_allclose(wide["video_scores"][known], plain["video_scores"], atol=1e-6)
    assert is_finite(wide) and not wide["video_scores"][~known].any()
    assert not jax.nn.softmax(wide["propagated_logits"])[:, ~known].any()


def test_what_is_predicted_does_not_depend_on_padding(default):
    _, predict, params, carried, batch = default
    slot = int(np.argmin(batch["mask"].sum(axis=1)))
    length = int(batch["mask"][slot].sum())
    video = {name: batch[name][slot] for name in ("features", "mask")}
    nothing = video | {"features": np.where(video["mask"][:, None], video["features"], np.nan)}
    short = {name: array[:length] for name, array in video.items()}
    expected = predict(params, carried, short)
    for result in (predict(params, carried, video), predict(params, carried, nothing)):
        assert result.keys() == expected.keys()
        for name, array in result.items():
            rows = array[:length] if len(array) == len(video["mask"]) else array
            np.testing.assert_allclose(rows, expected[name], rtol=1e-5, atol=1e-5)
    assert expected["class_logits"].shape == (length, CLASSES + 1)
    assert expected["video_scores"].shape == (CLASSES + 1,)


def test_videos_of_one_snippet(default):
    step, predict, params, carried, batch = default
    first = np.arange(batch["mask"].shape[1]) == 0
    result = step(params, carried, batch | {"mask": batch["mask"] & first})
    assert is_finite(result) and result[0][1][1]["attention_loss"] == 0
    video = {"features": batch["features"][0], "mask": first}
    assert is_finite(predict(params, carried, video))


def test_without_pseudo_labels_nothing_is_asked(default):
    """As in a run that has no refreshes, and so no targets."""
    step, _, params, carried, batch = default
    config = toy_gaufuse.make_config({"pseudo.refresh_at": ()})
    setup = set_up(config, toy_gaufuse.make_data())
    member = jax.tree.map(lambda leaf: leaf[0], setup.inputs)
    alone = {name: array for name, array in batch.items() if name != "targets"}
    loss = jax.jit(lambda batch: setup.method.loss(params, carried, batch, member.key, member))
    (_, (new, metrics)) = loss(alone)
    nothing = batch | {"targets": np.zeros_like(batch["targets"])}
    expected, weighed = step(params, carried, nothing)[0][1]
    assert_close((new, metrics), (expected, {name: weighed[name] for name in metrics}))
    assert weighed.keys() - metrics.keys() == {"pseudo_weight"}
    assert metrics["pseudo_loss"] == 0 and metrics["distillation_loss"] > 0


def test_a_refresh_empties_the_memory_and_nothing_else(default):
    carried = default[3] | {"cluster_classes": np.ones((CLUSTERS, 2))}
    result = gaufuse.make(toy_gaufuse.make_config(), num_clusters=CLUSTERS).refresh.reset(carried)
    assert np.any(carried["memory"]["scores"])
    assert not any(np.any(leaf) for leaf in result["memory"].values())
    jax.tree.map(np.testing.assert_array_equal, result | {"memory": 0}, carried | {"memory": 0})


def test_adam_is_the_papers():
    setup = set_up(toy_gaufuse.make_config(), toy_gaufuse.make_data())
    assert setup.method.betas == (0.9, 0.99)
    np.testing.assert_allclose(setup.inputs.rate_factors, [[1, 0.8, 0.4]])
    np.testing.assert_array_equal(setup.inputs.rate_steps, [[7, 16]])
