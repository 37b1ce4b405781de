"""The panel of instances before and after fusion, and the map files that it is made from."""

import json
import re

import gaufuse_runs
import numpy as np
import pytest
from localization_runs import COFFEE, DIVE, THROW
from pages import Page, articles, drawings, headings, read, section

from jaxseg.report import write_picture, write_report

ANCHOR = "instances-before-and-after-fusion"


def source(workdir) -> str:
    return write_report(workdir).read_text(encoding="utf-8")


def article(workdir, video: str = "a") -> str:
    return articles(section(source(workdir), ANCHOR))[video]


def lines(drawing) -> list[tuple[float, float, float]]:
    """(row, start, end) of each line; the drawing's unit is a second, and a row an instance."""
    moves = re.findall(r"M([\d.]+) ([\d.]+)H([\d.]+)", drawing[0][0].get("d"))
    return [(float(row), float(start), float(end)) for start, row, end in moves]


def test_instances_before_are_lines_by_falling_score(make_gaufuse):
    shown = drawings(article(make_gaufuse()))
    drawing = shown[f"{DIVE}: 3 instances before"]
    assert lines(drawing) == [(0.5, 1.0, 7.0), (1.5, 2.5, 5.0), (2.5, 2.0, 6.0)]
    assert drawing[0].get("viewBox") == "0 0 10.00 3"  # the video's ten seconds
    assert lines(shown[f"{THROW}: 1 instance before"]) == [(0.5, 7.0, 8.0)]


def test_what_is_left_and_truth_stand_below(make_gaufuse):
    page = article(make_gaufuse())
    order = ["3 instances before", "3 of 3 proposals", f"{DIVE}: 1 true", f"{COFFEE}: 0 instances"]
    places = [page.index(each) for each in order]
    assert places == sorted(places)
    assert page.count('class="axis"') == 1
    text = Page(page).text
    assert "0:10.0 · 4 instances · 4 after" in text
    assert "0 before, not in this video" in text  # café was predicted and was no instance
    assert "after 3 of 3" in text


def test_equal_scores_do_not_depend_on_the_files_order(make_gaufuse):
    workdir = make_gaufuse()
    path = workdir / "maps/seed0/a.npz"
    arrays = gaufuse_runs.score_map() | {"instances_score": np.ones(4)}
    np.savez(path, **arrays)
    first = article(workdir)
    turned = {n: a[::-1] if n.startswith("instances") else a for n, a in arrays.items()}
    np.savez(path, **turned)
    assert article(workdir) == first


@pytest.mark.parametrize(("method", "said"), [("soft", "soft-nms"), ("hard", "nms")])
def test_another_method_is_called_by_its_name(make_gaufuse, method, said):
    assert f"instances-before-and-after-{said}" in headings(read(make_gaufuse(method=method)))


def test_no_panel_where_nothing_was_done_or_kept(make_gaufuse, make_localization):
    for workdir in (make_gaufuse(method="none"), make_localization()):
        assert not [each for each in headings(read(workdir)) if each.startswith("instances")]


def test_only_videos_with_instances_are_shown(make_gaufuse):
    workdir = make_gaufuse()
    kept = {n: a for n, a in gaufuse_runs.score_map().items() if not n.startswith("instances")}
    np.savez(workdir / "maps/seed0/a.npz", **kept)
    assert list(articles(section(source(workdir), ANCHOR))) == ["b"]


def test_a_video_without_any_instance(make_gaufuse):
    workdir = make_gaufuse()
    nothing = {f"instances_{part}": np.zeros(0) for part in ("label", "start", "end", "score")}
    np.savez(workdir / "maps/seed0/a.npz", **gaufuse_runs.score_map() | nothing)
    page = article(workdir)
    assert "0 instances" in Page(page).text
    assert len(drawings(page)[f"{DIVE}: 0 instances before"][0]) == 0


def test_hundreds_of_instances_share_a_limited_height(make_gaufuse):
    workdir = make_gaufuse()
    many = {f"instances_{part}": np.linspace(1, 2, 400) for part in ("start", "end", "score")}
    many["instances_label"] = np.zeros(400)
    np.savez(workdir / "maps/seed0/a.npz", **gaufuse_runs.score_map() | many)
    drawing = drawings(article(workdir))[f"{DIVE}: 400 instances before"]
    assert len(lines(drawing)) == 400
    assert int(re.search(r"height:(\d+)px", drawing.get("style"))[1]) <= 200


def test_one_stream_of_attention_has_no_name(make_gaufuse, tmp_path):
    workdir = make_gaufuse()
    page = section(source(workdir), "videos")
    assert "attention" in drawings(articles(page)["a"])
    assert 'class="curve"' not in page and "Clusters have colors" not in page
    picture = write_picture(workdir, tmp_path / "picture.svg")
    drawn = picture.read_text(encoding="utf-8")
    assert "<!-- attention -->" in drawn and "legend" not in drawn


def test_clusters_of_case_on_this_backbone(make_gaufuse):
    workdir = make_gaufuse()
    clusters = np.full((4, 4), 0.1) + 0.6 * np.eye(4)
    np.savez(workdir / "maps/seed0/a.npz", **gaufuse_runs.score_map(), clusters=clusters)
    page = source(workdir)
    assert "clusters: 4 runs" in drawings(articles(section(page, "videos"))["a"])
    assert "Clusters have colors of their own" in page


def test_the_method_is_spelled_as_in_its_paper(make_gaufuse):
    assert "by GauFuse from the classes" in read(make_gaufuse()).text


def test_classes_are_counted_by_their_own(make_gaufuse):
    workdir = make_gaufuse()
    content = json.loads((workdir / "predictions/seed0.json").read_text())
    content["results"]["a"] = []
    (workdir / "predictions/seed0.json").write_text(json.dumps(content))
    shown = drawings(article(workdir))
    assert f"{DIVE}: 3 instances before" in shown
    assert not [name for name in shown if "proposal" in name]
