"""The temporal coherence loss against Eq. 3 in plain NumPy, in both of its forms."""

import jax
import numpy as np
import pytest
import tot_reference as reference
from tot_reference import BINS, FRAMES, VIDEOS, WIDTH

from jaxseg.methods.tot.method import n_pair, temporal_coherence

FORMS = ("paper", "code")
KEY = jax.random.key(3)
SIZE = FRAMES // BINS  # samples of a group
pytestmark = pytest.mark.usefixtures("quick_compile")


def embeddings(videos=VIDEOS) -> np.ndarray:
    """Between 0 and 1, as behind a sigmoid."""
    return np.random.default_rng(5).random((videos, FRAMES, WIDTH)).astype("f4")


def loss_of(form: str, temperature=1.0):
    config, member = reference.make_member(
        {"loss.tcl_groups": form, "loss.tcl_temperature": temperature}
    )
    return jax.jit(lambda points, batch: temporal_coherence(config, points, batch, KEY, member))


def drawn_anchors(videos=VIDEOS) -> np.ndarray:
    """The place of the anchor in each group of the form "code": never the last."""
    return np.array(jax.random.randint(KEY, (videos * BINS,), 0, SIZE - 1))


def in_groups(points, anchors, temperature=1.0) -> float:
    """The form "code": group by group, the positive is the sample after the anchor."""
    rows = np.asarray(points, float).reshape(-1, WIDTH) / temperature
    chosen = [(group * SIZE + place) for group, place in enumerate(anchors)]
    return reference.n_pair(
        [rows[place] for place in chosen], [rows[place + 1] for place in chosen]
    )


def expected(form: str, points, batch, temperature=1.0) -> float:
    """Of the batch's first videos, as many as there are points of."""
    if form == "paper":
        return reference.coherence(points, batch["pairs"][: len(points)], temperature)
    return in_groups(points, drawn_anchors()[: len(points) * BINS], temperature)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("temperature", [1.0, 0.1])
def test_against_numpy(form, temperature):
    points, batch = embeddings(), reference.make_batch()
    result = loss_of(form, temperature)(points, batch)
    # At temperature .1 logits reach 300, and float32 knows them to 2e-5.
    np.testing.assert_allclose(
        result, expected(form, points, batch, temperature), rtol=1e-5, atol=2e-5
    )


def test_the_two_forms_and_temperatures_differ():
    points, batch = embeddings(), reference.make_batch()
    result = [float(loss_of(form, t)(points, batch)) for form in FORMS for t in (1.0, 0.1)]
    assert min(abs(a - b) for i, a in enumerate(result) for b in result[:i]) > 0.01


def test_three_videos_are_three_means_and_not_one_sample():
    points, batch = embeddings(3), reference.make_batch(3)
    result = loss_of("paper")(points, batch)
    singles = [reference.coherence(points[i : i + 1], batch["pairs"][i : i + 1]) for i in range(3)]
    np.testing.assert_allclose(result, np.mean(singles), rtol=1e-6)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("garbage", [0.0, 0.7, 30.0])
def test_a_missing_video_has_no_part(form, garbage):
    """Its rows are nobody's negatives: at 30 they would outweigh all others."""
    points = embeddings()
    points[1] = garbage
    batch = reference.without_second(reference.make_batch())
    value, gradient = jax.value_and_grad(loss_of(form))(points, batch)
    np.testing.assert_allclose(value, expected(form, points[:1], batch), rtol=1e-6)
    assert gradient[0].any() and not gradient[1].any()


@pytest.mark.parametrize("form", FORMS)
def test_no_video_at_all(form):
    batch = reference.make_batch() | {"mask": np.zeros((VIDEOS, FRAMES), bool)}
    value, gradient = jax.value_and_grad(loss_of(form))(embeddings(), batch)
    assert value == 0 and not gradient.any()


@pytest.mark.parametrize("form", FORMS)
def test_gradients_against_differences(form):
    points, batch = embeddings(), reference.make_batch()
    result = np.array(jax.grad(loss_of(form))(points, batch))
    step, rng = 1e-5, np.random.default_rng(0)
    for _ in range(5):
        direction = rng.standard_normal(points.shape)
        ends = [expected(form, points + sign * step * direction, batch) for sign in (1, -1)]
        slope = (ends[0] - ends[1]) / (2 * step)
        # The sum of 160 products in float32: each gradient is known to about 1e-7.
        np.testing.assert_allclose((result * direction).sum(), slope, atol=3e-6)
    assert np.abs(result).max() > 0.01


def test_each_step_draws_anchors_of_its_own_where_groups_do():
    config, member = reference.make_member({"loss.tcl_groups": "code"})
    points, batch = embeddings(), reference.make_batch()
    result = {
        float(temporal_coherence(config, points, batch, jax.random.key(seed), member))
        for seed in range(4)
    }
    assert len(result) == 4


def test_one_pair_costs_nothing_and_equal_ones_log_n():
    assert n_pair(np.ones((1, 3)), np.ones((1, 3))).tolist() == [0]
    np.testing.assert_allclose(n_pair(np.ones((8, 3)), np.ones((8, 3))), np.log(8), rtol=1e-6)
