"""Rows of networks against NumPy: images, clips with a stride, layouts, sizes, colors."""

import pickle

import numpy as np
import pytest
from onnx_files import CHANNELS, clips_of, convolution, reshaped, rows_of, write

from jaxseg.features.job import make_kind
from jaxseg.features.onnx.kind import fitted


def make_frames(count, height=8, width=10, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, height, width, 3), np.uint8)


def encode(kind, frames):
    """All rows, with how many had come out after each push."""
    encoder = kind.encoder()
    rows, counts = [], []
    for frame in frames:
        rows += encoder.push(frame)
        counts.append(len(rows))
    rows += encoder.finish()
    return np.stack(rows), counts


def test_images(tmp_path):
    """Batches are filled from frame to frame; the last one is short."""
    model = convolution(tmp_path / "m.onnx", ["batch", 3, 8, 10])
    frames = make_frames(11)
    kind = make_kind("onnx", model=model, batch=4)
    rows, counts = encode(kind, frames)
    assert rows.dtype == np.float32 and kind.channels == CHANNELS
    np.testing.assert_allclose(rows, rows_of(frames / 255), atol=1e-5)
    assert counts == [0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8]


@pytest.mark.parametrize("count", [1, 2, 7, 16])
@pytest.mark.parametrize(("length", "stride"), [(2, 1), (5, 2), (4, 3), (3, 4), (6, 7)])
def test_clips(tmp_path, count, length, stride):
    model = convolution(tmp_path / "m.onnx", ["N", 3, "T", 8, 10], "NCTHW")
    options = {"layout": "NCTHW", "clip": length, "stride": stride, "batch": 2}
    kind = make_kind("onnx", model=model, **options)
    frames = make_frames(count)
    rows, _ = encode(kind, frames)
    clips, nearest = clips_of(frames, length, stride)
    np.testing.assert_allclose(rows, rows_of(clips / 255)[nearest], atol=1e-5)


def test_no_frames(tmp_path):
    model = convolution(tmp_path / "m.onnx", ["N", 3, 8, 10])
    assert make_kind("onnx", model=model).encoder().finish() == []


@pytest.mark.parametrize(
    ("layout", "shape"),
    [
        ("NHWC", [2, 8, 10, 3]),
        ("NCTHW", [1, 3, 4, 8, 10]),
        ("NTCHW", [1, 4, 3, 8, 10]),
        ("NTHWC", ["n", 4, 8, "width", 3]),
    ],
)
def test_a_layout_is_the_only_one_that_fits_the_model(tmp_path, layout, shape):
    model = convolution(tmp_path / "m.onnx", shape, layout)
    kind = make_kind("onnx", model=model, size="8,10")
    frames = make_frames(6)
    rows, _ = encode(kind, frames)
    clips, nearest = clips_of(frames, 4, 1)
    expected = rows_of((clips if "T" in layout else frames) / 255)
    np.testing.assert_allclose(rows, expected[nearest] if "T" in layout else expected, atol=1e-5)
    assert kind.settings()["layout"] == layout


def test_an_export_that_leaves_all_axes_open(tmp_path):
    names = ["batch_size", "num_frames", "num_channels", "height", "width"]
    model = convolution(tmp_path / "m.onnx", names, "NTCHW")
    given = make_kind("onnx", model=model, layout="NTCHW", size=8, clip=8).input
    assert (given.layout, given.stride, given.batch) == ("NTCHW", 2, 1)
    assert (given.clip, given.size) == (8, (8, 8))


def test_colors(tmp_path):
    """Mean and deviation are red first, whatever the order of the input."""
    model = convolution(tmp_path / "m.onnx", ["N", 3, 8, 10])
    frames = make_frames(3)
    mean, deviation = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    rows, _ = encode(make_kind("onnx", model=model, mean="imagenet", channel_order="bgr"), frames)
    expected = ((frames / 255 - mean) / deviation)[..., ::-1]
    np.testing.assert_allclose(rows, rows_of(expected), atol=1e-4)
    rows, _ = encode(make_kind("onnx", model=model, scale=1, mean=(1, 2, 3), deviation=9), frames)
    np.testing.assert_allclose(rows, rows_of((frames - [1.0, 2, 3]) / 9), atol=1e-4)


def test_bytes(tmp_path):
    """A network that takes pixels as they are."""
    nodes = [("Cast", ["pixels"], ["x"], {"to": 1}), ("Flatten", ["x"], ["rows"])]
    model = write(tmp_path / "m.onnx", nodes, ["N", 2, 2, 3], kind=2)
    frames = make_frames(3, 2, 2)
    rows, _ = encode(make_kind("onnx", model=model), frames)
    np.testing.assert_array_equal(rows, frames.reshape(3, -1))


