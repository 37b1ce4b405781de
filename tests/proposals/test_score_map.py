"""CASE's map and video scores: the paper's sums, what does not matter, and what is refused."""

import numpy as np
import pytest

from jaxseg.proposals import score_map, video_scores
from jaxseg.proposals.localize import cluster_probabilities

RNG = np.random.default_rng(0)
OUTPUTS = {
    f"{name}_{stream}": RNG.standard_normal(shape) if name != "attention" else RNG.random(shape)
    for name, shape in [("class_logits", (9, 4)), ("attention", 9), ("cluster_logits", (9, 5))]
    for stream in ("rgb", "flow")
}
CLUSTERS = np.array([[share, 1 - share] for share in (0.9, 0.1, 0.5, 0.0, 1.0)])


def probabilities(name):
    logits = (OUTPUTS[f"{name}_rgb"], OUTPUTS[f"{name}_flow"])
    return [np.exp(each) / np.exp(each).sum(1, keepdims=True) for each in logits]


CLASSES = sum(probabilities("class_logits")) / 2
P_A = [OUTPUTS["attention_rgb"], OUTPUTS["attention_flow"]]
P_T = [each @ CLUSTERS[:, 0] for each in probabilities("cluster_logits")]


@pytest.mark.parametrize(
    "options, expected",
    [
        ({}, (CLASSES + sum(P_A + P_T)[:, None]) / 5),
        ({"foreground": "attention"}, (CLASSES + sum(P_A)[:, None]) / 3),
        ({"foreground": "clusters"}, (CLASSES + sum(P_T)[:, None]) / 3),
        # The paper's P_M = (P_A + P_T) / 2 beside a quarter of P_V.
        ({"omega": 0.25}, 0.25 * CLASSES + 0.75 * sum(P_A + P_T)[:, None] / 4),
        ({"omega": 1.0}, CLASSES),
    ],
)
def test_the_map_is_the_sum_that_is_asked_for(options, expected):
    np.testing.assert_allclose(score_map(OUTPUTS, CLUSTERS, **options), expected, atol=1e-14)


def test_the_plain_test_asks_for_no_clusters():
    plain = {name: each for name, each in OUTPUTS.items() if not name.startswith("cluster")}
    found = score_map(plain, foreground="attention")
    np.testing.assert_array_equal(found, score_map(OUTPUTS, CLUSTERS, foreground="attention"))


def test_streams_may_have_clusters_of_their_own():
    other = CLUSTERS[::-1]
    flow = probabilities("cluster_logits")[1] @ other[:, 0]
    expected = (CLASSES + sum([*P_A, P_T[0], flow])[:, None]) / 5
    found = score_map(OUTPUTS, np.stack([CLUSTERS, other]))
    np.testing.assert_allclose(found, expected, atol=1e-14)


def test_streams_may_be_swapped():
    swapped = {
        name: OUTPUTS[name.replace("rgb", "x").replace("flow", "rgb").replace("x", "flow")]
        for name in OUTPUTS
    }
    found = score_map(swapped, CLUSTERS)
    np.testing.assert_allclose(found, score_map(OUTPUTS, CLUSTERS), atol=1e-15)
    np.testing.assert_allclose(
        video_scores(swapped, found), video_scores(OUTPUTS, found), atol=1e-15
    )


def test_video_scores_are_those_of_the_best_snippets():
    scores = score_map(OUTPUTS, CLUSTERS)
    expected = 0
    for stream in ("rgb", "flow"):
        logits = OUTPUTS[f"class_logits_{stream}"]
        means = [logits[np.argsort(scores[:, label])[-4:], label].mean() for label in range(4)]
        expected += np.exp(means) / np.exp(means).sum() / 2
    found = video_scores(OUTPUTS, scores, divisor=2)
    np.testing.assert_allclose(found, expected, atol=1e-14)
    assert found.sum() == pytest.approx(1, abs=1e-14)


def test_large_logits_do_not_overflow():
    large = OUTPUTS | {
        "class_logits_rgb": np.full((9, 4), 1e4),
        "class_logits_flow": -1e5 * CLASSES,
    }
    found = score_map(large, CLUSTERS)
    assert np.isfinite(found).all() and np.isfinite(video_scores(large, found)).all()


def test_one_snippet():
    one = {name: each[:1] for name, each in OUTPUTS.items()}
    found = score_map(one, CLUSTERS)
    assert found.shape == (1, 4)
    expected = sum(each[0] for each in probabilities("class_logits")) / 2
    np.testing.assert_allclose(video_scores(one, found), expected, atol=1e-14)


def test_of_equal_snippets_the_earlier_ones_count():
    """Every other snippet stands highest; the first two of them are 1 and 3."""
    logits = np.arange(400.0)[:, None] * [1, 0]
    outputs = {"class_logits_rgb": logits, "class_logits_flow": logits}
    found = video_scores(outputs, np.tile([[0.0], [1.0]], (200, 2)), divisor=200)
    expected = np.exp([2, 0]) / np.exp([2, 0]).sum()
    np.testing.assert_allclose(found, expected, atol=1e-15)


def test_cluster_probabilities_are_the_mean_of_the_streams():
    expected = sum(probabilities("cluster_logits")) / 2
    np.testing.assert_allclose(cluster_probabilities(OUTPUTS), expected, atol=1e-15)


@pytest.mark.parametrize(
    "outputs, clusters, options, message",
    [
        (
            {},
            CLUSTERS,
            {"foreground": "P_M"},
            "foreground must be one of both, attention, clusters",
        ),
        ({}, CLUSTERS, {"omega": 1.5}, r"omega must be in \[0, 1\], got 1.5"),
        ({}, None, {}, r"cluster_classes \[K, 2\] are needed"),
        ({}, CLUSTERS[:3], {}, r"cluster_classes of shape \(3, 2\) for 5 clusters"),
        ({"attention_rgb": np.full(9, np.nan)}, CLUSTERS, {}, r"attention_rgb holds nan at \[0\]"),
        ({"attention_rgb": np.ones(8)}, CLUSTERS, {}, r"attention_rgb of shape \(8,\), attention_"),
        (
            {"attention_rgb": np.ones(8), "attention_flow": np.ones(8)},
            CLUSTERS,
            {},
            "outputs of 8, 9 snippets in one video",
        ),
        (
            {"class_logits_flow": np.ones(9)},
            CLUSTERS,
            {},
            "class_logits_flow must be 2-D",
        ),
    ],
)
def test_bad_input_is_one_line(outputs, clusters, options, message):
    with pytest.raises(ValueError, match=message) as error:
        score_map(OUTPUTS | outputs, clusters, **options)
    assert "\n" not in str(error.value)


def test_missing_outputs_and_no_snippets():
    with pytest.raises(ValueError, match="no 'attention_rgb' among the outputs class_logits_rgb"):
        score_map({name: OUTPUTS[name] for name in OUTPUTS if name.startswith("class")})
    with pytest.raises(ValueError, match="without snippets"):
        video_scores(OUTPUTS, np.zeros((0, 4)))
    with pytest.raises(ValueError, match="divisor must be at least 1, got 0"):
        video_scores(OUTPUTS, np.zeros((9, 4)), divisor=0)
    with pytest.raises(ValueError, match=r"map of shape \(8, 4\), class logits \(9, 4\)"):
        video_scores(OUTPUTS, np.zeros((8, 4)))
