"""A network from an ONNX file: opened, understood by a dry run on zeros, run."""

import difflib
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jaxseg.features.extra import need
from jaxseg.features.onnx.shapes import Input, settle, written

CPU = "CPUExecutionProvider"


@dataclass(frozen=True)
class Output:
    """What the network's output is made into.

    Attributes:
        name: of the output.
        channels: columns of the features.
        axis: the output's axis of channels.
        pool: "mean" or "first", over all axes but the batch and the channels.
    """

    name: str
    channels: int
    axis: int
    pool: str


@dataclass(frozen=True)
class Network:
    """An open model.

    Attributes:
        path: its file.
        session: ONNX Runtime's.
        input_name: of its one input.
    """

    path: Path
    session: object
    input_name: str

    def run(self, clips: np.ndarray, given: Input, output: str) -> np.ndarray:
        """The raw output for pixels, uint8 [batch, clip, height, width, 3].

        Raises:
            ValueError: the network does not take them, or has no array to show for it.
        """
        pixels = arranged(clips, given)
        try:
            (result,) = self.session.run([output], {self.input_name: pixels})
        except Exception as error:  # ONNX Runtime's errors have no class of their own above them
            shape = f"{written(pixels.shape)} ({given.layout})"
            raise ValueError(
                f"{self.path} fails on an input of {shape}: {_reason(error)}"
            ) from None
        if not isinstance(result, np.ndarray) or result.dtype.kind not in "fiu":
            raise ValueError(f"{self.path}: output {output!r} is no array of numbers")
        return result


def open_network(path: Path, providers: Sequence[str] = ()) -> Network:
    """The model of a file, on one thread: processes are what runs side by side.

    Raises:
        ValueError: no file, no ONNX, operators, versions or weights that are not there, a
            provider that this installation does not have, or not exactly one input.
    """
    runtime = need("onnxruntime")
    if not path.is_file():
        raise ValueError(f"{path}: {'a folder' if path.is_dir() else 'no such file'}")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong comes as an exception, too
    chosen = _chosen(providers, runtime.get_available_providers())
    try:
        with warnings.catch_warnings(action="ignore"):
            session = runtime.InferenceSession(str(path), options, providers=[*chosen, CPU])
    except Exception as error:
        raise ValueError(f"{path} {_diagnosis(error)}") from None
    if missing := [name for name in chosen if name not in session.get_providers()]:
        raise ValueError(f"{path}: onnxruntime could not start {missing[0]}")
    inputs = session.get_inputs()
    if len(inputs) != 1:
        names = ", ".join(f"{node.name!r} {written(node.shape)}" for node in inputs)
        raise ValueError(f"{path} has {len(inputs)} inputs ({names}); one, the pictures, is needed")
    return Network(path, session, inputs[0].name)


def understand(network: Network, said: Mapping[str, object]) -> tuple[Input, Output]:
    """What is to be given to the network, and what comes back, by a run on black pictures.

    Args:
        network: an open model.
        said: option -> value, see `onnx_settings.gather`.

    Raises:
        ValueError: one sentence, see `onnx_shapes.settle`; or an output that is no [N, channels]
            and cannot be made one.
    """
    (node,) = network.session.get_inputs()
    given = settle(f"{network.path}: input {node.name!r}", node.shape, node.type, said)
    name = _output_name(network, said.get("output"))
    black = np.zeros((given.batch, given.clip, *given.size, 3), np.uint8)
    shape = network.run(black, given, name).shape
    place = f"{network.path}: output {name!r} is {written(shape)}"
    if len(shape) < 2 or shape[0] != given.batch or 0 in shape:
        raise ValueError(f"{place} for a batch of {given.batch}; [batch, channels, ...] is needed")
    axis = said.get("channels_axis") or _channels_axis(place, shape, given.layout)
    if axis >= len(shape):
        raise ValueError(f"{place}, which has no axis {axis} (--channels-axis)")
    pool = said.get("pool", "mean")
    if pool == "first" and sum(size > 1 for size in shape[1:]) > 2:
        raise ValueError(f"{place}, no [N, tokens, channels]: --pool=first is of no use")
    return given, Output(name, shape[axis], axis, pool)


def arranged(clips: np.ndarray, given: Input) -> np.ndarray:
    """Pixels, uint8 [batch, clip, height, width, 3] in RGB, as the network's input."""
    order = slice(None, None, -1 if given.channel_order == "bgr" else 1)
    values = clips
    if given.type != "uint8":
        mean, deviation = (np.array(value, np.float32) for value in (given.mean, given.deviation))
        values = (clips / np.float32(given.scale) - mean) / deviation
    axes = "NTHWC"
    if "T" not in given.layout:
        values, axes = values[:, 0], "NHWC"
    values = values[..., order].transpose([axes.index(axis) for axis in given.layout])
    return np.ascontiguousarray(values, given.type)


def pooled(result: np.ndarray, output: Output) -> np.ndarray:
    """float32 [N, channels] of a raw output."""
    rows = np.moveaxis(result, output.axis, 1)
    rows = rows.reshape(*rows.shape[:2], -1).astype(np.float32)
    return rows[:, :, 0] if output.pool == "first" else rows.mean(2)


def _channels_axis(place: str, shape: Sequence[int], layout: str) -> int:
    """Where the channels are: the one axis there is, or where networks of a layout have them."""
    long = [axis for axis, size in enumerate(shape) if axis and size > 1]
    if len(shape) == 2 or len(long) <= 1:
        return (long or [1])[0]
    if layout.endswith("C") or (len(shape) == 3 and layout != "NCTHW"):
        return len(shape) - 1
    if len(shape) >= 4 and layout != "NTCHW":
        return 1
    if len(shape) == 5:
        return 2
    raise ValueError(f"{place}: which axis holds the channels? --channels-axis=1, say, tells")


def _output_name(network: Network, asked: str | None) -> str:
    names = [node.name for node in network.session.get_outputs()]
    if asked is not None and asked not in names:
        (nearest,) = difflib.get_close_matches(asked, names, n=1, cutoff=0.0)
        raise ValueError(f"{network.path} has no output {asked!r}; nearest is {nearest!r}")
    return names[0] if asked is None else asked


def _chosen(providers: Sequence[str], there: Sequence[str]) -> list[str]:
    """Providers without the CPU, which comes last in any case."""
    for name in providers:
        if name not in there:
            raise ValueError(
                f"--providers: {name} is none of this onnxruntime's {', '.join(there)}"
            )
    return [name for name in providers if name != CPU]


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
    """ONNX Runtime's own words in a line, without its numbers and places in its source."""
    text = " ".join(str(error).split())
    text = re.sub(r"\[ONNXRuntimeError\] : \d+ : \w+ : ", "", text)
    text = re.sub(r"/onnxruntime_src/\S+ .*?\) |Load model from .*? failed:", "", text)
    return text if len(text) <= 240 else f"{text[:237]}..."
