"""Files of detections and annotation: what is read, and what is refused in one line."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from jaxseg.formats.detections import (
    UNLABELED,
    select_subset,
    split_ambiguous,
    truth_segments,
    write_predictions,
    write_truth,
)
from jaxseg.formats.localization.files import read_predictions, read_truth
from jaxseg.formats.names import clip
from jaxseg.formats.wtalc import read_ambiguous, read_wtalc

DATA = Path(__file__).resolve().parents[2] / "../shared/data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")


def refused(read, path, *parts):
    """The one line that a broken file is refused with, which names the file and `parts`."""
    with pytest.raises(ValueError) as caught:
        read(path)
    message = str(caught.value)
    assert "\n" not in message
    for part in (str(path), *parts):
        assert part in message
    return message


def save(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_what_is_written_reads_back(tmp_path):
    truth = {
        "v": {"subset": "val", "annotations": [{"label": "a", "segment": [0.5, 16.25]}]},
        "w": {"subset": "val", "annotations": [{"label": "b", "segment": [1, 2]}]},
    }
    truth["empty"] = {"subset": "val", "annotations": []}
    results = {
        "v": [
            {"label": "b", "score": 0.125, "segment": [0.1, 0.3]},
            {"label": "a", "score": -7.5, "segment": [2, 2]},
        ],
        "w": [],
    }
    write_truth(tmp_path / "new/truth.json", truth)
    write_predictions(tmp_path / "new/predictions.json", results, version="test")
    back = read_truth(tmp_path / "new/truth.json")
    assert (back.videos, back.subsets) == (("v", "w", "empty"), ("val",) * 3)
    assert (back.labels, back.video.tolist(), back.label.tolist()) == (("a", "b"), [0, 1], [0, 1])
    assert np.stack([back.start, back.end]).tolist() == [[0.5, 1.0], [16.25, 2.0]]
    back = read_predictions(tmp_path / "new/predictions.json")
    assert (back.videos, back.labels, back.score.tolist()) == (
        ("v", "w"),
        ("b", "a"),
        [0.125, -7.5],
    )
    # The fields that ActivityNet's program insists on.
    assert json.loads((tmp_path / "new/predictions.json").read_text()) == {
        "version": "test",
        "external_data": {},
        "results": results,
    }
    assert {"database", "taxonomy", "version"} == set(
        json.loads((tmp_path / "new/truth.json").read_text())
    )


def test_nothing_is_written_that_would_not_read_back(tmp_path):
    for score in (float("nan"), float("inf"), "high"):
        with pytest.raises(ValueError, match=r"p\.json: video 'v': score"):
            write_predictions(
                tmp_path / "p.json", {"v": [{"label": "a", "score": score, "segment": [0, 1]}]}
            )
    assert not (tmp_path / "p.json").exists()


@pytest.mark.parametrize(
    ("item", "parts"),
    [
        ({"label": "a", "score": float("nan"), "segment": [0, 1]}, ["score nan"]),
        ({"label": "a", "score": float("inf"), "segment": [0, 1]}, ["score inf"]),
        ({"label": "a", "score": None, "segment": [0, 1]}, ["score None"]),
        ({"label": "a", "score": True, "segment": [0, 1]}, ["score True"]),
        ({"label": "a", "score": 1, "segment": [3, 2]}, ["[3.0, 2.0]", "ends before"]),
        ({"label": "a", "score": 1, "segment": [0, float("nan")]}, ["end nan"]),
        ({"label": "a", "score": 1, "segment": ["x", 2]}, ["start 'x'"]),
        ({"label": "a", "score": 1, "segment": [1]}, ["segment [1] is no [start, end]"]),
        ({"label": "a", "score": 1, "segment": 7}, ["segment 7 is no [start, end]"]),
        ({"label": "a", "score": 1, "segment": "12"}, ["segment '12' is no [start, end]"]),
        ({"label": "a", "score": 1, "segment": {"0": 1, "9": 2}}, ["is no [start, end]"]),
        ({"label": "a", "segment": [0, 1]}, ["has no 'score'"]),
        ({"label": "a", "score": 1}, ["has no 'segment'"]),
        ({"label": "a"}, ["has no 'score' and no 'segment'"]),
        ({"label": 3, "score": 1, "segment": [0, 1]}, ["label 3"]),
        ("a 0 1", ["'a 0 1'"]),
    ],
)
def test_a_broken_detection_names_file_video_and_value(item, parts, tmp_path):
    path = save(tmp_path / "p.json", {"results": {"fine": [], "video7": [item]}})
    refused(read_predictions, path, "'video7'", *parts)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("", "empty"),
        ("  \n", "empty"),
        ('{"results": {"v": [{"label": "a", "sco', "not valid JSON"),
        ('{"results": {"v": [], "w": [], "v": []}}', "'v' stands there twice"),
        ("[1, 2]", "[1, 2] instead of"),
        ('{"database": {}}', "no 'results' among ['database']; it looks like truth"),
        ('{"v": {"annotations": []}}', "looks like truth"),
        ('{"v": []}', "no 'results' among ['v']"),
        ('{"results": [["v", []]]}', "instead of"),
        ('{"results": {"v": {"label": "a"}}}', "video 'v'"),
        ('{"results": {"v": "text"}}', "video 'v'"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_broken_file_of_detections(content, part, tmp_path):
    refused(read_predictions, save(tmp_path / "p.json", content), part)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ({"v": [1, 2]}, "video 'v'"),
        ({"database": {"v": {"subset": "test"}}}, "no 'annotations'"),
        ({"database": {"v": {"annotations": [{"label": "a", "segmnt": []}]}}}, "has no 'segment'"),
        ({"database": {"v": {"annotations": [{"segment": [0, 1]}]}}}, "has no 'label'"),
        ({"database": {"v": {"annotations": [{"label": None, "segment": [0, 1]}]}}}, "label None"),
        ({"database": {"v": {"annotations": None}}}, "None is no list of segments"),
        ({"database": None}, "None instead of"),
        ({"results": {"v": []}}, "looks like predictions"),
        ({"v": [{"score": 1, "segment": [0, 1]}]}, "looks like predictions"),
        ({"database": {"v": {"annotations": [{"label": "a", "segment": [2, 1]}]}}}, "[2.0, 1.0]"),
        ({"database": [1]}, "[1] instead of"),
    ],
)
def test_a_broken_file_of_annotation(content, part, tmp_path):
    refused(read_truth, save(tmp_path / "t.json", content), part)


@pytest.mark.parametrize(
    ("subset", "name"),
    [(None, ""), ("", ""), (float("nan"), ""), (1, "1"), (0, "0"), (1.0, "1"), (" val ", "val")],
)
def test_subsets_are_names_or_numbers_or_left_open(subset, name, tmp_path):
    database = {"v": {"subset": subset, "annotations": []}, "w": {"annotations": []}}
    truth = read_truth(save(tmp_path / "t.json", {"database": database}))
    assert truth.subsets == (name, "")
    assert select_subset(truth, name).videos == (("v",) if name else ("v", "w"))
    with pytest.raises(ValueError, match="no subset 'x'"):
        select_subset(truth, "x")
    if name:
        with pytest.raises(ValueError, match=f"videos without one, '{name}': name one"):
            select_subset(truth, None)


@pytest.mark.parametrize("subset", [True, ["train", "val"], {"a": 1}, "a\nb"])
def test_a_broken_subset_names_file_video_and_value(subset, tmp_path):
    database = {"v7": {"subset": subset, "annotations": []}}
    path = save(tmp_path / "t.json", {"database": database})
    refused(read_truth, path, "video 'v7'", "subset", clip(subset))


def test_durations_are_taken_where_they_are_known(tmp_path):
    values = [12.5, "30", None, 0, "long", [3], True, -1, float("nan")]
    database = {
        f"v{place}": {"duration": value, "annotations": []} for place, value in enumerate(values)
    }
    database |= {"bmn": {"duration_second": 7.0, "annotations": []}, "none": {"annotations": []}}
    truth = read_truth(save(tmp_path / "t.json", {"database": database}))
    assert truth.durations == {"v0": 12.5, "v1": 30.0, "bmn": 7.0}
    (note,) = truth.notes
    assert note == ("durations that are no positive number: 5, passed over: v4, v5, v6 and 2 more")


def test_what_begins_before_0_is_taken_as_it_is(tmp_path):
    item = {"label": "a", "score": 1, "segment": [-0.5, 2]}
    found = read_predictions(save(tmp_path / "p.json", {"results": {"v": [item]}}))
    truth = read_truth(save(tmp_path / "t.json", {"database": {"v": {"annotations": [item]}}}))
    assert found.start.tolist() == truth.start.tolist() == [-0.5]


def test_proposals_without_a_label(tmp_path):
    items = [{"score": 0.9, "segment": [0, 9]}, {"label": None, "score": 0.4, "segment": [30, 42]}]
    found = read_predictions(save(tmp_path / "p.json", {"results": {"v": items}}))
    assert (found.labels, found.label.tolist()) == ((UNLABELED,), [0, 0])
    write_predictions(tmp_path / "again.json", {"v": items[:1]})


def test_ambiguous_truth_is_no_class():
    rows = [("jump", 0, 5), ("Ambiguous", 7, 9), ("dive", 10, 12), ("ambiguous ", 20, 22)]
    annotations = [{"label": name, "segment": [start, end]} for name, start, end in rows]
    truth, ambiguous = split_ambiguous(truth_segments({"v": {"annotations": annotations}}))
    assert [truth.labels[label] for label in truth.label] == ["jump", "dive"]
    assert np.stack([ambiguous.start, ambiguous.end], axis=1).tolist() == [[7, 9], [20, 22]]


def test_files_that_are_no_text_or_not_there(tmp_path):
    refused(read_truth, tmp_path / "missing.json", "No such file")
    path = tmp_path / "binary.json"
    path.write_bytes(b"{\xff}")
    refused(read_truth, path, "byte 1 is not UTF-8")


def test_ambiguous_intervals(tmp_path):
    path = save(tmp_path / "a.txt", "v  0.5 2\nw Ambiguous 1 3\nv 4 5\n")
    segments = read_ambiguous(path)
    assert [segments.videos[video] for video in segments.video] == ["v", "v", "w"]
    assert np.stack([segments.start, segments.end]).tolist() == [[0.5, 4, 1], [2, 5, 3]]
    for content, part in (
        ("", "empty"),
        ("v 1\n", "line 1"),
        ("v 1 x\n", "'x'"),
        ("v 3 2\n", "video 'v'"),
        ("v 1 inf\n", "inf"),
    ):
        refused(read_ambiguous, save(path, content), part)


def object_array(values):
    """One entry a video, whatever they are."""
    array = np.empty(len(values), object)
    array[:] = values
    return array


def write_wtalc(folder, names, segments, labels, subsets):
    """The four arrays that W-TALC's folder holds."""
    np.save(folder / "videoname.npy", np.array(names, "S"))
    np.save(folder / "subset.npy", np.array(subsets, "S"))
    np.save(folder / "segments.npy", object_array(segments))
    np.save(folder / "labels.npy", object_array(labels))


