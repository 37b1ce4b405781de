"""People's own features: a folder, with or without labels."""

import numpy as np
import pytest

from jaxseg.data import load


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
    np.testing.assert_array_equal(data.videos[0].features, array)
    assert data.videos[0].labels is None and data.videos[1].features.shape == (3, 4)


def test_without_labels_arrays_are_frames_first(folder, config, fails):
    save(folder / "a.npy", 4, 9)
    assert load(config, progress=False).videos[0].features.shape == (4, 9)
    save(folder / "b.npy", 4, 7)
    fails("(4, 7)", "without labels arrays are read frames first")


def test_subfolders_are_activities(folder, config):
    save(folder / "juggling" / "a.npy")
    save(folder / "cooking" / "a.npy")
    assert list(load(config, progress=False).activities) == ["cooking", "juggling"]
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


def test_labels_for_some_videos_only(folder, config, fails):
    save(folder / "a.npy", 3)
    save(folder / "b.npy", 3)
    (folder / "groundTruth").mkdir()
    (folder / "groundTruth" / "a").write_text("throw\n" * 3)
    fails(folder, "1 of 2 videos without truth", "mine/b")


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


def test_folder_has_no_twin(config, folder, fails):
    config.root = ""
    fails("data.root", "folder")
