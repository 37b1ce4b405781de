"""The panel of pseudo-labels: curves as high as the labels, in the colors of their classes."""

import json
import re

import gaufuse_runs
import numpy as np
import pytest
from gaufuse_runs import EPOCHS, PEAK
from localization_runs import CLASSES, DIVE, THROW
from pages import Page, articles, drawings, headings, read, section

from jaxseg.report import read_run, write_report

ANCHOR = "pseudo-labels-over-refreshes"
HEADROOM = 1.06


def panel(workdir, **options) -> str:
    return section(write_report(workdir, **options).read_text(encoding="utf-8"), ANCHOR)


def strips(workdir) -> dict:
    return drawings(articles(panel(workdir))["c"])


def steps(outline: str) -> np.ndarray:
    """Level of each column of a closed outline "M0 z V y H x ... V z Z"."""
    levels, column = [], 0
    for level, stop in re.findall(r"V([-\d.]+)H(\d+)", outline):
        levels += [float(level)] * (int(stop) - column)
        column = int(stop)
    return np.array(levels)


def paths(drawing) -> list:
    return list(drawing[0])  # of the nested drawing that is stretched


def test_curves_are_the_labels_of_the_true_classes_by_time(make_gaufuse):
    shown = strips(make_gaufuse())
    for number in range(3):
        outlines = paths(shown[f"pseudo-labels of refresh {number}: {DIVE}, {THROW}"])
        labels = gaufuse_runs.labels(number)
        for name, outline in zip((DIVE, THROW), outlines, strict=True):
            heights = (100 - steps(outline.get("d"))) / 100 * HEADROOM * PEAK
            # Levels are written to a tenth of a hundredth of the row.
            np.testing.assert_allclose(heights, labels[:, CLASSES.index(name)], atol=2e-4)


def test_rows_of_a_video_stand_in_order_on_one_axis(make_gaufuse):
    article = articles(panel(make_gaufuse()))["c"]
    text = Page(article).text
    assert "0:18.0 · curves up to 0.25" in text
    heads = [f"P{r} epoch {epoch:g}" for r, epoch in enumerate(EPOCHS)]
    heads += ["P2 − P1 ±0.2", "truth", "time"]
    places = [text.index(head) for head in heads]
    assert places == sorted(places)
    assert article.count('class="axis"') == 1


def test_instances_lie_under_their_curves(make_gaufuse):
    shown = strips(make_gaufuse())
    dive, throw = shown["2 instances of refresh 0"]  # the background's is not drawn
    assert [float(dive.get("x")[:-1]), float(dive.get("width")[:-1])] == [0.0, 66.67]
    assert [part[0].text for part in (dive, throw)] == [
        f"{DIVE} 0.800, 0:00.0–0:12.0",
        f"{THROW} 0.400, 0:12.0–0:18.0",
    ]
    assert [part.get("fill-opacity") for part in (dive, throw)] == [None, "0.50"]
    assert float(dive.get("y")) < float(throw.get("y"))
    (alone,) = shown["1 instances of refresh 2"]
    assert (alone.get("x"), alone.get("width")) == ("11.11%", "38.89%")


def test_a_class_has_one_color(make_gaufuse):
    shown = strips(make_gaufuse())
    curves = paths(shown[f"pseudo-labels of refresh 1: {DIVE}, {THROW}"])
    change = paths(shown[f"change at refresh 2: {DIVE}, {THROW}"])
    colors = [each.get("fill") for each in curves]
    assert len(set(colors)) == 2
    assert [each.get("fill") for each in change] == colors
    assert [each.get("fill") for each in shown["2 instances of refresh 1"]] == colors
    throw, dive = shown["2 true segments"]
    assert [dive.get("fill"), throw.get("fill")] == colors
    assert dive[0].text == f"{DIVE}, 0:02.0–0:08.0"


def test_the_change_has_a_sign(make_gaufuse):
    drawing = strips(make_gaufuse())[f"change at refresh 2: {DIVE}, {THROW}"]
    dive, throw = paths(drawing)
    # .2 to .25 on snippets 1 to 3, .2 to 0 on snippet 4: half the row is 0.2 high.
    expected = np.array([0, 0.05, 0.05, 0.05, -0.2, 0, 0, 0, 0])
    np.testing.assert_allclose(
        (50 - steps(dive.get("d"))) / 50 * HEADROOM * 0.2, expected, atol=3e-4
    )
    np.testing.assert_array_equal(steps(throw.get("d")), 50.0)
    line = drawing[1]
    assert (line.get("y1"), line.get("y2")) == ("50%", "50%")


def test_one_refresh_has_no_change(make_gaufuse):
    page = panel(make_gaufuse(num_refreshes=1))
    assert "pseudo-labels of refresh 0" in page
    assert "change" not in page and "last row" not in page


