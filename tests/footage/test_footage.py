"""A run of real, tiny videos: the pictures that are taken and the record that is kept of them."""

import itertools
import json
import os
import urllib.parse
from pathlib import Path

import cv2
import films
import numpy as np
import pytest
import tiny_videos
from exported import read_csv, read_eaf, read_vtt
from films import FILMS, FPS, GRAYS

from jaxseg import footage
from jaxseg.features.listing import stamp
from jaxseg.features.video.frames import VideoFile
from jaxseg.footage import record
from jaxseg.footage.record import box_height, take_pictures

ACTIVITY = "tea & 茶"
ONE = f"{ACTIVITY}/one"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run with its footage, which no test changes."""
    run = films.write_run(tmp_path_factory.mktemp("made"))
    footage.write(run, max_videos=9, progress=False)
    return run


@pytest.fixture
def fresh(tmp_path):
    return films.write_run(tmp_path, {"one": (".mp4", 0.0), "two": (".mp4", 0.0)})


def read(run: Path) -> dict:
    return json.loads((run / "footage/footage.json").read_text())["activities"][ACTIVITY]


def gray(run: Path, picture: str) -> float:
    image = cv2.imread(str(run / picture))
    assert image.shape == (48, 64, 3)  # smaller than the box: as it is
    return float(image.mean())


def test_exports_agree_with_the_videos_own_timestamps(made):
    """Where the gray of a picture changes is known to the file alone."""
    for name, (suffix, first) in FILMS.items():
        folder = made / "segments" / ACTIVITY / "seed0"
        csv, vtt, eaf = (
            read(folder / f"{name}.{kind}")
            for kind, read in (("csv", read_csv), ("vtt", read_vtt), ("eaf", read_eaf))
        )
        assert csv == vtt == eaf and len(csv) == 4
        video = VideoFile(made.parent / "my films" / ACTIVITY / f"{name}{suffix}")
        seen = [(time, frame.mean()) for time, frame in video.resampled(100.0)]
        changes = [after for (_, a), (after, b) in itertools.pairwise(seen) if abs(a - b) > 30]
        starts = [start for start, _, _ in csv]
        np.testing.assert_allclose(starts, [first, *changes], atol=1 / 100)
        assert csv[-1][1] == pytest.approx(first + 2, abs=1 / FPS)
    # The other member of the main variant is exported, and not watched.
    assert len(list((made / "segments").rglob("*.*"))) == 2 * 3 * 3
    assert len(read_vtt(made / "segments" / ACTIVITY / "seed1" / f"{name}.vtt")) == 1


def test_tables_of_the_first_seed_carry_the_names_beside_the_run(fresh):
    (fresh / "names.csv").write_text("cluster,name\n3,stir\n0,stir\n")
    footage.write(fresh, max_videos=1, progress=False)
    first, other = (fresh / "segments" / ACTIVITY / f"seed{seed}/one.vtt" for seed in (0, 1))
    assert [label for _, _, label in read_vtt(first)] == ["stir", "cluster 1", "stir"]
    assert [label for _, _, label in read_vtt(other)] == ["cluster 2"]
    # The page's pictures are of clusters, whatever they are called next time.
    assert [segment[2] for segment in read(fresh)["videos"]["one"]["segments"]] == [3, 0, 1, 0]


def test_a_picture_shows_its_segment(made):
    activity = read(made)
    assert activity["member"] == "seed0" and list(activity["videos"]) == sorted(FILMS)
    for video in activity["videos"].values():
        assert video["shown"] and not video["problem"]
        assert [segment[2] for segment in video["segments"]] == [3, 0, 1, 0]
        for _, _, cluster, picture in video["segments"]:
            assert abs(gray(made, picture) - GRAYS[cluster]) < 8
    assert [len(result) for result in activity["moments"]] == [0, 3, 0, 0]
    for moment in activity["moments"][1]:
        assert moment["time"] == pytest.approx(FILMS[moment["video"]][1] + 7 / FPS, abs=1e-3)
        assert abs(gray(made, moment["picture"]) - GRAYS[1]) < 8


def test_links_lead_from_the_report_to_the_files(made):
    report = (made / "report.html").as_uri()
    for name, video in read(made)["videos"].items():
        for link in (video["link"], *video["exports"].values()):
            assert link.isascii() and not set(link) & set("\"'<>& #?")
            place = urllib.parse.urlsplit(urllib.parse.urljoin(report, link))
            assert not place.query and not place.fragment
            assert Path(urllib.parse.unquote(place.path)).is_file()
        assert video["file"] == f"{ACTIVITY}/{name}{FILMS[name][0]}"


def _gone(path: Path, known: dict):
    path.unlink()


def _changed(path: Path, known: dict):
    os.utime(path, ns=(0, 0))


def _broken(path: Path, known: dict):
    path.write_bytes(b"no video")
    known[ONE] |= {"bytes": 8, "modified_ns": path.stat().st_mtime_ns}


def _unknown(path: Path, known: dict):
    del known[ONE]


@pytest.mark.parametrize(
    ("harm", "words", "linked"),
    [
        (_gone, "is not where its features were made from", False),
        (_changed, "has changed since its features were made", True),
        (_broken, "could be taken: one.mp4", True),
        (_unknown, "No file is known", False),
    ],
)
def test_a_video_that_is_not_what_it_was_costs_its_pictures_alone(fresh, harm, words, linked):
    path = fresh / "features/features.json"
    features = json.loads(path.read_text())
    harm(fresh.parent / "my films" / ACTIVITY / "one.mp4", features["videos"])
    films.write_json(path, features)
    footage.write(fresh, max_videos=9, progress=False)
    activity = read(fresh)
    one, two = activity["videos"]["one"], activity["videos"]["two"]
    assert words in one["problem"] and "\n" not in one["problem"]
    assert (one["link"] is not None) == linked
    assert [bool(segment[3]) for segment in one["segments"]] == [False] * 4
    assert [bool(segment[3]) for segment in two["segments"]] == [True] * 4 and not two["problem"]
    assert [bool(moment["picture"]) for moment in activity["moments"][1]] == [False, True]
    assert len(read_eaf(fresh / "segments" / ACTIVITY / "seed0/one.eaf")) == 4


def test_as_many_pictures_as_fit(fresh, monkeypatch):
    monkeypatch.setattr(record, "FILM", (1, 2))
    monkeypatch.setattr(record, "MOMENTS", (1, 1))
    footage.write(fresh, max_videos=1, progress=False)
    activity = read(fresh)
    assert [video["shown"] for video in activity["videos"].values()] == [True, False]
    taken = [s[:3] for s in activity["videos"]["one"]["segments"] if s[3]]
    assert taken == [[0.4, 1.2, 0], [1.2, 1.8, 1]]  # the two longest of four
    assert len(activity["videos"]["two"]["segments"]) == 4
    assert len(activity["moments"][1]) == 1
    assert len(list((fresh / "footage/pictures").iterdir())) == 3


def test_a_failure_leaves_the_older_files_and_nothing_else(fresh):
    footage.write(fresh, max_videos=1, progress=False)
    before = {path: path.stat().st_ino for path in fresh.rglob("*")}
    path = fresh / f"predictions/{ACTIVITY}/seed1/two.txt"
    path.write_text("0\nnothing\n")
    with pytest.raises(ValueError, match=r"two\.txt: 'nothing' in line 2 is no cluster number"):
        footage.write(fresh, max_videos=1, progress=False)
    assert {path: path.stat().st_ino for path in fresh.rglob("*")} == before


def test_a_run_that_is_not_of_videos_or_broken_is_named(fresh):
    """Its other files are checked by their readers."""
    path = fresh / "features/features.json"
    path.write_text("{}")
    with pytest.raises(ValueError, match=r"features\.json is damaged"):
        footage.write(fresh, max_videos=1, progress=False)
    path.unlink()
    with pytest.raises(ValueError, match=r"run: not a run on videos: no features/features\.json"):
        footage.write(fresh, max_videos=1, progress=False)


def test_videos_are_chosen_from_the_first_to_the_last():
    names = [f"v{i}" for i in range(10)]
    assert record.evenly(names, 3) == {"v0", "v4", "v9"} and record.evenly(names, 1) == {"v0"}
    assert record.evenly(names, 10) == record.evenly(names, 99) == set(names)
    assert [record.share(500, parts, (4, 24)) for parts in (0, 10, 50, 999)] == [24, 24, 10, 4]


@pytest.mark.parametrize(
    ("size", "height"), [((640, 360), 90), ((360, 640), 120), ((64, 48), 48), ((4000, 10), 1)]
)
def test_pictures_fit_their_box(size, height):
    assert box_height(*size) == height


def test_a_picture_of_a_turned_video_is_upright(tmp_path):
    """A phone's: 64 x 32 as stored, 32 x 64 as shown."""
    path = tmp_path / "phone.mp4"
    pictures = [tiny_videos.gray(200, 64, 32) for _ in range(5)]
    for picture in pictures:
        picture[:, :32] = 20  # the left half is the upper one when turned clockwise
    tiny_videos.write_video(path, pictures, clockwise=90)
    ((time, content),) = take_pictures(path, [0.1])
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert time == 0.1 and image.shape == (64, 32, 3)
    assert image[:24].mean() < 60 and image[40:].mean() > 160


def test_a_folder_of_pictures_shows_its_pictures_and_says_that_it_cannot_play(fresh):
    pictures = fresh.parent / "my films" / ACTIVITY / "one"
    pictures.mkdir()
    for k, label in enumerate(films.LABELS):
        tiny = tiny_videos.gray(GRAYS[label])
        cv2.imwrite(str(pictures / f"{k}.png"), tiny)
    path = fresh / "features/features.json"
    record = json.loads(path.read_text())
    entry = {"source": ONE, **stamp(pictures), "first_timestamp": 0.0, "duration": 2.0}
    record["videos"][ONE] = entry | {"frames": 10}
    path.write_text(json.dumps(record))
    footage.write(fresh, max_videos=9, progress=False)
    video = read(fresh)["videos"]["one"]
    assert video["link"] is None and video["problem"].startswith("A folder of pictures")
    for start, _, cluster, picture in video["segments"]:
        assert gray(fresh, picture) == pytest.approx(GRAYS[cluster], abs=4), start
    (pictures / "3.png").unlink()
    footage.write(fresh, max_videos=9, progress=False)
    assert read(fresh)["videos"]["one"]["problem"].startswith("The video has changed since")
