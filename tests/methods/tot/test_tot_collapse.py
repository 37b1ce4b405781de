"""The signs of a collapse, on constructed codes of three valid clusters and one masked."""

import jax
import numpy as np
import pytest
import tot_reference as reference

from jaxseg.methods.tot.method import collapse_signs

_, MEMBER = reference.make_member()
SIGNS = jax.jit(lambda logs, mask: collapse_signs(logs, mask, MEMBER))
pytestmark = pytest.mark.usefixtures("quick_compile")
LOG_K = np.log(3)


def signs(codes, mask=None) -> dict:
    """Of codes [frames, 3] of a single video."""
    codes = np.concatenate([np.asarray(codes, float), np.zeros((len(codes), 1))], axis=1)
    mask = np.ones(len(codes), bool) if mask is None else mask
    with np.errstate(divide="ignore"):
        logs = np.log(codes).astype("f4")
    return jax.tree.map(float, SIGNS(logs[None], mask[None]))


def confident(clusters, probability=0.9) -> np.ndarray:
    """Frames that are sure of these clusters, up to what the other two get."""
    votes = np.eye(3)[np.array(clusters)]
    return votes * probability + (1 - votes) * (1 - probability) / 2


def test_the_same_scores_everywhere_are_a_collapse_that_entropy_does_not_see():
    result = signs(np.full((12, 3), 1 / 3))
    assert result["collapsed"] and result["clusters_used"] == 1
    np.testing.assert_allclose([result["top_probability"], result["entropy"]], [1 / 3, LOG_K], 1e-5)
    barely = signs(confident([0, 1, 2] * 4, probability=0.39))  # 1.2 / 3 is .4
    assert barely["collapsed"] and barely["clusters_used"] == 3
    assert not signs(confident([0, 1, 2] * 4, probability=0.41))["collapsed"]


def test_one_cluster_for_all_is_a_collapse():
    result = signs(confident([1] * 12, probability=1.0))
    assert result["collapsed"] and result["clusters_used"] == 1
    np.testing.assert_allclose([result["top_probability"], result["entropy"]], [1, 0], atol=1e-6)


def test_one_cluster_that_is_always_a_little_ahead_is_a_collapse():
    """Sure enough of itself, and with room for the others: argmax alone shows it."""
    result = signs(np.tile([0.45, 0.3, 0.25], (12, 1)))
    assert result["collapsed"] and result["clusters_used"] == 1
    assert result["top_probability"] > 1.2 / 3 and result["entropy"] > LOG_K / 2


def test_a_few_frames_elsewhere_do_not_hide_a_collapse():
    """All clusters are used, and sure of themselves: the entropy alone shows it."""
    result = signs(confident([0] * 38 + [1, 2], probability=1.0))
    assert result["collapsed"] and result["clusters_used"] == 3 and result["top_probability"] == 1
    assert result["entropy"] < LOG_K / 2


def test_a_healthy_batch_shows_no_sign():
    result = signs(confident([0] * 4 + [1] * 4 + [2] * 4))
    assert not result["collapsed"] and result["clusters_used"] == 3
    np.testing.assert_allclose([result["top_probability"], result["entropy"]], [0.9, LOG_K], 1e-5)
    assert not signs(confident([0] * 6 + [1] * 6))["collapsed"]  # two of three


def test_padding_hides_no_sign_and_makes_none():
    healthy, mask = confident([0, 1, 2] * 4), np.arange(24) < 12
    padded = signs(np.concatenate([healthy, confident([0] * 12)]), mask)
    np.testing.assert_allclose(list(padded.values()), list(signs(healthy).values()), rtol=1e-6)
    collapsed = signs(np.concatenate([confident([0] * 12), healthy]), mask)
    assert collapsed["collapsed"] and collapsed["clusters_used"] == 1
