"""Labels without times, all that weakly supervised methods learn from, are enough to load."""

import json

import numpy as np
import pytest
from snippet_layouts import Bundle, Thumos14, fails, load, objects, write


def labels_of(data):
    """Video -> its classes, of the training videos."""
    return {
        video.name: {data.classes[i] for i in np.flatnonzero(video.labels)} for video in data.train
    }


def test_a_bundle_without_segments_has_the_classes_of_labels_all(tmp_path):
    bundle = Bundle(tmp_path)
    bundle.arrays["labels_all"][2] = [b"Diving"]
    bundle.write()
    dummies = load("thumos14_wtalc", tmp_path)
    bundle.arrays["segments"] = objects([], [], [[2.0, 4.0]])
    bundle.arrays["labels"] = objects([], [], [b"Diving"])
    bundle.write()
    data = load("thumos14_wtalc", tmp_path)
    assert labels_of(data) == labels_of(dummies)
    assert labels_of(data) == {"v_a": {"GolfSwing"}, "v_b": {"CliffDiving", "Diving"}}
    assert data.classes == dummies.classes and data.test[0].segments == ((2.0, 4.0, 1),)
    # The arrays of times may be missing altogether.
    for name in ("segments", "labels"):
        (tmp_path / f"Thumos14reduced-Annotations/{name}.npy").unlink()
    untimed = load("thumos14_wtalc", tmp_path)
    assert labels_of(untimed) == labels_of(data) and untimed.test[0].segments == ()
    # All 2,584 videos of THUMOS14, most of them without times, have another name.
    full = Bundle(tmp_path / "full", "Thumos14")
    full.arrays = bundle.arrays
    full.write()
    assert labels_of(load("thumos14_wtalc", tmp_path / "full")) == labels_of(data)


@pytest.mark.parametrize(
    "untimed",
    [
        {"annotations": [{"label": "Diving"}, {"label": "GolfSwing", "segment": None}]},
        {"annotations": [{"label": "Diving", "segment": []}, {"label": "GolfSwing"}]},
        {"annotations": [{"label": "Diving", "segment": ["1", "2"]}, {"label": "GolfSwing"}]},
        {"annotations": [{"label": "Diving", "label_id": 7}, {"label": "GolfSwing"}]},
        {"annotations": [{"label": "Diving", "segment": [None, None]}], "label": "GolfSwing"},
        {"annotations": [], "labels": ["Diving", "GolfSwing"]},
        {"annotations": None, "labels": ["Diving", "GolfSwing"]},
        {"labels": ["GolfSwing", "Diving"]},
    ],
)
def test_labels_in_json(untimed, tmp_path):
    files = Thumos14(tmp_path)
    files.database["train_a"] = {"subset": "train", **untimed}
    files.database["train_b"] = {"subset": "train", "label": "CliffDiving"}
    files.write()
    data = load("thumos14", tmp_path)
    assert labels_of(data) == {"train_a": {"Diving", "GolfSwing"}, "train_b": {"CliffDiving"}}
    # What a run writes as its truth is what it was made of.
    again = json.loads(json.dumps(data.to_truth()["database"]))
    assert again["train_b"]["annotations"] == [{"label": "CliffDiving"}]
    write(tmp_path / "gt.json", {"database": again})
    assert labels_of(load("thumos14", tmp_path)) == labels_of(data)


@pytest.mark.parametrize("label", [3, "", "a\nb", ["Diving"]])
def test_a_label_that_is_no_name(label, tmp_path):
    files = Thumos14(tmp_path)
    files.database["train_a"]["annotations"] = [{"label": label}]
    files.write()
    fails("thumos14", tmp_path, "gt.json", "'train_a'", "label")


def test_thumos14_own_annotation(tmp_path):
    """Its text files in place of gt.json: ambiguous intervals are no class, splits not needed."""
    files = Thumos14(tmp_path)
    expected = load("thumos14", tmp_path)
    rows: dict[str, str] = {"Ambiguous_test": "test_a 0 1\n", "Ambiguous_val": "train_a 5 6\n"}
    for video, one in files.database.items():
        for item in one["annotations"]:
            name = f"{item['label']}_{'val' if one['subset'] == 'train' else 'test'}"
            start, end = item["segment"]
            rows[name] = rows.get(name, "") + f"{video}  {start} {end}\n"
    for name, text in rows.items():
        write(tmp_path / f"annotation/{name}.txt", text)
    for name in ("gt.json", "split_train.txt", "split_test.txt"):
        (tmp_path / name).unlink()
    data = load("thumos14", tmp_path)
    assert data.classes == expected.classes and labels_of(data) == labels_of(expected)
    for one, other in zip(data.videos, expected.videos, strict=True):
        assert one.name == other.name and sorted(one.segments) == sorted(other.segments)


def test_ambiguous_is_no_class_in_json(tmp_path):
    files = Thumos14(tmp_path)
    files.database["train_a"]["annotations"].append({"label": "Ambiguous", "segment": [1, 2]})
    files.database["train_a"]["labels"] = ["Ambiguous", "GolfSwing"]
    files.write()
    assert load("thumos14", tmp_path).classes == ("CliffDiving", "Diving", "GolfSwing")
