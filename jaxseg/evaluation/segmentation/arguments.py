"""The options of `python -m jaxseg.evaluation segmentation`, and its --help."""

import argparse
from pathlib import Path

from jaxseg.evaluation.segmentation.matching import MATCHES
from jaxseg.evaluation.segmentation.protocols import PROTOCOLS

DESCRIPTION = """\
Scores a folder of predicted labels against a folder of true ones, one file a video:
a label a line, MS-TCN's result files, .npy of whole numbers, or ED-TCN's .mat (the same
folder on both sides). Predictions that are numbers, where the truth has names, are clusters."""

OPTIONS = {
    "--predictions": {"type": Path, "metavar": "DIR", "required": True},
    "--truth": {"type": Path, "metavar": "DIR", "required": True},
    "--mapping": {
        "type": Path,
        "metavar": "FILE",
        "help": "'index name' a line: the classes; a label that it lacks is an error",
    },
    "--protocol": {
        "default": "asot-exact",
        "metavar": "NAMES",
        "help": "one, several with commas, or 'all'; see below (default asot-exact)",
    },
    "--match": {
        "choices": MATCHES,
        "help": "what shares a matching of clusters with classes (default: the protocol's own)",
    },
    "--exclude": {
        "default": "",
        "metavar": "NAMES",
        "help": "classes whose frames are dropped before the matching (ASOT)",
    },
    "--background": {
        "default": "",
        "metavar": "NAMES",
        "help": "classes whose frames count nowhere, cluster -1 is theirs (CTE, TOT, HVQ);"
        " mstcn: left out of edit score and F1, not of accuracy",
    },
    "--activities": {
        "default": "folders",
        "metavar": "folders|suffix|FILE",
        "help": "one a subfolder of the truth (default), what follows a name's last"
        " underscore, or 'video activity' a line",
    },
    "--splits": {
        "default": "",
        "metavar": "FILES",
        "help": "lists of videos: these alone are scored; mstcn is the mean over splits",
    },
    "--label-map": {
        "type": Path,
        "metavar": "FILE",
        "help": "'fine coarse' a line: scores count in coarse labels",
    },
    "--label-map-order": {
        "choices": ("before", "after"),
        "default": "before",
        "help": "coarse labels before the matching (default), or match the fine ones and map"
        " both sides (TW-FINCH)",
    },
    "--num-clusters": {
        "type": int,
        "metavar": "K",
        "help": "K of cte, cte-soft, twfinch and the baselines (default: what the labels show)",
    },
    "--seed": {
        "type": int,
        "default": 0,
        "help": "of the protocols that draw frames (default 0)",
    },
    "--length-tolerance": {
        "type": int,
        "default": 0,
        "metavar": "FRAMES",
        "help": "by which truth and prediction may differ in length (default 0)",
    },
    "--json": {"type": Path, "metavar": "FILE", "help": "writes every result"},
    "--report": {
        "type": Path,
        "metavar": "FILE.html",
        "help": "draws the best, middle and worst videos and the confusion",
    },
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Gives a parser the options of the command, and a --help that explains every protocol."""
    parser.usage = "%(prog)s --predictions=DIR --truth=DIR [options]"
    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    protocols = [
        f"  {name}\n    " + rule.text.replace("\n", "\n    ") for name, rule in PROTOCOLS.items()
    ]
    parser.epilog = "\n".join(["protocols:", *protocols])
    for name, settings in OPTIONS.items():
        parser.add_argument(name, **settings)
