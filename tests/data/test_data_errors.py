"""Every way in which data can be wrong is one line that names the file and the value."""

import numpy as np
import pytest

from jaxseg.data import load


@pytest.fixture
def video(files):
    """Two good videos; the tests break the second, whose feature file this is."""
    files.video("milk/P01_milk.npy", 9)
    files.video("milk/P02_milk.npy", 9, seed=1)
    return files.folder / "features" / "milk" / "P02_milk.npy"


def as_text(files, video, text):
    video.unlink()
    return files.write("features/milk/P02_milk.txt", text)


def test_unknown_data_set(config, fails):
    config.name = "brekfast"
    text = fails("data.name", "'brekfast'")
    assert text.index("breakfast") < text.index("yti")


def test_no_such_root(config, fails):
    config.root = "/no/such/root"
    fails("/no/such/root", kind=FileNotFoundError)


def test_root_that_is_a_file(config, fails, tmp_path):
    (tmp_path / "root.zip").touch()
    config.root = str(tmp_path / "root.zip")
    fails(config.root, "no such folder", kind=FileNotFoundError)


def test_root_without_the_data_set(config, fails):
    fails(config.root, "features", "Breakfast/features", kind=FileNotFoundError)


@pytest.mark.parametrize("part", ["groundTruth", "mapping/mapping.txt"])
def test_a_missing_part(files, video, fails, part):
    (files.folder / part).rename(files.folder.parent / "away")
    fails(files.folder / part, kind=FileNotFoundError)


def test_no_features(files, config, fails):
    (files.folder / "features").mkdir()
    fails(files.folder / "features", "no features")


def test_unknown_activity_lists_the_nearest_first(files, video, fails):
    files.video("coffee/P01_coffee.npy", 5)
    text = fails("activities", "'cofee'", activities=("cofee",))
    assert text.index("coffee") < text.index("milk")


def test_video_without_truth(files, video, fails):
    (files.folder / "groundTruth" / "P02_milk").unlink()
    fails(files.folder, "1 of 2 videos without truth", "milk/P02_milk")


def test_many_missing_videos_are_counted(files, video, fails):
    for number in range(3, 10):
        files.truth(f"P{number:02d}_milk", [0, 1])
    fails("7 truth files without features", "P03_milk", "and 4 more")


def test_unknown_label(files, video, fails):
    files.write("groundTruth/P02_milk", "SIL\nSIL\npour_mlik\n")
    fails("groundTruth/P02_milk", "line 3", "'pour_mlik'", "'pour_milk'")


def test_empty_line_in_the_truth(files, video, fails):
    files.write("groundTruth/P02_milk", "SIL\n\nSIL\n")
    fails("groundTruth/P02_milk", "no label in line 2")


def test_empty_truth(files, video, fails):
    files.write("groundTruth/P02_milk", "\n")
    fails("groundTruth/P02_milk", "empty")


def test_truth_that_is_no_text(files, video, fails):
    (files.folder / "groundTruth" / "P02_milk").write_bytes(b"SIL\n\xff\xfe")
    fails("groundTruth/P02_milk", "byte 4", "not UTF-8", "iconv")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_features_that_are_not_finite(files, video, fails, value):
    array = np.ones((9, 3))
    array[4, 1] = value
    np.save(video, array)
    fails(video, "row 5, column 2", value)


def test_numbers_too_large_for_float32(files, video, fails):
    array = np.ones((9, 3))
    array[8, 2] = 1e39
    np.save(video, array)
    fails(video, "row 9, column 3", "1e+39")


@pytest.mark.parametrize("word", ["nan", "1e999"])
def test_text_features_that_are_not_finite(files, video, fails, tmp_path, word):
    file = as_text(files, video, "1 2 3\n" * 6 + f"1 {word} 3\n" + "1 2 3\n" * 2)
    fails(file, "row 7, column 2")
    fails(file, "row 7, column 2", cache=tmp_path / "cache")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("1 2 3\n1 two 3\n1 2 3\n", ["line 2", "'two'"]),
        ("1 2 3\n1 2 3\n1 2\n", ["line 3", "2 numbers, not 3"]),
        ("1 2 3\n\n1 2 3\n", ["line 2", "empty line"]),
        ("# x y z\n1 2 3\n1 2 3\n", ["line 1", "'#'"]),
        ("1,2,3\n", ["line 1", "'1,2,3'"]),
        ("1 2 3\n1 2 \xff\n", ["line 2"]),
        ("", ["empty"]),
        ("\n\n", ["empty"]),
    ],
)
def test_broken_text(files, video, fails, tmp_path, text, parts):
    file = as_text(files, video, text)
    fails(file, *parts)
    fails(file, *parts, cache=tmp_path / "cache")
    assert not list(tmp_path.glob("cache/*.tmp"))


