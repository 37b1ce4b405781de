"""GauFuse's losses of one video, each beside its formula in NumPy."""

import dataclasses
import functools

import jax
import numpy as np
import pytest

from jaxseg.methods.gaufuse import losses as gaufuse_losses
from jaxseg.methods.gaufuse.config import GaufuseLossConfig
from jaxseg.methods.gaufuse.network import Branch, RskpOutputs

CLASSES, T = 3, 21
LOSS = GaufuseLossConfig()
LABELS = np.array([1, 0, 1], np.float32)
BRANCHES = ("original", "propagated", "memory")
EPOCHS = (0, 100, 100.5, 200, 201, 300)
video_losses = jax.jit(gaufuse_losses.video_losses, static_argnames="loss")
pytestmark = pytest.mark.usefixtures("quick_compile")


def make_outputs(length=T, classes=CLASSES, scale=3.0) -> RskpOutputs:
    """Logits at random, as if from a network."""
    rng = np.random.default_rng(0)
    shapes = ((length, classes + 1), (length,), (classes + 1,), (classes + 1,))
    result = [
        Branch(*(scale * rng.standard_normal(shape).astype(np.float32) for shape in shapes))
        for _ in BRANCHES
    ]
    return RskpOutputs(*result, None, None, None, None)


def make_targets(length=T, classes=CLASSES) -> np.ndarray:
    """Of either sign; most snippets and the last true class have none."""
    rng = np.random.default_rng(1)
    targets = rng.standard_normal((length, classes + 1)).astype(np.float32)
    targets[::2] = 0
    targets[:, 2] = 0
    return targets


def pad(outputs: RskpOutputs, more: int, value=np.nan) -> RskpOutputs:
    def padded(branch):
        rows = {
            name: np.pad(
                leaf := getattr(branch, name),
                [(0, more), *[(0, 0)] * (leaf.ndim - 1)],
                constant_values=value,
            )
            for name in ("class_logits", "attention_logits")
        }
        return branch._replace(**rows)

    return outputs._replace(**{name: padded(getattr(outputs, name)) for name in BRANCHES})


