"""Streams of one recording in several files, and the side files beside them."""

import pickle
import shlex
import subprocess
import sys

import numpy as np
import pytest

from jaxseg.data import load

LENGTHS = {"a": 20, "b": 31}


@pytest.fixture
def folder(tmp_path, config):
    config.name, config.root = "folder", str(tmp_path / "mine")
    return tmp_path / "mine"


def array(rows, channels, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, channels)).astype(np.float32)


def save(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, content)
    return content


def save_streams(folder, pattern="{name}_{stream}", streams=(("rgb", 5), ("flow", 3))):
    """Two recordings with these streams; returns name -> what is to be read."""
    return {
        name: np.concatenate(
            [
                save(folder / f"{pattern.format(name=name, stream=stream)}.npy", array(rows, width))
                for stream, width in streams
            ],
            axis=1,
        )
        for name, rows in LENGTHS.items()
    }


def check(data, expected, activity="mine"):
    assert [(video.activity, video.name) for video in data.videos] == [
        (activity, name) for name in expected
    ]
    for video, each in zip(data.videos, expected.values(), strict=True):
        assert video.top and video.checksum
        np.testing.assert_array_equal(video.features, each)


@pytest.mark.parametrize(
    "pattern",
    [
        *("{name}_{stream}", "{name}-{stream}", "{name}_i3d_{stream}", "{stream}_{name}"),
        *("{stream}/{name}", "{name}/{stream}"),
    ],
)
def test_rgb_and_flow_are_one_recording(folder, config, pattern):
    expected = save_streams(folder, pattern)
    data = load(config, progress=False)
    check(data, expected)
    assert "rgb and i3d_flow of" in data.notes[0] or "rgb and flow of 2" in data.notes[0]


def test_folders_of_extractors(folder, config):
    streams = (("i3d/{name}_rgb", 4), ("i3d/{name}_flow", 4), ("vggish/{name}_vggish", 2))
    expected = {
        name: np.concatenate(
            [save(folder / f"{p.format(name=name)}.npy", array(n, w)) for p, w in streams], axis=1
        )
        for name, n in LENGTHS.items()
    }
    check(load(config, progress=False), expected)
    config.streams = ("i3d_rgb", "vggish")
    data = load(config, progress=False)
    check(data, {name: each[:, [0, 1, 2, 3, 8, 9]] for name, each in expected.items()})


@pytest.mark.parametrize("pattern", ["{name}_{stream}", "{stream}/{name}", "{name}/{stream}"])
def test_streams_of_names_of_ones_own(folder, config, pattern):
    expected = save_streams(folder, pattern, streams=(("left", 4), ("right", 4), ("top", 4)))
    config.streams = ("left", "right")
    check(load(config, progress=False), {name: each[:, :8] for name, each in expected.items()})


def test_streams_of_tables_have_the_rate_of_either(folder, config):
    folder.mkdir()
    for name, rows in LENGTHS.items():
        for stream in ("acc", "gyro"):
            lines = [f"{k / 50},{k % 7},{k % 5}" for k in range(rows)]
            (folder / f"{name}_{stream}.csv").write_text("\n".join(["time,x,y", *lines]) + "\n")
    data = load(config, progress=False)
    assert [video.features.shape for video in data.videos] == [(20, 4), (31, 4)]
    assert data.fps == 50


def test_the_key_says_which_and_in_which_order(folder, config):
    save_streams(folder)
    config.streams = ("flow", "rgb")
    first = load(config, progress=False).videos[0].features
    np.testing.assert_array_equal(first, np.concatenate([array(20, 3), array(20, 5)], axis=1))
    config.streams = ("flow",)
    data = load(config, progress=False)
    check(data, {name: array(rows, 3) for name, rows in LENGTHS.items()})
    assert "2 files of other streams are not read" in data.notes[0]


def test_none_leaves_files_apart(folder, config):
    save_streams(folder, streams=(("rgb", 4), ("flow", 4)))
    config.streams = ("none",)
    names = [video.name for video in load(config, progress=False).videos]
    assert names == ["a_flow", "a_rgb", "b_flow", "b_rgb"]


@pytest.mark.parametrize(
    "names",
    [
        *(("a_rgb", "b_rgb"), ("clip_1", "clip_2"), ("clip/a", "cook/a"), ("a_left", "a_right")),
    ],
)
def test_names_that_tell_no_streams(folder, config, names):
    for name in names:
        save(folder / f"{name}.npy", array(9, 3))
    assert len(load(config, progress=False).videos) == 2


def test_a_recording_that_lacks_a_stream(folder, fails, config):
    save_streams(folder)
    (folder / "b_flow.npy").unlink()
    fails(folder, "1 of 2 recordings lack", "b (flow)", "--config.data.streams=rgb", "streams=none")
    config.streams = ("pose",)
    fails(folder, "no file is called NAME_pose")


