"""The panel of videos, from a footage.json written by hand."""

import json
import re
import shlex
from html import unescape

import pytest
from pages import Page, headings, read

from jaxseg.report import read_run
from jaxseg.report.segmentation.painter import painters
from jaxseg.report.segmentation.watch import watch_panel

JPEG = b"\xff\xd8\xff\xe0 a picture"
BAR = re.compile(r'<svg class="bar segments".*?</svg>')
PICTURE = "footage/pictures/0.jpg"
NAMES = ("v0", "v1", 'v2"><script>alert(1)</script>')


def clip(number: int, **changes) -> dict:
    """Ten rows at two a second; the video's timestamps begin at second 1."""
    picture = PICTURE
    return {
        "file": f"coffee/{NAMES[number]}.mp4",
        "link": f"../my%20films/v{number}%23.mp4",
        "problem": "",
        "exports": {"csv": f"segments/coffee/seed0/v{number}.csv", "vtt": "x.vtt", "eaf": "x.eaf"},
        "shown": True,
        "segments": [[1.0, 3.5, 2, picture], [3.5, 4.0, 4, None], [4.0, 6.0, -1, picture]],
    } | changes


def write(workdir, *changes, moments=(), activity="coffee"):
    """`footage.json` with a clip for each of `changes`."""
    clips = {NAMES[i]: clip(i, **changed) for i, changed in enumerate(changes)}
    content = {"member": "seed0", "videos": clips, "moments": [[], list(moments), [], [], []]}
    path = workdir / "footage/footage.json"
    (path.parent / "pictures").mkdir(parents=True, exist_ok=True)
    (path.parent / "pictures/0.jpg").write_bytes(JPEG)
    path.write_text(json.dumps({"fps": 2.0, "activities": {activity: content}}))
    return workdir


def panel(workdir) -> str:
    """The panel alone: the rest of the page takes its time."""
    run = read_run(workdir)
    return str(watch_panel(run, painters(run)).body)


def links(part: str) -> list[dict[str, str]]:
    """The attributes of all links into videos."""
    tags = re.findall(r"<a [^>]*data-start=[^>]*>", part)
    return [dict(re.findall(r'([\w-]+)="(.*?)"', tag)) for tag in tags]


def test_every_segment_is_a_link_to_its_time(make_workdir):
    page = panel(write(make_workdir(labels=False, fps=2.0), {}))
    bar, film = BAR.search(page)[0], page.split('<div class="film">')[1]
    assert [link["href"] for link in links(bar)] == [
        f"../my%20films/v0%23.mp4#t={start}" for start in ("1.0", "3.5", "4.0")
    ]
    assert [link["data-end"] for link in links(bar)] == ["3.5", "4.0", "6.0"]
    assert re.findall(r"<title>(.*?)</title>", bar) == [
        "cluster 2, 0:01.0–0:03.5",
        "cluster 4, 0:03.50–0:04.00",
        "no action (-1), 0:04.0–0:06.0",
    ]
    # Half of the video, a tenth and two fifths, from the first timestamp on.
    assert re.findall(r'<rect x="(.*?)%" width="(.*?)%"', bar) == [
        ("0", "50"),
        ("50", "10"),
        ("60", "40"),
    ]
    assert [link["data-start"] for link in links(film)] == ["1.0", "4.0"]  # where a picture is
    assert all(link["tabindex"] == "-1" for link in links(film))


def test_it_is_the_first_panel_and_needs_nothing_but_the_videos(make_workdir):
    moment = {"video": "v1", "time": 4.25, "similarity": 0.5, "picture": "footage/pictures/0.jpg"}
    workdir = write(make_workdir(), {}, {}, moments=[moment])
    page = read(workdir)
    assert headings(page)[0] == "watch"
    outside = {"src": set(), "href": set()}
    for _, attrs in page.tags:
        for key, found in outside.items():
            if not attrs.get(key, "#").startswith(("#", "data:")):
                found.add(attrs[key].split("#")[0])
    videos = {f"../my%20films/v{i}%23.mp4" for i in (0, 1)}
    tables = {f"segments/coffee/seed0/v{i}.csv" for i in (0, 1)} | {"x.vtt", "x.eaf"}
    assert outside == {"src": {"../my%20films/v0%23.mp4"}, "href": videos | tables}
    assert len([tag for tag, _ in page.tags if tag == "video"]) == 1  # for all of an activity
    sheet = panel(workdir).split("typical moments</h3>")[1]
    (link,) = links(sheet)
    assert link["href"] == "../my%20films/v1%23.mp4#t=4.25" and "v1, 0:04.2" in sheet
    assert "footage/pictures/" in page.text.split("Made from")[1]


def test_names_do_not_leave_their_place(make_workdir):
    name = NAMES[2]
    moment = {"video": name, "time": 4.0, "similarity": 0.5, "picture": "footage/pictures/0.jpg"}
    workdir = write(make_workdir(), {}, {}, {"problem": f"{name} is gone"}, moments=[moment])
    page = Page(panel(workdir))
    assert [attrs for tag, attrs in page.tags if tag == "script"] == [{}, {}]  # the page's own
    assert page.text.count(name) >= 3
    assert name in {attrs.get("data-name") for _, attrs in page.tags}
    assert name in unescape(panel(workdir))


