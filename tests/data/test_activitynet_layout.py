"""ActivityNet v1.2 and v1.3: the annotation files, the layouts of features, what can be wrong."""

import numpy as np
import pytest
from snippet_layouts import (
    CHANNELS,
    SHARED,
    entry,
    fails,
    load,
    matrix,
    needs_annotations,
    save,
    write,
)

from jaxseg.data.localization.activitynet import SUBSETS, read_v12, read_v13
from jaxseg.data.localization.assembly import annotate, class_names

NAMES = ["activitynet12", "activitynet13"]
SEGMENTS = {"a": [(1, 6, "Tango")], "b": [(0, 2, "Archery"), (3, 4, "Archery")], "c": []}
WORDS = {"a": "training", "b": "validation", "c": "testing"}
DURATIONS = {"a": 8.0, "b": 6.0, "c": 5.0}


@pytest.fixture(params=NAMES)
def version(request, tmp_path):
    """Annotations of three videos, features of two; the tests break or change something."""
    write_annotation(request.param, tmp_path)
    for seed, video in enumerate("ab"):
        save(tmp_path / "features" / f"v_{video}.npy", matrix(10, seed, 2 * CHANNELS))
    return request.param


def write_annotation(version, folder, durations=DURATIONS, subsets=WORDS):
    if version == "activitynet12":
        database = {v: entry(subsets[v], *SEGMENTS[v], duration=durations[v]) for v in SEGMENTS}
        write(folder / "v1-2.json", {"version": "VERSION 1.2", "database": database})
        return
    database = {
        f"v_{v}": {**entry("", *SEGMENTS[v]), "duration_second": durations[v]} for v in SEGMENTS
    }
    for video in database.values():
        del video["subset"]
    write(folder / "anet_anno_action.json", database)
    rows = [f"v_{v},{subset}" for v, subset in subsets.items()]
    write(folder / "video_info_new.csv", "\n".join(["video,subset", *rows, ""]))


def test_what_is_read(version, tmp_path):
    data = load(version, tmp_path)
    prefix = "" if version == "activitynet12" else "v_"
    assert [video.name for video in data.videos] == [f"{prefix}b", f"{prefix}a"]
    assert data.classes == ("Archery", "Tango") and data.subset_names == ("training", "validation")
    (video,) = data.test
    assert video.segments == ((0, 2, 0), (3, 4, 0)) and video.labels.tolist() == [1, 0]
    np.testing.assert_array_equal(video.rgb, matrix(10, 1, 2 * CHANNELS)[:, :CHANNELS])
    np.testing.assert_array_equal(video.flow, matrix(10, 1, 2 * CHANNELS)[:, CHANNELS:])


def test_a_snippet_lasts_its_share_of_the_duration(version, tmp_path):
    data = load(version, tmp_path)
    assert data.seconds_per_snippet is None
    assert data.snippet_seconds(data.test[0]) == pytest.approx(0.6)
    assert data.snippet_seconds(data.train[0]) == pytest.approx(0.8)


def test_features_in_two_folders_and_other_spelling(version, tmp_path):
    for path in (tmp_path / "features").iterdir():
        array = np.load(path)
        path.unlink()
        name = path.name.removeprefix("v_")
        save(tmp_path / "features" / "rgb" / name, array[:, :CHANNELS])
        save(tmp_path / "features" / "flow" / name, array[:, CHANNELS:])
    data = load(version, tmp_path)
    np.testing.assert_array_equal(data.test[0].flow, matrix(10, 1, 2 * CHANNELS)[:, CHANNELS:])


def test_testing_videos_are_left_out_with_features_too(version, tmp_path):
    save(tmp_path / "features" / "v_c.npy", matrix(4, channels=2 * CHANNELS))
    assert len(load(version, tmp_path).videos) == 2


def test_a_folder_above(version, tmp_path):
    folder = tmp_path / "ActivityNet1.2" if version == "activitynet12" else tmp_path / version
    folder.mkdir()
    for path in list(tmp_path.iterdir()):
        if path != folder:
            path.rename(folder / path.name)
    assert len(load(version, tmp_path).videos) == 2