def test_wtalc_folder(tmp_path):
    pairs = [[[0.5, 2.0], [3.0, 4.0]], []]
    write_wtalc(tmp_path, ["v", "w"], pairs, [[b"a", b"b"], []], ["test", "validation"])
    truth = read_wtalc(tmp_path)
    assert (truth.videos, truth.subsets, truth.labels) == (
        ("v", "w"),
        ("test", "validation"),
        ("a", "b"),
    )
    assert truth.start.tolist() == [0.5, 3.0] and truth.durations == {}
    np.save(tmp_path / "duration.npy", np.array([[7.5], [9.0]]))
    assert read_wtalc(tmp_path).durations == {"v": 7.5, "w": 9.0}
    np.save(tmp_path / "duration.npy", np.array([7.5]))  # of other videos, and not needed
    assert read_wtalc(tmp_path).durations == {}
    arrays = [np.array(pairs[0]), np.zeros((0, 2))]
    for none in (arrays[1], None):  # as programs of Python 3 write them
        write_wtalc(tmp_path, ["v", "w"], [arrays[0], none], [["a", "b"], none], ["test ", "val"])
        again = read_wtalc(tmp_path)
        assert again.end.tolist() == [2, 4] and again.subsets == ("test", "val")
    for names, segments, labels, part in (
        (["v", "v"], pairs, [["a", "b"], []], "'v' stands there twice"),
        (["v", "w"], pairs, [["a"], []], "video 'v'"),
        (["v", "w"], [[[2.0, 1.0]], []], [["a"], []], "[2.0, 1.0]"),
        (["v"], pairs, [["a", "b"], []], "videoname"),
    ):
        write_wtalc(tmp_path, names, segments, labels, ["test", "test"])
        refused(read_wtalc, tmp_path, part)


@needs_data
def test_published_annotation():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        truth = select_subset(read_wtalc(DATA / "thumos14_wtalc"), "test")
    assert (len(truth.videos), len(truth.video), len(truth.labels)) == (212, 3358, 20)
    truth = select_subset(read_truth(DATA / "thumos14/gt.json"), "test")
    assert (len(truth.videos), len(truth.video)) == (210, 3311)
    truth = select_subset(read_truth(DATA / "activitynet/v1-2.json"), "validation")
    assert (len(truth.videos), len(truth.video), len(truth.labels)) == (2198, 3281, 100)
    # BMN's file of v1.3: no database around it, no subsets.
    truth = select_subset(read_truth(DATA / "activitynet/anet_anno_action.json"), None)
    assert (len(truth.videos), len(truth.video), len(truth.labels)) == (19228, 22152, 200)
    assert len(read_ambiguous(DATA / "thumos14_wtalc/Ambiguous_test.txt").video) == 99
