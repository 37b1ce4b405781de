"""A network from an ONNX file: opened, matched with the settings, run.

What the file leaves open has to be set; `understand` checks all of it before the first video, by a
run on black pictures.
"""

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jaxseg.features import need
from jaxseg.features.onnx.settings import CLIPS, IMAGES, LAYOUTS, PRESETS, flag
from jaxseg.formats.names import check_known

CPU = "CPUExecutionProvider"
# NumPy's names of the types that pictures can have, by ONNX Runtime's.
TYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(uint8)": "uint8",
}
Shape = Sequence[int | str | None]  # a size an axis; a name or None where the model leaves it open


@dataclass(frozen=True)
class Input:
    """What frames are made into before the network gets them, by the options of these names.

    Pixels are divided by `scale`, then `mean` is subtracted, and the rest divided by `deviation`.
    """

    layout: str
    batch: int
    clip: int  # frames of a clip, 1 for images
    size: tuple[int, int]  # height and width in pixels
    crop: str
    scale: float
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
    channel_order: str
    stride: int
    type: str  # NumPy's name of the input's type


@dataclass(frozen=True)
class Output:
    """What the network's output is made into."""

    name: str
    channels: int  # columns of the features
    axis: int  # the output's axis of channels
    pool: str  # "mean" or "first", over all axes but the batch and the channels


@dataclass(frozen=True)
class Network:
    """An open model."""

    path: Path  # its file
    session: object  # ONNX Runtime's

    @property
    def input(self):
        """ONNX Runtime's record of the one input: name, shape, type."""
        return self.session.get_inputs()[0]

    def __str__(self) -> str:
        """File, input and outputs with types and shapes, for messages."""
        outputs = ", ".join(map(_described, self.session.get_outputs()))
        return f"{self.path}: input {_described(self.input)}; output {outputs}"

    def run(self, clips: np.ndarray, given: Input, output: str) -> np.ndarray:
        """Raw output, an array of numbers, for pixels, uint8 [batch, clip, height, width, 3]."""
        pixels = arranged(clips, given)
        try:
            (result,) = self.session.run([output], {self.input.name: pixels})
        except Exception as error:  # ONNX Runtime's errors have no class of their own above them
            shape = f"{written(pixels.shape)} ({given.layout})"
            raise ValueError(
                f"{self.path} fails on an input of {shape}: {_reason(error)}"
            ) from None
        if not isinstance(result, np.ndarray) or result.dtype.kind not in "fiu":
            raise ValueError(f"{self.path}: output {output!r} is no array of numbers")
        return result


def open_network(path: Path, providers: Sequence[str] = ()) -> Network:
    """Opens a model of one input on one thread: processes are what runs side by side."""
    if not path.is_file():
        raise ValueError(f"{path}: {'a folder' if path.is_dir() else 'no such file'}")
    available = need("onnxruntime").get_available_providers()
    for name in providers:
        if name not in available:
            raise ValueError(
                f"--providers: {name} is none of this onnxruntime's {', '.join(available)}"
            )
    chosen = [name for name in providers if name != CPU]
    try:
        with warnings.catch_warnings(action="ignore"):
            session = start(str(path), chosen)
    except Exception as error:
        raise ValueError(f"{path} {_diagnosis(error)}") from None
    if missing := [name for name in chosen if name not in session.get_providers()]:
        raise ValueError(f"{path}: onnxruntime could not start {missing[0]}")
    inputs = session.get_inputs()
    if len(inputs) != 1:
        listed = ", ".join(map(_described, inputs))
        raise ValueError(
            f"{path} has {len(inputs)} inputs ({listed}); one, the pictures, is needed"
        )
    return Network(path, session)