def test_a_video_without_features(version, tmp_path):
    (tmp_path / "features" / "v_b.npy").unlink()
    fails(version, tmp_path, tmp_path / "features", "1 of 2 videos without features", "b")


def test_features_without_an_annotation(version, tmp_path):
    save(tmp_path / "features" / "v_x.npy", matrix(4, channels=2 * CHANNELS))
    fails(version, tmp_path, tmp_path / "features", "1 videos without an annotation (v_x)")


def test_two_files_of_one_video(version, tmp_path):
    save(tmp_path / "features" / "a.npy", matrix(4, channels=2 * CHANNELS))
    fails(version, tmp_path, "two files of video", "a'")


def test_one_stream_alone(version, tmp_path):
    path = tmp_path / "features" / "v_a.npy"
    save(path, matrix(10, channels=2 * CHANNELS - 1))
    fails(version, tmp_path, path, "5 columns")


def test_no_annotation(version, tmp_path):
    name = "v1-2.json" if version == "activitynet12" else "video_info_new.csv"
    (tmp_path / name).unlink()
    fails(version, tmp_path, tmp_path / name, kind=FileNotFoundError)


@pytest.mark.parametrize("duration", [0, -3, "long", None])
def test_a_duration_that_is_none(version, tmp_path, duration):
    write_annotation(version, tmp_path, durations=DURATIONS | {"b": duration})
    fails(version, tmp_path, "b'", "duration", duration)


def test_an_unknown_subset(version, tmp_path):
    write_annotation(version, tmp_path, subsets=WORDS | {"b": "val"})
    fails(version, tmp_path, "b'", "'val'", "'validation'")


def test_no_validation_videos(version, tmp_path):
    write_annotation(version, tmp_path, subsets=WORDS | {"b": "training"})
    fails(version, tmp_path, "no test videos")


@pytest.mark.parametrize(
    ("table", "part"),
    [
        ("video,subset\nv_a,training\nv_b,validation\n", "1 videos that it does not list (v_c)"),
        ("video,subset\n" + "".join(f"v_{v},training\n" for v in "abcd"), "not have (v_d)"),
        ("name,subset\nv_a,training\n", "no columns"),
        ("", "empty"),
    ],
)
def test_a_table_of_other_videos(tmp_path, table, part):
    write_annotation("activitynet13", tmp_path)
    save(tmp_path / "features" / "a.npy", matrix(4))
    path = write(tmp_path / "video_info_new.csv", table)
    fails("activitynet13", tmp_path, path, part)


def test_a_video_without_a_duration(tmp_path):
    save(tmp_path / "features" / "a.npy", matrix(4))
    path = write(tmp_path / "v1-2.json", {"database": {"a": entry("training", (1, 2, "Tango"))}})
    fails("activitynet12", tmp_path, path, "'a'", "no duration")


@needs_annotations
@pytest.mark.parametrize(
    ("name", "counts", "first"),
    [
        ("activitynet12", (4441, 2198, 100), ("5wOmHw6Boj8", 39.59, (1.63552, 6.1409))),
        ("activitynet13", (9649, 4728, 200), ("v_---9CpRcKoU", 14.07, (0.01, 12.644))),
    ],
)
def test_the_real_annotation(name, counts, first):
    truth, durations = {"activitynet12": read_v12, "activitynet13": read_v13}[name](
        SHARED / "activitynet"
    )
    annotations = annotate(truth, SUBSETS, durations=durations)
    subsets = [one.subset for one in annotations.values()]
    found = subsets.count("train"), subsets.count("test"), len(class_names(annotations))
    assert found == counts and len(subsets) == sum(counts[:2])
    video, duration, segment = first
    assert annotations[video].duration == duration
    assert annotations[video].segments[0][:2] == pytest.approx(segment, abs=1e-3)