def test_what_to_look_for_is_said(make_gaufuse):
    text = Page(panel(make_gaufuse())).text
    assert "Some training videos of seed 0" in text
    assert "curves should gather inside the true segments" in text
    assert "The last row is what changed between the last two refreshes" in text


@pytest.mark.parametrize("num_refreshes", [0, 1])
def test_no_panel_without_pseudo_labels(make_gaufuse, num_refreshes):
    workdir = make_gaufuse(num_refreshes=num_refreshes)
    if num_refreshes:
        nobody = {"epoch": np.array(200.0), "shown": np.array([])}
        np.savez(workdir / "pseudo_labels/0.npz", **nobody)
    assert ANCHOR not in headings(read(workdir))


def test_without_truth_the_classes_are_those_with_most_labels(make_gaufuse):
    workdir = make_gaufuse()
    (workdir / "truth.json").unlink()
    shown = strips(workdir)
    assert f"pseudo-labels of refresh 0: {DIVE}, {THROW}" in shown  # no café, no background
    assert not [name for name in shown if "true" in name]


def test_labels_of_nothing_are_flat(make_gaufuse):
    workdir = make_gaufuse(num_refreshes=1)
    path = workdir / "pseudo_labels/0.npz"
    nothing = gaufuse_runs.refresh(0) | {"seed0/c/labels": np.zeros((9, 4))}
    nothing |= {f"seed0/c/{part}": np.zeros(0) for part in ("label", "start", "end", "score")}
    np.savez(path, **nothing)
    shown = strips(workdir)
    for outline in paths(shown[f"pseudo-labels of refresh 0: {DIVE}, {THROW}"]):
        np.testing.assert_array_equal(steps(outline.get("d")), 100.0)
    assert len(shown["0 instances of refresh 0"]) == 0
    (workdir / "truth.json").unlink()
    assert "pseudo-labels of refresh 0: " in strips(workdir)  # of no class at all


def test_a_few_videos_are_chosen(make_gaufuse):
    workdir = make_gaufuse(num_refreshes=1)
    names = [f"c{i}" for i in range(7)]
    described = json.loads((workdir / "dataset.json").read_text())
    video = {"subset": "train", "snippets": 9, "seconds": None}
    described["videos"] += [{"name": name} | video for name in names]
    (workdir / "dataset.json").write_text(json.dumps(described))
    arrays = {}
    for name in names:
        arrays |= gaufuse_runs.refresh(0, video=name)
    np.savez(workdir / "pseudo_labels/0.npz", **arrays | {"shown": np.array(names)})
    assert list(articles(panel(workdir))) == ["c0", "c3", "c6"]
    assert list(articles(panel(workdir, max_videos=1))) == ["c0"]


def test_long_videos_are_averaged(make_gaufuse):
    workdir = make_gaufuse(num_refreshes=1)
    described = json.loads((workdir / "dataset.json").read_text())
    described["videos"][-1]["snippets"] = 1200
    (workdir / "dataset.json").write_text(json.dumps(described))
    labels = np.zeros((1200, 4))
    labels[400:600, CLASSES.index(DIVE)] = np.tile([0.0, 0.4], 100)
    arrays = gaufuse_runs.refresh(0) | {"seed0/c/labels": labels}
    np.savez(workdir / "pseudo_labels/0.npz", **arrays)
    dive, _ = paths(strips(workdir)[f"pseudo-labels of refresh 0: {DIVE}, {THROW}"])
    levels = steps(dive.get("d"))
    assert len(levels) == 300
    expected = np.zeros(300)
    expected[100:150] = 0.2
    np.testing.assert_allclose((100 - levels) / 100 * HEADROOM * 0.2, expected, atol=2e-4)


def test_names_are_escaped(make_gaufuse):
    workdir = make_gaufuse()
    for path in (workdir / "dataset.json", workdir / "truth.json"):
        path.write_text(path.read_text().replace('"dive"', '"<script>"'))
    (workdir / "predictions/seed0.json").unlink()
    page = read(workdir)
    assert "script" not in {tag for tag, _ in page.tags}
    assert "<script>" in page.text


def test_twelve_refreshes_are_in_the_order_of_their_numbers(make_gaufuse):
    workdir = make_gaufuse()
    for number in range(12):
        arrays = gaufuse_runs.refresh(0) | {"epoch": np.array(number)}
        np.savez(workdir / f"pseudo_labels/{number}.npz", **arrays)
    assert [each.epoch for each in read_run(workdir).refreshes] == list(range(12))


def test_snippets_of_a_video_that_knows_its_duration_alone(make_gaufuse):
    workdir = make_gaufuse()
    path = workdir / "dataset.json"
    content = json.loads(path.read_text()) | {"seconds_per_snippet": None}
    content["videos"][-1]["seconds"] = 4.5
    path.write_text(json.dumps(content))
    borders = read_run(workdir).refreshes[0].videos["c"].borders
    np.testing.assert_allclose(borders, 0.5 * np.arange(10), rtol=1e-15)
