"""Maps, video scores, proposals and detections of CASE's own program on the same outputs."""

import numpy as np
import pytest
from recorded import load_recorded

from jaxseg.proposals import (
    inner_means,
    localize,
    outer_inner,
    propose,
    runs,
    score_map,
    video_scores,
)

CASES = ("fusion_07_case_one_class", "fusion_08_case_two_classes", "fusion_09_case_argmax_fallback")
GAUFUSE = ("fusion_01_gau_maps_small_scores", "fusion_02_gau_maps_large_scores")
ARRAYS = {"class_logits": "cas", "attention": "att", "cluster_logits": "clu"}
# Float64 on both sides; a running sum in place of a mean costs a few units in the last place.
TOLERANCE = 1e-12


def outputs_of(arrays):
    """The network's outputs by our names."""
    return {
        f"{ours}_{stream}": arrays[f"{theirs}_{stream}"]
        for ours, theirs in ARRAYS.items()
        for stream in ("rgb", "flow")
    }


def seconds_of(params):
    return params["video_segments"] * 16 / params["fps"]


def by_score(rows):
    """Rows class, score, start, end in one order; equal proposals are interchangeable."""
    rows = rows[np.lexsort((rows[:, 3], rows[:, 2], rows[:, 0]))]
    return rows[np.lexsort((np.round(-rows[:, 1], 9), rows[:, 0]))]


@pytest.mark.parametrize("name", CASES)
def test_map_and_video_scores(name):
    arrays, params = load_recorded(name)
    outputs = outputs_of(arrays)
    found = score_map(outputs, arrays["cls_gt"])
    np.testing.assert_allclose(found, arrays["combined_map_f64"], rtol=0, atol=TOLERANCE)
    assert len(found) // 8 == params["topk"]
    scores = video_scores(outputs, found)
    np.testing.assert_allclose(scores, arrays["video_scores_f64"], rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("name", CASES)
def test_proposals(name):
    arrays, params = load_recorded(name)
    expected = arrays["proposals_before_nms_f64"]
    [label] = arrays["predicted_classes"]
    start, end, score = propose(arrays["combined_map_f64"][:, label])
    second = seconds_of(params) / (params["scale"] * params["num_segments"])
    score = score + 0.2 * arrays["video_scores_f64"][label]
    found = np.stack([np.full(len(start), label), score, start * second, end * second], axis=1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE * seconds_of(params))


@pytest.mark.parametrize("nms", ["soft", "none"])
@pytest.mark.parametrize("name", CASES)
def test_detections(name, nms):
    arrays, params = load_recorded(name)
    outputs = outputs_of(arrays)
    scores = score_map(outputs, arrays["cls_gt"])
    settings = {"nms_threshold": params["nms_thresh"], "nms_alpha": params["nms_alpha"]}
    found = localize(
        scores,
        video_scores(outputs, scores),
        seconds=seconds_of(params),
        class_threshold=params["class_th"],
        nms=nms,
        **settings,
    )
    expected = arrays["detections_f64" if nms == "soft" else "proposals_before_nms_f64"]
    found = by_score(np.stack(found, axis=1))
    np.testing.assert_allclose(found, by_score(expected), rtol=0, atol=1e-9)  # seconds to 1e3


@pytest.mark.parametrize("label", [0, 2, 3, 4])
@pytest.mark.parametrize("name", GAUFUSE)
def test_runs_and_scores_of_gaufuse(name, label):
    """Another program's proposals from the same parts.

    It counts the position after a run into it, and never the last one of the video into a flank:
    only proposals that end well before are compared in score.
    """
    arrays, _ = load_recorded(name)
    curve, expected = arrays["score_map"][:, label], arrays[f"proposals_class{label}"]
    start, end = runs(curve, np.arange(0.001, 0.04, 0.002), shortest=2, strict=True)
    width = 0.0785 * (end - start) ** 0.9
    np.testing.assert_array_equal(np.stack([start, end + 1], axis=1), expected[:, :2])
    early = end + 1 + width < len(curve)
    start, end, width, expected = start[early], end[early] + 1, width[early], expected[early]
    assert len(start) > 5
    found = outer_inner(curve, start, end, width)
    np.testing.assert_allclose(found, expected[:, 2], rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(inner_means(curve, start, end), expected[:, 3], rtol=0, atol=1e-12)
