"""The page of a localization run: every panel says what the files say."""

import base64
import json
import re
import shutil
from xml.etree import ElementTree

import localization_runs
import numpy as np
import pytest
from localization_runs import COFFEE, DIVE, THROW
from pages import BANNER, Page, articles, drawings, headings, read, svg_text

from jaxseg.report import write_report

PANELS = ["scores", "errors", "loss", "videos", "clusters"]


def source(workdir, **options) -> str:
    return write_report(workdir, **options).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> str:
    """The report of the run as it is written, with nothing changed."""
    return source(localization_runs.write(tmp_path_factory.mktemp("runs") / "my finds"))


def edit(path, change) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content))


def test_needs_nothing_but_itself(whole):
    page = Page(whole)
    assert headings(page) == PANELS
    assert "@import" not in whole and "url(" not in whole
    for _, attrs in page.tags:
        for key in ("src", "href", "data", "srcset"):
            assert attrs.get(key, "#").startswith(("#", "data:"))
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in page.tags}


def test_a_run_of_gaufuse_needs_nothing_but_itself(make_gaufuse):
    page = source(make_gaufuse())
    own = ["instances-before-and-after-fusion", "pseudo-labels-over-refreshes"]
    assert headings(Page(page)) == ["scores", "videos", *own]
    assert "<script" not in page and "url(" not in page and "http" not in page


def test_every_picture_opens_and_has_a_description(whole):
    page = Page(whole)
    pictures = [attrs for tag, attrs in page.tags if tag == "img"]
    assert len(pictures) == 2 * 3 + 3  # three curves of two protocols, three losses
    for attrs in pictures:
        assert len(attrs["alt"]) > 10
        content = base64.b64decode(attrs["src"].split(";base64,")[1], validate=True)
        assert ElementTree.fromstring(content).tag.endswith("svg")
    strips = [attrs for tag, attrs in page.tags if tag == "image"]
    assert len(strips) == 2 * 3  # two videos, of three classes each
    for attrs in strips:
        content = base64.b64decode(attrs["href"].split(";base64,")[1], validate=True)
        assert content.startswith(b"\x89PNG")


def test_scores_stand_with_their_spread_under_the_protocols_name(whole):
    tables = re.findall(r"<table.*?</table>", whole)
    means = [t for t in tables if "mAP at each tIoU" in t]
    assert [re.search(r"<caption><span>(\S+),", t)[1] for t in means] == ["anet", "wtalc"]
    for number in ("61.5", "41.5", "51.5", "91.5", "31.5", "81.5"):
        assert f">{number}<small> ± 1.2</small>" in means[0]
    for title in ("@0.3", "@0.5", "0.3:0.5", "model.omega=1", "2 seeds"):
        assert title in means[0]
    classes = [t for t in tables if "AP in percent" in t]
    assert len(classes) == 4  # of two variants under two protocols
    assert [re.findall(r">([\d.]+)<small>", t) for t in classes[:2]] == [["31.5"] * 3, ["21.5"] * 3]
    text = Page(whole).text
    assert text.count("Scored on 3 videos, 3 classes, 1,234 true segments, 5,678 proposals.") == 2
    assert text.count("classes without predictions: café") == 2


def test_errors_are_counted_and_stacked(whole):
    (table, *_) = [t for t in re.findall(r"<table.*?</table>", whole) if "missed truth" in t]
    assert re.findall(r"<td>([\d,]+)</td>", table)[:4] == ["30", "10", "60", "7"]
    stack = drawings(whole)["kinds of 100 proposals"]
    assert [part.get("x") for part in stack] == ["0%", "30%", "40%"]
    assert [part.get("width") for part in stack] == ["30%", "10%", "60%"]
    assert [part[0].text for part in stack][2] == "background: 60, 60.0 %"
    assert len({part.get("fill") for part in stack}) == 3


