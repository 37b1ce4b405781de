"""Reading the field's layout: every form in which its files are published."""

import numpy as np
import pytest

from jaxseg.data import load


@pytest.mark.parametrize("suffix", [".txt", ".npy", ".npz"])
def test_reads_features_labels_and_classes(files, config, suffix):
    features, labels = files.video(f"milk/P01_milk{suffix}", 9)
    data = load(config, progress=False)
    (video,) = data.videos
    assert (video.name, video.activity, data.name) == ("P01_milk", "milk", "breakfast")
    assert video.features.dtype == np.float32 and video.labels.dtype == np.int32
    np.testing.assert_array_equal(video.features, features)
    np.testing.assert_array_equal(video.labels, labels)
    assert data.classes == ("SIL", "take_cup", "pour_milk")
    assert data.fps == 15 and data.has_labels and not data.generated


@pytest.mark.parametrize("truth", ["P01_milk", "P01_milk.txt"])
def test_truth_with_and_without_suffix(files, config, truth):
    _, labels = files.video("milk/P01_milk.npy", 5)
    (files.folder / "groundTruth" / "P01_milk").rename(files.folder / "groundTruth" / truth)
    np.testing.assert_array_equal(load(config, progress=False).videos[0].labels, labels)


def test_root_may_be_the_data_sets_own_folder(files, config):
    files.video("milk/P01_milk.npy", 5)
    config.root = str(files.folder)
    assert load(config, progress=False).videos[0].name == "P01_milk"


def test_mapping_may_lie_beside_the_features(files, config):
    files.video("milk/P01_milk.npy", 5)
    (files.folder / "mapping" / "mapping.txt").rename(files.folder / "mapping.txt")
    assert load(config, progress=False).classes[2] == "pour_milk"


def test_features_without_activity_folders_are_one_activity(files, config):
    files.video("P01.npy", 5)
    files.video("P02.npy", 6)
    assert list(load(config, progress=False).activities) == ["breakfast"]


def test_activities_are_chosen_and_videos_sorted(files, config):
    for video in ("tea/P02_tea", "tea/P01_tea", "milk/P03_milk", "coffee/P09_coffee"):
        files.video(f"{video}.npy", 5)
    names = [v.name for v in load(config, progress=False, activities=("tea", "milk")).videos]
    assert names == ["P03_milk", "P01_tea", "P02_tea"]


def test_other_activities_may_lack_features_when_some_are_chosen(files, config, fails):
    files.video("milk/P01_milk.npy", 5)
    files.truth("P01_tea", [0, 1])
    assert len(load(config, progress=False, activities=("milk",)).videos) == 1
    fails("Breakfast", "1 truth files without features", "P01_tea")


def test_channels_first_arrays_are_turned(files, config):
    features, _ = files.video("milk/P01_milk.npy", 9)
    files.features("milk/P01_milk.npy", features.T)
    video = load(config, progress=False).videos[0]
    np.testing.assert_array_equal(video.features, features)


def test_a_square_array_is_read_as_the_other_videos_are(files, config):
    square = np.arange(9, dtype=np.float32).reshape(3, 3)
    files.video("milk/P02_milk.npy", 3)
    files.features("milk/P02_milk.npy", square)
    assert np.array_equal(load(config, progress=False).videos[0].features, square)
    # Five labels and three channels: within a tolerance of two frames both axes fit [4, 3].
    config.length_tolerance = 2
    files.truth("P02_milk", [0] * 5)
    files.features("milk/P02_milk.npy", np.arange(12.0).reshape(4, 3))
    files.video("milk/P01_milk.npy", 9)
    files.features("milk/P01_milk.npy", np.ones((4, 9)))
    assert [v.features.shape for v in load(config, progress=False).videos] == [(9, 4), (3, 4)]
    files.features("milk/P01_milk.npy", np.ones((9, 3)))
    assert [v.features.shape for v in load(config, progress=False).videos] == [(9, 3), (4, 3)]


def test_lengths_within_the_tolerance_are_cut_to_the_shorter(files, config):
    features, labels = files.video("milk/P01_milk.npy", 9)
    config.length_tolerance = 2
    files.truth("P01_milk", [*labels, 2, 2])
    video = load(config, progress=False).videos[0]
    assert (len(video.features), len(video.labels)) == (9, 9)
    files.truth("P01_milk", labels[:7])
    video = load(config, progress=False).videos[0]
    np.testing.assert_array_equal(video.features, features[:7])
    np.testing.assert_array_equal(video.labels, labels[:7])


def test_npz_takes_the_only_array_or_the_one_called_features(files, config):
    features, _ = files.video("milk/P01_milk.npz", 9)
    files.features("milk/P01_milk.npz", None, anything=features)
    np.testing.assert_array_equal(load(config, progress=False).videos[0].features, features)
    files.features("milk/P01_milk.npz", None, other=features[:2], features=features)
    np.testing.assert_array_equal(load(config, progress=False).videos[0].features, features)


def test_hidden_files_are_passed_over(files, config):
    files.video("milk/P01_milk.npy", 5)
    for path in ("features/.DS_Store", "features/milk/._P01_milk.npy", "groundTruth/.history"):
        files.write(path, "\0")
    assert len(load(config, progress=False).videos) == 1


def test_linked_files_are_read(files, config):
    features, _ = files.video("milk/P01_milk.npy", 5)
    source = files.folder / "features" / "milk" / "P01_milk.npy"
    elsewhere = source.rename(files.folder.parent / "elsewhere.npy")
    source.symlink_to(elsewhere)
    np.testing.assert_array_equal(load(config, progress=False).videos[0].features, features)


def test_50_salads_eval_merges_names_of_one_index(files, config):
    files.folder = files.folder.parent / "50Salads"
    files.features("rgb-01-1.npy", np.ones((4, 2)))
    files.write("groundTruth/rgb-01-1.txt", "cut_tomato\nadd_salt\nadd_vinegar\ncut_cheese\n")
    mapping = "0 start\n1 cut_tomato\n1 cut_cheese\n2 add_salt\n2 add_vinegar\n4 add_oil\n"
    files.write("mapping/mappingeval.txt", mapping)
    config.name = "50salads_eval"
    data = load(config, progress=False)
    # `add` alone would read as if it held add_oil too.
    assert data.classes == ("start", "cut", "add_salt+add_vinegar", "", "add_oil")
    assert data.videos[0].labels.tolist() == [1, 2, 2, 1]
    assert data.videos[0].activity == "50salads_eval" and data.fps == 30


def test_youtube_instructions_leaves_its_background_out(files, config):
    files.folder = files.folder.parent / "YTI"
    files.features("cpr/cpr_0001.npy", np.ones((4, 2)))
    files.write("groundTruth/cpr_0001", "-1\nhelp\n-1\ncall\n")
    files.write("groundTruth/cpr_0001_idt", "labels of another feature type\n")
    files.write("mapping/mapping.txt", "-1 -1\n0 help\n1 call\n")
    config.name = "yti"
    data = load(config, progress=False)
    assert data.classes == ("help", "call", "-1") and data.excluded == ("-1",)
    assert data.videos[0].labels.tolist() == [2, 0, 2, 1]


def test_excluded_classes_and_frame_rate_can_be_given(files, config):
    files.video("milk/P01_milk.npy", 5)
    config.excluded, config.fps = ("SIL",), 25.0
    data = load(config, progress=False)
    assert (data.excluded, data.fps) == (("SIL",), 25.0)
