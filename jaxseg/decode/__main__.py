"""`python -m jaxseg.decode --scores=DIR --out=DIR`: anyone's frame scores -> a segmentation."""

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from jaxseg import command_line
from jaxseg.decode import FUGW, MEDIAN, METHODS, VITERBI
from jaxseg.decode.scores import KINDS, LAYOUTS
from jaxseg.decode.settings import DEFAULTS, GRID, ITERATIONS, Settings

DESCRIPTION = """\
Frame scores of anyone's model -> a segmentation that is consistent in time.

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
  fugw     structured optimal transport of ASOT (Xu and Gould, CVPR 2024): neighbors agree,
           classes may recur, and none has to occur
  viterbi  the likeliest path with the classes in a given order, see --order
  median   the most frequent argmax in a window around each frame
  argmax   the best class of each frame by itself"""


def numbers(text: str) -> tuple[float, ...]:
    """Numbers of a comma list."""
    values = tuple(float(word) for word in text.split(","))
    if not all(map(math.isfinite, values)):
        raise ValueError(text)
    return values


positive, not_negative = command_line.whole_number(1), command_line.whole_number(0)


def odd(text: str) -> int:
    """Odd number of at least 1."""
    if (value := positive(text)) % 2 == 0:
        raise ValueError(text)
    return value


HYPER_PARAMETERS = {
    "alpha": "weight of agreement in time, 0 to 1",
    "radius": "reach of the agreement, as a share of the video: less than a segment",
    "epsilon": "weight of the entropy",
    "lambda_actions": "weight of equal shares of the classes",
}

OPTIONS = {
    "--scores": {
        "type": Path,
        "metavar": "PATH",
        "required": True,
        "help": "a file or a folder of .npy, .npz, .mat, .h5, .txt or .csv, a video a file; a .mat"
        " may hold several in cells",
    },
    "--out": {"type": Path, "metavar": "DIR", "required": True, "help": "new or empty folder"},
    "--kind": {
        "choices": KINDS,
        "help": "default: probabilities, if every frame sums to 1; other kinds cannot be told from"
        " the numbers and have to be named",
    },
    "--key": {
        "metavar": "NAME",
        "help": "the array in each .npz, .mat or .h5 (default: the only one; S in a .mat)",
    },
    "--layout": {
        "choices": LAYOUTS,
        "help": "default: found by the number of classes, or by the axis that all videos share",
    },
    "--method": {"choices": METHODS, "default": FUGW, "help": "see below (default fugw)"},
    **{
        f"--{name.replace('_', '-')}": {
            "type": numbers,
            "metavar": "X",
            "help": f"fugw: {what} (default {getattr(DEFAULTS, name):g}; --tune: a comma list,"
            f" default {','.join(f'{value:g}' for value in GRID[name])})",
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
        "help": "median: length of the window, odd (default: a 25th of the video)",
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
        "metavar": "NAMES",
        "help": "classes that edit score and F1 leave out (default: 'background', as mstcn's"
        " program; --background= with nothing behind it: none)",
    },
    "--length-tolerance": {
        "type": not_negative,
        "default": 0,
        "metavar": "FRAMES",
        "help": "frames by which truth and scores may differ in length (default 0)",
    },
    "--tune": {
        "action": "store_true",
        "help": "fugw: chooses its numbers on one half of the videos, or of the .mat files where"
        " there are several, and reports the scores of the other half",
    },
    "--seed": {
        "type": not_negative,
        "metavar": "N",
        "help": "--tune: seed of the division into halves (default 0)",
    },
    "--segments": {"choices": ("csv",), "help": "also writes segments.csv"},
    "--report": {"action": "store_true", "help": "also writes report.html: scores and pictures"},
}
# Options of one method alone.
METHOD_OF = {"window": MEDIAN, "order": VITERBI} | dict.fromkeys(
    ("tune", "settings", "iterations", *Settings._fields), FUGW
)


def main(argv: Sequence[str]) -> int:
    """Exit status 0, 2 with one line that says what is wrong, or 130 after Ctrl-C."""
    parser = command_line.Parser(
        prog="python -m jaxseg.decode",
        usage="%(prog)s --scores=PATH --out=DIR [options]",
        description=DESCRIPTION,
        epilog=METHODS_HELP,
    )
    add_arguments(parser)
    arguments = parser.parse_args(argv)

    def decode() -> int:
        check(arguments)
        # Imports JAX, which `--help` does without.
        from jaxseg.decode.command import run

        return run(arguments)

    return command_line.run(decode, stopped="stopped; nothing was written")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Gives a parser the options of the command."""
    for name, settings in OPTIONS.items():
        parser.add_argument(name, **settings)
    classes = parser.add_mutually_exclusive_group()
    classes.add_argument("--classes", type=positive, metavar="K", help="number of classes")
    classes.add_argument(
        "--mapping", type=Path, metavar="FILE", help="'index name' a line: the classes by name"
    )


def check(arguments: argparse.Namespace) -> None:
    """Raises ValueError for options that do not go together."""
    given = vars(arguments)
    for name, method in METHOD_OF.items():
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