def test_a_video_on_its_axis(whole):
    shown = articles(whole)
    assert list(shown) == ["a", "b"]
    strips = drawings(shown["a"])
    (truth,) = strips[f"{DIVE}: 1 true segment"]
    assert (truth.get("x"), truth.get("width")) == ("20%", "40%")
    assert truth[0].text == "dive, 0:02.0–0:06.0"
    (image,) = strips["scores of dive"]
    assert (image.get("x"), image.get("width")) == ("0%", "80%")  # eight of ten seconds
    assert "attention of rgb, flow" in strips
    assert "0:10.0 · 2 true segments · 4 proposals" in Page(shown["a"]).text
    # True classes by time, then those that are predicted alone; each with its whole-video score.
    order = [shown["a"].index(f"scores of {name}") for name in (DIVE, "throw", COFFEE)]
    assert order == sorted(order)
    assert f"{DIVE} 0.83" in Page(shown["a"]).text
    assert f"{COFFEE} 0.07, not in this video" in Page(shown["a"]).text


def test_proposals_are_as_strong_as_their_scores(whole):
    strips = drawings(articles(whole)["a"])
    best, second, below = strips[f"{DIVE}: 3 of 3 proposals"]
    assert [part[0].text for part in (best, second, below)] == [
        "dive 0.800, 0:02.0–0:05.5",
        "dive 0.400, 0:01.0–0:07.0",
        "dive -0.100, 0:08.0–0:09.0",
    ]
    assert best.get("fill-opacity") is None  # the best of the video is opaque
    assert second.get("fill-opacity") == "0.50"
    assert below.get("fill-opacity") == "0.15"
    assert best.get("y") == below.get("y") != second.get("y")  # the second covers the best


def test_clusters_are_pale_where_they_are_background(whole):
    parts = list(drawings(articles(whole)["a"])["clusters: 3 runs"])
    assert [part[0].text for part in parts] == [
        "cluster 3, 0:00.0–0:02.0",
        "cluster 0, 0:02.0–0:06.0",
        "cluster 1, 0:06.0–0:08.0",
    ]
    assert [part.get("fill-opacity") for part in parts] == ["0.28", None, "0.28"]
    columns = drawings(whole)["4 clusters by their share of foreground"]
    groups = [group for group in columns if group.tag == "g"]
    assert [group[0].text.split(":")[0] for group in groups] == [
        f"cluster {k}" for k in (0, 2, 1, 3)
    ]
    assert [group[2].get("height") for group in groups] == ["90.00%", "60.00%", "20.00%", "10.00%"]
    assert groups[0][1].get("fill") == parts[1].get("fill")  # a cluster has one color
    assert Page(whole).text.count("2 foreground clusters of 4") == 2  # both seeds


def test_without_roles_no_cluster_is_pale(make_localization):
    workdir = make_localization()
    (workdir / "clusters.json").unlink()
    parts = drawings(articles(source(workdir))["a"])["clusters: 3 runs"]
    assert {part.get("fill-opacity") for part in parts} == {None}


@pytest.mark.parametrize("generated", [True, False])
def test_banner_exactly_when_generated(make_localization, generated):
    page = read(make_localization(generated=generated))
    assert page.text.count(BANNER) == (2 if generated else 0)


def test_an_oracle_is_loud(make_localization, whole):
    workdir = make_localization()
    assert "<p>Checkpoint: last: the parameters after step 20</p>" in whole
    said = "oracle-test: chosen by the test <score>"
    edit(workdir / "evaluation.json", lambda content: content.update(checkpoint=said))
    assert '<p class="banner">Checkpoint: oracle-test: chosen by the test &lt;' in source(workdir)


def test_names_are_escaped(make_localization):
    workdir = make_localization()
    odd = "<script>alert(1) $x_1$ 咖啡"
    for path in (workdir / "dataset.json", workdir / "truth.json", workdir / "evaluation.json"):
        path.write_text(path.read_text().replace('"pool"', f'"{odd}"'))
    edit(workdir / "members.json", lambda it: [each.update(variant=odd) for each in it[2:]])
    edit(
        workdir / "evaluation.json",
        lambda it: [p["results"][1].update(variant=odd) for p in it["protocols"].values()],
    )
    page = read(workdir)
    assert "script" not in {tag for tag, _ in page.tags}
    assert page.text.count(odd) >= 6  # data set, two tables a protocol, error tables
    assert THROW in page.text and COFFEE in page.text
    words = "".join(svg_text(attrs["src"]) for tag, attrs in page.tags if tag == "img")
    assert odd in words


