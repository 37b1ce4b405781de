"""What `python -m jaxseg.features` is told, does and says."""

import argparse
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

from jaxseg.features import extra
from jaxseg.features.job import Summary, extract
from jaxseg.features.kinds import KINDS, MOST_FPS, MOTION, Kind, make_kind
from jaxseg.features.onnx import settings as onnx_settings
from jaxseg.formats.names import shown

DESCRIPTION = """\
A folder of videos -> a folder of features, one .npy of [frames, channels] a video.

python -m jaxseg.features --videos=DIR --out=OUT
python -m jaxseg.features --videos=NEW --out=OUT2 --reuse=OUT/motion.npz
python -m jaxseg.features --videos=DIR --out=OUT --kind=onnx --model=dino.onnx --mean=imagenet

Reads .mp4 .mkv .mov .avi .webm in DIR and in its subfolders, which are activities, by their
timestamps: row k shows what a player shows k / fps seconds behind the first picture, turned as a
player turns it. Writes OUT/<video>.npy, OUT/features.json (what each was made from, and why those
that failed did) and, of kind motion, OUT/motion.npz.

kinds:
  motion  shape, flow and change of flow along tracks (HOG, HOF, MBH), as Fisher vectors of 64
          channels; needs no weights, but learns its words from the videos themselves first
  onnx    what a network makes of pictures or clips that is at hand as FILE.onnx

A stopped command goes on when it is given again; what is done stays, what has changed is made
again. New videos in DIR land in the space of those before. Status 1: some videos failed.
pip install '.[video]' in jaxseg's checkout installs the libraries that this needs."""

EPILOG = """\
go on with:
  python -m jaxseg.main --config=configs/asot_folder.py --config.data.root=OUT \\
      --config.model.num_clusters=7
or leave all of it, from the videos to the report, to one command:
  python -m jaxseg.main --config=configs/asot_videos.py --config.data.videos=DIR"""


def positive(word: str) -> int:
    """A whole number from 1."""
    if not word.isdecimal() or (value := int(word)) < 1:
        raise argparse.ArgumentTypeError(f"{word!r} is not a whole number from 1")
    return value


def rate(word: str) -> float:
    """Frames a second."""
    with contextlib.suppress(ValueError):
        if 0 < (value := float(word)) <= MOST_FPS:
            return value
    raise argparse.ArgumentTypeError(f"{word!r} is no number above 0 and up to {MOST_FPS}")


def place(word: str) -> Path:
    """A path; shells leave the ~ of --videos=~/films to the program."""
    if not word:
        raise argparse.ArgumentTypeError("is empty")
    return Path(word).expanduser()


OPTIONS = {
    "--videos": {
        "type": place,
        "metavar": "DIR",
        "required": True,
        "help": "folder of videos",
    },
    "--out": {
        "type": place,
        "metavar": "OUT",
        "required": True,
        "help": "folder of features: new, or that of an earlier call",
    },
    "--kind": {"choices": KINDS, "default": MOTION, "help": "see above (default motion)"},
    "--fps": {
        "type": rate,
        "metavar": "N",
        "default": 15.0,
        "help": "rows a second, whatever a video's own rate is (default 15)",
    },
    "--processes": {
        "type": positive,
        "metavar": "N",
        "help": "videos at once, each on one core (default: all cores)",
    },
    "--reuse": {
        "type": place,
        "metavar": "FILE",
        "help": "kind motion: motion.npz of another folder, in whose space the videos then land",
    },
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.epilog = EPILOG
    parser.usage = "%(prog)s --videos=DIR --out=OUT [--kind=motion|onnx] [options]"
    for name, options in OPTIONS.items():
        parser.add_argument(name, **options)
    onnx_settings.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """The exit status: 1 where some videos failed.

    Raises:
        ValueError: whatever concerns all videos.
    """
    extra.check(["av"])
    kind = make(arguments)
    summary = extract(
        arguments.videos,
        arguments.out,
        kind,
        fps=arguments.fps,
        processes=arguments.processes,
    )
    for line in describe(summary, arguments.out):
        print(line)
    for line in complaints(summary):
        print(line, file=sys.stderr)
    return 1 if summary.failed else 0


def make(arguments: argparse.Namespace) -> Kind:
    """The kind that a command line asks for; an option of the other one is a mistake."""
    if arguments.kind == MOTION:
        given = onnx_settings.given(arguments)
        if arguments.model is not None or given:
            name = "model" if arguments.model is not None else next(iter(given)).replace("_", "-")
            raise ValueError(f"--{name} belongs to --kind=onnx")
        kind = make_kind(MOTION)
        if arguments.reuse is not None:
            kind.load(arguments.reuse)
        return kind
    if arguments.reuse is not None:
        raise ValueError("--reuse belongs to --kind=motion")
    # Opens the network, with ONNX Runtime.
    from jaxseg.features.onnx.kind import from_arguments

    return from_arguments(arguments)


def describe(summary: Summary, out: Path) -> list[str]:
    """What was done, in a line or a few."""
    counts = f"{len(summary.done)} done, {len(summary.kept)} kept, {len(summary.failed)} failed"
    lines = [f"{out}: {counts}"]
    if summary.others:
        lines.append(f"not looked at: {summary.others} other files and folders")
    if summary.removed:
        lines.append(f"removed, since their videos are gone: {listed(summary.removed)}")
    if summary.truncated:
        lines.append(f"broken, used as far as they can be read: {listed(summary.truncated)}")
    return lines


def listed(names: Sequence[str], most: int = 10) -> str:
    """'a', 'b' and 9 more."""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(shown, names[:most])) + rest


def complaints(summary: Summary) -> list[str]:
    """A line for each video that failed."""
    return [f"failed: {shown(file)}: {reason}" for file, reason in summary.failed.items()]
