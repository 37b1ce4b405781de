"""Settings of `--kind=onnx` that a network's file leaves open: from flags, or a JSON beside it."""

import argparse
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from jaxseg.formats.files import read_json
from jaxseg.formats.names import check_known, clip

IMAGES, CLIPS = ("NCHW", "NHWC"), ("NCTHW", "NTCHW", "NTHWC")
LAYOUTS = IMAGES + CLIPS
# Mean and deviation of red, green and blue over ImageNet, in 0..1.
PRESETS = {"imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))}
DESCRIPTION = """\
Runs any network of images or clips that you have as a file, on one thread a process. Nothing is
guessed: what the file leaves open, such as the order of the axes, is set here or in a JSON file
beside it, FILE.json for FILE.onnx: {"layout": "NCHW", "channels_axis": 1}, with _ for -. A flag
counts before the file. Where something is missing, the message lists inputs and outputs and the
flags to give."""


def _numbers(value, count: int) -> tuple[float, ...]:
    """So many numbers, of which one alone stands for all."""
    words = value.split(",") if isinstance(value, str) else value
    words = words if isinstance(words, (list, tuple)) else [words]
    numbers = tuple(float(word) for word in words)
    if not all(map(math.isfinite, numbers)) or any(isinstance(word, bool) for word in words):
        raise ValueError(value)
    if len(numbers) not in (1, count):
        raise ValueError(value)
    return numbers if len(numbers) == count else numbers * count


def _positive(value) -> float:
    (number,) = _numbers(value, 1)
    if number <= 0:
        raise ValueError(value)
    return number


def _whole(value) -> int:
    number = _positive(value)
    if number != int(number):
        raise ValueError(value)
    return int(number)


def _size(value) -> tuple[int, int]:
    height, width = map(_whole, _numbers(value, 2))
    return height, width


def _colors(value) -> str | tuple[float, ...]:
    return value if isinstance(value, str) and value in PRESETS else _numbers(value, 3)


def _deviations(value) -> str | tuple[float, ...]:
    numbers = _colors(value)
    if not isinstance(numbers, str) and min(numbers) <= 0:
        raise ValueError(value)
    return numbers


def _text(value) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(value)
    return value.strip()


def _names(value) -> tuple[str, ...]:
    words = value.split(",") if isinstance(value, str) else value
    return tuple(_text(word) for word in words)


class Option(NamedTuple):
    """A flag, which is also a key in the JSON."""

    convert: Callable  # makes the setting of a flag's word or a JSON's value, or raises
    values: str  # the values that it takes, in words
    help: str  # what it is for


def _choice(choices: Sequence[str], help: str) -> Option:
    """An option that takes one of some words, in any case."""
    known = {choice.lower(): choice for choice in choices}
    return Option(lambda value: known[_text(value).lower()], "|".join(choices), help)


def _count(help: str) -> Option:
    return Option(_whole, "a whole number from 1", help)


OPTIONS = {
    "layout": _choice(
        LAYOUTS,
        "axes of the input: batch, channels, time, height, width (needed where the input's shape"
        " fits several)",
    ),
    "size": Option(
        _size,
        "N or HEIGHT,WIDTH",
        "of the picture in pixels (needed where the input's shape leaves it open)",
    ),
    "crop": _choice(
        ("center", "none"),
        "center: scaled until it covers the size, the middle cut out (default); none: squashed",
    ),
    "scale": Option(
        _positive,
        "a number above 0",
        "what pixels of 0..255 are divided by (default 255, 1 for an input of bytes)",
    ),
    "mean": Option(
        _colors,
        "a number, three as RED,GREEN,BLUE, or imagenet",
        "subtracted after --scale (default 0); imagenet sets --deviation, too",
    ),
    "deviation": Option(
        _deviations,
        "a number above 0, three as RED,GREEN,BLUE, or imagenet",
        "what the difference is divided by (default 1)",
    ),
    "channel_order": _choice(
        ("rgb", "bgr"), "of the input (default rgb); mean and deviation are red first in either"
    ),
    "clip": _count("frames of a clip, at --fps (needed where the input's shape leaves it open)"),
    "stride": _count(
        "frames from a clip to the next one; a frame takes the row of the clip whose middle is"
        " nearest (default: 1 for images, a quarter of the clip for clips)"
    ),
    "batch": _count("images or clips at a time (default: the input's own, else 8 images, 1 clip)"),
    "output": Option(_text, "a name", "which output is taken (needed where there are several)"),
    "channels_axis": _count(
        "which axis of the output holds the channels, the batch being 0 (needed where several axes"
        " are longer than 1)"
    ),
    "pool": _choice(
        ("mean", "first"),
        "what becomes of the output's other axes: mean (default), or the first token (CLS)",
    ),
    "providers": Option(
        _names,
        "names, comma between",
        "onnxruntime's execution providers (default CPUExecutionProvider)",
    ),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds --model and the options of the kind to a parser, as a group."""
    group = parser.add_argument_group("--kind=onnx", DESCRIPTION)
    group.add_argument("--model", type=Path, metavar="FILE.onnx", help="the network")
    for name, option in OPTIONS.items():
        metavar = option.values if "|" in option.values else "X"
        help = option.help if "|" in option.values else f"{option.values}: {option.help}"
        group.add_argument(flag(name), dest=name, metavar=metavar, help=help)


def given(arguments: argparse.Namespace) -> dict[str, object]:
    """Options of the kind that a command line gives, as words, with --model."""
    values = {name: getattr(arguments, name) for name in ("model", *OPTIONS)}
    return {name: value for name, value in values.items() if value is not None}


def gather(model: Path, options: Mapping[str, object]) -> dict:
    """Settings that are given: those of the JSON beside the model, if any, options over them.

    The options are words or values as a JSON has them; messages spell their names as flags.
    """
    file = model.with_suffix(".json")
    content = read_json(file) if file != model and file.is_file() else {}
    if not isinstance(content, dict):
        raise ValueError(f"{file}: {clip(content)} is no object of settings")
    check_known(str(file), content, OPTIONS)
    check_known("--kind=onnx", options, OPTIONS)
    settings = {name: _converted(f"{file}: {name}", name, content[name]) for name in content}
    return settings | {name: _converted(flag(name), name, options[name]) for name in options}


def _converted(where: str, name: str, value: object) -> object:
    try:
        return OPTIONS[name].convert(value)
    except (ValueError, TypeError, KeyError, OverflowError):
        raise ValueError(f"{where}: {clip(value)} is not {OPTIONS[name].values}") from None


def flag(name: str) -> str:
    """--channels-axis for channels_axis."""
    return f"--{name.replace('_', '-')}"
