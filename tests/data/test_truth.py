"""Truth as tables of segments: units and rates, gaps, tiers, one file for several recordings."""

import json

import numpy as np
import pytest

from jaxseg.data import load
from jaxseg.data.segmentation.layouts import find_in_folder


@pytest.fixture
def folder(tmp_path, config):
    """Writes two recordings, "a" of 40 and "b" of 20 rows, and files of truth by their names."""
    config.name, config.root = "folder", str(tmp_path / "mine")
    (tmp_path / "mine" / "groundTruth").mkdir(parents=True)
    for name, rows in (("a", 40), ("b", 20)):
        array = np.random.default_rng(rows).standard_normal((rows, 3)).astype(np.float32)
        np.save(tmp_path / "mine" / f"{name}.npy", array)

    def write(**files):
        for name, text in files.items():
            file = name.replace("__", ".")
            (tmp_path / "mine" / "groundTruth" / file).write_text(text)
        return tmp_path / "mine"

    return write


def labels_of(config, **settings):
    """Names of the rows' labels by recording, as runs: "walk*10 run*30"."""
    for name, value in settings.items():
        setattr(config, name, value)
    data = load(config, progress=False)
    found = {}
    for video in data.videos:
        runs = []
        for label in () if video.labels is None else video.labels:
            name = data.classes[label]
            if runs and runs[-1][0] == name:
                runs[-1][1] += 1
            else:
                runs.append([name, 1])
        found[video.name] = " ".join(f"{name}*{count}" for name, count in runs)
    return found, data


SECONDS_A = "start,end,label\n0.0,1.0,walk\n1.0,4.0,run\n"
SECONDS_B = "start,end,label\n0,2,run\n"
EXPECTED = {"a": "walk*10 run*30", "b": "run*20"}
# Whole numbers: frames where they go beyond the seconds of a recording.
FRAMES = {"a__csv": "start,end,label\n0,10,walk\n10,40,run\n", "b__csv": "0,20,run\n"}


@pytest.mark.parametrize(
    ("files", "settings"),
    [
        ({"a__csv": SECONDS_A, "b__csv": SECONDS_B}, {"fps": 10}),
        ({"a__txt": "0.0\t1.0\twalk\n1.0\t4.0\trun\n", "b__txt": "0.0\t2.0\trun\n"}, {"fps": 10}),
        ({"a__csv": SECONDS_A, "b__txt": "run\n" * 20}, {"fps": 10}),
        ({"a__txt": "1-10 walk\n11-40 run\n", "b__txt": "1-20 run\n"}, {}),
        ({"a__txt": "1-30 walk\n31-120 run\n", "b__txt": "1-60 run\n"}, {"stride": 3}),
        (
            {"a__txt": "1-30 walk\n31-120 run\n", "b__txt": "1-60 run\n"},
            {"fps": 10, "label_fps": 30},
        ),
        (FRAMES, {}),
        (FRAMES, {"fps": 10}),
        (
            {
                "a__csv": "start_frame,end_frame,label\n0,9,walk\n10,39,run\n",
                "b__csv": "start_frame,end_frame,label\n0,19,run\n",
            },
            {},
        ),
        (
            {
                "a__csv": "first,start_frame,end_frame,label\nx,1,10,walk\nx,11,40,run\n",
                "b__csv": "start_frame,end_frame,label\n1,20,run\n",
            },
            {},
        ),
        (
            {"all__csv": "video,start,end,label\na.mp4,0,1.0,walk\na.mp4,1,4,run\nb.mp4,0,2,run\n"},
            {"fps": 10},
        ),
    ],
)
def test_the_same_truth_in_every_form(folder, config, files, settings):
    folder(**files)
    found, data = labels_of(config, **settings)
    assert found == EXPECTED and data.classes == ("run", "walk") and data.excluded == ()
    assert data.fps == settings.get("fps")


