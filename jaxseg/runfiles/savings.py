"""How well each seed tells the data, savings.json: what is shown first is the best one.

Written where a run speaks of actions in human terms, see `jaxseg.tuning.seeds`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from jaxseg.formats.files import write_json
from jaxseg.runfiles.checks import read_record, to_json

NAME = "savings.json"


class SeedSaving(NamedTuple):
    """What the labels of one member save in telling the data, see `jaxseg.tuning.description`."""

    nats: float  # a frame that counts
    segments: float  # mean number a sequence
    used: int  # clusters
    score: float  # what seeds are compared by; the highest is the best


# Activity -> directory of a member -> what its labels save.
Savings = Mapping[str, Mapping[str, SeedSaving]]


def write_savings(workdir: Path, savings: Savings) -> None:
    """Writes `savings.json`."""
    write_json(workdir / NAME, to_json(savings))


def read_savings(workdir: Path) -> Savings:
    """Reads `savings.json`; {} where there is none."""
    return read_record(workdir / NAME, Savings, default={})
