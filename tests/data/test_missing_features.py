"""Data sets that are not whole: `skip_missing` leaves out what has no features, and says so."""

import numpy as np
import pytest
from snippet_layouts import CHANNELS, Bundle, Thumos14, entry, fails, load, matrix, save, write

from jaxseg.run.workdir import data_record

KEY = "--config.data.skip_missing=True"


def check(data, *names, counts):
    """What is left out stands in the data set, and in its record in one sentence."""
    assert data.left_out == data_record(data).left_out == names
    (note,) = data_record(data).notes
    assert counts in note and names[0] in note


def test_thumos14(tmp_path):
    files = Thumos14(tmp_path)
    files.add("test", "gone", ("1", "2", "Diving"))
    files.path("test", "rgb", "gone").unlink()
    fails("thumos14", tmp_path, "one stream without the other", KEY)
    files.path("test", "flow", "gone").unlink()
    for stream in ("rgb", "flow"):
        files.path("train", stream, "train_a").unlink()
    fails("thumos14", tmp_path, "1 of 2 videos without features (train_a)", KEY)
    data = load("thumos14", tmp_path, skip_missing=True)
    assert [video.name for video in data.videos] == ["test_a", "train_b"]
    check(data, "train_a", "gone", counts="1 training and 1 test videos of 4")
    assert "gone" not in data.to_truth()["database"]
    files.features("test", "unknown", matrix(4), matrix(4))
    with pytest.raises(ValueError, match=r"1 videos without an annotation \(unknown\)$"):
        load("thumos14", tmp_path, skip_missing=True)


def test_files_that_a_split_does_not_list_are_not_read(tmp_path):
    files = Thumos14(tmp_path)
    files.path("train", "rgb", "train_a").write_bytes(b"broken")
    files.splits["train"].remove("train_a")
    files.write()
    fails("thumos14", tmp_path, "split_train.txt", "only in gt.json (train_a)", KEY)
    data = load("thumos14", tmp_path, skip_missing=True)
    check(data, "train_a", counts="1 training and 0 test videos of 3")
    # A split cannot list what has no annotation.
    files.splits["train"].append("unknown")
    files.write()
    with pytest.raises(ValueError, match=r"split_train.txt: 1 train videos .* \(unknown\)$"):
        load("thumos14", tmp_path, skip_missing=True)


def test_nothing_is_left(tmp_path):
    files = Thumos14(tmp_path)
    files.path("test", "rgb", "test_a").rename(tmp_path / "features/test/rgb/other.npy")
    files.path("test", "flow", "test_a").rename(tmp_path / "features/test/rgb/test_a.npy")
    save(tmp_path / "features/test/flow/nothing.npy", matrix(3))
    with pytest.raises(ValueError, match="videos with features: no test videos"):
        load("thumos14", tmp_path, skip_missing=True)


@pytest.mark.parametrize("name", ["activitynet12", "activitynet13"])
def test_activitynet_own_file(name, tmp_path):
    """ActivityNet's own JSON of either version, made up and shortened; video_5 has no features."""
    database = {
        f"video_{k}": entry(
            "training" if k < 4 else "validation",
            (1.0, 9.0, ["run", "jump"][k % 2]),
            duration=20.0,
            resolution="1x1",
            url="",
        )
        for k in range(6)
    }
    (tmp_path / "features").mkdir()
    (tmp_path / "features/v_of_testing.npy").write_bytes(b"broken, and not needed")
    database["of_testing"] = {"subset": "testing", "annotations": [], "url": ""}
    for k in range(5):
        save(tmp_path / f"features/v_video_{k}.npy", matrix(30, k, 2 * CHANNELS))
    file = f"activity_net.v1-{name[-1]}.min.json"
    write(tmp_path / file, {"database": database, "version": "VERSION 1", "taxonomy": []})
    fails(name, tmp_path, "1 of 6 videos without features (video_5)", KEY)
    data = load(name, tmp_path, skip_missing=True)
    assert (len(data.train), len(data.test), data.classes) == (4, 1, ("jump", "run"))
    assert data.test[0].segments == ((1.0, 9.0, 1),)
    assert data.snippet_seconds(data.test[0]) == pytest.approx(20 / 30)
    check(data, "video_5", counts="0 training and 1 test videos of 6")
    save(tmp_path / "features/v_video_5.npy", matrix(30, 5, 2 * CHANNELS))
    assert load(name, tmp_path).notes == ()


@pytest.mark.parametrize("broken", [np.zeros((5, 6)), np.empty((0, 6)), None])
def test_a_bundle_of_activitynet(broken, tmp_path):
    """W-TALC's bundle as 3C-Net has it; features of one video are none."""
    bundle = Bundle(tmp_path, "ActivityNet1.2", ("training", "validation"))
    bundle.write()
    data = load("activitynet12_wtalc", tmp_path)
    assert data.subset_names == ("training", "validation") and len(data.train) == 2
    assert data.seconds_per_snippet == 0.64 and not data.left_out
    bundle.features[0] = broken
    bundle.write()
    fails("activitynet12_wtalc", tmp_path, "1 of 3 videos are empty or zero", "(v_b)", KEY)
    check(
        load("activitynet12_wtalc", tmp_path, skip_missing=True),
        "v_b",
        counts="1 training and 0 test videos of 3",
    )
    # Features of a subset that is not used may be anything.
    bundle.arrays["subset"] = np.array([b"testing", b"training", b"validation"])
    bundle.write()
    assert [video.name for video in load("activitynet12_wtalc", tmp_path).videos] == ["t_a", "v_a"]


def test_another_data_set_is_there(tmp_path):
    Bundle(tmp_path / "a").write()
    data = load("thumos14", tmp_path / "a")
    assert data.name == "thumos14_wtalc" and data.subset_names == ("validation", "test")
    assert data.notes == (f"{tmp_path / 'a'} is W-TALC's bundle, which is read as thumos14_wtalc",)
    fails("activitynet12", tmp_path / "a", "there may be thumos14_wtalc", kind=FileNotFoundError)
    Thumos14(tmp_path / "b")
    fails("thumos14_wtalc", tmp_path / "b", "thumos14", "data.name", kind=FileNotFoundError)
