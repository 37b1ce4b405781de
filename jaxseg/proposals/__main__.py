"""Fuses or suppresses detections that overlap: anyone's, in any format that the evaluator reads.

python -m jaxseg.proposals --predictions=in.json --out=fused.json
python -m jaxseg.proposals --predictions=in.json --out=thinned.json --method=soft

Each class of each video is treated by itself; proposals without a label are one class.
Fusion (Zhou et al., CVPR 2023) makes one detection of the best one that is left and of all
that lie in it by more than --overlap of their own length: start, end and score are means,
weighted by softmax(score / tau). The smaller tau is against the differences of scores, the
more the best detection decides alone.
Its default was published for other scores, so try several:
python -m jaxseg.evaluation localization --predictions=fused.json --truth=...
"""

import itertools
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from jaxseg import command_line
from jaxseg.formats.detections import Segments, write_predictions
from jaxseg.formats.localization.classes import THUMOS14, read_class_numbers
from jaxseg.formats.localization.files import read_predictions
from jaxseg.proposals.fusion import DISTRIBUTIONS
from jaxseg.proposals.instances import METHODS, Detections, Instances, as_segments, select

OPTIONS = {
    "--predictions": {"type": Path, "metavar": "FILE", "required": True, "help": "file to read"},
    "--out": {"type": Path, "metavar": "FILE", "required": True, "help": "file to write"},
    "--mapping": {
        "type": Path,
        "metavar": "FILE",
        "help": "'number name' a line, for detections that have numbers for classes",
    },
    "--method": {
        "choices": METHODS,
        "default": "fusion",
        "help": "fusion (default), soft or hard non-maximum suppression, or none",
    },
    "--tau": {"type": float, "default": 0.2, "help": "fusion: temperature (default 0.2)"},
    "--overlap": {
        "type": float,
        "default": 0.25,
        "metavar": "SHARE",
        "help": "fusion: share of a member's length that has to lie in the best one (default 0.25)",
    },
    "--distribution": {
        "choices": DISTRIBUTIONS,
        "default": "gaussian",
        "help": "fusion: distribution that is fitted; gaussian (default), uniform: halfway between"
        " the extremes, exponential: here the same as gaussian, as weights are scores in both,"
        " student-t: location of a t distribution (slow)",
    },
    "--nms_threshold": {
        "type": float,
        "default": 0.4,
        "metavar": "TIOU",
        "help": "soft, hard: overlap from which on the lower score is suppressed (default 0.4)",
    },
    "--nms_alpha": {
        "type": float,
        "default": 0.35,
        "metavar": "WIDTH",
        "help": "soft: width of the decay exp(-tIoU^2 / width) (default 0.35)",
    },
    "--extra": {
        "type": float,
        "default": 0.0,
        "metavar": "SECONDS",
        "help": "added to every length and intersection (default 0; the papers' programs add 1)",
    },
}


def main(argv: Sequence[str]) -> int:
    """Exit status 0, or 2 with one line that says what is wrong."""
    parser = command_line.Parser(
        prog="python -m jaxseg.proposals",
        usage="%(prog)s --predictions=FILE --out=FILE [options]",
        description=__doc__,
    )
    for name, settings in OPTIONS.items():
        parser.add_argument(name, **settings)
    arguments = vars(parser.parse_args(argv))
    predictions, out = arguments.pop("predictions"), arguments.pop("out")
    mapping = arguments.pop("mapping")
    version = " ".join(f"{name}={value}" for name, value in arguments.items())

    def run() -> None:
        version_line = f"jaxseg.proposals {version}"
        names = read_class_numbers(mapping) if mapping else None
        before, after = rewrite(predictions, out, version=version_line, names=names, **arguments)
        print(f"{out}: {after} detections of {before}")

    return command_line.run(run)


def rewrite(
    predictions: Path,
    out: Path,
    *,
    version: str = "",
    names: Mapping[int, str] | None = None,
    **settings,
) -> tuple[int, int]:
    """Fuses or suppresses the detections of every video and class of a file, and writes them.

    Such files have scores but no inner means, so that scores are the weights of the fusion, too.
    `settings` are those of `select`, with times in seconds; `version` is a field of the new file,
    `names` is what numbers of classes stand for, if the file has numbers.
    The result is the numbers of detections before and after.
    """
    segments = read_predictions(predictions, names, names or THUMOS14)
    if out.exists() and out.samefile(predictions):
        raise ValueError(f"{out}: is the file that is read; --out must name another one")
    if out.is_dir():
        raise ValueError(f"{out}: is a folder; --out must name a file")
    videos = tqdm(
        zip(segments.videos, instances_by_video(segments), strict=True),
        desc="videos",
        total=len(segments.videos),
        unit="video",
        delay=1,  # no bar for a quick run
    )
    results = {}
    for video, instances in videos:
        chosen = select(instances, **settings, weight="score")
        detections = Detections(chosen.label, chosen.score, chosen.start, chosen.end)
        results[video] = as_segments(detections, segments.labels, digits=None)
    write_predictions(out, results, version)
    return len(segments.video), sum(map(len, results.values()))


def instances_by_video(segments: Segments) -> Iterator[Instances]:
    """Detections of every video in turn, in seconds, with the score as inner mean."""
    order = np.argsort(segments.video, kind="stable")
    borders = np.searchsorted(segments.video[order], np.arange(len(segments.videos) + 1))
    for first, last in itertools.pairwise(borders):
        rows = order[first:last]
        score = segments.score[rows]
        yield Instances(
            label=segments.label[rows],
            start=segments.start[rows],
            end=segments.end[rows],
            score=score,
            inner_mean=score,
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
