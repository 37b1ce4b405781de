"""THUMOS14 as CASE lays it out: what is read, and every way in which it can be wrong."""

import json

import numpy as np
import pytest
from snippet_layouts import (
    SHARED,
    Thumos14,
    fails,
    load,
    matrix,
    needs_annotations,
    save,
    write,
)

from jaxseg.formats.detections import truth_segments


@pytest.fixture
def files(tmp_path) -> Thumos14:
    return Thumos14(tmp_path / "THUMOS14")


@pytest.mark.parametrize("above", [True, False])
def test_what_is_read(files, above):
    data = load("thumos14", files.folder.parent if above else files.folder)
    assert [video.name for video in data.videos] == ["test_a", "train_a", "train_b"]
    assert [video.subset for video in data.videos] == ["test", "train", "train"]
    assert data.classes == ("CliffDiving", "Diving", "GolfSwing")
    assert not data.generated and data.name == "thumos14"
    assert data.seconds_per_snippet == data.snippet_seconds(data.videos[0]) == 0.64
    last = data.train[1]
    assert last.labels.tolist() == [1, 1, 0] and last.labels.dtype == np.float32
    assert last.segments == ((1.0, 2.5, 1), (4.0, 6.0, 0)) and last.duration is None
    np.testing.assert_array_equal(last.rgb, matrix(10, 1))
    np.testing.assert_array_equal(last.flow, matrix(10, 11))
    assert last.rgb.dtype == last.flow.dtype == np.float32


def test_truth_that_begins_before_0_is_taken_as_it_is(files):
    for video in ("train_a", "test_a"):
        files.database[video]["annotations"][0]["segment"] = ["-0.3", "3"]
    files.write()
    data = load("thumos14", files.folder)
    assert data.train[0].labels.tolist() == [0, 0, 1]
    assert data.test[0].segments == ((-0.3, 3.0, 1),)
    truth = truth_segments(data.to_truth()["database"])
    assert truth.start.min() == -0.3


def test_features_are_mapped_where_memory_would_not_hold_them(files, monkeypatch):
    monkeypatch.setattr("jaxseg.data.segmentation.features.MEMORY_LIMIT", 0)
    files.features("train", "train_b", matrix(6).astype(np.float16), matrix(8).astype(np.float64))
    video = load("thumos14", files.folder, 2).train[1]
    assert isinstance(video.rgb, np.memmap) and isinstance(video.flow, np.memmap)
    rgb, flow = video.snippets([5, 0])
    np.testing.assert_array_equal(rgb, matrix(6).astype(np.float16)[[5, 0]].astype(np.float32))
    np.testing.assert_array_equal(flow, matrix(8)[[5, 0]])


def test_a_checksum_tells_that_a_stream_has_changed(files):
    before = {video.name: video.checksum for video in load("thumos14", files.folder).videos}
    files.features("train", "train_a", matrix(9, 0), matrix(9, 99))
    after = {video.name: video.checksum for video in load("thumos14", files.folder).videos}
    assert [name for name in before if before[name] != after[name]] == ["train_a"]
    (rgb, flow), (same, other) = (each["train_a"].split("-") for each in (before, after))
    assert rgb == same and flow != other and len(flow) == 8


def test_streams_are_cut_to_the_shorter_within_the_tolerance(files):
    files.features("test", "test_a", matrix(9), matrix(7))
    both = [files.path("test", stream, "test_a") for stream in ("rgb", "flow")]
    parts = ["1 of 3 videos", "length_tolerance=1", "(9)", "(7)", *both]
    fails("thumos14", files.folder, *parts, tolerance=1)
    video = load("thumos14", files.folder, 2).test[0]
    assert video.num_snippets == len(video.flow) == 7
    np.testing.assert_array_equal(video.rgb, matrix(9)[:7])


def test_a_video_of_one_snippet(files):
    files.add("test", "short", ("0", "0.5", "Diving"), num_snippets=1)
    assert load("thumos14", files.folder).test[0].num_snippets == 1


def test_a_class_without_training_videos_is_a_class(files):
    files.add("test", "odd", ("1", "2", "Archery"))
    data = load("thumos14", files.folder)
    assert data.classes[0] == "Archery" and len(data.train[0].labels) == 4
    assert sum(video.labels[0] for video in data.train) == 0
    assert data.test[0].labels.tolist() == [1, 0, 0, 0]


def test_a_test_video_may_be_all_background(files):
    files.add("test", "empty")
    assert load("thumos14", files.folder).test[0].labels.tolist() == [0, 0, 0]


