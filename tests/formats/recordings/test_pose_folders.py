"""Folders of poses: a program's other files are passed over, bodies are sequences of their own."""

import json

import h5py
import numpy as np
import pytest
import toy_mouse
from mutations import survives

from jaxseg.config.shared import DataConfig
from jaxseg.data import load, load_unlabeled
from jaxseg.formats.recordings import reader
from jaxseg.formats.recordings.recording import DEFAULTS

STEM = f"mouse{toy_mouse.SCORER}"
BESIDE = (
    *(f"{STEM}.h5", f"{STEM}_filtered.csv", f"{STEM}_meta.pickle", f"{STEM}_labeled.mp4"),
    *(f"{STEM}_skeleton.csv", "mouse.mp4", "config.yaml"),
)


def config(root, **others):
    return DataConfig(name="folder", root=str(root), **others)


def mouse(path, seed=0):
    points, confidence, _ = toy_mouse.make(60, seed)
    return toy_mouse.write_deeplabcut(path, points, confidence)


def hdf5(path):
    """DeepLabCut's table of two animals in pandas' other layout, in its smallest form."""
    with h5py.File(path, "w") as file:
        group = file.create_group("df_with_missing")
        group.attrs.update({"pandas_type": "frame", "axis0_nlevels": 3, "nblocks": 1})
        levels = {"scorer": ["n"], "bodyparts": ["a", "b"], "coords": ["x", "y"]}
        codes = ([0, 0, 0, 0], [0, 0, 1, 1], [0, 1, 0, 1])
        for at, (name, values) in enumerate(levels.items()):
            for stem in ("axis0", "block0_items"):
                group[f"{stem}_level{at}"] = np.array(values, "S1")
                group[f"{stem}_level{at}"].attrs["name"] = name
                group[f"{stem}_label{at}"] = codes[at]
        group["block0_values"] = np.random.default_rng(0).random((9, 4))
        group["axis1"] = np.arange(9)
    return path


def test_what_deeplabcut_writes_beside_a_recording_is_passed_over(tmp_path):
    mouse(tmp_path / f"{STEM}.csv")
    hdf5(tmp_path / BESIDE[0])
    mouse(tmp_path / BESIDE[1])
    for name in BESIDE[2:]:
        (tmp_path / name).write_text("b,nose_tail\nb,length\n0,1\n")
    (tmp_path / "plot-poses" / "mouse").mkdir(parents=True)
    data = load(config(tmp_path), progress=False)
    assert [(video.name, video.features.shape) for video in data.videos] == [(STEM, (60, 30))]
    assert any("passed over" in note and "5 more" in note for note in data.notes)
    assert any("the body axis is from tailbase to nose" in note for note in data.notes)
    (tmp_path / "other.pickle").write_text("")
    with pytest.raises(ValueError, match=r"other\.pickle"):
        load(config(tmp_path), progress=False)


def test_names_that_begin_alike_are_two_recordings(tmp_path):
    for name in ("m", "m1", "m_2"):
        mouse(tmp_path / f"{name}.csv")
    data = load(config(tmp_path), progress=False)
    assert [video.name for video in data.videos] == ["m", "m1", "m_2"]
    assert not any("passed over" in note for note in data.notes)


def test_a_filtered_file_alone_is_a_recording(tmp_path):
    mouse(tmp_path / f"{STEM}_filtered.csv")
    assert [video.name for video in load(config(tmp_path), progress=False).videos] == [
        f"{STEM}_filtered"
    ]


def test_a_file_is_a_folder_of_one(tmp_path):
    path = mouse(tmp_path / "m.csv")
    mouse(tmp_path / "other.csv", 1)
    data = load(config(path), progress=False)
    assert [video.name for video in data.videos] == ["m"]
    alone = load_unlabeled(path, config(path), progress=False)
    np.testing.assert_array_equal(alone.videos[0].features, data.videos[0].features)
    (tmp_path / "m.doc").write_text("")
    with pytest.raises(ValueError, match=r"not files of features .*m\.doc"):
        load(config(tmp_path / "m.doc"), progress=False)


def openpose(folder, count=12):
    folder.mkdir(parents=True)
    rng = np.random.default_rng(len(folder.name))
    for number in range(count):
        people = [{"pose_keypoints_2d": np.c_[rng.random((25, 2)), np.ones(25)].ravel().tolist()}]
        (folder / f"v_{number:012}_keypoints.json").write_text(json.dumps({"people": people}))
    return folder


def test_folders_of_a_file_a_frame(tmp_path):
    openpose(tmp_path / "data" / "walk.cam1")
    openpose(tmp_path / "data" / "walk.cam2")
    data = load(config(tmp_path / "data"), progress=False)
    names = [(video.activity, video.name, video.features.shape) for video in data.videos]
    assert names == [("data", f"walk.cam{at}", (12, 78)) for at in (1, 2)]
    alone = load(config(tmp_path / "data" / "walk.cam2"), progress=False)
    assert [video.name for video in alone.videos] == ["walk.cam2"]
    np.testing.assert_array_equal(alone.videos[0].features, data.videos[1].features)
    (tmp_path / "data" / "walk.cam2" / "readme.txt").write_text("x")
    with pytest.raises(ValueError, match="not files of features"):
        load(config(tmp_path / "data"), progress=False)


