"""What the report is made from: a run as plain data, whichever files it was read from."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxseg.report.segmentation.footage_records import Footage


@dataclasses.dataclass(frozen=True)
class Member:
    """One trained model: an activity, a seed, a setting of the hyper-parameters.

    `test` names the videos that it is tested on and has not learned from; empty: it has from all.
    """

    activity: str
    seed: int
    variant: str
    num_clusters: int
    num_steps: int
    directory: str
    test: Sequence[str] = ()


class Coupling(NamedTuple):
    """What the solver made of a video: `plan` (rows sum to 1) and `affinity`, both [N, K].

    Of methods whose network gives probabilities of its own: `codes`, these, and
    `plan_without_prior`, the plan that the affinity alone would lead to.
    """

    plan: np.ndarray
    affinity: np.ndarray
    codes: np.ndarray | None = None
    plan_without_prior: np.ndarray | None = None

    @property
    def has_codes(self) -> bool:
        """Whether there is all of what TOT's Figure 3 shows."""
        return self.codes is not None and self.plan_without_prior is not None

    @property
    def confidence(self) -> np.ndarray:
        """What the network thinks of each frame, [N, K]; the plan where that was not kept."""
        return self.codes if self.has_codes else self.plan


@dataclasses.dataclass(frozen=True, eq=False)
class Activity:
    """The videos of one activity and what the members of the main variant made of them.

    Attributes:
        name: the activity.
        frames: video -> number of frames, in file-name order.
        members: the main variant's members, one a seed.
        truth: video -> int32 [N] indices into `Run.classes`; empty without labels.
        predictions: member directory -> video -> int32 [N] clusters; videos without a file absent.
        decodings: name of another decoding -> video -> int32 [N] clusters of the first member.
        matching: directory of a member, or of its other decoding -> cluster -> class; empty
            without scores.
        typical: most typical frames of the first member: per cluster [{video, frame, similarity}].
        couplings: video -> coupling of the first member, as far as there are files.
    """

    name: str
    frames: Mapping[str, int]
    members: tuple[Member, ...]
    truth: Mapping[str, np.ndarray]
    predictions: Mapping[str, Mapping[str, np.ndarray]]
    decodings: Mapping[str, Mapping[str, np.ndarray]]
    matching: Mapping[str, Mapping[int, str]]
    typical: list[list[dict[str, Any]]]
    couplings: Mapping[str, Coupling]


@dataclasses.dataclass(frozen=True, eq=False)
class Run:
    """Everything that the report is made from.

    Attributes:
        name: of the workdir.
        steps, losses: int [S] and float [S, members], NaN where a member had finished.
        signs: sign of a collapse -> float [S, members]; empty where the method logs none.
        evaluation: content of `evaluation.json`; empty where there is none.
        files: the files read, relative to the workdir, folders with a slash at the end.
        footage: activity -> its videos; empty where the run knows of none.
        num_clusters: content of `num_clusters.json`; empty where no range of K was tried.
    """

    name: str
    config: Mapping[str, Any]
    versions: Mapping[str, Any]
    data_name: str
    generated: bool
    fps: float | None
    classes: tuple[str, ...]
    excluded: tuple[str, ...]
    members: tuple[Member, ...]
    activities: tuple[Activity, ...]
    steps: np.ndarray
    losses: np.ndarray
    signs: Mapping[str, np.ndarray]
    evaluation: Mapping[str, Any]
    files: tuple[str, ...]
    footage: Mapping[str, Footage]
    num_clusters: Mapping[str, Any]

    @property
    def has_labels(self) -> bool:
        return any(activity.truth for activity in self.activities)

    @property
    def repeat(self) -> str:
        """What sets runs of one activity and variant apart, in a word."""
        return "split" if any(member.test for member in self.members) else "seed"
