"""Fuses, or suppresses, detections that overlap: anyone's, in ActivityNet's JSON.

python -m jaxseg.proposals --predictions=in.json --out=fused.json
python -m jaxseg.proposals --predictions=in.json --out=thinned.json --method=soft

Each class of each video by itself. Fusion (Zhou et al., CVPR 2023) makes one detection of
the best one that is left and of all that lie in it by more than --overlap of their own
length: start, end and score are means, weighted by softmax(score / tau). The smaller tau is
beside the differences of scores, the more the best detection decides alone. It was published
for other scores, so try several:
python -m jaxseg.evaluation localization --predictions=fused.json --truth=...
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from jaxseg.proposals.detections_file import rewrite
from jaxseg.proposals.fusion import DISTRIBUTIONS
from jaxseg.proposals.instances import METHODS

OPTIONS = {
    "--predictions": {"type": Path, "metavar": "FILE", "required": True, "help": "is read"},
    "--out": {"type": Path, "metavar": "FILE", "required": True, "help": "is written"},
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
        "help": "fusion: of a member's length that has to lie in the best one (default 0.25)",
    },
    "--distribution": {
        "choices": DISTRIBUTIONS,
        "default": "gaussian",
        "help": "fusion: what is fitted; gaussian (default), uniform: halfway between the"
        " extremes, exponential: here the same as gaussian,"
        " whose weights are scores too, student-t: location of a t distribution (slow)",
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
        "help": "soft: of the decay exp(-tIoU^2 / width) (default 0.35)",
    },
    "--extra": {
        "type": float,
        "default": 0.0,
        "metavar": "SECONDS",
        "help": "added to every length and intersection (default 0; the papers' programs add 1)",
    },
}


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> None:
        self.exit(2, f"error: {message}\n")


def main(argv: Sequence[str]) -> int:
    """Exit status 0, or 2 with one line that says what is wrong."""
    parser = Parser(
        prog="python -m jaxseg.proposals",
        usage="%(prog)s --predictions=FILE --out=FILE [options]",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    for name, settings in OPTIONS.items():
        parser.add_argument(name, **settings)
    arguments = vars(parser.parse_args(argv))
    files = arguments.pop("predictions"), arguments.pop("out")
    version = " ".join(f"{name}={value}" for name, value in arguments.items())
    try:
        before, after = rewrite(*files, version=f"jaxseg.proposals {version}", **arguments)
    except (ValueError, OSError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    print(f"{files[1]}: {after} detections of {before}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
