"""The signs of a collapse: read, judged and drawn."""

import base64
import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from jaxseg.report import read_run, write_report
from jaxseg.report.drawing.figures import LimitedCurve, limited_curves
from jaxseg.report.segmentation.page import SIGNS, collapsed_members, last_values
from jaxseg.runfiles.about import Member


def member(seed: int, num_clusters: int = 4) -> Member:
    return Member("tea", seed, "", num_clusters, 10, f"seed{seed}")


def signs(top, used, entropy) -> dict[str, np.ndarray]:
    """One step's signs, one value a member."""
    values = {"top_probability": top, "clusters_used": used, "entropy": entropy}
    return {name: np.array([each], float) for name, each in values.items()}


def collapse_panel(workdir) -> str:
    source = write_report(workdir).read_text(encoding="utf-8")
    found = re.search(r'<section id="collapse">.*?</section>', source)
    return found[0] if found else ""


def test_the_sentence_names_who_ends_with_a_sign(make_tot_workdir):
    """Seed 1 ends with a highest probability of .23 < .24 and 2 of 5 clusters."""
    panel = collapse_panel(make_tot_workdir(activities=("coffee", "tea")))
    sentence = re.search('<p class="banner">(.*?)</p>', panel)[1]
    assert sentence.startswith("At the end of training 2 of 4 networks show signs of a collapse: ")
    assert re.findall(r"(\w+) seed(\d)", sentence) == [("coffee", "1"), ("tea", "1")]
    assert sentence.count("highest probability 0.23 &lt; 1.2/K, clusters used 2 &lt; K/2") == 2
    assert "entropy" not in sentence


def test_the_sentence_where_nobody_does(make_tot_workdir):
    workdir = make_tot_workdir()
    path = workdir / "metrics.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[-1] |= {"top_probability": [0.7, 0.25], "clusters_used": [5, 3]}
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    panel = collapse_panel(workdir)
    assert "no activity shows a sign" in panel and "banner" not in panel


def test_methods_that_judge_no_collapse_have_no_panel(make_workdir):
    """ASOT logs the same quantities, and not whether they are signs."""
    workdir = make_workdir()
    path = workdir / "metrics.jsonl"
    line = {
        "step": 0,
        "seconds": 0,
        "loss": [1, 2],
        "top_probability": [0, 0],
        "clusters_used": [1, 1],
    }
    path.write_text(json.dumps(line | {"entropy": [0, 0]}) + "\n")
    assert collapse_panel(workdir) == ""


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((0.31, 2, 0.7), []),
        ((0.29, 2, 0.7), ["highest probability 0.29 < 1.2/K"]),
        ((0.31, 1, 0.7), ["clusters used 1 < K/2"]),
        ((0.31, 2, 0.69), ["entropy 0.69 < .5 log K"]),  # .5 log 4 is .693
        (
            (0.25, 1, 0.0),
            ["highest probability 0.25 < 1.2/K", "clusters used 1 < K/2", "entropy 0 < .5 log K"],
        ),
        ((np.nan, np.nan, np.nan), []),
    ],
)
def test_limits(values, words):
    found = collapsed_members(signs(*([value] for value in values)), [member(0)])
    assert [text for texts in found.values() for text in texts] == words


def test_each_member_is_judged_by_its_own_number_of_clusters():
    """.2 is below 1.2/4 and above 1.2/8."""
    members = [member(0, 4), member(1, 8)]
    found = collapsed_members(signs([0.2, 0.2], [4, 4], [2, 2]), members)
    assert [each.seed for each in found] == [0]


def test_the_end_is_a_members_last_step():
    nan = np.nan
    values = np.array([[1, 4, nan], [2, 5, nan], [3, nan, nan]])
    np.testing.assert_array_equal(last_values(values), [3, 5, nan])


def test_a_member_that_has_finished_is_judged_by_its_last_line(make_tot_workdir):
    workdir = make_tot_workdir()
    with (workdir / "metrics.jsonl").open("a") as file:
        gone = {"top_probability": [0.8, None], "clusters_used": [5, None]}
        gone |= {"entropy": [1.2, None], "collapsed": [0, None], "loss": [1, None]}
        file.write(json.dumps({"step": 20, "seconds": 9, **gone}) + "\n")
        file.write('{"step": 25, "collapsed": [0')  # the run was killed
    run = read_run(workdir)
    np.testing.assert_array_equal(run.metrics.curves["clusters_used"][-1], [5, np.nan])
    assert [each.seed for each in collapsed_members(run.metrics.curves, run.members)] == [1]


def test_curves_name_the_signs_and_their_limits():
    steps = np.arange(3)
    values = {"top_probability": 0.5, "clusters_used": 3.0, "entropy": 1.0}
    curves = {name: np.full((3, 2), value) for name, value in values.items()}
    curves["entropy"] = np.full((3, 2), np.nan)
    limited = [
        LimitedCurve(sign.title, curves[sign.name], sign.limit(4), sign.limit_name)
        for sign in SIGNS
    ]
    source = limited_curves(steps, limited)
    drawing = base64.b64decode(source.removeprefix("data:image/svg+xml;base64,"))
    words = " ".join(ElementTree.fromstring(drawing).itertext())
    for name in ("highest probability", "1.2/K", "clusters used", "K/2", "entropy", ".5 log K"):
        assert name in words


def test_one_picture_an_activity(make_tot_workdir):
    panel = collapse_panel(make_tot_workdir(activities=("coffee", "tea", "milk")))
    assert re.findall('alt="signs of a collapse of (.*?) over steps"', panel) == [
        "coffee",
        "tea",
        "milk",
    ]