def test_each_animal_is_a_sequence(tmp_path):
    columns = [(who, part, axis) for who in "AB" for part in "abc" for axis in "xy"]
    head = [("scorer", "individuals", "bodyparts", "coords"), *(("n", *each) for each in columns)]
    rows = np.c_[np.arange(20), np.random.default_rng(0).random((20, 12))]
    lines = [",".join(level) for level in zip(*head, strict=True)]
    lines += [",".join(map(str, row)) for row in rows]
    (tmp_path / "m.csv").write_text("\n".join(lines))
    names = [video.name for video in load(config(tmp_path), progress=False).videos]
    assert names == ["m.A", "m.B"]
    chosen = load(config(tmp_path, individual="B"), progress=False)
    assert [video.name for video in chosen.videos] == ["m.B"]
    chosen = load(config(tmp_path, keypoints=("a", "c")), progress=False)
    assert chosen.videos[0].features.shape == (20, 9)


def test_files_of_different_keypoints_are_named(tmp_path):
    mouse(tmp_path / "m.csv")
    text = (tmp_path / "m.csv").read_text()
    (tmp_path / "n.csv").write_text(text.replace("nose", "snout"))
    with pytest.raises(ValueError, match=r"n\.csv"):
        load(config(tmp_path), progress=False)


def wide(path):
    header = ",".join(f"{part}_{axis}" for part in ("nose", "ear", "tail") for axis in "xyv")
    rows = np.random.default_rng(0).uniform(0.7, 1, (9, 9))
    path.write_text(
        "\n".join(
            ["frame," + header, *(f"{at}," + ",".join(map(str, r)) for at, r in enumerate(rows))]
        )
    )
    return path


def sleap(path):
    with h5py.File(path, "w") as file:
        file["tracks"] = np.random.default_rng(0).random((2, 2, 3, 9))
        file["point_scores"] = np.ones((2, 3, 9))
        file["node_names"] = np.array([b"a", b"b", b"c"])
        file["track_names"] = np.array([b"A", b"B"])
    return path


def nwb(path):
    with h5py.File(path, "w") as file:
        file.attrs["nwb_version"] = "2.7"
        group = file.create_group("processing/behavior/PoseEstimation")
        group.attrs["neurodata_type"] = "PoseEstimation"
        for name in "abc":
            series = group.create_group(name)
            series.attrs["neurodata_type"] = "PoseEstimationSeries"
            series["data"] = np.random.default_rng(0).random((9, 2))
            series["timestamps"] = np.arange(9) / 30
    return path


def frame_of_openpose(path):
    folder = openpose(path.with_suffix(""), 3)
    return sorted(folder.iterdir())[1]


MADE = {
    "DeepLabCut.csv": lambda path: mouse(path),
    "DeepLabCut.h5": hdf5,
    "wide.csv": wide,
    "SLEAP.h5": sleap,
    "poses.nwb": nwb,
    "OpenPose.json": frame_of_openpose,
}


@pytest.mark.parametrize("count", [60, pytest.param(1000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", MADE)
def test_broken_files_have_one_line_or_a_result(tmp_path, name, count):
    path = MADE[name](tmp_path / name)
    place = path.parent if path.suffix == ".json" else path

    def read(_):
        if reader.is_foreign(place):
            return reader.read_recordings(place, DEFAULTS)
        return None

    assert survives(path, count, read) > count / 20


def test_a_heap_of_texts_that_would_be_read_for_ever_is_refused(tmp_path):
    """Free space of no size, after which the HDF5 library looks at the same place again."""
    path = tmp_path / "m.h5"
    with h5py.File(path, "w") as file:
        file["tracks"] = np.zeros((1, 2, 2, 3))
        file["node_names"] = ["nose", "tail"]
        file["x"] = np.zeros((4, 3))
    content = bytearray(path.read_bytes())
    heap = content.index(b"GCOL")
    first = bytes(content[heap + 16 : heap + 34])
    assert first[:2] == b"\x01\x00" and content[heap + 32 : heap + 36] in (b"nose", b"tail")
    content[heap + 16 : heap + 32] = bytes(16)
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"m\.h5: .*its heap of texts is broken"):
        reader.read_recordings(path, DEFAULTS)


def test_notes_of_many_files_are_one(tmp_path):
    for seed in range(3):
        mouse(tmp_path / f"m{seed}.csv", seed)
    notes = load(config(tmp_path, confidence=0.93), progress=False).notes
    filled = [note for note in notes if "% of the points" in note]
    assert len(filled) == 1 and filled[0].endswith("(m0.csv, m1.csv, m2.csv)")
    parts = filled[0].split()
    low, high = float(parts[0]), float(parts[2])
    assert parts[1] == "to" and 0 < low < high and "below 0.93," in filled[0]


def test_a_file_of_a_known_suffix_without_poses_says_so(tmp_path):
    (tmp_path / "m.nwb").write_text("x")
    with pytest.raises(ValueError, match=r"m\.nwb: it holds no poses"):
        load(config(tmp_path), progress=False)