def test_lengths_beyond_the_tolerance(files, video, config, fails):
    config.length_tolerance = 3
    np.save(video, np.ones((13, 4)))
    fails(video, "(13, 4)", "9 labels", "data.length_tolerance=3", "1 of 2 videos")


def test_channels_that_differ(files, video, fails):
    np.save(video, np.ones((9, 4)))
    files.video("milk/P03_milk.npy", 9)
    fails(video, "1 of 3 videos", "(9, 4)", "3 channels")


def test_video_of_one_frame(files, video, fails):
    np.save(video, np.ones((1, 3)))
    files.truth("P02_milk", [0])
    fails(video, "P02_milk", "1 frame")


def test_empty_array(files, video, fails):
    np.save(video, np.ones((0, 3)))
    fails(video, "empty", "(0, 3)")


@pytest.mark.parametrize("array", [np.ones(9), np.ones((9, 3, 1)), np.full((9, 3), "x")])
def test_array_that_is_no_matrix_of_numbers(files, video, fails, array):
    np.save(video, array)
    fails(video, "matrix of numbers", array.shape)


def test_truncated_npy(files, video, fails):
    video.write_bytes(video.read_bytes()[:-8])
    fails(video, "not a readable .npy")


def test_empty_npy(files, video, fails):
    video.write_bytes(b"")
    fails(video, "not a readable .npy")


def test_pickled_npy(files, video, fails):
    np.save(video, np.array([{"features": 1}], object), allow_pickle=True)
    fails(video, "not a readable .npy")


def test_npz_under_the_name_of_npy(files, video, fails):
    with video.open("wb") as file:
        np.savez(file, features=np.ones((9, 3)))
    fails(video, "not a readable .npy")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short", b"1 2 3"])
def test_broken_npz(files, video, fails, content):
    video.unlink()
    file = video.with_suffix(".npz")
    file.write_bytes(content)
    fails(file, "not a readable .npz")


def test_npz_with_several_arrays(files, video, fails):
    video.unlink()
    file = files.features("milk/P02_milk.npz", None, rgb=np.ones((9, 3)), flow=np.ones((9, 3)))
    fails(file, "'features'", "'rgb', 'flow'")


def test_files_of_another_kind_are_named(files, video, fails):
    files.write("features/milk/P02_milk.csv", "")
    (files.folder / "features" / "milk" / "gone.npy").symlink_to("/no/such/file.npy")
    fails(files.folder / "features", "P02_milk.csv", "gone.npy", ".txt, .npy, .npz")


def test_two_files_of_one_video(files, video, fails):
    files.write("features/milk/P02_milk.txt", "1 2 3\n")
    fails("features/milk/P02_milk.txt", "P02_milk.npy")


def test_all_rows_zero_cannot_be_standardized(files, video, config, fails):
    np.save(video, np.zeros((9, 3)))
    load(config, progress=False)
    config.standardize = True
    fails(video, "P02_milk", "zero")


def test_excluded_class_that_does_not_exist(files, video, config, fails):
    config.excluded = ("SLI",)
    text = fails("data.excluded", "'SLI'")
    assert text.index("SIL") < text.index("take_cup")


@pytest.mark.parametrize(
    ("mapping", "parts"),
    [
        ("0 SIL\n1 take_cup\n1 pour_milk\n", ["line 3", "duplicate index 1", "line 2"]),
        ("0 SIL\n1 take_cup\n2 SIL\n", ["line 3", "duplicate name 'SIL'"]),
        ("0 SIL\ntake_cup 1\n", ["line 2", "'take_cup 1'"]),
        ("0 SIL\n1\n", ["line 2", "'1'"]),
        ("-2 SIL\n", ["line 1", "'-2 SIL'"]),
        ("1000000000 SIL\n", ["line 1", "'1000000000 SIL'"]),
        ("", ["empty"]),
    ],
)
def test_broken_mapping(files, video, fails, mapping, parts):
    files.write("mapping/mapping.txt", mapping)
    fails(files.folder / "mapping" / "mapping.txt", *parts)