def test_a_boris_project_of_both(folder, config):
    def events(*edges):
        return [[time, "m", code, "", "", 0] for code, times in edges for time in times]

    behaviors = {
        str(at): {"code": code, "type": "State event"} for at, code in enumerate(["walk", "run"])
    }
    observations = {
        "day 1": {
            "file": {"1": ["films/a.mp4"]},
            "events": events(("walk", (0, 1)), ("run", (1, 4))),
        },
        "b": {"file": {}, "events": events(("run", (0, 2)))},
    }
    project = {"behaviors_conf": behaviors, "observations": observations}
    folder(hens__boris=json.dumps(project))
    assert labels_of(config, fps=10)[0] == EXPECTED


def test_recordings_of_a_table_that_have_no_features_are_named(folder, config):
    rows = "file,start,end,label\na.mp4,0,1.0,walk\na.mp4,1,4,run\nb.mp4,0,2,run\nx.mp4,0,2,run\n"
    folder(all__csv=rows)
    labels, data = labels_of(config, fps=10)
    assert labels == EXPECTED
    assert any(
        "truth of 1 recordings without features is not read (x)" in each for each in data.notes
    )


def test_windows_have_the_segment_in_their_middle(folder, config):
    """Row i of a 25-frame window at 10 a second stands for the time (i + 12.5) / 10."""
    folder(
        a__csv="start,end,label\n0,2.0,walk\n2.0,6.4,run\n", b__csv="start,end,label\n0,4.4,run\n"
    )
    assert labels_of(config, fps=10, window=25)[0] == {"a": "walk*8 run*32", "b": "run*20"}


def test_frames_without_a_segment_are_not_scored(folder, config):
    folder(a__csv="start,end,label\n0.5,1.0,walk\n1.0,3.0,run\n", b__csv=SECONDS_B)
    found, data = labels_of(config, fps=10)
    assert found["a"] == "unlabeled*5 walk*5 run*20 unlabeled*10"
    assert data.classes == ("run", "walk", "unlabeled") and data.excluded == ("unlabeled",)
    assert any("25 % of the frames have no label and are not scored" in each for each in data.notes)
    found, data = labels_of(config, gaps="rest")
    assert found["a"] == "rest*5 walk*5 run*20 rest*10" and data.excluded == ()
    assert labels_of(config, gaps="walk")[1].classes == ("run", "walk")


def test_labels_of_numbers(folder, config):
    root = folder(b__txt="1\n" * 20)
    np.save(root / "groundTruth" / "a.npy", np.repeat([-1, 0, 1], [5, 15, 20]))
    found, _ = labels_of(config)
    assert found == {"a": "unlabeled*5 0*15 1*20", "b": "1*20"}
    (root / "mapping.txt").write_text("0 walk\n1 run\n")
    assert labels_of(config)[0] == {"a": "unlabeled*5 walk*15 run*20", "b": "run*20"}


def test_numbers_as_numpy_saves_them(folder, config):
    folder(a__txt="0.000000e+00\n" * 10 + "1.000000e+00\n" * 30, b__txt="1.000000e+00\n" * 20)
    assert labels_of(config)[0] == {"a": "0*10 1*30", "b": "1*20"}


def test_one_tier_of_several(folder, config, fails):
    text = "start,end,label,subject\n0,1.5,walk,m1\n1,4,run,m2\n1.5,4,rest,m1\n"
    folder(a__csv=text)
    config.fps = 10
    fails("a.csv", "'walk' of 'm1' (0 to 1.5) and 'run' of 'm2' (1 to 4) overlap", "data.tier")
    assert labels_of(config, tier="m1")[0]["a"] == "walk*15 rest*25"
    config.tier = "m3"
    fails("data.tier", "there is no 'm3'; there is m")


def test_touching_segments(folder, config):
    """A key that is released after the next is pressed: the later one has the frames."""
    folder(a__csv="start,end,label\n0,1.2,walk\n1.0,4,run\n", b__csv=SECONDS_B)
    found, data = labels_of(config, fps=10)
    assert found == EXPECTED and any("2 frames are in two segments" in each for each in data.notes)