def fields(page: str, kind: str = "text") -> list[dict[str, str]]:
    """The attributes of fields for names."""
    inputs = [attrs for tag, attrs in Page(page).tags if tag == "input"]
    return [attrs for attrs in inputs if attrs["type"] == kind]


def test_a_field_for_each_cluster(make_workdir):
    """The fields have all that a name needs to be shown, and the names of names.csv already."""
    workdir = write(make_workdir(labels=False), {})
    (workdir / "names.csv").write_text('cluster,name\n3,"<b>""a"", b"\n')
    page = panel(workdir)
    known = fields(page)
    assert [field["value"] for field in known] == ["", "", "", '<b>"a", b', ""]
    assert [field["data-number"] for field in known] == [f"cluster {k}" for k in range(5)]
    assert len({field["data-fill"] for field in known}) == 5
    assert page.count("<label>cluster ") == 5
    (none,) = fields(page, "hidden")
    assert (none["data-cluster"], none["data-number"]) == ("-1", "no action (-1)")
    assert "data-several" not in page
    command = f"python -m jaxseg.report {shlex.quote(str(workdir.resolve()))}"
    assert f"<code>{command}</code>" in unescape(page) and "'" in command


def test_a_class_has_its_color_whatever_its_cluster_is_called(make_workdir):
    known = fields(panel(write(make_workdir(), {})))
    assert known[0]["data-before"] == "pour_milk (" and known[0]["data-after"] == ")"
    assert known[3]["data-before"] == "" and known[3]["data-after"] == " (unmatched)"


def test_neighbors_of_one_name_are_one_segment(make_workdir):
    workdir = write(make_workdir(labels=False), {})
    (workdir / "names.csv").write_text("cluster,name\n2,pour\n4,pour\n")
    segments = [[1.0, 3.5, 2, None], [3.5, 4.0, 4, PICTURE], [4.0, 5.0, 2, PICTURE]]
    page = panel(write(workdir, {"segments": [*segments, [5.0, 6.0, 0, None]]}))
    bar = BAR.search(page)[0]
    assert re.findall(r"<title>(.*?)</title>", bar) == [
        "pour, 0:01.0–0:05.0",
        "cluster 0, 0:05.0–0:06.0",
    ]
    assert (
        'aria-label="2 segments of v0"' in bar and '<span class="count">2 segments</span>' in page
    )
    # What they are without names, to be told apart again.
    assert 'data-clusters="2 4 2 0" data-borders="1.0 3.5 4.0 5.0 6.0"' in bar
    first, second = links(page.split('<div class="film">')[1])
    assert first["data-start"] == second["data-start"] == "1.0"
    assert (first["data-shot"], second["data-shot"]) == ("1", "2")
    assert re.findall(r'<a data-shot="(\d)"[^>]*hidden>', page) == ["2"]


def test_names_of_all_activities_go_into_one_table(make_workdir):
    """Those of an activity without a field are kept."""
    workdir = write(make_workdir(labels=False, activities=("coffee", "tea")), {})
    (workdir / "names.csv").write_text("activity,cluster,name\ntea,2,stir\ncoffee,0,pour\n")
    page = panel(workdir)
    assert " data-several" in page
    assert [field["value"] for field in fields(page)] == ["pour", "", "", "", ""]
    kept = [field for field in fields(page, "hidden") if field["value"]]
    assert [(field["data-cluster"], field["value"]) for field in kept] == [("2", "stir")]
    assert '<div data-activity="tea">' in page


def test_a_video_that_is_gone_keeps_its_bar_and_tables(make_workdir):
    page = panel(write(make_workdir(), {"link": None, "problem": "It is gone."}))
    assert not links(page) and "It is gone." in page and "<video controls playsinline" in page
    assert " src=" not in re.search("<video.*?>", page)[0]
    assert BAR.search(page)[0].count("<title>") == 3 and "segments/coffee/seed0/v0.csv" in page


def test_videos_without_pictures_are_folded(make_workdir):
    page = panel(write(make_workdir(), {}, {"shown": False}, {"shown": False}))
    shown, folded = page.split("<details>")
    assert "2 more videos" in folded and len(links(folded)) == 2 * 5 and len(links(shown)) == 5


def test_truth_stands_below(make_workdir):
    assert "pour_milk, 0:01.0–0:02.5" in panel(write(make_workdir(fps=2.0), {}))


def test_without_footage_there_is_no_script(make_workdir):
    workdir = make_workdir()
    page = read(workdir)
    assert "watch" not in headings(page) and "script" not in {tag for tag, _ in page.tags}
    assert panel(write(workdir, {}, activity="another")) == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"segments": [[0, 1, 5, None]]}, "coffee: cluster 5; the member has 5 clusters"),
        ({"segments": [[0, "x", 1, None]]}, "segments.0.end is 'x', not a finite number"),
        ({"exports": None}, "exports is None, of another kind"),
    ],
)
def test_a_broken_record_is_one_line(make_workdir, changes, words):
    with pytest.raises(ValueError, match=re.escape(words)) as error:
        panel(write(make_workdir(), changes))
    assert "footage.json: " in str(error.value) and "\n" not in str(error.value)