def test_streams_of_other_length(folder, fails, config):
    expected = save_streams(folder)
    save(folder / "b_flow.npy", array(31, 3)[:29])
    data = load(config, progress=False)
    np.testing.assert_array_equal(data.videos[1].features, expected["b"][:29])
    assert "1 recordings differ by up to 2 rows: cut to the shortest (b)" in data.notes[-1]
    save(folder / "b_flow.npy", array(28, 3))
    fails(
        "streams of b differ in length", "b_rgb.npy (31, 5)", "b_flow.npy (28, 3)", "streams=none"
    )


def test_channels_first_streams(folder, config, fails):
    for name, rows in LENGTHS.items():
        for stream in ("rgb", "flow"):
            save(folder / f"{name}_{stream}.npy", array(rows, 4).T)
    fails("all 2 arrays have 4 rows", "--config.data.axis=last")
    config.axis = "last"
    assert [video.features.shape for video in load(config, progress=False).videos] == [
        (20, 8),
        (31, 8),
    ]


def test_labels_are_of_the_recording(folder, config):
    save_streams(folder)
    (folder / "groundTruth").mkdir()
    for name, rows in LENGTHS.items():
        (folder / "groundTruth" / f"{name}.txt").write_text("walk\n" * rows)
    assert load(config, progress=False).has_labels


def test_stamps_or_the_rate_beside_the_features(folder, config):
    expected = save_streams(folder)
    for name in LENGTHS:
        save(folder / f"{name}_fps.npy", np.array(25.0))
    data = load(config, progress=False)
    check(data, expected)
    assert data.fps == 25 and "a_fps.npy, b_fps.npy" in data.notes[1]
    for name, rows in LENGTHS.items():
        save(folder / f"{name}_timestamps_ms.npy", 640.0 * np.arange(rows))
    data = load(config, progress=False)
    assert data.fps == pytest.approx(1 / 0.64, rel=1e-3)
    assert "a_timestamps_ms.npy" in data.notes[1] and "a_fps.npy" in data.notes[2]


def test_one_network_alone_has_its_side_files_and_labels(folder, config):
    """As video_features writes them: NAME_resnet.npy, NAME_fps.npy, NAME_timestamps_ms.npy."""
    (folder / "groundTruth").mkdir(parents=True)
    for name, rows in LENGTHS.items():
        save(folder / f"{name}_resnet.npy", array(rows, 5))
        save(folder / f"{name}_fps.npy", np.array(25.0))
        save(folder / f"{name}_timestamps_ms.npy", 40.0 * np.arange(rows))
        (folder / "groundTruth" / f"{name}.txt").write_text("walk\n" * rows)
    data = load(config, progress=False)
    assert data.fps == 25 and data.has_labels
    assert "a_timestamps_ms.npy" in data.notes[0]


def test_a_broken_side_file_stops_nothing(folder, config):
    expected = save_streams(folder)
    (folder / "a_fps.npy").write_bytes(b"broken")
    data = load(config, progress=False)
    check(data, expected)
    assert data.fps is None and "left out: a_fps.npy" in data.notes[-1]


@pytest.mark.parametrize(
    ("name", "header"), [("a.csv", "start,end,label"), ("names.csv", "cluster,name")]
)
def test_tables_of_jaxseg_itself_are_passed_over(folder, config, name, header):
    save(folder / "a.npy", array(20, 3))
    (folder / name).write_text(f"{header}\n")
    data = load(config, progress=False)
    assert [video.name for video in data.videos] == ["a"]
    assert f"passed over, as they belong to recordings that are read: {name}" in data.notes


def test_what_is_not_opened_comes_with_the_line_that_converts_it(folder, fails):
    save(folder / "a.npy", array(20, 3))
    for name, part in (("b.pt", "torch.load"), ("b.pkl", "pickle.load"), ("b.joblib", "joblib")):
        (folder / name).write_bytes(b"")
        fails(folder / name, "any program", part, "python -c", str(folder / "b.npy"))
        (folder / name).unlink()
    (folder / "b.xlsx").write_bytes(b"")
    fails(folder / "b.xlsx", "(.txt, .npy, .npz, .csv, .tsv, .parquet, ", ".mat")


def test_the_line_that_converts_a_pickle(folder, config, fails):
    folder.mkdir()
    content = array(20, 3)
    (folder / "it's.pkl").write_bytes(pickle.dumps(content))
    command = fails("any program").partition("convert it: ")[2]
    python, option, code = shlex.split(command)
    assert (python, option) == ("python", "-c")
    subprocess.run([sys.executable, option, code], check=True)
    (folder / "it's.pkl").unlink()
    check(load(config, progress=False), {"it's": content})
