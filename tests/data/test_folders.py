"""Any folder of features: with or without labels, extracted from videos, and five real videos."""

import json
from pathlib import Path

import numpy as np
import pytest

from jaxseg.data import load, top_activity

ROOT = Path(__file__).resolve().parents[2] / "../shared/data/breakfast_coffee5"
LENGTHS = {
    "P03_cam01_P03_coffee": 917,
    "P05_cam01_P05_coffee": 1119,
    "P06_cam01_P06_coffee": 472,
    "P08_webcam01_P08_coffee": 271,
    "P09_cam01_P09_coffee": 571,
}
needs_videos = pytest.mark.skipif(not ROOT.is_dir(), reason=f"no real videos at {ROOT}")
RECORD = {"kind": "motion", "fps": 12.5, "fitted": "motion.npz", "videos": {}, "failed": {}}


@pytest.fixture
def folder(tmp_path, config):
    config.name, config.root = "folder", str(tmp_path / "mine")
    return tmp_path / "mine"


def save(file, frames=6, channels=4):
    file.parent.mkdir(parents=True, exist_ok=True)
    array = np.arange(frames * channels, dtype=np.float32).reshape(frames, channels)
    np.save(file, array)
    return array


def test_files_without_labels(folder, config):
    array = save(folder / "a.npy")
    save(folder / "b.npy", 3)
    data = load(config, progress=False)
    assert list(data.activities) == ["mine"] and not data.has_labels
    assert data.classes == () and data.fps is None
    assert all(video.top for video in data.videos)
    np.testing.assert_array_equal(data.videos[0].features, array)
    assert data.videos[0].labels is None and data.videos[1].features.shape == (3, 4)


def test_without_labels_arrays_are_frames_first(folder, config, fails):
    save(folder / "a.npy", 9, 4)
    assert load(config, progress=False).videos[0].features.shape == (9, 4)
    save(folder / "b.npy", 8, 7)
    fails("(8, 7)", "without labels arrays are read frames first, but for --config.data.axis=last")


def test_subfolders_are_activities(folder, config):
    save(folder / "juggling" / "a.npy")
    save(folder / "cooking" / "a.npy")
    data = load(config, progress=False)
    assert list(data.activities) == ["cooking", "juggling"]
    assert not any(video.top for video in data.videos)
    assert len(load(config, progress=False, activities=("cooking",)).videos) == 1


@pytest.mark.parametrize("features", ["", "features"])
def test_labels_inside(folder, config, features):
    save(folder / features / "a.npy", 3)
    (folder / "groundTruth").mkdir()
    (folder / "groundTruth" / "a").write_text("throw\ncatch\nthrow\n")
    data = load(config, progress=False)
    assert list(data.activities) == ["mine"]
    assert data.classes == ("catch", "throw") and data.videos[0].labels.tolist() == [1, 0, 1]


def test_labels_and_mapping_beside(folder, config):
    save(folder / "a.npy", 3)
    (folder.parent / "groundTruth").mkdir()
    (folder.parent / "groundTruth" / "a.txt").write_text("throw\ncatch\nthrow\n")
    (folder.parent / "mapping.txt").write_text("0 throw\n1 catch\n")
    data = load(config, progress=False)
    assert data.classes == ("throw", "catch") and data.videos[0].labels.tolist() == [0, 1, 0]


def test_labels_tell_which_axis_is_time(folder, config):
    array = save(folder / "a.npy", 4, 3)
    (folder / "groundTruth").mkdir()
    (folder / "groundTruth" / "a").write_text("throw\n" * 3)
    np.testing.assert_array_equal(load(config, progress=False).videos[0].features, array.T)


def test_labels_for_some_videos_only(folder, config):
    save(folder / "a.npy", 3)
    save(folder / "b.npy", 3)
    (folder / "groundTruth").mkdir()
    (folder / "groundTruth" / "a").write_text("throw\n" * 3)
    (folder / "groundTruth" / "c.txt").write_text("catch\n" * 3)
    data = load(config, progress=False)
    assert [video.labels is None for video in data.videos] == [False, True]
    assert data.classes == ("throw",) and not data.has_labels
    assert "1 of 2 recordings have no truth (b)" in data.notes[0]
    assert "1 truth files without features are not read (c.txt)" in data.notes[1]


