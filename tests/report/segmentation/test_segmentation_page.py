import base64
import json
import re
import shutil
from xml.etree import ElementTree

import pytest
from pages import BANNER, Page, headings, read, section, svg_text

from jaxseg.report import write_report

PANELS = ["scores", "loss", "videos", "couplings", "confusion", "segment-lengths"]


def test_needs_nothing_but_itself(make_workdir):
    path = write_report(make_workdir(activities=("coffee", "milk")))
    source = path.read_text(encoding="utf-8")
    page = Page(source)
    assert headings(page) == PANELS
    for _, attrs in page.tags:
        for key in ("src", "href", "data", "srcset"):
            assert attrs.get(key, "#").startswith(("#", "data:"))
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert "@import" not in source
    assert set(re.findall(r"url\((.{5})", source)) == {"#hatc"}
    assert next(attrs for tag, attrs in page.tags if tag == "html")["lang"] == "en"


def test_every_picture_opens_and_has_a_description(make_workdir):
    page = read(make_workdir())
    pictures = [attrs for tag, attrs in page.tags if tag == "img"]
    assert len(pictures) == 2 * 3 + 1 + 2 + 1  # dots of two protocols, loss, coupling, lengths
    for attrs in pictures:
        assert len(attrs["alt"]) > 10
        kind, content = attrs["src"].split(";base64,")
        content = base64.b64decode(content, validate=True)
        if kind == "data:image/png":
            assert content.startswith(b"\x89PNG") and content.endswith(b"IEND\xaeB`\x82")
        else:
            assert ElementTree.fromstring(content).tag.endswith("svg")


def test_scores_stand_beside_the_baselines_with_the_protocols_name(make_workdir):
    source = write_report(make_workdir()).read_text(encoding="utf-8")
    tables = re.findall(r"<table.*?</table>", source)
    scores = [t for t in tables if "equal split" in t]
    assert len(scores) == 4  # averages and activities under two protocols
    averages, by_activity = scores[:2]
    for number in ("61.5<small> ± 1.2", "62.5<", "66.5<", ">41.5<", ">31.5<", ">46.5<"):
        assert number in averages
    for number in ("63.5<small> ± 1.2", "53.0<", "43.0<", ">43.5<", ">33.5<"):
        assert number in by_activity
    names = [re.search(r"<caption><span>(\S+),", t)[1] for t in scores]
    assert names == ["asot-exact", "asot-exact", "asot", "asot"]
    assert 'class="below"' not in "".join(scores)


def test_a_score_below_a_baseline_is_marked(make_workdir):
    workdir = make_workdir()
    path = workdir / "evaluation.json"
    path.write_text(path.read_text().replace('"mean": 63.5', '"mean": 43.4'))
    source = write_report(workdir).read_text(encoding="utf-8")
    marked = re.findall(r'<td class="below"[^>]*>([\d.]+)', source)
    assert marked == ["43.4", "43.4"]  # one activity, two protocols; the baseline has 43.5


def test_k_means_above_the_run_is_marked(make_workdir):
    workdir = make_workdir()
    path = workdir / "evaluation.json"
    evaluation = json.loads(path.read_text())
    protocol = evaluation["protocols"]["asot-exact"]
    kmeans = json.dumps({key: protocol["results"][0][key] for key in ("full", "per_video")})
    # Its MoF is that of the run and a little more; all else is the same.
    protocol["baselines"]["kmeans"] = json.loads(kmeans.replace('"mean": 61.5', '"mean": 61.6'))
    path.write_text(json.dumps(evaluation))
    source = write_report(workdir).read_text(encoding="utf-8")
    for kind, score in (("above", "61.6"), ("below", "61.5")):
        assert re.findall(rf'<td class="{kind}"[^>]*>([\d.]+)', source) == [score]
    assert source.count("◆ k-means") == 1 and "beside equal split, one class, k-means" in source


@pytest.mark.parametrize("generated", [True, False])
def test_banner_exactly_when_generated(make_workdir, generated):
    page = read(make_workdir(generated=generated))
    assert page.text.count(BANNER) == (2 if generated else 0)  # at the head and at the foot


def test_names_are_escaped_and_odd_ones_draw(make_workdir):
    names = ("<script>alert(1)", 'a "b" & <i>c', "$x_1$", "咖啡")
    page = read(make_workdir(activities=names))
    assert "script" not in {tag for tag, _ in page.tags}
    assert {attrs.get("class") for tag, attrs in page.tags if tag == "i"} == {"scale"}
    for name in (*names, 'stir <&> "taste"'):
        assert name in page.text
    descriptions = " ".join(attrs["alt"] for tag, attrs in page.tags if tag == "img")
    drawings = "".join(svg_text(attrs["src"]) for tag, attrs in page.tags if tag == "img")
    for name in names:
        assert name in descriptions and name in drawings


