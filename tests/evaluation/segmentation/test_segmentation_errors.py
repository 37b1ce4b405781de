"""A mistake in the input is one line that names the video and the value."""

import numpy as np
import pytest

from jaxseg.evaluation import evaluate_segmentation

GOOD = {"v1": [0, 0, 1], "v2": [1, 1]}


@pytest.mark.parametrize(
    ("truth", "predictions", "options", "message"),
    [
        (GOOD, {"v1": [0, 0, 1]}, {}, "video 'v2' has no prediction"),
        ({"v1": [0, 0, 1]}, GOOD, {}, "video 'v2' has no truth"),
        ({}, {}, {}, "no frames to score"),
        (GOOD, GOOD | {"v1": [0, 0]}, {}, "video 'v1' has 3 true and 2 predicted labels"),
        (GOOD, GOOD | {"v1": [0]}, {"length_tolerance": 1}, "3 true and 1 predicted"),
        (GOOD, GOOD | {"v2": []}, {}, "prediction of video 'v2': empty"),
        (GOOD | {"v2": []}, GOOD, {}, "truth of video 'v2': empty"),
        (GOOD, GOOD | {"v2": [1, -2]}, {}, "prediction of video 'v2': label -2 of frame 1"),
        (GOOD | {"v2": [-1, 1]}, GOOD, {}, "truth of video 'v2': label -1 of frame 0"),
        (GOOD | {"v2": [1, 2]}, GOOD, {"classes": ["x", "y"]}, "'v2': label 2 of frame 1"),
        (GOOD, GOOD | {"v2": [1, np.nan]}, {}, "'v2': label nan of frame 1"),
        (GOOD, GOOD | {"v2": [np.inf, 1]}, {}, "'v2': label inf of frame 0"),
        (GOOD, GOOD | {"v2": [1, 0.5]}, {}, "'v2': label 0.5 of frame 1"),
        (GOOD, GOOD | {"v2": ["1", "1"]}, {}, "'v2': labels of type <U1"),
        (GOOD, GOOD | {"v2": [[1, 1]]}, {}, "'v2': shape (1, 2)"),
        (GOOD, GOOD, {"activities": {"v1": "a"}}, "video 'v2' has no activity"),
        (GOOD, GOOD, {"protocol": "asto"}, "unknown protocol 'asto': choose from asot, asot-exact"),
        (GOOD, GOOD, {"excluded": [0, 1]}, "no frames to score"),
        (GOOD, GOOD, {"excluded": [2], "classes": ["x", "y"]}, "excluded class 2"),
        (GOOD, GOOD, {"background": [0, 1]}, "no frames to score"),
        (GOOD, GOOD, {"background": [-1]}, "background class -1"),
        (GOOD, GOOD, {"match": "videos"}, "unknown matching 'videos': choose from activity, video"),
        (GOOD, GOOD, {"splits": {"s": ["v1", "v3"]}}, "video 'v3' of split 's' has no truth"),
        (GOOD, {"v1": [0, 0, 1]}, {"splits": {"s": ["v2"]}}, "video 'v2' has no prediction"),
        (GOOD, GOOD, {"num_clusters": {"all": 0}}, "activity 'all': 0 clusters"),
        (GOOD, GOOD, {"merge": [0]}, "truth of video 'v1': label 1 of frame 2"),
        (GOOD, GOOD, {"merge": [0], "classes": ["x", "y"]}, "merge: 1 entries for 2 classes"),
        (GOOD, GOOD, {"seed": -1}, "seed -1"),
        (GOOD, GOOD, {"length_tolerance": -1}, "length tolerance -1"),
    ],
)
def test_errors_name_what_is_wrong(truth, predictions, options, message):
    with pytest.raises(ValueError) as error:
        evaluate_segmentation(truth, predictions, **options)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_lengths_within_the_tolerance_are_cut():
    truth, longer = GOOD | {"v1": [0, 1] * 20}, GOOD | {"v1": [0, 1] * 20 + [5, 5]}
    result = evaluate_segmentation(truth, longer, length_tolerance=2)
    assert result["frames"] == 42
    assert result["metrics"]["mof_pooled"] == 100
    assert result["length_tolerance"] == 2


def test_no_tolerance_goes_beyond_5_percent_of_a_video():
    """One frame of a short video may always be cut: it is a program's rounding."""
    one = evaluate_segmentation(GOOD, GOOD | {"v1": [0, 0, 1, 5]}, length_tolerance=1)
    assert one["metrics"]["mof_pooled"] == 100
    for extra, accepted in ((3, True), (4, False)):
        truth, longer = {"v": [0] * 60}, {"v": [0] * (60 + extra)}
        if accepted:
            assert evaluate_segmentation(truth, longer, length_tolerance=99)["frames"] == 60
        else:
            with pytest.raises(ValueError, match="none goes beyond 5 % of a video, here 3"):
                evaluate_segmentation(truth, longer, length_tolerance=99)


def test_whole_numbers_of_any_type_are_labels():
    for kind in (np.float32, np.uint8, np.int16):
        predictions = {name: np.array(labels, kind) for name, labels in GOOD.items()}
        assert evaluate_segmentation(GOOD, predictions)["metrics"]["mof_pooled"] == 100
