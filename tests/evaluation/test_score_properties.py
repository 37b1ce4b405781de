"""What must hold of the scores for every input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxseg.evaluation import PROTOCOLS, evaluate_segmentation
from jaxseg.evaluation.segmentation import run_starts

quick = settings(max_examples=60, deadline=None, derandomize=True)


@st.composite
def data_sets(draw):
    """Up to four short videos in two activities; few labels, so that ties are frequent."""
    truth, predictions, activities = {}, {}, {}
    for number in range(draw(st.integers(1, 4))):
        length = draw(st.integers(1, 12))
        labels = st.lists(st.integers(0, 3), min_size=length, max_size=length)
        name = f"v{number}"
        truth[name], predictions[name] = draw(labels), draw(labels)
        activities[name] = draw(st.sampled_from("ab"))
    return truth, predictions, activities


@pytest.mark.parametrize("protocol", PROTOCOLS)
@quick
@given(data=data_sets(), names=st.permutations([-1, 2, 5, 11]))
def test_cluster_names_do_not_matter(protocol, data, names):
    truth, predictions, activities = data
    renamed = {video: [names[label] for label in each] for video, each in predictions.items()}
    options = {"protocol": protocol, "activities": activities}
    one = evaluate_segmentation(truth, predictions, **options)
    other = evaluate_segmentation(truth, renamed, **options)
    for part in ("full", "per_video"):
        assert one[part]["macro"] == other[part]["macro"]
        assert one[part]["pooled"] == other[part]["pooled"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@quick
@given(data=data_sets())
def test_scores_keep_their_bounds(protocol, data):
    truth, predictions, activities = data
    result = evaluate_segmentation(truth, predictions, protocol=protocol, activities=activities)
    for part in ("full", "per_video"):
        for table in (result[part]["macro"], result[part]["pooled"]):
            assert all(value >= 0 for value in table.values())
            assert max(table["mof"], table["miou"], table["recall"]) <= 100 + 1e-9
            assert table["f1"] <= table["f1_ceiling"] + 1e-9


@quick
@given(data=data_sets())
def test_activities_do_not_touch_each_other(data):
    truth, predictions, activities = data
    together = evaluate_segmentation(truth, predictions, protocol="asot", activities=activities)
    for activity in set(activities.values()):
        names = [name for name in truth if activities[name] == activity]
        alone = evaluate_segmentation(
            {name: truth[name] for name in names},
            {name: predictions[name] for name in names},
            protocol="asot",
            activities=activities,
        )
        for part in ("full", "per_video"):
            assert alone[part]["by_activity"][activity] == together[part]["by_activity"][activity]


@quick
@given(st.lists(st.integers(0, 2), min_size=1, max_size=30))
def test_runs_against_a_loop(labels):
    expected = [i for i in range(len(labels)) if i == 0 or labels[i] != labels[i - 1]]
    assert run_starts(np.array(labels)).tolist() == expected
