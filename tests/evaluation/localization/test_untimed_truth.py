"""Truth with labels that have no time: what cannot be judged is taken out, and counted."""

import pytest

from jaxseg.evaluation import evaluate_localization
from jaxseg.evaluation.localization.protocols import PROTOCOLS

TIMED = {"label": "jump", "segment": [10, 20]}
HIT = TIMED | {"score": 0.5}
WRONG = {"label": "jump", "segment": [40, 50], "score": 0.9}
RUN = {"label": "run", "segment": [0, 5], "score": 0.8}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_labels_without_times_cost_nothing(protocol):
    database = {
        "a": {"annotations": [TIMED, {"label": "run"}]},
        "b": {"annotations": [{"label": "jump"}]},
        "c": {"labels": ["run"]},
    }
    results = {"a": [HIT, RUN], "b": [WRONG, RUN], "c": [WRONG]}
    result = evaluate_localization(database, results, protocol=protocol, errors=True)
    assert result["averages"]["0.1:0.7"] == 100
    assert (result["videos"], result["truths"], result["predictions"]) == (1, 1, 1)
    assert any("3, 2 of them with no others; predictions of them: 4" in n for n in result["notes"])
    # A video whose list of segments is empty is all background, and not left out.
    database["c"] = {"annotations": []}
    result = evaluate_localization(database, results, protocol=protocol)
    listed_only = PROTOCOLS[protocol].listed_only
    assert (result["averages"]["0.1:0.7"] < 100) is not listed_only
    assert result["videos"] == (1 if listed_only else 2)


def test_a_truth_without_any_time():
    database = {"a": {"subset": "test", "annotations": [{"label": "jump"}]}}
    with pytest.raises(ValueError, match="no true segments among 1 videos: labels without a time"):
        evaluate_localization(database, {"a": [HIT]})
