"""GauFuse's maps, and the pseudo-labels that its fused instances become."""

import jax
import numpy as np
import pytest
import toy_gaufuse

from jaxseg.methods.gaufuse.instances import label, locate, score_map, video_scores

T, CLASSES = 60, 3
SHAPES = {"class_logits": (T, CLASSES + 1), "propagated_logits": (T, CLASSES + 1)}
SHOWN = ("start", "end", "score", "label")
pytestmark = pytest.mark.usefixtures("quick_compile")


def random_outputs(clusters=0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    result = {name: 3 * rng.standard_normal(shape) for name, shape in SHAPES.items()}
    result["attention"] = rng.random(T)
    for name in ("video_scores", "propagated_video_scores"):
        result[name] = rng.dirichlet(np.ones(CLASSES + 1))
    if clusters:
        result["cluster_logits"] = 3 * rng.standard_normal((T, clusters))
        result["cluster_classes"] = rng.dirichlet(np.ones(2), size=clusters)
    return {name: array.astype(np.float32) for name, array in result.items()}


def outputs_of(curves: dict[int, np.ndarray]) -> dict[str, np.ndarray]:
    """Outputs whose map, to 1e-6, has these curves, and which show these classes alone."""
    length = len(next(iter(curves.values())))
    attention = sum(curves.values())
    logits = np.full((length, CLASSES + 1), -100.0)
    scores = np.zeros(CLASSES + 1)
    for column, curve in curves.items():
        logits[:, column] = np.where(curve > 0, np.log(np.maximum(curve, 1e-9)), -100)
        scores[column] = 1 / len(curves)
    names = ("class_logits", "propagated_logits", "video_scores", "propagated_video_scores")
    arrays = dict(zip(names, (logits, logits, scores, scores), strict=True))
    return arrays | {"attention": attention}


def plateau(start: int, end: int, value: float, length: int = T) -> np.ndarray:
    return value * np.isin(np.arange(length), np.arange(start, end))


def labels_of(outputs, number=0, **pseudo) -> np.ndarray:
    settings = {f"pseudo.{name}": value for name, value in pseudo.items()}
    return label(outputs, number, toy_gaufuse.make_config(settings)).labels


def softmax(logits):
    raised = np.exp(np.float64(logits))
    return raised / raised.sum(-1, keepdims=True)


@pytest.mark.parametrize("foreground", ["attention", "clusters", "both"])
def test_the_map_by_hand(foreground):
    outputs = random_outputs(clusters=4)
    attention = np.float64(outputs["attention"])
    clusters = softmax(outputs["cluster_logits"]) @ outputs["cluster_classes"][:, 0]
    mean = (attention + clusters) / 2
    weight = {"attention": attention, "clusters": clusters, "both": mean}[foreground]
    mixed = 0.85 * softmax(outputs["class_logits"]) + 0.15 * softmax(outputs["propagated_logits"])
    result = score_map(outputs, share=0.85, foreground=foreground)
    np.testing.assert_allclose(result, weight[:, None] * mixed, rtol=1e-6)
    expected = 0.6 * outputs["video_scores"] + 0.4 * outputs["propagated_video_scores"]
    np.testing.assert_allclose(video_scores(outputs, share=0.6), expected, rtol=1e-6)


def test_a_lone_plateau():
    """One instance, found at all thresholds: its score is the plateau, its length is known."""
    outputs = outputs_of({1: plateau(20, 30, 0.9)})
    made = label(outputs, 0, toy_gaufuse.make_config({"pseudo.labels": "scores"}))
    assert tuple(made.shown) == SHOWN and made.labels.dtype == np.float32
    assert made.labels.shape == (T, CLASSES + 1)
    for name, value in zip(SHOWN, (20, 30, 0.9, 1), strict=True):
        np.testing.assert_allclose(made.shown[name], [value], rtol=1e-5)
    expected = np.outer(plateau(20, 30, 0.9), np.arange(CLASSES + 1) == 1)
    np.testing.assert_allclose(made.labels, expected, atol=1e-5)
    np.testing.assert_allclose(labels_of(outputs, labels="mean"), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("linpro", "inside", "outside"), [("spread", 0.09, 0), ("mean", 0.9, 0), ("vertex", 0.09, 0)]
)
def test_linpro_of_a_lone_plateau(linpro, inside, outside):
    """Its score is the sum inside, spread evenly; or their mean; or on one snippet alone."""
    result = labels_of(outputs_of({1: plateau(20, 30, 0.9)}), linpro=linpro)
    assert not np.delete(result, 1, axis=1).any()
    inner, others = result[20:30, 1], np.delete(result[:, 1], np.arange(20, 30))
    np.testing.assert_allclose(others, outside, atol=2e-3)
    np.testing.assert_allclose(inner.mean(), inside, atol=2e-3)
    if linpro == "vertex":
        np.testing.assert_allclose(np.sort(inner)[-2:], [0, 0.9], atol=1e-5)
    else:
        np.testing.assert_allclose(inner, inside, atol=2e-3)


@pytest.mark.parametrize("length", [40, 64, 65])
@pytest.mark.parametrize("labels", ["linpro", "scores", "mean"])
def test_a_longer_video_has_the_same_labels_and_more_zeros(length, labels):
    """LinPro is solved at padded sizes, which must not show."""
    curves = [plateau(5, 12, 0.7, n) + plateau(20, 34, 0.4, n) for n in (40, length)]
    short, longer = (labels_of(outputs_of({0: curve}), labels=labels) for curve in curves)
    assert longer.shape == (length, CLASSES + 1)
    np.testing.assert_allclose(longer[:40], short, atol=1e-4)
    np.testing.assert_allclose(longer[40:], 0, atol=1e-3)


def test_several_classes_and_background_have_columns_of_their_own():
    parts = {0: plateau(5, 15, 0.6), 3: plateau(40, 50, 0.5)}
    result = labels_of(outputs_of(parts), labels="scores")
    for column in range(CLASSES + 1):
        expected = parts.get(column, np.zeros(T))
        np.testing.assert_allclose(result[:, column], expected, atol=1e-5)


def test_a_class_that_the_video_does_not_show_has_no_labels():
    outputs = outputs_of({0: plateau(5, 15, 0.6), 1: plateau(40, 50, 0.5)})
    for name in ("video_scores", "propagated_video_scores"):
        outputs[name] = np.array([0.85, 0.15, 0, 0])
    assert np.any(labels_of(outputs), axis=0).tolist() == [True, False, False, False]
    assert np.any(labels_of(outputs, class_threshold=0.15), axis=0).tolist() == [
        True,
        True,
        *[False] * 2,
    ]


@pytest.fixture
def two_heights():
    """A peak on a low base: instances that overlap, of different scores."""
    return outputs_of({2: plateau(10, 40, 0.02) + plateau(12, 20, 0.6)})


def test_every_refresh_has_its_temperature(two_heights):
    taus = (10.0, 0.02, 0.02, 0.002, 0.002, 1e-4)
    made = [
        label(two_heights, number, toy_gaufuse.make_config({"pseudo.taus": taus})).shown
        for number in (0, 5)
    ]
    # Hot, the group is averaged evenly; cold, its best instance is taken as it is.
    assert made[0]["end"][0] > made[1]["end"][0] + 1
    np.testing.assert_allclose([made[1]["start"][0], made[1]["end"][0]], [12, 20], atol=1e-6)


@pytest.mark.parametrize(
    "changes",
    [{"method": "hard"}, {"distribution": "uniform"}, {"weight": "score"}, {"compat": "gaufuse"}],
)
def test_options_reach_the_labels(two_heights, changes):
    given = {"taus": (0.5,) * 6, "labels": "mean"}
    result, plain = labels_of(two_heights, **given, **changes), labels_of(two_heights, **given)
    assert np.abs(result - plain).max() > 1e-4


def test_scores_and_means_where_instances_overlap(two_heights):
    """Without fusion: the highest score of those that hold a snippet, or their mean."""
    config = toy_gaufuse.make_config({"pseudo.method": "none", "pseudo.labels": "scores"})
    made = label(two_heights, 0, config)
    inside = [
        (start <= np.arange(T)) & (np.arange(T) < end)
        for start, end in zip(made.shown["start"], made.shown["end"], strict=True)
    ]
    scores = np.array(made.shown["score"])
    held = [scores[[row[t] for row in inside]] for t in range(T)]
    highest = [max(values, default=0) for values in held]
    np.testing.assert_allclose(made.labels[:, 2], highest, atol=1e-6)
    mean = [values.mean() if len(values) else 0 for values in held]
    result = labels_of(two_heights, method="none", labels="mean")
    np.testing.assert_allclose(result[:, 2], mean, atol=1e-6)
    assert any(len(values) > 1 and np.ptp(values) > 0.1 for values in held)


@pytest.mark.parametrize("labels", ["linpro", "scores", "mean"])
@pytest.mark.parametrize("length", [1, 5])
def test_nothing_found(labels, length):
    """In a video of one snippet there is no run of two."""
    curve = np.full(length, 0.9 if length == 1 else 1e-4)
    made = label(outputs_of({0: curve}), 0, toy_gaufuse.make_config({"pseudo.labels": labels}))
    assert made.labels.shape == (length, CLASSES + 1) and not made.labels.any()
    assert [len(array) for array in made.shown.values()] == [0] * 4


@pytest.mark.parametrize("name", ["class_logits", "attention", "video_scores"])
def test_a_network_that_diverged(name):
    outputs = random_outputs()
    outputs[name] = np.full_like(outputs[name], np.nan)
    with pytest.raises(ValueError, match="nan"):
        labels_of(outputs)


def test_what_is_located_has_no_background():
    outputs = outputs_of({1: plateau(20, 30, 0.6), 3: plateau(40, 50, 0.5)})
    result = locate(outputs, toy_gaufuse.make_config().predict, 120.0)
    assert result.score_map.shape == (T, CLASSES) and result.video_scores.shape == (CLASSES,)
    assert set(result.detections.label) == set(result.drawn["instances_label"]) == {1}
    np.testing.assert_allclose(result.detections.start, [40])
    np.testing.assert_allclose(result.detections.end, [60])
    np.testing.assert_allclose(result.drawn["instances_start"], 40.0)
    np.testing.assert_allclose(result.drawn["instances_end"], 60.0)
    assert len(result.drawn["instances_score"]) == 20 and "clusters" not in result.drawn


@pytest.mark.parametrize("length", [1, 50])
def test_locating_in_videos_without_anything(length):
    result = locate(outputs_of({0: np.full(length, 1e-4)}), toy_gaufuse.make_config().predict, 9.0)
    assert len(result.detections.label) == 0 and result.score_map.shape == (length, CLASSES)
    jax.tree.map(
        lambda array: np.testing.assert_array_equal(np.isfinite(array), True), result.drawn
    )


def test_instances_are_counted():
    result = label(outputs_of({0: plateau(10, 30, 0.02)}), 0, toy_gaufuse.make_config())
    assert result.counts == {"instances": 1, "instances whose score no curve has": 0}
    assert len(result.shown["start"]) == 1


def test_scores_that_no_curve_has_are_counted():
    """Runs of one curve at many thresholds, hardly thinned: more scores than snippets."""
    curve = np.abs(np.sin(np.arange(T))) * 0.04
    settings = {"pseudo.method": "hard", "pseudo.nms_threshold": 1.0}
    result = label(outputs_of({1: curve}), 0, toy_gaufuse.make_config(settings))
    unmet = result.counts["instances whose score no curve has"]
    assert 0 < unmet < result.counts["instances"]
    assert (result.labels >= 0).all() and (result.labels <= 1).all()
