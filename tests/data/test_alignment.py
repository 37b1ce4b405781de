"""Features of windows, of every Nth frame or at another rate than their labels."""

import numpy as np
import pytest

from jaxseg.data import load
from jaxseg.data.segmentation.alignment import Clock, TruthSettings, hint, make_clock

LABELS = np.repeat([0, 1, 2, 1, 0, 2], [120, 84, 172, 68, 144, 100])  # 688 frames
OTHER = np.repeat([2, 0, 1], [200, 280, 124])  # 604 frames


@pytest.fixture
def folder(tmp_path, config):
    """Two recordings of which row i is frame i; `rows` chooses those that are kept."""
    config.name, config.root = "folder", str(tmp_path / "mine")

    def write(choose, config=config):
        for name, labels in (("a", LABELS), ("b", OTHER)):
            rows = choose(np.stack([np.arange(len(labels)), labels], axis=1).astype(np.float32))
            path = tmp_path / "mine" / f"{name}.npy"
            path.parent.mkdir(exist_ok=True)
            np.save(path, rows)
            truth = tmp_path / "mine" / "groundTruth" / f"{name}.txt"
            truth.parent.mkdir(exist_ok=True)
            truth.write_text("".join(f"class{label}\n" for label in labels))

    return write


def loaded(config, **settings):
    for name, value in settings.items():
        setattr(config, name, value)
    return load(config, progress=False)


CASES = {
    # What a program kept of the frames, and the key that says so.
    "centered window": (lambda frames: frames[12:-12], {"window": 25}),
    "even window": (lambda frames: frames[8:-7], {"window": 16}),
    "middle of every 16": (lambda frames: frames[8::16], {"stride": 16}),
    "first of every 16": (
        lambda frames: frames[::16],
        {"stride": 16, "window": 1},
    ),
    "first of every 24, as lengths tell": (lambda frames: frames[::24], {"stride": 24}),
    "windows of 24, the last one filled up": (
        lambda frames: np.append(frames, frames[-1:].repeat(12, axis=0), axis=0)[12::24],
        {"stride": 24, "window": 24},
    ),
    "window of 16 at every 8th": (
        lambda frames: frames[8 : len(frames) - 7 : 8],
        {"stride": 8, "window": 16},
    ),
    "window before each frame": (
        lambda frames: frames[24:],
        {"window": 25, "offset": 24},
    ),
    "the first ones missing": (lambda frames: frames[7:], {"offset": 7}),
    "half the rate": (lambda frames: frames[1::2], {"fps": 15, "label_fps": 30}),
    "a third of it": (lambda frames: frames[1::3], {"fps": 10, "label_fps": 30}),
    "twice the rate": (lambda frames: np.repeat(frames, 2, axis=0), {"fps": 50, "label_fps": 25}),
    "as they are": (lambda frames: frames, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_every_row_has_the_label_of_its_own_frame(folder, config, case):
    """The second channel is the label that each row was made with."""
    choose, settings = CASES[case]
    folder(choose)
    data = loaded(config, **settings)
    for video in data.videos:
        np.testing.assert_array_equal(video.labels, video.features[:, 1])
    assert len(data.videos[0].features) == len(choose(LABELS))
    assert all("of the features has label" in note for note in data.notes)
    assert bool(data.notes) == bool(settings)


@pytest.mark.parametrize(
    ("case", "keys"),
    [
        ("centered window", ["24 more in each", "--config.data.window=25"]),
        ("middle of every 16", ["16 times as many", "--config.data.stride=16"]),
        ("first of every 16", ["--config.data.stride=16"]),
        ("window of 16 at every 8th", ["stride=8 --config.data.window=16"]),
        ("half the rate", ["stride=2"]),
    ],
)
def test_the_error_has_the_key_that_fits(folder, config, fails, case, keys):
    folder(CASES[case][0])
    fails("2 of 2 videos differ in length", *keys)
    # A tolerance large enough for anything is none, and what it cuts here is said.
    config.length_tolerance = 700
    if case != "centered window":
        fails("700 frames or 5 % of their length", *keys)
    else:
        (note,) = load(config, progress=False).notes
        assert "labels of 2 recordings 48 labels in all were cut" in note and keys[1] in note


def test_one_that_is_short_is_no_window(folder, config, fails, tmp_path):
    folder(lambda frames: frames)
    path = tmp_path / "mine" / "b.npy"
    np.save(path, np.load(path)[:-4])
    text = fails("1 of 2 videos", "--config.data.length_tolerance=4 would cut the ends")
    assert "window" not in text


def test_the_stride_is_said_and_a_row_too_many():
    clock = make_clock(TruthSettings(stride=16), None)
    assert "length_tolerance=1" in hint([(32, 481), (33, 500)], clock)
    clock = make_clock(TruthSettings(stride=8), None)
    assert "stride=8 --config.data.window=16" in hint([(49, 400), (50, 413)], clock)


def test_the_rate_that_fits():
    pairs = [(800, 1000), (1600, 2001)]
    assert "--config.data.label_fps=25" in hint(pairs, Clock(fps=20.0))
    assert "1.25 times" in hint(pairs, Clock()) and "data.fps" in hint(pairs, Clock())


def test_rows_keep_their_time(folder, config):
    """Seconds are those of the rows, whatever the labels' rate."""
    folder(CASES["middle of every 16"][0])
    assert loaded(config, label_fps=32, stride=16).fps == 2
    assert loaded(config, label_fps=32, stride=0, fps=2).fps == 2
    data = loaded(config, label_fps=0, stride=16, fps=32)  # the rate of the video, perhaps
    assert data.fps == 32 and "labels are 512 a second" in data.notes[-1]


@pytest.mark.parametrize(
    ("settings", "parts"),
    [
        ({"label_fps": 30}, ["data.label_fps=30", "data.fps", "data.stride"]),
        (
            {"label_fps": 30, "stride": 16, "fps": 30},
            ["make 1.875 rows a second", "features have 30"],
        ),
    ],
)
def test_rates_that_do_not_tell(folder, config, fails, settings, parts):
    folder(CASES["middle of every 16"][0])
    for name, value in settings.items():
        setattr(config, name, value)
    fails(*parts)


@pytest.mark.parametrize(
    ("choose", "where", "lengths"),
    [
        (lambda frames: frames[:-7], "labels of 2 recordings 14 labels", [681, 597]),
        (
            lambda frames: np.concatenate([frames, frames[-7:]]),
            "features of 2 recordings 14 rows",
            [688, 604],
        ),
    ],
)
def test_what_a_tolerance_cuts_is_said(folder, config, choose, where, lengths):
    folder(choose)
    data = loaded(config, length_tolerance=7)
    assert [video.num_frames for video in data.videos] == lengths
    assert [len(video.labels) for video in data.videos] == lengths
    assert f"at the end of the {where} in all were cut" in data.notes[0]


def test_a_tolerance_is_a_small_share_of_a_recording(folder, config, fails):
    folder(lambda frames: frames[:-31])  # more than 5 % of 604, less of 688
    config.length_tolerance = 31
    fails("1 of 2 videos", "b.npy (573, 2) against 604 labels", "5 % of their length")
