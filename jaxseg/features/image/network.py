"""EfficientNet-Lite0 as an ONNX graph: pixels in, mean features out, made from its weights.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019;
the Lite variant has no squeeze-and-excitation, and ReLU6 for activations. The weights were
converted from TensorFlow's, so that pictures are scaled and padded as they are there.

The graph is not kept in a file: to make it takes a process less time than to start, and what is
not on a disk cannot be out of date, half written or another user's.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from jaxseg.features import need

MEAN, DEVIATION = 127.0, 128.0  # of pixels, the same for each color
EPSILON = 1e-3  # added to the variances of batch normalization
STRIDE = 32  # pixels of the picture to a value of the last layer; sides are multiples of it
CHANNELS = 1280  # of the features, before the classifier
# Groups of blocks: how many, kernel, stride of the first one, expansion, channels.
GROUPS = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM = 32  # channels of the first layer


class Layer(NamedTuple):
    """A convolution with its batch normalization folded into it, and what comes after."""

    name: str
    kernel: np.ndarray  # float32 [channels, channels of the input a group, k, k]
    bias: np.ndarray  # float32 [channels]
    stride: int
    groups: int
    clipped: bool  # to [0, 6], by ReLU6
    begins: bool  # a block whose input is kept
    ends: bool  # a block, by adding the input that was kept


def layers(weights: Mapping[str, np.ndarray]) -> Iterator[Layer]:
    """Layers of the network, in order, up to the features."""

    def layer(
        convolution: str,
        norm: str,
        stride: int = 1,
        groups: int = 1,
        *,
        clipped: bool = True,
        begins: bool = False,
        ends: bool = False,
    ) -> Layer:
        scale, shift, mean, variance = (
            weights[f"{norm}.{part}"].astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = scale / np.sqrt(variance + EPSILON)
        kernel = weights[f"{convolution}.weight"] * scale[:, None, None, None]
        bias = (shift - mean * scale).astype(np.float32)
        return Layer(
            convolution, kernel.astype(np.float32), bias, stride, groups, clipped, begins, ends
        )

    yield layer("_conv_stem", "_bn0", 2)
    block, before = 0, STEM
    for count, _, first_stride, expansion, after in GROUPS:
        for number in range(count):
            name, wide = f"_blocks.{block}", before * expansion
            stride = first_stride if number == 0 else 1
            if expansion > 1:
                yield layer(f"{name}._expand_conv", f"{name}._bn0", begins=True)
            yield layer(
                f"{name}._depthwise_conv", f"{name}._bn1", stride, wide, begins=expansion == 1
            )
            skips = stride == 1 and before == after
            yield layer(f"{name}._project_conv", f"{name}._bn2", clipped=False, ends=skips)
            block, before = block + 1, after
    yield layer("_conv_head", "_bn1")


def graph(weights: Mapping[str, np.ndarray]) -> bytes:
    """The network as an ONNX model: "pixels", uint8 [1, H, W, 3], to "features", [1, CHANNELS].

    H and W are multiples of `STRIDE`; pictures are RGB.
    """
    onnx = need("onnx")
    helper, array = onnx.helper, onnx.numpy_helper.from_array
    nodes, constants = (
        [],
        {
            "mean": np.float32(MEAN),
            "scale": np.float32(1 / DEVIATION),
            "low": np.float32(0),
            "high": np.float32(6),
        },
    )

    def add(kind: str, inputs: list[str], output: str, **attributes) -> str:
        nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    x = add("Cast", ["pixels"], "numbers", to=onnx.TensorProto.FLOAT)
    x = add("Transpose", [x], "planes", perm=[0, 3, 1, 2])
    x = add("Mul", [add("Sub", [x, "mean"], "centered"), "scale"], "scaled")
    kept = ""  # the input of the block that the layer is in
    for layer in layers(weights):
        kept = x if layer.begins else kept
        name, size = layer.name, layer.kernel.shape[-1]
        constants |= {f"{name}.kernel": layer.kernel, f"{name}.bias": layer.bias}
        # As TensorFlow does it: where the stride is 2 one more on the right than on the left.
        total = size - layer.stride
        x = add(
            "Conv",
            [x, f"{name}.kernel", f"{name}.bias"],
            name,
            strides=[layer.stride] * 2,
            group=layer.groups,
            pads=[total // 2] * 2 + [total - total // 2] * 2,
        )
        if layer.clipped:
            x = add("Clip", [x, "low", "high"], f"{name}.clipped")
        if layer.ends:
            x = add("Add", [x, kept], f"{name}.added")
    x = add("GlobalAveragePool", [x], "pooled")
    add("Flatten", [x], "features")
    value = helper.make_tensor_value_info
    made = helper.make_graph(
        nodes,
        "EfficientNet-Lite0",
        [value("pixels", onnx.TensorProto.UINT8, [1, "height", "width", 3])],
        [value("features", onnx.TensorProto.FLOAT, [1, CHANNELS])],
        [array(np.asarray(constant), name) for name, constant in constants.items()],
    )
    opset = helper.make_opsetid("", 17)
    return helper.make_model(made, opset_imports=[opset], ir_version=8).SerializeToString()