def log_softmax(logits):
    logits = np.float64(logits)
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def expected_losses(outputs, targets, epoch, labels=LABELS) -> dict[str, float]:
    """The method's section of constants, written out."""
    original, propagated, memory = (getattr(outputs, name) for name in BRANCHES)
    remembered = 0.5 * (epoch > 100)

    def classes(background, name):
        shares = np.append(labels, background) / (labels.sum() + background)
        costs = [-shares @ log_softmax(getattr(branch, name)) for branch in (original, propagated)]
        return sum(costs) - remembered * shares @ log_softmax(getattr(memory, name))

    attention = np.sort(1 / (1 + np.exp(-np.float64(original.attention_logits))))
    count = max(1, len(attention) // 8)
    share = 0.2 * (epoch > 100)
    mixed = share * memory.class_logits + (1 - share) * propagated.class_logits
    target = np.exp(log_softmax(mixed / 0.2))
    distilled = -(target * log_softmax(original.class_logits / 0.2)).sum(-1).mean()
    logs = 0.8 * log_softmax(original.class_logits) + 0.2 * log_softmax(propagated.class_logits)
    return {
        "agnostic_loss": classes(0, "agnostic_logits"),
        "wise_loss": 0.2 * classes(1, "wise_logits"),
        "attention_loss": 0.1 * (attention[:count].mean() - attention[-count:].mean()),
        "distillation_loss": (0.5 if 100 < epoch <= 200 else 1.0) * distilled,
        "pseudo_loss": -min(10 * 1.035 ** (epoch - 200), 50) * (targets * logs).sum(-1).mean(),
    }


def near(result, expected):
    assert result.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(result[name], value, rtol=1e-5, err_msg=name)


@pytest.mark.parametrize("epoch", EPOCHS)
def test_losses_by_hand(epoch):
    outputs, targets = make_outputs(), make_targets()
    result = video_losses(outputs, np.ones(T, bool), LABELS, targets, float(epoch), loss=LOSS)
    near(result, expected_losses(outputs, targets, epoch))


@pytest.mark.parametrize("length", [1, 7, 8, 16, 31])
def test_highest_and_lowest_are_an_eighth_of_the_valid_snippets(length):
    """One at least; padding is in none of the losses, whatever stands there."""
    outputs, targets = make_outputs(length), make_targets(length)
    mask = np.arange(32) < length
    padded = np.pad(targets, [(0, 32 - length), (0, 0)])
    result = video_losses(pad(outputs, 32 - length), mask, LABELS, padded, 201.0, loss=LOSS)
    near(result, expected_losses(outputs, targets, 201))


def test_of_equal_attentions_no_more_are_taken():
    mask = np.arange(20) < 18
    result = np.asarray(gaufuse_losses.top(np.ones(20, np.float32), mask, 2))
    assert np.flatnonzero(result).tolist() == [0, 1]
    one_above = np.where(np.arange(20) == 7, 2, 1).astype(np.float32)
    result = np.asarray(gaufuse_losses.top(one_above, mask, 1))
    assert np.flatnonzero(result).tolist() == [7]


@pytest.mark.parametrize("epoch", EPOCHS)
def test_weights_of_an_epoch(epoch):
    result = gaufuse_losses.distillation_weight(epoch, LOSS)
    assert float(result) == {0: 1, 100: 1, 100.5: 0.5, 200: 0.5, 201: 1, 300: 1}[epoch]
    expected = {200: 10, 201: 10.35, 300: 50}.get(epoch, 10 / 1.035 ** (200 - epoch))
    np.testing.assert_allclose(gaufuse_losses.pseudo_weight(epoch, LOSS), expected, rtol=1e-5)


def gradient_of(part: str, epoch: float, **given):
    """Of one loss, to every logit: {branch: Branch}."""
    outputs = {"outputs": make_outputs(), "mask": np.ones(T, bool), "labels": LABELS}
    outputs |= {"targets": make_targets(), "epoch": epoch} | given
    logits = {name: getattr(outputs["outputs"], name) for name in BRANCHES}

    def loss(logits):
        filled = outputs["outputs"]._replace(**logits)
        return video_losses(**outputs | {"outputs": filled}, loss=LOSS)[part]

    return jax.jit(jax.grad(loss))(logits)


def test_a_negative_target_pushes_its_class_down():
    """A step against the gradient raises what is asked for and lowers what is asked against."""
    targets = np.zeros((T, CLASSES + 1), np.float32)
    targets[4, 1], targets[9, 1] = 0.5, -0.5
    result = gradient_of("pseudo_loss", 201.0, targets=targets)
    for branch in ("original", "propagated"):
        gradient = np.asarray(result[branch].class_logits)
        assert gradient[4, 1] < 0 < gradient[9, 1]
        assert not np.delete(gradient, [4, 9], axis=0).any()
    ratio = result["original"].class_logits[4, 1] / result["propagated"].class_logits[4, 1]
    probabilities = [
        np.exp(log_softmax(getattr(make_outputs(), name).class_logits[4]))[1]
        for name in ("original", "propagated")
    ]
    expected = 0.8 * (1 - probabilities[0]) / (0.2 * (1 - probabilities[1]))
    np.testing.assert_allclose(ratio, expected, rtol=1e-4)
    assert not any(leaf.any() for leaf in result["memory"])


def test_no_target_no_pseudo_loss():
    none = np.zeros((T, CLASSES + 1), np.float32)
    outputs = make_outputs()
    result = video_losses(outputs, np.ones(T, bool), LABELS, none, 300.0, loss=LOSS)
    assert float(result["pseudo_loss"]) == 0


@pytest.mark.parametrize("epoch", [99.0, 100.0, 101.0])
def test_the_memory_has_a_branch_after_it_was_filled(epoch):
    """Before, what it says changes nothing."""
    outputs, mask = make_outputs(), np.ones(T, bool)
    another = jax.tree.map(lambda leaf: leaf[::-1].copy(), outputs.memory)
    given = (mask, LABELS, make_targets(), epoch)
    one = video_losses(outputs, *given, loss=LOSS)
    other = video_losses(outputs._replace(memory=another), *given, loss=LOSS)
    for name in ("agnostic_loss", "wise_loss", "distillation_loss"):
        assert (one[name] != other[name]) == (epoch > 100)
    gradient = gradient_of("agnostic_loss", epoch)["memory"].agnostic_logits
    assert np.any(gradient) == (epoch > 100)


def test_the_target_of_the_distillation_stays_as_it_is():
    result = gradient_of("distillation_loss", 150.0)
    assert np.any(result["original"].class_logits)
    for branch in ("propagated", "memory"):
        assert not any(np.any(leaf) for leaf in result[branch])


@pytest.mark.parametrize("epoch", [50.0, 150.0, 250.0])
def test_classes_that_are_ruled_out_change_nothing(epoch):
    outputs, targets, mask = make_outputs(), make_targets(), np.ones(T, bool)

    def widen(array):
        """Two classes between the last one and background."""
        if array.shape[-1] != CLASSES + 1:
            return array
        ruled_out = np.full((*array.shape[:-1], 2), -1e9, np.float32)
        return np.concatenate([array[..., :-1], ruled_out, array[..., -1:]], axis=-1)

    wide = jax.tree.map(widen, outputs)
    targets_of_none = np.insert(targets, [CLASSES, CLASSES], 0, axis=1)
    labels = np.append(LABELS, [0, 0]).astype(np.float32)
    result = video_losses(wide, mask, labels, targets_of_none, epoch, loss=LOSS)
    near(result, video_losses(outputs, mask, LABELS, targets, epoch, loss=LOSS))


def test_a_video_without_a_class_and_one_without_snippets_cost_nothing_for_them():
    outputs = make_outputs()
    given = (make_targets(), 250.0)
    result = video_losses(outputs, np.ones(T, bool), np.zeros(CLASSES), *given, loss=LOSS)
    assert result["agnostic_loss"] == result["wise_loss"] == 0
    empty = video_losses(outputs, np.zeros(T, bool), LABELS, *given, loss=LOSS)
    for name in ("attention_loss", "distillation_loss", "pseudo_loss"):
        assert empty[name] == 0


def test_weights_are_the_configs():
    """Each loss is as heavy as its weight says; weights may be traced."""
    names = ("agnostic_weight", "wise_weight", "attention_weight")
    parts = [name.replace("weight", "loss") for name in names]
    outputs, mask, targets = make_outputs(), np.ones(T, bool), make_targets()

    @functools.partial(jax.jit, static_argnames="loss")
    def weighed(weights, loss):
        loss = dataclasses.replace(loss, **dict(zip(names, weights, strict=True)))
        return gaufuse_losses.video_losses(outputs, mask, LABELS, targets, 50.0, loss)

    ones, others = weighed((1.0, 1.0, 1.0), LOSS), weighed((2.0, 0.0, 3.0), LOSS)
    for part, factor in zip(parts, (2, 0, 3), strict=True):
        np.testing.assert_allclose(others[part], factor * ones[part], rtol=1e-6)