def test_labels_for_no_video(folder, config, fails):
    save(folder / "mouse1.npy", 3)
    (folder / "groundTruth").mkdir()
    fails(folder / "groundTruth", "holds no truth")
    (folder / "groundTruth" / "mouse_1.txt").write_text("throw\n" * 3)
    fails(folder / "groundTruth", "no file is named after a recording", "is 'mouse_1' 'mouse1'?")


def test_equal_names_in_two_activities_need_truth_of_their_own(folder, config, fails):
    for activity in ("cooking", "juggling"):
        save(folder / activity / "a.npy", 3)
    truth = folder / "groundTruth"
    truth.mkdir()
    (truth / "a").write_text("throw\n" * 3)
    fails(truth / "a", "cooking", "juggling")
    (truth / "a").unlink()
    for activity in ("cooking", "juggling"):
        (truth / activity).mkdir()
        (truth / activity / "a").write_text(f"{activity}\n" * 3)
    data = load(config, progress=False)
    assert [data.classes[v.labels[0]] for v in data.videos] == ["cooking", "juggling"]


def test_missing_folder(config, folder, fails):
    fails(folder, kind=FileNotFoundError)


@pytest.fixture
def extracted(tmp_path, config):
    config.name, config.root = "folder", str(tmp_path / "mine")
    (tmp_path / "mine").mkdir()
    np.save(tmp_path / "mine" / "a.npy", np.ones((4, 3), np.float32))
    np.savez(tmp_path / "mine" / "motion.npz", mean=np.ones(3))
    (tmp_path / "mine" / ".lock").touch()
    return tmp_path / "mine"


def test_its_other_files_are_no_features(extracted, config):
    (extracted / "features.json").write_text(json.dumps(RECORD))
    data = load(config, progress=False)
    assert [video.name for video in data.videos] == ["a"] and data.fps == 12.5
    config.fps = 30.0
    assert load(config, progress=False).fps == 30
    # Without it a motion.npz is a video like any other.
    (extracted / "features.json").unlink()
    config.fps = 0.0
    with pytest.raises(ValueError, match=r"motion.npz"):
        load(config, progress=False)


@pytest.mark.parametrize("content", ["{", "[]", '{"videos": {}}', "\\xff"])
def test_a_file_of_somebody_else(extracted, config, content, fails):
    (extracted / "features.json").write_text(content)
    fails(extracted, "not files of features", "features.json")


@pytest.mark.parametrize("fps", [0, -1, "15", None, float("inf")])
def test_a_rate_that_is_none(extracted, config, fps):
    (extracted / "features.json").write_text(json.dumps(RECORD | {"fps": fps}))
    assert load(config, progress=False).fps is None


def test_the_activity_of_videos_in_no_subfolder(tmp_path):
    assert top_activity(tmp_path / "my films") == "my films"
    assert [top_activity(place) for place in (tmp_path / ".films", Path("/"))] == ["videos"] * 2
    (tmp_path / "tea" / "tea").mkdir(parents=True)
    assert top_activity(tmp_path / "tea") == "videos"


@needs_videos
@pytest.mark.parametrize("activities", [(), ("coffee",)])
def test_real_videos(config, tmp_path, activities):
    config.root, config.standardize = str(ROOT), True
    data = load(config, activities=activities, cache=tmp_path, progress=False)
    assert {video.name: video.num_frames for video in data.videos} == LENGTHS
    assert list(data.activities) == ["coffee"] and data.num_channels == 64
    assert len(data.classes) == 48 and data.classes[5] == "pour_coffee" and data.has_labels
    for video in data.videos:
        rows = video.frames()
        leading = int(np.argmax(rows.any(axis=1)))
        assert 4 <= leading <= 52 and not rows[:leading].any()
        assert np.mean((rows[rows.any(axis=1)] ** 2).sum(axis=1)) == pytest.approx(1, abs=1e-5)


@needs_videos
def test_real_videos_as_a_folder(config):
    config.name, config.root = "folder", str(ROOT / "features")
    data = load(config, progress=False)
    assert data.has_labels and data.classes[5] == "pour_coffee"