def test_one_video(make_localization):
    assert list(articles(source(make_localization(), max_videos=1))) == ["a"]


def test_says_what_it_was_made_from(whole):
    text = Page(whole).text
    for fact in ("jax 9.8.7", "abacus", "predict.gamma", "0.1234", "pool", "my finds"):
        assert fact in text
    assert "of 3 classes start and end in 3 test videos, by CASE from the classes of 1" in text
    assert "training video alone; 2 seeds" in text


@pytest.mark.parametrize(
    ("name", "gone"),
    [
        ("metrics.jsonl", {"loss"}),
        ("evaluation.json", {"errors"}),
        ("clusters.json", {"clusters"}),
        ("truth.json", set()),
        ("maps", set()),
        ("predictions", set()),
        ("versions.json", set()),
    ],
)
def test_an_absent_file_costs_its_panel_alone(make_localization, name, gone):
    workdir = make_localization()
    path = workdir / name
    path.unlink() if path.is_file() else shutil.rmtree(path)
    page = read(workdir)
    assert set(PANELS) - set(headings(page)) == gone
    assert name not in page.text.split("Made from")[1]


def test_without_maps_the_proposals_are_drawn(make_localization):
    workdir = make_localization()
    shutil.rmtree(workdir / "maps")
    shown = articles(source(workdir))
    assert list(shown) == ["a", "b", "d"]
    assert set(drawings(shown["d"])) == {f"{DIVE}: 3 of 3 proposals", f"{COFFEE}: 1 of 1 proposal"}
    shutil.rmtree(workdir / "predictions")
    assert "No score maps and no proposals of test videos." in read(workdir).text


def test_without_truth_no_class_is_called_wrong(make_localization):
    workdir = make_localization()
    (workdir / "truth.json").unlink()
    (workdir / "evaluation.json").unlink()
    text = read(workdir).text
    assert "No scores: there are no true segments." in text
    assert "not in this video" not in text and "true segment ·" not in text


def test_a_method_without_attention_and_clusters(make_localization):
    workdir = make_localization()
    kept = {name: localization_runs.arrays()[name] for name in ("map", "seconds", "video_scores")}
    np.savez(workdir / "maps/seed0/a.npz", **kept)
    article = articles(source(workdir))["a"]
    assert "attention" not in article and "clusters" not in article
    assert "scores of dive" in drawings(article)


def test_a_video_of_one_snippet_in_which_nothing_was_found(make_localization):
    workdir = make_localization()
    one = {name: array[:1] for name, array in localization_runs.arrays().items()}
    one |= {"video_scores": np.zeros(3), "seconds": np.array([0.0, 2.0])}
    np.savez(workdir / "maps/seed0/d.npz", **one)
    edit(workdir / "predictions/seed0.json", lambda content: content["results"].update(d=[]))
    strips = drawings(articles(source(workdir))["d"])
    assert set(strips) == {"attention of rgb, flow", "clusters: 1 runs", f"scores of {COFFEE}"}


def test_an_empty_test_split(make_localization):
    workdir = make_localization(videos=())
    for name in ("predictions", "maps"):
        shutil.rmtree(workdir / name)
    edit(workdir / "evaluation.json", lambda content: content.update(protocols={}))
    page = read(workdir)
    assert "0 test videos" in page.text
    assert "No score maps and no proposals of test videos." in page.text
    assert "No scores: the run was not evaluated." in page.text


def test_same_files_same_bytes(make_localization):
    workdir = make_localization()
    first = write_report(workdir).read_bytes()
    assert write_report(workdir).read_bytes() == first
