"""choice.json: as it was written, or one sentence on what is wrong with it."""

import json

import numpy as np
import pytest

from jaxseg.runfiles.choice import (
    NAME,
    Choice,
    OrderEvidence,
    Settled,
    TriedCount,
    TriedDuration,
    duration_text,
    read_choice,
    summary,
    write_choice,
)
from jaxseg.runfiles.segmentation import Spread

SPREAD = Spread(2.0, 0.5, [1.5, 2.5])
FOUND = Settled(
    num_actions=4,
    duration=20.0,
    order="free",
    reasons={"duration": "It saves the most.", "order": "Actions recur."},
    doubts=["The number is a guess."],
    tried=[TriedDuration(40.0, SPREAD, SPREAD, SPREAD, 0.7)],
    counts=[TriedCount(2, 0.5, np.float64(3.0)), TriedCount(3, 0.25, 7.0)],
    order_evidence=OrderEvidence(2.5, -0.1, 1.5, 3.0),
    given=["num_actions"],
)
CHOICE = Choice("The rule.", 5.0, {"tea": FOUND, "soup": Settled(3, 0.0, "")})


def test_as_it_was_written(tmp_path):
    assert read_choice(tmp_path) is None
    write_choice(tmp_path, CHOICE)
    found = read_choice(tmp_path)
    assert json.loads(json.dumps(found)) == json.loads(json.dumps(CHOICE))
    assert found.activities["tea"].tried[0].nats == SPREAD
    assert found.activities["tea"].order_evidence == FOUND.order_evidence
    assert found.activities["soup"].order_evidence is None


@pytest.mark.parametrize(
    ("path", "value", "parts"),
    [
        (("rule",), 3, ["rule", "3"]),
        (("activities",), [], ["activities"]),
        (("activities", "tea", "duration"), "long", ["activities.tea.duration", "'long'"]),
        (("activities", "tea", "num_actions"), None, ["activities.tea.num_actions", "None"]),
        (("activities", "tea", "tried", 0, "nats", "mean"), "x", ["tried.0.nats.mean", "'x'"]),
        (("activities", "tea", "order_evidence", "gain"), [], ["order_evidence", "gain"]),
    ],
)
def test_a_field_that_cannot_be(tmp_path, path, value, parts):
    write_choice(tmp_path, CHOICE)
    content = json.loads((tmp_path / NAME).read_text())
    *parents, last = path
    node = content
    for parent in parents:
        node = node[parent]
    node[last] = value
    (tmp_path / NAME).write_text(json.dumps(content))
    refuses(tmp_path, *parts)
    del node[last]
    (tmp_path / NAME).write_text(json.dumps(content))
    refuses(tmp_path, str(last))


@pytest.mark.parametrize("text", ["", "[", "null", '"tea"'])
def test_a_file_that_is_no_choice(tmp_path, text):
    (tmp_path / NAME).write_text(text)
    refuses(tmp_path)


def refuses(folder, *parts: str) -> None:
    with pytest.raises(ValueError) as error:
        read_choice(folder)
    message = str(error.value)
    assert "\n" not in message and str(folder / NAME) in message
    assert all(part in message for part in parts), message


def test_where_a_term_comes_from():
    sources = [FOUND.source(term) for term in ("num_actions", "duration", "order")]
    assert sources == ["given", "found", "found"]
    assert Settled(7, 9.0, "free").source("num_actions") == "assumed"


def test_a_line_an_activity_and_one_a_doubt():
    assert summary(CHOICE) == [
        "tea: 4 actions, of about 4 s (found), in free order (found)",
        "tea: The number is a guess.",
        "soup: 3 actions (assumed)",
    ]
    assert duration_text(20.4, None) == "20 frames" and duration_text(12.3, 10.0) == "1.23 s"