def start(model: str | bytes, providers: Sequence[str] = ()):
    """ONNX Runtime's session of one thread for a model, the path of its file or its content."""
    runtime = need("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # errors come as exceptions, too
    return runtime.InferenceSession(model, options, providers=[*providers, CPU])


def understand(network: Network, settings: Mapping[str, object]) -> tuple[Input, Output]:
    """Input that the network is to be given, and its output, tried on black pictures.

    Raises:
        ValueError: one sentence: settings that the file leaves open and nobody has given, with all
            that the file says; settings that do not fit it; an output that is no [N, channels] and
            cannot be made one.
    """
    names = [node.name for node in network.session.get_outputs()]
    name = settings.get("output", names[0])
    check_known(f"{network.path}: output", [name], names)
    open_settings = [] if "output" in settings or len(names) == 1 else ["--output=NAME"]
    given = _settle_input(network, settings, open_settings)
    black = np.zeros((given.batch, given.clip, *given.size, 3), np.uint8)
    shape = network.run(black, given, name).shape
    place = f"{network.path}: output {name!r} is {written(shape)}"
    if len(shape) < 2 or shape[0] != given.batch or 0 in shape:
        raise ValueError(f"{place} for a batch of {given.batch}; [batch, channels, ...] is needed")
    long = [axis for axis, size in enumerate(shape) if axis and size > 1] or [1]
    if len(long) > 1 and "channels_axis" not in settings:
        choices = "|".join(map(str, long))
        raise ValueError(
            f"{place}: which axis holds the channels? give {flag('channels_axis')}={choices}, "
            f"or channels_axis in {network.path.with_suffix('.json').name}"
        )
    axis = settings.get("channels_axis", long[0])
    if axis >= len(shape):
        raise ValueError(f"{place}, which has no axis {axis} (--channels-axis)")
    pool = settings.get("pool", "mean")
    if pool == "first" and len(long) > 2:
        raise ValueError(f"{place}, no [N, tokens, channels]: --pool=first is of no use")
    return given, Output(name, shape[axis], axis, pool)


def _settle_input(network: Network, settings: Mapping, open_settings: list[str]) -> Input:
    """The input's settings: those given, else the model's, else the defaults."""
    shape, kind = network.input.shape, network.input.type
    place = f"{network.path}: input {network.input.name!r}"
    if kind not in TYPES:
        raise ValueError(f"{place} takes {kind}; pictures can be {', '.join(TYPES)}")
    layouts = [settings["layout"]] if "layout" in settings else _fitting_layouts(place, shape)
    if settings.get("clip", 1) != 1 and not set(layouts) & set(CLIPS):
        raise ValueError(
            f"{place}: clips of {settings['clip']} need a layout of {', '.join(CLIPS)}, "
            f"not {'|'.join(layouts)}"
        )
    sizes = {layout: _sizes(layout, shape, settings) for layout in layouts}
    possible = {
        layout: size
        for layout, size in sizes.items()
        if len(layout) == len(shape) and size | _fixed(layout, shape) == size
    }
    if not possible:
        layout, size = next(iter(sizes.items()))
        offered = written([axis if size[axis] is None else size[axis] for axis in layout])
        raise ValueError(f"{place} is {written(shape)}; it would be given {offered} ({layout})")
    if len(possible) > 1:
        open_settings.append(f"--layout={'|'.join(possible)}")
    if all(None in (size["H"], size["W"]) for size in possible.values()):
        open_settings.append("--size=HEIGHT,WIDTH")
    if all(size["T"] is None for size in possible.values()):
        open_settings.append("--clip=FRAMES")
    if open_settings:
        file = network.path.with_suffix(".json").name
        raise ValueError(f"{network}: give {' '.join(open_settings)}, or the same in {file}")
    ((layout, size),) = possible.items()
    return Input(
        layout=layout,
        batch=size["N"] or (8 if layout in IMAGES else 1),
        clip=size["T"],
        size=(size["H"], size["W"]),
        crop=settings.get("crop", "center"),
        channel_order=settings.get("channel_order", "rgb"),
        stride=settings.get("stride", max(1, size["T"] // 4)),
        type=TYPES[kind],
        **_colors(place, TYPES[kind], settings),
    )


def _fitting_layouts(place: str, shape: Shape) -> list[str]:
    """Layouts of as many axes, whose axis of channels is 3 or left open."""
    layouts = [layout for layout in LAYOUTS if len(layout) == len(shape)]
    if not layouts:
        raise ValueError(f"{place} is {written(shape)}; images and clips are {', '.join(LAYOUTS)}")
    fitting = [layout for layout in layouts if _fixed(layout, shape).get("C", 3) == 3]
    if not fitting:
        raise ValueError(f"{place} is {written(shape)}, no axis of which is of 3 colors")
    return fitting


def _sizes(layout: str, shape: Shape, settings: Mapping) -> dict[str, int | None]:
    """Axis -> size; None where neither settings nor model have one. The axis T of images is 1."""
    height, width = settings.get("size", (None, None))
    asked = {"N": settings.get("batch"), "C": 3, "T": settings.get("clip"), "H": height, "W": width}
    given = {axis: size for axis, size in asked.items() if size is not None}
    images = {"T": 1} if layout in IMAGES else {}
    return dict.fromkeys(asked) | _fixed(layout, shape) | given | images


def _fixed(layout: str, shape: Shape) -> dict[str, int]:
    """Axis -> size of the axes that the model does not leave open; {} where it has others."""
    if len(layout) != len(shape):
        return {}
    named = zip(layout, shape, strict=True)
    return {axis: size for axis, size in named if isinstance(size, int) and size > 0}


def _colors(place: str, kind: str, settings: Mapping[str, object]) -> dict[str, object]:
    """Scale, mean and deviation; the name of a preset for one of the last two sets both."""
    names = [settings[name] for name in ("mean", "deviation") if name in settings]
    preset = next((name for name in names if isinstance(name, str)), None)
    defaults = PRESETS[preset] if preset else ((0.0,) * 3, (1.0,) * 3)
    colors = {"scale": settings.get("scale", 1.0 if kind == "uint8" else 255.0)}
    for name, default in zip(("mean", "deviation"), defaults, strict=True):
        value = settings.get(name, default)
        colors[name] = default if isinstance(value, str) else value
        highest, limit = max(colors[name]), 255 / colors["scale"]
        if highest > max(limit, 1.0):
            scale = f"--scale={colors['scale']:g}"
            raise ValueError(f"{place}: {name} {highest:g}, but pixels end at {limit:g} by {scale}")
    if kind == "uint8" and colors != {"scale": 1.0, "mean": (0.0,) * 3, "deviation": (1.0,) * 3}:
        raise ValueError(f"{place} takes bytes, pixels as they are: no scale, mean or deviation")
    return colors


def arranged(clips: np.ndarray, given: Input) -> np.ndarray:
    """Pixels, uint8 [batch, clip, height, width, 3] in RGB, as the network's input."""
    values, axes = clips, "NTHWC"
    if given.type != "uint8":
        mean, deviation = np.float32(given.mean), np.float32(given.deviation)
        values = (clips / np.float32(given.scale) - mean) / deviation
    if given.channel_order == "bgr":
        values = values[..., ::-1]
    if "T" not in given.layout:
        values, axes = values[:, 0], "NHWC"
    values = values.transpose([axes.index(axis) for axis in given.layout])
    return np.ascontiguousarray(values, given.type)


def pooled(result: np.ndarray, output: Output) -> np.ndarray:
    """float32 [N, channels] of a raw output."""
    rows = np.moveaxis(result, output.axis, 1)
    rows = rows.reshape(*rows.shape[:2], -1).astype(np.float32)
    return rows[:, :, 0] if output.pool == "first" else rows.mean(2)


def _described(node) -> str:
    """'pixels' float32 [N, 3, 224, 224], of ONNX Runtime's record of an input or output."""
    kind = TYPES.get(node.type, node.type)
    return f"{node.name!r} {kind} {written(node.shape) if node.shape else 'of any shape'}"


def written(shape: Shape) -> str:
    """[batch, 3, ?, 224]: a shape for a message."""
    return f"[{', '.join('?' if size is None else str(size) for size in shape)}]"


def _diagnosis(error: Exception) -> str:
    reason = _reason(error)
    if "Protobuf parsing failed" in reason or "No graph was found" in reason:
        return "is no ONNX model, or is cut short"
    if "is not a registered" in reason:
        return f"needs an operator that onnxruntime does not have: {reason}"
    if "External" in reason:
        return f"has its weights in a second file, which is missing or cut short: {reason}"
    return f"cannot be opened: {reason}"


def _reason(error: Exception) -> str:
    """ONNX Runtime's own words in a line, without its error numbers and places in its source."""
    text = " ".join(str(error).split())
    text = re.sub(r"\[ONNXRuntimeError\] : \d+ : \w+ : ", "", text)
    text = re.sub(r"/onnxruntime_src/\S+ .*?\) |Load model from .*? failed:", "", text)
    return text if len(text) <= 240 else f"{text[:237]}..."
