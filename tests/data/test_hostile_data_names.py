"""Names in every file of a data set: what leads out of a run's folder is refused, in one line."""

import json
import os

import numpy as np
import pytest
from hostile_names import BAD, BAD_CLASSES, BAD_FILES, GOOD
from snippet_layouts import Bundle, Thumos14, entry, fails, load, matrix, save, write

from jaxseg.data import load as load_segmentation
from jaxseg.formats.names import LONGEST_FILE_NAME, check_file_name, clip

bad_names = pytest.mark.parametrize(("name", "why"), BAD.items(), ids=map(clip, BAD))
bad_files = pytest.mark.parametrize(("name", "why"), BAD_FILES.items(), ids=map(clip, BAD_FILES))
bad_classes = pytest.mark.parametrize(
    ("name", "why"), BAD_CLASSES.items(), ids=map(clip, BAD_CLASSES)
)


@bad_names
def test_a_bad_name_is_refused_in_one_short_line(name, why):
    with pytest.raises(ValueError) as error:
        check_file_name("gt.json", "video", name)
    text = str(error.value)
    assert text.startswith(f"gt.json: video {clip(name)}") and why in text
    assert len(text.splitlines()) == 1 and len(text) < 250 and text.isprintable()


@pytest.mark.parametrize("name", GOOD)
def test_a_good_name_is_a_file_with_all_that_is_put_around_it(name, tmp_path):
    assert check_file_name("gt.json", "video", name) == name
    (tmp_path / f".{name}.json.{2**22}").touch()
    assert [path.name for path in tmp_path.iterdir()] == [f".{name}.json.{2**22}"]


def test_the_longest_name_is_one_that_files_can_have(tmp_path):
    name = "x" * LONGEST_FILE_NAME
    assert check_file_name("gt.json", "video", name) == name
    (tmp_path / f".{name}.json.{2**22}").touch()


@bad_files
@pytest.mark.parametrize("suffix", [".npy", ".npz", ".txt"])
def test_a_video_of_that_name(files, fails, name, why, suffix):
    files.video("milk/P01_milk.npy", 9)
    (files.folder / "features" / "milk" / f"{name}{suffix}").touch()
    fails(files.folder / "features", f"video {clip(name)}", why)


@bad_files
def test_an_activity_of_that_name(files, fails, name, why):
    files.video("milk/P01_milk.npy", 9)
    files.video(f"{name}/P02_milk.npy", 9)
    fails(files.folder / "features", f"activity {clip(name)}", why)


@bad_files
def test_a_truth_of_that_name(files, fails, name, why):
    files.video("milk/P01_milk.npy", 9)
    files.truth(name, [0, 1])
    fails(files.folder / "groundTruth", f"video {clip(name)}", why)


def test_a_folder_of_that_name(tmp_path, config, fails):
    """Which is the activity of the files directly in it."""
    root = tmp_path / "my\nvideos"
    save(root / "v.npy", np.ones((9, 3)))
    config.name, config.root = "folder", str(root)
    with pytest.raises(ValueError, match=r"activity 'my\\nvideos'"):
        load_segmentation(config, progress=False)


def test_a_name_that_is_no_text(files, fails):
    files.video("milk/P01_milk.npy", 9)
    path = os.fsencode(files.folder / "features" / "milk") + b"/\xff.npy"
    try:
        os.close(os.open(path, os.O_CREAT))
    except OSError:
        pytest.skip("this file system has no such names")
    fails(files.folder / "features", r"video '\udcff'")


@pytest.mark.parametrize("name", ["a\x00b", "a\u2028b", "a\x85b", "\x1b[31mred"])
def test_a_class_of_that_name_in_a_mapping(files, fails, name):
    files.video("milk/P01_milk.npy", 9)
    path = files.write("mapping/mapping.txt", f"0 SIL\n1 take_cup\n2 pour_milk\n3 {name}\n")
    fails(path, f"class {clip(name)}", "a name cannot have")


