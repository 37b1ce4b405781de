"""One whole training step beside CASE's own program on the same network outputs."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxseg.methods.case import losses as case_losses
from jaxseg.methods.case.config import CaseLossConfig, CaseSolverConfig
from jaxseg.methods.case.network import StreamOutputs

SHARED = Path(__file__).resolve().parents[3].parent / "shared"
FILE = SHARED / "golden/sinkhorn_case_08_train_step.npz"
STREAMS = ("rgb", "flow")
OUTPUTS = [f"{part}_{name}" for part in ("cas", "att", "clu", "base") for name in STREAMS]
SCALE = 10.0
# The program adds 1e-7 to probabilities before a power, which moves the attention's loss by
# 3e-7 of itself and its gradient by 1e-6; sums in float32 cost as much again.
LOSSES, LABELS, GRADIENTS = 1e-6, 2e-6, 5e-6
pytestmark = pytest.mark.usefixtures("quick_compile")


@pytest.fixture(scope="module")
def arrays():
    if not FILE.exists():
        pytest.skip("the recorded step of CASE's program is not on this machine")
    return dict(np.load(FILE))


def stream(outputs, name) -> StreamOutputs:
    """The program's attention is behind the sigmoid, its clusters' logits are scaled."""
    attention = outputs[f"att_{name}"][:, 0]
    return StreamOutputs(
        class_logits=outputs[f"cas_{name}"],
        attention_logits=jnp.log(attention) - jnp.log1p(-attention),
        cosines=outputs[f"clu_{name}"] / SCALE,
        embeddings=jnp.swapaxes(outputs[f"base_{name}"], 1, 2),
    )


def take_step(arrays, dtype):
    """Losses, pseudo-labels of both streams, and gradients, in NumPy."""

    def loss(outputs):
        losses, pseudo = case_losses.step(
            [stream(outputs, name) for name in STREAMS],
            jnp.asarray(arrays["cls_gt_in"], dtype),
            jnp.asarray(arrays["label"], dtype),
            jnp.ones(len(arrays["label"]), bool),
            solver=CaseSolverConfig(compat="case"),
            loss=CaseLossConfig(),
            scale=SCALE,
        )
        return losses["loss"], (losses, pseudo)

    outputs = {name: jnp.asarray(arrays[name], dtype) for name in OUTPUTS}
    (_, result), gradients = jax.jit(jax.value_and_grad(loss, has_aux=True))(outputs)
    return jax.tree.map(np.asarray, (*result, gradients))


def expected_losses(arrays) -> dict:
    """Its log keeps the streams apart: half of each video loss, all of the attention's."""
    both = {
        part: [float(arrays[f"{part}_loss_{name}_f64"]) for name in STREAMS]
        for part in ("video", "attention")
    }
    return {
        "video_loss": sum(both["video"]) / 2,
        "attention_loss": sum(both["attention"]),
        "loss": float(arrays["total_loss_f64"]),
    }


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_a_whole_step(arrays, dtype):
    with jax.enable_x64(dtype == jnp.float64):
        losses, pseudo, gradients = take_step(arrays, dtype)
    for name, value in expected_losses(arrays).items():
        assert losses[name].dtype == dtype
        np.testing.assert_allclose(losses[name], value, rtol=LOSSES, err_msg=name)
    for labeled in pseudo:
        np.testing.assert_array_equal(labeled.foreground, arrays["pseudo_fg_f64"].astype(bool))
        np.testing.assert_allclose(labeled.snippets, arrays["Q_snippets_f64"], rtol=0, atol=LABELS)
        np.testing.assert_allclose(labeled.clusters, arrays["Q_clusters_f64"], rtol=0, atol=LABELS)
    for name, gradient in gradients.items():
        expected = arrays[f"grad_{name}_f64"]
        atol = GRADIENTS * np.abs(expected).max()
        np.testing.assert_allclose(gradient, expected, rtol=0, atol=atol, err_msg=name)


def test_weights_make_the_total(arrays):
    """The losses that the program does not log follow from its total: L_S + .3 L_C."""
    losses, _, _ = take_step(arrays, jnp.float32)
    expected = expected_losses(arrays)
    rest = expected["loss"] - expected["video_loss"] - expected["attention_loss"]
    result = losses["snippet_loss"] + 0.3 * losses["cluster_loss"]
    np.testing.assert_allclose(result, rest, rtol=LOSSES)