def test_equal_color_means_equal_class(make_workdir):
    source = write_report(make_workdir()).read_text(encoding="utf-8")
    found = re.findall(r'fill="([^"]+)"><title>([^,<]+), frames', source)
    fills = {name: {f for f, n in found if n == name} for _, name in found}
    assert all(len(colors) == 1 for colors in fills.values())
    assert fills["pour_milk"] == fills["pour_milk (cluster 0)"]
    assert fills["SIL"] == fills["SIL (cluster 2)"]
    assert fills["SIL"] != fills["pour_milk"]
    # Three truth bars, and one above the plan and the affinity of the video with a coupling.
    assert source.count("<title>pour_milk, frames 2–4</title>") == 3 + 2
    for cluster in (3, 4):
        (fill,) = fills[f"cluster {cluster} (unmatched)"]
        assert f'id="{fill[5:-1]}"' in source  # the hatching that url(#...) names is on the page
    assert fills["cluster 3 (unmatched)"] != fills["cluster 4 (unmatched)"]


def test_videos_are_ranked_by_matched_frames(make_workdir):
    workdir = make_workdir()
    shutil.rmtree(workdir / "couplings")
    text = read(workdir).text
    places = [
        text.index(f"v{i} {score}.0 % of frames right") for i, score in enumerate((100, 75, 50))
    ]
    assert places == sorted(places)
    text = read(workdir, max_videos=2).text
    assert "v0 best · 100.0 % of frames right · rank 1 of 3" in text
    assert "v2 worst · 50.0 % of frames right · rank 3 of 3" in text
    assert "75.0 %" not in text


def test_the_best_of_the_videos_with_a_coupling_is_not_called_the_best(make_workdir):
    workdir = make_workdir()
    folder = workdir / "couplings/coffee/seed0"
    shutil.copy(folder / "v0.npz", folder / "v2.npz")
    (folder / "v0.npz").rename(folder / "v1.npz")
    text = read(workdir, max_videos=1).text
    assert "v1 75.0 % of frames right · rank 2 of 3" in text
    assert "100.0 % of frames" not in text and "50.0 % of frames" not in text


def test_without_labels(make_workdir):
    page = read(make_workdir(labels=False, fps=2.0))
    assert headings(page) == ["scores", "loss", "videos", "couplings", "segment-lengths"]
    assert "No labels, no scores." in page.text
    assert "v1, 0:03.0 cosine 0.75" in page.text  # frame 6 at two frames a second
    assert "cluster 1, 0:02.5–0:04.0" in page.text  # frames 5..7 of the first video
    assert "unmatched" not in page.text and "truth" not in page.text


def test_seconds_or_frames(make_workdir):
    assert "pour_milk, frames 2–4" in read(make_workdir()).text


@pytest.mark.parametrize(
    ("name", "gone"),
    [
        ("metrics.jsonl", {"loss"}),
        ("couplings", {"couplings"}),
        ("evaluation.json", {"confusion"}),
        ("truth", {"confusion"}),
        ("versions.json", set()),
        ("typical.json", set()),
        ("predictions", {"confusion"}),
    ],
)
def test_an_absent_file_costs_its_panel_alone(make_workdir, name, gone):
    workdir = make_workdir()
    path = workdir / name
    path.unlink() if path.is_file() else shutil.rmtree(path)
    page = read(workdir)
    assert set(PANELS) - set(headings(page)) == gone
    assert name not in page.text.split("Made from")[1]


def test_says_what_it_was_made_from(make_workdir):
    text = read(make_workdir()).text
    for fact in ("jax 9.8.7", "abacus", "solver.train.alpha", "0.4321", "kitchen", "my run"):
        assert fact in text
    assert "Actions found in 3 videos (30 frames, 1 activity) by ASOT" in text


def test_more_than_three_activities_fold(make_workdir):
    page = read(make_workdir(activities=("a", "b", "c", "d")))
    folds = [attrs for tag, attrs in page.tags if tag == "details"]
    assert sum("open" in attrs for attrs in folds) == 3  # the first of videos, couplings, confusion


def test_same_files_same_bytes(make_workdir):
    workdir = make_workdir()
    first = write_report(workdir).read_bytes()
    assert write_report(workdir).read_bytes() == first


