"""Small networks as ONNX files, and what they make of pictures, in NumPy."""

from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
for module in ("onnxruntime", "cv2", "av"):
    pytest.importorskip(module)
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

CHANNELS = 5
KERNEL = np.random.default_rng(0).standard_normal((CHANNELS, 3, 3, 3)).astype("f4")  # image
CLIP_KERNEL = np.random.default_rng(1).standard_normal((CHANNELS, 3, 2, 3, 3)).astype("f4")


def write(path: Path, nodes, shape, outputs=("rows",), weights=(), kind=TensorProto.FLOAT) -> Path:
    """A model with one input, "pixels", of a shape; outputs have the shapes that follow."""
    graph = helper.make_graph(
        [helper.make_node(*node[:3], **(node[3] if len(node) > 3 else {})) for node in nodes],
        "network",
        [helper.make_tensor_value_info("pixels", kind, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in weights],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("mine", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def convolution(path: Path, shape, order="NCHW") -> Path:
    """[N, 3, (T,) H, W] in any order of axes -> [N, 5, 1, 1] or [N, 5, 1, 1, 1]."""
    axes = "NCHW" if len(order) == 4 else "NCTHW"
    nodes = [
        ("Transpose", ["pixels"], ["x"], {"perm": [order.index(axis) for axis in axes]}),
        ("Conv", ["x", "w"], ["y"]),
        ("Relu", ["y"], ["z"]),
        ("GlobalAveragePool", ["z"], ["rows"]),
    ]
    kernel = KERNEL if len(order) == 4 else CLIP_KERNEL
    return write(path, nodes, shape, weights=[("w", kernel)])


def reshaped(path: Path, picture, to) -> Path:
    """[N, *picture] -> [N, *to] of the same numbers."""
    weights = [("to", np.array([0, *to], np.int64))]
    return write(path, [("Reshape", ["pixels", "to"], ["rows"])], ["N", *picture], weights=weights)


def rows_of(clips: np.ndarray) -> np.ndarray:
    """[N, (T,) H, W, 3], in the network's units -> [N, 5] of `convolution`."""
    kernel = KERNEL if clips.ndim == 4 else CLIP_KERNEL
    around = np.lib.stride_tricks.sliding_window_view(
        np.moveaxis(clips.astype("f8"), -1, 1), kernel.shape[2:], tuple(range(2, clips.ndim))
    )
    maps = np.tensordot(around, kernel, ((1, *range(-kernel.ndim + 2, 0)), range(1, kernel.ndim)))
    return np.maximum(maps, 0).mean(tuple(range(1, maps.ndim - 1)))


def clips_of(frames: np.ndarray, length: int, stride: int) -> tuple[np.ndarray, np.ndarray]:
    """Clips [N, length, ...] around every stride-th frame, and which one each frame has [n]."""
    middles = np.arange(0, len(frames), stride)
    taken = middles[:, None] - (length - 1) // 2 + np.arange(length)
    nearest = np.abs(np.arange(len(frames))[:, None] - middles).argmin(1)
    return frames[taken.clip(0, len(frames) - 1)], nearest
