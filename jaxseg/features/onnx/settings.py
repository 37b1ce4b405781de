"""What `--kind=onnx` has to know about a network: from flags, or from a JSON beside the model."""

import argparse
import difflib
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from jaxseg.formats.files import read_json
from jaxseg.formats.names import clip as shortened

IMAGES, CLIPS = ("NCHW", "NHWC"), ("NCTHW", "NTCHW", "NTHWC")
LAYOUTS = IMAGES + CLIPS
# Mean and deviation of red, green and blue over ImageNet, in 0..1.
PRESETS = {"imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))}
DESCRIPTION = """\
Any network of images or clips that is at hand as a file, on one thread a process, with no
weights of ours. What the model's input does not say is said here, or in a JSON file beside the
model, FILE.json for FILE.onnx: {"mean": "imagenet", "clip": 16}, with _ for -; a flag goes
before the file."""


def _numbers(value) -> tuple[float, ...]:
    words = value.split(",") if isinstance(value, str) else value
    words = words if isinstance(words, (list, tuple)) else [words]
    numbers = tuple(float(word) for word in words)
    if not all(map(math.isfinite, numbers)) or any(isinstance(word, bool) for word in words):
        raise ValueError(value)
    return numbers


def _whole(value) -> int:
    (number,) = _numbers(value)
    if number < 1 or number != int(number):
        raise ValueError(value)
    return int(number)


def _size(value) -> tuple[int, int]:
    numbers = tuple(_whole(number) for number in _numbers(value))
    height, width = numbers * 2 if len(numbers) == 1 else numbers
    return height, width


def _positive(value) -> float:
    (number,) = _numbers(value)
    if number <= 0:
        raise ValueError(value)
    return number


def _colours(value) -> str | tuple[float, float, float]:
    if isinstance(value, str) and value in PRESETS:
        return value
    numbers = _numbers(value)
    red, green, blue = numbers * 3 if len(numbers) == 1 else numbers
    return red, green, blue


def _deviations(value) -> str | tuple[float, float, float]:
    numbers = _colours(value)
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


def _one_of(*choices: str) -> Callable[[object], str]:
    def convert(value) -> str:
        return {choice.lower(): choice for choice in choices}[_text(value).lower()]

    return convert


class Option(NamedTuple):
    """A flag and its key in the JSON.

    Attributes:
        convert: makes a flag's word or a JSON's value the setting, or raises.
        wants: the values that it takes, in words.
        help: what it is for.
    """

    convert: Callable
    wants: str
    help: str


OPTIONS = {
    "layout": Option(
        _one_of(*LAYOUTS),
        "|".join(LAYOUTS),
        "axes of the input: batch, channels, time, height, width (default: by their number and"
        " the place of the 3)",
    ),
    "size": Option(
        _size,
        "N or HEIGHT,WIDTH",
        "of the picture in pixels (default: the input's own)",
    ),
    "crop": Option(
        _one_of("center", "none"),
        "center|none",
        "center: scaled until it covers the size, the middle cut out (default); none: squashed",
    ),
    "scale": Option(
        _positive,
        "a number above 0",
        "what pixels of 0..255 are divided by (default 255, 1 for an input of bytes)",
    ),
    "mean": Option(
        _colours,
        "a number, three as RED,GREEN,BLUE, or imagenet",
        "subtracted after --scale (default 0); imagenet sets --deviation, too",
    ),
    "deviation": Option(
        _deviations,
        "a number above 0, three as RED,GREEN,BLUE, or imagenet",
        "what the difference is divided by (default 1)",
    ),
    "channel_order": Option(
        _one_of("rgb", "bgr"),
        "rgb|bgr",
        "of the input (default rgb); mean and deviation are red first in either",
    ),
    "clip": Option(
        _whole,
        "a whole number from 1",
        "frames of a clip, at --fps (default: the input's own)",
    ),
    "stride": Option(
        _whole,
        "a whole number from 1",
        "frames from a clip to the next one; a frame takes the row of the clip whose middle is"
        " nearest (default: 1 for images, a quarter of the clip for clips)",
    ),
    "batch": Option(
        _whole,
        "a whole number from 1",
        "images or clips at a time (default: the input's own, else 8 images, 1 clip)",
    ),
    "output": Option(_text, "a name", "which output is taken (default: the first)"),
    "channels_axis": Option(
        _whole,
        "a whole number from 1",
        "which axis of the output holds the channels, the batch being 0 (default: the last of"
        " [N, tokens, C], else the same place as in the input)",
    ),
    "pool": Option(
        _one_of("mean", "first"),
        "mean|first",
        "what becomes of the output's other axes: mean (default), or the first token (CLS)",
    ),
    "providers": Option(
        _names,
        "names, comma between",
        "onnxruntime's execution providers (default CPUExecutionProvider)",
    ),
}
_DEST = "onnx_{}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Gives a parser --model and the options of the kind, as a group."""
    group = parser.add_argument_group("--kind=onnx", DESCRIPTION)
    group.add_argument("--model", type=Path, metavar="FILE.onnx", help="the network")
    for name, option in OPTIONS.items():
        metavar = option.wants if "|" in option.wants else "X"
        help = option.help if "|" in option.wants else f"{option.wants}: {option.help}"
        group.add_argument(_flag(name), dest=_DEST.format(name), metavar=metavar, help=help)


def given(arguments: argparse.Namespace) -> dict[str, str]:
    """The words of those options of the kind, without --model, that a command line gives."""
    words = {name: getattr(arguments, _DEST.format(name)) for name in OPTIONS}
    return {name: word for name, word in words.items() if word is not None}


def gather(model: Path, flags: Mapping[str, object], *, spelled: bool = True) -> dict:
    """The settings that are said: those of the JSON beside the model, flags over them.

    Args:
        model: FILE.onnx; FILE.json is read where there is one.
        flags: option -> value, as words or as a JSON would have it.
        spelled: whether messages spell an option as a flag.

    Raises:
        ValueError: an option that does not exist, with the nearest one, a value that the option
            does not take, or a JSON that cannot be read.
    """
    file = model.with_suffix(".json")
    content = read_json(file) if file != model and file.is_file() else {}
    if not isinstance(content, dict):
        raise ValueError(f"{file}: {shortened(content)} is no object of settings")
    said = {name: _converted(name, value, f"{file}: ") for name, value in content.items()}
    prefix = None if spelled else ""
    return said | {name: _converted(name, value, prefix) for name, value in flags.items()}


def _converted(name: str, value: object, prefix: str | None):
    if name not in OPTIONS:
        (nearest,) = difflib.get_close_matches(name, OPTIONS, n=1, cutoff=0.0)
        raise ValueError(f"{prefix or ''}no setting is called {name!r}; nearest is {nearest!r}")
    option = OPTIONS[name]
    try:
        return option.convert(value)
    except (ValueError, TypeError, KeyError, OverflowError):
        place = _flag(name) if prefix is None else f"{prefix}{name}"
        raise ValueError(f"{place}: {shortened(value)} is not {option.wants}") from None


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