def test_failure_leaves_the_older_report_and_nothing_else(make_workdir):
    workdir = make_workdir()
    first = write_report(workdir).read_bytes()
    files = sorted(path.name for path in workdir.iterdir())
    (workdir / "predictions/coffee/seed1/v2.txt").write_text("7\n" * 10)
    with pytest.raises(ValueError, match=r"v2\.txt: cluster 7 of a member with 5 clusters"):
        write_report(workdir)
    assert (workdir / "report.html").read_bytes() == first
    assert sorted(path.name for path in workdir.iterdir()) == files


def test_a_report_that_cannot_be_put_in_place(make_workdir):
    workdir = make_workdir()
    (workdir / "report.html").mkdir()
    with pytest.raises(OSError, match=r"cannot write .*report\.html: Is a directory"):
        write_report(workdir)
    assert not list(workdir.glob(".report*"))


def test_no_videos_to_show_is_refused(make_workdir):
    with pytest.raises(ValueError, match="max_videos is 0"):
        write_report(make_workdir(), max_videos=0)


def other_numbers(workdir, table):
    """Seed 1's labels become seed 0's under other numbers, `table`, as far as they agree."""
    for video in range(3):
        folder = workdir / "predictions/coffee"
        labels = [int(line) for line in (folder / f"seed0/v{video}.txt").read_text().split()]
        lines = "".join(f"{table[label]}\n" for label in [*labels[:9], labels[0]])
        (folder / f"seed1/v{video}.txt").write_text(lines)


def fills(source, kind):
    """Colors of the segments of each bar of a kind, video by video."""
    bars = re.findall(rf'<svg class="{kind}"[^>]*>(.*?)</svg>', section(source, "videos"))
    return [re.findall('<rect [^>]*fill="([^"]+)"', each) for each in bars]


def test_without_labels_the_seeds_have_the_same_colors(make_workdir):
    workdir = make_workdir(labels=False)
    other_numbers(workdir, [4, 2, 0, 1, 3])
    source = write_report(workdir).read_text(encoding="utf-8")
    main, other = fills(source, "bar"), fills(source, "bar thin")
    assert [each[:4] for each in main] == [each[:4] for each in other] and len(main) == 3
    assert "color of the cluster of the main bar that it shares the most frames with" in source


def test_clusters_used_stand_above_the_bars(make_workdir):
    page = read(make_workdir())
    assert "Clusters used: seed 0 5 of 5, seed 1 3 of 5" in page.text


@pytest.mark.parametrize("labels", [True, False])
def test_named_clusters(make_workdir, labels):
    """Two clusters of one name are one segment, one color and one entry of the legend."""
    workdir = make_workdir(labels=labels)
    table = workdir / "predictions/coffee/seed0/v1.csv"
    table.write_text("start,end,label\n")
    (workdir / "names.csv").write_text('cluster,name\n2,"open, <take>"\n0,"open, <take>"\n3,rest\n')
    source = write_report(workdir).read_text(encoding="utf-8")
    page = Page(source)
    rows = table.read_text().splitlines()[1:4]
    assert rows == ['0,4,"open, <take>"', "4,6,rest", "6,8,1"]
    if labels:
        assert "SIL (open, <take>), frames 0–1" in page.text
        assert "rest (unmatched), frames 4–5" in page.text
        return
    assert "open, <take>, frames 0–3" in page.text and "cluster 1, frames 6–7" in page.text
    videos = section(source, "videos")
    legend = re.search('<ul class="legend">.*?</ul>', videos)[0]
    assert Page(re.sub("<li [^>]*hidden>.*?</li>", "", legend)).text == (
        "open, <take>cluster 1restcluster 4"
    )
    # Where each cluster has a line of its own, its number stands there too.
    assert "open, <take> (cluster 0)" in page.text and "cluster 0 v1, frame 6 cosine" in page.text
    bar = re.search(r'<svg class="bar" data-clusters="(.*?)" data-borders="(.*?)" role', videos)
    assert bar.groups() == ("2 0 1 4", "0 2 5 8 10")  # as they are without names
    assert "Names of clusters are those of names.csv." in page.text
    (workdir / "names.csv").unlink()
    assert "open, <take>" not in read(workdir).text and table.read_text().splitlines()[1] == "0,2,2"


def test_a_wrong_name_is_one_line(make_workdir):
    workdir = make_workdir()
    (workdir / "names.csv").write_text("cluster,name\n5,pour\n")
    with pytest.raises(
        ValueError, match=r"names\.csv: line 2: unknown cluster '5'; those of coffee"
    ):
        write_report(workdir)
