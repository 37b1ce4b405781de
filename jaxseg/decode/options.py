"""The options of `python -m jaxseg.decode`, and what they ask of each other."""

import argparse
import math
from pathlib import Path

from jaxseg.decode.evidence import KINDS
from jaxseg.decode.score_files import LAYOUTS
from jaxseg.decode.settings import DEFAULTS, GRID, ITERATIONS, Settings

FUGW, VITERBI, ARGMAX, MEDIAN = METHODS = ("fugw", "viterbi", "argmax", "median")

DESCRIPTION = """\
Frame scores of anyone's model -> a segmentation that hangs together in time.

python -m jaxseg.decode --scores=DIR --out=DIR
python -m jaxseg.decode --scores=DIR --out=DIR --kind=logits --mapping=mapping.txt
python -m jaxseg.decode --scores=DIR --out=DIR --truth=DIR --background=0 --tune --report
python -m jaxseg.decode --scores=NEW --out=DIR2 --settings=DIR/tuned.json

Writes DIR/predictions/<video>.txt, the name of a class a line, which
python -m jaxseg.evaluation segmentation --predictions=DIR/predictions --truth=...
reads; beside it config.json and, where they are asked for, evaluation.json (scores before
and after), tuned.json, segments.csv and report.html. DIR has to be new or empty."""

METHODS_HELP = """\
methods:
  fugw     structured optimal transport of ASOT (Xu and Gould, CVPR 2024): neighbours agree,
           classes may come back, none has to be there
  viterbi  the likeliest path that shows classes in a given order, see --order
  median   the most frequent argmax in a window around each frame
  argmax   the best class of each frame by itself"""


def numbers(words: str) -> tuple[float, ...]:
    """The numbers of a comma list."""
    values = tuple(float(word) for word in words.split(","))
    if not all(map(math.isfinite, values)):
        raise ValueError(words)
    return values


def positive(word: str) -> int:
    """A whole number from 1."""
    if (value := int(word)) < 1:
        raise ValueError(word)
    return value


def odd(word: str) -> int:
    """An odd number from 1."""
    if (value := positive(word)) % 2 == 0:
        raise ValueError(word)
    return value


def not_negative(word: str) -> int:
    """A whole number from 0."""
    if (value := int(word)) < 0:
        raise ValueError(word)
    return value


def listed(values: tuple[float, ...]) -> str:
    return ",".join(f"{value:g}" for value in values)


HYPER_PARAMETERS = {
    "alpha": "weight of agreement in time, 0 to 1",
    "radius": "how far it reaches, as a share of the video: less than a segment",
    "epsilon": "weight of the entropy",
    "lambda_actions": "weight of equal shares of the classes",
}

OPTIONS = {
    "--scores": {
        "type": Path,
        "metavar": "PATH",
        "required": True,
        "help": "a file or a folder of .npy, .npz, .mat, .txt or .csv, a video a file; a .mat"
        " may hold several in cells",
    },
    "--out": {"type": Path, "metavar": "DIR", "required": True, "help": "is made"},
    "--kind": {
        "choices": KINDS,
        "help": "default: probabilities, if every frame's sum is 1; what else scores are cannot"
        " be seen and has to be said",
    },
    "--key": {
        "metavar": "NAME",
        "help": "the array in each .npz or .mat (default: the only one; S in a .mat)",
    },
    "--layout": {
        "choices": LAYOUTS,
        "help": "default: told by the number of classes, or by the axis that all videos share",
    },
    "--method": {"choices": METHODS, "default": FUGW, "help": "see below (default fugw)"},
    **{
        f"--{name.replace('_', '-')}": {
            "type": numbers,
            "metavar": "X",
            "help": f"fugw: {what} (default {getattr(DEFAULTS, name):g}; --tune: a comma list,"
            f" default {listed(GRID[name])})",
        }
        for name, what in HYPER_PARAMETERS.items()
    },
    "--iterations": {
        "type": positive,
        "metavar": "N",
        "help": f"fugw: steps of mirror descent (default {ITERATIONS})",
    },
    "--settings": {"type": Path, "metavar": "FILE", "help": "fugw: tuned.json of --tune"},
    "--window": {
        "type": odd,
        "metavar": "FRAMES",
        "help": "median: its length, odd (default: a 25th of the video)",
    },
    "--order": {
        "type": Path,
        "metavar": "PATH",
        "help": "viterbi: classes in their order, one a line: a file, or a folder with one for"
        " each video (default: those that argmax shows, by mean time)",
    },
    "--truth": {
        "type": Path,
        "metavar": "PATH",
        "help": "true labels, a file a video: scores before and after under mstcn",
    },
    "--background": {
        "default": "",
        "metavar": "NAMES",
        "help": "classes that edit score and F1 leave out",
    },
    "--length-tolerance": {
        "type": not_negative,
        "default": 0,
        "metavar": "FRAMES",
        "help": "by which truth and scores may differ in length (default 0)",
    },
    "--tune": {
        "action": "store_true",
        "help": "fugw: choose its numbers on one half of the videos, or of the .mat files where"
        " there are several, and report the scores of the other half",
    },
    "--seed": {
        "type": not_negative,
        "metavar": "N",
        "help": "--tune: of the division into halves (default 0)",
    },
    "--segments": {"choices": ("csv",), "help": "writes segments.csv, too"},
    "--report": {"action": "store_true", "help": "writes report.html: scores and pictures"},
}
OWN = {"window": MEDIAN, "order": VITERBI, "tune": FUGW, "settings": FUGW, "iterations": FUGW}
OWN |= dict.fromkeys(Settings._fields, FUGW)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Gives a parser the options of the command."""
    parser.usage = "%(prog)s --scores=PATH --out=DIR [options]"
    parser.description = DESCRIPTION
    parser.epilog = METHODS_HELP
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    for name, settings in OPTIONS.items():
        parser.add_argument(name, **settings)
    classes = parser.add_mutually_exclusive_group()
    classes.add_argument("--classes", type=positive, metavar="K", help="how many there are")
    classes.add_argument(
        "--mapping", type=Path, metavar="FILE", help="'index name' a line: the classes by name"
    )


def check(arguments: argparse.Namespace) -> None:
    """Raises ValueError for options that do not go together."""
    given = vars(arguments)
    for name, method in OWN.items():
        if given[name] not in (None, False) and arguments.method != method:
            option = name.replace("_", "-")
            raise ValueError(f"--{option} is for --method={method}, not {arguments.method}")
    if arguments.seed is not None and not arguments.tune:
        raise ValueError("--seed needs --tune")
    if arguments.tune and arguments.settings is not None:
        raise ValueError("--tune chooses what --settings would give")
    for name in ("tune", "background", "length_tolerance"):
        if given[name] and arguments.truth is None:
            raise ValueError(f"--{name.replace('_', '-')} needs --truth")
    for name in ("scores", "truth", "order"):
        if given[name] and arguments.out.resolve().is_relative_to(given[name].resolve()):
            raise ValueError(f"{arguments.out}: lies in --{name}, where every file is read")