def test_a_training_video_without_a_class(files):
    files.add("train", "empty")
    fails("thumos14", files.folder, files.folder / "gt.json", "1 training videos", "(empty)")


@pytest.mark.parametrize(
    "part", ["features", "features/test", "features/train/flow", "gt.json", "split_test.txt"]
)
def test_a_missing_part(files, part):
    (files.folder / part).rename(files.folder.parent / "away")
    fails("thumos14", files.folder, files.folder, part, kind=FileNotFoundError)


def test_no_root(tmp_path):
    fails("thumos14", tmp_path / "nowhere", tmp_path / "nowhere", kind=FileNotFoundError)


def test_unknown_data_set(files):
    fails("thumos13", files.folder, "data.name", "'thumos13'", "thumos14")


def test_a_video_without_features(files):
    for stream in ("rgb", "flow"):
        files.path("train", stream, "train_a").unlink()
    fails("thumos14", files.folder, "features/train", "1 of 2 videos without features (train_a)")


def test_a_stream_without_the_other(files):
    files.path("train", "flow", "train_a").unlink()
    fails("thumos14", files.folder, "one stream", files.path("train", "rgb", "train_a"))


def test_features_without_an_annotation(files):
    files.features("test", "unknown", matrix(4), matrix(4))
    fails("thumos14", files.folder, "features/test", "1 videos without an annotation (unknown)")


def test_features_of_another_kind(files):
    write(files.path("test", "rgb", "x").with_suffix(".txt"), "1 2 3")
    fails("thumos14", files.folder, "features/test/rgb", "x.txt")


def test_a_split_that_lists_other_videos(files):
    files.splits["test"].append("extra")
    files.write()
    fails("thumos14", files.folder, "split_test.txt", "1 test videos", "gt.json (extra)")
    files.splits["test"] = ["train_a"]
    files.write()
    fails("thumos14", files.folder, "split_test.txt", "2 test videos", "(test_a, train_a)")


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_an_empty_test_split(files, text):
    write(files.folder / "split_test.txt", text)
    fails("thumos14", files.folder, "split_test.txt")


def test_an_annotation_without_test_videos(files):
    del files.database["test_a"]
    files.write()
    fails("thumos14", files.folder, "gt.json", "no test videos")


def test_an_unknown_subset(files):
    files.database["test_a"]["subset"] = "trial"
    files.write()
    fails("thumos14", files.folder, "gt.json", "'test_a'", "'trial'", "'train'")


@pytest.mark.parametrize(
    "names", [("Validation", "Test"), ("training", "testing"), ("val", "test")]
)
def test_names_of_subsets_of_other_programs(files, names):
    """ActionFormer's file, for one, has "Validation" and "Test"."""
    for video in files.database.values():
        video["subset"] = names[video["subset"] == "test"]
    files.write()
    assert [video.name for video in load("thumos14", files.folder).test] == ["test_a"]
    # Where there is a "train", the validation videos are a third kind, which has no use here.
    files.add("train", "third")
    files.database["third"]["subset"] = "val" if names[0] == "training" else "train"
    files.write()
    fails("thumos14", files.folder, "gt.json", "subset")


def test_broken_annotations(files):
    files.database["test_a"]["annotations"][0]["segment"] = ["4", "2"]
    files.write()
    fails("thumos14", files.folder, "gt.json", "'test_a'", "[4.0, 2.0]")
    write(files.folder / "gt.json", json.dumps({"database": files.database})[:-9])
    fails("thumos14", files.folder, "gt.json", "not valid JSON")


@needs_annotations
def test_the_real_annotation(tmp_path):
    """Every video of the public annotation, with features of two snippets."""
    real = SHARED / "thumos14"
    for subset in ("train", "test"):
        split = real / f"split_{subset}.txt"
        write(tmp_path / split.name, split.read_text())
        for stream in ("rgb", "flow"):
            folder = tmp_path / "features" / subset / stream
            first = folder / "first.npy"
            save(first, matrix(2))
            for video in split.read_text().split():
                (folder / f"{video}.npy").hardlink_to(first)
            first.unlink()
    write(tmp_path / "gt.json", (real / "gt.json").read_text())
    data = load("thumos14", tmp_path)
    assert (len(data.train), len(data.test), len(data.classes)) == (200, 210, 20)
    database = json.loads((real / "gt.json").read_text())["database"]
    again = data.to_truth()["database"]
    assert again.keys() == database.keys()
    for name, video in database.items():
        assert again[name]["subset"] == video["subset"]
        assert again[name]["annotations"] == [
            {"label": one["label"], "segment": [float(second) for second in one["segment"]]}
            for one in video["annotations"]
        ]