def test_a_class_that_would_begin_a_header(files, config, fails):
    files.video("milk/P01_milk.npy", 9)
    path = files.write("mapping/mapping.txt", "0 SIL\n1 take_cup\n2 pour_milk\n3 #4\n")
    fails(path, "class '#4'", "begin with '#'")
    path.unlink()
    files.write("groundTruth/P01_milk", "#4\n" * 9)
    config.name, config.root = "folder", str(files.folder)
    fails(files.folder / "groundTruth" / "P01_milk", "under the header")


@pytest.fixture
def thumos(tmp_path) -> Thumos14:
    return Thumos14(tmp_path)


@bad_names
def test_a_video_of_that_name_in_gt_json(thumos, name, why):
    thumos.database[name] = entry("train", ("1", "2", "Diving"))
    write(thumos.folder / "gt.json", {"database": thumos.database})
    fails("thumos14", thumos.folder, thumos.folder / "gt.json", f"video {clip(name)}", why)


@bad_classes
def test_a_class_of_that_name_in_gt_json(thumos, name, why):
    thumos.database["test_a"] = entry("test", ("1", "2", name))
    thumos.write()
    fails("thumos14", thumos.folder, thumos.folder / "gt.json", "'test_a'", clip(name), why)


@pytest.mark.parametrize("name", ["../../escape", "/tmp/escape", "a\x00b", "x" * 300])
def test_a_video_that_only_a_split_has(thumos, name):
    """No word of the splits becomes a path."""
    thumos.splits["test"].append(name)
    thumos.write()
    fails("thumos14", thumos.folder, thumos.folder / "split_test.txt", "1 test videos")


@bad_files
def test_streams_of_that_name(thumos, name, why):
    thumos.features("train", name, matrix(9), matrix(9))
    fails("thumos14", thumos.folder, "rgb", f"video {clip(name)}", why)


@bad_names
def test_a_video_of_that_name_in_a_bundle(tmp_path, name, why):
    bundle = Bundle(tmp_path)
    names = np.empty(3, object)
    names[:] = ["v_b", name, "t_a"]
    bundle.arrays["videoname"] = names
    bundle.write()
    fails("thumos14_wtalc", tmp_path, tmp_path, f"video {clip(name)}", why)


@bad_names
def test_a_video_of_that_name_in_activitynet(tmp_path, name, why):
    save(tmp_path / "features" / "v.npy", matrix(9, channels=6))
    database = {
        "v": entry("training", (1, 2, "Diving"), duration=9.0),
        name: entry("validation", (1, 2, "Diving"), duration=9.0),
    }
    write(tmp_path / "v1-2.json", {"database": database})
    fails("activitynet12", tmp_path, tmp_path / "v1-2.json", f"video {clip(name)}", why)


def test_names_of_a_table_that_break_lines(tmp_path):
    save(tmp_path / "features" / "v.npy", matrix(9, channels=6))
    info = {"duration_second": 9.0, "annotations": []}
    write(tmp_path / "anet_anno_action.json", {"v": info})
    path = write(tmp_path / "video_info_new.csv", 'video,subset\nv,training\n"a\nb",training\n')
    fails("activitynet13", tmp_path, path, r"'a\nb'")


def test_good_names_are_read_as_they_are(files, config, tmp_path):
    names = [name for name in GOOD if "/" not in name]
    for name in names:
        files.video(f"{name}/{name} 1.npy" if len(name) < 100 else f"{name}/1.npy", 9)
    data = load_segmentation(config, progress=False)
    assert sorted(data.activities) == sorted(names)
    thumos = Thumos14(tmp_path / "THUMOS14")
    for name in names:
        thumos.add("test", name, ("1", "2", f"class {name}"))
    data = load("thumos14", tmp_path)
    assert {video.name for video in data.test} == {"test_a", *names}
    assert {f"class {name}" for name in names} < set(data.classes)
    assert json.loads(json.dumps(data.to_truth())) == data.to_truth()
