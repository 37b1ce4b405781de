"""Logits, probabilities and similarities: recognised, checked, turned into costs."""

from pathlib import Path

import numpy as np
import pytest
from score_sets import score_set

from jaxseg.decode.scores import LARGEST_LOSS, cost, find_kind, log_likelihood

PATH = Path("scores")
PROBABILITIES = score_set()


def test_kinds_that_can_be_told():
    assert find_kind(PATH, PROBABILITIES, None) == "probabilities"
    assert find_kind(PATH, PROBABILITIES, "similarities") == "similarities"
    half = {
        name: each.astype(np.float16).astype(np.float32) for name, each in PROBABILITIES.items()
    }
    assert find_kind(PATH, half, None) == "probabilities"


def test_logits_are_no_probabilities():
    """One video whose frames do not sum to 1 shows that the others are logits, too."""
    with pytest.raises(ValueError, match=r"^scores: every frame sums to 1: probabilities, not log"):
        find_kind(PATH, PROBABILITIES, "logits")
    mixed = PROBABILITIES | {"v1": PROBABILITIES["v1"] * 2}
    assert find_kind(PATH, mixed, "logits") == "logits"
    assert find_kind(PATH, {"v1": np.ones((5, 1), np.float32)}, "logits") == "logits"


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        (lambda p: p * 2, None, "frame 1 sums to 2, not to 1 .*; say --kind=logits or --kind="),
        (lambda p: p - 0.2, None, "scores: video 'v1': -0.1 is no probability; say --kind="),
        (lambda p: p * 2, "probabilities", "frame 1 sums to 2, not to 1 as probabilities do$"),
        (lambda p: p * 2, "similarities", r"1.4 is no similarity in \[-1, 1\]$"),
        (lambda p: p * -2, "similarities", r"-1.4 is no similarity in \[-1, 1\]$"),
    ],
)
def test_kinds_that_numbers_cannot_be(change, kind, message):
    with pytest.raises(ValueError, match=message):
        find_kind(PATH, {name: change(each) for name, each in PROBABILITIES.items()}, kind)


def test_logits_and_their_probabilities_say_the_same():
    """In float64 within rounding of float32, at any offset a frame and for huge logits."""
    logits = np.random.default_rng(0).normal(0, 3, (50, 7)).astype(np.float32)
    exact = np.exp(logits.astype(np.float64))
    exact /= exact.sum(1, keepdims=True)
    for shift in (0, 100, -100):
        found = log_likelihood(logits + np.float32(shift), "logits")
        np.testing.assert_allclose(found, np.log(exact), atol=2e-5)
    np.testing.assert_allclose(
        cost(logits, "logits"), cost(exact.astype(np.float32), "probabilities"), atol=1e-5
    )
    assert np.isfinite(log_likelihood(1e30 * logits, "logits")).all()


def test_cost_is_the_log_loss_cut_and_scaled():
    scores = np.array([[1, 0, 0], [1e-4, 1e-2, 0.9899], [1.004, 1e-9, 0]], np.float32)
    found = cost(scores, "probabilities")
    assert pytest.approx(4 * np.log(10)) == LARGEST_LOSS
    np.testing.assert_allclose(found[:, :2], [[0, 1], [1, 0.5], [0, 1]], atol=1e-6)
    assert found.min() == 0 and found.max() == 1 and found.dtype == np.float32


def test_similarities_cost_what_they_lack():
    scores = np.array([[1.0, -1.0, 0.25]], np.float32)
    np.testing.assert_array_equal(cost(scores, "similarities"), [[0, 2, 0.75]])
    np.testing.assert_array_equal(log_likelihood(scores, "similarities"), scores)