@pytest.mark.parametrize(
    ("picture", "to", "options", "axis", "taken"),
    [
        ((3, 2, 4), (4, 6), {"channels_axis": 2}, 2, "mean"),  # tokens
        ((3, 2, 4), (4, 6), {"channels_axis": 2, "pool": "first"}, 2, "first"),
        ((3, 2, 4), (4, 6), {"channels_axis": 1}, 1, "mean"),
        ((2, 4, 3), (2, 2, 6), {"channels_axis": 3}, 3, "mean"),  # a map
        ((2, 4, 3), (24, 1, 1), {}, 1, "mean"),
        ((2, 4, 3), (1, 24), {}, 2, "mean"),
        ((2, 3, 2, 4), (2, 3, 4, 2), {"channels_axis": 2}, 2, "mean"),  # NTCHW
    ],
)
def test_more_than_rows(tmp_path, picture, to, options, axis, taken):
    model = reshaped(tmp_path / "m.onnx", picture, to)
    size, clip = ((2, 4), 2 if len(picture) == 4 else 1)
    kind = make_kind("onnx", model=model, size=size, clip=clip, **options)
    frames = make_frames(2, *size)
    rows, _ = encode(kind, frames)
    if len(picture) == 4:
        given = np.moveaxis(clips_of(frames, 2, 1)[0], -1, 2)
    else:
        given = frames if picture[-1] == 3 else np.moveaxis(frames, -1, 1)
    maps = np.moveaxis((given / 255).reshape(2, *to), axis, 1).reshape(2, to[axis - 1], -1)
    expected = maps[:, :, 0] if taken == "first" else maps.mean(2)
    np.testing.assert_allclose(rows, expected, atol=1e-6)


def test_sizes():
    """Whole areas: the mean of their pixels. A crop keeps the middle; a squash keeps all."""
    frame = make_frames(1, 8, 12)[0]
    halved = frame.reshape(4, 2, 6, 2, 3).mean((1, 3))
    result = fitted(frame, (4, 4), "center").astype(float)
    np.testing.assert_allclose(result, halved[:, 1:5], atol=0.5)
    thirds = frame.reshape(4, 2, 4, 3, 3).mean((1, 3))
    np.testing.assert_allclose(fitted(frame, (4, 4), "none"), thirds, atol=0.5)
    np.testing.assert_array_equal(fitted(frame, (8, 8), "center"), frame[:, 2:10])
    for size in ((7, 31), (31, 7), (1, 1), (40, 40)):
        for crop in ("center", "none"):
            assert fitted(frame, size, crop).shape == (*size, 3)


def test_it_travels(tmp_path):
    """The kind that another process gets makes the same rows; its settings are JSON of the file."""
    model = convolution(tmp_path / "m.onnx", ["N", 3, 8, 10])
    kind = make_kind("onnx", model=model)
    frames = make_frames(3)
    there = pickle.loads(pickle.dumps(kind))
    np.testing.assert_array_equal(encode(there, frames)[0], encode(kind, frames)[0])
    assert there.settings() == kind.settings()
    convolution(model, ["N", 3, 8, 10], "NCHW")
    assert make_kind("onnx", model=model, batch=3).settings() == kind.settings()
    convolution(model, ["N", 3, "height", 10])
    other = make_kind("onnx", model=model, layout="NCHW", size=(8, 10))
    assert other.settings() != kind.settings()


def test_memory_is_of_a_batch(tmp_path):
    """However long the video: the window, and rows of the clips around."""
    model = convolution(tmp_path / "m.onnx", ["N", 3, "T", 8, 10], "NCTHW")
    encoder = make_kind("onnx", model=model, layout="NCTHW", clip=3, stride=2, batch=4).encoder()
    frame, rows = make_frames(1)[0], 0
    for _ in range(500):
        rows += len(encoder.push(frame))
        assert len(encoder.window) == 3 and len(encoder.rows) <= 5
    assert rows + len(encoder.finish()) == 500


def test_not_a_number(tmp_path):
    """The row where it began; 1 / 0 of a black frame."""
    nodes = [("Reciprocal", ["pixels"], ["x"]), ("GlobalAveragePool", ["x"], ["rows"])]
    model = write(tmp_path / "m.onnx", nodes, ["N", 3, 8, 10])
    frames = make_frames(20).clip(1)
    frames[10] = 0
    with pytest.raises(ValueError, match=r"m.onnx gives 3 channels .* no finite .* around row 10$"):
        encode(make_kind("onnx", model=model), frames)