def test_individuals_are_their_own_tiers(folder, config):
    """Two animals in one file of poses, annotated as two subjects of one table."""
    root = folder(pair__csv="start,end,label,subject\n0,2,walk,m1\n0,2,run,m2\n")
    for name in ("a", "b"):
        (root / f"{name}.npy").unlink()
    columns = [
        ("DLC", who, point, what)
        for who in ("m1", "m2")
        for point in ("nose", "tail")
        for what in ("x", "y", "likelihood")
    ]
    heads = ("scorer", "individuals", "bodyparts", "coords")
    rows = [[head, *each] for head, each in zip(heads, zip(*columns, strict=True), strict=True)]
    rng = np.random.default_rng(0)
    for at in range(20):
        places = rng.uniform(1, 9, (4, 2))
        rows.append([at, *np.append(places, np.ones((4, 1)), axis=1).ravel()])
    text = "".join(",".join(map(str, row)) + "\n" for row in rows)
    (root / "pairDLC_resnet50.csv").write_text(text)
    found, _ = labels_of(config, fps=10)
    assert found == {"pairDLC_resnet50.m1": "walk*20", "pairDLC_resnet50.m2": "run*20"}
    folder(pair__csv="start,end,label\n0,2,walk\n")
    found, data = labels_of(config)
    assert {*found.values()} == {"walk*20"}
    assert any("each individual" in note for note in data.notes)


@pytest.mark.parametrize(
    ("files", "settings", "parts"),
    [
        ({"a__csv": SECONDS_A}, {}, ["a.csv", "in seconds", "--config.data.fps"]),
        (
            {"a__csv": SECONDS_A},
            {"fps": 100},
            ["a.csv", "segments end at 4 seconds, 'a' at 0.4 (40 rows, 100 a second)", "data.fps"],
        ),
        (
            {"a__txt": "1-400 walk\n"},
            {},
            ["a.txt", "segments end at 400 frames, 'a' at 40", "data.label_fps"],
        ),
        (
            {"a__csv": "start,end,label\n0,2000,walk\n2000,4000,run\n"},
            {"fps": 10},
            ["the columns name no unit: start_ms"],
        ),
        ({"a__json": "[]"}, {}, ["a.json", "start, end and label"]),
        ({"a__csv": "start,end,label\n0,x,walk\n"}, {}, ["a.csv", "line 2", "'x' is no time"]),
    ],
)
def test_truth_that_does_not_fit(folder, config, fails, files, settings, parts):
    folder(**files)
    for name, value in settings.items():
        setattr(config, name, value)
    fails(*parts)


def test_notes_on_what_was_read(folder, config):
    root = folder(
        a__csv=SECONDS_A + "2.5,2.5,jump\n",
        a__eaf="not read",
        b__csv="start,end,label\n0,2.05,run\n",
        B__csv="broken",
    )
    np.save(root / "b2.npy", np.ones((20, 3), np.float32))
    notes = "\n".join(labels_of(config, fps=10)[1].notes)
    assert "1 truth files without features are not read (B.csv)" in notes
    assert "1 truth files are not read, as others are of the same (a.eaf)" in notes
    assert "1 point events left out (a)" in notes


def test_truth_of_a_recording_twice(folder, config, fails):
    folder(
        all__csv="file,start,end,label\na,0,1.0,x\n", all2__csv="file,start,end,label\na,0,1.0,x\n"
    )
    fails("'a' is annotated twice (all.csv: 'a', all2.csv: 'a')")


def test_a_mapping_names_the_classes(folder, config, fails):
    root = folder(a__csv=SECONDS_A, b__csv=SECONDS_B)
    (root / "mapping.txt").write_text("0 walk\n1 run\n")
    config.fps = 10
    assert labels_of(config)[1].classes == ("walk", "run")
    (root / "mapping.txt").write_text("0 walk\n1 runs\n")
    fails("a.csv", "unknown label 'run'; the nearest is 'runs'")


def test_recordings_of_chosen_activities(folder, config, tmp_path):
    """Truth of activities that are not read is not missed."""
    root = folder(a__csv=SECONDS_A)
    _, _, notes = find_in_folder(root, [root.name])
    assert len(notes) == 1 and "1 of 2 recordings have no truth (b)" in notes[0]
