"""Links that lead in circles or nowhere, and what is no file: one line, and no waiting."""

import os

import pytest
from snippet_layouts import Thumos14
from snippet_layouts import fails as fails_localization

from jaxseg.data import load
from jaxseg.formats.labels import find_videos, read_label_folder, write_labels
from jaxseg.formats.matrices import TRUTH_FIELD


def link_to_parent(path):
    path.symlink_to("..")


def link_to_itself(path):
    path.symlink_to(path.name)


def link_to_nothing(path):
    path.symlink_to("nowhere")


def link_round_a_corner(path):
    """Two links to each other."""
    other = path.with_name(f"other {path.name}")
    path.symlink_to(other.name)
    other.symlink_to(path.name)


def pipe_without_an_end(path):
    os.mkfifo(path)


LINKS = [
    link_to_parent,
    link_to_itself,
    link_to_nothing,
    link_round_a_corner,
    pipe_without_an_end,
]


@pytest.fixture
def good(files):
    files.video("milk/P01_milk.npy", 9)
    return files.folder


@pytest.mark.parametrize("make", LINKS)
@pytest.mark.parametrize("name", ["more", "P02_milk.npy", "milk/P02_milk.npy", "milk/more"])
def test_among_the_features(good, fails, make, name):
    make(good / "features" / name)
    fails(good / "features", "not files of features")


@pytest.mark.parametrize("make", LINKS)
@pytest.mark.parametrize("name", ["P02_milk", "more.txt"])
def test_among_the_truth(good, fails, make, name):
    make(good / "groundTruth" / name)
    # The parent has features and a mapping in it, which are no labels either.
    fails(good / "groundTruth", "no file of labels")


@pytest.mark.parametrize("make", LINKS)
def test_in_place_of_a_file_that_has_to_be_there(good, fails, make):
    mapping = good / "mapping" / "mapping.txt"
    mapping.unlink()
    make(mapping)
    fails(mapping, "no such file", kind=FileNotFoundError)


@pytest.mark.parametrize("make", LINKS[1:])
@pytest.mark.parametrize("part", ["features", "groundTruth"])
def test_in_place_of_a_folder(good, fails, make, part):
    (good / part).rename(good / "away")
    make(good / part)
    fails(good.parent, "holds neither" if part == "features" else part, kind=FileNotFoundError)


@pytest.mark.parametrize("make", LINKS[1:])
@pytest.mark.parametrize("name", ["breakfast", "folder"])
def test_in_place_of_the_root(config, tmp_path, fails, make, name):
    make(tmp_path / "root")
    config.name, config.root = name, str(tmp_path / "root")
    fails(config.root, "no such folder", kind=FileNotFoundError)


def test_a_link_to_a_good_folder_is_a_good_folder(config, good, tmp_path):
    (good / "features" / "milk").rename(tmp_path / "elsewhere")
    (good / "features" / "milk").symlink_to(tmp_path / "elsewhere")
    (video,) = load(config, progress=False).videos
    assert (video.activity, video.num_frames) == ("milk", 9)


@pytest.mark.parametrize("make", LINKS)
def test_among_streams(tmp_path, make):
    files = Thumos14(tmp_path)
    rgb = tmp_path / "features" / "train" / "rgb"
    make(rgb / "more.npy")
    fails_localization("thumos14", files.folder, rgb, "not files of features", "more.npy")


@pytest.mark.parametrize("make", LINKS)
def test_in_place_of_an_annotation(tmp_path, make):
    files = Thumos14(tmp_path)
    (tmp_path / "gt.json").unlink()
    make(tmp_path / "gt.json")
    fails_localization("thumos14", files.folder, "gt.json", kind=FileNotFoundError)


@pytest.mark.parametrize("make", LINKS[1:])
def test_among_predictions(tmp_path, make):
    write_labels(tmp_path / "tea" / "P01.txt", [1])
    make(tmp_path / "tea" / "P02.txt")
    with pytest.raises(ValueError) as error:
        find_videos(tmp_path)
    assert str(tmp_path) in str(error.value) and "tea/" in str(error.value)


@pytest.mark.parametrize("make", LINKS[1:])
@pytest.mark.parametrize("name", ["P02.txt", "1.mat"])
def test_in_a_folder_of_labels(tmp_path, make, name):
    write_labels(tmp_path / "P01.txt", [1])
    make(tmp_path / name)
    with pytest.raises(ValueError, match=r"is no file"):
        read_label_folder(tmp_path, TRUTH_FIELD)


@pytest.mark.parametrize("make", LINKS[1:])
def test_in_place_of_the_record_of_a_folder(good, config, fails, make):
    make(good / "features" / "features.json")
    config.name, config.root = "folder", str(good)
    fails("not files of features", "features.json")


def test_a_folder_within_itself_is_gone_through_once(tmp_path):
    write_labels(tmp_path / "tea" / "P01.txt", [1])
    link_to_parent(tmp_path / "tea" / "P02")
    assert list(find_videos(tmp_path)) == ["P01"]
