"""The three signs of a collapsed clustering, which some methods log beside the loss."""

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from jaxseg.report.segmentation.records import Member


@dataclasses.dataclass(frozen=True)
class Sign:
    """One quantity of `metrics.jsonl` and the limit, a function of K, below which it is a sign."""

    name: str
    title: str
    limit: Callable[[int], float]
    limit_name: str


SIGNS = (
    Sign("top_probability", "highest probability", lambda k: 1.2 / k, "1.2/K"),
    Sign("clusters_used", "clusters used", lambda k: k / 2, "K/2"),
    Sign("entropy", "entropy", lambda k: 0.5 * float(np.log(k)), ".5 log K"),
)


def read_signs(path: Path, steps: np.ndarray, num_members: int) -> dict[str, np.ndarray]:
    """The signs at steps whose losses were read; {} where the method does not judge them.

    Args:
        path: `metrics.jsonl`.
        steps: [S].
        num_members: of the run.

    Returns:
        Name -> float [S, members], NaN where a member had finished.

    Raises:
        ValueError: a list of another length, or of what are no numbers.
    """
    rows = _rows(path) if len(steps) else {}
    if not rows:
        return {}
    nothing = [None] * num_members
    signs = {}
    for name in (sign.name for sign in SIGNS):
        columns = [rows.get(int(step), {}).get(name, nothing) for step in steps]
        try:
            signs[name] = np.array(columns, float).reshape(len(steps), num_members)
        except (ValueError, TypeError):
            raise ValueError(f"{path}: {name!r} is not one number for each member") from None
    return signs


def _rows(path: Path) -> dict[int, dict]:
    """Step -> line, of the lines that judge a collapse."""
    rows = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue  # half a line of a run that is still going, which the losses have passed over
        if "collapsed" in row:
            rows[row["step"]] = row
    return rows


def last_values(values: np.ndarray) -> np.ndarray:
    """The last number of each column of [S, members]; NaN where there is none."""
    there = np.isfinite(values)
    last = len(values) - 1 - there[::-1].argmax(axis=0)
    return values[last, np.arange(values.shape[1])]


def shown_signs(
    signs: Mapping[str, np.ndarray], members: Sequence[Member]
) -> list[tuple[Member, list[str]]]:
    """The members that end with a sign of a collapse, and each of their signs in words."""
    ends = {name: last_values(values) for name, values in signs.items()}
    found = []
    for index, member in enumerate(members):
        words = [
            f"{sign.title} {ends[sign.name][index]:.3g} < {sign.limit_name}"
            for sign in SIGNS
            if ends[sign.name][index] < sign.limit(member.num_clusters)
        ]
        if words:
            found.append((member, words))
    return found
